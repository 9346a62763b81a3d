package io.merklite.query.transpile;

import io.merklite.query.transpile.functions.DeepFunctions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** A database in memory that knows the functions of the dialect. */
final class DialectDatabase implements AutoCloseable {
    private final Connection connection;

    private DialectDatabase(Connection connection) {
        this.connection = connection;
    }

    static DialectDatabase open() {
        try {
            var connection = DriverManager.getConnection("jdbc:sqlite::memory:");
            DeepFunctions.register(connection);
            return new DialectDatabase(connection);
        } catch (SQLException e) {
            throw new Refused(e);
        }
    }

    /** SQLite did not run a statement. */
    static final class Refused extends RuntimeException {
        Refused(SQLException cause) {
            super(cause.getMessage(), cause);
        }
    }

    Connection connection() {
        return connection;
    }

    void execute(String sql) {
        try (var statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw new Refused(e);
        }
    }

    /** The rows of {@code sql}, of which parameters are not bound; none if it gives no rows. */
    List<List<Object>> rows(String sql) {
        List<List<Object>> rows = new ArrayList<>();
        try (var statement = connection.prepareStatement(sql)) {
            if (!statement.execute()) {
                return rows;
            }
            try (var results = statement.getResultSet()) {
                var columns = results.getMetaData().getColumnCount();
                while (results.next()) {
                    List<Object> row = new ArrayList<>();
                    for (var column = 1; column <= columns; column++) {
                        row.add(results.getObject(column));
                    }
                    rows.add(row);
                }
            }
        } catch (SQLException e) {
            throw new Refused(e);
        }
        return rows;
    }

    /** The one cell of the one row of a text of the dialect, as text. */
    String value(String dialect) {
        var rows = rows(Transpiler.toSql(dialect));
        if (rows.size() != 1 || rows.getFirst().size() != 1) {
            throw new AssertionError("not one cell: " + rows);
        }
        return JsonTexts.text(rows.getFirst().getFirst());
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
