package io.merklite.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.cluster.sql.StreamOptions;
import io.merklite.query.subscribe.SqlValue;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.cluster.typed.Cluster;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The writes on each side are 500, or what {@code -Dmerklite.partition.writes} says. */
class PartitionTest {
    private static final int WRITES = Integer.getInteger("merklite.partition.writes", 500);
    private static final int AT_ONCE = 64;

    @TempDir
    Path directory;

    @Test
    void writesOnBothSidesOfAPartitionMeetWhenItHeals() {
        try (var cluster = TestCluster.start(directory, "", "a1", "b1")) {
            cluster.create("a1", "shop");
            cluster.result(
                    "a1",
                    "shop",
                    StreamOptions.DEFAULTS,
                    "CREATE TABLE item(id INTEGER PRIMARY KEY, side TEXT, seen INTEGER)");
            cluster.result("a1", "shop", StreamOptions.DEFAULTS, "INSERT INTO item VALUES (0, 'none', 0)");
            TestCluster.await(() -> TestCluster.join(cluster.node("b1").exists("shop")));
            TestCluster.await(() -> areEqual(cluster));

            cluster.cut("a1", "b1");
            List<CompletionStage<?>> writes = new ArrayList<>();
            for (var i = 1; i <= WRITES; i++) {
                writes.add(insert(cluster, "a1", i, "a"));
                writes.add(insert(cluster, "b1", WRITES + i, "b"));
                if (i % AT_ONCE == 0) {
                    writes.forEach(TestCluster::join);
                    writes.clear();
                }
            }
            writes.forEach(TestCluster::join);
            cluster.result("a1", "shop", StreamOptions.DEFAULTS, "UPDATE item SET side = 'both' WHERE id = 0");
            cluster.result("b1", "shop", StreamOptions.DEFAULTS, "UPDATE item SET seen = 1 WHERE id = 0");
            assertThat(cluster.rows("a1", "shop", "SELECT count(*) FROM item"))
                    .isEqualTo(List.of(List.of(Integer.toString(WRITES + 1))));
            var healed = System.nanoTime();
            cluster.mend("a1", "b1");

            TestCluster.await(() -> areEqual(cluster));
            System.out.printf(
                    "%d writes on each side are everywhere %.1f s after the partition%n",
                    WRITES, (System.nanoTime() - healed) / 1e9);
            for (var node : List.of("a1", "b1")) {
                assertThat(cluster.rows(node, "shop", "SELECT side, count(*) FROM item GROUP BY side ORDER BY side"))
                        .isEqualTo(List.of(
                                List.of("a", Integer.toString(WRITES)),
                                List.of("b", Integer.toString(WRITES)),
                                List.of("both", "1")));
                assertThat(cluster.rows(node, "shop", "SELECT seen FROM item WHERE id = 0"))
                        .isEqualTo(List.of(List.of("1")));
            }
        }
    }

    @Test
    void datacentersCompareAsSoonAsTheyReachEachOther() {
        var settings = "merklite.anti-entropy.interval = 1h, pekko.cluster.multi-data-center.failure-detector"
                + " { heartbeat-interval = 200ms, acceptable-heartbeat-pause = 1s }";
        try (var cluster = TestCluster.start(directory, settings, "a1", "b1")) {
            cluster.create("a1", "shop");
            cluster.result("a1", "shop", StreamOptions.DEFAULTS, "CREATE TABLE item(id INTEGER PRIMARY KEY)");
            TestCluster.await(() -> TestCluster.join(cluster.node("b1").exists("shop")));
            TestCluster.await(() -> areEqual(cluster));

            cluster.cut("a1", "b1");
            TestCluster.await(() -> isApart(cluster, "a1") && isApart(cluster, "b1"));
            cluster.result("a1", "shop", StreamOptions.DEFAULTS, "INSERT INTO item VALUES (1)");
            cluster.mend("a1", "b1");

            TestCluster.await(() -> areEqual(cluster));
            assertThat(cluster.rows("b1", "shop", "SELECT id FROM item")).isEqualTo(List.of(List.of("1")));
        }
    }

    private static boolean isApart(TestCluster cluster, String node) {
        return !Cluster.get(cluster.node(node).system())
                .state()
                .getUnreachableDataCenters()
                .isEmpty();
    }

    private static CompletionStage<?> insert(TestCluster cluster, String node, int id, String side) {
        return cluster.node(node)
                .database("shop")
                .execute("INSERT INTO item VALUES (?, ?, 0)", SqlValue.of(id), SqlValue.of(side));
    }

    private static boolean areEqual(TestCluster cluster) {
        var a = TestCluster.join(cluster.node("a1").status("shop"));
        var b = TestCluster.join(cluster.node("b1").status("shop"));
        return a.vector().equals(b.vector()) && a.root() == b.root() && a.schema() == b.schema();
    }
}
