package io.merklite.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.cluster.catalog.Catalog;
import io.merklite.cluster.sql.StreamOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A database that is dropped and made again while one of its copies is away. */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class MadeAgainTest {
    private static final List<List<String>> NEW = List.of(List.of("new"));

    @TempDir
    Path directory;

    @Test
    void copyOfANodeThatWasAwayIsSetAside() throws Exception {
        try (var cluster = TestCluster.start(directory, "", "a1", "a2")) {
            var database = FollowerReadsTest.databaseWrittenAt("a1", "a1", "a2");
            makeWith(cluster, database, "old");
            TestCluster.await(() -> has(cluster, "a2", database, "old"));
            cluster.stopNode("a2");
            cluster.awaitMembers(1);

            makeAgain(cluster, database);
            cluster.startNode("a2");
            cluster.awaitMembers(2);

            TestCluster.await(() -> has(cluster, "a2", database, "new"));
            assertThat(labels(file(cluster, "a2", database))).containsExactly("new");
            assertThat(labels(asides(cluster, "a2", database).getFirst())).containsExactly("old");
            assertThat(cluster.rows("a1", database, "SELECT label FROM item")).isEqualTo(NEW);
        }
    }

    @Test
    void writesOfADatacenterThatDidNotHearOfTheDropAreSetAside() throws Exception {
        try (var cluster = TestCluster.start(directory, "", "a1", "b1")) {
            makeWith(cluster, "shop", "old");
            TestCluster.await(() -> TestCluster.join(cluster.node("b1").exists("shop")));
            TestCluster.await(() -> has(cluster, "b1", "shop", "old"));

            cluster.cut("a1", "b1");
            cluster.result("b1", "shop", StreamOptions.DEFAULTS, "INSERT INTO item(label) VALUES ('unsent')");
            makeAgain(cluster, "shop");
            cluster.mend("a1", "b1");

            TestCluster.await(() -> has(cluster, "b1", "shop", "new"));
            TestCluster.await(() -> !asides(cluster, "b1", "shop").isEmpty());
            assertThat(labels(asides(cluster, "b1", "shop").getFirst())).containsExactly("old", "unsent");
            cluster.result("b1", "shop", StreamOptions.DEFAULTS, "INSERT INTO item(label) VALUES ('newer')");
            TestCluster.await(() -> cluster.rows("a1", "shop", "SELECT label FROM item ORDER BY label")
                    .equals(List.of(List.of("new"), List.of("newer"))));
            assertThat(asides(cluster, "a1", "shop")).isEmpty();
        }
    }

    @Test
    void catalogFromBeforeThereWereGenerationsIsUpgraded() {
        try (var cluster = TestCluster.start(directory, "", "a1")) {
            var catalog = Catalog.DATABASE;
            cluster.result("a1", catalog, StreamOptions.DEFAULTS, """
                    CREATE TABLE databases(
                        name TEXT PRIMARY KEY NOT NULL, created_at INTEGER NOT NULL, dropped_at INTEGER) WITHOUT ROWID
                    """);
            cluster.result(
                    "a1",
                    catalog,
                    StreamOptions.DEFAULTS,
                    "INSERT INTO databases VALUES ('kept', 1, NULL), ('gone', 1, 2)");

            assertThat(look(cluster, "kept")).isEqualTo(new Catalog.Known(Catalog.State.EXISTS, 1));
            assertThat(look(cluster, "gone")).isEqualTo(new Catalog.Known(Catalog.State.DROPPED, 1));
            cluster.create("a1", "gone");
            assertThat(look(cluster, "gone")).isEqualTo(new Catalog.Known(Catalog.State.EXISTS, 2));
        }
    }

    private static Catalog.Known look(TestCluster cluster, String database) {
        return TestCluster.join(cluster.node("a1").catalog().thenCompose(known -> known.look(database)));
    }

    private static void makeAgain(TestCluster cluster, String database) {
        assertThat(TestCluster.join(cluster.node("a1").drop(database))).isTrue();
        makeWith(cluster, database, "new");
    }

    private static void makeWith(TestCluster cluster, String database, String label) {
        cluster.create("a1", database);
        TestCluster.await(() -> {
            try {
                cluster.result(
                        "a1",
                        database,
                        StreamOptions.DEFAULTS,
                        "CREATE TABLE item(id INTEGER PRIMARY KEY, label TEXT)");
                return true;
            } catch (ClusterException e) {
                return false; // the one before still closes
            }
        });
        cluster.result("a1", database, StreamOptions.DEFAULTS, "INSERT INTO item(label) VALUES ('" + label + "')");
    }

    /** Whether the file on a node has a row with this label. */
    private static boolean has(TestCluster cluster, String node, String database, String label) {
        try {
            return labels(file(cluster, node, database)).contains(label);
        } catch (java.sql.SQLException e) {
            return false; // it has no table yet, or is being replaced
        }
    }

    private static Path file(TestCluster cluster, String node, String database) {
        return cluster.directory(node).resolve("databases/" + database + ".db");
    }

    private static List<Path> asides(TestCluster cluster, String node, String database) {
        try (var files = Files.list(cluster.directory(node).resolve("databases"))) {
            return files.filter(file -> file.getFileName().toString().startsWith(database + ".db.set-aside-"))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<String> labels(Path file) throws java.sql.SQLException {
        if (!Files.exists(file)) {
            return List.of();
        }
        try (var connection = DriverManager.getConnection("jdbc:sqlite:" + file);
                var statement = connection.createStatement();
                var rows = statement.executeQuery("SELECT label FROM item ORDER BY label")) {
            var labels = new java.util.ArrayList<String>();
            while (rows.next()) {
                labels.add(rows.getString(1));
            }
            return labels;
        }
    }
}
