package io.merklite.cluster.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.merklite.cluster.sql.SqlRun.Progress;
import io.merklite.query.subscribe.SqlValue;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class SqlLimitsTest extends SqlTestBase {
    private static final String ENDLESS =
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";

    /** Goes on by a second each time it is asked. */
    private static final class Ticking implements InstantSource {
        private Instant now = Instant.EPOCH;

        @Override
        public Instant instant() {
            now = now.plusSeconds(1);
            return now;
        }
    }

    @Override
    SqlOwner owner(Path file) {
        return new SqlOwner(file, new SqlLimits(Duration.ofSeconds(60), 2_000, 1_000), new Ticking());
    }

    @Test
    void statementThatRunsTooLongIsInterrupted() {
        assertThat(client.error(ENDLESS).code()).isEqualTo("SQLITE_INTERRUPT");
        assertThat(client.query("SELECT 1").rows()).hasSize(1);
    }

    @Test
    void writeThatRunsTooLongLosesItsGroupAndFailsAlone() {
        assertThat(client.error("INSERT INTO t " + ENDLESS.replace("count(*)", "i, i"))
                        .code())
                .isEqualTo("SQLITE_INTERRUPT");

        assertThat(owner.lanes()).startsWith("GROUP", "LOST", "EXCLUSIVE");
        assertThat(count("t")).isZero();
        client.query("INSERT INTO t VALUES (1, 'a')");
    }

    @Test
    void interruptedWriteEndsItsTransaction() {
        client.batch("BEGIN IMMEDIATE", "INSERT INTO t VALUES (1, 'a')");

        assertThat(client.error("INSERT INTO t " + ENDLESS.replace("count(*)", "i + 9, i + 9"))
                        .code())
                .isEqualTo("SQLITE_INTERRUPT");

        assertThat(client.isAutocommit()).isTrue();
        assertThat(count("t")).isZero();
    }

    @Test
    @Timeout(60)
    void whatIsNotWantedAnyMoreIsInterruptedWithAllThatFollows() throws SQLException {
        var isCancelled = new AtomicBoolean();
        var endless = SqlStatement.of(ENDLESS.replace("count(*)", "i"));
        try (var connection = DriverManager.getConnection("jdbc:sqlite::memory:");
                var lane =
                        SqlLane.reading(connection, () -> 0, SqlLimits.DEFAULTS, InstantSource.fixed(Instant.EPOCH))) {
            lane.cancelWhen(isCancelled::get);
            var run = lane.read(
                    List.of(new SqlRequest.Batch(
                            List.of(new SqlStep(endless, Optional.empty()), new SqlStep(endless, Optional.empty())))),
                    new SqlStreamState(),
                    false);
            assertThat(run.fetch(2, 10_000)).isInstanceOf(Progress.Fetched.class);

            isCancelled.set(true);

            List<CursorEntry> rest = new ArrayList<>();
            SqlCursor.Page page;
            do {
                page = ((Progress.Fetched) run.fetch(100, 10_000)).page();
                rest.addAll(page.entries());
            } while (!page.isDone());
            assertThat(rest)
                    .filteredOn(CursorEntry.StepFailed.class::isInstance)
                    .extracting(
                            entry -> ((CursorEntry.StepFailed) entry).error().code())
                    .containsExactly("SQLITE_INTERRUPT", "SQLITE_INTERRUPT");
        }
    }

    @Test
    void responseThatIsTooLargeFails() {
        var error = client.error("SELECT zeroblob(1000), zeroblob(1000)");

        assertThat(error.code()).isEqualTo("RESPONSE_TOO_LARGE");
        assertThat(client.query("SELECT zeroblob(1000)").rows()).hasSize(1);
    }

    @Test
    void limitIsForTheRequestNotTheStatement() {
        var outcomes = client.batch("SELECT zeroblob(1500)", "SELECT zeroblob(1500)");

        assertThat(outcomes.getFirst()).isInstanceOf(StepOutcome.Done.class);
        assertThat(SqlClient.failed(outcomes.getLast()).code()).isEqualTo("RESPONSE_TOO_LARGE");
    }

    @Test
    void writeWhoseAnswerIsTooLargeIsUndone() {
        var blob = SqlValue.of(new byte[3_000]);

        assertThat(client.error("INSERT INTO t VALUES (1, ?) RETURNING v", blob).code())
                .isEqualTo("RESPONSE_TOO_LARGE");
        assertThat(owner.lanes()).containsExactly("GROUP");
        client.batch("BEGIN IMMEDIATE", "INSERT INTO t VALUES (2, 'b')");
        assertThat(client.error("INSERT INTO t VALUES (3, ?) RETURNING v", blob).code())
                .isEqualTo("RESPONSE_TOO_LARGE");
        client.query("COMMIT");

        assertThat(client.query("SELECT id FROM t").rows()).containsExactly(row(TWO));
    }

    @Test
    void limitsMustBePositive() {
        assertThatThrownBy(() -> new SqlLimits(Duration.ZERO, 1, 1)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new SqlLimits(Duration.ofSeconds(1), 0, 1))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
