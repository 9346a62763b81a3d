package io.merklite.cluster.sql;

import io.merklite.query.subscribe.SqlValue;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** What a stream must behave like: a SQLite connection of its own, with nothing between. */
final class PlainStream implements AutoCloseable {
    private final Connection connection;

    PlainStream(Path file) throws SQLException {
        connection = DriverManager.getConnection("jdbc:sqlite:" + file);
        run("PRAGMA foreign_keys = ON");
    }

    void run(String sql) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    boolean isAutocommit() throws SQLException {
        try {
            run("BEGIN");
        } catch (SQLException e) {
            return false;
        }
        run("ROLLBACK");
        return true;
    }

    /** What a statement gives: rows, or the code of its error. */
    String outcome(String sql) throws SQLException {
        try (var statement = connection.prepareStatement(sql)) {
            if (!statement.execute()) {
                return "done " + (sql.matches("(INSERT|REPLACE|UPDATE|DELETE).*") ? statement.getUpdateCount() : 0);
            }
            List<List<SqlValue>> rows = new ArrayList<>();
            try (var cursor = statement.getResultSet()) {
                while (cursor.next()) {
                    List<SqlValue> row = new ArrayList<>();
                    for (var i = 1; i <= cursor.getMetaData().getColumnCount(); i++) {
                        row.add(
                                switch (cursor.getObject(i)) {
                                    case null -> SqlValue.NULL;
                                    case Integer integer -> SqlValue.of(integer.longValue());
                                    case String text -> SqlValue.of(text);
                                    default -> throw new AssertionError();
                                });
                    }
                    rows.add(row);
                }
            }
            return "rows " + rows;
        } catch (SQLException e) {
            return "failed " + SqlErrors.of(e, false);
        }
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
