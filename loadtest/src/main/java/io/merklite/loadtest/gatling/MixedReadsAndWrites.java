package io.merklite.loadtest.gatling;

import static io.gatling.javaapi.core.CoreDsl.percent;
import static io.gatling.javaapi.core.CoreDsl.randomSwitch;
import static io.gatling.javaapi.core.CoreDsl.scenario;

import java.util.List;

/** Nine reads for each write, at all nodes of both datacenters. */
public final class MixedReadsAndWrites extends ClusterSimulation {
    private static final String DATABASE = "mixed";
    private static final int KEYS = 10_000;
    private static final double PER_SECOND = 400;

    public MixedReadsAndWrites() {
        super(MixedReadsAndWrites::part);
    }

    static Loaded part(Target target, Load load) {
        target.create(DATABASE, Requests.TABLE);
        var users = scenario("mixed 90/10")
                .exec(randomSwitch()
                        .on(
                                percent(90).then(Requests.select("mixed read", DATABASE, KEYS)),
                                percent(10).then(Requests.upsert("mixed write", DATABASE, KEYS))))
                .injectOpen(load.steady(PER_SECOND))
                .protocols(Requests.protocol(target.urls()));
        return new Loaded(DATABASE, List.of(users), load.least(PER_SECOND));
    }
}
