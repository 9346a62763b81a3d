package io.merklite.cluster.journal;

import io.merklite.session.changeset.ChangeOp;
import io.merklite.session.changeset.ChangesetWriter;
import io.merklite.sync.stamp.Origin;
import io.merklite.sync.stamp.Stamp;
import io.merklite.sync.transaction.Births;
import io.merklite.sync.transaction.Transaction;
import io.merklite.sync.vector.VersionVector;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.LongStream;

/** Transactions for tests. */
final class Transactions {
    static final Origin ANNE = new Origin(0xa1f3708e5b2c4d17L);
    static final Origin BERT = new Origin(0xb2e4819f6a3d5c08L);

    private static final byte[] KEY_AND_VALUE = {1, 0};

    private Transactions() {}

    /** A transaction that inserts a row with {@code sizeBytes} bytes that do not compress. */
    static Transaction transaction(Origin origin, long seq, int sizeBytes) {
        var content = new byte[sizeBytes];
        new SplittableRandom(seq).nextBytes(content);
        var changes = new ChangesetWriter();
        changes.table(false, "item", KEY_AND_VALUE);
        changes.change(ChangeOp.INSERT, false);
        changes.integer(seq);
        changes.blob(content);
        return Transaction.wrap(
                "orders",
                seq,
                new Stamp(seq << Stamp.COUNTER_BITS, origin),
                VersionVector.EMPTY,
                7,
                Births.NONE,
                changes.toByteArray());
    }

    static Transaction transaction(Origin origin, long seq) {
        return transaction(origin, seq, 10);
    }

    static List<Transaction> transactions(Origin origin, long first, long last) {
        return LongStream.rangeClosed(first, last)
                .mapToObj(seq -> transaction(origin, seq))
                .toList();
    }
}
