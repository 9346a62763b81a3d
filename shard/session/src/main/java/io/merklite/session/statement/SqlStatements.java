package io.merklite.session.statement;

import io.merklite.session.SessionException.DatabaseFailure;
import io.merklite.session.catalog.RawRows;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Internal: prepared statements of one connection, by their text; the least recently used ones are closed.
 *
 * <p>The driver closes a statement whose execution fails, unless by a constraint or a lock, and {@code isClosed} does not
 * tell. So whoever goes on after such a failure has statements prepared anew, by {@link #run}, {@link #keeping} or
 * {@link #clear}; without this every later use would fail with "statement is not executing".
 *
 * <p><b>Threading.</b> Not thread-safe: confined to the owner of the connection.
 */
public final class SqlStatements implements AutoCloseable {
    private static final int CAPACITY = 512;
    private static final int CONSTRAINT = 19;
    /**
     * Hides from the driver that a statement inserts. Without this it asks for the generated key behind each of them, in a
     * statement that it prepares anew: 5 µs.
     */
    private static final String NO_GENERATED_KEY = "/**/ ";

    private final Connection connection;
    private final Map<String, PreparedStatement> bySql = new LinkedHashMap<>(16, 0.75f, true);

    /** @param connection stays the caller's */
    public SqlStatements(Connection connection) {
        this.connection = connection;
    }

    /** The connection that they are prepared on. */
    public Connection connection() {
        return connection;
    }

    /** The statement with this text. Use it before the next call: it may be closed by then. */
    public PreparedStatement prepare(String sql) throws SQLException {
        var known = bySql.get(sql);
        if (known != null) {
            return known;
        }
        if (bySql.size() >= CAPACITY) {
            var eldest = bySql.entrySet().iterator();
            eldest.next().getValue().close();
            eldest.remove();
        }
        var statement = connection.prepareStatement(NO_GENERATED_KEY + sql);
        bySql.put(sql, statement);
        return statement;
    }

    /** Runs a statement without parameters that returns nothing. */
    public void run(String sql) throws SQLException {
        var statement = prepare(sql);
        try {
            statement.execute();
        } catch (SQLException e) {
            bySql.remove(sql);
            try {
                statement.close();
            } catch (SQLException again) {
                e.addSuppressed(again);
            }
            throw e;
        }
    }

    /** Something to be done wholly or not at all. */
    @FunctionalInterface
    public interface Attempt {
        /** Returns whether it is to be kept. */
        boolean run() throws SQLException;
    }

    /**
     * Runs {@code attempt} inside a savepoint, which is rolled back if it answers false or throws.
     *
     * @return whether it was kept; it is not if a deferred constraint fails with the savepoint's release
     * @throws DatabaseFailure if it failed in a way that took the whole transaction with it
     */
    public boolean keeping(String savepoint, Attempt attempt) throws SQLException {
        run("SAVEPOINT " + savepoint);
        var done = false;
        try {
            done = attempt.run();
            if (done) {
                run("RELEASE " + savepoint);
                return true;
            }
        } catch (SQLException e) {
            try {
                rollBack(savepoint);
            } catch (SQLException lost) {
                var failure = new DatabaseFailure("the whole transaction was rolled back", e);
                failure.addSuppressed(lost);
                throw failure;
            }
            if (!isConstraint(e)) {
                clear();
                throw e;
            }
            if (!done) {
                throw e;
            }
            return false;
        } catch (RuntimeException | Error e) {
            try {
                rollBack(savepoint);
            } catch (SQLException lost) {
                e.addSuppressed(lost);
            }
            throw e;
        }
        rollBack(savepoint);
        return false;
    }

    private void rollBack(String savepoint) throws SQLException {
        run("ROLLBACK TO " + savepoint);
        run("RELEASE " + savepoint);
    }

    /** Executes {@code sql} without keeping it: for what is done once. */
    public void once(String sql) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /** The first column of the first row, as a number; 0 if there is no row. */
    public long number(String sql) throws SQLException {
        return RawRows.number(prepare(sql));
    }

    /** Whether a constraint was in the way. */
    public static boolean isConstraint(SQLException e) {
        return (e.getErrorCode() & 0xff) == CONSTRAINT;
    }

    /** Forgets all statements: the schema has changed, or one has failed. */
    public void clear() throws SQLException {
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
