package io.merklite.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.cluster.sql.StreamOptions;
import io.merklite.query.subscribe.SqlValue;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PartitionTest {
    private static final int WRITES = 200;

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
            for (var i = 1; i <= WRITES; i++) {
                insert(cluster, "a1", i, "a");
                insert(cluster, "b1", WRITES + i, "b");
            }
            cluster.result("a1", "shop", StreamOptions.DEFAULTS, "UPDATE item SET side = 'both' WHERE id = 0");
            cluster.result("b1", "shop", StreamOptions.DEFAULTS, "UPDATE item SET seen = 1 WHERE id = 0");
            assertThat(cluster.rows("a1", "shop", "SELECT count(*) FROM item"))
                    .isEqualTo(List.of(List.of(Integer.toString(WRITES + 1))));
            cluster.mend("a1", "b1");

            TestCluster.await(() -> areEqual(cluster));
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

    private static void insert(TestCluster cluster, String node, int id, String side) {
        cluster.result(
                node,
                "shop",
                StreamOptions.DEFAULTS,
                "INSERT INTO item VALUES (?, ?, 0)",
                SqlValue.of(id),
                SqlValue.of(side));
    }

    private static boolean areEqual(TestCluster cluster) {
        var a = TestCluster.join(cluster.node("a1").status("shop"));
        var b = TestCluster.join(cluster.node("b1").status("shop"));
        return a.vector().equals(b.vector()) && a.root() == b.root() && a.schema() == b.schema();
    }
}
