package io.merklite.sync.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.sync.simulation.Simulation.RarePath;
import io.merklite.testkit.Seeds;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;
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

    /**
     * Such seeds of simulations in which tables take each other's names: in 18 deaths in a table that joined another were
     * forgotten, in 43 all names of a circle were given up, in 91 three tables that were one had a row each, and in 90 rows
     * were in different tables while names were settled in part.
     */
    private static final long[] KEPT_OF_NAMES = {18, 43, 90, 91};

    /** What simulations in which tables take each other's names must reach, however few they are. */
    private static final RarePath[] NAMES = {
        RarePath.TABLE_RENAMED, RarePath.NAME_MADE_AGAIN, RarePath.NAME_MADE_UNKNOWINGLY
    };

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
            assertThat(rarePaths)
                    .containsKeys(Stream.of(RarePath.values())
                            .filter(path -> path != RarePath.NAME_MADE_AGAIN)
                            .toArray(RarePath[]::new));
        }
    }

    @Test
    void seedsThatOnceFailedHold() {
        for (var seed : KEPT) {
            assertThat(run(seed, new ConcurrentHashMap<>())).isEqualTo(run(seed, new ConcurrentHashMap<>()));
        }
    }

    /** Tables of one name after the other, and names for one table after the other: writes stay with their table. */
    @Test
    void tablesThatTakeEachOthersNamesKeepTheirRows() {
        Map<RarePath, Integer> rarePaths = new ConcurrentHashMap<>();
        Seeds.upTo(Seeds.count("merklite.simulations.names", 12))
                .parallel()
                .forEach(seed -> run(seed, random -> new Simulation(random, true), rarePaths));
        for (var seed : KEPT_OF_NAMES) {
            run(seed, random -> new Simulation(random, true), rarePaths);
        }
        System.err.println("simulations of names, rare paths: " + rarePaths);
        if (System.getProperty("merklite.seed", "").isBlank()) {
            assertThat(rarePaths).containsKeys(NAMES);
        }
    }

    private static long run(long seed, Map<RarePath, Integer> rarePaths) {
        return run(seed, Simulation::new, rarePaths);
    }

    private static long run(long seed, Function<RandomGenerator, Simulation> begin, Map<RarePath, Integer> rarePaths) {
        var hash = new long[1];
        Seeds.run(seed, random -> {
            var simulation = begin.apply(random);
            simulation.run(STEPS);
            new Checks(simulation).check();
            simulation.rarePaths().forEach((path, times) -> rarePaths.merge(path, times, Integer::sum));
            hash[0] = simulation.eventHash();
            simulation.replicas().forEach(SimulatedReplica::close);
        });
        return hash[0];
    }
}
