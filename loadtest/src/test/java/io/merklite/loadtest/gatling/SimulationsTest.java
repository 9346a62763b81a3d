package io.merklite.loadtest.gatling;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.loadtest.local.LocalNodes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@EnabledOnOs(value = OS.LINUX, disabledReason = "nodes are told apart by their loopback addresses")
class SimulationsTest {
    @TempDir
    Path directory;

    @Test
    @Timeout(value = 5, unit = TimeUnit.MINUTES)
    void allLoadsTogetherEndWithoutAnErrorAndWithAReport() throws Exception {
        try (var nodes = LocalNodes.start(LocalNodes.Options.quick(directory, List.of(1, 1)), System.out::println)) {
            var properties = Simulations.properties(Target.property(nodes.nodes()));
            properties.put("merklite.seconds", "3");
            properties.put("merklite.load", "0.05");
            properties.put("merklite.speed", "false");
            var gatling = new GatlingProcess(directory.resolve("reports"));

            var outcome = gatling.run(AllAtOnce.class, properties);

            assertThat(outcome.hasPassed())
                    .as(() -> read(gatling.reports().resolve("AllAtOnce.log")))
                    .isTrue();
            assertThat(outcome.report())
                    .hasValueSatisfying(
                            report -> assertThat(report.resolve("index.html")).exists());
            assertThat(outcome.stats()).hasValueSatisfying(stats -> {
                assertThat(stats.failedCount()).isZero();
                assertThat(stats.doneCount()).isPositive();
            });
        }
    }

    private static String read(Path log) {
        try {
            return Files.readString(log);
        } catch (IOException e) {
            return e.toString();
        }
    }
}
