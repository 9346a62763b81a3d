package io.merklite.session.changeset;

import java.util.List;

/** What the images of a change must hold, and a change made of them. */
final class ChangeImages {
    private ChangeImages() {}

    static boolean isNoKey(ChangesetValue value) {
        return value instanceof ChangesetValue.Undefined || value instanceof ChangesetValue.Null;
    }

    /** Every value defined, no key NULL. */
    static void requireWhole(TableInfo table, List<ChangesetValue> row) {
        requireKey(table, row);
        for (var i = 0; i < row.size(); i++) {
            if (row.get(i) instanceof ChangesetValue.Undefined) {
                throw refused(table, i, "is undefined, where the whole row is needed");
            }
        }
    }

    /** As many values as columns, every key value there. */
    static void requireKey(TableInfo table, List<ChangesetValue> row) {
        if (row.size() != table.columnCount()) {
            throw new IllegalArgumentException(
                    row.size() + " values for " + table.name() + ", which has " + table.columnCount() + " columns");
        }
        for (var i = 0; i < row.size(); i++) {
            if (table.isKey(i) && isNoKey(row.get(i))) {
                throw refused(table, i, "is in the key, so it can be neither NULL nor undefined");
            }
        }
    }

    static void requireUpdate(TableInfo table, List<ChangesetValue> oldValues, List<ChangesetValue> newValues) {
        requireKey(table, oldValues);
        if (newValues.size() != oldValues.size()) {
            throw new IllegalArgumentException(
                    newValues.size() + " new values for " + table.name() + ", which has " + table.columnCount());
        }
        var changed = 0;
        for (var i = 0; i < newValues.size(); i++) {
            var hasNew = !(newValues.get(i) instanceof ChangesetValue.Undefined);
            var hasOld = !(oldValues.get(i) instanceof ChangesetValue.Undefined);
            if (table.isKey(i) && hasNew) {
                throw refused(table, i, "is in the key: a changed key is a DELETE and an INSERT");
            }
            if (!table.isKey(i) && hasNew != hasOld) {
                throw refused(table, i, "needs both an old and a new value, or neither");
            }
            changed += hasNew ? 1 : 0;
        }
        if (changed == 0) {
            throw new IllegalArgumentException("an UPDATE of " + table.name() + " that changes nothing");
        }
    }

    private static IllegalArgumentException refused(TableInfo table, int column, String why) {
        return new IllegalArgumentException("column " + column + " of " + table.name() + " " + why);
    }

    /** A cursor that stands on one change with these records. */
    static ChangesetCursor single(
            boolean patchset, TableInfo table, ChangeOp op, boolean indirect, List<List<ChangesetValue>> records) {
        var flags = new byte[table.columnCount()];
        for (var i = 0; i < flags.length; i++) {
            flags[i] = (byte) (int) table.keyPositions().get(i);
        }
        var writer = new ChangesetWriter();
        writer.table(patchset, table.name(), flags);
        writer.change(op, indirect);
        records.forEach(record -> record.forEach(writer::value));
        var cursor = new ChangesetCursor(writer.toByteArray());
        cursor.next();
        return cursor;
    }
}
