package io.merklite.loadtest.gatling;

import static io.gatling.javaapi.core.CoreDsl.jmesPath;
import static io.gatling.javaapi.core.CoreDsl.scenario;
import static io.gatling.javaapi.http.HttpDsl.header;

import io.gatling.javaapi.core.Session;
import java.util.List;
import java.util.stream.Stream;

/**
 * Each user writes a row of its own at a node of one datacenter, and reads it with the write's bookmark at nodes of all: the row must be
 * there.
 */
public final class ReadsElsewhere extends ClusterSimulation {
    private static final String DATABASE = "reads-elsewhere";
    private static final double USERS_PER_SECOND = 30;
    private static final String NUMBER = "number";

    public ReadsElsewhere() {
        super(ReadsElsewhere::part);
    }

    static Loaded part(Target target, Load load) {
        target.create(DATABASE, Requests.TABLE);
        var users = scenario("reads with bookmarks")
                .exec(session -> session.set(NUMBER, Requests.nextNumber()))
                .exec(Requests.statement("write with bookmark", DATABASE, ReadsElsewhere::insert)
                        .check(header("merklite-bookmark").saveAs("bookmark")));
        var nodes = target.datacenters().stream()
                .flatMap(datacenter -> Stream.of(
                                target.urls(datacenter).getFirst(),
                                target.urls(datacenter).getLast())
                        .distinct()
                        .map(url -> new Node(datacenter, url)))
                .toList();
        for (var node : nodes) {
            users = users.exec(
                    Requests.statement("read in " + node.datacenter, DATABASE, ReadsElsewhere::select, node.url)
                            .header("merklite-after", "#{bookmark}")
                            .check(jmesPath("results[0].response.result.rows[0][0].value")
                                    .is(session -> Long.toString(session.getLong(NUMBER)))));
        }
        var population = users.injectOpen(load.steady(USERS_PER_SECOND))
                .protocols(Requests.protocol(target.urls(target.datacenters().getFirst())));
        return new Loaded(DATABASE, List.of(population), load.least(USERS_PER_SECOND * (1 + nodes.size())));
    }

    private record Node(String datacenter, String url) {}

    private static String insert(Session session) {
        var number = session.getLong(NUMBER);
        return Requests.pipeline(
                Requests.UPSERT, Requests.integer(number), Requests.integer(number), Requests.text(Requests.LABEL));
    }

    private static String select(Session session) {
        return Requests.pipeline(Requests.SELECT, Requests.integer(session.getLong(NUMBER)));
    }
}
