package io.merklite.loadtest.gatling;

import static io.gatling.javaapi.core.CoreDsl.StringBody;
import static io.gatling.javaapi.core.CoreDsl.constantConcurrentUsers;
import static io.gatling.javaapi.core.CoreDsl.exec;
import static io.gatling.javaapi.core.CoreDsl.jmesPath;
import static io.gatling.javaapi.core.CoreDsl.rampUsers;
import static io.gatling.javaapi.core.CoreDsl.scenario;
import static io.gatling.javaapi.core.CoreDsl.substring;
import static io.gatling.javaapi.http.HttpDsl.http;
import static io.gatling.javaapi.http.HttpDsl.status;

import java.util.List;

/** Databases by the thousand: each user makes one, writes to it and reads it. */
public final class ManyDatabases extends ClusterSimulation {
    private static final String FIRST = "tenant-first";
    private static final int DATABASES = 2_000;
    private static final int WRITES = 3;
    private static final int WATCHERS = 1;

    public ManyDatabases() {
        super(ManyDatabases::part);
    }

    static Loaded part(Target target, Load load) {
        target.create(FIRST, Requests.TABLE);
        var tenants = scenario("tenants")
                .exec(session -> session.set("tenant", "tenant-" + Requests.nextNumber()))
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
                                .is("1")))
                .injectOpen(rampUsers(load.count(DATABASES)).during(load.length()))
                .protocols(Requests.protocol(target.urls(target.datacenters().getFirst())));
        var watchers = scenario("list of databases")
                .exec(http("list databases")
                        .get("v1/databases?prefix=tenant-&limit=100")
                        .check(status().is(200), substring("\"items\"").exists()))
                .pause(1)
                .injectClosed(constantConcurrentUsers(WATCHERS).during(load.length()))
                .protocols(Requests.protocol(target.urls()));
        return new Loaded(FIRST, List.of(tenants, watchers), 0);
    }
}
