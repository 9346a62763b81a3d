package io.merklite.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.merklite.cluster.sql.StreamOptions;
import io.merklite.cluster.sql.StreamOptions.Acknowledgement;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FollowersTest {
    private static final StreamOptions ALL = new StreamOptions(Acknowledgement.ALL, Optional.empty(), false);
    private static final String CREATE = "CREATE TABLE item(id INTEGER PRIMARY KEY, label TEXT)";
    private static final String SELECT = "SELECT id, label FROM item ORDER BY id";

    @TempDir
    Path directory;

    @Test
    void newNodeFetchesTheDatabaseFollowsAndTakesOver() {
        try (var cluster = TestCluster.start(directory, "", "a1")) {
            cluster.create("a1", "shop");
            cluster.result("a1", "shop", StreamOptions.DEFAULTS, CREATE);
            cluster.result("a1", "shop", StreamOptions.DEFAULTS, "INSERT INTO item VALUES (1, 'one')");

            cluster.startNode("a2");
            cluster.awaitMembers(2);
            TestCluster.await(() ->
                    TestCluster.join(cluster.node("a1").status("shop")).copies().size() == 1);
            cluster.result("a2", "shop", ALL, "INSERT INTO item VALUES (2, 'two')");
            cluster.stopNode("a1");

            assertThat(cluster.rows("a2", "shop", SELECT)).isEqualTo(List.of(List.of("1", "one"), List.of("2", "two")));
        }
    }

    @Test
    void nodeTellsNeighboursThatComeLongAfterItWhatItHas() {
        try (var cluster = TestCluster.start(directory, "merklite.database.idle-timeout = 1s", "b1", "a1")) {
            cluster.create("a1", "shop");
            cluster.result("a1", "shop", StreamOptions.DEFAULTS, CREATE);
            cluster.stopNode("a1");
            cluster.startNode("a1");
            cluster.awaitMembers(2);

            cluster.startNode("a2");

            var copy = cluster.directory("a2").resolve("databases/shop.db");
            TestCluster.await(() -> Files.exists(copy));
        }
    }

    @Test
    void restartedNodeHasWhatItWrote() {
        try (var cluster = TestCluster.start(directory, "", "a1")) {
            cluster.create("a1", "shop");
            cluster.result("a1", "shop", StreamOptions.DEFAULTS, CREATE);
            cluster.result("a1", "shop", StreamOptions.DEFAULTS, "INSERT INTO item VALUES (1, 'one')");

            cluster.stopNode("a1");
            cluster.startNode("a1");

            assertThat(cluster.rows("a1", "shop", SELECT)).isEqualTo(List.of(List.of("1", "one")));
        }
    }

    @Test
    void droppedDatabaseIsGoneOnAllNodes() {
        try (var cluster = TestCluster.start(directory, "", "a1", "a2")) {
            cluster.create("a1", "shop");
            cluster.result("a1", "shop", StreamOptions.DEFAULTS, CREATE);
            cluster.result("a1", "shop", ALL, "INSERT INTO item VALUES (1, 'one')");

            assertThat(TestCluster.join(cluster.node("a2").drop("shop"))).isTrue();

            for (var node : List.of("a1", "a2")) {
                TestCluster.await(() -> !Files.exists(cluster.directory(node).resolve("databases/shop.db")));
            }
            assertThatThrownBy(() -> cluster.rows("a1", "shop", SELECT))
                    .isInstanceOf(ClusterException.NoDatabase.class);
        }
    }

    @Test
    void askingForADatabaseDoesNotMakeOne() {
        try (var cluster = TestCluster.start(directory, "", "a1")) {
            assertThatThrownBy(() -> cluster.rows("a1", "shop", "SELECT 1"))
                    .isInstanceOf(ClusterException.NoDatabase.class);
        }
    }
}
