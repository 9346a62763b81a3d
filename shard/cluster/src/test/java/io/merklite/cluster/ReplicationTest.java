package io.merklite.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.merklite.cluster.sql.SqlRequest;
import io.merklite.cluster.sql.SqlStatement;
import io.merklite.cluster.sql.StreamOptions;
import io.merklite.query.subscribe.SqlValue;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReplicationTest {
    @TempDir
    Path directory;

    @Test
    void singleNodeWritesAndReads() {
        try (var cluster = TestCluster.start(directory, "", "a1")) {
            cluster.create("a1", "shop");
            cluster.result(
                    "a1", "shop", StreamOptions.DEFAULTS, "CREATE TABLE item(id INTEGER PRIMARY KEY, label TEXT)");

            cluster.result(
                    "a1",
                    "shop",
                    StreamOptions.DEFAULTS,
                    "INSERT INTO item VALUES (?, ?)",
                    SqlValue.of(1),
                    SqlValue.of("one"));

            assertThat(cluster.rows("a1", "shop", "SELECT id, label FROM item"))
                    .isEqualTo(List.of(List.of("1", "one")));
        }
    }

    @Test
    void rowsWrittenInTwoDatacentersMeet() {
        try (var cluster = TestCluster.start(directory, "", "a1", "b1")) {
            cluster.create("a1", "shop");
            TestCluster.await(() -> TestCluster.join(cluster.node("b1").exists("shop")));
            cluster.result(
                    "a1", "shop", StreamOptions.DEFAULTS, "CREATE TABLE item(id INTEGER PRIMARY KEY, label TEXT)");
            TestCluster.await(() -> hasTable(cluster, "b1", "item"));

            cluster.result("a1", "shop", StreamOptions.DEFAULTS, "INSERT INTO item VALUES (1, 'one')");
            cluster.result("b1", "shop", StreamOptions.DEFAULTS, "INSERT INTO item VALUES (2, 'two')");

            var both = List.of(List.of("1", "one"), List.of("2", "two"));
            TestCluster.await(() ->
                    cluster.rows("a1", "shop", "SELECT id, label FROM item").equals(both));
            TestCluster.await(() ->
                    cluster.rows("b1", "shop", "SELECT id, label FROM item").equals(both));
        }
    }

    @Test
    void schemaChangedInOneDatacenterIsThereInTheOther() {
        try (var cluster = TestCluster.start(directory, "", "a1", "b1")) {
            cluster.create("a1", "shop");
            TestCluster.await(() -> TestCluster.join(cluster.node("b1").exists("shop")));
            cluster.result(
                    "a1", "shop", StreamOptions.DEFAULTS, "CREATE TABLE item(id INTEGER PRIMARY KEY, label TEXT)");
            cluster.result("a1", "shop", StreamOptions.DEFAULTS, "INSERT INTO item VALUES (1, 'one')");

            TestCluster.await(() -> hasTable(cluster, "b1", "item"));
            cluster.result("a1", "shop", StreamOptions.DEFAULTS, "ALTER TABLE item ADD COLUMN price REAL");
            cluster.result("b1", "shop", StreamOptions.DEFAULTS, "CREATE INDEX by_label ON item(label)");
            cluster.result("b1", "shop", StreamOptions.DEFAULTS, "INSERT INTO item(id, label) VALUES (2, 'two')");

            TestCluster.await(() -> {
                var a = TestCluster.join(cluster.node("a1").status("shop"));
                var b = TestCluster.join(cluster.node("b1").status("shop"));
                return a.root() == b.root()
                        && a.schema() == b.schema()
                        && a.vector().equals(b.vector());
            });
            assertThat(cluster.rows("b1", "shop", "SELECT id, label, price FROM item ORDER BY id"))
                    .isEqualTo(List.of(List.of("1", "one", "NULL"), List.of("2", "two", "NULL")));
            assertThat(cluster.rows("a1", "shop", "SELECT name FROM sqlite_schema WHERE type = 'index'"))
                    .isEqualTo(List.of(List.of("by_label")));
        }
    }

    @Test
    void refusedStatementIsAnAnswerAndTheDatabaseGoesOn() {
        try (var cluster = TestCluster.start(directory, "", "a1")) {
            cluster.create("a1", "shop");
            var shop = cluster.node("a1").database("shop");
            TestCluster.join(shop.execute("CREATE TABLE item(id INTEGER PRIMARY KEY, label TEXT UNIQUE)"));
            TestCluster.join(shop.execute("INSERT INTO item VALUES (1, 'one')"));

            assertThatThrownBy(() -> TestCluster.join(shop.execute("CREATE TABLE item(id)")))
                    .hasMessageContaining("already exists");
            assertThatThrownBy(() -> TestCluster.join(shop.execute("INSERT INTO item VALUES (2, 'one')")))
                    .hasMessageContaining("UNIQUE constraint failed");
            assertThatThrownBy(() -> TestCluster.join(shop.transaction(List.of(
                            SqlStatement.of("INSERT INTO item VALUES (3, 'three')"),
                            SqlStatement.of("INSERT INTO item VALUES (4, 'one')")))))
                    .hasMessageContaining("UNIQUE constraint failed");

            assertThat(cluster.rows("a1", "shop", "SELECT id FROM item")).isEqualTo(List.of(List.of("1")));
        }
    }

    @Test
    void readWithABookmarkSeesTheWriteOfAnotherDatacenter() {
        try (var cluster = TestCluster.start(directory, "", "a1", "b1")) {
            cluster.create("a1", "shop");
            cluster.result("a1", "shop", StreamOptions.DEFAULTS, "CREATE TABLE item(id INTEGER PRIMARY KEY)");
            TestCluster.await(() -> TestCluster.join(cluster.node("b1").exists("shop")));
            for (var id = 1; id <= 20; id++) {
                var stream = cluster.node("a1").stream("shop", StreamOptions.DEFAULTS);
                TestCluster.join(stream.run(
                        List.of(SqlRequest.Batch.of(SqlStatement.of("INSERT INTO item VALUES (?)", SqlValue.of(id)))),
                        true));

                var after =
                        new StreamOptions(StreamOptions.Acknowledgement.LOCAL, Optional.of(stream.bookmark()), false);

                assertThat(cluster.result("b1", "shop", after, "SELECT max(id) FROM item")
                                .rows())
                        .isEqualTo(List.of(List.of(SqlValue.of(id))));
            }
        }
    }

    private static boolean hasTable(TestCluster cluster, String node, String table) {
        return !cluster.rows(node, "shop", "SELECT 1 FROM sqlite_schema WHERE name = ?", SqlValue.of(table))
                .isEmpty();
    }
}
