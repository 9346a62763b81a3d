package io.merklite.sync.store;

import io.merklite.session.changeset.ChangeOp;
import io.merklite.session.changeset.ChangesetValue;
import io.merklite.session.changeset.ChangesetWriter;
import io.merklite.sync.row.Cell;
import io.merklite.sync.row.RowVersion;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;

/**
 * What a merge makes of one row.
 *
 * @param key what identifies it
 * @param before the row as the file had it; none if the file knew nothing of it
 * @param after what it is now
 * @param rowid of a table identified by births, the local rowid, a new one if the row is new; otherwise 0
 */
record MergedRow(RowKey key, Optional<StoredRow> before, RowVersion after, long rowid) {
    boolean wasPresent() {
        return before.map(StoredRow::present).orElse(false);
    }

    /** The values of the cells after the merge. */
    List<ChangesetValue> values() {
        List<ChangesetValue> values = new ArrayList<>(after.cells().size());
        for (var cell : after.cells()) {
            values.add(value(cell));
        }
        return Collections.unmodifiableList(values);
    }

    private static ChangesetValue value(Cell cell) {
        return switch (cell) {
            case Cell.Register register -> register.value();
            case Cell.Counter counter -> counter.value();
            case Cell.Unknown unknown -> throw new IllegalStateException("a column of a merged row is not known");
        };
    }

    /** Whether anything changes in the user's table; {@code now} are the {@link #values}. */
    boolean isVisible(List<ChangesetValue> now) {
        return wasPresent() != after.isAlive()
                || (wasPresent() && !before.orElseThrow().values().equals(now));
    }

    /** Writes the change of the user's table to {@code now}, its {@link #values}; only if that {@link #isVisible}. */
    void write(TrackedTable table, List<ChangesetValue> now, ChangesetWriter out) {
        if (!wasPresent()) {
            writeRow(table, ChangeOp.INSERT, now, out);
        } else if (!after.isAlive()) {
            writeRow(table, ChangeOp.DELETE, before.orElseThrow().values(), out);
        } else {
            writeUpdate(table, before.orElseThrow().values(), now, out);
        }
    }

    /** Writes an INSERT or DELETE of the whole row with these cells. */
    void writeRow(TrackedTable table, ChangeOp op, List<ChangesetValue> cells, ChangesetWriter out) {
        out.change(op, false);
        row(table, cells).forEach(out::value);
    }

    /** All columns as a changeset of the table has them. */
    List<ChangesetValue> row(TrackedTable table, List<ChangesetValue> cells) {
        var columns = keyColumns(table);
        for (var i = 0; i < cells.size(); i++) {
            columns.set(table.column(i), cells.get(i));
        }
        return columns;
    }

    private List<ChangesetValue> keyColumns(TrackedTable table) {
        List<ChangesetValue> columns = new ArrayList<>(table.changesetColumnCount());
        for (var i = 0; i < table.changesetColumnCount(); i++) {
            columns.add(ChangesetValue.UNDEFINED);
        }
        var keys = table.changesetKeys();
        for (var i = 0; i < keys.length; i++) {
            columns.set(
                    keys[i],
                    table.identity() == TrackedTable.Identity.BIRTH
                            ? new ChangesetValue.Integer(rowid)
                            : key.values().get(i));
        }
        return columns;
    }

    /** Writes an UPDATE of every cell to {@code now}, be it the value that it has. */
    void writeTouch(TrackedTable table, List<ChangesetValue> now, ChangesetWriter out) {
        out.change(ChangeOp.UPDATE, false);
        row(table, values()).forEach(out::value);
        var columns = row(table, now);
        for (var column : table.changesetKeys()) {
            columns.set(column, ChangesetValue.UNDEFINED);
        }
        columns.forEach(out::value);
    }

    private void writeUpdate(
            TrackedTable table, List<ChangesetValue> old, List<ChangesetValue> now, ChangesetWriter out) {
        out.change(ChangeOp.UPDATE, false);
        var oldColumns = keyColumns(table);
        List<ChangesetValue> newColumns = new ArrayList<>();
        oldColumns.forEach(column -> newColumns.add(ChangesetValue.UNDEFINED));
        for (var i = 0; i < now.size(); i++) {
            if (!old.get(i).equals(now.get(i))) {
                oldColumns.set(table.column(i), old.get(i));
                newColumns.set(table.column(i), now.get(i));
            }
        }
        oldColumns.forEach(out::value);
        newColumns.forEach(out::value);
    }
}
