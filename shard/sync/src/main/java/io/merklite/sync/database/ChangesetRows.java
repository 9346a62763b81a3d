package io.merklite.sync.database;

import io.merklite.query.subscribe.RowChange;
import io.merklite.query.subscribe.SqlValue;
import io.merklite.session.catalog.KeylessRows;
import io.merklite.session.changeset.Changeset;
import io.merklite.session.changeset.ChangesetCursor;
import io.merklite.session.changeset.ChangesetValue;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.function.Predicate;

/**
 * Internal: the rows of changesets as subscriptions take them: one object for all, which decodes a value when it is asked for. The
 * rowid that stands before the columns of a row without a key is left out.
 */
public final class ChangesetRows implements Iterator<RowChange>, RowChange {
    private final Iterator<Changeset> changesets;
    private ChangesetCursor cursor = Changeset.EMPTY.cursor();
    private final Predicate<String> isKeyless;
    private String table = "";
    private int firstColumn;
    private boolean hasNext;

    /**
     * The rows of several changesets, one after the other.
     *
     * @param isKeyless says of a table whether it has no primary key
     */
    public ChangesetRows(List<Changeset> changesets, Predicate<String> isKeyless) {
        this.changesets = changesets.iterator();
        this.isKeyless = isKeyless;
    }

    @Override
    public boolean hasNext() {
        while (!hasNext) {
            hasNext = cursor.next();
            if (!hasNext && !changesets.hasNext()) {
                return false;
            }
            if (!hasNext) {
                cursor = changesets.next().cursor();
            }
        }
        return true;
    }

    @Override
    public RowChange next() {
        if (!hasNext()) {
            throw new NoSuchElementException();
        }
        hasNext = false;
        if (cursor.newGroup()) {
            var group = cursor.table().name();
            table = KeylessRows.tableOrSelf(group);
            firstColumn = !table.equals(group) || isKeyless.test(table) ? 1 : 0;
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
        return cursor.columnCount() - firstColumn;
    }

    @Override
    public boolean hasOldValue(int column) {
        return cursor.oldType(firstColumn + column) != 0;
    }

    @Override
    public SqlValue oldValue(int column) {
        return value(cursor.oldValue(firstColumn + column));
    }

    @Override
    public boolean hasNewValue(int column) {
        return cursor.newType(firstColumn + column) != 0;
    }

    @Override
    public SqlValue newValue(int column) {
        return value(cursor.newValue(firstColumn + column));
    }

    static SqlValue value(ChangesetValue value) {
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
