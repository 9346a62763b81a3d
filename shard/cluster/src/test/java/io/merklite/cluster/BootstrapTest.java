package io.merklite.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.cluster.sql.StreamOptions;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A new node fetches a database of some size. */
class BootstrapTest {
    private static final int MEGABYTES = Integer.getInteger("merklite.bootstrap.megabytes", 1024);
    private static final int FEW_MEGABYTES = 50;
    private static final int PART_MEGABYTES = 10;

    @TempDir
    Path directory;

    @Test
    void newNodeFetchesADatabaseOfFiftyMegabytes() throws Exception {
        fetches(FEW_MEGABYTES);
    }

    /** Of 1 GB, or what {@code -Dmerklite.bootstrap.megabytes} says. */
    @Test
    @Tag("slow")
    void newNodeFetchesALargeDatabase() throws Exception {
        fetches(MEGABYTES);
    }

    private void fetches(int megabytes) throws Exception {
        try (var cluster = TestCluster.start(directory, "merklite.request-timeout = 60s", "a1")) {
            var database = FollowerReadsTest.databaseWrittenAt("a1", "a1", "a2");
            cluster.create("a1", database);
            cluster.result(
                    "a1", database, StreamOptions.DEFAULTS, "CREATE TABLE item(id INTEGER PRIMARY KEY, value BLOB)");
            var parts = Math.ceilDiv(megabytes, PART_MEGABYTES);
            for (var part = 0; part < parts; part++) {
                cluster.result(
                        "a1",
                        database,
                        StreamOptions.DEFAULTS,
                        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100)"
                                + " INSERT INTO item(value) SELECT randomblob(100000) FROM n");
            }

            var started = System.nanoTime();
            var node = cluster.startNode("a2");
            cluster.awaitMembers(2);
            var file = cluster.directory("a2").resolve("databases/" + database + ".db");
            for (var patience = 0; patience < 20 && !Files.exists(file); patience++) {
                awaitFor(file);
            }
            TestCluster.await(() -> TestCluster.join(node.status(database)).copies().stream()
                    .anyMatch(copy -> copy.vector()
                            .covers(TestCluster.join(node.status(database)).vector())));
            System.out.printf(
                    "%d MB fetched by a new node after %.1f s, its start included%n",
                    Files.size(file) >> 20,
                    Duration.ofNanos(System.nanoTime() - started).toMillis() / 1e3);

            assertThat(Files.size(file)).isGreaterThan(megabytes * 1_000_000L);
            assertThat(cluster.rows("a2", database, "SELECT count(*), sum(length(value)) FROM item"))
                    .isEqualTo(List.of(List.of(Integer.toString(parts * 100), parts + "0000000")));
        }
    }

    private static void awaitFor(Path file) {
        try {
            TestCluster.await(() -> Files.exists(file));
        } catch (AssertionError e) {
            assertThat(file.resolveSibling(file.getFileName() + ".part")).exists(); // it is coming
        }
    }
}
