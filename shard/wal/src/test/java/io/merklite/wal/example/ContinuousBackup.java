package io.merklite.wal.example;

import io.merklite.wal.archive.Archive;
import io.merklite.wal.archive.DirectoryLogStore;
import io.merklite.wal.archive.Follower;
import io.merklite.wal.format.Snapshot;
import io.merklite.wal.replication.DatabaseLayout;
import io.merklite.wal.replication.NewDatabase;
import io.merklite.wal.replication.Primary;
import io.merklite.wal.replication.PrimaryOptions;
import io.merklite.wal.replication.RestorePoint;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/**
 * An application with a continuous backup: a timer ships the log every 50 ms, a follower reads the same store, a
 * mistake is undone by restoring the moment before it.
 *
 * <p>With {@code new S3LogStore(client, "bucket", "app/")} in place of the directory, the same backup is in an object
 * store.
 */
public final class ContinuousBackup {
    private ContinuousBackup() {}

    public static void main(String[] arguments) throws Exception {
        System.out.println(run(Files.createTempDirectory("continuous-backup")) + " orders restored");
    }

    /** Runs the example in {@code home}; returns how many orders there are in the restored database. */
    static int run(Path home) throws Exception {
        var archive = Archive.create(new DirectoryLogStore(home.resolve("backup")), firstSnapshot(home));
        var options = PrimaryOptions.usual();
        try (var timer = Executors.newSingleThreadScheduledExecutor();
                var primary = Primary.open(home.resolve("app.db"), archive.snapshot(), List.of(), options)) {
            timer.scheduleWithFixedDelay(() -> primary.checkpoint(archive::save), 50, 50, TimeUnit.MILLISECONDS);

            var orders = primary.withConnection(connection -> insert(connection, 100));
            orders.safe().toCompletableFuture().get(10, TimeUnit.SECONDS);
            System.out.println("100 orders are in the backup");

            var mistake = primary.withConnection(connection -> execute(connection, "DELETE FROM orders"));
            mistake.safe().toCompletableFuture().get(10, TimeUnit.SECONDS);
            try (var follower =
                    Follower.open(new DirectoryLogStore(home.resolve("backup")), home.resolve("follower.db"))) {
                follower.poll();
                System.out.println(follower.withConnection(ContinuousBackup::count) + " orders on the follower");
            }
            timer.shutdown();

            // One transaction before the mistake.
            var restored = home.resolve("restored.db");
            archive.restore(restored, new RestorePoint.Frame(mistake.frameNumber() - 1));
            keepAWeek(archive, primary);
            try (var connection = DriverManager.getConnection("jdbc:sqlite:" + restored)) {
                return count(connection);
            }
        }
    }

    /** What a nightly job does. */
    private static void keepAWeek(Archive archive, Primary primary) {
        archive.compact();
        archive.retain(primary.committed().committedAt().minus(Duration.ofDays(7)));
        System.out.println("the backup is sound: " + archive.verify().isSound());
    }

    private static Snapshot firstSnapshot(Path home) throws SQLException {
        return NewDatabase.init(home, DatabaseLayout.usual(), connection -> {
                    execute(connection, "CREATE TABLE orders (id INTEGER PRIMARY KEY, item TEXT)");
                })
                .snapshot();
    }

    private static boolean insert(Connection connection, int count) throws SQLException {
        connection.setAutoCommit(false);
        try (var statement = connection.prepareStatement("INSERT INTO orders (item) VALUES (?)")) {
            for (var order = 0; order < count; order++) {
                statement.setString(1, "item " + order);
                statement.executeUpdate();
            }
        }
        connection.commit();
        connection.setAutoCommit(true);
        return true;
    }

    private static boolean execute(Connection connection, String sql) throws SQLException {
        try (var statement = connection.createStatement()) {
            return statement.execute(sql);
        }
    }

    private static int count(Connection connection) throws SQLException {
        try (var statement = connection.createStatement();
                var row = statement.executeQuery("SELECT count(*) FROM orders")) {
            return row.getInt(1);
        }
    }
}
