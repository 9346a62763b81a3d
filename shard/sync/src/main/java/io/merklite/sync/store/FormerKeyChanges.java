package io.merklite.sync.store;

import io.merklite.session.catalog.DefaultValue;
import io.merklite.session.changeset.ChangeOp;
import io.merklite.session.changeset.ChangesetCursor;
import io.merklite.session.changeset.ChangesetValue;
import io.merklite.session.statement.SqlStatements;
import io.merklite.sync.row.Cell;
import io.merklite.sync.row.RowVersion;
import io.merklite.sync.stamp.Stamp;
import io.merklite.sync.transaction.Births.Birth;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Changes of one table that were written when it had another key: what they make of rows under the key that it has now.
 *
 * <p>An INSERT says all, so the row goes where its values belong. An UPDATE or DELETE is of the row that {@link FormerKeys}
 * finds; if there is none, it has gone. A DELETE leaves no tombstone, as one that came before the key changed. An UPDATE of
 * what is the key now moves the row, which is born there with it.
 */
final class FormerKeyChanges {
    private final SqlStatements statements;
    private final ShadowRows shadow;
    private final TrackedTable table;
    private final ChangeColumns columns;
    private final ColumnConversion conversion;
    private final List<Late> late = new ArrayList<>();

    /** An UPDATE or DELETE: its row, what it makes of the cells, and of the columns that are the key now. */
    private record Late(
            ChangeOp op,
            FormerKeys.Wanted wanted,
            List<Cell> cells,
            Map<Integer, ChangesetValue> additions,
            Map<Integer, ChangesetValue> key,
            Stamp stamp) {}

    FormerKeyChanges(SqlStatements statements, ShadowRows shadow, TrackedTable table, ChangeColumns columns) {
        this.statements = statements;
        this.shadow = shadow;
        this.table = table;
        this.columns = columns;
        this.conversion = new ColumnConversion(statements, table.keyColumns());
    }

    /** The key of an inserted row. */
    List<ChangesetValue> insertedKey(ChangesetCursor insert) throws SQLException {
        List<ChangesetValue> values = new ArrayList<>();
        for (var i = 0; i < table.keyCount(); i++) {
            var position = columns.position(table.changesetKeys()[i]);
            values.add(
                    position < 0
                            ? ChangesetValue.decode(DefaultValue.evaluate(
                                    statements.connection(), table.keyColumns().get(i)))
                            : insert.newValue(position));
        }
        return conversion.apply(values);
    }

    /** Takes an UPDATE or DELETE, with what it makes of the cells. */
    void add(
            ChangesetCursor change,
            Birth birth,
            List<Cell> cells,
            Map<Integer, ChangesetValue> additions,
            Stamp stamp) {
        List<ChangesetValue> former = new ArrayList<>();
        for (var i = 0; i < columns.formerKeyCount(); i++) {
            former.add(change.oldValue(columns.formerKey(i)));
        }
        Map<Integer, ChangesetValue> key = new TreeMap<>();
        for (var i = 0; change.op() == ChangeOp.UPDATE && i < table.keyCount(); i++) {
            var position = columns.position(table.changesetKeys()[i]);
            if (position >= 0 && change.newType(position) != 0) {
                key.put(i, change.newValue(position));
            }
        }
        late.add(new Late(change.op(), new FormerKeys.Wanted(former, birth.stamp()), cells, additions, key, stamp));
    }

    /** What becomes of one row. */
    sealed interface Result {
        /** It goes without a trace. */
        record Gone(StoredRow row) implements Result {}

        /** It is joined with what it is here. */
        record Changed(RowKey key, RowVersion version, Map<Integer, ChangesetValue> additions, Stamp stamp)
                implements Result {}

        /** It is under another key, which may tell no row. */
        record Moved(List<ChangesetValue> key, RowVersion version) implements Result {}
    }

    /** What becomes of the rows of all changes that were added. */
    List<Result> results() throws SQLException {
        if (late.isEmpty()) {
            return List.of();
        }
        Set<FormerKeys.Wanted> wanted = new HashSet<>();
        late.forEach(change -> wanted.add(change.wanted()));
        var rows = new FormerKeys(statements, shadow, table, columns.formerKeyNames()).find(wanted);
        List<Result> results = new ArrayList<>();
        for (var change : late) {
            var row = Optional.ofNullable(rows.get(change.wanted()));
            if (row.isPresent()) {
                add(change, row.get(), results);
            }
        }
        return results;
    }

    private void add(Late change, StoredRow row, List<Result> results) throws SQLException {
        if (change.op() == ChangeOp.DELETE) {
            results.add(new Result.Gone(row));
            return;
        }
        var birth = row.state().birth();
        var key = movedKey(change, row);
        var moves = !key.equals(row.key().values());
        if (!moves || change.stamp().compareTo(birth) < 0) {
            results.add(new Result.Changed(
                    row.key(), RowVersion.alive(birth, change.cells()), change.additions(), change.stamp()));
        }
        if (moves && change.stamp().compareTo(birth) > 0) {
            results.add(new Result.Gone(row));
            results.add(new Result.Moved(key, RowVersion.alive(change.stamp(), changed(change, row))));
        } else if (moves && table.keyCount() > 1) {
            // Other columns of the key were written later, this one perhaps not: there is the row that others have too.
            results.add(new Result.Moved(key, RowVersion.alive(birth, changed(change, row))));
        }
    }

    private List<ChangesetValue> movedKey(Late change, StoredRow row) throws SQLException {
        List<ChangesetValue> values = new ArrayList<>(row.key().values());
        change.key().forEach(values::set);
        return conversion.apply(values);
    }

    /** All cells of the row after the change, with their stamps. */
    private List<Cell> changed(Late change, StoredRow row) {
        var birth = row.state().birth();
        var known = row.version(table);
        var joined = known.join(
                RowVersion.alive(birth, change.cells()), table.merge().registers());
        return RowMerge.withAdditions(joined, birth, change.additions(), change.stamp())
                .cells();
    }

    /** Rows that go and rows that come under one key are one: what comes stays. */
    static List<MergedRow> together(TrackedTable table, List<MergedRow> rows) {
        Map<RowKey, MergedRow> byKey = new LinkedHashMap<>();
        for (var row : rows) {
            byKey.merge(
                    row.key(),
                    row,
                    (first, second) -> new MergedRow(
                            row.key(),
                            first.before(),
                            isGone(first)
                                    ? second.after()
                                    : isGone(second)
                                            ? first.after()
                                            : first.after()
                                                    .join(
                                                            second.after(),
                                                            table.merge().registers()),
                            0));
        }
        return new ArrayList<>(byKey.values());
    }

    private static boolean isGone(MergedRow row) {
        return row.after().death().filter(RowMerge.FORGOTTEN::equals).isPresent();
    }
}
