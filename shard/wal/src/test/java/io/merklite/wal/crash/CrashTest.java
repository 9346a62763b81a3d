package io.merklite.wal.crash;

import static io.merklite.wal.TestDatabase.number;
import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.testkit.Seeds;
import io.merklite.wal.TestDatabase;
import io.merklite.wal.archive.Archive;
import io.merklite.wal.archive.DirectoryLogStore;
import io.merklite.wal.archive.LogStore;
import io.merklite.wal.replication.RestorePoint;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A program that writes is killed with -9, again and again; each time it goes on, from its files or from the archive in
 * turn. No acknowledged write is missing, and what is restored is sound and a prefix of what was committed.
 */
class CrashTest {
    private static final int MOST_ACKS = 200;

    @TempDir
    Path directory;

    private LogStore store;

    @Test
    @Timeout(value = 5, unit = TimeUnit.MINUTES)
    void acknowledgedWritesSurviveKills() {
        Seeds.upTo(1).forEach(seed -> Seeds.run(seed, random -> kill(Seeds.count("merklite.crashes", 15), random)));
    }

    @Test
    @Tag("slow")
    @Timeout(value = 20, unit = TimeUnit.MINUTES)
    void acknowledgedWritesSurviveAHundredKills() {
        Seeds.upTo(1).forEach(seed -> Seeds.run(seed, random -> kill(100, random)));
    }

    private void kill(int rounds, RandomGenerator random) throws Exception {
        store = new DirectoryLogStore(directory.resolve("archive"));
        Archive.create(store, TestDatabase.snapshot(directory, CrashWriter.SCHEMA));
        var acknowledged = 0L;
        for (var round = 0; round < rounds; round++) {
            var mode = round > 0 && random.nextInt(3) > 0 ? "resume" : "open";
            acknowledged = Math.max(acknowledged, run(mode, 1 + random.nextInt(MOST_ACKS)));
            requireAll(acknowledged, round, mode);
        }
        assertThat(Archive.open(store).verify().isSound()).isTrue();
    }

    /**
     * Runs the writer until it has acknowledged that many, kills it, and returns the last number it has acknowledged.
     */
    private long run(String mode, int acks) throws IOException, InterruptedException {
        var errors = directory.resolve("errors");
        var process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        CrashWriter.class.getName(),
                        directory.resolve("archive").toString(),
                        directory.resolve("writer.db").toString(),
                        mode)
                .redirectError(errors.toFile())
                .start();
        var last = 0L;
        try (var lines = process.inputReader()) {
            for (var count = 0; count < acks; count++) {
                last = next(lines, last, errors);
            }
            // SIGKILL. The process's own method would also close the pipe, with acknowledgements in it.
            process.toHandle().destroyForcibly();
            for (var line = lines.readLine(); line != null; line = lines.readLine()) {
                last = Math.max(last, Long.parseLong(line));
            }
        } finally {
            process.destroyForcibly();
        }
        return last;
    }

    private static long next(BufferedReader lines, long last, Path errors) throws IOException {
        var line = lines.readLine();
        if (line == null) {
            throw new AssertionError("the writer has ended by itself: " + Files.readString(errors));
        }
        return Math.max(last, Long.parseLong(line));
    }

    private void requireAll(long acknowledged, int round, String mode) throws Exception {
        var restored = directory.resolve("restored.db");
        Archive.open(store).restore(restored, RestorePoint.latest());
        try (var connection = TestDatabase.foreign(restored)) {
            var last = number("SELECT max(number) FROM t").apply(connection);
            var what = "round " + round + ", " + mode;
            assertThat(last).as(what).isGreaterThanOrEqualTo(acknowledged);
            assertThat(number("SELECT count(*) FROM t").apply(connection))
                    .as(what)
                    .isEqualTo(last * CrashWriter.PARTS);
            assertThat(number("SELECT count(DISTINCT number) FROM t WHERE number BETWEEN 1 AND " + last)
                            .apply(connection))
                    .as(what)
                    .isEqualTo(last);
            assertThat(TestDatabase.text("PRAGMA integrity_check").apply(connection))
                    .as(what)
                    .isEqualTo("ok");
        }
    }
}
