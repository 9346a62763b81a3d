package io.merklite.wal.archive;

import static io.merklite.wal.TestDatabase.execute;
import static io.merklite.wal.TestDatabase.number;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.merklite.wal.TestDatabase;
import io.merklite.wal.WalException;
import io.merklite.wal.format.Snapshot;
import io.merklite.wal.replication.Ack;
import io.merklite.wal.replication.Primary;
import io.merklite.wal.replication.PrimaryOptions;
import io.merklite.wal.replication.RestorePoint;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What an archive must do in any store. Its primary writes row {@code n} in the {@code n}th second of 2100. */
abstract class ArchiveContract {
    private static final Instant START = Instant.parse("2100-01-01T00:00:00Z");

    @TempDir
    Path directory;

    private Snapshot first;
    private Archive archive;
    private int rows;

    abstract LogStore store();

    @BeforeEach
    void createArchive() {
        first = TestDatabase.snapshot(directory, "CREATE TABLE t (n INTEGER PRIMARY KEY)");
        archive = Archive.create(store(), first);
    }

    private Primary open() {
        var options = new PrimaryOptions(clock(), Long.MAX_VALUE);
        return Primary.open(
                directory.resolve("primary"),
                archive.snapshot(),
                archive.logs(archive.snapshot().tip().position()),
                options);
    }

    private InstantSource clock() {
        return () -> START.plusSeconds(rows);
    }

    private List<Ack<Boolean>> write(Primary primary, int count) throws SQLException {
        List<Ack<Boolean>> acks = new ArrayList<>();
        for (var row = 0; row < count; row++) {
            rows++;
            acks.add(primary.withConnection(execute("INSERT INTO t VALUES (" + rows + ")")));
        }
        return acks;
    }

    private void save(Primary primary) {
        primary.checkpoint(archive::save).toCompletableFuture().join();
    }

    private long restoredRows(RestorePoint point) throws SQLException {
        var target = directory.resolve("restored.db");
        archive.restore(target, point);
        try (var connection = TestDatabase.foreign(target)) {
            return number("SELECT count(*) FROM t").apply(connection);
        }
    }

    @Test
    void anyTransactionAndAnyTimeIsRestored() throws Exception {
        List<Ack<Boolean>> acks = new ArrayList<>();
        try (var primary = open()) {
            for (var log = 0; log < 4; log++) {
                acks.addAll(write(primary, 3));
                save(primary);
                if (log == 1) {
                    archive.compact();
                }
            }
        }

        for (var row = 1; row <= 12; row++) {
            var frame = acks.get(row - 1).frameNumber();
            assertThat(restoredRows(new RestorePoint.Frame(frame))).isEqualTo(row);
            assertThat(restoredRows(new RestorePoint.Frame(frame - 1))).isEqualTo(row - 1);
            var time = START.plusSeconds(row);
            assertThat(restoredRows(new RestorePoint.Time(time))).isEqualTo(row);
            assertThat(restoredRows(new RestorePoint.Time(time.plusMillis(999))))
                    .isEqualTo(row);
        }
        assertThat(restoredRows(RestorePoint.latest())).isEqualTo(12);
    }

    @Test
    void pointsOutsideTheArchiveAreRefused() throws Exception {
        var before = new RestorePoint.Time(first.tip().committedAt().minusSeconds(1));
        var after = new RestorePoint.Frame(archive.head().frameNumber() + 1);

        assertThatThrownBy(() -> restoredRows(before)).isInstanceOf(WalException.NoSuchPoint.class);
        assertThatThrownBy(() -> restoredRows(after)).isInstanceOf(WalException.NoSuchPoint.class);
        assertThat(directory.resolve("restored.db")).doesNotExist();
    }

    @Test
    void secondPrimaryCannotSave() throws Exception {
        try (var one = open();
                var two = Primary.open(archive.snapshot(), List.of())) {
            var archiveOfTwo = Archive.open(store());
            write(one, 1);
            save(one);
            var refused = write(two, 1).getFirst();

            var saving = two.checkpoint(archiveOfTwo::save);

            assertThatThrownBy(() -> saving.toCompletableFuture().join())
                    .hasRootCauseInstanceOf(WalException.PositionTaken.class);
            assertThat(refused.isSafe()).isFalse();
        }
    }

    @Test
    void logWhoseFirstSavingWentUnnoticedIsSavedAgainWithoutHarm() throws Exception {
        try (var primary = open()) {
            write(primary, 1);
            var other = Archive.open(store());
            primary.checkpoint(log -> other.save(log).thenCompose(saved -> archive.save(log)))
                    .toCompletableFuture()
                    .join();
        }

        assertThat(restoredRows(RestorePoint.latest())).isEqualTo(1);
    }

    @Test
    void archiveOpenedAgainHasTheSameHead() throws Exception {
        assertThat(Archive.open(store()).head()).isEqualTo(first.tip().position());
        try (var primary = open()) {
            write(primary, 2);
            save(primary);

            assertThat(Archive.open(store()).head()).isEqualTo(primary.saved().position());
        }
    }

    @Test
    void storeTakesOneArchive() {
        assertThatThrownBy(() -> Archive.create(store(), first)).isInstanceOf(WalException.PositionTaken.class);
    }

    @Test
    void retentionKeepsWhatTheWindowNeedsAndNothingElse() throws Exception {
        try (var primary = open()) {
            for (var log = 0; log < 6; log++) {
                write(primary, 1);
                save(primary);
                if (log % 2 == 1) {
                    archive.compact();
                }
            }
        }

        var removed = archive.retain(START.plusSeconds(5));

        assertThat(removed).isEqualTo(new Archive.Removed(2, 4));
        assertThat(restoredRows(new RestorePoint.Time(START.plusSeconds(5)))).isEqualTo(5);
        assertThat(restoredRows(new RestorePoint.Time(START.plusSeconds(4)))).isEqualTo(4);
        assertThatThrownBy(() -> restoredRows(new RestorePoint.Time(START.plusSeconds(3))))
                .isInstanceOf(WalException.NoSuchPoint.class);
        assertThat(archive.verify().isSound()).isTrue();
        assertThat(archive.retain(START)).isEqualTo(new Archive.Removed(0, 0));
    }

    @Test
    void verifyReadsEverythingAndFindsItSound() throws Exception {
        try (var primary = open()) {
            write(primary, 3);
            save(primary);
            archive.compact();
            write(primary, 3);
            save(primary);

            var verified = archive.verify();

            assertThat(verified).isEqualTo(new Archive.Verified(primary.saved(), 2, 2, List.of()));
        }
    }

    @Test
    void verifyFindsADamagedLogAndAMissingOne() throws Exception {
        try (var primary = open()) {
            for (var log = 0; log < 3; log++) {
                write(primary, 1);
                save(primary);
            }
        }
        var second = store().list("logs/", "logs/").get(1).name();
        byte[] bytes;
        try (var in = store().get(second).orElseThrow()) {
            bytes = in.readAllBytes();
        }
        bytes[bytes.length / 2]++;
        store().delete(second);

        assertThatThrownBy(archive::verify).isInstanceOf(WalException.LogGap.class);

        store().putIfAbsent(second, Files.write(directory.resolve("damaged"), bytes));
        assertThatThrownBy(archive::verify).isInstanceOf(WalException.Malformed.class);
    }

    @Test
    void followerTailsTheStoreAndGoesOnAfterARestart() throws Exception {
        var database = directory.resolve("follower.db");
        try (var primary = open()) {
            write(primary, 2);
            save(primary);
            try (var follower = Follower.open(store(), database)) {
                assertThat(follower.poll()).isEqualTo(1);
                assertThat(follower.poll()).isZero();
                assertThat(follower.withConnection(number("SELECT count(*) FROM t")))
                        .isEqualTo(2);
            }
            write(primary, 1);
            save(primary);
            write(primary, 1);
            save(primary);
            try (var follower = Follower.open(store(), database)) {
                assertThat(follower.poll()).isEqualTo(2);
                assertThat(follower.applied()).isEqualTo(primary.saved());
            }
        }
    }

    @Test
    void followerThatRetentionHasOvertakenIsTold() throws Exception {
        try (var primary = open();
                var follower = Follower.open(store(), directory.resolve("follower.db"))) {
            write(primary, 1);
            save(primary);
            archive.compact();
            write(primary, 1);
            save(primary);
            archive.retain(START.plusSeconds(9));

            assertThatThrownBy(follower::poll).isInstanceOf(WalException.LogGap.class);
        }
    }

    @Test
    void lostPrimaryIsOpenedAgainFromTheArchiveAndContinuesIt() throws Exception {
        try (var primary = open()) {
            write(primary, 2);
            save(primary);
            write(primary, 1);
        }
        rows = 2;
        try (var primary = open()) {
            write(primary, 1);
            save(primary);
        }

        assertThat(restoredRows(RestorePoint.latest())).isEqualTo(3);
    }

    @Test
    void compactTwiceAddsOneSnapshot() throws Exception {
        try (var primary = open()) {
            write(primary, 1);
            save(primary);
        }

        assertThat(archive.compact()).isEqualTo(archive.compact());
        assertThat(store().list("snapshots/", "snapshots/")).hasSize(2);
    }
}
