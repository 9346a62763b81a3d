package io.merklite.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.cluster.placement.Placement;
import io.merklite.cluster.sql.StreamOptions;
import io.merklite.query.subscribe.SqlValue;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Nodes that are killed under load. The rounds are 2, or what {@code -Dmerklite.kills} says. */
class KilledWriterTest {
    private static final int ROUNDS = Integer.getInteger("merklite.kills", 2);
    private static final int CALLERS = 8;
    private static final int WRITES_BETWEEN = 300;
    /** What is under way to a node when it is killed is given up after this. */
    private static final String SETTINGS = "merklite.request-timeout = 15s";

    @TempDir
    Path directory;

    private final Set<Long> acknowledged = ConcurrentHashMap.newKeySet();
    private final AtomicLong number = new AtomicLong();
    private final AtomicBoolean isOver = new AtomicBoolean();
    private final AtomicLong running = new AtomicLong();

    @Test
    void everyAcknowledgedWriteIsThereAfterTheWriterWasKilledAgainAndAgain() throws InterruptedException {
        Map<String, Process> processes = new HashMap<>();
        try (var cluster = TestCluster.start(directory, SETTINGS, "a1")) {
            for (var name : List.of("a2", "a3")) {
                processes.put(name, cluster.startProcess(name));
            }
            cluster.awaitMembers(3);
            var database = databaseThatAvoids("a1");
            cluster.create("a1", database);
            cluster.result(
                    "a1", database, StreamOptions.DEFAULTS, "CREATE TABLE item(id INTEGER PRIMARY KEY, label TEXT)");
            for (var caller = 0; caller < CALLERS; caller++) {
                running.incrementAndGet();
                write(cluster, database);
            }

            for (var round = 0; round < ROUNDS; round++) {
                awaitProgress();
                var writer =
                        TestCluster.join(cluster.node("a1").status(database)).node();
                processes.get(writer).destroyForcibly().waitFor();
                var killed = System.nanoTime();
                var before = acknowledged.size();
                // What was under way to the dead writer is not answered, so a new write tells when the next one takes
                // over.
                awaitAccepted(cluster, database);
                System.out.printf(
                        "round %d: writes are accepted %.1f s after the kill, %d were before%n",
                        round, (System.nanoTime() - killed) / 1e9, before);
                awaitProgress();
                processes.put(writer, cluster.startProcess(writer));
                cluster.awaitMembers(3);
            }
            isOver.set(true);
            TestCluster.await(() -> running.get() == 0);

            TestCluster.await(() -> present(cluster, database).containsAll(acknowledged));
            assertThat(acknowledged.size()).isGreaterThan(ROUNDS * WRITES_BETWEEN);
        } finally {
            processes.values().forEach(Process::destroyForcibly);
        }
    }

    /** A database whose writer is none of this JVM, so that it can be killed. */
    private static String databaseThatAvoids(String node) {
        var placement = new Placement(128, 3);
        return IntStream.range(0, 1000)
                .mapToObj(i -> "shop-" + i)
                .filter(name -> placement
                        .order(placement.shardOf(name), List.of("a1", "a2", "a3"))
                        .getLast()
                        .equals(node))
                .findFirst()
                .orElseThrow();
    }

    private void write(TestCluster cluster, String database) {
        if (isOver.get()) {
            running.decrementAndGet();
            return;
        }
        var id = number.incrementAndGet();
        cluster.node("a1")
                .database(database)
                .execute("INSERT INTO item VALUES (?, 'x')", SqlValue.of(id))
                .whenComplete((result, failure) -> {
                    if (failure == null) {
                        acknowledged.add(id);
                    }
                    write(cluster, database);
                });
    }

    private void awaitAccepted(TestCluster cluster, String database) {
        var accepted = new AtomicBoolean();
        TestCluster.await(() -> {
            var id = number.incrementAndGet();
            cluster.node("a1")
                    .database(database)
                    .execute("INSERT INTO item VALUES (?, 'y')", SqlValue.of(id))
                    .thenRun(() -> {
                        acknowledged.add(id);
                        accepted.set(true);
                    });
            return accepted.get();
        });
    }

    private void awaitProgress() {
        var before = acknowledged.size();
        TestCluster.await(() -> acknowledged.size() > before + WRITES_BETWEEN);
    }

    private static Set<Long> present(TestCluster cluster, String database) {
        return cluster.rows("a1", database, "SELECT id FROM item").stream()
                .map(row -> Long.parseLong(row.getFirst()))
                .collect(Collectors.toSet());
    }
}
