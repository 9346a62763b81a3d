package io.merklite.loadtest.gatling;

import static io.gatling.javaapi.core.CoreDsl.global;
import static io.gatling.javaapi.core.CoreDsl.rampUsersPerSec;
import static io.gatling.javaapi.core.CoreDsl.scenario;

import io.gatling.javaapi.core.PopulationBuilder;
import io.gatling.javaapi.core.Simulation;
import java.util.List;
import java.util.stream.Stream;

/**
 * What all simulations share: a cluster, no request may fail, and in the end all datacenters are equal.
 *
 * <p>Constructed by Gatling, in a JVM of its own.
 */
abstract class ClusterSimulation extends Simulation {
    private static final int WARM_UP_KEYS = 10_000;

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
        var populations =
                Stream.concat(Stream.of(warmUp(load)), parts.stream().flatMap(part -> part.populations().stream()));
        setUp(populations.toList())
                .maxDuration(load.length().multipliedBy(8).plusSeconds(60))
                .assertions(
                        global().failedRequests().count().is(0L),
                        global().successfulRequests().count().gte(1L),
                        global().requestsPerSec().gte(least));
    }

    /** Writes that nothing counts: see {@link Load#warmUp}. All databases have the same table. */
    private PopulationBuilder warmUp(Load load) {
        return scenario("warm-up")
                .exec(Requests.upsert("warm-up", parts.getFirst().database(), WARM_UP_KEYS)
                        .silent())
                .injectOpen(rampUsersPerSec(1).to(load.rate(load.rate())).during(load.warmUp()))
                .protocols(Requests.protocol(target.urls(target.datacenters().getFirst())));
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
