package io.merklite.wal.frames;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.merklite.wal.TestDatabase;
import io.merklite.wal.WalException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WalFileTest {
    private static final int PAGE_SIZE = 4096;
    private static final int FRAME_SIZE = 24 + PAGE_SIZE;

    @TempDir
    Path directory;

    private Path log;
    private Connection connection;

    @BeforeEach
    void open() throws SQLException {
        log = directory.resolve("app.db-wal");
        connection = TestDatabase.foreign(directory.resolve("app.db"));
        run("PRAGMA journal_mode = WAL", "PRAGMA wal_autocheckpoint = 0", "CREATE TABLE t (x)");
    }

    @AfterEach
    void close() throws SQLException {
        connection.close();
    }

    private void run(String... sql) throws SQLException {
        TestDatabase.execute(sql).apply(connection);
    }

    /** Numbers of the frames that a scan gives. */
    private static List<Integer> scan(WalFile file, WalAnchor from, boolean mayRestart) {
        List<Integer> frames = new ArrayList<>();
        file.scan(from, mayRestart, (frame, page, databasePages, bytes, offset) -> frames.add(frame));
        return frames;
    }

    private static WalAnchor end(WalFile file, WalAnchor from, boolean mayRestart) {
        return file.scan(from, mayRestart, (frame, page, databasePages, bytes, offset) -> {})
                .end();
    }

    @Test
    void scanGoesOnWhereTheLastEnded() throws Exception {
        try (var file = new WalFile(log, PAGE_SIZE)) {
            var first = end(file, WalAnchor.NONE, false);
            run("INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (2)");

            assertThat(scan(file, first, false)).containsExactly(3, 4);
            assertThat(end(file, first, false).frameCount()).isEqualTo(4);
        }
    }

    @Test
    void logThatDoesNotExistIsEmpty() {
        try (var file = new WalFile(directory.resolve("none"), PAGE_SIZE)) {
            assertThat(end(file, WalAnchor.NONE, false)).isEqualTo(WalAnchor.NONE);
        }
    }

    @Test
    void framesOfARolledBackTransactionAreSkippedWhenTheyAreOverwritten() throws Exception {
        try (var file = new WalFile(log, PAGE_SIZE)) {
            var before = end(file, WalAnchor.NONE, false);
            run("PRAGMA cache_size = 2", "BEGIN", "INSERT INTO t VALUES (randomblob(100000))");
            assertThat(Files.size(log)).isGreaterThan(32 + 10L * FRAME_SIZE);

            assertThat(end(file, before, false)).isEqualTo(before);

            run("ROLLBACK", "INSERT INTO t VALUES (1)");
            assertThat(end(file, before, false).frameCount()).isEqualTo(before.frameCount() + 1);
        }
    }

    @Test
    void logStartedAgainIsReadFromItsBeginningIfThatWasAllowed() throws Exception {
        try (var file = new WalFile(log, PAGE_SIZE)) {
            run("INSERT INTO t VALUES (1)");
            var before = end(file, WalAnchor.NONE, false);
            run("PRAGMA wal_checkpoint(RESTART)", "INSERT INTO t VALUES (2)");

            assertThat(file.scan(before, true, (frame, page, pages, bytes, offset) -> {})
                            .isRestarted())
                    .isTrue();
            assertThat(scan(file, before, true)).containsExactly(1);
            assertThatThrownBy(() -> scan(file, before, false)).isInstanceOf(WalException.Interference.class);
        }
    }

    @Test
    void damagedFrameEndsTheLog() throws Exception {
        run("INSERT INTO t VALUES (1)", "INSERT INTO t VALUES (2)");
        var bytes = Files.readAllBytes(log);
        var frames = (bytes.length - 32) / FRAME_SIZE;
        for (var frame = 1; frame <= frames; frame++) {
            for (var at : new int[] {0, 4, 8, 12, 16, 20, 24, FRAME_SIZE - 1}) {
                var bad = bytes.clone();
                bad[32 + (frame - 1) * FRAME_SIZE + at] ^= 1;

                try (var file = new WalFile(Files.write(directory.resolve("bad"), bad), PAGE_SIZE)) {
                    assertThat(end(file, WalAnchor.NONE, false).frameCount()).isLessThan(frame);
                }
            }
        }
    }

    @Test
    void logOfABigEndianMachineIsRead() throws Exception {
        var bytes = Files.readAllBytes(log);
        var fields = ByteBuffer.wrap(bytes).putInt(0, 0x377F_0683);
        var checksum = WalChecksum.extend(0, true, bytes, 0, 24);
        fields.putLong(24, checksum);
        for (var at = 32; at < bytes.length; at += FRAME_SIZE) {
            checksum = WalChecksum.extend(checksum, true, bytes, at, 8);
            checksum = WalChecksum.extend(checksum, true, bytes, at + 24, PAGE_SIZE);
            fields.putLong(at + 16, checksum);
        }

        try (var file = new WalFile(Files.write(directory.resolve("big"), bytes), PAGE_SIZE)) {
            assertThat(scan(file, WalAnchor.NONE, false)).containsExactly(1, 2);
        }
    }

    @Test
    void otherPageSizeIsInterference() {
        try (var file = new WalFile(log, 512)) {
            assertThatThrownBy(() -> scan(file, WalAnchor.NONE, false)).isInstanceOf(WalException.Interference.class);
        }
    }

    @Test
    void anchorIsFoundAsLongAsItsFrameIsThere() throws Exception {
        try (var file = new WalFile(log, PAGE_SIZE)) {
            var anchor = end(file, WalAnchor.NONE, false);
            run("INSERT INTO t VALUES (1)");
            assertThat(file.contains(anchor)).isTrue();

            run("PRAGMA wal_checkpoint(RESTART)", "INSERT INTO t VALUES (2)");
            assertThat(file.contains(anchor)).isFalse();
        }
    }

    @Test
    void missingLogIsInterferenceUnlessItMayHaveBeenRestarted() throws IOException {
        var copy = Files.copy(log, directory.resolve("copy"));
        WalAnchor anchor;
        try (var file = new WalFile(copy, PAGE_SIZE)) {
            anchor = end(file, WalAnchor.NONE, false);
        }
        Files.delete(copy);

        try (var file = new WalFile(copy, PAGE_SIZE)) {
            assertThat(end(file, anchor, true)).isEqualTo(anchor);
            assertThatThrownBy(() -> scan(file, anchor, false)).isInstanceOf(WalException.Interference.class);
        }
    }
}
