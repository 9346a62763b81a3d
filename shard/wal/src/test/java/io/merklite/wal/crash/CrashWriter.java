package io.merklite.wal.crash;

import io.merklite.wal.TestDatabase;
import io.merklite.wal.archive.Archive;
import io.merklite.wal.archive.DirectoryLogStore;
import io.merklite.wal.replication.Primary;
import io.merklite.wal.replication.PrimaryOptions;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.InstantSource;
import java.util.concurrent.Semaphore;

/**
 * The program that is killed: writes transactions 1, 2, 3 … as fast as it can, ships and compacts in a second thread,
 * and prints the number of each transaction that is acknowledged.
 *
 * <p>Arguments: the archive, the database, and whether to resume the database ({@code resume}) or open it from the
 * archive ({@code open}).
 */
final class CrashWriter {
    static final String SCHEMA =
            "CREATE TABLE t (number INTEGER, part INTEGER, filler BLOB, PRIMARY KEY (number, part))";

    /** Rows of a transaction. */
    static final int PARTS = 5;

    /** Writes that wait for their acknowledgement at a time. */
    private static final int MOST_IN_FLIGHT = 64;

    private static final int SAVES_PER_COMPACTION = 20;

    private CrashWriter() {}

    public static void main(String[] arguments) throws Exception {
        var archive = Archive.open(new DirectoryLogStore(Path.of(arguments[0])));
        var database = Path.of(arguments[1]);
        // A small limit, so that the log is started again often, also with writers held back.
        var options = new PrimaryOptions(InstantSource.system(), 200_000);
        var primary = arguments[2].equals("resume")
                ? Primary.resume(database, archive.head(), options)
                : Primary.open(
                        database,
                        archive.snapshot(),
                        archive.logs(archive.snapshot().tip().position()),
                        options);
        Thread.ofPlatform().daemon().start(() -> ship(primary, archive));
        var last = primary.withConnection(TestDatabase.number("SELECT ifnull(max(number), 0) FROM t"))
                .peek();
        var inFlight = new Semaphore(MOST_IN_FLIGHT);
        for (var number = last + 1; ; number++) {
            var transaction = number;
            inFlight.acquire();
            primary.withConnection(connection -> write(connection, transaction))
                    .safe()
                    .thenRun(() -> print(transaction))
                    .thenRun(inFlight::release);
        }
    }

    private static void print(long transaction) {
        System.out.println(transaction);
        System.out.flush();
    }

    private static void ship(Primary primary, Archive archive) {
        for (var save = 1; ; save++) {
            primary.checkpoint(archive::save).toCompletableFuture().join();
            if (save % SAVES_PER_COMPACTION == 0) {
                archive.compact();
            }
        }
    }

    private static boolean write(Connection connection, long transaction) throws SQLException {
        // Every seventh transaction is larger than the cache, every ninth fails after it has spilled.
        var size = transaction % 7 == 0 ? 8_000 : 100;
        TestDatabase.execute("PRAGMA cache_size = 5").apply(connection);
        if (transaction % 9 == 0) {
            TestDatabase.execute("BEGIN", "INSERT INTO t VALUES (-1, 1, randomblob(60000))", "ROLLBACK")
                    .apply(connection);
        }
        connection.setAutoCommit(false);
        for (var part = 0; part < PARTS; part++) {
            TestDatabase.execute("INSERT INTO t VALUES (" + transaction + ", " + part + ", randomblob(" + size + "))")
                    .apply(connection);
        }
        connection.commit();
        connection.setAutoCommit(true);
        return true;
    }
}
