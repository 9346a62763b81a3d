package io.merklite.cluster.journal;

import io.merklite.cluster.ClusterException.JournalForeign;
import io.merklite.cluster.ClusterException.JournalNewer;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.UUID;
import org.sqlite.SQLiteConfig;

/** The journal's file: what it holds, how it is opened, and how one of ours is told from another. */
final class JournalFormat {
    /*
     * A SQLite database in WAL mode with application_id "MLJL" and the version as user_version.
     *
     *   journal          one row: the identity of this file
     *   persistence_ids  a small number for each persistence id; highest_seq and deleted_seq are written by deletions
     *                    alone: the highest number that was used even if its event is gone, and the events that do not
     *                    count any more although some may not have been removed yet
     *   events           in the order in which they came: a commit touches the last pages of the table and one leaf of
     *                    the index for each persistence id. The index is narrow (two integers and the rowid).
     *   snapshots        few and small
     *
     * checksum is Payload.checksum. A table clustered by (pid, seq), payload and all, measured half as fast with 256
     * writers: there each commit dirties a leaf full of payload for each of them.
     */
    static final int APPLICATION_ID = 0x4d4c_4a4c;
    static final int VERSION = 1;

    private static final int BUSY_TIMEOUT_MILLIS = 10_000;
    private static final List<String> TABLES = List.of(
            "CREATE TABLE journal (id TEXT NOT NULL)",
            """
            CREATE TABLE persistence_ids (
                id INTEGER PRIMARY KEY,
                name TEXT NOT NULL UNIQUE,
                highest_seq INTEGER NOT NULL,
                deleted_seq INTEGER NOT NULL)""",
            """
            CREATE TABLE events (
                position INTEGER PRIMARY KEY,
                pid INTEGER NOT NULL,
                seq INTEGER NOT NULL,
                timestamp INTEGER NOT NULL,
                serializer INTEGER NOT NULL,
                checksum INTEGER NOT NULL,
                manifest TEXT NOT NULL,
                writer TEXT NOT NULL,
                payload BLOB NOT NULL)""",
            "CREATE UNIQUE INDEX events_by_seq ON events (pid, seq)",
            """
            CREATE TABLE snapshots (
                pid INTEGER NOT NULL,
                seq INTEGER NOT NULL,
                timestamp INTEGER NOT NULL,
                serializer INTEGER NOT NULL,
                checksum INTEGER NOT NULL,
                manifest TEXT NOT NULL,
                payload BLOB NOT NULL,
                PRIMARY KEY (pid, seq))""");

    private JournalFormat() {}

    /** A connection that never checkpoints by itself. */
    static Connection connect(Path file) throws SQLException {
        var config = new SQLiteConfig();
        config.setBusyTimeout(BUSY_TIMEOUT_MILLIS);
        var connection =
                config.createConnection("jdbc:sqlite:file:" + file.toUri().getRawPath());
        try {
            execute(connection, "PRAGMA wal_autocheckpoint=0");
            return connection;
        } catch (SQLException e) {
            connection.close();
            throw e;
        }
    }

    /**
     * Makes the tables if the file has none, and otherwise checks that they are ours.
     *
     * @throws JournalForeign if they are not
     * @throws JournalNewer if they are of a later version
     */
    static JournalStatus prepare(Connection connection, Path file) throws SQLException {
        var application = number(connection, "PRAGMA application_id");
        var version = number(connection, "PRAGMA user_version");
        var tables = number(connection, "SELECT count(*) FROM sqlite_schema");
        var isEmpty = application == 0 && version == 0 && tables == 0;
        if (!isEmpty && application != APPLICATION_ID) {
            throw new JournalForeign(
                    file, "application_id is " + application + ", must be " + APPLICATION_ID + ", tables: " + tables);
        }
        if (version > VERSION) {
            throw new JournalNewer(file, (int) version, VERSION);
        }
        execute(connection, "PRAGMA journal_mode=WAL");
        execute(connection, "PRAGMA synchronous=FULL");
        if (isEmpty) {
            create(connection);
        }
        return new JournalStatus(file, identity(connection), isEmpty);
    }

    private static void create(Connection connection) throws SQLException {
        execute(connection, "BEGIN IMMEDIATE");
        for (var table : TABLES) {
            execute(connection, table);
        }
        execute(connection, "PRAGMA application_id=" + APPLICATION_ID);
        execute(connection, "PRAGMA user_version=" + VERSION);
        try (var insert = connection.prepareStatement("INSERT INTO journal (id) VALUES (?)")) {
            insert.setString(1, UUID.randomUUID().toString());
            insert.executeUpdate();
        }
        execute(connection, "COMMIT");
    }

    private static String identity(Connection connection) throws SQLException {
        try (var statement = connection.createStatement();
                var rows = statement.executeQuery("SELECT id FROM journal")) {
            return rows.getString(1);
        }
    }

    static long number(Connection connection, String sql) throws SQLException {
        try (var statement = connection.createStatement();
                var rows = statement.executeQuery(sql)) {
            return rows.getLong(1);
        }
    }

    static void execute(Connection connection, String sql) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
