package io.merklite.loadtest.sync;

import io.merklite.loadtest.Bar;
import java.sql.SQLException;
import java.util.List;
import java.util.Locale;

/**
 * What it takes two replicas to become equal along the merkle index. The reference needs 690 ms and 39 kB for a million
 * rows that are equal, 695 ms and 47 kB with one that differs, 1.6 s and 8.1 MB with every hundredth.
 */
final class ConvergenceBars {
    private static final int LARGE = 1_000_000;
    private static final int ROUNDS = 7;
    private static final int FIRST_SYNC_PER_SECOND = 150_000;
    private static final double NANOS_PER_MILLI = 1e6;

    private ConvergenceBars() {}

    static void run() throws SQLException {
        run(LARGE / 100);
        var oneDiffersSmall = run(LARGE / 10);
        var oneDiffers = run(LARGE);
        System.out.println(new Bar("sync.converge.growth", oneDiffers / oneDiffersSmall, "x", 2));
    }

    private static void printFirst(int rows, double perSecond) {
        if (rows == LARGE) {
            System.out.printf(
                    Locale.ROOT,
                    "bar sync.first.%d %.0f rows/s >=%d %s%n",
                    rows,
                    perSecond,
                    FIRST_SYNC_PER_SECOND,
                    perSecond >= FIRST_SYNC_PER_SECOND ? "met" : "short");
        } else {
            print("first", rows, "", perSecond, "rows/s");
        }
    }

    /** Milliseconds with one row that differs. */
    private static double run(int rows) throws SQLException {
        try (var pair = new Pair(Items.IN_MEMORY, Items.IN_MEMORY, 0, List.of(Items.SCHEMA))) {
            Items.fill(pair.first(), rows);
            var start = Stopwatch.nanos();
            pair.converge();
            var seconds = (Stopwatch.nanos() - start) / (NANOS_PER_MILLI * 1000);
            printFirst(rows, rows / seconds);
            repeat(pair, rows, "in-sync", "", 5, 300);
            var one =
                    repeat(pair, rows, "1-differs", "UPDATE item SET qty = qty + 1 WHERE id = " + rows / 2, 20, 20_000);
            repeat(pair, rows, "1-percent", "UPDATE item SET qty = qty + 1 WHERE id % 100 = 0", 1000, 4_000_000);
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
            var start = Stopwatch.nanos();
            bytes = pair.converge();
            millis[round] = (Stopwatch.nanos() - start) / NANOS_PER_MILLI;
        }
        if (rows == LARGE) {
            System.out.println(new Bar("sync.converge." + what + "." + rows, Bar.median(millis), "ms", mostMillis));
            System.out.println(new Bar("sync.converge." + what + "." + rows + ".bytes", bytes, "B", mostBytes));
        } else {
            print("converge." + what, rows, "", Bar.median(millis), "ms");
            print("converge." + what, rows, ".bytes", (double) bytes, "B");
        }
        return Bar.median(millis);
    }

    private static void print(String what, int rows, String more, double value, String unit) {
        System.out.printf(Locale.ROOT, "figure sync.%s.%d%s %.2f %s%n", what, rows, more, value, unit);
    }
}
