package io.merklite.loadtest.cluster;

import io.merklite.loadtest.local.LocalNodes;
import io.merklite.loadtest.local.NodeApi;
import java.time.Duration;

/**
 * Command: a datacenter of three nodes, each a process of its own, whose writes are answered when a majority has them on
 * disk; beside three nodes of etcd. Both are asked at the node that writes.
 */
public final class MajorityBars {
    private static final int ROUNDS = Integer.getInteger("figures.runs", 5);
    private static final int NODES = 3;
    private static final int CONNECTIONS = 64;
    private static final Duration RIVAL_WARM_UP = Duration.ofSeconds(3);
    private static final Duration MEASURED = Duration.ofSeconds(4);

    private MajorityBars() {}

    public static void main(String[] arguments) throws Exception {
        var runs = new Runs();
        try (var scratchpad = Scratchpad.make();
                var cluster = Shop.start(scratchpad.path().resolve("merklite"), NODES);
                var etcd = Closing.of(Etcd.start(scratchpad.path(), NODES))) {
            Shop.create(cluster);
            var writer = Shop.writer(cluster, cluster.nodes().getFirst());
            var shop = Shop.on(writer).withHeader("merklite-ack", "majority");
            awaitCopies(NodeApi.of(writer));
            shop.post(1, Shop.FILLS, number -> Shop.statement(Shop.FILL)).whole();
            WarmUp.untilSteady(duration -> shop.run(CONNECTIONS, duration, Shop::upsert));
            for (var server : etcd.some()) {
                server.puts().run(CONNECTIONS, RIVAL_WARM_UP, Etcd::put);
            }
            for (var round = 0; round < ROUNDS; round++) {
                var ours = shop.run(CONNECTIONS, MEASURED, Shop::upsert).whole();
                runs.add("ours", ours.perSecond());
                System.out.println("# majority.write.64 " + ours);
                for (var server : etcd.some()) {
                    var theirs = server.puts().run(CONNECTIONS, MEASURED, Etcd::put);
                    runs.add("theirs", theirs.perSecond());
                    System.out.println("# etcd.write.64 " + theirs);
                }
            }
            awaitCopies(NodeApi.of(writer));
            var figure = Figure.atLeast("majority.write.64", "/s", 4_400, runs.of("ours"));
            figure.print();
            if (!etcd.some().isEmpty()) {
                figure.against("etcd, 3 nodes", 0.5, runs.of("theirs")).print();
            }
        }
    }

    /** Without copies a majority would be the writer alone. */
    static void awaitCopies(NodeApi writer) {
        LocalNodes.await("two followers have all", Duration.ofMinutes(1), () -> {
            if (!(writer.status(Shop.NAME) instanceof NodeApi.Answer.Done done)) {
                return false;
            }
            var whole = 0;
            for (var copy : done.body().path("copies")) {
                whole += copy.path("lagTransactionCount").asLong() == 0 ? 1 : 0;
            }
            return whole == NODES - 1;
        });
    }
}
