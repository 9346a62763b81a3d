package io.merklite.sync.database;

import io.merklite.query.subscribe.SqlValue;
import io.merklite.session.catalog.KeylessRows;
import io.merklite.session.changeset.ChangeOp;
import io.merklite.session.changeset.Changeset;
import io.merklite.session.changeset.ChangesetRow;
import io.merklite.session.changeset.ChangesetValue;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A row that has changed.
 *
 * <p>Columns are those of the table in declared order without generated ones; of a table without a primary key, and of a
 * row with NULL in it, the rowid comes before them and is the key. An INSERT has all new values, a DELETE all old ones, an UPDATE the key in the old values and both
 * values of each column that changed.
 *
 * @param table its table
 * @param operation what happened to it
 * @param keyColumns for each column whether it is of the key
 * @param oldValues for each column the value before, where there is one
 * @param newValues for each column the value after, where there is one
 */
public record RowEvent(
        String table,
        ChangeOp operation,
        List<Boolean> keyColumns,
        List<Optional<SqlValue>> oldValues,
        List<Optional<SqlValue>> newValues) {
    public RowEvent {
        keyColumns = List.copyOf(keyColumns);
        oldValues = List.copyOf(oldValues);
        newValues = List.copyOf(newValues);
    }

    /** The changes of a changeset, in its order; those of internal tables are left out. */
    public static List<RowEvent> of(Changeset changes) {
        List<RowEvent> events = new ArrayList<>();
        var cursor = changes.cursor();
        var table = "";
        List<Boolean> keys = List.of();
        while (cursor.next()) {
            if (cursor.newGroup()) {
                var info = cursor.table();
                table = KeylessRows.tableOrSelf(info.name());
                keys = info.keyPositions().stream()
                        .map(position -> position != 0)
                        .toList();
            }
            if (!TableNames.isInternal(table)) {
                events.add(of(table, keys, cursor.op(), cursor.row()));
            }
        }
        return List.copyOf(events);
    }

    private static RowEvent of(String table, List<Boolean> keys, ChangeOp operation, ChangesetRow row) {
        return new RowEvent(table, operation, keys, values(row.oldValues()), values(row.newValues()));
    }

    private static List<Optional<SqlValue>> values(List<ChangesetValue> values) {
        return values.stream()
                .map(value -> value instanceof ChangesetValue.Undefined
                        ? Optional.<SqlValue>empty()
                        : Optional.of(ChangesetRows.value(value)))
                .toList();
    }
}
