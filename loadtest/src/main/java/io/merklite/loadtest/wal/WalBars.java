package io.merklite.loadtest.wal;

import io.merklite.wal.archive.Archive;
import io.merklite.wal.archive.DirectoryLogStore;
import io.merklite.wal.format.Log;
import io.merklite.wal.format.Snapshot;
import io.merklite.wal.replication.DatabaseLayout;
import io.merklite.wal.replication.NewDatabase;
import io.merklite.wal.replication.Primary;
import io.merklite.wal.replication.PrimaryOptions;
import io.merklite.wal.replication.Replica;
import io.merklite.wal.replication.RestorePoint;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

/**
 * The bars of physical replication. Prints a line {@code bar NAME VALUE UNIT LIMIT met|short} for each.
 *
 * <p>Properties: {@code wal.megabytes}, the size of the restored database (1024); {@code wal.transactions}, how many of
 * 100 rows a writer makes in a run (3000); {@code wal.runs} (5); {@code wal.checkpoint.millis}, how often a checkpoint
 * ships (100). Each figure is the median of its runs; what it is compared with runs in turn with it.
 */
public final class WalBars {
    private static final int RUNS = Integer.getInteger("wal.runs", 5);
    private static final int TRANSACTIONS = Integer.getInteger("wal.transactions", 3000);
    private static final int RESTORED_MEGABYTES = Integer.getInteger("wal.megabytes", 1024);
    private static final int CHECKPOINT_MILLIS = Integer.getInteger("wal.checkpoint.millis", 100);
    private static final int REPLICATED_MEGABYTES = 256;
    private static final int ROWS = 100;

    private static final double MOST_OVERHEAD_PERCENT = 25;
    private static final double LEAST_MEGABYTES_PER_SECOND = 300;
    private static final double LEAST_OF_COPY = 0.7;
    private static final double MOST_OF_COPY = 1.5;

    private static final String SCHEMA = "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT, value REAL, note TEXT)";

    private WalBars() {}

    public static void main(String[] arguments) throws Exception {
        var directory = Files.createTempDirectory("wal-bars");
        try {
            shippingOverhead(directory);
            replicate(directory);
            restore(directory);
        } finally {
            delete(directory);
        }
    }

    // What shipping costs the writer

    private static void shippingOverhead(Path directory) throws Exception {
        var plain = new double[RUNS];
        var shipped = new double[RUNS];
        writePlain(directory.resolve("warm"), TRANSACTIONS / 4);
        writeShipped(directory.resolve("warm"), TRANSACTIONS / 4);
        for (var run = 0; run < RUNS; run++) {
            plain[run] = writePlain(directory.resolve("run"), TRANSACTIONS);
            shipped[run] = writeShipped(directory.resolve("run"), TRANSACTIONS);
        }
        var overhead = 100 * (1 - median(shipped) / median(plain));
        System.out.printf(
                Locale.ROOT,
                "plain WAL %.0f transactions/s, shipped %.0f transactions/s, %d rows each, checkpoint every %d ms%n",
                median(plain),
                median(shipped),
                ROWS,
                CHECKPOINT_MILLIS);
        bar("wal-shipping-overhead", overhead, "%", "<=" + MOST_OVERHEAD_PERCENT, overhead <= MOST_OVERHEAD_PERCENT);
    }

    /** SQLite as it comes: WAL, automatic checkpoints, {@code synchronous} as the primary has it. */
    private static double writePlain(Path directory, int transactions) throws Exception {
        Files.createDirectory(directory);
        try (var connection = DriverManager.getConnection("jdbc:sqlite:" + directory.resolve("plain.db"))) {
            execute(connection, "PRAGMA journal_mode = WAL");
            execute(connection, "PRAGMA synchronous = NORMAL");
            execute(connection, SCHEMA);
            var start = System.nanoTime();
            for (var transaction = 0; transaction < transactions; transaction++) {
                insert(connection, transaction);
            }
            return transactions / seconds(start);
        } finally {
            delete(directory);
        }
    }

    private static double writeShipped(Path directory, int transactions) throws Exception {
        Files.createDirectory(directory);
        var snapshot = init(directory);
        try (var primary = Primary.open(directory.resolve("primary.db"), snapshot, List.of(), PrimaryOptions.usual())) {
            var isDone = new AtomicBoolean();
            var shipper = Thread.ofPlatform().start(() -> ship(primary, directory, isDone));
            var start = System.nanoTime();
            for (var transaction = 0; transaction < transactions; transaction++) {
                var number = transaction;
                primary.withConnection(connection -> insert(connection, number));
            }
            var perSecond = transactions / seconds(start);
            isDone.set(true);
            shipper.join();
            return perSecond;
        } finally {
            delete(directory);
        }
    }

    private static void ship(Primary primary, Path directory, AtomicBoolean isDone) {
        while (!isDone.get()) {
            LockSupport.parkNanos(CHECKPOINT_MILLIS * 1_000_000L);
            primary.checkpoint(log -> save(log, directory))
                    .toCompletableFuture()
                    .join();
        }
    }

    private static CompletableFuture<Void> save(Log log, Path directory) {
        log.copyTo(directory.resolve("log-" + log.follows().position().frameNumber()));
        return CompletableFuture.completedFuture(null);
    }

    private static boolean insert(Connection connection, int transaction) throws SQLException {
        connection.setAutoCommit(false);
        try (var statement = connection.prepareStatement("INSERT INTO t (name, value, note) VALUES (?, ?, ?)")) {
            for (var row = 0; row < ROWS; row++) {
                statement.setString(1, "user-" + transaction + "-" + row);
                statement.setDouble(2, transaction * 0.5 + row);
                statement.setString(
                        3,
                        Long.toHexString((transaction * 31L + row) * 0x9E37_79B9_7F4A_7C15L)
                                .repeat(4));
                statement.addBatch();
            }
            statement.executeBatch();
        }
        connection.commit();
        connection.setAutoCommit(true);
        return true;
    }

    // How fast a log is applied

    private static void replicate(Path directory) throws Exception {
        var snapshot = init(directory);
        var log = directory.resolve("large.log");
        var database = directory.resolve("source.db");
        try (var primary = Primary.open(database, snapshot, List.of(), PrimaryOptions.usual())) {
            primary.withConnection(connection -> fill(connection, REPLICATED_MEGABYTES));
            primary.checkpoint(saved -> {
                        saved.copyTo(log);
                        return CompletableFuture.completedFuture(null);
                    })
                    .toCompletableFuture()
                    .join();
        }
        var copied = new double[RUNS];
        var replicated = new double[RUNS];
        for (var run = 0; run < RUNS; run++) {
            copied[run] = megabytes(database) / copy(database, directory.resolve("copy.db"));
            var target = directory.resolve("replica.db");
            try (var replica = Replica.open(target, snapshot, List.of())) {
                var start = System.nanoTime();
                replica.replicate(Log.open(log));
                replicated[run] = replica.applied().sizeBytes() / 1e6 / seconds(start);
            }
            Files.delete(target);
        }
        var rate = median(replicated);
        var ratio = rate / median(copied);
        System.out.printf(
                Locale.ROOT,
                "replicate %.0f MB/s of a log of %.0f MB, file copy %.0f MB/s, ratio %.2f, both synced to the disk%n",
                rate,
                megabytes(log),
                median(copied),
                ratio);
        bar(
                "wal-replicate",
                rate,
                "MB/s",
                ">=" + LEAST_MEGABYTES_PER_SECOND + "-or-" + LEAST_OF_COPY + "-of-copy",
                rate >= LEAST_MEGABYTES_PER_SECOND || ratio >= LEAST_OF_COPY);
        Files.delete(database);
        Files.delete(log);
    }

    // How fast an archive is restored

    private static void restore(Path directory) throws Exception {
        var archive = Archive.create(new DirectoryLogStore(directory.resolve("archive")), init(directory));
        try (var primary =
                Primary.open(directory.resolve("archived.db"), archive.snapshot(), List.of(), PrimaryOptions.usual())) {
            for (var part = 0; part < 4; part++) {
                primary.withConnection(connection -> fill(connection, RESTORED_MEGABYTES / 4));
                primary.checkpoint(archive::save).toCompletableFuture().join();
            }
            archive.compact();
            primary.withConnection(connection -> insert(connection, 1));
            primary.checkpoint(archive::save).toCompletableFuture().join();
        }
        Files.delete(directory.resolve("archived.db"));
        var source = directory.resolve("source.db");
        archive.restore(source, RestorePoint.latest());
        var copied = new double[RUNS];
        var restored = new double[RUNS];
        for (var run = 0; run < RUNS; run++) {
            copied[run] = copy(source, directory.resolve("copy.db"));
            var start = System.nanoTime();
            archive.restore(directory.resolve("restored.db"), RestorePoint.latest());
            restored[run] = seconds(start);
            Files.delete(directory.resolve("restored.db"));
        }
        var ratio = median(restored) / median(copied);
        System.out.printf(
                Locale.ROOT,
                "restore of %.0f MB %.2f s, file copy %.2f s, both synced to the disk%n",
                megabytes(source),
                median(restored),
                median(copied));
        bar("wal-restore-of-copy", ratio, "ratio", "<=" + MOST_OF_COPY, ratio <= MOST_OF_COPY);
    }

    private static Snapshot init(Path directory) throws SQLException, IOException {
        return NewDatabase.init(
                        Files.createTempDirectory(directory, "init"),
                        DatabaseLayout.usual(),
                        connection -> execute(connection, SCHEMA))
                .snapshot();
    }

    /** Adds about that much: half of it text that compresses, half of it noise. */
    private static boolean fill(Connection connection, int megabytes) throws SQLException {
        execute(
                connection,
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " + megabytes * 512
                        + ") INSERT INTO t (name, value, note) SELECT hex(zeroblob(480)), i, randomblob(970) FROM n");
        return true;
    }

    /** Copies a file and puts it on the disk; returns the seconds that took. */
    private static double copy(Path source, Path target) throws IOException {
        var start = System.nanoTime();
        Files.copy(source, target, StandardCopyOption.REPLACE_EXISTING);
        try (var channel = FileChannel.open(target, StandardOpenOption.WRITE)) {
            channel.force(true);
        }
        var seconds = seconds(start);
        Files.delete(target);
        return seconds;
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static double seconds(long start) {
        return (System.nanoTime() - start) / 1e9;
    }

    private static double megabytes(Path file) throws IOException {
        return Files.size(file) / 1e6;
    }

    private static double median(double[] values) {
        var sorted = values.clone();
        Arrays.sort(sorted);
        return sorted[sorted.length / 2];
    }

    private static void bar(String name, double value, String unit, String limit, boolean isMet) {
        System.out.printf(Locale.ROOT, "bar %s %.2f %s %s %s%n", name, value, unit, limit, isMet ? "met" : "short");
    }

    private static void delete(Path directory) throws IOException {
        try (var paths = Files.walk(directory)) {
            for (var path : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
