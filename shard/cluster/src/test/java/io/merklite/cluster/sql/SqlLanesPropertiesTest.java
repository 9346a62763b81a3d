package io.merklite.cluster.sql;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.Tuple;

/** Whatever lane statements take, they do what they would do on a SQLite connection of the stream's own. */
class SqlLanesPropertiesTest {
    private static final List<String> SCHEMA = List.of(
            "CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT UNIQUE)",
            "CREATE TABLE child(id INTEGER PRIMARY KEY, parent INTEGER REFERENCES t(id) ON DELETE CASCADE)",
            "CREATE TRIGGER unlucky BEFORE INSERT ON t WHEN NEW.id = 5 BEGIN SELECT RAISE(ROLLBACK, 'unlucky'); END");
    private static final String DEFERRED =
            "CREATE TABLE d(id INTEGER PRIMARY KEY, t INTEGER REFERENCES t(id) DEFERRABLE INITIALLY DEFERRED)";
    private static final List<String> TABLES = List.of("t", "child", "d", "n");

    /** A request: some statements, each only if the one before it succeeded, or in any case. */
    record Request(List<String> statements, boolean isChained) {}

    @Provide
    Arbitrary<List<Request>> requests() {
        var row = Arbitraries.integers().between(1, 5);
        var value = Arbitraries.of("'a'", "'b'", "'c'", "NULL");
        var insert = Combinators.combine(
                        Arbitraries.of(
                                "INSERT INTO t",
                                "INSERT INTO t",
                                "INSERT OR IGNORE INTO t",
                                "REPLACE INTO t",
                                "INSERT OR ROLLBACK INTO t",
                                "INSERT OR FAIL INTO t"),
                        row,
                        value,
                        row,
                        Arbitraries.of("", " RETURNING id, v"))
                .as((verb, id, v, other, returning) ->
                        verb + "(id, v) VALUES (" + id + ", " + v + "), (" + other + ", 'z" + other + "')" + returning);
        var small = Combinators.combine(
                        Arbitraries.of(
                                "INSERT INTO t VALUES (%1$d, %2$s)",
                                "UPDATE t SET v = %2$s WHERE id >= %1$d",
                                "DELETE FROM t WHERE id = %1$d",
                                "INSERT INTO child(parent) VALUES (%1$d)",
                                "DELETE FROM child WHERE parent = %1$d",
                                "INSERT INTO d(t) VALUES (%1$d)",
                                "INSERT INTO n VALUES (%1$d)",
                                "SELECT * FROM t WHERE id >= %1$d ORDER BY id"),
                        row,
                        value)
                .as((form, id, v) -> form.formatted(id, v));
        var control = Arbitraries.of(
                "BEGIN",
                "BEGIN IMMEDIATE",
                "COMMIT",
                "COMMIT",
                "ROLLBACK",
                "SAVEPOINT a",
                "SAVEPOINT b",
                "RELEASE a",
                "ROLLBACK TO a",
                "ROLLBACK TO b");
        var other = Arbitraries.of(
                "CREATE TABLE n(a)",
                "DROP TABLE n",
                "CREATE INDEX i ON t(v)",
                "ALTER TABLE n ADD COLUMN b",
                "PRAGMA foreign_keys = OFF",
                "PRAGMA foreign_keys = ON",
                "PRAGMA user_version = 4",
                "PRAGMA user_version",
                "PRAGMA foreign_keys",
                "PRAGMA defer_foreign_keys = ON",
                "SELECT count(*) FROM child",
                "SELEC",
                "SELECT * FROM nope");
        var statement = Arbitraries.frequencyOf(
                Tuple.of(4, small), Tuple.of(2, insert), Tuple.of(4, control), Tuple.of(1, other));
        var request = Combinators.combine(
                        statement.list().ofMinSize(1).ofMaxSize(6),
                        Arbitraries.of("", "BEGIN", "BEGIN IMMEDIATE"),
                        Arbitraries.of(true, false))
                .as((inner, around, isChained) -> {
                    List<String> all = new ArrayList<>(inner);
                    if (!around.isEmpty()) {
                        all.addFirst(around);
                        all.add("COMMIT");
                    }
                    return new Request(all, isChained);
                });
        return request.list().ofMinSize(1).ofMaxSize(6);
    }

    @Property(tries = 150, shrinking = ShrinkingMode.BOUNDED)
    void everyLaneDoesWhatAConnectionOfItsOwnWould(
            @ForAll("requests") List<Request> requests, @ForAll boolean hasDeferred) throws Exception {
        var directory = Files.createTempDirectory("merklite-lanes");
        try (var plain = new PlainStream(directory.resolve("plain.db"));
                var natural = new SqlOwner(directory.resolve("natural.db"));
                var alone = new SqlOwner(directory.resolve("alone.db"))) {
            var naturalClient = new SqlClient(natural);
            var aloneState = new SqlStreamState();
            for (var sql : hasDeferred
                    ? Stream.concat(SCHEMA.stream(), Stream.of(DEFERRED)).toList()
                    : SCHEMA) {
                plain.run(sql);
                naturalClient.query(sql);
                new SqlClient(alone).query(sql);
            }

            for (var request : requests) {
                var expected = expected(plain, request);
                var batch = batch(request);
                assertThat(outcomes(naturalClient.run(batch)))
                        .as("natural lanes")
                        .isEqualTo(expected);
                assertThat(outcomes(alone.runIn(SqlPlan.Kind.EXCLUSIVE, aloneState, false, List.of(batch))))
                        .as("exclusive lane")
                        .isEqualTo(expected);
                var isAutocommit = plain.isAutocommit();
                assertThat(naturalClient.state().isAutocommit()).isEqualTo(isAutocommit);
                assertThat(aloneState.isAutocommit()).isEqualTo(isAutocommit);
            }

            if (!plain.isAutocommit()) {
                plain.run("ROLLBACK");
                naturalClient.query("ROLLBACK");
                alone.runIn(
                        SqlPlan.Kind.EXCLUSIVE,
                        aloneState,
                        false,
                        List.of(SqlRequest.Batch.of(SqlStatement.of("ROLLBACK"))));
            }
            for (var table : TABLES) {
                var rows = plain.outcome("SELECT * FROM " + table + " ORDER BY 1");
                assertThat(outcome(new SqlClient(natural).execute("SELECT * FROM " + table + " ORDER BY 1")))
                        .isEqualTo(rows);
                assertThat(outcome(new SqlClient(alone).execute("SELECT * FROM " + table + " ORDER BY 1")))
                        .isEqualTo(rows);
            }
            for (var owner : Set.of(natural, alone)) {
                var root = owner.store().root();
                owner.store().rebuildIndex();
                assertThat(owner.store().root()).isEqualTo(root);
            }
        } finally {
            delete(directory);
        }
    }

    private static void delete(Path directory) throws Exception {
        try (var files = Files.walk(directory)) {
            for (var file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    private static SqlRequest.Batch batch(Request request) {
        List<SqlStep> steps = new ArrayList<>();
        for (var sql : request.statements()) {
            Optional<StepCondition> condition = request.isChained() && !steps.isEmpty()
                    ? Optional.of(new StepCondition.Succeeded(steps.size() - 1))
                    : Optional.empty();
            steps.add(new SqlStep(SqlStatement.of(sql), condition));
        }
        return new SqlRequest.Batch(steps);
    }

    private static List<String> expected(PlainStream plain, Request request) throws SQLException {
        List<String> expected = new ArrayList<>();
        for (var sql : request.statements()) {
            var isSkipped = request.isChained()
                    && !expected.isEmpty()
                    && (expected.getLast().startsWith("failed")
                            || expected.getLast().equals("skipped"));
            expected.add(isSkipped ? "skipped" : plain.outcome(sql));
        }
        return expected;
    }

    private static List<String> outcomes(List<SqlResponse> responses) {
        return ((SqlResponse.BatchDone) responses.getFirst())
                .outcomes().stream().map(SqlLanesPropertiesTest::outcome).toList();
    }

    private static String outcome(StepOutcome outcome) {
        return switch (outcome) {
            case StepOutcome.Done done
            when done.result().columns().isEmpty() -> "done " + done.result().affectedRowCount();
            case StepOutcome.Done done -> "rows " + done.result().rows();
            case StepOutcome.Failed failed -> "failed " + failed.error();
            case StepOutcome.Skipped skipped -> "skipped";
        };
    }
}
