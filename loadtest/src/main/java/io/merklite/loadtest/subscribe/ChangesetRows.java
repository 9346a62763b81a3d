package io.merklite.loadtest.subscribe;

import io.merklite.query.subscribe.RowChange;
import io.merklite.query.subscribe.SqlValue;
import io.merklite.session.changeset.ChangesetCursor;
import io.merklite.session.changeset.ChangesetValue;
import java.util.Iterator;
import java.util.NoSuchElementException;

/** The rows of a changeset as subscriptions take them: one object for all, which decodes a value when it is asked for. */
final class ChangesetRows implements Iterable<RowChange> {
    private final byte[] changeset;

    ChangesetRows(byte[] changeset) {
        this.changeset = changeset;
    }

    @Override
    public Iterator<RowChange> iterator() {
        return new Rows(new ChangesetCursor(changeset));
    }

    private static final class Rows implements Iterator<RowChange>, RowChange {
        private final ChangesetCursor cursor;
        private String table = "";
        private boolean hasNext;

        Rows(ChangesetCursor cursor) {
            this.cursor = cursor;
            this.hasNext = cursor.next();
        }

        @Override
        public boolean hasNext() {
            return hasNext || (hasNext = cursor.next());
        }

        @Override
        public RowChange next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            hasNext = false;
            if (cursor.newGroup()) {
                table = cursor.table().name();
            }
            return this;
        }

        @Override
        public String table() {
            return table;
        }

        @Override
        public Operation operation() {
            return switch (cursor.op()) {
                case INSERT -> Operation.INSERT;
                case UPDATE -> Operation.UPDATE;
                case DELETE -> Operation.DELETE;
            };
        }

        @Override
        public int columnCount() {
            return cursor.columnCount();
        }

        @Override
        public boolean hasOldValue(int column) {
            return cursor.oldType(column) != 0;
        }

        @Override
        public SqlValue oldValue(int column) {
            return value(cursor.oldValue(column));
        }

        @Override
        public boolean hasNewValue(int column) {
            return cursor.newType(column) != 0;
        }

        @Override
        public SqlValue newValue(int column) {
            return value(cursor.newValue(column));
        }

        private static SqlValue value(ChangesetValue value) {
            return switch (value) {
                case ChangesetValue.Integer integer -> SqlValue.of(integer.value());
                case ChangesetValue.Real real -> SqlValue.of(real.value());
                case ChangesetValue.Text text -> SqlValue.of(text.string());
                case ChangesetValue.Blob blob -> SqlValue.of(blob.toByteArray());
                case ChangesetValue.Null nothing -> SqlValue.NULL;
                case ChangesetValue.Undefined nothing -> throw new IllegalArgumentException("no value");
            };
        }
    }
}
