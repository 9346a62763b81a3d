package io.merklite.wal.replication;

import static io.merklite.wal.TestDatabase.execute;
import static io.merklite.wal.TestDatabase.number;
import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.wal.TestDatabase;
import io.merklite.wal.format.LogWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Everything at once: writers, checkpoints, a capture, another program, readers of a replica. */
class ConcurrencyTest {
    private static final int WRITERS = 3;
    private static final int WRITES = 500;
    private static final int INTERFERENCES = 100;

    @TempDir
    Path directory;

    @Test
    @Timeout(value = 2, unit = TimeUnit.MINUTES)
    void replicasOfLogsAndOfFramesAreEqualWhateverRunsBeside() throws Exception {
        var snapshot = TestDatabase.snapshot(directory, "CREATE TABLE t (writer INTEGER, number INTEGER)");
        var database = directory.resolve("app.db");
        var byLogs = directory.resolve("logs.db");
        var byFrames = directory.resolve("frames.db");
        var isDone = new AtomicBoolean();
        var acks = new ConcurrentLinkedQueue<Ack<Boolean>>();
        try (var pool = Executors.newCachedThreadPool();
                var primary = Primary.open(
                        database, snapshot, List.of(), new PrimaryOptions(InstantSource.system(), 300_000));
                var logs = Replica.open(byLogs, snapshot, List.of());
                var frames = Replica.open(byFrames, snapshot, List.of());
                var captured = primary.captureFrames()) {
            List<Future<?>> background = new ArrayList<>();
            background.add(pool.submit(until(isDone, () -> checkpoint(primary, logs))));
            background.add(pool.submit(until(isDone, () -> capture(captured, frames))));
            background.add(pool.submit(until(isDone, () -> read(logs))));
            background.add(pool.submit(() -> interfere(database)));
            List<Future<?>> writers = new ArrayList<>();
            for (var writer = 0; writer < WRITERS; writer++) {
                var number = writer;
                writers.add(pool.submit(() -> write(primary, number, acks)));
            }
            for (var writer : writers) {
                writer.get();
            }
            isDone.set(true);
            for (var task : background) {
                task.get();
            }
            capture(captured, frames);
            checkpoint(primary, logs);

            assertThat(acks).hasSize(WRITERS * WRITES).allMatch(Ack::isSafe);
            assertThat(logs.applied()).isEqualTo(primary.committed()).isEqualTo(frames.applied());
        }
        assertThat(Files.mismatch(byLogs, byFrames)).isEqualTo(-1);
        try (var replica = Replica.resume(byLogs)) {
            assertThat(replica.withConnection(number("SELECT count(*) FROM t WHERE writer >= 0")))
                    .isEqualTo(2L * WRITERS * WRITES);
            assertThat(replica.withConnection(TestDatabase.text("PRAGMA integrity_check")))
                    .isEqualTo("ok");
        }
    }

    private static Callable<Void> until(AtomicBoolean isDone, Callable<?> work) {
        return () -> {
            while (!isDone.get()) {
                work.call();
            }
            return null;
        };
    }

    private static Void write(Primary primary, int writer, ConcurrentLinkedQueue<Ack<Boolean>> acks) throws Exception {
        for (var number = 0; number < WRITES; number++) {
            var row = "INSERT INTO t VALUES (" + writer + ", " + number + ")";
            acks.add(primary.withConnection(execute("BEGIN", row, row, "COMMIT")));
        }
        return null;
    }

    private static Long checkpoint(Primary primary, Replica replica) {
        return primary.checkpoint(log -> CompletableFuture.runAsync(() -> replica.replicate(log)))
                .toCompletableFuture()
                .join();
    }

    private Void capture(Frames captured, Replica replica) throws Exception {
        for (var batch = captured.tryNext(); batch.isPresent(); batch = captured.tryNext()) {
            var file = Files.createTempFile(directory, "frames", ".log");
            try (var writer = LogWriter.create(file, batch.get().follows())) {
                batch.get().frames().forEach(writer::append);
                replica.replicate(writer.finish());
            }
            Files.delete(file);
        }
        return null;
    }

    /** A transaction is seen whole or not at all. */
    private static Void read(Replica replica) throws Exception {
        var half = number(
                "SELECT count(*) FROM (SELECT 1 FROM t WHERE writer>=0 GROUP BY writer, number HAVING count(*) <> 2)");
        assertThat(replica.withConnection(half)).isZero();
        return null;
    }

    /** Another program reads, writes now and then, and checkpoints in every way. */
    private static Void interfere(Path database) throws Exception {
        for (var round = 0; round < INTERFERENCES; round++) {
            try (var foreign = TestDatabase.foreign(database)) {
                execute(
                                "PRAGMA busy_timeout = 10000",
                                "INSERT INTO t VALUES (-1, 0)",
                                "PRAGMA busy_timeout = 0",
                                "PRAGMA wal_checkpoint(PASSIVE)",
                                "PRAGMA wal_checkpoint(TRUNCATE)",
                                "PRAGMA wal_checkpoint(RESTART)",
                                "SELECT count(*) FROM t")
                        .apply(foreign);
            }
        }
        return null;
    }
}
