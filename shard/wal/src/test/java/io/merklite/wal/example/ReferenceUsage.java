package io.merklite.wal.example;

import io.merklite.wal.format.Log;
import io.merklite.wal.format.Snapshot;
import io.merklite.wal.replication.DatabaseLayout;
import io.merklite.wal.replication.NewDatabase;
import io.merklite.wal.replication.Primary;
import io.merklite.wal.replication.Replica;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** A primary, a store of logs, a replica: the usage example of mylibsql's documentation, in Java. */
public final class ReferenceUsage {
    private ReferenceUsage() {}

    public static void main(String[] arguments) throws Exception {
        System.out.println(run(Files.createTempDirectory("reference-usage")) + " users on the replica");
    }

    /**
     * Runs the example with {@code storage} as the durable place; returns how many users the replica has in the end.
     */
    static int run(Path storage) throws SQLException {
        // A new database, and its snapshot where it is safe. Its first log is in the snapshot already.
        var created = NewDatabase.init(storage, DatabaseLayout.usual(), connection -> {
            execute(connection, "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT)");
        });

        // A primary, opened from the latest snapshot.
        try (var primary = Primary.open(created.snapshot(), List.of())) {
            var alice = primary.withConnection(connection -> insert(connection, "Alice"));
            System.out.println("before it is safe: " + alice.peek() + " row, safe: " + alice.isSafe());

            // A checkpoint saves the log to the storage.
            primary.checkpoint(log -> save(log, storage.resolve("1.log")));
            alice.safe().thenAccept(rows -> System.out.println("now safe: " + rows + " row"));

            // A replica, opened from snapshot and logs, that only reads.
            var logs = List.of(Log.open(storage.resolve("1.log")));
            try (var replica = Replica.open(Snapshot.open(storage.resolve("first.snapshot")), logs)) {
                System.out.println(replica.withConnection(ReferenceUsage::countUsers) + " user on the replica");

                // When a new log arrives, the replica applies it.
                primary.withConnection(connection -> insert(connection, "Bob"));
                primary.checkpoint(log -> save(log, storage.resolve("2.log")));
                replica.replicate(Log.open(storage.resolve("2.log")));
                return replica.withConnection(ReferenceUsage::countUsers);
            }
        }
    }

    private static CompletableFuture<Void> save(Log log, Path target) {
        log.copyTo(target);
        return CompletableFuture.completedFuture(null);
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static int insert(Connection connection, String name) throws SQLException {
        try (var statement = connection.prepareStatement("INSERT INTO users (name) VALUES (?)")) {
            statement.setString(1, name);
            return statement.executeUpdate();
        }
    }

    private static int countUsers(Connection connection) throws SQLException {
        try (var statement = connection.createStatement();
                var row = statement.executeQuery("SELECT count(*) FROM users")) {
            return row.getInt(1);
        }
    }
}
