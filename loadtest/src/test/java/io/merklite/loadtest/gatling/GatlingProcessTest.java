package io.merklite.loadtest.gatling;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.loadtest.gatling.GatlingProcess.Stats;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class GatlingProcessTest {
    @Test
    void figuresAreThoseOfTheLastTable() {
        var lines = List.of(
                "> request count                        |     7 |     7 |     0",
                "> request count                        | 1,720 | 1,710 |    10",
                "> response time 50th percentile (ms)   | 2,292 | 2,448 |     -",
                "> response time 99th percentile (ms)   | 18,151 | 18,151 | 1,802",
                "> response time 95th percentile (ms)     | 9,876 | 9,800 | 9,900",
                "> mean throughput (rps)                | 26.67 |  26.3 |  0.37");

        assertThat(Stats.inLog(lines)).hasValue(new Stats(1710, 10, 26.67, 2292, 9_876, 18_151));
    }

    @Test
    void rateIsThatOfTheTimeAfterTheWarmUp() {
        var stats = new Stats(3_000, 0, 100, 20, 40, 50);

        assertThat(stats.after(Duration.ofSeconds(10)).perSecond()).isEqualTo(150);
    }

    @Test
    void runWithoutARequestHasTheRateThatGatlingSays() {
        var stats = new Stats(0, 0, 0, 0, 0, 0);

        assertThat(stats.after(Duration.ofSeconds(10))).isEqualTo(stats);
    }

    @Test
    void runThatNeverGotSoFarHasNoFigures() {
        assertThat(Stats.inLog(List.of("Simulation started"))).isEmpty();
    }
}
