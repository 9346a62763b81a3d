package io.merklite.wal.replication;

import static io.merklite.wal.TestDatabase.checkpoint;
import static io.merklite.wal.TestDatabase.execute;
import static io.merklite.wal.TestDatabase.number;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.merklite.wal.TestDatabase;
import io.merklite.wal.WalException;
import io.merklite.wal.format.Log;
import io.merklite.wal.format.Snapshot;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PrimaryTest {
    private static final ConnectionFunction<Boolean> INSERT = execute("INSERT INTO t (x) VALUES (randomblob(50))");
    private static final ConnectionFunction<Long> COUNT = number("SELECT count(*) FROM t");

    private static final Instant LATER = Instant.parse("2100-01-01T00:00:00Z");

    @TempDir
    Path directory;

    private Snapshot snapshot;

    @BeforeEach
    void makeSnapshot() {
        snapshot = TestDatabase.snapshot(directory, "CREATE TABLE t (id INTEGER PRIMARY KEY, x)");
    }

    @Test
    void writeIsPeekedAtOnceAndSafeAfterTheCheckpoint() throws Exception {
        try (var primary = Primary.open(snapshot, List.of())) {
            var ack = primary.withConnection(connection -> {
                INSERT.apply(connection);
                return 42;
            });
            assertThat(ack.peek()).isEqualTo(42);
            assertThat(ack.isSafe()).isFalse();

            var logs = checkpoint(primary, directory);

            assertThat(ack.safe().toCompletableFuture()).isCompletedWithValue(42);
            assertThat(logs).hasSize(1);
            assertThat(logs.getFirst().last().position().frameNumber()).isEqualTo(ack.frameNumber());
        }
    }

    @Test
    void readIsSafeAtOnce() throws Exception {
        try (var primary = Primary.open(snapshot, List.of())) {
            assertThat(primary.withConnection(COUNT).safe().toCompletableFuture())
                    .isCompletedWithValue(0L);
        }
    }

    @Test
    void checkpointWithoutWritesSavesNothingAndTellsTheLastSafeFrame() throws Exception {
        try (var primary = Primary.open(snapshot, List.of())) {
            var ack = primary.withConnection(INSERT);
            checkpoint(primary, directory);

            var empty = primary.checkpoint(log -> {
                throw new AssertionError("nothing to save");
            });

            assertThat(empty.toCompletableFuture()).isCompletedWithValue(ack.frameNumber());
        }
    }

    @Test
    void failedSaveConfirmsNothingAndIsRepeatedWithTheNextCheckpoint() throws Exception {
        try (var primary = Primary.open(snapshot, List.of())) {
            var ack = primary.withConnection(INSERT);

            var failed = primary.checkpoint(log -> CompletableFuture.failedFuture(new IOException("full")));

            assertThatThrownBy(() -> failed.toCompletableFuture().join())
                    .isInstanceOf(CompletionException.class)
                    .hasCauseInstanceOf(WalException.SaveFailed.class);
            assertThat(ack.isSafe()).isFalse();
            assertThat(checkpoint(primary, directory)).hasSize(1);
            assertThat(ack.isSafe()).isTrue();
        }
    }

    @Test
    void writesDuringTheSavingWaitForTheNextCheckpoint() throws Exception {
        try (var primary = Primary.open(snapshot, List.of());
                var replica = Replica.open(snapshot, List.of())) {
            var first = primary.withConnection(INSERT);
            var saving = new CompletableFuture<Void>();
            var done = primary.checkpoint(log -> {
                replica.replicate(log);
                return saving;
            });
            var second = primary.withConnection(INSERT);

            saving.complete(null);

            assertThat(done.toCompletableFuture()).isCompletedWithValue(first.frameNumber());
            assertThat(first.isSafe()).isTrue();
            assertThat(second.isSafe()).isFalse();
            checkpoint(primary, directory).forEach(replica::replicate);
            assertThat(replica.withConnection(COUNT)).isEqualTo(2);
        }
    }

    @Test
    void secondCheckpointBeginsWhenTheFirstHasEnded() throws Exception {
        try (var primary = Primary.open(snapshot, List.of())) {
            primary.withConnection(INSERT);
            var saving = new CompletableFuture<Void>();
            var begun = new AtomicInteger();
            primary.checkpoint(log -> saving);
            var last = primary.withConnection(INSERT);
            var second = primary.checkpoint(log -> {
                begun.incrementAndGet();
                return CompletableFuture.completedFuture(null);
            });
            assertThat(begun).hasValue(0);

            saving.complete(null);

            assertThat(second.toCompletableFuture()).isCompletedWithValue(last.frameNumber());
            assertThat(begun).hasValue(1);
        }
    }

    @Test
    void unsavedWriteKeepsThePrimaryFromBecomingAReplica() throws Exception {
        try (var primary = Primary.open(snapshot, List.of())) {
            primary.withConnection(INSERT);

            assertThatThrownBy(primary::intoReplica).isInstanceOf(WalException.UnacknowledgedWrites.class);

            primary.withConnection(INSERT);
            checkpoint(primary, directory);
            try (var replica = primary.intoReplica()) {
                assertThat(replica.withConnection(COUNT)).isEqualTo(2);
                assertThatThrownBy(() -> replica.withConnection(INSERT)).isInstanceOf(SQLException.class);
            }
            assertThatThrownBy(() -> primary.withConnection(COUNT)).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void captureThatIsBehindKeepsThePrimaryFromBecomingAReplica() throws Exception {
        try (var primary = Primary.open(snapshot, List.of());
                var frames = primary.captureFrames()) {
            primary.withConnection(INSERT);
            checkpoint(primary, directory);

            assertThatThrownBy(primary::intoReplica).isInstanceOf(WalException.UnacknowledgedWrites.class);

            assertThat(frames.tryNext()).isPresent();
            try (var replica = primary.intoReplica()) {
                assertThat(replica.withConnection(COUNT)).isEqualTo(1);
            }
        }
    }

    @Test
    void replicaBecomesPrimaryAndContinuesTheHistory() throws Exception {
        List<Log> logs = new ArrayList<>();
        try (var first = Primary.open(snapshot, List.of())) {
            first.withConnection(INSERT);
            logs.addAll(checkpoint(first, directory));
        }
        try (var second = Replica.open(snapshot, logs).intoPrimary()) {
            second.withConnection(INSERT);
            logs.addAll(checkpoint(second, directory));
        }
        try (var replica = Replica.open(snapshot, logs)) {
            assertThat(replica.withConnection(COUNT)).isEqualTo(2);
        }
    }

    @Test
    void closeFailsTheAcksOfUnsavedWrites() throws Exception {
        var primary = Primary.open(snapshot, List.of());
        var ack = primary.withConnection(INSERT);

        primary.close();

        assertThatThrownBy(() -> ack.safe().toCompletableFuture().join())
                .hasCauseInstanceOf(WalException.ClosedBeforeSaved.class);
    }

    @Test
    void openTransactionIsRolledBackAndReported() throws Exception {
        try (var primary = Primary.open(snapshot, List.of())) {
            assertThatThrownBy(() -> primary.withConnection(execute("BEGIN", "INSERT INTO t VALUES (1, 1)")))
                    .isInstanceOf(IllegalStateException.class);

            assertThat(primary.withConnection(COUNT).peek()).isZero();
        }
    }

    @Test
    void failingFunctionKeepsWhatItCommittedAndRollsBackTheRest() throws Exception {
        try (var primary = Primary.open(snapshot, List.of());
                var replica = Replica.open(snapshot, List.of())) {
            assertThatThrownBy(() -> primary.withConnection(
                            execute("INSERT INTO t VALUES (1, 1)", "BEGIN", "INSERT INTO t VALUES (2, 2)", "no SQL")))
                    .isInstanceOf(SQLException.class);

            checkpoint(primary, directory).forEach(replica::replicate);

            assertThat(replica.withConnection(number("SELECT sum(id) FROM t"))).isEqualTo(1);
        }
    }

    @Test
    void functionThatClosesItsConnectionHarmsNobody() throws Exception {
        try (var primary = Primary.open(snapshot, List.of())) {
            primary.withConnection(connection -> {
                INSERT.apply(connection);
                connection.close();
                return true;
            });

            assertThat(primary.withConnection(COUNT).peek()).isEqualTo(1);
        }
    }

    @Test
    void statementLeftRunningHarmsNobody() throws Exception {
        try (var primary = Primary.open(snapshot, List.of())) {
            primary.withConnection(execute("INSERT INTO t VALUES (1, 1), (2, 2)"));
            primary.withConnection(connection ->
                    connection.createStatement().executeQuery("SELECT * FROM t").next());

            assertThat(primary.withConnection(INSERT).frameNumber())
                    .isEqualTo(primary.committed().position().frameNumber());
            assertThat(primary.withConnection(COUNT).peek()).isEqualTo(3);
        }
    }

    @Test
    void functionThatCallsThePrimaryIsRefusedInsteadOfWaitingForItself() throws Exception {
        try (var primary = Primary.open(snapshot, List.of())) {
            assertThatThrownBy(() -> primary.withConnection(connection -> primary.withConnection(COUNT)))
                    .isInstanceOf(IllegalStateException.class);

            assertThat(primary.withConnection(COUNT).peek()).isZero();
        }
    }

    @Test
    void checkpointsOfTheFunctionItselfLoseNoFrame() throws Exception {
        try (var primary = Primary.open(snapshot, List.of());
                var replica = Replica.open(snapshot, List.of())) {
            for (var round = 0; round < 20; round++) {
                primary.withConnection(execute(
                        "PRAGMA busy_timeout = 0",
                        "INSERT INTO t (x) VALUES (1)",
                        "PRAGMA wal_checkpoint(TRUNCATE)",
                        "INSERT INTO t (x) VALUES (2)",
                        "PRAGMA wal_checkpoint(TRUNCATE)"));
                if (round % 3 == 0) {
                    checkpoint(primary, directory).forEach(replica::replicate);
                    primary.withConnection(
                            execute("PRAGMA wal_checkpoint(TRUNCATE)", "PRAGMA wal_checkpoint(TRUNCATE)"));
                }
            }
            checkpoint(primary, directory).forEach(replica::replicate);

            assertThat(replica.withConnection(COUNT)).isEqualTo(40);
        }
    }

    @Test
    void writeAheadLogIsStartedAgainInsteadOfGrowing() throws Exception {
        var database = directory.resolve("app.db");
        try (var primary = Primary.open(database, snapshot, List.of(), PrimaryOptions.usual());
                var replica = Replica.open(snapshot, List.of())) {
            for (var round = 0; round < 200; round++) {
                primary.withConnection(execute("INSERT INTO t (x) VALUES (randomblob(20000))"));
                checkpoint(primary, directory).forEach(replica::replicate);
            }

            assertThat(Files.size(directory.resolve("app.db-wal"))).isLessThan(200_000);
            assertThat(replica.withConnection(COUNT)).isEqualTo(200);
        }
    }

    @Test
    void writersWaitOnceTheLogIsLargeUntilItsCheckpointEnds() throws Exception {
        var database = directory.resolve("app.db");
        var options = new PrimaryOptions(InstantSource.fixed(LATER), 0);
        try (var primary = Primary.open(database, snapshot, List.of(), options)) {
            primary.withConnection(INSERT);
            var saving = new CompletableFuture<Void>();
            var done = primary.checkpoint(log -> saving);
            var writer = CompletableFuture.supplyAsync(() -> {
                try {
                    return primary.withConnection(INSERT).frameNumber();
                } catch (SQLException e) {
                    throw new AssertionError(e);
                }
            });
            assertThat(writer).isNotDone();

            saving.complete(null);

            assertThat(done.toCompletableFuture()).isDone();
            assertThat(writer.join()).isPositive();
            assertThat(primary.committed().committedAt()).isEqualTo(LATER);
        }
    }

    @Test
    void whoeverHearsOfAnAckMayUseThePrimary() throws Exception {
        var options = new PrimaryOptions(InstantSource.system(), 0);
        var database = directory.resolve("app.db");
        try (var primary = Primary.open(database, snapshot, List.of(), options)) {
            var chained = primary.withConnection(INSERT).safe().thenApply(done -> {
                try {
                    primary.withConnection(INSERT);
                    checkpoint(primary, directory);
                    return primary.withConnection(COUNT).peek();
                } catch (SQLException e) {
                    throw new AssertionError(e);
                }
            });

            checkpoint(primary, directory);

            assertThat(chained.toCompletableFuture()).isCompletedWithValue(2L);
            assertThat(primary.saved()).isEqualTo(primary.committed());
        }
    }

    @Test
    void ackMayCloseThePrimary() throws Exception {
        var primary = Primary.open(snapshot, List.of());
        primary.withConnection(INSERT).safe().thenRun(primary::close);

        assertThat(checkpoint(primary, directory)).hasSize(1);

        assertThatThrownBy(() -> primary.withConnection(COUNT)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void brokenSaverLeavesThePrimaryUsable() throws Exception {
        try (var primary = Primary.open(snapshot, List.of())) {
            primary.withConnection(INSERT);

            var broken = primary.checkpoint(log -> {
                throw new StackOverflowError();
            });

            assertThat(broken.toCompletableFuture()).isCompletedExceptionally();
            assertThat(checkpoint(primary, directory)).hasSize(1);
        }
    }

    @Test
    void readerInAnotherProcessKeepsThePrimaryFromBecomingAReplica() throws Exception {
        var database = directory.resolve("app.db");
        try (var primary = Primary.open(database, snapshot, List.of(), PrimaryOptions.usual());
                var foreign = TestDatabase.foreign(database)) {
            primary.withConnection(INSERT);
            execute("BEGIN").apply(foreign);
            COUNT.apply(foreign);
            primary.withConnection(INSERT);
            checkpoint(primary, directory);

            assertThatThrownBy(primary::intoReplica).isInstanceOf(WalException.Interference.class);

            execute("COMMIT").apply(foreign);
            primary.withConnection(INSERT);
            checkpoint(primary, directory);
            try (var replica = primary.intoReplica()) {
                assertThat(replica.withConnection(COUNT)).isEqualTo(3);
            }
        }
    }

    @Test
    void filesInUseAreRefused() {
        var database = directory.resolve("app.db");
        try (var primary = Primary.open(database, snapshot, List.of(), PrimaryOptions.usual())) {
            assertThatThrownBy(() -> Replica.open(database, snapshot, List.of()))
                    .isInstanceOf(WalException.AlreadyOpen.class);
            assertThat(primary.saved()).isEqualTo(snapshot.tip());
        }
    }
}
