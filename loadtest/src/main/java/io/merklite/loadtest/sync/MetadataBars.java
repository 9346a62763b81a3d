package io.merklite.loadtest.sync;

import io.merklite.loadtest.Bar;
import io.merklite.sync.store.ReplicaStore;
import io.merklite.sync.store.StoreOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.InstantSource;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** How much a file grows by replicating: for a row, and for one that was deleted. */
final class MetadataBars {
    private static final int BATCH = 1000;

    private MetadataBars() {}

    static void run() throws SQLException, IOException {
        var directory = Files.createTempDirectory("merklite-bars");
        var plain = filled(directory.resolve("plain.db"), false);
        var tracked = filled(directory.resolve("tracked.db"), true);
        var rows = 100_000;
        System.out.println(new Bar("sync.metadata.row", (tracked[0] - plain[0]) / rows, "B", 30));
        System.out.println(new Bar("sync.metadata.deleted-row", tracked[1] / rows, "B", 60));
        Items.delete(directory);
    }

    /** Sizes in bytes: full, and after all rows were deleted and the file vacuumed. */
    private static double[] filled(Path file, boolean track) throws SQLException, IOException {
        var rows = 100_000;
        try (var connection = DriverManager.getConnection("jdbc:sqlite:" + file)) {
            Items.run(connection, "CREATE TABLE wide(id INTEGER PRIMARY KEY, a, b, c, d, e, f, g, h)");
            var store = track
                    ? ReplicaStore.open(
                            connection, StoreOptions.of("bench", InstantSource.system(), new SplittableRandom(1)))
                    : null;
            for (var from = 0; from < rows; from += BATCH) {
                var sql = "WITH RECURSIVE n(i) AS (SELECT " + from + " UNION ALL SELECT i + 1 FROM n WHERE i < "
                        + (from + BATCH - 1) + ") INSERT INTO wide SELECT i, 'a' || i, 'b' || i, 'c' || i, 'd' || i,"
                        + " 'e' || i, 'f' || i, 'g' || i, 'h' || i FROM n";
                write(connection, store, sql);
            }
            var full = size(connection);
            write(connection, store, "DELETE FROM wide WHERE id >= 0");
            var empty = size(connection);
            if (store != null) {
                store.close();
            }
            return new double[] {full, empty};
        }
    }

    private static void write(Connection connection, @Nullable ReplicaStore store, String sql) throws SQLException {
        if (store == null) {
            Items.run(connection, sql);
        } else {
            store.write(() -> {
                Items.run(connection, sql);
                return true;
            });
        }
    }

    /** Pages in use, times their size: free pages are none of the metadata. */
    private static double size(Connection connection) throws SQLException {
        try (var query = connection.createStatement();
                var rows = query.executeQuery("SELECT (page_count - freelist_count) * page_size"
                        + " FROM pragma_page_count, pragma_freelist_count, pragma_page_size")) {
            rows.next();
            return rows.getDouble(1);
        }
    }
}
