package io.merklite.sync.replicate;

import io.merklite.session.changeset.Changeset;
import io.merklite.sync.stamp.Origin;
import io.merklite.sync.transaction.Transaction;
import io.merklite.sync.vector.VersionVector;
import java.util.List;

/** Something that a replica's owner may want to know. */
public sealed interface Event {
    /**
     * Transactions of other replicas were applied, in one commit.
     *
     * @param transactions which, in that order
     * @param changes what they changed here together, repairs included
     */
    record Applied(List<Transaction> transactions, Changeset changes) implements Event {
        public Applied {
            transactions = List.copyOf(transactions);
        }
    }

    /** Transactions that were to be applied in one commit could not be: {@code why}. Each is applied by itself. */
    record GroupFailed(List<Transaction> transactions, RuntimeException why) implements Event {
        public GroupFailed {
            transactions = List.copyOf(transactions);
        }
    }

    /** Rows came by the merkle path; {@code changes} is what they changed. */
    record RowsMerged(String table, Changeset changes) implements Event {}

    /** A constraint made rows lose: this replica's own transaction says which. */
    record Repaired(Transaction repair) implements Event {}

    /** A replica has seen the same transactions and has other rows: a bug, or a damaged file. It is being repaired. */
    record RootsDiffer(String peer, VersionVector vector, long root, long peerRoot) implements Event {}

    /** A peer has more of this replica's origin than the file: a copy wrote, or the file lost its end. A new one is used. */
    record OriginForked(Origin before, Origin now, String peer) implements Event {}

    /** A peer has another schema. */
    record SchemaDiffers(String peer, long schema, long peerSchema) implements Event {}

    /** A peer's stamps are too far ahead; the transaction waits until the clock has caught up, or it is released. */
    record Quarantined(Transaction transaction, long aheadMillis) implements Event {}

    /** A comparison along the merkle index has ended: everything the peer had is here. */
    record Descended(String peer, long rowCount) implements Event {}
}
