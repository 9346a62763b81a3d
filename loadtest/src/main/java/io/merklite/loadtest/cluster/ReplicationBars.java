package io.merklite.loadtest.cluster;

import io.merklite.loadtest.local.LocalNode;
import io.merklite.loadtest.local.LocalNodes;
import io.merklite.loadtest.local.NodeApi;
import io.merklite.loadtest.local.Waiting;
import java.io.IOException;
import java.nio.file.Files;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;

/**
 * Command: how far the followers of a datacenter of three are behind their writer, which answers as soon as it has a write
 * itself. After 10,000 transactions in a burst, and at 1,000 a second.
 *
 * <p>A row has lagged from the moment in which the client had its answer to the moment in which it can be read in the files
 * of both followers; one that is there before the answer has not lagged.
 */
public final class ReplicationBars {
    private static final int ROUNDS = Integer.getInteger("figures.runs", 5);
    private static final int NODES = 3;
    private static final int BURST = 10_000;
    private static final int BURST_CONNECTIONS = 64;
    private static final int PACED_CONNECTIONS = 16;
    private static final int PER_SECOND = 1_000;
    private static final int PACED_SECONDS = 5;
    private static final int MAX_ROWS = 1_000_000;
    private static final Duration PATIENCE = Duration.ofMinutes(1);
    private static final Pattern ROWID = Pattern.compile("\"last_insert_rowid\":\"(\\d+)\"");
    private static final double NANOS_PER_MILLI = 1e6;

    private ReplicationBars() {}

    public static void main(String[] arguments) throws Exception {
        var runs = new Runs();
        try (var scratchpad = Scratchpad.make();
                var cluster = Shop.start(scratchpad.path().resolve("merklite"), NODES)) {
            Shop.create(cluster);
            var writer = Shop.writer(cluster, cluster.nodes().getFirst());
            var shop = Shop.on(writer);
            WarmUp.untilSteady(duration -> shop.run(BURST_CONNECTIONS, duration, Shop::append));
            MajorityBars.awaitCopies(NodeApi.of(writer));
            var followers = followers(cluster, writer);
            try {
                for (var round = 0; round < ROUNDS; round++) {
                    burst(runs, shop, followers);
                    paced(runs, shop, followers);
                }
            } finally {
                for (var follower : followers) {
                    follower.close();
                }
            }
        }
        Figure.atMost("replication.after-10000", "ms", 50, runs.of("burst")).print();
        Figure.atMost("replication.lag.p50", "ms", 5, runs.of("p50")).print();
        Figure.atMost("replication.lag.p99", "ms", 50, runs.of("p99")).print();
    }

    private static List<FollowerFile> followers(LocalNodes cluster, LocalNode writer) throws SQLException {
        List<FollowerFile> followers = new ArrayList<>();
        for (var node : cluster.nodes()) {
            if (!node.equals(writer)) {
                LocalNodes.await(
                        node + " has a file",
                        PATIENCE,
                        () -> Files.exists(node.directory().resolve("data/databases/" + Shop.NAME + ".db")));
                followers.add(FollowerFile.open(node));
            }
        }
        return followers;
    }

    private static void burst(Runs runs, HttpLoad shop, List<FollowerFile> followers) throws InterruptedException {
        var before = rowid(shop.post(Shop.append(Callers.nextNumber())));
        var seen = shop.post(BURST_CONNECTIONS, BURST, Shop::append).whole();
        var ended = System.nanoTime();
        var last = before + BURST;
        var behind =
                followers.stream().mapToLong(file -> last - file.seenId()).max().orElse(0);
        awaitRow(followers, last);
        var lag = Math.max(0, (seenNanos(followers, last) - ended) / NANOS_PER_MILLI);
        System.out.printf(
                "# burst of %d: %s; behind at the end %d, all there after %.1f ms%n", BURST, seen, behind, lag);
        runs.add("burst", lag);
    }

    private static void paced(Runs runs, HttpLoad shop, List<FollowerFile> followers) throws InterruptedException {
        var answered = new AtomicLongArray(MAX_ROWS);
        var first = rowid(shop.post(Shop.append(Callers.nextNumber()))) + 1;
        var begin = System.nanoTime();
        var threads = new Thread[PACED_CONNECTIONS];
        for (var i = 0; i < PACED_CONNECTIONS; i++) {
            var connection = i;
            threads[i] = Thread.ofVirtual().start(() -> pace(shop, connection, begin, answered));
        }
        for (var thread : threads) {
            thread.join();
        }
        var seconds = (System.nanoTime() - begin) / 1e9;
        var count = PER_SECOND * PACED_SECONDS;
        awaitRow(followers, first + count - 1);
        var lags = new double[count];
        for (var i = 0; i < count; i++) {
            if (answered.get((int) first + i) == 0) {
                throw new IllegalStateException("row " + (first + i) + " is there, and nobody wrote it");
            }
            lags[i] = Math.max(0, (seenNanos(followers, first + i) - answered.get((int) first + i)) / NANOS_PER_MILLI);
        }
        Arrays.sort(lags);
        var p50 = lags[count / 2];
        var p99 = lags[count * 99 / 100];
        System.out.printf("# paced: %.0f/s, lag p50 %.2f ms, p99 %.2f ms%n", count / seconds, p50, p99);
        runs.add("p50", p50);
        runs.add("p99", p99);
    }

    /** Posts at its share of the moments, or as soon as it can if it is late. */
    private static void pace(HttpLoad shop, int connection, long begin, AtomicLongArray answered) {
        try (var http = new RawHttp(shop.address(), shop.path(), shop.headers())) {
            for (var i = connection; i < PER_SECOND * PACED_SECONDS; i += PACED_CONNECTIONS) {
                var due = begin + i * (1_000_000_000L / PER_SECOND);
                for (var left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
                    LockSupport.parkNanos(left);
                }
                http.post(Shop.append(Callers.nextNumber()));
                answered.set((int) rowid(http.body()), System.nanoTime());
            }
        } catch (IOException e) {
            throw new IllegalStateException("posting to " + shop.address(), e);
        }
    }

    private static void awaitRow(List<FollowerFile> followers, long id) {
        if (!Waiting.until(PATIENCE, () -> followers.stream().allMatch(file -> file.seenId() >= id))) {
            throw new IllegalStateException("row " + id + " has not come to all followers within " + PATIENCE);
        }
    }

    private static long seenNanos(List<FollowerFile> followers, long id) {
        return followers.stream().mapToLong(file -> file.seenNanos(id)).max().orElse(0);
    }

    private static long rowid(String answer) {
        var found = ROWID.matcher(answer);
        if (!found.find()) {
            throw new IllegalStateException("an insert was answered with " + answer);
        }
        return Long.parseLong(found.group(1));
    }
}
