package io.merklite.wal.replication;

import static io.merklite.wal.TestDatabase.checkpoint;
import static io.merklite.wal.TestDatabase.execute;
import static io.merklite.wal.TestDatabase.number;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.merklite.wal.TestDatabase;
import io.merklite.wal.WalException;
import io.merklite.wal.format.Log;
import io.merklite.wal.format.Position;
import io.merklite.wal.format.Snapshot;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ResumeTest {
    private static final ConnectionFunction<Boolean> INSERT = execute("INSERT INTO t (x) VALUES (randomblob(50))");
    private static final ConnectionFunction<Long> COUNT = number("SELECT count(*) FROM t");

    @TempDir
    Path directory;

    private Snapshot snapshot;
    private Path database;
    private final List<Log> logs = new ArrayList<>();

    @BeforeEach
    void makeSnapshot() {
        snapshot = TestDatabase.snapshot(directory, "CREATE TABLE t (id INTEGER PRIMARY KEY, x)");
        database = directory.resolve("app.db");
    }

    private Primary open() {
        return Primary.open(database, snapshot, List.of(), PrimaryOptions.usual());
    }

    private Primary resume(Position lastSaved) {
        return Primary.resume(database, lastSaved, PrimaryOptions.usual());
    }

    private void save(Primary primary) {
        logs.addAll(checkpoint(primary, directory));
    }

    private long rowsInLogs() throws Exception {
        try (var replica = Replica.open(snapshot, logs)) {
            return replica.withConnection(COUNT);
        }
    }

    @Test
    void unsavedWritesSurviveAndGoIntoTheNextLog() throws Exception {
        Position saved;
        try (var primary = open()) {
            primary.withConnection(INSERT);
            save(primary);
            saved = primary.saved().position();
            primary.withConnection(INSERT);
        }

        try (var primary = resume(saved)) {
            assertThat(primary.withConnection(COUNT).peek()).isEqualTo(2);
            primary.withConnection(INSERT);
            save(primary);
        }

        assertThat(rowsInLogs()).isEqualTo(3);
    }

    @Test
    void primaryThatNeverSavedResumes() throws Exception {
        try (var primary = open()) {
            primary.withConnection(INSERT);
        }

        try (var primary = resume(snapshot.tip().position())) {
            save(primary);
        }

        assertThat(rowsInLogs()).isEqualTo(1);
    }

    @Test
    void primaryResumesManyTimesAcrossRestartsOfTheLog() throws Exception {
        open().close();
        var saved = snapshot.tip().position();
        for (var round = 0; round < 10; round++) {
            try (var primary = resume(saved)) {
                primary.withConnection(INSERT);
                save(primary);
                if (round % 2 == 0) {
                    primary.withConnection(INSERT);
                }
                if (round % 3 == 0) {
                    save(primary);
                }
                saved = primary.saved().position();
            }
        }
        try (var primary = resume(saved)) {
            save(primary);
        }

        assertThat(rowsInLogs()).isEqualTo(15);
    }

    @Test
    void logThatWasSavedJustBeforeTheEndIsNotSavedTwice() throws Exception {
        Position saved;
        try (var primary = open()) {
            primary.withConnection(INSERT);
            save(primary);
            primary.withConnection(INSERT);
            primary.checkpoint(log -> {
                        logs.add(log.copyTo(directory.resolve("unnoticed")));
                        return CompletableFuture.failedFuture(new IOException("the answer was lost"));
                    })
                    .toCompletableFuture()
                    .exceptionally(failure -> 0L)
                    .join();
            saved = logs.getLast().last().position();
            primary.withConnection(INSERT);
        }

        try (var primary = resume(saved)) {
            save(primary);
        }

        assertThat(rowsInLogs()).isEqualTo(3);
    }

    @Test
    void otherProgramThatCheckpointedInBetweenIsInterference() throws Exception {
        try (var primary = open()) {
            primary.withConnection(INSERT);
            save(primary);
            primary.withConnection(INSERT);
        }
        try (var foreign = TestDatabase.foreign(database)) {
            execute("INSERT INTO t VALUES (99, 99)", "PRAGMA wal_checkpoint(TRUNCATE)")
                    .apply(foreign);
        }

        assertThatThrownBy(() -> resume(logs.getLast().last().position()))
                .isInstanceOf(WalException.Interference.class);
    }

    @Test
    void otherProgramThatOnlyReadInBetweenAndCheckpointedOnCloseIsInterference() throws Exception {
        try (var primary = open()) {
            primary.withConnection(INSERT);
        }
        try (var foreign = TestDatabase.foreign(database)) {
            COUNT.apply(foreign);
        }

        assertThatThrownBy(() -> resume(snapshot.tip().position())).isInstanceOf(WalException.Interference.class);
    }

    @Test
    void writesOfAnotherProgramWhileThePrimaryRunsAreReplicatedToo() throws Exception {
        try (var primary = open();
                var foreign = TestDatabase.foreign(database)) {
            for (var round = 0; round < 20; round++) {
                INSERT.apply(foreign);
                primary.withConnection(INSERT);
                execute("PRAGMA wal_checkpoint(PASSIVE)").apply(foreign);
                INSERT.apply(foreign);
                save(primary);
                execute("PRAGMA busy_timeout = 0", "PRAGMA wal_checkpoint(TRUNCATE)")
                        .apply(foreign);
            }
            save(primary);
        }

        assertThat(rowsInLogs()).isEqualTo(60);
    }

    @Test
    void checkpointOfAnotherProgramCannotDropFramesThatAreNotSaved() throws Exception {
        try (var primary = open();
                var foreign = TestDatabase.foreign(database)) {
            primary.withConnection(INSERT);
            execute("PRAGMA busy_timeout = 0").apply(foreign);

            var isBusy = number("PRAGMA wal_checkpoint(TRUNCATE)").apply(foreign);

            assertThat(isBusy).isEqualTo(1);
            save(primary);
        }

        assertThat(rowsInLogs()).isEqualTo(1);
    }

    @Test
    void logStartedAgainBehindThePrimarysBackIsInterference() throws Exception {
        try (var primary = open()) {
            primary.withConnection(INSERT);
            try (var wal = FileChannel.open(
                    directory.resolve("app.db-wal"), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
                var header = ByteBuffer.allocate(32);
                wal.read(header, 0);
                header.putInt(16, header.getInt(16) + 1);
                wal.write(header.flip(), 0);
            }

            assertThatThrownBy(() -> primary.withConnection(INSERT)).isInstanceOf(WalException.Interference.class);
        }
    }

    @Test
    void savedPositionThatTheFilesDoNotHaveIsRefused() throws Exception {
        Position ahead;
        try (var other = Primary.open(snapshot, List.of())) {
            for (var row = 0; row < 5; row++) {
                other.withConnection(INSERT);
            }
            ahead = other.committed().position();
        }
        try (var primary = open()) {
            primary.withConnection(INSERT);
        }

        assertThatThrownBy(() -> resume(ahead)).isInstanceOf(WalException.NotResumable.class);
        assertThatThrownBy(() -> resume(Position.start(UUID.randomUUID()))).isInstanceOf(WalException.ForeignLog.class);
        resume(snapshot.tip().position()).close();
    }

    @Test
    void savedPositionOfAnotherHistoryIsRefused() throws Exception {
        Position forked;
        try (var other = Primary.open(snapshot, List.of())) {
            other.withConnection(INSERT);
            forked = other.committed().position();
        }
        try (var primary = open()) {
            primary.withConnection(INSERT);
        }

        assertThatThrownBy(() -> resume(forked)).isInstanceOf(WalException.Forked.class);
    }

    @Test
    void nothingToResumeIsRefused() {
        assertThatThrownBy(() -> resume(snapshot.tip().position())).isInstanceOf(WalException.NotResumable.class);
        assertThatThrownBy(() -> Replica.resume(database)).isInstanceOf(WalException.NotResumable.class);
    }

    @Test
    void primaryAndReplicaAreNotResumedAsEachOther() throws Exception {
        open().close();

        assertThatThrownBy(() -> Replica.resume(database)).isInstanceOf(WalException.NotResumable.class);
    }

    @Test
    void replicaThatDiedWhileWritingPagesCompletesTheLog() throws Exception {
        try (var primary = Primary.open(snapshot, List.of())) {
            primary.withConnection(execute("INSERT INTO t (x) VALUES (randomblob(20000))"));
            save(primary);
        }
        var untouched = directory.resolve("untouched.db");
        try (var replica = Replica.open(untouched, snapshot, logs)) {
            assertThat(replica.applied().position())
                    .isEqualTo(logs.getLast().last().position());
        }
        var complete = Files.readAllBytes(untouched);
        for (var written = 0; written < complete.length; written += 1000) {
            Replica.open(database, snapshot, List.of()).close();
            logs.getFirst()
                    .copyTo(directory.resolve(String.format(
                            "app.db-held-%016x", snapshot.tip().position().frameNumber())));
            var torn = Files.readAllBytes(database);
            var longer = Arrays.copyOf(torn, Math.max(torn.length, written));
            System.arraycopy(complete, 0, longer, 0, written);
            Files.write(database, longer);

            try (var replica = Replica.resume(database)) {
                assertThat(replica.withConnection(COUNT)).isEqualTo(1);
            }
            assertThat(Arrays.equals(Files.readAllBytes(database), complete)).isTrue();
        }
    }

    @Test
    void replicaThatDiedBeforeTheLogWasHeldIsAsBefore() throws Exception {
        try (var primary = Primary.open(snapshot, List.of())) {
            primary.withConnection(INSERT);
            save(primary);
        }
        Replica.open(database, snapshot, List.of()).close();
        Files.write(directory.resolve("app.db-incoming"), new byte[100]);

        try (var replica = Replica.resume(database)) {
            assertThat(replica.applied()).isEqualTo(snapshot.tip());
            logs.forEach(replica::replicate);
            assertThat(replica.withConnection(COUNT)).isEqualTo(1);
        }
    }
}
