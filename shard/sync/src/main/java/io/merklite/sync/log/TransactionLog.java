package io.merklite.sync.log;

import io.merklite.sync.stamp.Origin;
import io.merklite.sync.transaction.Transaction;
import java.util.Optional;

/** Transactions by origin and seq, own and others'. Any of them may be gone. */
public interface TransactionLog {
    /** Adds a transaction that was applied here. */
    void append(Transaction transaction);

    /** The transaction, unless it was never here or was cut. */
    Optional<Transaction> read(Origin origin, long seq);
}
