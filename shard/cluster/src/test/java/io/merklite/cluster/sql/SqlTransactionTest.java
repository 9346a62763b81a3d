package io.merklite.cluster.sql;

import static io.merklite.cluster.sql.SqlClient.done;
import static io.merklite.cluster.sql.SqlClient.failed;
import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.query.subscribe.SqlValue;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SqlTransactionTest extends SqlTestBase {
    private static SqlStep step(String sql, StepCondition condition) {
        return new SqlStep(SqlStatement.of(sql), Optional.of(condition));
    }

    private static SqlStep step(String sql) {
        return new SqlStep(SqlStatement.of(sql), Optional.empty());
    }

    /** What the TypeScript client sends for a batch. */
    private static SqlRequest.Batch clientBatch(String begin, String... statements) {
        var steps = new ArrayList<SqlStep>();
        steps.add(step(begin));
        for (var sql : statements) {
            steps.add(step(sql, new StepCondition.Succeeded(steps.size() - 1)));
        }
        steps.add(step("COMMIT", new StepCondition.Succeeded(steps.size() - 1)));
        steps.add(step("ROLLBACK", new StepCondition.Not(new StepCondition.Succeeded(steps.size() - 1))));
        return new SqlRequest.Batch(steps);
    }

    // ---- batches ----------------------------------------------------------------------------------------------------

    @Test
    void clientsBatchThatSucceedsIsCommitted() {
        var outcomes = client.outcomes(
                clientBatch("BEGIN IMMEDIATE", "INSERT INTO t VALUES (1, 'a')", "INSERT INTO t VALUES (2, 'b')"));

        assertThat(outcomes.getLast()).isEqualTo(StepOutcome.Skipped.SKIPPED);
        assertThat(owner.lanes()).containsExactly("GROUP");
        assertThat(count("t")).isEqualTo(2);
    }

    @Test
    void clientsBatchThatFailsIsUndoneWhole() {
        var outcomes = client.outcomes(
                clientBatch("BEGIN IMMEDIATE", "INSERT INTO t VALUES (1, 'a')", "INSERT INTO t VALUES (1, 'b')"));

        assertThat(failed(outcomes.get(2)).code()).isEqualTo("SQLITE_CONSTRAINT");
        assertThat(outcomes.get(3)).isEqualTo(StepOutcome.Skipped.SKIPPED);
        done(outcomes.get(4));
        assertThat(count("t")).isZero();
        assertThat(client.isAutocommit()).isTrue();
    }

    @Test
    void batchWithoutBeginCommitsEachStep() {
        var outcomes = client.batch(
                "INSERT INTO t VALUES (1, 'a')", "INSERT INTO t VALUES (1, 'b')", "INSERT INTO t VALUES (2, 'c')");

        failed(outcomes.get(1));
        assertThat(count("t")).isEqualTo(2);
    }

    @Test
    void conditionsHold() {
        var outcomes = client.outcomes(new SqlRequest.Batch(List.of(
                step("SELECT 1"),
                step("SELEC"),
                step("SELECT 2", new StepCondition.Failed(1)),
                step("SELECT 3", new StepCondition.Succeeded(1)),
                step("SELECT 4", new StepCondition.Failed(3)),
                step("SELECT 5", new StepCondition.All(List.of())),
                step("SELECT 6", new StepCondition.Any(List.of())),
                step("SELECT 7", new StepCondition.Not(new StepCondition.Succeeded(3))),
                step("SELECT 8", StepCondition.IsAutocommit.IS_AUTOCOMMIT),
                step("BEGIN"),
                step("SELECT 9", StepCondition.IsAutocommit.IS_AUTOCOMMIT),
                step("COMMIT"))));

        assertThat(outcomes.stream()
                        .map(outcome -> outcome instanceof StepOutcome.Done
                                ? "+"
                                : outcome instanceof StepOutcome.Failed ? "!" : "-"))
                .containsExactly("+", "!", "+", "-", "-", "+", "-", "+", "+", "+", "-", "+");
    }

    @Test
    void migrationSwitchesForeignKeysOffAroundItsTransaction() {
        client.query("INSERT INTO t VALUES (1, 'a')");
        client.query("INSERT INTO child VALUES (1, 1)");

        var outcomes = client.batch(
                "PRAGMA foreign_keys=off",
                "BEGIN",
                "CREATE TABLE t2(id INTEGER PRIMARY KEY, v TEXT)",
                "INSERT INTO t2 SELECT * FROM t",
                "DROP TABLE t",
                "ALTER TABLE t2 RENAME TO t",
                "COMMIT",
                "PRAGMA foreign_keys=on");

        outcomes.forEach(SqlClient::done);
        assertThat(owner.lanes()).containsExactly("EXCLUSIVE", "COMMIT");
        assertThat(count("child")).isEqualTo(1);
        assertThat(client.error("INSERT INTO child VALUES (2, 99)").code()).isEqualTo("SQLITE_CONSTRAINT");
    }

    // ---- sequences --------------------------------------------------------------------------------------------------

    @Test
    void sequenceRunsStatementAfterStatement() {
        assertThat(client.sequence("INSERT INTO t VALUES (1, 'a'); CREATE TABLE n(a); INSERT INTO n VALUES (1);"))
                .isEqualTo(SqlResponse.SequenceDone.SEQUENCE_DONE);

        assertThat(count("t")).isEqualTo(1);
        assertThat(count("n")).isEqualTo(1);
    }

    @Test
    void sequenceStopsAtTheFirstFailureAndKeepsWhatRanBefore() {
        var response = client.sequence(
                "INSERT INTO t VALUES (1, 'a'); INSERT INTO t VALUES (1, 'b'); INSERT INTO t VALUES (2, 'c')");

        assertThat(response).isInstanceOf(SqlResponse.Refused.class);
        assertThat(count("t")).isEqualTo(1);
    }

    @Test
    void emptySequenceIsFine() {
        assertThat(client.sequence(" -- nothing\n")).isEqualTo(SqlResponse.SequenceDone.SEQUENCE_DONE);
    }

    @Test
    void sequenceMayLeaveATransactionOpen() {
        client.sequence("BEGIN; INSERT INTO t VALUES (1, 'a')");

        assertThat(client.isAutocommit()).isFalse();
        assertThat(count("t")).isZero();
        client.sequence("COMMIT");
        assertThat(count("t")).isEqualTo(1);
    }

    @Test
    void everyRequestRunsAlsoAfterOneThatFailed() {
        var responses = client.run(
                new SqlRequest.Sequence("SELEC"),
                SqlRequest.Batch.of(SqlStatement.of("SELECT 1")),
                SqlRequest.Autocommit.AUTOCOMMIT);

        assertThat(responses).hasSize(3);
        assertThat(responses.getFirst()).isInstanceOf(SqlResponse.Refused.class);
        assertThat(responses.getLast()).isEqualTo(new SqlResponse.AutocommitIs(true));
    }

    // ---- transactions -----------------------------------------------------------------------------------------------

    @Test
    void nestedBeginIsRefusedInEveryLane() {
        assertThat(failed(client.batch("BEGIN", "BEGIN", "COMMIT").get(1)).message())
                .contains("cannot start a transaction within a transaction");
        assertThat(owner.lanes()).containsExactly("READ");
        assertThat(failed(client.batch("BEGIN IMMEDIATE", "BEGIN", "COMMIT").get(1))
                        .code())
                .isEqualTo("SQLITE_UNKNOWN");
        assertThat(owner.lanes()).containsExactly("GROUP");
        assertThat(failed(client.batch("BEGIN IMMEDIATE", "BEGIN").get(1)).code())
                .isEqualTo("SQLITE_UNKNOWN");
        assertThat(owner.lanes()).containsExactly("EXCLUSIVE");
        client.query("ROLLBACK");
    }

    @Test
    void failedStatementDoesNotEndTheTransaction() {
        client.batch("BEGIN IMMEDIATE", "INSERT INTO t VALUES (1, 'a')");
        client.error("INSERT INTO t VALUES (1, 'b')");
        assertThat(client.isAutocommit()).isFalse();

        client.query("COMMIT");

        assertThat(count("t")).isEqualTo(1);
    }

    @Test
    void rollbackUndoesDdlToo() {
        client.batch("BEGIN", "CREATE TABLE n(a)", "INSERT INTO n VALUES (1)", "ALTER TABLE t ADD COLUMN w");
        assertThat(client.query("SELECT * FROM n").rows()).hasSize(1);

        client.query("ROLLBACK");

        assertThat(client.error("SELECT * FROM n").message()).contains("no such table");
        assertThat(client.query("SELECT * FROM t").columns()).hasSize(2);
        client.query("INSERT INTO t VALUES (1, 'a')");
        assertThat(owner.store().tables()).doesNotContain("n");
    }

    @Test
    void savepointsNestAtAnyDepth() {
        for (var lane : List.of("whole", "interactive")) {
            client.query("DELETE FROM t");
            var statements = List.of(
                    "BEGIN",
                    "INSERT INTO t VALUES (1, 'a')",
                    "savepoint sp0",
                    "INSERT INTO t VALUES (2, 'b')",
                    "savepoint \"SP1\"",
                    "INSERT INTO t VALUES (3, 'c')",
                    "rollback to savepoint sp1",
                    "INSERT INTO t VALUES (4, 'd')",
                    "release sp1",
                    "release savepoint SP0",
                    "COMMIT");
            if (lane.equals("whole")) {
                client.batch(statements.toArray(String[]::new)).forEach(SqlClient::done);
            } else {
                statements.forEach(client::query);
            }

            assertThat(client.query("SELECT id FROM t ORDER BY id").rows())
                    .containsExactly(row(ONE), row(TWO), row(SqlValue.of(4)));
        }
    }

    @Test
    void savepointOutsideOfATransactionBeginsOne() {
        client.query("SAVEPOINT a");
        client.query("INSERT INTO t VALUES (1, 'a')");
        assertThat(client.isAutocommit()).isFalse();
        assertThat(count("t")).isZero();

        client.query("RELEASE a");

        assertThat(client.isAutocommit()).isTrue();
        assertThat(count("t")).isEqualTo(1);
        client.batch("SAVEPOINT a", "INSERT INTO t VALUES (2, 'b')", "SAVEPOINT b", "RELEASE a")
                .forEach(SqlClient::done);
        assertThat(owner.lanes()).startsWith("GROUP");
        assertThat(count("t")).isEqualTo(2);
    }

    @Test
    void savepointsOfAReadTransactionGoWithItToTheWriter() {
        client.batch("BEGIN", "SELECT 1 FROM t", "SAVEPOINT a");
        assertThat(client.state().isReading()).isTrue();

        client.query("INSERT INTO t VALUES (1, 'a')");
        assertThat(client.state().isWriting()).isTrue();
        client.query("ROLLBACK TO a");
        client.query("COMMIT");

        assertThat(count("t")).isZero();
    }

    @Test
    void readTransactionKeepsTheSnapshotOfItsFirstRead() {
        client.query("BEGIN");
        new SqlClient(owner).query("INSERT INTO t VALUES (1, 'a')");
        assertThat(client.value("SELECT count(*) FROM t")).isEqualTo(ONE);

        new SqlClient(owner, false).query("UPDATE t SET v = 'x'");

        assertThat(client.value("SELECT v FROM t")).isEqualTo(SqlValue.of("a"));
        client.query("COMMIT");
        assertThat(client.value("SELECT v FROM t")).isEqualTo(SqlValue.of("x"));
    }

    @Test
    void deferredTransactionThatReadMayWriteIfNothingWasCommittedSince() {
        client.batch("BEGIN DEFERRED", "SELECT * FROM t");

        client.query("INSERT INTO t VALUES (1, 'a')");

        assertThat(owner.lanes()).containsExactly("READ", "EXCLUSIVE");
        client.query("COMMIT");
        assertThat(count("t")).isEqualTo(1);
    }

    @Test
    void deferredTransactionThatReadIsBusyIfSomebodyCommittedSince() {
        client.batch("BEGIN DEFERRED", "SELECT * FROM t");
        new SqlClient(owner).query("INSERT INTO t VALUES (1, 'a')");

        assertThat(client.error("UPDATE t SET v = 'mine'").code()).isEqualTo("SQLITE_BUSY");

        assertThat(client.isAutocommit()).isFalse();
        assertThat(client.error("SELECT 1").code()).isEqualTo("SQLITE_BUSY");
        client.query("ROLLBACK");
        assertThat(client.value("SELECT v FROM t")).isEqualTo(SqlValue.of("a"));
    }

    @Test
    void readOnlyTransactionOfLibsqlReads() {
        client.outcomes(clientBatch("BEGIN TRANSACTION READONLY", "SELECT 1", "SELECT 2")).stream()
                .limit(4)
                .forEach(SqlClient::done);

        assertThat(owner.lanes()).containsExactly("READ");
        assertThat(client.isAutocommit()).isTrue();
    }

    @Test
    void takenAwayTransactionFailsTheNextRequests() {
        client.batch("BEGIN IMMEDIATE", "INSERT INTO t VALUES (1, 'a')");
        owner.store().rollbackOpen();
        client.state().takenAway();

        var outcomes = client.batch("INSERT INTO t VALUES (2, 'b')", "INSERT INTO t VALUES (3, 'c')");

        outcomes.forEach(outcome -> assertThat(failed(outcome).code()).isEqualTo("TRANSACTION_TIMEOUT"));
        assertThat(client.error("COMMIT").message()).contains("no transaction is active");
        assertThat(count("t")).isZero();
    }

    @Test
    void commitThatFailsUndoesTheTransaction() {
        client.batch("BEGIN IMMEDIATE", "INSERT INTO t VALUES (1, 'a')");
        owner.failNextCommit(new SqlError("SQLITE_FULL", "the log is full"));

        assertThat(client.error("COMMIT").code()).isEqualTo("SQLITE_FULL");

        assertThat(client.isAutocommit()).isTrue();
        assertThat(count("t")).isZero();
    }

    @Test
    void autocommitThatFailsUndoesTheStatement() {
        owner.failNextCommit(new SqlError("SQLITE_FULL", "the log is full"));

        assertThat(client.error("CREATE TABLE n(a)").code()).isEqualTo("SQLITE_FULL");

        assertThat(client.error("SELECT * FROM n").message()).contains("no such table");
    }

    @Test
    void transactionWithoutAnythingInItIsFine() {
        client.batch("BEGIN", "COMMIT").forEach(SqlClient::done);
        client.query("BEGIN");
        client.query("ROLLBACK");
        client.query("BEGIN IMMEDIATE");
        client.query("COMMIT");

        assertThat(client.state().isDefault()).isTrue();
    }

    // ---- what SQLite rolls back by itself ---------------------------------------------------------------------------

    @Test
    void conflictThatRollsBackEndsTheTransaction() {
        client.query("INSERT INTO t VALUES (1, 'a')");
        client.query("BEGIN IMMEDIATE");
        client.query("INSERT INTO t VALUES (2, 'b')");

        assertThat(client.error("INSERT OR ROLLBACK INTO t VALUES (1, 'c')").code())
                .isEqualTo("SQLITE_CONSTRAINT");

        assertThat(client.isAutocommit()).isTrue();
        assertThat(count("t")).isEqualTo(1);
        client.query("INSERT INTO t VALUES (3, 'd')");
    }

    @Test
    void groupThatATriggerRollsBackIsLostAndRunsAgainAlone() {
        client.query(
                "CREATE TRIGGER tr BEFORE INSERT ON t WHEN NEW.id = 13 BEGIN SELECT RAISE(ROLLBACK, 'unlucky'); END");

        var outcomes = client.batch(
                "INSERT INTO t VALUES (1, 'a')", "INSERT INTO t VALUES (13, 'b')", "INSERT INTO t VALUES (2, 'c')");

        assertThat(owner.lanes()).startsWith("GROUP", "LOST", "EXCLUSIVE");
        assertThat(failed(outcomes.get(1)).message()).contains("unlucky");
        assertThat(client.query("SELECT id FROM t ORDER BY id").rows()).containsExactly(row(ONE), row(TWO));
    }

    @Test
    void rollingBackConflictInAutocommitUndoesOnlyItself() {
        client.query("INSERT INTO t VALUES (1, 'a')");

        assertThat(client.error("INSERT OR ROLLBACK INTO t VALUES (2, 'b'), (1, 'c')")
                        .code())
                .isEqualTo("SQLITE_CONSTRAINT");

        assertThat(owner.lanes()).containsExactly("EXCLUSIVE");
        assertThat(count("t")).isEqualTo(1);
    }

    // ---- foreign keys -----------------------------------------------------------------------------------------------

    @Test
    void foreignKeysAreOnAndSwitchedPerStream() {
        assertThat(client.value("PRAGMA foreign_keys")).isEqualTo(ONE);

        client.query("PRAGMA foreign_keys = OFF");

        assertThat(client.value("PRAGMA foreign_keys")).isEqualTo(SqlValue.of(0));
        client.query("INSERT INTO child VALUES (1, 99)");
        assertThat(owner.lanes()).containsExactly("EXCLUSIVE", "COMMIT");
        assertThat(new SqlClient(owner)
                        .error("INSERT INTO child VALUES (2, 99)")
                        .code())
                .isEqualTo("SQLITE_CONSTRAINT");
    }

    @Test
    void switchingForeignKeysInsideATransactionDoesNothing() {
        client.batch("BEGIN", "PRAGMA foreign_keys = OFF", "COMMIT");

        assertThat(client.value("PRAGMA foreign_keys")).isEqualTo(ONE);
    }

    @Test
    void deferredForeignKeyFailsTheCommitBeforeItIsLogged() {
        client.query("CREATE TABLE d(id INTEGER PRIMARY KEY, t REFERENCES t(id) DEFERRABLE INITIALLY DEFERRED)");
        var logged = owner.log().size();

        var outcomes = client.batch(
                "BEGIN", "INSERT INTO d VALUES (1, 5)", "COMMIT", "INSERT INTO t VALUES (5, 'e')", "COMMIT");

        assertThat(failed(outcomes.get(2)).message()).contains("FOREIGN KEY constraint failed");
        done(outcomes.get(4));
        assertThat(client.error("INSERT INTO d VALUES (2, 6)").code()).isEqualTo("SQLITE_CONSTRAINT");
        assertThat(count("d")).isEqualTo(1);
        assertThat(owner.log()).hasSize(logged + 1);
    }

    @Test
    void foreignKeysCanBeDeferredInOneTransaction() {
        client.batch(
                        "BEGIN",
                        "PRAGMA defer_foreign_keys = ON",
                        "INSERT INTO child VALUES (1, 5)",
                        "INSERT INTO t VALUES (5, 'e')",
                        "COMMIT")
                .forEach(SqlClient::done);

        var outcomes = client.batch(
                "BEGIN", "PRAGMA defer_foreign_keys = ON", "INSERT INTO child VALUES (2, 6)", "COMMIT", "ROLLBACK");
        assertThat(failed(outcomes.get(3)).code()).isEqualTo("SQLITE_CONSTRAINT");
        assertThat(count("child")).isEqualTo(1);
    }

    // ---- the log ----------------------------------------------------------------------------------------------------

    @Test
    void whatIsCommittedIsLogged() {
        client.query("INSERT INTO t VALUES (1, 'a')");
        client.batch("BEGIN", "INSERT INTO t VALUES (2, 'b')");
        client.query("COMMIT");
        client.batch("BEGIN", "INSERT INTO t VALUES (3, 'c')", "ROLLBACK");
        client.batch(
                "BEGIN", "INSERT INTO t VALUES (4, 'd')", "CREATE TABLE n(a)", "INSERT INTO n VALUES (1)", "COMMIT");

        assertThat(owner.log()).hasSize(4);
        owner.store().scrub();
        assertThat(owner.store().stampUnstamped()).isEmpty();
    }
}
