package io.merklite.sync.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.sync.simulation.Simulation.RarePath;
import io.merklite.testkit.Seeds;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;

/** Whatever happens, replicas that can talk again become equal, and nothing that was promised is lost. */
final class SimulationTest {
    private static final int STEPS = 150;
    /** So many seeds reach every rare path. */
    private static final int ALL_PATHS_COUNT = 300;
    /**
     * Seeds that once failed, and are run however few others are: in 113 a replica kept tombstones that its peer had
     * forgotten, in 238 it took over the vector of a peer that was restored meanwhile.
     * In 69 and 167 a row died and was forgotten, and then an older one of its key came from a replica that had been away
     * for longer than deaths are kept: that one stays. In 173 a replica asked one that was behind for its rows without end.
     */
    private static final long[] KEPT = {69, 113, 167, 173, 238};

    @Test
    void replicasConvergeWhateverHappened() {
        var count = Seeds.count("merklite.simulations", 500);
        Map<RarePath, Integer> rarePaths = new ConcurrentHashMap<>();
        Seeds.upTo(count).parallel().forEach(seed -> {
            var first = run(seed, rarePaths);
            assertThat(run(seed, new ConcurrentHashMap<>()))
                    .as("event hash of seed %d", seed)
                    .isEqualTo(first);
        });
        System.err.println("simulations: " + count + ", rare paths: " + rarePaths);
        if (count >= ALL_PATHS_COUNT && System.getProperty("merklite.seed", "").isBlank()) {
            assertThat(rarePaths).containsOnlyKeys(RarePath.values());
        }
    }

    @Test
    void seedsThatOnceFailedHold() {
        for (var seed : KEPT) {
            assertThat(run(seed, new ConcurrentHashMap<>())).isEqualTo(run(seed, new ConcurrentHashMap<>()));
        }
    }

    private static long run(long seed, Map<RarePath, Integer> rarePaths) {
        var hash = new long[1];
        Seeds.run(seed, random -> {
            var simulation = new Simulation(random);
            simulation.run(STEPS);
            new Checks(simulation).check();
            simulation.rarePaths().forEach((path, times) -> rarePaths.merge(path, times, Integer::sum));
            hash[0] = simulation.eventHash();
            simulation.replicas().forEach(SimulatedReplica::close);
        });
        return hash[0];
    }
}
