package io.merklite.loadtest.gatling;

import static io.gatling.javaapi.core.CoreDsl.scenario;

import java.util.List;

/** Writes of one row at a steady rate, to all nodes of one datacenter. */
public final class SingleRowWrites extends ClusterSimulation {
    private static final String DATABASE = "single-row-writes";
    private static final int KEYS = 10_000;

    public SingleRowWrites() {
        super(SingleRowWrites::part);
    }

    static Loaded part(Target target, Load load) {
        target.create(DATABASE, Requests.TABLE);
        var datacenter = target.datacenters().getFirst();
        var users = scenario("single-row writes")
                .exec(Requests.upsert("write", DATABASE, KEYS))
                .injectOpen(load.steady(load.rate()))
                .protocols(Requests.protocol(target.urls(datacenter)));
        return new Loaded(DATABASE, List.of(users), load.least(load.rate()));
    }
}
