package io.merklite.wal.replication;

import static io.merklite.wal.TestDatabase.checkpoint;
import static io.merklite.wal.TestDatabase.execute;
import static io.merklite.wal.TestDatabase.number;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.merklite.wal.TestDatabase;
import io.merklite.wal.format.Frame;
import io.merklite.wal.format.Log;
import io.merklite.wal.format.LogWriter;
import io.merklite.wal.format.Snapshot;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FramesTest {
    private static final ConnectionFunction<Long> COUNT = number("SELECT count(*) FROM t");

    @TempDir
    Path directory;

    private Snapshot snapshot;

    @BeforeEach
    void makeSnapshot() {
        snapshot = TestDatabase.snapshot(directory, "CREATE TABLE t (id INTEGER PRIMARY KEY, x)");
    }

    private static ConnectionFunction<Boolean> insert(int rows) {
        return execute("INSERT INTO t (x) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < "
                + rows + ") SELECT hex(randomblob(16)) FROM n");
    }

    /**
     * The scenario of the reference's test of fine-grained replication: what was not replicated when the primary is
     * lost, is lost, and nothing else.
     */
    @Test
    void microReplicationSavesBetweenCheckpoints() throws Exception {
        List<Log> saved = new ArrayList<>();
        List<Frame> replicated = new ArrayList<>();
        List<Ack<Boolean>> acks = new ArrayList<>();
        LogWriter micro;
        try (var primary = Primary.open(snapshot, List.of())) {
            var frames = primary.captureFrames();
            var first = primary.withConnection(insert(10));
            ship(frames, replicated);
            assertThat(first.isSafe()).isTrue();
            saved.addAll(checkpoint(primary, directory));
            assertThat(checkpoint(primary, directory)).isEmpty();

            var second = primary.withConnection(insert(4));
            ship(frames, replicated);
            var third = primary.withConnection(insert(7));
            assertThat(second.isSafe()).isTrue();
            assertThat(third.isSafe()).isFalse();
            ship(frames, replicated);
            saved.addAll(checkpoint(primary, directory));
            replicated.clear();
            micro = LogWriter.create(directory.resolve("micro.log"), primary.saved());

            for (var row = 0; row < 6; row++) {
                acks.add(primary.withConnection(insert(1)));
                ship(frames, replicated);
            }
            for (var row = 0; row < 3; row++) {
                acks.add(primary.withConnection(insert(1)));
            }
            assertThat(primary.withConnection(COUNT).peek()).isEqualTo(30);
        }

        assertThat(acks.stream().filter(Ack::isSafe)).hasSize(6);
        replicated.forEach(micro::append);
        saved.add(micro.finish());
        try (var again = Primary.open(snapshot, saved)) {
            assertThat(again.withConnection(COUNT).peek()).isEqualTo(27);
        }
    }

    private static void ship(Frames frames, List<Frame> target) {
        for (var batch = frames.tryNext(); batch.isPresent(); batch = frames.tryNext()) {
            target.addAll(batch.get().frames());
            frames.ackReplicated(batch.get().lastFrameNumber());
        }
    }

    @Test
    void nextWaitsForAWriteAndIsEmptyAtTheEnd() throws Exception {
        var primary = Primary.open(snapshot, List.of());
        var frames = primary.captureFrames();
        var waiting = frames.next().toCompletableFuture();
        assertThat(waiting).isNotDone();
        assertThat(frames.tryNext()).isEmpty();

        primary.withConnection(insert(1));

        assertThat(waiting.join().orElseThrow().frames().getLast().isCommit()).isTrue();
        var last = frames.next().toCompletableFuture();
        primary.close();
        assertThat(last.join()).isEmpty();
        assertThat(frames.next().toCompletableFuture().join()).isEmpty();
    }

    @Test
    void framesThatWereNotReadOutliveCheckpoints() throws Exception {
        try (var primary = Primary.open(snapshot, List.of());
                var replica = Replica.open(snapshot, List.of());
                var frames = primary.captureFrames()) {
            for (var row = 0; row < 10; row++) {
                primary.withConnection(insert(1));
                checkpoint(primary, directory);
                primary.withConnection(execute("PRAGMA busy_timeout = 0", "PRAGMA wal_checkpoint(TRUNCATE)"));
            }

            replica.replicate(frames.tryNext().orElseThrow().toLog(directory.resolve("batch.log")));

            assertThat(replica.withConnection(COUNT)).isEqualTo(10);
        }
    }

    @Test
    void largeTransactionComesInBatchesOfWhichTheLastHasTheCommit() throws Exception {
        try (var primary = Primary.open(snapshot, List.of());
                var replica = Replica.open(snapshot, List.of());
                var frames = primary.captureFrames()) {
            primary.withConnection(execute("INSERT INTO t (x) VALUES (randomblob(12000000))"));
            var batches = 0;
            for (var batch = frames.tryNext(); batch.isPresent(); batch = frames.tryNext()) {
                assertThat(replica.withConnection(COUNT)).isZero();
                replica.replicate(batch.get().toLog(Files.createTempFile(directory, "batch", ".log")));
                batches++;
            }

            assertThat(batches).isEqualTo(3);
            assertThat(replica.withConnection(COUNT)).isEqualTo(1);
        }
    }

    @Test
    void halfATransactionIsKeptAcrossAResume() throws Exception {
        var database = directory.resolve("replica.db");
        try (var primary = Primary.open(snapshot, List.of());
                var frames = primary.captureFrames()) {
            primary.withConnection(execute("INSERT INTO t (x) VALUES (randomblob(6000000))"));
            try (var replica = Replica.open(database, snapshot, List.of())) {
                replica.replicate(frames.tryNext().orElseThrow().toLog(directory.resolve("half.log")));
            }
            try (var replica = Replica.resume(database)) {
                assertThat(replica.withConnection(COUNT)).isZero();
                replica.replicate(frames.tryNext().orElseThrow().toLog(directory.resolve("rest.log")));

                assertThat(replica.withConnection(COUNT)).isEqualTo(1);
                assertThat(replica.applied()).isEqualTo(primary.committed());
            }
        }
    }

    @Test
    void framesThatWereNotGivenOutAreNotAcknowledged() throws Exception {
        try (var primary = Primary.open(snapshot, List.of());
                var frames = primary.captureFrames()) {
            var ack = primary.withConnection(insert(1));

            assertThatThrownBy(() -> frames.ackReplicated(ack.frameNumber()))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThat(ack.isSafe()).isFalse();
        }
    }
}
