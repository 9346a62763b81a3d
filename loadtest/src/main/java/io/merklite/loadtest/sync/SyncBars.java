package io.merklite.loadtest.sync;

import io.merklite.loadtest.Bar;
import io.merklite.sync.store.ReplicaStore;
import io.merklite.sync.store.StoreOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.InstantSource;
import java.util.List;
import java.util.Locale;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * Command: what convergence, first sync and tracking cost.
 *
 * <p>Table and rows of the convergence are those of the measurements of the reference: one million rows that are equal
 * take it 690 ms and 39 kB, with one that differs 695 ms and 47 kB, with every hundredth 1.6 s and 8.1 MB.
 */
public final class SyncBars {
    private static final String ITEM =
            "CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT NOT NULL, qty INTEGER NOT NULL, price REAL NOT NULL, note TEXT)";
    private static final int LARGE = 1_000_000;
    private static final int ROUNDS = 7;
    private static final int BATCH = 1000;
    private static final double NANOS_PER_MILLI = 1e6;

    private SyncBars() {}

    public static void main(String[] arguments) throws Exception {
        var oneDiffersSmall = convergence(LARGE / 10);
        var oneDiffers = convergence(LARGE);
        System.out.println(new Bar("sync.converge.growth", oneDiffers / oneDiffersSmall, "x", 2));
        liveFlow(1, 300);
        liveFlow(500, 4000);
        tracking(BATCH, 2.2);
        tracking(1, 2.5);
        metadata();
    }

    // ---- convergence ------------------------------------------------------------------------------------------------

    private static double convergence(int rows) throws SQLException {
        var url = "jdbc:sqlite::memory:";
        try (var pair = new Pair(url, url, 0, List.of(ITEM))) {
            fill(pair.first(), rows);
            var start = System.nanoTime();
            pair.converge();
            var seconds = (System.nanoTime() - start) / (NANOS_PER_MILLI * 1000);
            print("first-sync", rows, rows / seconds, "rows/s, bar is at least 150000");
            var inSync = repeat(pair, rows, "in-sync", "", 5, 300);
            var one =
                    repeat(pair, rows, "1-differs", "UPDATE item SET qty = qty + 1 WHERE id = " + rows / 2, 20, 20_000);
            repeat(pair, rows, "1-percent", "UPDATE item SET qty = qty + 1 WHERE id % 100 = 0", 1000, 4_000_000);
            if (inSync < 0) {
                throw new IllegalStateException("time runs backwards");
            }
            return one;
        }
    }

    private static double repeat(Pair pair, int rows, String what, String sql, double mostMillis, long mostBytes)
            throws SQLException {
        var millis = new double[ROUNDS];
        var bytes = 0L;
        for (var round = 0; round < ROUNDS; round++) {
            if (!sql.isEmpty()) {
                pair.first().store().write(() -> {
                    pair.first().execute(sql);
                    return true;
                });
            }
            var start = System.nanoTime();
            bytes = pair.converge();
            millis[round] = (System.nanoTime() - start) / NANOS_PER_MILLI;
        }
        if (rows == LARGE) {
            System.out.println(new Bar("sync.converge." + what + "." + rows, Bar.median(millis), "ms", mostMillis));
            System.out.println(new Bar("sync.converge." + what + "." + rows + ".bytes", bytes, "B", mostBytes));
        } else {
            print("converge." + what, rows, Bar.median(millis), "ms, " + bytes + " bytes");
        }
        return Bar.median(millis);
    }

    private static void print(String what, int rows, double value, String unit) {
        System.out.printf(Locale.ROOT, "# sync.%s.%d %.2f %s%n", what, rows, value, unit);
    }

    private static void fill(Pair.Side side, int rows) throws SQLException {
        for (var from = 1; from <= rows; from += BATCH) {
            var first = from;
            side.store().write(() -> {
                insert(side.connection(), first, Math.min(rows, first + BATCH - 1));
                return true;
            });
        }
    }

    private static void insert(Connection connection, int first, int last) throws SQLException {
        try (var insert = connection.prepareStatement("INSERT INTO item VALUES (?, ?, ?, ?, ?)")) {
            for (var i = first; i <= last; i++) {
                bindItem(insert, i);
                insert.executeUpdate();
            }
        }
    }

    private static void bindItem(PreparedStatement insert, int i) throws SQLException {
        insert.setInt(1, i);
        insert.setString(2, "name-%07d".formatted(i));
        insert.setInt(3, (int) (i * 7919L % 1000));
        insert.setDouble(4, i * 0.25);
        insert.setString(5, note(i));
    }

    private static String note(int i) {
        var hex = new StringBuilder();
        var x = i * 0x9E3779B97F4A7C15L;
        for (var word = 0; word < 4; word++) {
            x ^= x >>> 29;
            x *= 0xBF58476D1CE4E5B9L;
            x ^= x >>> 32;
            hex.append("%016x".formatted(x));
        }
        return hex.toString();
    }

    // ---- live flow --------------------------------------------------------------------------------------------------

    private static void liveFlow(int rows, double mostMicros) throws SQLException {
        var url = "jdbc:sqlite::memory:";
        try (var pair = new Pair(url, url, 1000, List.of(ITEM))) {
            pair.converge();
            var rounds = rows == 1 ? 600 : 120;
            var micros = new double[rounds];
            for (var round = -rounds; round < rounds; round++) {
                var first = (round + rounds) * rows + 1;
                var start = System.nanoTime();
                var written = pair.first().store().write(() -> {
                    insert(pair.first().connection(), first, first + rows - 1);
                    return true;
                });
                pair.publish(written.transaction().orElseThrow());
                if (round >= 0) {
                    micros[round] = (System.nanoTime() - start) / 1e3;
                }
            }
            System.out.println(new Bar("sync.live.insert." + rows, Bar.median(micros), "us", mostMicros));
        }
    }

    // ---- tracking ---------------------------------------------------------------------------------------------------

    private static void tracking(int rowsPerTransaction, double mostTimes) throws SQLException, IOException {
        var directory = Files.createTempDirectory("merklite-bars");
        var plain = open(directory.resolve("plain.db"));
        var tracked = open(directory.resolve("tracked.db"));
        var store =
                ReplicaStore.open(tracked, StoreOptions.of("bench", InstantSource.system(), new SplittableRandom(1)));
        var rounds = rowsPerTransaction == 1 ? 2000 : 60;
        var without = new double[rounds];
        var with = new double[rounds];
        for (var round = -rounds; round < rounds; round++) {
            var first = (round + rounds) * rowsPerTransaction + 1;
            var last = first + rowsPerTransaction - 1;
            var start = System.nanoTime();
            run(plain, "BEGIN IMMEDIATE");
            insert(plain, first, last);
            run(plain, "COMMIT");
            var middle = System.nanoTime();
            store.write(() -> {
                insert(tracked, first, last);
                return true;
            });
            if (round >= 0) {
                without[round] = middle - start;
                with[round] = System.nanoTime() - middle;
            }
        }
        System.out.println(new Bar(
                "sync.tracking.insert." + rowsPerTransaction, Bar.median(with) / Bar.median(without), "x", mostTimes));
        store.close();
        plain.close();
        tracked.close();
        delete(directory);
    }

    private static Connection open(Path file) throws SQLException {
        var connection = DriverManager.getConnection("jdbc:sqlite:" + file);
        run(connection, "PRAGMA journal_mode = WAL");
        run(connection, "PRAGMA synchronous = NORMAL");
        run(connection, ITEM);
        return connection;
    }

    private static void run(Connection connection, String sql) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    // ---- metadata ---------------------------------------------------------------------------------------------------

    private static void metadata() throws SQLException, IOException {
        var directory = Files.createTempDirectory("merklite-bars");
        var plain = filled(directory.resolve("plain.db"), false);
        var tracked = filled(directory.resolve("tracked.db"), true);
        var rows = 100_000;
        System.out.println(new Bar("sync.metadata.row", (tracked[0] - plain[0]) / rows, "B", 30));
        System.out.println(new Bar("sync.metadata.deleted-row", tracked[1] / rows, "B", 60));
        delete(directory);
    }

    /** Sizes in bytes: full, and after all rows were deleted and the file vacuumed. */
    private static double[] filled(Path file, boolean track) throws SQLException, IOException {
        var rows = 100_000;
        try (var connection = DriverManager.getConnection("jdbc:sqlite:" + file)) {
            run(connection, "CREATE TABLE wide(id INTEGER PRIMARY KEY, a, b, c, d, e, f, g, h)");
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
            run(connection, sql);
        } else {
            store.write(() -> {
                run(connection, sql);
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

    private static void delete(Path directory) throws IOException {
        try (var files = Files.list(directory)) {
            for (var file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(directory);
    }
}
