package io.merklite.session.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.testkit.Seeds;
import java.time.Duration;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/**
 * Changesets, damaged at random: each seed is one input. Runs for {@code -Dmerklite.fuzz.seconds}, or six
 * seconds; {@code -Dmerklite.seed=N} replays one input. {@link DecoderFuzzTest} and {@link
 * ApplyFuzzTest} search by coverage; this one knows the golden cases, and holds the decoder to its allocations.
 */
class MutatedChangesetsTest {
    private static final int USUAL_SECONDS = 6;

    @Test
    void damagedChangesetsAreRefusedOrAppliedWhole() throws Exception {
        var corpus = SeedChangesets.all();
        var deadline = System.nanoTime()
                + Duration.ofSeconds(Seeds.count("merklite.fuzz.seconds", USUAL_SECONDS))
                        .toNanos();

        var inputs = 0L;
        try (var target = new HostileInput()) {
            var seeds = Seeds.upTo(Long.MAX_VALUE).iterator();
            while (seeds.hasNext() && System.nanoTime() < deadline) {
                Seeds.run(seeds.nextLong(), random -> {
                    var bytes = new Mutation(random, corpus).next();
                    try {
                        target.check(bytes);
                    } catch (RuntimeException | Error e) {
                        throw new AssertionError("input " + HexFormat.of().formatHex(bytes) + ": " + e, e);
                    }
                });
                inputs++;
            }
        }

        System.out.println("fuzz: " + inputs + " damaged changesets");
        assertThat(inputs).isPositive();
    }
}
