package io.merklite.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.cluster.replica.Watch;
import io.merklite.cluster.sql.StreamOptions;
import io.merklite.cluster.sql.StreamOptions.Acknowledgement;
import io.merklite.query.subscribe.SqlValue;
import io.merklite.sync.vector.VersionVector;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is larger than a frame of the link between two nodes (512 KiB) gets from one to the other all the same. */
class LargeMessagesTest {
    private static final StreamOptions ALL = new StreamOptions(Acknowledgement.ALL, Optional.empty(), false);
    private static final String CREATE = "CREATE TABLE item(id INTEGER PRIMARY KEY, label TEXT)";
    private static final int LARGE = 2_000_000;
    /** Does not get much smaller by compression. */
    private static final String TEXT = text(LARGE);

    private static final int SMALL_WRITES = 200;

    @TempDir
    static Path directory;

    private static TestCluster cluster;

    @BeforeAll
    static void start() {
        // The log keeps so little that who was away takes the merkle path.
        cluster = TestCluster.start(
                directory,
                "merklite { replication.log-window = 1 KiB, log.retain.count = 10, request-timeout = 60s }",
                "a1",
                "a2",
                "b1");
    }

    @AfterAll
    static void stop() {
        cluster.close();
    }

    @Test
    void requestAndAnswerOfMegabytesGoThroughAnotherNode() {
        var database = FollowerReadsTest.databaseWrittenAt("a1", "a1", "a2");
        cluster.create("a1", database);
        cluster.result("a2", database, ALL, CREATE);

        cluster.result("a2", database, ALL, "INSERT INTO item VALUES (1, ?)", SqlValue.of(TEXT));

        assertThat(cluster.rows("a2", database, "SELECT label FROM item")).isEqualTo(List.of(List.of(TEXT)));
    }

    @Test
    void watcherOnAnotherNodeIsToldOfLargeChangesInOrder() {
        var database = FollowerReadsTest.databaseWrittenAt("a1", "a1", "a2");
        cluster.create("a1", database);
        cluster.result("a1", database, StreamOptions.DEFAULTS, CREATE);
        Queue<Watch> told = new ConcurrentLinkedQueue<>();
        var begun = TestCluster.join(cluster.node("a1").status(database)).vector();

        var watch = cluster.node("a2").database(database).changes(begun, told::add);
        for (var length : List.of(1, LARGE, 1, LARGE, 1)) {
            cluster.result(
                    "a1", database, ALL, "INSERT INTO item(label) VALUES (?)", SqlValue.of(TEXT.substring(0, length)));
        }

        TestCluster.await(() -> told.size() == 5);
        assertThat(told.stream()
                        .map(Watch.Changed.class::cast)
                        .map(changed -> changed.transaction().seq())
                        .toList())
                .isSorted();
        close(watch);
    }

    @Test
    void largeRowsReachTheOtherDatacenterByTheMerklePath() {
        var database = FollowerReadsTest.databaseWrittenAt("a1", "a1", "a2");
        cluster.create("a1", database);
        TestCluster.await(() -> TestCluster.join(cluster.node("b1").exists(database)));
        cluster.result("a1", database, ALL, CREATE);
        TestCluster.await(() -> areEqual(database));

        List.of("a1", "a2").forEach(node -> cluster.cut(node, "b1"));
        cluster.result("a1", database, ALL, "INSERT INTO item VALUES (1, ?)", SqlValue.of(TEXT));
        for (var id = 2; id <= SMALL_WRITES; id++) {
            cluster.result("a1", database, StreamOptions.DEFAULTS, "INSERT INTO item VALUES (?, 'x')", SqlValue.of(id));
        }
        assertThat(gapBefore(database)).isTrue();
        List.of("a1", "a2").forEach(node -> cluster.mend(node, "b1"));

        TestCluster.await(() -> areEqual(database));
        assertThat(cluster.rows("b1", database, "SELECT count(*), max(length(label)) FROM item"))
                .isEqualTo(List.of(List.of(Integer.toString(SMALL_WRITES), Integer.toString(LARGE))));
    }

    @Test
    void largeRowReachesTheFollowerByTheMerklePath() {
        var database = FollowerReadsTest.databaseWrittenAt("a1", "a1", "a2");
        cluster.create("a1", database);
        cluster.result("a1", database, ALL, CREATE);

        cluster.stopNode("a2");
        cluster.result("a1", database, StreamOptions.DEFAULTS, "INSERT INTO item VALUES (1, ?)", SqlValue.of(TEXT));
        for (var id = 2; id <= SMALL_WRITES; id++) {
            cluster.result("a1", database, StreamOptions.DEFAULTS, "INSERT INTO item VALUES (?, 'x')", SqlValue.of(id));
        }
        assertThat(gapBefore(database)).isTrue();
        cluster.startNode("a2");
        cluster.awaitMembers(3);

        TestCluster.await(() -> countAndLength("a2", database).equals(List.of(SMALL_WRITES + "", LARGE + "")));
    }

    /** As the copy on the node has it. */
    private static List<String> countAndLength(String node, String database) {
        var local = new StreamOptions(Acknowledgement.LOCAL, Optional.empty(), true, StreamOptions.Level.LOCAL);
        var rows = TestCluster.join(cluster.node(node)
                .database(database)
                .with(local)
                .query("SELECT CAST(count(*) AS TEXT), CAST(max(length(label)) AS TEXT) FROM item"));
        return rows.getFirst().stream()
                .map(value -> ((SqlValue.Text) value).value())
                .toList();
    }

    private static String text(int length) {
        return new Random(7)
                .ints(length, '!', '~')
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }

    /** Whether the log does not have all transactions any more. */
    private static boolean gapBefore(String database) {
        Queue<Watch> told = new ConcurrentLinkedQueue<>();
        var watch = cluster.node("a1").database(database).changes(VersionVector.EMPTY, told::add);
        TestCluster.await(() -> !told.isEmpty());
        close(watch);
        return told.peek() instanceof Watch.Gap;
    }

    private static void close(AutoCloseable watch) {
        try {
            watch.close();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private static boolean areEqual(String database) {
        var a = TestCluster.join(cluster.node("a1").status(database));
        var b = TestCluster.join(cluster.node("b1").status(database));
        return a.vector().equals(b.vector()) && a.root() == b.root() && a.schema() == b.schema();
    }
}
