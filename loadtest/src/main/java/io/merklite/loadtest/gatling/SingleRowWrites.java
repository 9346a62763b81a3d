package io.merklite.loadtest.gatling;

import static io.gatling.javaapi.core.CoreDsl.constantUsersPerSec;
import static io.gatling.javaapi.core.CoreDsl.rampUsersPerSec;
import static io.gatling.javaapi.core.CoreDsl.scenario;

import java.time.Duration;
import java.util.List;

/** Writes of one row at a steady rate, to all nodes of one datacenter; what warms the load generator up is not counted. */
public final class SingleRowWrites extends ClusterSimulation {
    private static final String DATABASE = "single-row-writes";
    private static final int KEYS = 10_000;
    private static final Duration RAMP = Duration.ofSeconds(3);

    public SingleRowWrites() {
        super(SingleRowWrites::part);
    }

    static Loaded part(Target target, Load load) {
        target.create(DATABASE, Requests.TABLE);
        var datacenter = target.datacenters().getFirst();
        var rate = load.rate(load.rate());
        var users = scenario("warm-up")
                .exec(Requests.upsert("warm-up", DATABASE, KEYS).silent())
                .injectOpen(rampUsersPerSec(1).to(rate).during(RAMP))
                .protocols(Requests.protocol(target.urls(datacenter)))
                .andThen(scenario("single-row writes")
                        .exec(Requests.upsert("write", DATABASE, KEYS))
                        .injectOpen(constantUsersPerSec(rate).during(load.length()))
                        .protocols(Requests.protocol(target.urls(datacenter))));
        return new Loaded(DATABASE, List.of(users), load.least(load.rate()));
    }
}
