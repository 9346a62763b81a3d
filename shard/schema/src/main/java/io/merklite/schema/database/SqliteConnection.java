package io.merklite.schema.database;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** Internal: statements on a connection that somebody else owns and closes. Blocks; not thread-safe. */
public final class SqliteConnection {
    /** SQLITE_ERROR: the statement is wrong, or can't run in this state of the connection. */
    public static final int SQLITE_ERROR = 1;

    private final Connection connection;

    /** Does not take ownership. */
    public SqliteConnection(Connection connection) {
        this.connection = connection;
    }

    /** Reads one row of a result. */
    @FunctionalInterface
    public interface RowReader<T> {
        T read(ResultSet row) throws SQLException;
    }

    /**
     * Runs every statement in {@code sql}; a result is thrown away. The line break before it keeps the driver from taking
     * text that begins with "backup to" or "restore from" for commands of its own, which read and write files.
     */
    public void execute(String sql) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.executeUpdate("\n" + sql);
        }
    }

    /** Runs one statement with {@code values} bound, and returns how many rows it changed. */
    public int update(String sql, Object... values) throws SQLException {
        try (var statement = connection.prepareStatement(sql)) {
            bind(statement, values);
            return statement.executeUpdate();
        }
    }

    /** All rows of a query. */
    public <T> List<T> query(String sql, RowReader<T> reader, Object... values) throws SQLException {
        try (var statement = connection.prepareStatement(sql)) {
            bind(statement, values);
            try (var result = statement.executeQuery()) {
                List<T> rows = new ArrayList<>();
                while (result.next()) {
                    rows.add(reader.read(result));
                }
                return rows;
            }
        }
    }

    /** The first value of the first row, which must be there; NULL counts as 0. */
    public long queryLong(String sql, Object... values) throws SQLException {
        return query(sql, row -> row.getLong(1), values).getFirst();
    }

    private static void bind(PreparedStatement statement, Object... values) throws SQLException {
        for (var i = 0; i < values.length; i++) {
            statement.setObject(i + 1, values[i]);
        }
    }
}
