package io.merklite.query.subscribe;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * What a query gave.
 *
 * @param columns their names, in order; names may repeat
 * @param rows in the order that SQLite gave them, each with a value for every column
 */
public record QueryResult(List<String> columns, List<List<SqlValue>> rows) {
    public QueryResult {
        columns = List.copyOf(columns);
        rows = List.copyOf(rows);
    }

    /** Reads all of {@code rows}. */
    public static QueryResult read(ResultSet rows) throws SQLException {
        var metadata = rows.getMetaData();
        List<String> columns = new ArrayList<>();
        for (var i = 1; i <= metadata.getColumnCount(); i++) {
            columns.add(metadata.getColumnLabel(i));
        }
        List<List<SqlValue>> read = new ArrayList<>();
        while (rows.next()) {
            var row = new SqlValue[columns.size()];
            for (var i = 0; i < row.length; i++) {
                row[i] = JdbcValues.read(rows, i + 1);
            }
            read.add(List.of(row));
        }
        return new QueryResult(columns, read);
    }
}
