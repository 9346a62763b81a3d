package io.merklite.query.subscribe;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** Reads rows by their primary key, to complete updates that carry only what has changed. */
final class RowLookup {
    private final Connection connection;
    private final Map<WatchedTable, PreparedStatement> statements = new HashMap<>();

    RowLookup(Connection connection) {
        this.connection = connection;
    }

    /** The row of a table of {@code main} with this key; none if there is no such row, or more than one. */
    Optional<List<SqlValue>> find(WatchedTable table, List<SqlValue> key) throws SQLException {
        var statement = statements.get(table);
        if (statement == null) {
            statement = connection.prepareStatement(select(table));
            statements.put(table, statement);
        }
        JdbcValues.bind(statement, key);
        try (var rows = statement.executeQuery()) {
            if (!rows.next()) {
                return Optional.empty();
            }
            var values = new SqlValue[table.columns().size()];
            for (var i = 0; i < values.length; i++) {
                values[i] = JdbcValues.read(rows, i + 1);
            }
            return rows.next() ? Optional.empty() : Optional.of(List.of(values));
        }
    }

    private static String select(WatchedTable table) {
        var columns = table.columns().stream()
                .map(column -> Names.quote(column.name()))
                .collect(Collectors.joining(", "));
        var key = table.keyColumns().stream()
                .map(column -> Names.quote(table.columns().get(column).name()) + " IS ?")
                .collect(Collectors.joining(" AND "));
        return "SELECT " + columns + " FROM main." + Names.quote(table.id().name()) + " WHERE " + key;
    }

    /** Closes what is open. May be used again. */
    void close() throws SQLException {
        for (var statement : statements.values()) {
            statement.close();
        }
        statements.clear();
    }
}
