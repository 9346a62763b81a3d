package io.merklite.sync.role;

import io.merklite.query.subscribe.RowChange;
import io.merklite.query.subscribe.SqlValue;
import io.merklite.session.changeset.Changeset;
import io.merklite.session.changeset.ChangesetCursor;
import io.merklite.session.changeset.ChangesetValue;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;

/** Changesets as subscriptions read them: one object stands for all changes, a value is made where it is asked for. */
final class ChangedRows implements Iterable<RowChange> {
    private final List<Changeset> changesets;

    /** @param changesets in the order in which they were applied */
    ChangedRows(List<Changeset> changesets) {
        this.changesets = List.copyOf(changesets);
    }

    @Override
    public Iterator<RowChange> iterator() {
        return new Walk(changesets.iterator());
    }

    private static final class Walk implements Iterator<RowChange>, RowChange {
        private final Iterator<Changeset> changesets;
        private ChangesetCursor cursor = Changeset.EMPTY.cursor();
        private String table = "";
        private boolean isAhead;
        private boolean hasMore;

        private Walk(Iterator<Changeset> changesets) {
            this.changesets = changesets;
        }

        @Override
        public boolean hasNext() {
            if (!isAhead) {
                hasMore = cursor.next();
                while (!hasMore && changesets.hasNext()) {
                    cursor = changesets.next().cursor();
                    hasMore = cursor.next();
                }
                isAhead = true;
                if (hasMore && cursor.newGroup()) {
                    table = new String(cursor.tableName(), StandardCharsets.UTF_8);
                }
            }
            return hasMore;
        }

        @Override
        public RowChange next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            isAhead = false;
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
                case ChangesetValue.Null none -> SqlValue.NULL;
                case ChangesetValue.Integer integer -> SqlValue.of(integer.value());
                case ChangesetValue.Real real -> SqlValue.of(real.value());
                case ChangesetValue.Text text -> SqlValue.of(text.string());
                case ChangesetValue.Blob blob -> SqlValue.of(blob.toByteArray());
                case ChangesetValue.Undefined undefined -> throw new IllegalArgumentException("an undefined value");
            };
        }
    }
}
