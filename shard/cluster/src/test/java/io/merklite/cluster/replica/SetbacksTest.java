package io.merklite.cluster.replica;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SetbacksTest {
    private Instant now = Instant.parse("2026-01-01T00:00:00Z");
    private final Setbacks setbacks =
            new Setbacks(Duration.ofMillis(200), Duration.ofSeconds(15), () -> now, new Random(1));

    @Test
    void pausesDoubleUpToTheLongestAndEndByThemselves() {
        assertThat(setbacks.pause("shop")).isZero();

        long[] longestMillis = {200, 400, 800, 1600, 3200, 6400, 12_800, 15_000, 15_000, 15_000};
        for (var longest : longestMillis) {
            setbacks.failed("shop");
            assertThat(setbacks.pause("shop").toMillis()).isBetween(longest / 2, longest);
            assertThat(setbacks.pause("other")).isZero();
            now = now.plusMillis(longest);
            assertThat(setbacks.pause("shop")).isZero();
        }
    }

    @Test
    void failureLongAfterTheLastIsAFirstOne() {
        for (var count = 0; count < 6; count++) {
            setbacks.failed("shop");
        }

        now = now.plusSeconds(31);
        setbacks.failed("shop");

        assertThat(setbacks.pause("shop")).isLessThanOrEqualTo(Duration.ofMillis(200));
    }
}
