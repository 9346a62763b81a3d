package io.merklite.wal.replication;

import static io.merklite.wal.TestDatabase.checkpoint;
import static io.merklite.wal.TestDatabase.execute;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.merklite.wal.TestDatabase;
import io.merklite.wal.WalException;
import io.merklite.wal.format.Log;
import io.merklite.wal.format.Snapshot;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A log that is damaged, foreign or in the wrong place is refused, and nothing of the replica changes. */
class DamagedLogPropertiesTest {
    @TempDir
    Path directory;

    private Snapshot snapshot;
    private final List<Path> logs = new ArrayList<>();
    private Path home;

    @BeforeEach
    void writeLogs() throws Exception {
        snapshot = TestDatabase.init(directory, 512, "CREATE TABLE t (id INTEGER PRIMARY KEY, x)")
                .snapshot();
        home = Files.createDirectory(directory.resolve("home"));
        try (var primary = Primary.open(snapshot, List.of())) {
            for (var log = 0; log < 3; log++) {
                primary.withConnection(execute("INSERT INTO t (x) VALUES (randomblob(700)), (zeroblob(300))"));
                primary.withConnection(execute("UPDATE t SET x = 'short' WHERE id = 1"));
                checkpoint(primary, directory);
                logs.add(directory.resolve("log-" + primary.saved().position().frameNumber()));
            }
        }
    }

    private Replica replica() {
        return Replica.open(home.resolve("replica.db"), snapshot, List.of());
    }

    /** All files of the replica but its lock. */
    private Map<String, String> files() {
        var files = new TreeMap<String, String>();
        try (var paths = Files.list(home)) {
            for (var path : paths.toList()) {
                files.put(path.getFileName().toString(), Arrays.toString(Files.readAllBytes(path)));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return files;
    }

    private void assertRefused(Replica replica, byte[] bytes, String what) {
        var before = files();
        assertThatThrownBy(() -> replica.replicate(Log.of(() -> new ByteArrayInputStream(bytes))))
                .as(what)
                .isInstanceOfAny(WalException.Malformed.class, WalException.UnsupportedVersion.class);
        assertThat(files().equals(before)).as(what).isTrue();
    }

    @Test
    void everyFlippedByteIsRefused() throws Exception {
        var good = Files.readAllBytes(logs.getFirst());
        try (var replica = replica()) {
            for (var at = 0; at < good.length; at++) {
                for (var flip : new int[] {1, 0x80, 0xFF}) {
                    var bad = good.clone();
                    bad[at] ^= (byte) flip;
                    assertRefused(replica, bad, "byte " + at + " ^ " + flip);
                }
            }
            replica.replicate(Log.open(logs.getFirst()));
        }
    }

    @Test
    void everyTruncationAndEveryTailIsRefused() throws Exception {
        var good = Files.readAllBytes(logs.getFirst());
        try (var replica = replica()) {
            for (var size = 0; size < good.length; size++) {
                assertRefused(replica, Arrays.copyOf(good, size), "first " + size + " bytes");
            }
            assertRefused(replica, Arrays.copyOf(good, good.length + 1), "one byte more");
            replica.replicate(Log.open(logs.getFirst()));
        }
    }

    @Test
    void wrongOrderGapAndRepetitionAreRefused() {
        try (var replica = replica()) {
            assertUnchanged(replica, logs.get(1), WalException.LogGap.class);
            replica.replicate(Log.open(logs.get(0)));
            assertUnchanged(replica, logs.get(0), WalException.LogAlreadyApplied.class);
            assertUnchanged(replica, logs.get(2), WalException.LogGap.class);
            replica.replicate(Log.open(logs.get(1)));
            replica.replicate(Log.open(logs.get(2)));
        }
    }

    @Test
    void logOfAnotherDatabaseIsRefused() throws Exception {
        var other = TestDatabase.init(directory, 512, "CREATE TABLE t (id INTEGER PRIMARY KEY, x)")
                .snapshot();
        try (var primary = Primary.open(other, List.of());
                var replica = replica()) {
            primary.withConnection(execute("INSERT INTO t VALUES (1, 1)"));
            checkpoint(primary, directory);
            var foreign = directory.resolve("log-" + primary.saved().position().frameNumber());

            assertUnchanged(replica, foreign, WalException.ForeignLog.class);
        }
    }

    @Test
    void logOfASecondPrimaryIsRefused() throws Exception {
        try (var second = Primary.open(snapshot, List.of());
                var replica = replica()) {
            var first = Log.open(logs.getFirst());
            var frames = first.last().position().frameNumber()
                    - first.follows().position().frameNumber();
            replica.replicate(first);
            while (second.committed().position().frameNumber()
                    < snapshot.tip().position().frameNumber() + frames) {
                second.withConnection(execute(
                        "PRAGMA user_version = " + second.committed().position().frameNumber()));
            }
            checkpoint(second, directory);
            second.withConnection(execute("INSERT INTO t VALUES (9, 9)"));
            checkpoint(second, directory);
            var forked = directory.resolve("log-" + second.saved().position().frameNumber());

            assertUnchanged(replica, forked, WalException.Forked.class);
        }
    }

    @Test
    void damagedSnapshotIsRefused() throws Exception {
        var file = directory.resolve("snapshot");
        snapshot.copyTo(file);
        var good = Files.readAllBytes(file);
        for (var at = 0; at < good.length; at++) {
            var bad = good.clone();
            bad[at] ^= 0x10;
            assertThatThrownBy(() ->
                            Snapshot.of(() -> new ByteArrayInputStream(bad)).verify())
                    .isInstanceOfAny(WalException.Malformed.class, WalException.UnsupportedVersion.class);
        }
        assertThatThrownBy(() -> Replica.open(
                        Snapshot.of(() -> new ByteArrayInputStream(Arrays.copyOf(good, good.length - 1))), List.of()))
                .isInstanceOf(WalException.Malformed.class);
    }

    private void assertUnchanged(Replica replica, Path log, Class<? extends WalException> reason) {
        var before = files();
        assertThatThrownBy(() -> replica.replicate(Log.open(log))).isInstanceOf(reason);
        assertThat(files().equals(before)).isTrue();
    }
}
