package io.merklite.loadtest.sync;

import io.merklite.loadtest.Bar;
import io.merklite.sync.store.ReplicaStore;
import io.merklite.sync.store.StoreOptions;
import io.merklite.sync.transaction.Transaction;
import io.merklite.sync.transaction.TransactionCodec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.InstantSource;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * Merging 100,000 rows that another replica wrote in one transaction, in a file; and how many bytes they take on the way.
 * sqlite-sync merges 97,000 rows/s of these, a fork of cr-sqlite 112,000; the former's payload is 24.5 bytes a row with an
 * integer key, 52.5 with a UUID.
 */
final class MergeBars {
    private static final int ROWS = 100_000;
    private static final int ROUNDS = 5;
    private static final double MICROS_CLEAN = 5;
    private static final double MICROS_CONFLICTING = 10;
    private static final TransactionCodec CODEC = new TransactionCodec(1 << 28);

    private MergeBars() {}

    /** How rows are identified. */
    private enum Key {
        INT("INTEGER", 24.5),
        UUID("TEXT", 52.5);

        private final String type;
        private final double mostBytes;

        Key(String type, double mostBytes) {
            this.type = type;
            this.mostBytes = mostBytes;
        }

        private Object of(int i) {
            // time-ordered: version 7, a millisecond for every 16 rows, and a few bits that look random
            return this == INT
                    ? (Object) i
                    : "%08x-%04x-7%03x-%04x-%012x"
                            .formatted(
                                    0x01980000 + (i >> 20),
                                    (i >> 4) & 0xffff,
                                    (i * 0x9E37) & 0xfff,
                                    0x8000 | ((i * 0x85EB) & 0x3fff),
                                    (i * 0x9E3779B97F4A7C15L) >>> 16);
        }
    }

    static void run() throws SQLException, IOException {
        for (var key : Key.values()) {
            var clean = new double[ROUNDS];
            var conflicting = new double[ROUNDS];
            var updates = new double[ROUNDS];
            var bytes = 0.0;
            for (var round = 0; round < ROUNDS; round++) {
                var directory = Files.createTempDirectory("merklite-bars");
                try (var first = new User(directory.resolve("first.db"), key);
                        var second = new User(directory.resolve("second.db"), key);
                        var rival = new User(directory.resolve("rival.db"), key)) {
                    rival.insert("rival");
                    var inserted = first.insert("user-");
                    bytes = inserted.length / (double) ROWS;
                    clean[round] = second.merge(inserted);
                    second.update(1);
                    updates[round] = second.merge(first.update(2));
                    conflicting[round] = rival.merge(inserted);
                }
                Items.delete(directory);
            }
            var name = key.name().toLowerCase(Locale.ROOT);
            System.out.println(new Bar("sync.merge." + name, Bar.median(clean), "us/row", MICROS_CLEAN));
            System.out.println(new Bar(
                    "sync.merge." + name + ".both-inserted", Bar.median(conflicting), "us/row", MICROS_CONFLICTING));
            System.out.println(
                    new Bar("sync.merge." + name + ".both-updated", Bar.median(updates), "us/row", MICROS_CONFLICTING));
            System.out.println(new Bar("sync.wire." + name, bytes, "B/row", key.mostBytes));
        }
    }

    /** A replica with the table of the peers' measurements. */
    private static final class User implements AutoCloseable {
        private final Key key;
        private final Connection connection;
        private final ReplicaStore store;

        private User(Path file, Key key) throws SQLException {
            this.key = key;
            connection = Items.open(file);
            Items.run(
                    connection, "CREATE TABLE users(id " + key.type + " PRIMARY KEY NOT NULL, name TEXT, value REAL)");
            store = ReplicaStore.open(
                    connection,
                    StoreOptions.of(
                            "bench",
                            InstantSource.system(),
                            new SplittableRandom(file.getFileName().hashCode())));
        }

        private byte[] insert(String name) {
            return write(() -> {
                try (var insert = connection.prepareStatement("INSERT INTO users VALUES (?, ?, ?)")) {
                    for (var i = 0; i < ROWS; i++) {
                        insert.setObject(1, key.of(i));
                        insert.setString(2, name + "%05d".formatted(i));
                        insert.setDouble(3, i * 0.5);
                        insert.executeUpdate();
                    }
                }
                return true;
            });
        }

        private byte[] update(double addition) {
            return write(() -> {
                Items.run(connection, "UPDATE users SET value = value + " + addition);
                return true;
            });
        }

        private byte[] write(ReplicaStore.Work<Boolean> work) {
            Transaction transaction = store.write(work).transaction().orElseThrow();
            return CODEC.encode(transaction);
        }

        /** Microseconds a row. */
        private double merge(byte[] transaction) {
            var start = Stopwatch.nanos();
            store.merge(CODEC.decode(transaction));
            return (Stopwatch.nanos() - start) / 1e3 / ROWS;
        }

        @Override
        public void close() throws SQLException {
            store.close();
            connection.close();
        }
    }
}
