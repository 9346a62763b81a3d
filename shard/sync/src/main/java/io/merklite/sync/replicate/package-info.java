/**
 * Two or more replicas that talk: live flow, catch-up from the log, the merkle path.
 *
 * <p>{@link io.merklite.sync.replicate.Replicator} is a state machine: messages and ticks go in, messages and events come
 * out. Which peer an envelope goes to is a name; how it gets there, and whether it does, is somebody else's business.
 * What was published and is ready is applied in groups ({@code IncomingTransactions}), which share a commit and an
 * acknowledgement ({@code LiveFlow}).
 */
@NullMarked
package io.merklite.sync.replicate;

import org.jspecify.annotations.NullMarked;
