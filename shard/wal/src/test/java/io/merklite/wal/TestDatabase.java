package io.merklite.wal;

import io.merklite.wal.format.Log;
import io.merklite.wal.format.Snapshot;
import io.merklite.wal.replication.ConnectionFunction;
import io.merklite.wal.replication.DatabaseLayout;
import io.merklite.wal.replication.NewDatabase;
import io.merklite.wal.replication.Primary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** What the tests of this module do to databases. */
public final class TestDatabase {
    private TestDatabase() {}

    /** A snapshot, in a directory of its own under {@code directory}, of what {@code sql} makes. */
    public static NewDatabase init(Path directory, int pageSize, String... sql) {
        try {
            var own = Files.createTempDirectory(directory, "init");
            return NewDatabase.init(own, DatabaseLayout.usual().withPageSize(pageSize), execute(sql)::apply);
        } catch (IOException | SQLException e) {
            throw new AssertionError(e);
        }
    }

    public static Snapshot snapshot(Path directory, String... sql) {
        return init(directory, 4096, sql).snapshot();
    }

    /** Runs statements, one after the other. */
    public static ConnectionFunction<Boolean> execute(String... sql) {
        return connection -> {
            for (var each : sql) {
                try (var statement = connection.createStatement()) {
                    statement.execute(each);
                }
            }
            return true;
        };
    }

    /** Runs a query that gives one number. */
    public static ConnectionFunction<Long> number(String sql) {
        return connection -> {
            try (var statement = connection.createStatement();
                    var row = statement.executeQuery(sql)) {
                return row.getLong(1);
            }
        };
    }

    /** Runs a query that gives one text. */
    public static ConnectionFunction<String> text(String sql) {
        return connection -> {
            try (var statement = connection.createStatement();
                    var row = statement.executeQuery(sql)) {
                return row.getString(1);
            }
        };
    }

    /** A connection of somebody else. */
    public static Connection foreign(Path database) throws SQLException {
        return DriverManager.getConnection("jdbc:sqlite:" + database);
    }

    /** Checkpoints; gives the log, or none if nothing was written. */
    public static List<Log> checkpoint(Primary primary, Path directory) {
        List<Log> logs = new ArrayList<>();
        primary.checkpoint(log -> {
                    var last = log.last().position().frameNumber();
                    logs.add(log.copyTo(directory.resolve("log-" + last)));
                    return CompletableFuture.completedFuture(null);
                })
                .toCompletableFuture()
                .join();
        return logs;
    }

    /** Reads a file that SQLite has open in this process; Java must not, as closing it would drop SQLite's locks. */
    public static byte[] read(Path database) {
        try {
            var copy = Files.createTempFile("copy", ".db");
            try {
                var process = new ProcessBuilder("cp", database.toString(), copy.toString())
                        .inheritIO()
                        .start();
                if (process.waitFor() != 0) {
                    throw new AssertionError("cp failed");
                }
                return Files.readAllBytes(copy);
            } finally {
                Files.delete(copy);
            }
        } catch (IOException | InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
