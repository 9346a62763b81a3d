package io.merklite.sync.database;

import io.merklite.query.subscribe.SqlValue;
import java.util.List;

/**
 * What a query gave.
 *
 * @param id of the subscription that reports it, from 1; 0 if it was asked for once
 * @param columns their names, in order; names may repeat; none for a text without a statement
 * @param rows in the order that SQLite gave them, each with a value for every column
 */
public record QueryResult(long id, List<String> columns, List<List<SqlValue>> rows) {
    public QueryResult {
        columns = List.copyOf(columns);
        rows = List.copyOf(rows);
    }
}
