package io.merklite.cluster.sql;

import io.merklite.query.subscribe.SqlValue;
import java.util.List;
import java.util.OptionalLong;

/**
 * What a statement gave.
 *
 * @param columns of its rows; none for a statement that returns none
 * @param rows empty if they were not wanted
 * @param affectedRowCount of INSERT, UPDATE and DELETE, without what triggers did; 0 for everything else
 * @param lastInsertRowid of INSERT and REPLACE; none for everything else
 * @param rowsRead how many rows it returned
 * @param rowsWritten the same as {@code affectedRowCount}
 * @param durationMicros how long it ran
 */
public record StatementResult(
        List<ResultColumn> columns,
        List<List<SqlValue>> rows,
        long affectedRowCount,
        OptionalLong lastInsertRowid,
        long rowsRead,
        long rowsWritten,
        long durationMicros) {
    public StatementResult {
        columns = List.copyOf(columns);
        rows = List.copyOf(rows);
    }

    /** The same without its rows. */
    public StatementResult withoutRows() {
        return new StatementResult(
                columns, List.of(), affectedRowCount, lastInsertRowid, rowsRead, rowsWritten, durationMicros);
    }
}
