package io.merklite.session.apply;

import static io.merklite.session.apply.Applied.database;
import static io.merklite.session.apply.Applied.rows;
import static io.merklite.session.apply.Applied.run;
import static io.merklite.session.apply.WrittenChanges.NONE;
import static io.merklite.session.apply.WrittenChanges.changeset;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.merklite.session.SessionException.ApplyAborted;
import io.merklite.session.SessionException.DatabaseFailure;
import io.merklite.session.SessionException.Unsupported;
import io.merklite.session.statement.SqlStatements;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The transaction around an apply, what is left of it after a failure, and the check of foreign keys. */
class ApplyFrameTest {
    private static final String FOREIGN_KEYS = "PRAGMA foreign_keys = ON";
    private static final String TABLE = "CREATE TABLE t(a INTEGER PRIMARY KEY, b, c)";
    private static final String PARENT = "CREATE TABLE p(x INTEGER PRIMARY KEY)";
    private static final String ROLLS_BACK =
            "CREATE TRIGGER r BEFORE INSERT ON t WHEN NEW.a = 2 BEGIN SELECT RAISE(ROLLBACK, 'refused by r'); END";
    private static final byte[] THREE_ROWS = changeset("t", 1, 0, 0)
            .insert(1, 1, 1)
            .insert(2, 2, 2)
            .insert(3, 3, 3)
            .bytes();

    private static ApplyOutcome apply(Connection connection, WrittenChanges changes, ConflictHandler handler) {
        return apply(connection, changes.bytes(), ApplyOptions.DEFAULTS, handler);
    }

    private static ApplyOutcome apply(
            Connection connection, byte[] changes, ApplyOptions options, ConflictHandler handler) {
        try (var applier = new ChangesetApplier(connection)) {
            return applier.apply(changes, options, handler);
        }
    }

    /** Nothing of a frame is left, and foreign keys are as before. */
    private static void assertNothingLeft(Connection connection) throws SQLException {
        assertThatThrownBy(() -> run(connection, "RELEASE merklite_apply")).isInstanceOf(SQLException.class);
        assertThat(rows(connection, "PRAGMA defer_foreign_keys")).containsExactly("0");
        assertThat(rows(connection, "PRAGMA foreign_keys")).containsExactly("1");
    }

    @Test
    void mismatchOfAnUnrelatedForeignKeyIsNoMatter() throws SQLException {
        try (var connection = database(
                FOREIGN_KEYS, TABLE, "CREATE TABLE p(x)", "CREATE TABLE k(y REFERENCES p(x), z REFERENCES gone)")) {
            run(connection, "BEGIN");
            apply(connection, changeset("t", 1, 0, 0).insert(1, 1, 1), ConflictHandler.ABORT);
            run(connection, "COMMIT");
            apply(
                    connection,
                    changeset("t", 1, 0, 0).insert(2, 2, 2).bytes(),
                    ApplyOptions.DEFAULTS.withoutForeignKeyActions(),
                    ConflictHandler.ABORT);

            assertThat(rows(connection, "SELECT a FROM t")).containsExactly("1", "2");
            assertNothingLeft(connection);
        }
    }

    @Test
    void foreignKeysOfTablesThatAreNotWrittenAreNotRead() throws SQLException {
        try (var connection =
                database(FOREIGN_KEYS, TABLE, PARENT, "CREATE TABLE k(y INTEGER PRIMARY KEY, r REFERENCES p(x))")) {
            var touched = new TargetSchema(new SqlStatements(connection), true);
            touched.refresh(touched.currentVersions(), true);

            assertThat(touched.foreignKeysWrittenBy("t", true)).isEmpty();
            assertThat(touched.foreignKeysWrittenBy("P", true)).hasSize(1);
            assertThat(touched.foreignKeysWrittenBy("k", true)).hasSize(1);
        }
    }

    @Test
    void actionsOfForeignKeysReachFurtherTables() throws SQLException {
        try (var connection = database(
                FOREIGN_KEYS,
                PARENT,
                "CREATE TABLE k(y INTEGER PRIMARY KEY, r REFERENCES p ON DELETE CASCADE)",
                "CREATE TABLE l(z INTEGER PRIMARY KEY, s REFERENCES k)",
                "INSERT INTO p VALUES (1)",
                "INSERT INTO k VALUES (1, 1)",
                "INSERT INTO l VALUES (1, 1)",
                "BEGIN")) {
            assertThatThrownBy(() -> apply(connection, changeset("p", 1).delete(1), ConflictHandler.ABORT))
                    .isInstanceOf(ApplyAborted.class);

            assertThat(rows(connection, "SELECT count(*) FROM p, k, l")).containsExactly("1");
        }
    }

    @Test
    void triggerMayViolateAnyForeignKey() throws SQLException {
        try (var connection = database(
                FOREIGN_KEYS,
                TABLE,
                PARENT,
                "CREATE TABLE k(y INTEGER PRIMARY KEY, r REFERENCES p)",
                "CREATE TRIGGER i AFTER INSERT ON t BEGIN INSERT INTO k VALUES (NEW.a, 50); END",
                "BEGIN")) {
            assertThatThrownBy(() -> apply(connection, changeset("t", 1, 0, 0).insert(1, 1, 1), ConflictHandler.ABORT))
                    .isInstanceOf(ApplyAborted.class);

            assertThat(rows(connection, "SELECT * FROM k")).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " WITHOUT ROWID"})
    void newViolationIsNoticedBesideOneThatWasMended(String kind) throws SQLException {
        try (var connection = database(
                PARENT,
                "CREATE TABLE k(y TEXT PRIMARY KEY, r REFERENCES p(x))" + kind,
                "INSERT INTO k VALUES ('old', 50)",
                FOREIGN_KEYS,
                "BEGIN")) {
            var changes = changeset("k", 1, 0).delete("old", 50).insert("new", 60);

            assertThatThrownBy(() -> apply(connection, changes, ConflictHandler.ABORT))
                    .isInstanceOf(ApplyAborted.class);

            assertThat(rows(connection, "SELECT * FROM k")).containsExactly("old|50");
        }
    }

    @Test
    void rowThatViolatesInAnotherWayThanBeforeIsNoticed() throws SQLException {
        try (var connection = database(
                PARENT,
                "CREATE TABLE k(y INTEGER PRIMARY KEY, r REFERENCES p(x))",
                "INSERT INTO k VALUES (1, 50)",
                FOREIGN_KEYS,
                "BEGIN")) {
            var changes = changeset("k", 1, 0).update(1, 50, NONE, 60);

            assertThatThrownBy(() -> apply(connection, changes, ConflictHandler.ABORT))
                    .isInstanceOf(ApplyAborted.class);
        }
    }

    @Test
    void violationFromBeforeDoesNotCount() throws SQLException {
        try (var connection = database(
                PARENT,
                "CREATE TABLE k(y INTEGER PRIMARY KEY, r REFERENCES p(x))",
                "INSERT INTO k VALUES (1, 50)",
                FOREIGN_KEYS,
                "BEGIN")) {
            apply(connection, changeset("p", 1).insert(60), ConflictHandler.ABORT);
            apply(connection, changeset("k", 1, 0).insert(2, 60), ConflictHandler.ABORT);

            assertThat(rows(connection, "SELECT y FROM k")).containsExactly("1", "2");
        }
    }

    @Test
    void parentKeyIsComparedWithItsOwnAffinityAndCollation() throws SQLException {
        try (var connection = database(
                FOREIGN_KEYS,
                "CREATE TABLE p(x TEXT COLLATE NOCASE, y TEXT, PRIMARY KEY(x, y))",
                "CREATE TABLE k(id INTEGER PRIMARY KEY, a, b INTEGER, FOREIGN KEY(a, b) REFERENCES p)",
                "INSERT INTO p VALUES ('Key', '1'), ('Key', '02')",
                "BEGIN")) {
            apply(connection, changeset("k", 1, 0, 0).insert(1, "KEY", 1), ConflictHandler.ABORT);

            assertThatThrownBy(
                            () -> apply(connection, changeset("k", 1, 0, 0).insert(2, "KEY", 2), ConflictHandler.ABORT))
                    .isInstanceOf(ApplyAborted.class);
        }
    }

    @Test
    void violationsOfANestedApplyAreAcceptedByOmit() throws SQLException {
        try (var connection =
                database(FOREIGN_KEYS, PARENT, "CREATE TABLE k(y INTEGER PRIMARY KEY, r REFERENCES p)", "BEGIN")) {
            var outcome = apply(connection, changeset("k", 1, 0).insert(1, 60).insert(2, 60), ConflictHandler.OMIT);
            run(connection, "COMMIT");

            assertThat(outcome.conflicts()).containsEntry(ConflictType.FOREIGN_KEY, 1L);
            assertThat(rows(connection, "SELECT y FROM k")).containsExactly("1", "2");
        }
    }

    @Test
    void deferringThatTheCallerSwitchedOnIsOffAfterwards() throws SQLException {
        try (var connection = database(FOREIGN_KEYS, TABLE, "BEGIN", "PRAGMA defer_foreign_keys = ON")) {
            apply(connection, changeset("t", 1, 0, 0).insert(1, 1, 1), ConflictHandler.ABORT);

            assertNothingLeft(connection);
        }
    }

    @Test
    void refusedOptionLeavesNothing() throws SQLException {
        try (var connection = database(FOREIGN_KEYS, TABLE, "BEGIN", "INSERT INTO t VALUES (77, 7, 7)")) {
            assertThatThrownBy(() -> apply(
                            connection,
                            THREE_ROWS,
                            ApplyOptions.DEFAULTS.withoutForeignKeyActions(),
                            ConflictHandler.ABORT))
                    .isInstanceOf(Unsupported.class);

            assertNothingLeft(connection);
            assertThat(rows(connection, "SELECT a FROM t")).containsExactly("77");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void failureWhileForeignKeysAreLookedAtLeavesNothing(boolean nested) throws SQLException {
        try (var connection = database(
                PARENT,
                TABLE,
                "INSERT INTO t VALUES (77, -9223372036854775808, 0)",
                "ALTER TABLE t ADD COLUMN overflows AS (abs(b)) REFERENCES p",
                FOREIGN_KEYS)) {
            if (nested) {
                run(connection, "BEGIN");
            }
            var options = nested ? ApplyOptions.DEFAULTS : ApplyOptions.DEFAULTS.withoutForeignKeyActions();

            assertThatThrownBy(() -> apply(connection, THREE_ROWS, options, ConflictHandler.ABORT))
                    .isInstanceOf(DatabaseFailure.class);

            assertNothingLeft(connection);
            if (!nested) {
                assertThatCode(() -> run(connection, "BEGIN")).doesNotThrowAnyException();
            }
        }
    }

    @Test
    void triggerThatRollsBackEndsTheApplyWithItsCause() throws SQLException {
        for (var options : List.of(Applied.WINDOW, Applied.SINGLE)) {
            try (var connection = database(TABLE, ROLLS_BACK)) {
                assertThatThrownBy(() -> apply(connection, THREE_ROWS, options, ConflictHandler.OMIT))
                        .isInstanceOf(DatabaseFailure.class)
                        .hasMessageContaining("refused by r");

                assertThat(rows(connection, "SELECT * FROM t")).isEmpty();
                assertThatCode(() -> run(connection, "BEGIN")).doesNotThrowAnyException();
            }
        }
    }

    @Test
    void triggerThatRollsBackTheCallersTransactionLeavesNothingOfTheApply() throws SQLException {
        for (var options : List.of(ApplyOptions.DEFAULTS, ApplyOptions.DEFAULTS.withoutSavepoint())) {
            try (var connection = database(TABLE, ROLLS_BACK, "BEGIN")) {
                assertThatThrownBy(() -> apply(connection, THREE_ROWS, options, ConflictHandler.OMIT))
                        .isInstanceOf(DatabaseFailure.class)
                        .hasMessageContaining("refused by r");

                assertThat(rows(connection, "SELECT * FROM t")).isEmpty();
            }
        }
    }

    @Test
    void withoutSavepointOutsideATransactionARollbackTakesItsChangeOnly() throws SQLException {
        try (var connection = database(TABLE, ROLLS_BACK)) {
            apply(connection, THREE_ROWS, ApplyOptions.DEFAULTS.withoutSavepoint(), ConflictHandler.OMIT);

            assertThat(rows(connection, "SELECT a FROM t")).containsExactly("1", "3");
        }
    }

    @Test
    void conflictClauseThatRollsBackEndsTheApply() throws SQLException {
        try (var connection = database("CREATE TABLE t(a INTEGER PRIMARY KEY, b UNIQUE ON CONFLICT ROLLBACK, c)")) {
            var changes =
                    changeset("t", 1, 0, 0).insert(1, 1, 1).insert(2, 1, 1).insert(3, 3, 3);

            assertThatThrownBy(() -> apply(connection, changes, ConflictHandler.OMIT))
                    .isInstanceOf(DatabaseFailure.class)
                    .hasMessageContaining("UNIQUE");

            assertThat(rows(connection, "SELECT * FROM t")).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"ROLLBACK", "IGNORE", "REPLACE"})
    void conflictClausesCanBeLeftOutOfAccount(String clause) throws SQLException {
        try (var connection =
                        database("CREATE TABLE t(a INTEGER PRIMARY KEY, b UNIQUE ON CONFLICT " + clause + ", c)");
                var applier = ChangesetApplier.ignoringConflictClauses(connection)) {
            var changes =
                    changeset("t", 1, 0, 0).insert(1, 1, 1).insert(2, 1, 1).insert(3, 3, 3);
            List<ConflictType> asked = new ArrayList<>();

            applier.apply(changes.bytes(), conflict -> {
                asked.add(conflict.type());
                return Resolution.OMIT;
            });

            assertThat(asked).containsExactly(ConflictType.CONSTRAINT);
            assertThat(rows(connection, "SELECT a FROM t")).containsExactly("1", "3");
        }
    }

    @Test
    void triggerThatRollsBackWhileARowIsReplacedEndsTheApplyWithItsCause() throws SQLException {
        try (var connection = database(
                TABLE,
                "INSERT INTO t VALUES (1, 1, 1)",
                "CREATE TRIGGER r BEFORE DELETE ON t BEGIN SELECT RAISE(ROLLBACK, 'refused by r'); END")) {
            assertThatThrownBy(() -> apply(connection, THREE_ROWS, ApplyOptions.DEFAULTS, ConflictHandler.REPLACE))
                    .isInstanceOf(DatabaseFailure.class)
                    .hasMessageContaining("refused by r");

            assertThat(rows(connection, "SELECT * FROM t")).containsExactly("1|1|1");
        }
    }

    @Test
    void applierIsOfUseAfterAStatementFailed() throws SQLException {
        try (var connection = database(TABLE);
                var applier = new ChangesetApplier(connection)) {
            var unfit = changeset("t", 1, 0, 0).insert("key", 1, 1).bytes();

            for (var options : List.of(Applied.WINDOW, Applied.SINGLE)) {
                assertThatThrownBy(() -> applier.apply(unfit, options, ConflictHandler.ABORT))
                        .isInstanceOfSatisfying(
                                DatabaseFailure.class,
                                failure -> assertThat(failure.resultCode()).isEqualTo(20));
            }
            applier.apply(THREE_ROWS, ApplyOptions.DEFAULTS, ConflictHandler.ABORT);
            applier.apply(changeset("t", 1, 0, 0).insert(4, 4, 4).bytes(), Applied.SINGLE, ConflictHandler.ABORT);

            assertThat(rows(connection, "SELECT a FROM t")).containsExactly("1", "2", "3", "4");
        }
    }

    @Test
    void failureInAWindowIsThatOfItsChange() throws SQLException {
        var changes = changeset("t", 1, 0, 0)
                .insert(1, 1, 1)
                .insert(4, 4, 4)
                .insert("key", 1, 1)
                .insert(5, 5, 5);
        try (var connection = database(TABLE, "INSERT INTO t VALUES (1, 9, 9)")) {
            assertThatThrownBy(() -> apply(connection, changes, ConflictHandler.OMIT))
                    .isInstanceOfSatisfying(
                            DatabaseFailure.class,
                            failure -> assertThat(failure.resultCode()).isEqualTo(20));

            assertThat(rows(connection, "SELECT * FROM t")).containsExactly("1|9|9");
        }
    }

    @Test
    void appliesInsideAndOutsideATransactionMayFollowEachOther() throws SQLException {
        try (var connection = database(
                        FOREIGN_KEYS,
                        PARENT,
                        "CREATE TABLE k(y INTEGER PRIMARY KEY, r REFERENCES p)",
                        TABLE,
                        ROLLS_BACK);
                var applier = new ChangesetApplier(connection)) {
            for (var i = 0; i < 3; i++) {
                var orphans = changeset("k", 1, 0)
                        .insert(10 * i, 60)
                        .insert(10 * i + 1, 60)
                        .bytes();
                var others = changeset("k", 1, 0)
                        .insert(10 * i + 2, 60)
                        .insert(10 * i + 3, 60)
                        .bytes();

                run(connection, "BEGIN");
                var inside = applier.apply(orphans, ApplyOptions.DEFAULTS, ConflictHandler.OMIT);
                run(connection, "COMMIT");
                var outside = applier.apply(others, ApplyOptions.DEFAULTS, ConflictHandler.OMIT);
                run(connection, "BEGIN");

                assertThat(inside.conflicts()).isEqualTo(outside.conflicts());
                assertThatThrownBy(() -> applier.apply(THREE_ROWS, ApplyOptions.DEFAULTS, ConflictHandler.OMIT))
                        .hasMessageContaining("refused by r");
                assertThat(rows(connection, "SELECT * FROM t")).isEmpty();
            }
        }
    }

    @Test
    void errorOfTheHandlerLeavesNothing() throws SQLException {
        try (var connection = database(FOREIGN_KEYS, TABLE, "INSERT INTO t VALUES (1, 9, 9)")) {
            assertThatThrownBy(() -> apply(connection, THREE_ROWS, ApplyOptions.DEFAULTS, conflict -> {
                        throw new StackOverflowError("the handler's");
                    }))
                    .isInstanceOf(StackOverflowError.class);

            assertNothingLeft(connection);
            assertThat(rows(connection, "SELECT * FROM t")).containsExactly("1|9|9");
            assertThatCode(() -> run(connection, "BEGIN")).doesNotThrowAnyException();
        }
    }

    @Test
    void loopThatWasUndoneIsNotCounted() throws SQLException {
        try (var connection = database(
                "CREATE TABLE t(a INTEGER PRIMARY KEY, b UNIQUE, c)",
                "INSERT INTO t VALUES (3, 3, 0), (4, 4, 0), (9, 100, 0)")) {
            var changes =
                    changeset("t", 1, 0, 0).update(3, 3, NONE, NONE, 100, NONE).update(4, 4, NONE, NONE, 3, NONE);

            var outcome = apply(connection, changes, ConflictHandler.OMIT);

            assertThat(outcome.applied()).isEmpty();
            assertThat(outcome.omitted()).isEqualTo(2);
        }
    }

    @Test
    void layoutReadInATransactionThatWasRolledBackIsNotTrusted() throws SQLException {
        var changes = changeset("t", 1, 0, 0).insert(1, 2, 3).bytes();
        try (var connection = database();
                var applier = new ChangesetApplier(connection)) {
            run(connection, "BEGIN");
            run(connection, TABLE);
            applier.apply(changes, ConflictHandler.ABORT);
            run(connection, "ROLLBACK");
            run(connection, "CREATE TABLE t(c, b, a, k INTEGER PRIMARY KEY)");

            var outside = applier.apply(changes, ConflictHandler.ABORT);
            run(connection, "BEGIN");
            var inside = applier.apply(changes, ConflictHandler.ABORT);

            assertThat(outside.skippedTables()).hasSize(1);
            assertThat(inside.skippedTables()).hasSize(1);
            assertThat(rows(connection, "SELECT * FROM t")).isEmpty();
        }
    }

    @Test
    void layoutReadBeforeARollbackToASavepointIsNotTrusted() throws SQLException {
        var changes = changeset("t", 1, 0, 0).insert(1, 2, 3).bytes();
        try (var connection = database();
                var applier = new ChangesetApplier(connection)) {
            run(connection, "BEGIN");
            run(connection, "SAVEPOINT s");
            run(connection, TABLE);
            applier.apply(changes, ConflictHandler.ABORT);
            run(connection, "ROLLBACK TO s");
            run(connection, "CREATE TABLE t(c, b, a, k INTEGER PRIMARY KEY)");

            var outcome = applier.apply(changes, ConflictHandler.ABORT);

            assertThat(outcome.skippedTables()).hasSize(1);
        }
    }
}
