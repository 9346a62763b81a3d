package io.merklite.cluster.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.merklite.cluster.sql.SqlRun.Progress;
import io.merklite.query.subscribe.SqlValue;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class SqlCursorTest extends SqlTestBase {
    private static final String THOUSAND =
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) SELECT i FROM n";
    private static final ResultColumn I = new ResultColumn("i", Optional.empty());

    private final SqlStreamState state = new SqlStreamState();

    private static List<SqlRequest> batch(String... statements) {
        return List.of(new SqlRequest.Batch(Arrays.stream(statements)
                .map(sql -> new SqlStep(SqlStatement.of(sql), Optional.empty()))
                .toList()));
    }

    private List<CursorEntry> all(SqlRun run, int pageCount) {
        var entries = new ArrayList<CursorEntry>();
        while (true) {
            switch (run.fetch(pageCount, 1_000_000)) {
                case Progress.Fetched fetched -> {
                    assertThat(fetched.page().entries().size()).isLessThanOrEqualTo(pageCount);
                    entries.addAll(fetched.page().entries());
                    if (fetched.page().isDone()) {
                        return entries;
                    }
                }
                case Progress.Committing committing -> owner.commit(run);
                default -> throw new AssertionError();
            }
        }
    }

    @Test
    void entriesComeInPages() {
        var run = owner.reading().read(batch(THOUSAND), state, false);

        var entries = all(run, 7);

        assertThat(entries).hasSize(1_002);
        assertThat(entries.getFirst()).isEqualTo(new CursorEntry.StepBegun(0, List.of(I)));
        assertThat(entries.get(1_000)).isEqualTo(new CursorEntry.Row(List.of(SqlValue.of(1_000))));
        assertThat(entries.getLast()).isEqualTo(new CursorEntry.StepEnded(0, OptionalLong.empty()));
    }

    @Test
    void rowsAreReadOnlyAsFarAsTheyAreFetched() {
        var endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n";
        var run = owner.reading().read(batch(endless), state, false);

        var page = ((Progress.Fetched) run.fetch(10, 1_000_000)).page();

        assertThat(page.entries()).hasSize(10);
        assertThat(page.isDone()).isFalse();
    }

    @Test
    void pageEndsWhereItIsLarge() {
        var run = owner.reading().read(batch(THOUSAND), state, false);

        assertThat(((Progress.Fetched) run.fetch(1_000, 200)).page().entries()).hasSizeLessThan(20);
    }

    @Test
    void stepsThatFailOrAreSkippedAreTold() {
        var steps = List.of(
                new SqlStep(SqlStatement.of("INSERT INTO t VALUES (1, 'a')"), Optional.empty()),
                new SqlStep(SqlStatement.of("INSERT INTO t VALUES (1, 'b')"), Optional.empty()),
                new SqlStep(SqlStatement.of("SELECT 1"), Optional.of(new StepCondition.Succeeded(1))),
                new SqlStep(
                        new SqlStatement("SELECT id FROM t", List.of(), List.of(), false),
                        Optional.of(StepCondition.IsAutocommit.IS_AUTOCOMMIT)),
                new SqlStep(SqlStatement.of("SELEC"), Optional.empty()));
        var run = owner.writing().exclusive(List.of(new SqlRequest.Batch(steps)), state, false);

        assertThat(all(run, 100))
                .containsExactly(
                        new CursorEntry.StepBegun(0, List.of()),
                        new CursorEntry.StepEnded(1, OptionalLong.of(1)),
                        new CursorEntry.StepFailed(
                                1, new SqlError("SQLITE_CONSTRAINT", "SQLite error: UNIQUE constraint failed: t.id")),
                        new CursorEntry.StepBegun(3, List.of(new ResultColumn("id", Optional.of("INTEGER")))),
                        new CursorEntry.StepEnded(0, OptionalLong.empty()),
                        new CursorEntry.StepFailed(
                                4, new SqlError("SQL_PARSE_ERROR", "SQL parse error: near \"SELEC\": syntax error")));
    }

    @Test
    void groupGathersAllEntriesAndHandsThemOutAfterTheCommit() {
        owner.beginGroup();
        var requests = batch("INSERT INTO t VALUES (1, 'a'), (2, 'b') RETURNING id");
        var run = owner.writing().group(SqlPlan.of(requests, state), state, false);
        var first = ((Progress.Fetched) run.fetch(2, 1_000_000)).page();
        owner.commitGroup();

        var second = ((Progress.Fetched) run.fetch(10, 1_000_000)).page();

        assertThat(first.entries()).hasSize(2);
        assertThat(first.isDone()).isFalse();
        assertThat(second.entries()).hasSize(2);
        assertThat(second.isDone()).isTrue();
        assertThat(count("t")).isEqualTo(2);
        assertThat(((Progress.Fetched) run.fetch(1, 1)).page()).isEqualTo(new SqlCursor.Page(List.of(), true));
    }

    @Test
    void largeCursorMovesOutOfAGroup() {
        owner.beginGroup();
        var requests = batch(
                "INSERT INTO t VALUES (1, 'a')",
                "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n");
        var run = owner.writing().group(SqlPlan.of(requests, state), state, false);

        assertThat(run.fetch(10, 1_000)).isEqualTo(new Progress.Moves(SqlPlan.Kind.EXCLUSIVE));

        owner.commitGroup();
        assertThat(count("t")).isZero();
    }

    @Test
    void cursorWaitsForItsCommits() {
        var run = owner.writing()
                .exclusive(
                        batch("BEGIN", "INSERT INTO t VALUES (1, 'a')", "CREATE TABLE n(a)", "COMMIT"), state, false);

        assertThat(run.fetch(100, 1_000_000)).isEqualTo(Progress.Committing.COMMITTING);
        assertThatThrownBy(() -> run.fetch(1, 1)).isInstanceOf(IllegalStateException.class);
        owner.commit(run);

        assertThat(all(run, 100)).hasSize(8);
        assertThat(state.isAutocommit()).isTrue();
        assertThat(count("n")).isZero();
    }

    @Test
    void abandonedCursorLeavesNothingOpen() throws SQLException {
        var reading = owner.reading().read(batch("BEGIN", THOUSAND), state, false);
        reading.fetch(10, 1_000_000);
        var writing = owner.writing()
                .exclusive(batch("BEGIN", "INSERT INTO t VALUES (1, 'a')", THOUSAND), new SqlStreamState(), false);
        writing.fetch(10, 1_000_000);

        reading.abandon();
        writing.abandon();
        writing.abandon();

        assertThat(state.isAutocommit()).isTrue();
        client.query("INSERT INTO t VALUES (2, 'b')");
        assertThat(count("t")).isEqualTo(1);
    }

    @Test
    void runIsEitherACursorOrNot() {
        var run = owner.reading().read(batch(THOUSAND), state, false);
        run.fetch(1, 1);
        assertThatThrownBy(run::advance).isInstanceOf(IllegalStateException.class);

        var sequence = owner.reading().read(List.of(new SqlRequest.Sequence("SELECT 1")), state, false);
        assertThatThrownBy(() -> sequence.fetch(1, 1)).isInstanceOf(IllegalStateException.class);
    }
}
