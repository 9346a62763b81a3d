package io.merklite.sync.store;

import io.merklite.sync.SyncException.StoreFailure;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Prepared statements of one connection, by their text; the least recently used ones are closed. */
final class Statements implements AutoCloseable {
    private static final int CAPACITY = 512;

    private final Connection connection;
    private final Map<String, PreparedStatement> bySql = new LinkedHashMap<>(16, 0.75f, true);

    Statements(Connection connection) {
        this.connection = connection;
    }

    Connection connection() {
        return connection;
    }

    /** The statement with this text. Use it before the next call: it may be closed by then. */
    PreparedStatement prepare(String sql) throws SQLException {
        var known = bySql.get(sql);
        if (known != null) {
            return known;
        }
        if (bySql.size() >= CAPACITY) {
            var eldest = bySql.entrySet().iterator();
            eldest.next().getValue().close();
            eldest.remove();
        }
        var statement = connection.prepareStatement(sql);
        bySql.put(sql, statement);
        return statement;
    }

    /** Runs a statement without parameters. The driver closes one that fails, so it is not kept. */
    void run(String sql) throws SQLException {
        try {
            prepare(sql).execute();
        } catch (SQLException e) {
            var failed = bySql.remove(sql);
            if (failed != null) {
                failed.close();
            }
            throw e;
        }
    }

    /** The first column of the first row, as a number; 0 if there is no row. */
    long number(String sql) throws SQLException {
        try (var rows = prepare(sql).executeQuery()) {
            return rows.next() ? rows.getLong(1) : 0;
        }
    }

    /** Executes {@code sql} without keeping it: for what is done once. */
    void once(String sql) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /** Forgets all statements: the schema has changed. */
    void clear() throws SQLException {
        List<PreparedStatement> closing = new ArrayList<>(bySql.values());
        bySql.clear();
        for (var statement : closing) {
            statement.close();
        }
    }

    @Override
    public void close() {
        try {
            clear();
        } catch (SQLException e) {
            throw new StoreFailure("closing statements", e);
        }
    }
}
