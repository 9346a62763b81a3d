package io.merklite.loadtest.cluster;

import io.merklite.loadtest.local.LocalNode;
import io.merklite.loadtest.local.LocalNodes;
import io.merklite.loadtest.local.NodeApi;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Command: the writer's process of a datacenter of three is killed: how long until another node accepts writes. Each run kills
 * the writer of that moment, and waits until it is back. In the end every answered write must be there.
 */
public final class TakeOverBars {
    private static final int ROUNDS = Integer.getInteger("figures.runs", 5);
    private static final int NODES = 3;
    private static final int CONNECTIONS = 8;
    private static final int WRITES = 500;
    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final Duration PROBE_INTERVAL = Duration.ofMillis(50);

    private TakeOverBars() {}

    public static void main(String[] arguments) throws Exception {
        var runs = new Runs();
        try (var scratchpad = Scratchpad.make();
                var cluster = Shop.startWithoutPatience(scratchpad.path().resolve("merklite"), NODES)) {
            Shop.create(cluster);
            var acknowledged = new AtomicLong();
            for (var round = 0; round < ROUNDS; round++) {
                runs.add("take-over", takeOverSeconds(cluster, acknowledged));
            }
            requireRows(cluster, acknowledged.get());
        }
        Figure.atMost("take-over", "s", 10, runs.of("take-over")).print();
    }

    private static double takeOverSeconds(LocalNodes cluster, AtomicLong acknowledged) throws InterruptedException {
        var writer = Shop.writer(cluster, cluster.nodes().getFirst());
        MajorityBars.awaitCopies(NodeApi.of(writer));
        Shop.on(writer).post(CONNECTIONS, WRITES, Shop::insert).whole();
        acknowledged.addAndGet(WRITES);
        var survivors =
                cluster.nodes().stream().filter(node -> !node.equals(writer)).toList();
        var killed = System.nanoTime();
        cluster.kill(writer);
        var accepted = firstAccepted(survivors, acknowledged);
        var seconds = (accepted - killed) / 1e9;
        System.out.printf("# %s was killed: writes accepted after %.2f s%n", writer, seconds);
        cluster.start(writer);
        cluster.awaitReady();
        return seconds;
    }

    /** Asks again and again, each time anew, since a request that went to the dead writer may wait for long. */
    private static long firstAccepted(List<LocalNode> survivors, AtomicLong acknowledged) throws InterruptedException {
        var accepted = new AtomicLong();
        var isAccepted = new CountDownLatch(1);
        var deadline = System.nanoTime() + PATIENCE.toNanos();
        for (var i = 0; !isAccepted.await(PROBE_INTERVAL.toMillis(), TimeUnit.MILLISECONDS); i++) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("no write was accepted within " + PATIENCE);
            }
            var node = survivors.get(i % survivors.size());
            Thread.ofVirtual().start(() -> {
                if (isWritten(node)) {
                    acknowledged.incrementAndGet();
                    accepted.compareAndSet(0, System.nanoTime());
                    isAccepted.countDown();
                }
            });
        }
        return accepted.get();
    }

    private static boolean isWritten(LocalNode node) {
        var shop = Shop.on(node);
        try (var http = new RawHttp(shop.address(), shop.path(), shop.headers())) {
            return http.post(Shop.insert(Callers.nextNumber())) == 200
                    && shop.isGood().test(http.body());
        } catch (IOException gone) {
            return false;
        }
    }

    /** Probes whose answer was lost may have been written as well. */
    private static void requireRows(LocalNodes cluster, long acknowledged) {
        var writer = Shop.writer(cluster, cluster.nodes().getFirst());
        LocalNodes.await("every answered write is there", PATIENCE, () -> {
            var answer = Shop.on(writer)
                    .post(Shop.statement("SELECT 'all ' || (count(*) >= " + acknowledged + ") FROM item"));
            return answer.contains("all 1");
        });
    }
}
