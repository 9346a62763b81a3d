package io.merklite.sync.store;

import io.merklite.sync.row.MergePolicy;
import java.util.Set;

/**
 * How concurrent updates of a table's rows merge. All replicas of a database must say the same.
 *
 * @param registers which of two values of a column survives
 * @param counters columns, by name in any case, whose differences add up instead; their values must be numbers or NULL
 */
public record TableMerge(MergePolicy registers, Set<String> counters) {
    /** The value written last, column by column. */
    public static final TableMerge LAST_WRITER_WINS = new TableMerge(MergePolicy.LAST_WRITER_WINS, Set.of());

    public TableMerge {
        counters = Set.copyOf(counters);
    }

    /** The same with {@code columns} as counters. */
    public TableMerge withCounters(String... columns) {
        return new TableMerge(registers, Set.of(columns));
    }
}
