package io.merklite.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.cluster.sql.StreamOptions;
import io.merklite.cluster.sql.StreamOptions.Acknowledgement;
import io.merklite.query.subscribe.SqlValue;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CapacityTest {
    private static final StreamOptions ALL = new StreamOptions(Acknowledgement.ALL, Optional.empty(), false);
    private static final int DATABASES = 1_000;
    private static final int ACTIVE = 50;
    private static final int MANY = 60;
    private static final int ROWS = 100_000;

    @TempDir
    Path directory;

    @Test
    void thousandDatabasesAreThereAndFiftyWork() {
        try (var cluster = TestCluster.start(directory, "merklite.database.idle-timeout = 1s", "a1")) {
            var node = cluster.node("a1");
            List<CompletionStage<Boolean>> created = new ArrayList<>();
            for (var i = 0; i < DATABASES; i++) {
                created.add(node.create("db-" + i));
            }
            created.forEach(TestCluster::join);

            for (var i = 0; i < ACTIVE; i++) {
                var database = node.database("db-" + i);
                TestCluster.join(database.execute("CREATE TABLE item(id INTEGER PRIMARY KEY, label TEXT)"));
                TestCluster.join(database.execute("INSERT INTO item VALUES (?, 'x')", SqlValue.of(i)));
            }

            for (var i = 0; i < ACTIVE; i++) {
                assertThat(cluster.rows("a1", "db-" + i, "SELECT id FROM item"))
                        .isEqualTo(List.of(List.of(Integer.toString(i))));
            }
            var listed =
                    TestCluster.join(node.catalog().thenCompose(catalog -> catalog.list("db-", "", 2 * DATABASES)));
            assertThat(listed).hasSize(DATABASES);
        }
    }

    @Test
    void filesThatNobodyUsesCloseWhenManyAreOpen() {
        try (var cluster = TestCluster.start(directory, "merklite.database.max-open = 10", "a1")) {
            var node = cluster.node("a1");
            for (var i = 0; i < MANY; i++) {
                TestCluster.join(node.create("db-" + i));
                TestCluster.join(node.database("db-" + i).execute("CREATE TABLE item(id INTEGER PRIMARY KEY)"));
            }

            TestCluster.await(() -> openCount(cluster) < MANY / 2);
            for (var i = 0; i < MANY; i++) {
                assertThat(cluster.rows("a1", "db-" + i, "SELECT count(*) FROM item"))
                        .isEqualTo(List.of(List.of("0")));
            }
        }
    }

    /** A database whose file is open has its write-ahead log beside it. */
    private static long openCount(TestCluster cluster) {
        try (var files = Files.list(cluster.directory("a1").resolve("databases"))) {
            return files.filter(file -> file.toString().endsWith(".db-wal")).count();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void transactionOfAHundredThousandRowsReplicatesAsOne() {
        try (var cluster = TestCluster.start(directory, "", "a1", "b1")) {
            cluster.create("a1", "shop");
            TestCluster.await(() -> TestCluster.join(cluster.node("b1").exists("shop")));
            var shop = cluster.node("a1").database("shop");
            TestCluster.join(shop.execute("CREATE TABLE item(id INTEGER PRIMARY KEY, label TEXT)"));

            TestCluster.join(shop.execute(
                    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)"
                            + " INSERT INTO item SELECT i, 'label ' || i FROM n",
                    SqlValue.of(ROWS)));

            TestCluster.await(() -> {
                var counts = count(cluster);
                assertThat(counts).isIn("0", Integer.toString(ROWS));
                return counts.equals(Integer.toString(ROWS));
            });
        }
    }

    private static String count(TestCluster cluster) {
        var tables = cluster.rows("b1", "shop", "SELECT count(*) FROM sqlite_schema WHERE name = 'item'");
        return tables.equals(List.of(List.of("1")))
                ? cluster.rows("b1", "shop", "SELECT count(*) FROM item")
                        .getFirst()
                        .getFirst()
                : "0";
    }

    @Test
    void nodeThatLostItsDiskFetchesEverythingAgain() throws IOException {
        try (var cluster = TestCluster.start(directory, "", "a1", "a2", "a3")) {
            cluster.create("a1", "shop");
            cluster.result("a1", "shop", ALL, "CREATE TABLE item(id INTEGER PRIMARY KEY, label TEXT)");
            cluster.result("a1", "shop", ALL, "INSERT INTO item VALUES (1, 'one')");

            cluster.stopNode("a2");
            deleteAll(cluster.directory("a2"));
            cluster.startNode("a2");
            cluster.awaitMembers(3);

            cluster.result("a2", "shop", ALL, "INSERT INTO item VALUES (2, 'two')");
            TestCluster.await(() -> Files.exists(cluster.directory("a2").resolve("databases/shop.db")));
            assertThat(cluster.rows("a2", "shop", "SELECT id FROM item ORDER BY id"))
                    .isEqualTo(List.of(List.of("1"), List.of("2")));
        }
    }

    @Test
    void rollingRestartLosesNothingThatWasAcknowledged() {
        try (var cluster = TestCluster.start(directory, "", "a1", "a2", "a3")) {
            cluster.create("a1", "shop");
            cluster.result("a1", "shop", ALL, "CREATE TABLE item(id INTEGER PRIMARY KEY, label TEXT)");
            var id = 0;
            for (var name : List.of("a3", "a2", "a1")) {
                var other = name.equals("a2") ? "a3" : "a2";
                cluster.result(name, "shop", ALL, "INSERT INTO item VALUES (?, 'before')", SqlValue.of(++id));
                cluster.stopNode(name);
                cluster.result(
                        other,
                        "shop",
                        StreamOptions.DEFAULTS,
                        "INSERT INTO item VALUES (?, 'without')",
                        SqlValue.of(++id));
                cluster.startNode(name);
                cluster.awaitMembers(3);
            }

            for (var name : List.of("a1", "a2", "a3")) {
                assertThat(cluster.rows(name, "shop", "SELECT count(*) FROM item"))
                        .isEqualTo(List.of(List.of(Integer.toString(id))));
            }
        }
    }

    private static void deleteAll(Path directory) throws IOException {
        try (var files = Files.walk(directory)) {
            for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
