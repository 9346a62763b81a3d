package io.merklite.loadtest.gatling;

import static io.gatling.javaapi.core.CoreDsl.global;

import io.gatling.javaapi.core.PopulationBuilder;
import io.gatling.javaapi.core.Simulation;
import java.util.List;

/**
 * What all simulations share: a cluster, no request may fail, and in the end all datacenters are equal.
 *
 * <p>Constructed by Gatling, in a JVM of its own.
 */
abstract class ClusterSimulation extends Simulation {
    private final Target target = Target.ofProperties();
    private final List<Loaded> parts;

    /**
     * A part of a load.
     *
     * @param database that it uses; converges in the end
     * @param populations its users
     * @param leastPerSecond requests that must be done each second; 0 for as many as it takes
     */
    record Loaded(String database, List<PopulationBuilder> populations, double leastPerSecond) {
        Loaded {
            populations = List.copyOf(populations);
        }
    }

    /** Makes the part of a simulation; its database is made here. */
    @FunctionalInterface
    interface Part {
        Loaded of(Target target, Load load);
    }

    ClusterSimulation(Part... makers) {
        var load = Load.ofProperties();
        parts = List.of(makers).stream().map(maker -> maker.of(target, load)).toList();
        var least = parts.stream().mapToDouble(Loaded::leastPerSecond).sum();
        setUp(parts.stream().flatMap(part -> part.populations().stream()).toList())
                .maxDuration(load.length().multipliedBy(4).plusSeconds(60))
                .assertions(
                        global().failedRequests().count().is(0L),
                        global().successfulRequests().count().gte(1L),
                        global().requestsPerSec().gte(least));
    }

    @Override
    public void after() {
        try {
            parts.forEach(part -> target.awaitEqual(part.database()));
        } finally {
            target.close();
        }
    }
}
