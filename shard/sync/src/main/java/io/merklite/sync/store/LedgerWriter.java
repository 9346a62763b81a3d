package io.merklite.sync.store;

import io.merklite.session.changeset.ChangeOp;
import io.merklite.session.changeset.ChangesetValue;
import io.merklite.session.changeset.ChangesetWriter;
import io.merklite.session.statement.SqlStatements;
import io.merklite.sync.stamp.HybridClock;
import io.merklite.sync.stamp.Stamp;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/** Enters rows into the {@link ConflictLedger}, as part of the transaction that makes them lose. */
final class LedgerWriter {
    private final SqlStatements statements;
    private final ShadowRows shadow;
    private final HybridClock clock;

    LedgerWriter(SqlStatements statements, ShadowRows shadow, HybridClock clock) {
        this.statements = statements;
        this.shadow = shadow;
        this.clock = clock;
    }

    /** Enters a row of which a merge made something that stands in the ledger; {@code cells} is what it had. */
    void add(Conflicts.Kind kind, TrackedTable table, MergedRow row, List<ChangesetValue> cells) throws SQLException {
        add(kind, table, row.key().hash(), row.row(table, cells));
    }

    /** Enters a child that lost its parent. Its state must still be what it was before. */
    void add(ForeignKeys.Orphan orphan) throws SQLException {
        var table = orphan.table();
        var identity = 0L;
        if (table.identity() == TrackedTable.Identity.BIRTH) {
            var rowid = ((ChangesetValue.Integer) orphan.row().getFirst()).value();
            var known = shadow.statesByRowid(table, List.of(rowid)).get(rowid);
            identity = known == null ? 0 : known.getKey().hash();
        }
        add(Conflicts.Kind.FOREIGN_KEY, table, identity, orphan.row());
    }

    /** Enters a row that left its table, which has another key now; {@code columns} are those of the table. */
    void addLeft(TrackedTable table, List<ChangesetValue> columns) throws SQLException {
        add(Conflicts.Kind.KEY, table, 0, columns);
    }

    private void add(Conflicts.Kind kind, TrackedTable table, long identity, List<ChangesetValue> columns)
            throws SQLException {
        List<ChangesetValue> row = new ArrayList<>(columns);
        if (table.identity() == TrackedTable.Identity.BIRTH) {
            row.set(0, new ChangesetValue.Integer(identity)); // the rowid is this file's alone
        }
        var changeset = new ChangesetWriter();
        changeset.table(false, table.tableName(), table.changesetFlags());
        changeset.change(ChangeOp.INSERT, false);
        row.forEach(changeset::value);
        var bytes = changeset.toByteArray();
        var names = columnNames(table);
        var insert = statements.prepare(
                "INSERT OR REPLACE INTO _merklite_conflicts(id, kind, \"table\", columns, row, found_at)"
                        + " VALUES (?1, ?2, ?3, ?4, ?5, ?6)");
        insert.setString(1, "%016x".formatted(RowDigest.hash(bytes, 0, bytes.length, RowDigest.seed(kind.id()))));
        insert.setString(2, kind.id());
        insert.setString(3, table.tableName());
        insert.setString(4, names);
        insert.setBytes(5, bytes);
        insert.setLong(6, clock.last() >>> Stamp.COUNTER_BITS);
        insert.executeUpdate();
    }

    private String columnNames(TrackedTable table) throws SQLException {
        var columns = table.layout().columns();
        var rows = columns.stream().map(column -> "(?)").collect(Collectors.joining(", "));
        var query = statements.prepare("SELECT json_group_array(column1) FROM (VALUES " + rows + ")");
        var parameter = 1;
        for (var column : columns) {
            query.setString(parameter++, column.name());
        }
        try (var found = query.executeQuery()) {
            found.next();
            return found.getString(1);
        }
    }
}
