/**
 * Judges what clients saw.
 *
 * <p>Whether a cluster kept its promises can't be asked of the cluster. So each client of a load notes what it did and
 * what it was told ({@link io.merklite.loadtest.history.Operation}), and when all faults are over, what every replica has
 * ({@link io.merklite.loadtest.history.EndState}). {@link io.merklite.loadtest.history.HistoryChecker} then looks for an
 * order of all writes that explains everything: one that follows what each client knew, and in which no replica went back. It
 * draws an edge for each "must have come before" ({@code OrderGraph}); a cycle is a broken promise, and the shortest cycle is
 * the explanation.
 *
 * <p>The obvious way, to compare the last value of each key with the last one acknowledged, is wrong for a database with
 * several masters, where a write may rightly lose to one that its client never saw.
 *
 * <p>{@link io.merklite.loadtest.history.HistoryFile} keeps histories as lines of JSON; {@link
 * io.merklite.loadtest.history.CheckHistory} is the command that judges such a file again.
 */
@NullMarked
package io.merklite.loadtest.history;

import org.jspecify.annotations.NullMarked;
