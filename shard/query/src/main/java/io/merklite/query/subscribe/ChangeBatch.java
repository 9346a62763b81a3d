package io.merklite.query.subscribe;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What is remembered while one batch of changes is gone through.
 *
 * <p>A row that was looked up shows how it is after the whole batch. If the batch changes it once more, that is not how it
 * was when the first change was made, so its keys are kept here, and the second change counts for everything.
 */
final class ChangeBatch {
    private final long number;
    private final RowLookup lookup;
    private final Map<WatchedTable, Set<List<SqlValue>>> lookedUp = new HashMap<>();

    /** @param number from 1, and different for each batch */
    ChangeBatch(long number, RowLookup lookup) {
        this.number = number;
        this.lookup = lookup;
    }

    long number() {
        return number;
    }

    RowLookup lookup() {
        return lookup;
    }

    /** Whether rows of this table have been looked up. */
    boolean hasLookedUp(WatchedTable table) {
        return lookedUp.containsKey(table);
    }

    boolean hasLookedUp(WatchedTable table, List<SqlValue> key) {
        return lookedUp.getOrDefault(table, Set.of()).contains(key);
    }

    void noteLookUp(WatchedTable table, List<SqlValue> key) {
        lookedUp.computeIfAbsent(table, any -> new HashSet<>()).add(key);
    }
}
