package io.merklite.session.apply;

import io.merklite.session.SessionException.DatabaseFailure;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Prepared statements of one connection, by their text; the least recently used ones are closed. */
final class SqlStatements implements AutoCloseable {
    private static final int CAPACITY = 128;
    private static final int CONSTRAINT = 19;

    private final Connection connection;
    private final Map<String, PreparedStatement> bySql = new LinkedHashMap<>(16, 0.75f, true);

    SqlStatements(Connection connection) {
        this.connection = connection;
    }

    Connection connection() {
        return connection;
    }

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

    /** Runs a statement without parameters that returns nothing. */
    void run(String sql) {
        try {
            prepare(sql).execute();
        } catch (SQLException e) {
            throw new DatabaseFailure(sql, e);
        }
    }

    /** The first column of the first row, as a number. */
    long number(String sql) throws SQLException {
        try (var rows = prepare(sql).executeQuery()) {
            return rows.next() ? rows.getLong(1) : 0;
        }
    }

    static boolean isConstraint(SQLException e) {
        return (e.getErrorCode() & 0xff) == CONSTRAINT;
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
            throw new DatabaseFailure("closing statements", e);
        }
    }
}
