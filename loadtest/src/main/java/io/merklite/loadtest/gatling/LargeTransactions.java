package io.merklite.loadtest.gatling;

import static io.gatling.javaapi.core.CoreDsl.StringBody;
import static io.gatling.javaapi.core.CoreDsl.atOnceUsers;
import static io.gatling.javaapi.core.CoreDsl.constantUsersPerSec;
import static io.gatling.javaapi.core.CoreDsl.jmesPath;
import static io.gatling.javaapi.core.CoreDsl.nothingFor;
import static io.gatling.javaapi.core.CoreDsl.scenario;
import static io.gatling.javaapi.core.CoreDsl.substring;
import static io.gatling.javaapi.http.HttpDsl.http;
import static io.gatling.javaapi.http.HttpDsl.status;

import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Transactions of {@value #ROWS} rows, larger than what is published inline. */
public final class LargeTransactions extends ClusterSimulation {
    private static final String DATABASE = "large-transactions";
    private static final int ROWS = 2_000;
    private static final double PER_SECOND = 1;

    public LargeTransactions() {
        super(LargeTransactions::part);
    }

    static Loaded part(Target target, Load load) {
        target.create(DATABASE, Requests.TABLE);
        var users = scenario("large transactions")
                .exec(http("transaction of " + ROWS + " rows")
                        .post("v1/databases/" + DATABASE + "/transaction")
                        .body(StringBody(session -> inserts()))
                        .check(
                                status().is(200),
                                substring("\"error\"").notExists(),
                                jmesPath("length(results)").ofInt().is(ROWS)))
                .injectOpen(
                        nothingFor(load.warmUp()),
                        atOnceUsers(1),
                        constantUsersPerSec(load.rate(PER_SECOND)).during(load.length()))
                .protocols(Requests.protocol(target.urls()));
        return new Loaded(DATABASE, List.of(users), load.least(PER_SECOND));
    }

    /** Keys that no other transaction has, so that each inserts all its rows. */
    private static String inserts() {
        var first = Requests.nextNumber() * ROWS;
        return IntStream.range(0, ROWS)
                .mapToObj(row -> "[\"INSERT INTO item VALUES (?, ?, ?)\"," + (first + row) + "," + row + ",\""
                        + Requests.LABEL + "\"]")
                .collect(Collectors.joining(",", "[", "]"));
    }
}
