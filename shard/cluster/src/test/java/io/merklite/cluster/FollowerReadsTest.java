package io.merklite.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.cluster.placement.Placement;
import io.merklite.cluster.sql.CursorEntry;
import io.merklite.cluster.sql.SqlRequest;
import io.merklite.cluster.sql.SqlResponse;
import io.merklite.cluster.sql.SqlStatement;
import io.merklite.cluster.sql.SqlStep;
import io.merklite.cluster.sql.SqlStream;
import io.merklite.cluster.sql.StepOutcome;
import io.merklite.cluster.sql.StreamOptions;
import io.merklite.cluster.sql.StreamOptions.Acknowledgement;
import io.merklite.cluster.sql.StreamOptions.Level;
import io.merklite.query.subscribe.SqlValue;
import io.merklite.sync.stamp.Origin;
import io.merklite.sync.vector.VersionVector;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Reads on nodes that do not have the writer. */
class FollowerReadsTest {
    private static final StreamOptions ALL = new StreamOptions(Acknowledgement.ALL, Optional.empty(), false);
    private static final String CREATE = "CREATE TABLE item(id INTEGER PRIMARY KEY, label TEXT)";
    private static final String COUNT = "SELECT count(*) FROM item";

    @TempDir
    static Path directory;

    private static final AtomicInteger COUNTER = new AtomicInteger();
    private static TestCluster cluster;

    @BeforeAll
    static void start() {
        cluster = TestCluster.start(
                directory,
                "merklite { reads = nearest, database.reads-wait = 1s, request-timeout = 60s }",
                "a1",
                "a2",
                "a3");
    }

    @AfterAll
    static void stop() {
        cluster.close();
    }

    @Test
    void readsThroughAFollowersNodeRunThereAndGoOnWithoutTheWriter() {
        var database = fresh();
        prepare(database);
        awaitReadable("a2", database);

        var before = nearby();
        for (var i = 0; i < 20; i++) {
            assertThat(cluster.rows("a2", database, COUNT)).isEqualTo(List.of(List.of("1")));
        }
        TestCluster.await(() -> nearby() - before == 20);

        cluster.cut("a2", "a1");
        assertThat(cluster.rows("a2", database, COUNT)).isEqualTo(List.of(List.of("1")));
        cluster.mend("a2", "a1");
    }

    @Test
    void eachReadSeesWhatWasAcknowledgedThroughItsNodeUnderLoad() {
        var database = fresh();
        prepare(database);
        awaitReadable("a2", database);
        var before = nearby();
        var next = new AtomicInteger(1);

        List<CompletionStage<?>> callers = new ArrayList<>();
        for (var caller = 0; caller < 16; caller++) {
            callers.add(writeAndRead(database, next, 40));
        }
        for (var i = 0; i < 400; i++) { // what others write through another node is in the way
            callers.add(cluster.node("a1")
                    .database(database)
                    .execute("INSERT INTO item VALUES (?, 'other')", SqlValue.of(1_000_000 + i)));
        }
        callers.forEach(TestCluster::join);

        assertThat(nearby()).isGreaterThan(before);
    }

    private static CompletionStage<?> writeAndRead(String database, AtomicInteger next, int left) {
        if (left == 0) {
            return CompletableFuture.completedFuture(null);
        }
        var id = next.incrementAndGet();
        var here = cluster.node("a2").database(database);
        return here.execute("INSERT INTO item VALUES (?, 'mine')", SqlValue.of(id))
                .thenCompose(done -> here.query("SELECT count(*) FROM item WHERE id = ?", SqlValue.of(id)))
                .thenCompose(rows -> {
                    assertThat(rows).isEqualTo(List.of(List.of(SqlValue.of(1))));
                    return writeAndRead(database, next, left - 1);
                });
    }

    @Test
    void readsOfAllLevelsRunWhereTheyShould() {
        var database = fresh();
        prepare(database);
        awaitReadable("a2", database);
        var before = nearby();

        assertThat(cluster.result("a2", database, level(Level.WRITER), COUNT).rows())
                .isEqualTo(List.of(List.of(SqlValue.of(1))));
        assertThat(nearby()).isEqualTo(before);

        assertThat(cluster.result("a2", database, level(Level.LOCAL), COUNT).rows())
                .isEqualTo(List.of(List.of(SqlValue.of(1))));
        TestCluster.await(() -> nearby() == before + 1);
        assertThat(TestCluster.join(cluster.node("a2").catchingUpCount())).isZero();
    }

    private static StreamOptions level(Level level) {
        // A bookmark that no copy will ever have: only the local level doesn't wait for it.
        return new StreamOptions(
                Acknowledgement.LOCAL,
                level == Level.LOCAL ? Optional.of(VersionVector.of(Map.of(new Origin(7), 7L))) : Optional.empty(),
                false,
                level);
    }

    @Test
    void bookmarkOfAnotherNodeIsWaitedForAtTheCopy() {
        var database = fresh();
        prepare(database);
        awaitReadable("a2", database);
        var before = nearby();

        for (var id = 2; id <= 50; id++) {
            var writing = cluster.node("a1").stream(database, StreamOptions.DEFAULTS);
            run(writing, "INSERT INTO item VALUES (" + id + ", 'x')");
            var after = new StreamOptions(Acknowledgement.LOCAL, Optional.of(writing.bookmark()), false);

            assertThat(cluster.result("a2", database, after, "SELECT max(id) FROM item")
                            .rows())
                    .isEqualTo(List.of(List.of(SqlValue.of(id))));
        }

        assertThat(nearby()).isGreaterThan(before);
    }

    @Test
    void nodeThatFetchesItsCopyReadsAtTheWriterMeanwhileAndTheSettingHasAllReadsRunThere(@TempDir Path other) {
        var writer = "merklite.reads = writer";
        try (var cluster = TestCluster.start(other, writer, "b1")) {
            var database = databaseWrittenAt("b1", "b1", "b2");
            cluster.create("b1", database);
            cluster.result("b1", database, StreamOptions.DEFAULTS, CREATE);
            var node = cluster.startNode("b2", "merklite.reads = nearest");
            cluster.awaitMembers(2);

            TestCluster.await(() -> runsNearby(
                    () -> assertThat(TestCluster.join(node.database(database).query(COUNT)))
                            .isEqualTo(List.of(List.of(SqlValue.of(0))))));

            var before = nearby();
            assertThat(cluster.rows("b1", database, COUNT)).isEqualTo(List.of(List.of("0")));
            assertThat(nearby()).isEqualTo(before);
        }
    }

    @Test
    void cursorAndReadOnlyTransactionHoldTheSnapshotOfTheCopy() {
        var database = fresh();
        prepare(database);
        cluster.result(
                "a1",
                database,
                ALL,
                "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)"
                        + " INSERT INTO item SELECT i, 'x' FROM n");
        awaitReadable("a2", database);
        var before = nearby();
        var reading = cluster.node("a2").stream(database, StreamOptions.DEFAULTS);
        var scrolling = cluster.node("a2").stream(database, StreamOptions.DEFAULTS);

        run(reading, "BEGIN TRANSACTION READONLY");
        assertThat(run(reading, COUNT)).isEqualTo(List.of(List.of(SqlValue.of(1000))));
        var cursor = TestCluster.join(
                scrolling.open(SqlRequest.Batch.of(SqlStatement.of("SELECT id FROM item ORDER BY id"))));
        var entries =
                new ArrayList<>(TestCluster.join(cursor.fetch(10, 1 << 20)).entries());
        cluster.result("a1", database, ALL, "DELETE FROM item WHERE id > 1");
        while (true) {
            var page = TestCluster.join(cursor.fetch(100, 1 << 20));
            entries.addAll(page.entries());
            if (page.isDone()) {
                break;
            }
        }

        assertThat(entries.stream().filter(CursorEntry.Row.class::isInstance)).hasSize(1000);
        assertThat(run(reading, COUNT)).isEqualTo(List.of(List.of(SqlValue.of(1000))));
        assertThat(failure(reading, "INSERT INTO item VALUES (2, 'x')")).isEqualTo("SQLITE_READONLY");
        run(reading, "COMMIT");
        assertThat(nearby() - before).isGreaterThanOrEqualTo(5);
        TestCluster.await(() -> run(reading, COUNT).equals(List.of(List.of(SqlValue.of(1)))));
        run(reading, "INSERT INTO item VALUES (2, 'x')");
        assertThat(run(reading, COUNT)).isEqualTo(List.of(List.of(SqlValue.of(2))));
    }

    @Test
    void transactionThatBeginsWithACursorOfSeveralPagesGoesOn() {
        var database = fresh();
        prepare(database);
        var stream = cluster.node("a2").stream(database, StreamOptions.DEFAULTS);
        var cursor = TestCluster.join(stream.open(new SqlRequest.Batch(List.of(
                new SqlStep(SqlStatement.of("BEGIN"), Optional.empty()),
                new SqlStep(
                        SqlStatement.of("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)"
                                + " SELECT i FROM n"),
                        Optional.empty())))));
        while (!TestCluster.join(cursor.fetch(100, 1 << 20)).isDone()) {
            assertThat(cluster.rows("a1", database, COUNT)).isEqualTo(List.of(List.of("1")));
        }

        run(stream, "INSERT INTO item VALUES (2, 'two')");
        assertThat(run(stream, COUNT)).isEqualTo(List.of(List.of(SqlValue.of(2))));
        run(stream, "ROLLBACK");

        assertThat(run(stream, COUNT)).isEqualTo(List.of(List.of(SqlValue.of(1))));
        TestCluster.join(stream.close());
    }

    @Test
    void transactionThatMayWriteRunsAtTheWriter() {
        var database = fresh();
        prepare(database);
        awaitReadable("a2", database);
        var stream = cluster.node("a2").stream(database, StreamOptions.DEFAULTS);

        run(stream, COUNT);
        run(stream, "BEGIN");
        run(stream, COUNT);
        run(stream, "INSERT INTO item VALUES (2, 'x')");
        run(stream, "COMMIT");

        assertThat(run(stream, COUNT)).isEqualTo(List.of(List.of(SqlValue.of(2))));
    }

    @Test
    void copyThatIsFetchedAnewWhileItIsReadIsReadAnew() {
        var database = fresh();
        prepare(database);
        awaitReadable("a2", database);
        var reading = cluster.node("a2").stream(database, StreamOptions.DEFAULTS);
        run(reading, "BEGIN TRANSACTION READONLY");
        assertThat(run(reading, COUNT)).isEqualTo(List.of(List.of(SqlValue.of(1))));
        var file = cluster.directory("a2").resolve("databases/" + database + ".db");

        assertThat(TestCluster.join(cluster.node("a1").drop(database))).isTrue();
        TestCluster.await(() -> !Files.exists(file));
        cluster.create("a1", database);
        cluster.result("a1", database, StreamOptions.DEFAULTS, "CREATE TABLE item(id INTEGER, other TEXT)");
        cluster.result("a1", database, ALL, "INSERT INTO item VALUES (7, 'new'), (8, 'new')");

        assertThat(refusal(reading, COUNT)).isEqualTo("TRANSACTION_TIMEOUT");
        awaitReadable("a2", database);
        assertThat(cluster.rows("a2", database, "SELECT id, other FROM item ORDER BY id"))
                .isEqualTo(List.of(List.of("7", "new"), List.of("8", "new")));
    }

    private static void prepare(String database) {
        cluster.create("a1", database);
        cluster.result("a1", database, StreamOptions.DEFAULTS, CREATE);
        cluster.result("a1", database, ALL, "INSERT INTO item VALUES (1, 'one')");
    }

    /** Waits until reads through a node run there. */
    private static void awaitReadable(String node, String database) {
        TestCluster.await(() -> runsNearby(() -> cluster.rows(node, database, "SELECT 1")));
    }

    /** Whether a read runs at a follower; it is counted behind its answer, wherever it ran. */
    private static boolean runsNearby(Runnable read) {
        var before = nearby();
        var allBefore = before + reads("writer");
        read.run();
        TestCluster.await(() -> nearby() + reads("writer") > allBefore);
        return nearby() > before;
    }

    /** A name of its own for each test, whose writer is a1. */
    private static String fresh() {
        return databaseWrittenAt("a1", "a1", "a2", "a3");
    }

    /** A name whose writer is on {@code node}, if all are there. */
    static String databaseWrittenAt(String node, String... nodes) {
        var placement = new Placement(128, 3);
        return IntStream.range(0, 1000)
                .mapToObj(i -> "shop-" + COUNTER.incrementAndGet())
                .filter(name -> placement
                        .order(placement.shardOf(name), List.of(nodes))
                        .getFirst()
                        .equals(node))
                .findFirst()
                .orElseThrow();
    }

    private static long nearby() {
        return reads("follower");
    }

    /** How many reads ran on copies of this kind, on all nodes. */
    private static long reads(String copy) {
        for (var snapshot : PrometheusRegistry.defaultRegistry.scrape()) {
            if (snapshot instanceof CounterSnapshot counter
                    && counter.getMetadata().getName().equals("merklite_reads")) {
                return (long) counter.getDataPoints().stream()
                        .filter(point -> point.getLabels().get("copy").equals(copy))
                        .mapToDouble(CounterSnapshot.CounterDataPointSnapshot::getValue)
                        .sum();
            }
        }
        return 0;
    }

    private static List<List<SqlValue>> run(SqlStream stream, String sql) {
        var response = ask(stream, sql);
        if (response instanceof SqlResponse.BatchDone done
                && done.outcomes().getFirst() instanceof StepOutcome.Done step) {
            return step.result().rows();
        }
        throw new AssertionError(sql + " gave " + response);
    }

    private static String failure(SqlStream stream, String sql) {
        return ((StepOutcome.Failed)
                        ((SqlResponse.BatchDone) ask(stream, sql)).outcomes().getFirst())
                .error()
                .code();
    }

    private static String refusal(SqlStream stream, String sql) {
        return ((SqlResponse.Refused) ask(stream, sql)).error().code();
    }

    private static SqlResponse ask(SqlStream stream, String sql) {
        return TestCluster.join(stream.run(List.of(SqlRequest.Batch.of(SqlStatement.of(sql))), false))
                .getFirst();
    }
}
