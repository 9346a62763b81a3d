package io.merklite.loadtest.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.loadtest.local.Waiting;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

@EnabledOnOs(
        value = OS.LINUX,
        disabledReason = "a link is told by its loopback address, and nodes are paused by signals")
class FaultRunTest {
    private static final long SEED = 20_261_121;
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir(cleanup = CleanupMode.ON_SUCCESS) // what nodes left tells why it failed
    Path directory;

    @Test
    @Timeout(value = 5, unit = TimeUnit.MINUTES)
    void nothingAcknowledgedIsLostWhenNodesAreKilledPausedAndCutOff() throws Exception {
        try (var run = FaultRun.start(directory, List.of(3, 1), System.out::println)) {
            var nodes = run.cluster().nodes();
            run.load(6, Duration.ofMillis(20), SEED);
            awaitProgress(run);

            run.happen(Fault.betweenDatacenters(run.cluster(), "b", Duration.ofSeconds(1)));
            awaitProgress(run);
            run.happen(new Fault.Pause(nodes.getFirst(), Duration.ofSeconds(1)));
            awaitProgress(run);
            run.happen(new Fault.Kill(nodes.get(2), Duration.ofMillis(100)));
            awaitProgress(run);

            assertThat(run.reckon()).isEmpty();
        }
    }

    private static void awaitProgress(FaultRun run) {
        var before = run.history().acknowledgedCount();
        assertThat(Waiting.until(PATIENCE, () -> run.history().acknowledgedCount() > before + 40))
                .isTrue();
    }
}
