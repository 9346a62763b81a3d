package io.merklite.query.subscribe;

import java.util.Collections;
import java.util.List;
import java.util.Optional;

/**
 * A change of one row, as a changeset has it.
 *
 * <p>Columns are those of the table in declared order without generated ones, by index from 0. An INSERT has all new
 * values, a DELETE all old ones; an UPDATE has at least the new values of what changed. Whatever else is there spares the
 * row being looked up; whatever is missing and can't be looked up makes subscriptions run more often, never too seldom.
 *
 * <p>One object may stand for one change after the other: nothing is kept of it when the next one is asked for, and values
 * are asked for only where a subscription needs them.
 */
public interface RowChange {
    /** What happened to the row. */
    enum Operation {
        INSERT,
        UPDATE,
        DELETE
    }

    /** Name of the table, in any case. */
    String table();

    /** What happened. */
    Operation operation();

    /** How many columns the change has. */
    int columnCount();

    /** Whether the value before is there. */
    boolean hasOldValue(int column);

    /** The value before. Asked for only where {@link #hasOldValue}. */
    SqlValue oldValue(int column);

    /** Whether the value after is there. */
    boolean hasNewValue(int column);

    /** The value after. Asked for only where {@link #hasNewValue}. */
    SqlValue newValue(int column);

    /** A row with these values was inserted. */
    static RowChange insert(String table, List<SqlValue> values) {
        var present = values.stream().map(Optional::of).toList();
        return new ListedChange(table, Operation.INSERT, absent(values.size()), present);
    }

    /** A row with these values was deleted. */
    static RowChange delete(String table, List<SqlValue> values) {
        var present = values.stream().map(Optional::of).toList();
        return new ListedChange(table, Operation.DELETE, present, absent(values.size()));
    }

    /** A row was changed. Both lists have an element for each column. */
    static RowChange update(String table, List<Optional<SqlValue>> oldValues, List<Optional<SqlValue>> newValues) {
        return new ListedChange(table, Operation.UPDATE, oldValues, newValues);
    }

    private static List<Optional<SqlValue>> absent(int count) {
        return Collections.nCopies(count, Optional.empty());
    }
}
