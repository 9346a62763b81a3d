package io.merklite.loadtest.sync;

import io.merklite.loadtest.Bar;
import io.merklite.sync.store.ReplicaStore;
import io.merklite.sync.store.StoreOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.sql.SQLException;
import java.time.InstantSource;
import java.util.SplittableRandom;

/** What a local transaction costs with capture, stamps, states and merkle index, of the same by plain JDBC; in a file. */
final class TrackingBars {
    private TrackingBars() {}

    static void run() throws SQLException, IOException {
        inserts(1000, 60, 2.2);
        inserts(1, 40_000, 2.5);
    }

    /** Both sides keep their statements prepared and take turns. */
    private static void inserts(int rowsPerTransaction, int rounds, double mostTimes) throws SQLException, IOException {
        var directory = Files.createTempDirectory("merklite-bars");
        try (var plain = Items.open(directory.resolve("plain.db"));
                var tracked = Items.open(directory.resolve("tracked.db"))) {
            Items.run(plain, Items.SCHEMA);
            Items.run(tracked, Items.SCHEMA);
            var store = ReplicaStore.open(
                    tracked, StoreOptions.of("bench", InstantSource.system(), new SplittableRandom(1)));
            var without = new double[rounds];
            var with = new double[rounds];
            try (var begin = plain.prepareStatement("BEGIN IMMEDIATE");
                    var commit = plain.prepareStatement("COMMIT");
                    var insert = Items.prepare(plain);
                    var trackedInsert = Items.prepare(tracked)) {
                for (var round = -rounds; round < rounds; round++) {
                    var first = (round + rounds) * rowsPerTransaction + 1;
                    var last = first + rowsPerTransaction - 1;
                    var items = Items.items(first, last);
                    var start = Stopwatch.nanos();
                    begin.execute();
                    Items.insert(insert, items);
                    commit.execute();
                    var middle = Stopwatch.nanos();
                    store.write(() -> {
                        Items.insert(trackedInsert, items);
                        return true;
                    });
                    if (round >= 0) {
                        without[round] = middle - start;
                        with[round] = Stopwatch.nanos() - middle;
                    }
                }
            }
            var plainNanos = Bar.median(without);
            var trackedNanos = Bar.median(with);
            System.out.printf(
                    "# sync.tracking.insert.%d %.1f us plain, %.1f us tracked%n",
                    rowsPerTransaction, plainNanos / 1e3, trackedNanos / 1e3);
            System.out.println(
                    new Bar("sync.tracking.insert." + rowsPerTransaction, trackedNanos / plainNanos, "x", mostTimes));
            store.close();
        }
        Items.delete(directory);
    }
}
