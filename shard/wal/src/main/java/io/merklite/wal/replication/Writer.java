package io.merklite.wal.replication;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;

/**
 * The connection on which a primary's functions write, and the questions asked of it after each of them. They are
 * prepared once: they are asked for every write.
 *
 * <p><b>Threading.</b> Not thread-safe: used under the primary's gate.
 */
final class Writer implements AutoCloseable {
    private final Connection connection;
    private final PreparedStatement begin;
    private final PreparedStatement rollback;
    private final PreparedStatement framesInLog;

    /**
     * How a function leaves the connection. UNUSABLE: closed, or statements still run on it that keep it from rolling
     * back.
     */
    enum State {
        READY,
        IN_TRANSACTION,
        UNUSABLE
    }

    private Writer(Connection connection) throws SQLException {
        this.connection = connection;
        begin = connection.prepareStatement("BEGIN");
        rollback = connection.prepareStatement("ROLLBACK");
        framesInLog = connection.prepareStatement("PRAGMA wal_checkpoint(NOOP)");
    }

    static Writer open(Workspace workspace) throws SQLException {
        var connection = Connections.writing(workspace.database());
        try {
            return new Writer(connection);
        } catch (SQLException e) {
            connection.close();
            throw e;
        }
    }

    Connection connection() {
        return connection;
    }

    /** SQLite tells that a transaction is open only by refusing to begin another. */
    State state() throws SQLException {
        if (connection.isClosed()) {
            return State.UNUSABLE;
        }
        if (!connection.getAutoCommit()) {
            return State.IN_TRANSACTION;
        }
        try {
            begin.execute();
        } catch (SQLException e) {
            return State.IN_TRANSACTION;
        }
        try {
            rollback.execute();
        } catch (SQLException e) {
            return State.UNUSABLE;
        }
        return State.READY;
    }

    /**
     * How many frames SQLite knows of in its write-ahead log, in its present generation. Fails while another statement
     * runs.
     */
    int framesInLog() throws SQLException {
        try (var row = framesInLog.executeQuery()) {
            return row.getInt(2);
        }
    }

    /** Closes the connection, and with it all statements. What was not committed is rolled back. */
    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
