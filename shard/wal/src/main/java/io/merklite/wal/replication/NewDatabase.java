package io.merklite.wal.replication;

import io.merklite.wal.WalException;
import io.merklite.wal.format.Log;
import io.merklite.wal.format.Position;
import io.merklite.wal.format.Snapshot;
import io.merklite.wal.format.Tip;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/**
 * The beginning of a history: a database that a script has made, or a file that was there before, under an identity of
 * its own.
 *
 * @param snapshot the database after the script
 * @param log the script's frames. The snapshot has them; applied to {@link Snapshot#blank} they give the same file
 */
public record NewDatabase(Snapshot snapshot, Log log) {
    private static final String SNAPSHOT = "first.snapshot";
    private static final String LOG = "first.log";

    /** Makes a database: tables, first rows. */
    @FunctionalInterface
    public interface Script {
        /** The connection is valid during the call, in auto-commit mode at its start. */
        void run(Connection connection) throws SQLException;
    }

    /**
     * As {@link #init(Path, DatabaseLayout, Script)} with the usual layout and a new temporary directory, which nobody
     * deletes.
     */
    public static NewDatabase init(Script script) throws SQLException {
        try {
            return init(Files.createTempDirectory("merklite-wal-init"), DatabaseLayout.usual(), script);
        } catch (IOException e) {
            throw new WalException.Storage("cannot make a temporary directory", e);
        }
    }

    /**
     * Runs {@code script} on an empty database in WAL mode, and writes what it made to {@code first.snapshot} and
     * {@code first.log} in {@code directory}. Both are to be stored where they are safe. Blocks.
     *
     * @throws SQLException what the script throws
     */
    public static NewDatabase init(Path directory, DatabaseLayout layout, Script script) throws SQLException {
        var workspace = Workspace.temporary();
        try {
            createEmpty(workspace.database(), layout);
            var start = new Tip(Position.start(UUID.randomUUID()), layout.pageSize(), 0, Instant.EPOCH);
            return capture(Primary.of(workspace, start, PrimaryOptions.usual()), directory, script);
        } finally {
            workspace.close();
        }
    }

    private static NewDatabase capture(Primary primary, Path directory, Script script) throws SQLException {
        try (primary) {
            primary.withConnection(connection -> {
                // Page 1 was made before there was a log: this writes it again, so that the log holds all pages.
                Connections.execute(connection, "PRAGMA user_version = 0");
                script.run(connection);
                return true;
            });
            var log = new Log[1];
            primary.checkpoint(saved -> {
                        log[0] = saved.copyTo(directory.resolve(LOG));
                        return CompletableFuture.completedStage(null);
                    })
                    .toCompletableFuture()
                    .join();
            try (var replica = primary.intoReplica()) {
                return new NewDatabase(replica.snapshot(directory.resolve(SNAPSHOT)), log[0]);
            }
        }
    }

    private static void createEmpty(Path database, DatabaseLayout layout) throws SQLException {
        try (var connection = Connections.creating(database)) {
            Connections.execute(connection, "PRAGMA page_size = " + layout.pageSize());
            Connections.execute(connection, "PRAGMA encoding = '" + layout.encodingName() + "'");
            Connections.execute(connection, "PRAGMA auto_vacuum = " + layout.autoVacuum());
            // SQLite writes encoding and vacuum into the file with the first table, and they stay when it goes.
            Connections.execute(connection, "CREATE TABLE first (x)");
            Connections.execute(connection, "DROP TABLE first");
            Connections.execute(connection, "VACUUM");
            Connections.execute(connection, "PRAGMA journal_mode = WAL");
        }
    }

    /**
     * Gives an existing database an identity, and writes its snapshot to {@code target}. The file itself is only read,
     * through SQLite's backup, and may be in use.
     */
    public static Snapshot adopt(Path existing, Path target) {
        try (var workspace = Workspace.temporary()) {
            var copy = workspace.database();
            try (var connection = Connections.marking(existing)) {
                Connections.execute(connection, "BACKUP TO '" + copy.toString().replace("'", "''") + "'");
            }
            try (var connection = Connections.writing(copy)) {
                Connections.execute(connection, "PRAGMA journal_mode = WAL");
            }
            var pageSize = pageSize(copy);
            var pageCount = Math.toIntExact(Files.size(copy) / pageSize);
            var tip = new Tip(Position.start(UUID.randomUUID()), pageSize, pageCount, Instant.EPOCH);
            return Snapshot.write(copy, tip, target);
        } catch (SQLException | IOException e) {
            throw new WalException.Storage("cannot copy " + existing, e);
        }
    }

    private static int pageSize(Path database) throws SQLException {
        try (var connection = Connections.immutable(database);
                var statement = connection.createStatement();
                var row = statement.executeQuery("PRAGMA page_size")) {
            return row.getInt(1);
        }
    }
}
