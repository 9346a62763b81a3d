package io.merklite.sync.store;

import io.merklite.session.changeset.ChangeOp;
import io.merklite.session.changeset.ChangesetValue;
import io.merklite.session.changeset.ChangesetWriter;
import io.merklite.sync.stamp.HybridClock;
import io.merklite.sync.stamp.Stamp;
import java.sql.SQLException;
import java.util.List;

/** Enters rows into the conflict ledger, as part of the transaction that makes them lose. */
final class LedgerWriter {
    private final Statements statements;
    private final HybridClock clock;

    LedgerWriter(Statements statements, HybridClock clock) {
        this.statements = statements;
        this.clock = clock;
    }

    /**
     * Enters a row.
     *
     * @param kind what stood against it: {@code unique}, {@code check} or {@code foreign-key}
     * @param row all columns as a changeset of the table has them
     */
    void add(String kind, TrackedTable table, List<ChangesetValue> row) throws SQLException {
        var changeset = new ChangesetWriter();
        changeset.table(false, table.name(), table.changesetFlags());
        changeset.change(ChangeOp.INSERT, false);
        row.forEach(changeset::value);
        var bytes = changeset.toByteArray();
        var insert = statements.prepare(
                "INSERT OR REPLACE INTO _merklite_conflicts(id, kind, \"table\", detail, row, found_at)"
                        + " VALUES (?1, ?2, ?3, '', ?4, ?5)");
        // The same row that loses the same way is one entry, whoever finds it.
        insert.setString(1, "%016x".formatted(RowDigest.hash(bytes, 0, bytes.length, RowDigest.seed(kind))));
        insert.setString(2, kind);
        insert.setString(3, table.name());
        insert.setBytes(4, bytes);
        insert.setLong(5, clock.last() >>> Stamp.COUNTER_BITS);
        insert.executeUpdate();
    }
}
