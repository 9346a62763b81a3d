package io.merklite.client.feed;

import io.merklite.query.subscribe.SqlValue;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A transaction that was committed, or merged.
 *
 * @param place behind it, to go on from: {@link ChangesQuery#withSince}
 * @param origin of the replica that wrote it, as text
 * @param seq its number there, from 1
 * @param rows what changed, of the tables that were asked for
 */
public record CommittedChanges(String place, String origin, long seq, List<ChangedRow> rows) {
    public CommittedChanges {
        rows = List.copyOf(rows);
    }

    /** What happened to a row. */
    public enum Operation {
        INSERT,
        UPDATE,
        DELETE
    }

    /**
     * A row that changed.
     *
     * @param table its table
     * @param operation what happened to it
     * @param key values of its key by column
     * @param before values before by column; none of an INSERT
     * @param after values after by column; none of a DELETE, of an UPDATE those that changed
     */
    public record ChangedRow(
            String table,
            Operation operation,
            Map<String, SqlValue> key,
            Optional<Map<String, SqlValue>> before,
            Optional<Map<String, SqlValue>> after) {
        public ChangedRow {
            key = Map.copyOf(key);
            before = before.map(Map::copyOf);
            after = after.map(Map::copyOf);
        }
    }
}
