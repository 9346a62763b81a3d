package io.merklite.wal.replication;

import io.merklite.wal.WalException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import org.sqlite.SQLiteConfig;

/** SQLite connections as replication needs them. */
final class Connections {
    private static final int BUSY_TIMEOUT_MILLIS = 10_000;

    private Connections() {}

    /**
     * For reading and writing, never checkpointing by itself. What it commits is synced by the checkpoint, not by the
     * commit: durable is what was saved, not what lies in the local log.
     */
    static Connection writing(Path database) {
        return open(
                "jdbc:sqlite:" + database,
                new SQLiteConfig(),
                "PRAGMA wal_autocheckpoint=0",
                "PRAGMA synchronous=NORMAL");
    }

    /** For making a database: nothing is read from the file before the caller has said how it is to be. */
    static Connection creating(Path database) {
        return open("jdbc:sqlite:" + database, new SQLiteConfig());
    }

    /** For holding a read mark. It cannot write the database file, so closing it last leaves the log in place. */
    static Connection marking(Path database) {
        var config = new SQLiteConfig();
        config.setReadOnly(true);
        return open("jdbc:sqlite:" + database, config, "PRAGMA wal_autocheckpoint=0");
    }

    /** For reading a file that nothing changes while the connection is open: no locks, no log. */
    static Connection immutable(Path database) {
        var config = new SQLiteConfig();
        config.setReadOnly(true);
        return open("jdbc:sqlite:file:" + database.toUri().getRawPath() + "?immutable=1", config);
    }

    private static Connection open(String url, SQLiteConfig config, String... pragmas) {
        config.setBusyTimeout(BUSY_TIMEOUT_MILLIS);
        try {
            var connection = DriverManager.getConnection(url, config.toProperties());
            try {
                for (var pragma : pragmas) {
                    execute(connection, pragma);
                }
                return connection;
            } catch (SQLException e) {
                connection.close();
                throw e;
            }
        } catch (SQLException e) {
            throw new WalException.Storage("cannot open " + url, e);
        }
    }

    static void execute(Connection connection, String sql) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /** Closes all, the last one last, even if one of them fails. */
    static void close(Iterable<Connection> connections) {
        WalException.Storage failure = null;
        for (var connection : connections) {
            try {
                connection.close();
            } catch (SQLException e) {
                failure = new WalException.Storage("cannot close a connection", e);
            }
        }
        if (failure != null) {
            throw failure;
        }
    }
}
