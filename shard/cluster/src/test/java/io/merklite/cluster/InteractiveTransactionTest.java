package io.merklite.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.cluster.sql.SqlRequest;
import io.merklite.cluster.sql.SqlResponse;
import io.merklite.cluster.sql.SqlStatement;
import io.merklite.cluster.sql.SqlStream;
import io.merklite.cluster.sql.StepOutcome;
import io.merklite.cluster.sql.StreamOptions;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InteractiveTransactionTest {
    private static final String DATABASE = "shop";

    @TempDir
    Path directory;

    @Test
    void transactionOfSeveralRequestsIsIsolatedAndOthersWait() {
        try (var cluster = TestCluster.start(directory, "", "a1")) {
            prepare(cluster);
            var stream = cluster.node("a1").stream(DATABASE, StreamOptions.DEFAULTS);

            run(stream, "BEGIN IMMEDIATE");
            run(stream, "INSERT INTO item VALUES (1)");
            var other = cluster.node("a1").database(DATABASE).execute("INSERT INTO item VALUES (2)");
            run(stream, "INSERT INTO item VALUES (3)");
            assertThat(cluster.rows("a1", DATABASE, "SELECT count(*) FROM item"))
                    .isEqualTo(List.of(List.of("0")));
            assertThat(other.toCompletableFuture()).isNotDone();
            run(stream, "COMMIT");

            TestCluster.join(other);
            assertThat(cluster.rows("a1", DATABASE, "SELECT id FROM item ORDER BY id"))
                    .isEqualTo(List.of(List.of("1"), List.of("2"), List.of("3")));
        }
    }

    @Test
    void abandonedTransactionIsTakenAwayWhenOthersWait() {
        try (var cluster = TestCluster.start(directory, "merklite.database.lease-contended = 500ms", "a1")) {
            prepare(cluster);
            var stream = cluster.node("a1").stream(DATABASE, StreamOptions.DEFAULTS);
            run(stream, "BEGIN IMMEDIATE");
            run(stream, "INSERT INTO item VALUES (1)");

            cluster.result("a1", DATABASE, StreamOptions.DEFAULTS, "INSERT INTO item VALUES (2)");

            var failed = (StepOutcome.Failed) ((SqlResponse.BatchDone) ask(stream, "INSERT INTO item VALUES (3)"))
                    .outcomes()
                    .getFirst();
            assertThat(failed.error().code()).isEqualTo("TRANSACTION_TIMEOUT");
            assertThat(cluster.rows("a1", DATABASE, "SELECT id FROM item")).isEqualTo(List.of(List.of("2")));
        }
    }

    @Test
    void streamThatClosesRollsBack() {
        try (var cluster = TestCluster.start(directory, "", "a1")) {
            prepare(cluster);
            var stream = cluster.node("a1").stream(DATABASE, StreamOptions.DEFAULTS);
            run(stream, "BEGIN IMMEDIATE");
            run(stream, "INSERT INTO item VALUES (1)");

            TestCluster.join(stream.close());

            cluster.result("a1", DATABASE, StreamOptions.DEFAULTS, "INSERT INTO item VALUES (2)");
            assertThat(cluster.rows("a1", DATABASE, "SELECT id FROM item")).isEqualTo(List.of(List.of("2")));
        }
    }

    @Test
    void nodeThatLeavesDoesNotDisturbAnOpenTransaction() {
        try (var cluster = TestCluster.start(directory, "", "a1", "a2", "a3")) {
            prepare(cluster);
            var writer = TestCluster.join(cluster.node("a1").status(DATABASE)).node();
            var other = writer.equals("a1") ? "a2" : "a1";
            var stream = cluster.node(writer).stream(DATABASE, StreamOptions.DEFAULTS);
            run(stream, "BEGIN IMMEDIATE");
            run(stream, "INSERT INTO item VALUES (1)");

            cluster.stopNode(other);
            cluster.awaitMembers(2);

            run(stream, "INSERT INTO item VALUES (2)");
            run(stream, "COMMIT");
            assertThat(cluster.rows(writer, DATABASE, "SELECT id FROM item ORDER BY id"))
                    .isEqualTo(List.of(List.of("1"), List.of("2")));
        }
    }

    private static void prepare(TestCluster cluster) {
        cluster.create("a1", DATABASE);
        cluster.result("a1", DATABASE, StreamOptions.DEFAULTS, "CREATE TABLE item(id INTEGER PRIMARY KEY)");
    }

    private static void run(SqlStream stream, String sql) {
        var done = (SqlResponse.BatchDone) ask(stream, sql);
        assertThat(done.outcomes().getFirst()).isInstanceOf(StepOutcome.Done.class);
    }

    private static SqlResponse ask(SqlStream stream, String sql) {
        return TestCluster.join(stream.run(List.of(SqlRequest.Batch.of(SqlStatement.of(sql))), false))
                .getFirst();
    }
}
