package io.merklite.loadtest.gatling;

import static io.gatling.javaapi.core.CoreDsl.scenario;

/** All datacenters write the same few rows at the same time. */
public final class HotRows extends ClusterSimulation {
    private static final String DATABASE = "hot-rows";
    private static final int KEYS = 5;
    private static final double PER_SECOND_AND_DATACENTER = 60;

    public HotRows() {
        super(HotRows::part);
    }

    static Loaded part(Target target, Load load) {
        target.create(DATABASE, Requests.TABLE);
        var users = target.datacenters().stream()
                .map(datacenter -> scenario("hot rows in " + datacenter)
                        .exec(Requests.upsert("hot row in " + datacenter, DATABASE, KEYS))
                        .injectOpen(load.steady(PER_SECOND_AND_DATACENTER))
                        .protocols(Requests.protocol(target.urls(datacenter))))
                .toList();
        return new Loaded(DATABASE, users, load.least(PER_SECOND_AND_DATACENTER * users.size()));
    }
}
