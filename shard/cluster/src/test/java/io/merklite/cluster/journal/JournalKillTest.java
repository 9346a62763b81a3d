package io.merklite.cluster.journal;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class JournalKillTest {
    private static final int ROUNDS = 3;
    private static final int ACKNOWLEDGED_BEFORE_KILL = 400;

    @TempDir
    Path directory;

    @Test
    @Timeout(300)
    void whatWasAcknowledgedIsThereAfterAKillAndWhatIsThereIsWhole() throws Exception {
        var file = directory.resolve("journal.sqlite");
        for (var round = 0; round < ROUNDS; round++) {
            var acknowledged = appendAndKill(file);

            try (var journal = TestJournal.open(file)) {
                for (var i = 0; i < KilledWriter.WRITERS; i++) {
                    var id = "id-" + i;
                    var numbers = journal.numbers(id);
                    assertThat(numbers.size() % KilledWriter.EVENTS).isZero();
                    assertThat(numbers)
                            .isEqualTo(LongStream.rangeClosed(1, numbers.size())
                                    .boxed()
                                    .toList());
                    assertThat((long) numbers.size()).isGreaterThanOrEqualTo(acknowledged.getOrDefault(id, 0L));
                    assertThat(journal.highest(id)).isEqualTo(numbers.size());
                }
            }
        }
    }

    /** The highest number of each id that was acknowledged. */
    private static Map<String, Long> appendAndKill(Path file) throws IOException, InterruptedException {
        var process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx256m",
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        KilledWriter.class.getName(),
                        file.toString())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        Map<String, Long> acknowledged = new HashMap<>();
        try (var lines = new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
            var count = 0;
            var line = lines.readLine();
            while (line != null) {
                // A line that was cut off by the kill acknowledges nothing.
                if (line.matches("id-\\d \\d+")) {
                    var parts = line.split(" ");
                    if (++count < ACKNOWLEDGED_BEFORE_KILL) {
                        acknowledged.merge(parts[0], Long.parseLong(parts[1]), Math::max);
                    } else if (count == ACKNOWLEDGED_BEFORE_KILL) {
                        process.toHandle().destroyForcibly(); // Process itself would close the stream, too.
                    }
                }
                line = lines.readLine();
            }
            assertThat(count).isGreaterThanOrEqualTo(ACKNOWLEDGED_BEFORE_KILL);
        } finally {
            process.destroyForcibly().waitFor();
        }
        return acknowledged;
    }
}
