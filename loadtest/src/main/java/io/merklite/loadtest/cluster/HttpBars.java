package io.merklite.loadtest.cluster;

import io.merklite.loadtest.cluster.Callers.Seen;
import java.time.Duration;
import java.util.function.LongFunction;

/**
 * Command: one node over HTTP, beside etcd and libSQL's server: durable writes over 64 connections and over one, point reads.
 * Each server is a process of its own; they take turns, with the same load.
 */
public final class HttpBars {
    private static final int ROUNDS = Integer.getInteger("figures.runs", 5);
    private static final int CONNECTIONS = 64;
    private static final Duration RIVAL_WARM_UP = Duration.ofSeconds(3);
    private static final Duration MEASURED = Duration.ofSeconds(3);
    private static final Duration MEASURED_ALONE = Duration.ofSeconds(2);
    private static final String UNIT = "/s";

    private HttpBars() {}

    public static void main(String[] arguments) throws Exception {
        var runs = new Runs();
        try (var scratchpad = Scratchpad.make();
                var cluster = Shop.start(scratchpad.path().resolve("merklite"), 1);
                var etcd = Closing.of(Etcd.start(scratchpad.path(), 1));
                var libsql = Closing.of(LibsqlServer.start(scratchpad.path()))) {
            var shop = Shop.on(cluster.nodes().getFirst());
            Shop.create(cluster);
            shop.post(1, Shop.FILLS, number -> Shop.statement(Shop.FILL)).whole();
            WarmUp.untilSteady(duration -> shop.run(CONNECTIONS, duration, Shop::upsert));
            shop.run(CONNECTIONS, RIVAL_WARM_UP, Shop::select).whole();
            for (var server : etcd.some()) {
                server.puts().run(CONNECTIONS, RIVAL_WARM_UP, Etcd::put);
            }
            for (var server : libsql.some()) {
                server.requests().post(Shop.statement(Shop.CREATE));
                server.requests()
                        .post(1, Shop.FILLS, number -> Shop.statement(Shop.FILL))
                        .whole();
                server.requests().run(CONNECTIONS, RIVAL_WARM_UP, Shop::select).whole();
            }
            for (var round = 0; round < ROUNDS; round++) {
                run(runs, "write.64", shop, CONNECTIONS, MEASURED, Shop::upsert).whole();
                requireWritten(shop);
                run(runs, "write.1", shop, 1, MEASURED_ALONE, Shop::upsert).whole();
                run(runs, "read.64", shop, CONNECTIONS, MEASURED, Shop::select).whole();
                runs.add("write.64-against-1", ratio(runs));
                for (var server : etcd.some()) {
                    run(runs, "etcd.write.64", server.puts(), CONNECTIONS, MEASURED, Etcd::put);
                    run(runs, "etcd.write.1", server.puts(), 1, MEASURED_ALONE, Etcd::put);
                }
                for (var server : libsql.some()) {
                    run(runs, "libsql.write.64", server.requests(), CONNECTIONS, MEASURED, Shop::upsert);
                    run(runs, "libsql.write.1", server.requests(), 1, MEASURED_ALONE, Shop::upsert);
                    run(runs, "libsql.read.64", server.requests(), CONNECTIONS, MEASURED, Shop::select);
                }
            }
            print(runs, !etcd.some().isEmpty(), !libsql.some().isEmpty());
        }
    }

    private static Seen run(
            Runs runs, String name, HttpLoad load, int connections, Duration duration, LongFunction<String> body)
            throws InterruptedException {
        var seen = load.run(connections, duration, body);
        System.out.println("# " + name + " " + seen);
        runs.add(name, seen.perSecond());
        return seen;
    }

    private static double ratio(Runs runs) {
        return runs.of("write.64").getLast() / runs.of("write.1").getLast();
    }

    /** The last number that was given out has been answered, so its row must be there. */
    private static void requireWritten(HttpLoad shop) {
        var number = Callers.nextNumber() - 1;
        var answer = shop.post(Shop.statement("SELECT max(label) FROM item"));
        if (!answer.contains(Shop.label(number))) {
            throw new IllegalStateException("the last write was " + Shop.label(number) + ", and there is " + answer);
        }
        shop.post(Shop.upsert(number + 1));
    }

    private static void print(Runs runs, boolean hasEtcd, boolean hasLibsql) {
        var writes = Figure.atLeast("http.write.64", UNIT, 10_000, runs.of("write.64"));
        var reads = Figure.atLeast("http.read.64", UNIT, 10_000, runs.of("read.64"));
        writes.print();
        reads.print();
        Figure.atLeast("http.write.64-against-1", "x", 3, runs.of("write.64-against-1"))
                .print();
        if (hasEtcd) {
            writes.against("etcd, 1 node", 0.7, runs.of("etcd.write.64")).print();
        }
        if (hasLibsql) {
            writes.against("libSQL server", 5, runs.of("libsql.write.64")).print();
            reads.against("libSQL server", 2, runs.of("libsql.read.64")).print();
        }
    }
}
