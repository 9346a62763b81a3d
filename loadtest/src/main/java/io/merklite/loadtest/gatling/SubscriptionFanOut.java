package io.merklite.loadtest.gatling;

import static io.gatling.javaapi.core.CoreDsl.atOnceUsers;
import static io.gatling.javaapi.core.CoreDsl.exec;
import static io.gatling.javaapi.core.CoreDsl.nothingFor;
import static io.gatling.javaapi.core.CoreDsl.rampUsers;
import static io.gatling.javaapi.core.CoreDsl.scenario;
import static io.gatling.javaapi.core.CoreDsl.substring;
import static io.gatling.javaapi.http.HttpDsl.sse;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** Many subscribers, in all datacenters, hear of every write of a few. */
public final class SubscriptionFanOut extends ClusterSimulation {
    private static final String DATABASE = "subscriptions";
    private static final int SUBSCRIBERS = 200;
    private static final int KEYS = 10;
    private static final int CHANGES = 5;
    private static final Duration WRITE_INTERVAL = Duration.ofMillis(500);
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Duration HEAD_START = Duration.ofSeconds(2);

    public SubscriptionFanOut() {
        super(SubscriptionFanOut::part);
    }

    /** A subscriber ends when it has heard of some changes; writes go on until the last one has. */
    static Loaded part(Target target, Load load) {
        target.create(DATABASE, Requests.TABLE);
        var count = load.count(SUBSCRIBERS);
        var waiting = new AtomicInteger(count);
        var subscribers = scenario("subscribers")
                .exec(sse("subscribe")
                        .get("v1/databases/" + DATABASE + "/subscriptions?q=SELECT%20id,%20value%20FROM%20item")
                        .await(PATIENCE)
                        .on(sse.checkMessage("subscription is ready")
                                .matching(substring("\"ready\""))
                                .check(substring("\"error\"").notExists())))
                .repeat(CHANGES)
                .on(exec(sse("next change")
                        .setCheck()
                        .await(PATIENCE)
                        .on(sse.checkMessage("change heard")
                                .matching(substring("\"change\""))
                                .check(substring("\"error\"").notExists()))))
                .exec(sse("unsubscribe").close())
                .exec(session -> {
                    waiting.decrementAndGet();
                    return session;
                });
        return new Loaded(
                DATABASE,
                List.of(
                        subscribers
                                .injectOpen(
                                        nothingFor(load.warmUp()),
                                        count < KEYS
                                                ? atOnceUsers(count)
                                                : rampUsers(count).during(HEAD_START))
                                .protocols(Requests.protocol(target.urls())),
                        scenario("writer for subscribers")
                                .asLongAs(session -> waiting.get() > 0)
                                .on(exec(Requests.upsert("write for subscribers", DATABASE, KEYS))
                                        .pause(WRITE_INTERVAL))
                                .injectOpen(nothingFor(load.warmUp().plus(HEAD_START)), atOnceUsers(1))
                                .protocols(Requests.protocol(target.urls()))),
                0);
    }
}
