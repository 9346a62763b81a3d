package io.merklite.query.subscribe;

import java.util.List;
import java.util.Optional;

/** A change whose values are in lists. */
record ListedChange(
        String table, Operation operation, List<Optional<SqlValue>> oldValues, List<Optional<SqlValue>> newValues)
        implements RowChange {
    ListedChange {
        oldValues = List.copyOf(oldValues);
        newValues = List.copyOf(newValues);
        if (oldValues.size() != newValues.size()) {
            throw new IllegalArgumentException(
                    oldValues.size() + " old values and " + newValues.size() + " new ones of " + table);
        }
    }

    @Override
    public int columnCount() {
        return oldValues.size();
    }

    @Override
    public boolean hasOldValue(int column) {
        return oldValues.get(column).isPresent();
    }

    @Override
    public SqlValue oldValue(int column) {
        return oldValues.get(column).orElseThrow();
    }

    @Override
    public boolean hasNewValue(int column) {
        return newValues.get(column).isPresent();
    }

    @Override
    public SqlValue newValue(int column) {
        return newValues.get(column).orElseThrow();
    }
}
