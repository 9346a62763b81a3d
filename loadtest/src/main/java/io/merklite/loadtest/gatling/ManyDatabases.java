package io.merklite.loadtest.gatling;

import static io.gatling.javaapi.core.CoreDsl.StringBody;
import static io.gatling.javaapi.core.CoreDsl.atOnceUsers;
import static io.gatling.javaapi.core.CoreDsl.exec;
import static io.gatling.javaapi.core.CoreDsl.jmesPath;
import static io.gatling.javaapi.core.CoreDsl.nothingFor;
import static io.gatling.javaapi.core.CoreDsl.scenario;
import static io.gatling.javaapi.core.CoreDsl.substring;
import static io.gatling.javaapi.http.HttpDsl.http;
import static io.gatling.javaapi.http.HttpDsl.status;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Databases by the thousand: a few users make one after the other, write to it and read it, as fast as they can. Users who did not wait
 * for each other would make more at a time than six nodes on two cores can open, and measure how a cluster breaks down.
 * Where making them all takes longer than a simulation may, it ends with those that there are.
 */
public final class ManyDatabases extends ClusterSimulation {
    private static final String FIRST = "tenant-first";
    private static final int DATABASES = 2_000;
    private static final int WRITES = 3;
    private static final int MAKERS = 8;
    private static final int WATCHERS = 1;

    public ManyDatabases() {
        super(ManyDatabases::part);
    }

    static Loaded part(Target target, Load load) {
        target.create(FIRST, Requests.TABLE);
        var count = load.count(DATABASES);
        var begun = new AtomicInteger();
        var makers = new AtomicInteger(MAKERS);
        var tenant = exec(session -> session.set("tenant", "tenant-" + Requests.nextNumber()))
                .exec(http("make a database")
                        .put("v1/databases/#{tenant}")
                        .body(StringBody("{\"schema\":\"" + Requests.TABLE + "\"}"))
                        .check(status().is(201), jmesPath("name").exists()))
                .repeat(WRITES)
                .on(exec(Requests.upsert("write to a tenant", "#{tenant}", WRITES)))
                .exec(Requests.statement(
                                "read of a tenant",
                                "#{tenant}",
                                session -> Requests.pipeline("SELECT count(*) > 0 FROM item"))
                        .check(jmesPath("results[0].response.result.rows[0][0].value")
                                .is("1")));
        var tenants = scenario("makers of tenants")
                .asLongAs(session -> begun.getAndIncrement() < count)
                .on(tenant)
                .exec(session -> {
                    makers.decrementAndGet();
                    return session;
                })
                .injectOpen(nothingFor(load.warmUp()), atOnceUsers(MAKERS))
                .protocols(Requests.protocol(target.urls(target.datacenters().getFirst())));
        var watchers = scenario("list of databases")
                .asLongAs(session -> makers.get() > 0)
                .on(exec(http("list databases")
                                .get("v1/databases?prefix=tenant-&limit=100")
                                .check(status().is(200), substring("\"items\"").exists()))
                        .pause(1))
                .injectOpen(nothingFor(load.warmUp()), atOnceUsers(WATCHERS))
                .protocols(Requests.protocol(target.urls()));
        return new Loaded(FIRST, List.of(tenants, watchers), 0);
    }
}
