package io.merklite.session.changeset;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Counts of a changeset or patchset.
 *
 * @param tables one a table, in order of appearance
 */
public record ChangeStatistics(List<Table> tables) {
    public ChangeStatistics {
        tables = List.copyOf(tables);
    }

    /**
     * Counts of one table.
     *
     * @param name its name
     * @param inserts how many INSERTs
     * @param updates how many UPDATEs
     * @param deletes how many DELETEs
     * @param indirect how many of all are marked indirect
     * @param sizeBytes bytes of its changes, headers left out
     */
    public record Table(String name, long inserts, long updates, long deletes, long indirect, long sizeBytes) {
        /** How many changes. */
        public long changes() {
            return inserts + updates + deletes;
        }
    }

    /** Counts what {@code cursor} still has before it. */
    static ChangeStatistics of(ChangesetCursor cursor) {
        Map<String, long[]> counts = new LinkedHashMap<>();
        var name = "";
        while (cursor.next()) {
            if (cursor.newGroup()) {
                name = new String(cursor.tableName(), StandardCharsets.UTF_8);
            }
            var count = counts.computeIfAbsent(name, absent -> new long[5]);
            switch (cursor.op()) {
                case INSERT -> count[0]++;
                case UPDATE -> count[1]++;
                case DELETE -> count[2]++;
            }
            count[3] += cursor.indirect() ? 1 : 0;
            count[4] += cursor.position() - cursor.changeOffset();
        }
        List<Table> tables = new ArrayList<>();
        counts.forEach(
                (table, count) -> tables.add(new Table(table, count[0], count[1], count[2], count[3], count[4])));
        return new ChangeStatistics(tables);
    }

    /** How many changes in all. */
    public long changes() {
        return tables.stream().mapToLong(Table::changes).sum();
    }
}
