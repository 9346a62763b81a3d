package io.merklite.wal.replication;

import static io.merklite.wal.TestDatabase.checkpoint;
import static io.merklite.wal.TestDatabase.execute;
import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.testkit.Seeds;
import io.merklite.wal.TestDatabase;
import io.merklite.wal.format.Frame;
import io.merklite.wal.format.Log;
import io.merklite.wal.format.LogWriter;
import io.merklite.wal.format.Snapshot;
import io.merklite.wal.format.Tip;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.LongStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whatever is written, and however its frames are cut into logs, replica and primary are the same file. */
class RandomWorkloadPropertiesTest {
    private static final int[] PAGE_SIZES = {512, 1024, 2048, 4096, 8192, 16_384, 32_768, 65_536};

    @TempDir
    Path directory;

    static LongStream seeds() {
        return Seeds.upTo(Seeds.count("merklite.histories", 24));
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void replicaIsThePrimaryPageByPageAfterEachLog(long seed) {
        Seeds.run(seed, random -> {
            var database = directory.resolve("primary.db");
            var follower = directory.resolve("replica.db");
            var snapshot = init(seed);
            try (var primary = Primary.open(database, snapshot, List.of(), PrimaryOptions.usual());
                    var replica = Replica.open(follower, snapshot, List.of())) {
                for (var round = 0; round < 12; round++) {
                    work(primary, random);
                    checkpoint(primary, directory).forEach(replica::replicate);

                    assertThat(Arrays.equals(Files.readAllBytes(follower), TestDatabase.read(database)))
                            .isTrue();
                }
                var check = replica.withConnection(TestDatabase.text("PRAGMA integrity_check"));
                assertThat(check).isEqualTo("ok");
            }
        });
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void anyCutOfTheFramesGivesTheSameFile(long seed) {
        Seeds.run(seed, random -> {
            var database = directory.resolve("primary.db");
            var snapshot = init(seed);
            List<Frame> frames = new ArrayList<>();
            try (var primary = Primary.open(database, snapshot, List.of(), PrimaryOptions.usual());
                    var captured = primary.captureFrames()) {
                for (var round = 0; round < 6; round++) {
                    work(primary, random);
                    checkpoint(primary, directory);
                    captured.tryNext().ifPresent(batch -> frames.addAll(batch.frames()));
                    checkpoint(primary, directory);
                }
                captured.tryNext().ifPresent(batch -> frames.addAll(batch.frames()));
                assertThat(frames.getLast().number())
                        .isEqualTo(primary.committed().position().frameNumber());
                checkpoint(primary, directory);
                var expected = TestDatabase.read(database);
                for (var cut = 0; cut < 3; cut++) {
                    var follower = directory.resolve("cut-" + cut);
                    var logs = cut(frames, snapshot.tip(), random);
                    try (var replica = Replica.open(follower, snapshot, List.of())) {
                        logs.forEach(replica::replicate);
                    }
                    var restored = directory.resolve("restored-" + cut);
                    Restore.to(restored, snapshot, logs, RestorePoint.latest());
                    assertThat(Files.mismatch(follower, restored)).isEqualTo(-1);
                    assertThat(Arrays.equals(Files.readAllBytes(follower), expected))
                            .isTrue();
                }
            }
        });
    }

    private Snapshot init(long seed) {
        var pageSize = PAGE_SIZES[(int) (seed % PAGE_SIZES.length)];
        return TestDatabase.init(directory, pageSize, "CREATE TABLE t (id INTEGER PRIMARY KEY, x BLOB)")
                .snapshot();
    }

    /** Cuts anywhere, also between a frame and its commit. */
    private List<Log> cut(List<Frame> frames, Tip start, RandomGenerator random) throws Exception {
        List<Log> logs = new ArrayList<>();
        var follows = start;
        for (var from = 0; from < frames.size(); ) {
            var to = Math.min(frames.size(), from + 1 + random.nextInt(1 + frames.size() / 4));
            try (var writer = LogWriter.create(Files.createTempFile(directory, "cut", ".log"), follows)) {
                frames.subList(from, to).forEach(writer::append);
                logs.add(writer.finish());
                follows = writer.last();
            }
            from = to;
        }
        return logs;
    }

    private static void work(Primary primary, RandomGenerator random) throws SQLException {
        for (var step = random.nextInt(4); step >= 0; step--) {
            var kind = random.nextInt(10);
            switch (kind) {
                case 0 -> primary.withConnection(execute("VACUUM"));
                case 1 ->
                    primary.withConnection(execute(
                            "CREATE TABLE IF NOT EXISTS other (a, b)",
                            "CREATE INDEX IF NOT EXISTS other_a ON other (a)",
                            "INSERT INTO other VALUES (1, 2)"));
                case 2 -> primary.withConnection(execute("DROP TABLE IF EXISTS other"));
                case 3 -> primary.withConnection(connection -> spill(connection, random, "ROLLBACK"));
                case 4 -> primary.withConnection(connection -> spill(connection, random, "COMMIT"));
                case 5 -> primary.withConnection(execute("DELETE FROM t WHERE id % 3 = " + random.nextInt(3)));
                case 6 ->
                    primary.withConnection(execute("UPDATE t SET x = randomblob(" + random.nextInt(200)
                            + ") WHERE id % 7 = " + random.nextInt(7)));
                default ->
                    primary.withConnection(execute(
                            "INSERT INTO t (x) VALUES (randomblob(" + random.nextInt(5000) + "))",
                            "INSERT INTO t (x) SELECT randomblob(100) FROM t LIMIT 50"));
            }
        }
    }

    /** A transaction larger than the cache: its frames reach the log before it ends, some of them twice. */
    private static boolean spill(Connection connection, RandomGenerator random, String end) throws SQLException {
        execute("PRAGMA cache_size = 3", "BEGIN").apply(connection);
        for (var row = 0; row < 30; row++) {
            execute(
                            "INSERT INTO t (x) VALUES (randomblob(" + random.nextInt(4000) + "))",
                            "UPDATE t SET x = randomblob(20) WHERE id = " + random.nextInt(30))
                    .apply(connection);
        }
        return execute(end, "PRAGMA cache_size = -2000").apply(connection);
    }
}
