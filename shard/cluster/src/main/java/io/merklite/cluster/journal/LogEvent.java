package io.merklite.cluster.journal;

import io.merklite.sync.transaction.Transaction;
import java.time.Instant;

/** What a changeset log persists. */
sealed interface LogEvent {
    /**
     * A transaction was applied here.
     *
     * @param transaction of whatever origin
     * @param at when it was appended, by the clock of this node
     */
    record Logged(Transaction transaction, Instant at) implements LogEvent {}

    /**
     * Events were given up. They are removed once a snapshot stands that has this.
     *
     * @param lastSequenceNr the last of them
     */
    record Cut(long lastSequenceNr) implements LogEvent {}
}
