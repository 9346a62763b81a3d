package io.merklite.loadtest.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import io.merklite.loadtest.local.LocalNode;
import io.merklite.loadtest.local.LocalNodes;
import io.merklite.loadtest.local.NodeApi;
import io.merklite.loadtest.local.Waiting;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;

/**
 * Command: two datacenters that could not reach each other for a minute, with 10,000 writes on each side, a tenth of them of
 * the same rows: how long until both have the same.
 *
 * <p>Properties: {@code figures.partition.seconds} (60), {@code figures.partition.runs} (2).
 */
public final class PartitionBars {
    private static final int RUNS = Integer.getInteger("figures.partition.runs", 2);
    private static final Duration PARTITION = Duration.ofSeconds(Integer.getInteger("figures.partition.seconds", 60));
    private static final int WRITES = 10_000;
    private static final int SHARED = WRITES / 10;
    private static final int CONNECTIONS = 16;
    private static final Duration PATIENCE = Duration.ofMinutes(3);
    private static final long LOOK_NANOS = 20_000_000;

    private PartitionBars() {}

    public static void main(String[] arguments) throws Exception {
        var runs = new Runs();
        for (var run = 0; run < RUNS; run++) {
            runs.add("convergence", convergenceSeconds());
        }
        Figure.atMost("partition.convergence", "s", 5, runs.of("convergence")).print();
    }

    private static double convergenceSeconds() throws IOException, InterruptedException {
        try (var scratchpad = Scratchpad.make();
                var cluster = Shop.startTwoDatacenters(scratchpad.path().resolve("merklite"))) {
            Shop.create(cluster);
            var one = cluster.nodes().getFirst();
            var other = cluster.nodes().getLast();
            Shop.on(one).post(CONNECTIONS, WRITES, number -> write(0, number)).whole();
            awaitEqual(one, other);

            cluster.isolate(Set.of(one));
            var begun = System.nanoTime();
            for (var node : cluster.nodes()) {
                Shop.on(node)
                        .post(CONNECTIONS, WRITES, number -> write(node.number(), number))
                        .whole();
            }
            var written = (System.nanoTime() - begun) / 1e9;
            requireDifferent(one, other);
            Waiting.pause(Duration.ofNanos(Math.max(0, PARTITION.toNanos() - (System.nanoTime() - begun))));
            cluster.mend();
            var mended = System.nanoTime();
            awaitEqual(one, other);
            var seconds = (System.nanoTime() - mended) / 1e9;
            requireRows(cluster);
            System.out.printf(
                    "# partition of %d s, all written after %.1f s: equal %.2f s after it ended%n",
                    PARTITION.toSeconds(), written, seconds);
            return seconds;
        }
    }

    /** One of ten goes to a row that both sides write, the others to rows of the side's own. */
    private static String write(int side, long number) {
        var id = number % 10 == 0 ? number / 10 % SHARED : side * 1_000_000_000L + number;
        return Shop.upsert(id, number);
    }

    private static void awaitEqual(LocalNode one, LocalNode other) {
        var deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!state(one).equals(state(other))) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException(
                        "not equal within " + PATIENCE + ": " + state(one) + ", " + state(other));
            }
            LockSupport.parkNanos(LOOK_NANOS);
        }
    }

    private static void requireDifferent(LocalNode one, LocalNode other) {
        if (state(one).equals(state(other))) {
            throw new IllegalStateException("the partition let writes through");
        }
    }

    private static void requireRows(LocalNodes cluster) {
        for (var node : cluster.nodes()) {
            var answer = Shop.on(node)
                    .post(Shop.statement("SELECT 'rows ' || count(*) FROM item WHERE id > " + 1_000_000_000L));
            var expected = "rows " + 2 * (WRITES - SHARED);
            if (!answer.contains(expected)) {
                throw new IllegalStateException(node + " must have " + expected + ", and answers " + answer);
            }
        }
    }

    /** Version vector and root. */
    private static List<JsonNode> state(LocalNode node) {
        var status = NodeApi.done(NodeApi.of(node).status(Shop.NAME));
        return List.of(status.path("root"), status.path("vector"));
    }
}
