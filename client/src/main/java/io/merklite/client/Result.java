package io.merklite.client;

import java.util.List;
import java.util.OptionalLong;

/**
 * What a statement gave.
 *
 * @param columns of its rows; none for a statement that returns none
 * @param rows all of them
 * @param affectedRowCount of INSERT, UPDATE and DELETE; 0 for everything else
 * @param lastInsertRowid of INSERT and REPLACE
 */
public record Result(List<Column> columns, List<Row> rows, long affectedRowCount, OptionalLong lastInsertRowid) {
    public Result {
        columns = List.copyOf(columns);
        rows = List.copyOf(rows);
    }

    /**
     * The rows as records, or as values of their only column.
     *
     * @throws ClientException.Unmappable if a row does not fit
     */
    public <T> List<T> as(Class<T> type) {
        return rows.stream().map(row -> row.as(type)).toList();
    }
}
