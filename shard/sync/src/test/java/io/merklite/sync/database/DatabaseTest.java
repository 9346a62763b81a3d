package io.merklite.sync.database;

import static io.merklite.sync.database.TestDatabase.assertSound;
import static io.merklite.sync.database.TestDatabase.inMemory;
import static io.merklite.sync.database.TestDatabase.options;
import static io.merklite.sync.database.TestDatabase.raw;
import static io.merklite.sync.database.TestDatabase.reports;
import static io.merklite.sync.database.TestDatabase.rows;
import static io.merklite.sync.database.TestDatabase.transactions;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.merklite.query.subscribe.SqlValue;
import io.merklite.sync.ErrorCode;
import io.merklite.sync.SyncException;
import io.merklite.sync.SyncException.InvalidState;
import io.merklite.sync.SyncException.RefusedMigration;
import io.merklite.sync.SyncException.RefusedQuery;
import io.merklite.sync.SyncException.StatementFailure;
import io.merklite.sync.SyncException.StoreFailure;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Section 1 of the behaviours: the database. */
class DatabaseTest {
    private static final String ITEM = "CREATE TABLE item(id INTEGER PRIMARY KEY, label TEXT)";

    @TempDir
    private Path folder;

    private String file() {
        return folder.resolve("test.db").toString();
    }

    @Test
    void b01_databaseInMemoryGetsItsSchema() {
        try (var database = inMemory(ITEM)) {
            database.exec("INSERT INTO item VALUES (1, 'one')");

            assertThat(rows(database, "SELECT * FROM item")).containsExactly(List.of("1", "'one'"));
        }
    }

    @Test
    void b01_withoutSchemaTheFileStaysAsItIs() {
        try (var database = Database.open(file(), options().withSchema(ITEM))) {
            database.exec("INSERT INTO item VALUES (1, 'one')");
        }

        try (var database = Database.open(file(), options())) {
            assertThat(rows(database, "SELECT * FROM item")).containsExactly(List.of("1", "'one'"));
        }
    }

    @Test
    void b01_tablesAreRebuiltForANewSchema() {
        try (var database = Database.open(file(), options().withSchema(ITEM))) {
            database.exec("INSERT INTO item VALUES (1, '7')");
        }

        try (var database = Database.open(
                file(), options().withSchema("CREATE TABLE item(id INTEGER PRIMARY KEY, label INTEGER)"))) {
            assertThat(rows(database, "SELECT * FROM item")).containsExactly(List.of("1", "7"));
            assertSound(database);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "CREATE TABLE other(id INTEGER PRIMARY KEY)",
                "CREATE TABLE item(id INTEGER PRIMARY KEY)",
                "CREATE TABLE item(id INTEGER PRIMARY KEY, label TEXT NOT NULL)",
                "CREATE TABLE item(id INTEGER PRIMARY KEY, label TEXT",
                "SELECT nonsense"
            })
    void b01_migrationThatMayLoseSomethingIsRefusedAndLeavesTheFile(String ddl) {
        try (var database = Database.open(file(), options().withSchema(ITEM))) {
            database.exec("INSERT INTO item VALUES (1, 'one')");
        }

        assertThatThrownBy(() -> Database.open(file(), options().withSchema(ddl)))
                .isInstanceOfSatisfying(
                        RefusedMigration.class,
                        failure -> assertThat(failure.kind()).isEqualTo(ErrorCode.SQLITE_ERROR));

        try (var database = Database.open(file(), options().withSchema(ITEM))) {
            assertThat(rows(database, "SELECT * FROM item")).containsExactly(List.of("1", "'one'"));
            database.exec("INSERT INTO item VALUES (2, 'two')");
        }
    }

    @Test
    void b01_failureToOpenLeavesNoHandle() throws IOException {
        Files.writeString(
                folder.resolve("test.db"),
                "this is not a database, but a text of more than a hundred bytes. ".repeat(20));

        assertThatThrownBy(() -> Database.open(file(), options().withSchema(ITEM)))
                .isInstanceOfSatisfying(
                        SyncException.class,
                        failure -> assertThat(failure.kind()).isEqualTo(ErrorCode.SQLITE_ERROR));
        assertThatThrownBy(() -> Database.open(folder.resolve("missing/test.db").toString(), options()))
                .isInstanceOf(StoreFailure.class);

        assertThatCode(() -> Files.delete(folder.resolve("test.db"))).doesNotThrowAnyException();
    }

    @Test
    void b01_pathWithDriverSyntaxIsAFileName() {
        var odd = folder.resolve(":resource:odd.db").toString();

        Database.open(odd, options().withSchema(ITEM)).close();

        assertThat(Path.of(odd)).exists();
    }

    @Test
    void b01_newFileNeedsNoSchema() {
        Database.open(file(), options()).close();

        assertThat(Path.of(file())).exists();
    }

    @Test
    void copiedFileWritesUnderANewOrigin() throws IOException {
        var copy = folder.resolve("copy.db");
        Database.open(file(), options().withSchema(ITEM)).close();
        Files.copy(Path.of(file()), copy);

        try (var original = Database.open(file(), options());
                var second = Database.open(copy.toString(), options())) {
            assertThat(original.store().originIsNew()).isFalse();
            assertThat(second.store().originIsNew()).isTrue();
            assertThat(second.store().origin()).isNotEqualTo(original.store().origin());
        }
    }

    @Test
    void b02_fileOpensAgainWithTheSameOrAGrownSchema() {
        Database.open(file(), options().withSchema(ITEM)).close();
        Database.open(file(), options().withSchema(ITEM)).close();

        try (var database = Database.open(
                file(), options().withSchema(ITEM + "; CREATE TABLE tag(name TEXT PRIMARY KEY, hue INTEGER)"))) {
            database.exec("INSERT INTO tag VALUES ('red', 0)");
            assertSound(database);
        }
        try (var database = Database.open(
                file(),
                options()
                        .withSchema(
                                "CREATE TABLE item(id INTEGER PRIMARY KEY, label TEXT, price REAL);"
                                        + "CREATE TABLE tag(name TEXT PRIMARY KEY, hue INTEGER); CREATE INDEX by_hue ON tag(hue)"))) {
            assertThat(rows(database, "SELECT * FROM tag")).containsExactly(List.of("'red'", "0"));
            assertSound(database);
        }
    }

    @Test
    void b02_fileWhoseOwnerChangedTheSchemaOpensWithAGrownOne() {
        try (var database = Database.open(file(), options().withSchema(ITEM))) {
            database.exec("CREATE INDEX by_label ON item(label)");
        }

        var grown = ITEM + "; CREATE INDEX by_label ON item(label); CREATE TABLE tag(name TEXT PRIMARY KEY)";

        assertThatCode(() -> Database.open(file(), options().withSchema(grown)).close())
                .doesNotThrowAnyException();
    }

    @Test
    void b03_dialectIsUnderstoodEverywhere() {
        try (var database = inMemory(ITEM)) {
            database.exec("INSERT INTO item VALUES (1, 'one'); CREATE TABLE copy AS FROM item SELECT {id, label}");
            var reports = reports(database, "FROM item SELECT {label}");

            database.exec("UPDATE item SET label = 'two'");

            assertThat(rows(database, "SELECT * FROM copy").getFirst().getFirst())
                    .contains("7b226964223a31");
            assertThat(database.query("FROM item SELECT {id, label}")
                            .rows()
                            .getFirst()
                            .getFirst())
                    .isEqualTo(SqlValue.of("{\"id\":1,\"label\":\"two\"}".getBytes(StandardCharsets.UTF_8)));
            assertThat(reports).hasSize(2);
        }
    }

    @Test
    void b03_dialectErrorTellsLineAndColumn() {
        try (var database = inMemory(ITEM)) {
            assertThatThrownBy(() -> database.query("FROM item\nSELECT {id,"))
                    .isInstanceOfSatisfying(
                            RefusedQuery.class,
                            failure -> assertThat(failure.kind()).isEqualTo(ErrorCode.SQLITE_ERROR))
                    .hasMessageContaining("line 2, column ");
            assertThatThrownBy(() -> database.exec("FROM item SELECT {id,")).hasMessageContaining("line 1, column ");
            assertThatThrownBy(() -> database.subscribe("FROM item SELECT {id,", result -> {}))
                    .hasMessageContaining("line 1, column ");
        }
    }

    @Test
    void b04_queryGivesAllTypesAndNames() {
        try (var database = inMemory(ITEM)) {
            var result = database.query(
                    "SELECT NULL AS n, 9223372036854775807 AS i, 1.5 AS r, 'x''y' AS t, x'00ff' AS b, x'' AS e, '' AS s");

            assertThat(result.id()).isZero();
            assertThat(result.columns()).containsExactly("n", "i", "r", "t", "b", "e", "s");
            assertThat(rows(result))
                    .containsExactly(List.of("NULL", "9223372036854775807", "1.5", "'x'y'", "x'00ff'", "x''", "''"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "  ", ";", " ; -- nothing\n", "/* nothing */"})
    void b04_emptyTextGivesNoColumnsAndNoRows(String text) {
        try (var database = inMemory(ITEM)) {
            assertThat(database.query(text)).isEqualTo(new QueryResult(0, List.of(), List.of()));
        }
    }

    @Test
    void b04_onlyTheFirstStatementOfAQueryIsUsed() {
        try (var database = inMemory(ITEM)) {
            assertThat(rows(database, "SELECT 1; SELECT 2; nonsense")).containsExactly(List.of("1"));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "INSERT INTO item VALUES (1, 'x')",
                "INSERT INTO item VALUES (1, 'x') RETURNING id",
                "WITH a AS (SELECT 1) INSERT INTO item SELECT 1, 'x'",
                "DELETE FROM item",
                "DROP TABLE item",
                "PRAGMA user_version = 3",
                "PRAGMA foreign_keys(1)",
                "BEGIN"
            })
    void b04_queryThatWritesIsRefused(String sql) {
        try (var database = inMemory(ITEM)) {
            assertThatThrownBy(() -> database.query(sql)).isInstanceOf(RefusedQuery.class);

            assertThat(rows(database, "PRAGMA main.user_version")).containsExactly(List.of("0"));
            assertThat(rows(database, "PRAGMA foreign_keys")).containsExactly(List.of("0"));
            assertThat(rows(database, "PRAGMA table_info(item)")).hasSize(2);
            assertThat(database.isTransactionOpen()).isFalse();
        }
    }

    @Test
    void b04_queryWithCommonTablesIsNoWrite() {
        try (var database = inMemory(ITEM)) {
            assertThat(rows(
                            database,
                            "WITH a(x) AS (VALUES (1)), replace AS (SELECT 2 AS y) SELECT x, y FROM a, replace"))
                    .containsExactly(List.of("1", "2"));
        }
    }

    @Test
    void b05_execOfSeveralStatementsRunsAllOfThem() {
        try (var database = inMemory(ITEM)) {
            var heard = transactions(database);

            database.exec("INSERT INTO item VALUES (1, 'a;b'); SELECT * FROM item;\n"
                    + "INSERT INTO item VALUES (2, 'c') RETURNING id; -- done\n;");

            assertThat(rows(database, "SELECT * FROM item"))
                    .containsExactly(List.of("1", "'a;b'"), List.of("2", "'c'"));
            assertThat(heard).hasSize(1);
        }
    }

    @Test
    void b05_execThatFailsLeavesNothingOfItself() {
        try (var database = inMemory(ITEM)) {
            var heard = transactions(database);

            assertThatThrownBy(
                            () -> database.exec("INSERT INTO item VALUES (1, 'a'); INSERT INTO item VALUES (1, 'b')"))
                    .isInstanceOfSatisfying(
                            StatementFailure.class,
                            failure -> assertThat(failure.kind()).isEqualTo(ErrorCode.SQLITE_ERROR));

            assertThat(rows(database, "SELECT * FROM item")).isEmpty();
            assertThat(heard).isEmpty();
            database.exec("INSERT INTO item VALUES (1, 'c')");
            assertThat(heard).hasSize(1);
            assertSound(database);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ";;", "-- nothing"})
    void b05_emptyTextIsANoOp(String text) {
        try (var database = inMemory(ITEM)) {
            var heard = transactions(database);

            database.exec(text);

            assertThat(heard).isEmpty();
        }
    }

    @Test
    void b05_triggersWithSemicolonsAreOneStatement() {
        try (var database = inMemory(ITEM)) {
            database.exec("CREATE TRIGGER shout AFTER INSERT ON item BEGIN\n"
                    + "UPDATE item SET label = CASE WHEN new.label = 'x' THEN 'X' ELSE upper(label) END WHERE id = new.id;\n"
                    + "SELECT 1; END; INSERT INTO item VALUES (1, 'abc')");

            assertThat(rows(database, "SELECT label FROM item")).containsExactly(List.of("'ABC'"));
        }
    }

    @Test
    void b06_subscriptionReportsAtOnceAndAfterChangesOfItsResult() {
        try (var database = inMemory(ITEM)) {
            database.exec("INSERT INTO item VALUES (1, 'a')");
            var reports = reports(database, "SELECT label FROM item ORDER BY id");

            database.exec("INSERT INTO item VALUES (2, 'b')");
            database.exec("UPDATE item SET label = 'b' WHERE id = 2");
            database.exec("UPDATE item SET id = 3 WHERE id = 2");

            assertThat(reports).containsExactly(List.of(List.of("'a'")), List.of(List.of("'a'"), List.of("'b'")));
        }
    }

    @Test
    void b06_reportCarriesTheIdOfItsSubscription() {
        try (var database = inMemory(ITEM)) {
            List<QueryResult> reports = new ArrayList<>();

            database.subscribe("SELECT 1 AS a", reports::add);
            database.subscribe("SELECT 2 AS b", reports::add);

            assertThat(reports).extracting(QueryResult::id).doesNotContain(0L).doesNotHaveDuplicates();
            assertThat(reports.getFirst().columns()).containsExactly("a");
        }
    }

    @Test
    void b06_closedHandleEndsTheSubscription() {
        try (var database = inMemory(ITEM)) {
            List<QueryResult> reports = new ArrayList<>();
            var handle = database.subscribe("SELECT * FROM item", reports::add);

            handle.close();
            handle.close();
            database.exec("INSERT INTO item VALUES (1, 'a')");

            assertThat(reports).hasSize(1);
        }
    }

    @Test
    void b06_handleOutlivesTheDatabase() {
        var database = inMemory(ITEM);
        var handle = database.subscribe("SELECT * FROM item", result -> {});
        var listener = database.onTransaction(transaction -> {});

        database.close();

        assertThatCode(handle::close).doesNotThrowAnyException();
        assertThatCode(listener::close).doesNotThrowAnyException();
    }

    @Test
    void b06_queryThatDoesNotCompileIsAnError() {
        try (var database = inMemory(ITEM)) {
            assertThatThrownBy(() -> database.subscribe("SELECT nothing FROM nowhere", result -> {}))
                    .isInstanceOf(StatementFailure.class);
            assertThatThrownBy(() -> database.subscribe("SELECT abs(-9223372036854775808)", result -> {}))
                    .isInstanceOf(StatementFailure.class);
            assertThatThrownBy(() -> database.subscribe("DELETE FROM item", result -> {}))
                    .isInstanceOf(RefusedQuery.class);

            assertThatCode(() -> database.exec("INSERT INTO item VALUES (1, 'a')"))
                    .doesNotThrowAnyException();
        }
    }

    @Test
    void b07_rawWritesAreSeenAfterNotify() {
        try (var database = inMemory(ITEM)) {
            var heard = transactions(database);
            var reports = reports(database, "SELECT id FROM item");

            raw(database, "INSERT INTO item VALUES (1, 'a')");
            assertThat(reports).hasSize(1);
            database.notifyChanged();
            assertThat(reports).hasSize(2);

            raw(database, "INSERT INTO item VALUES (2, 'b')");
            database.notifyChanged(List.of("other"));
            assertThat(reports).hasSize(2);
            database.notifyChanged(List.of("ITEM"));
            assertThat(reports).hasSize(3);

            assertThat(heard).hasSize(2);
            assertSound(database);
        }
    }

    @Test
    void b07_execElsewhereDoesNotShowRawWritesButStampsThem() {
        try (var database = inMemory(ITEM + "; CREATE TABLE other(id INTEGER PRIMARY KEY)")) {
            var heard = transactions(database);
            var reports = reports(database, "SELECT id FROM item");
            raw(database, "INSERT INTO item VALUES (1, 'a')");

            database.exec("INSERT INTO other VALUES (1)");

            assertThat(reports).hasSize(1);
            assertThat(heard).hasSize(2);
            database.notifyChanged();
            assertThat(reports).hasSize(2);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "DELETE FROM item",
                "REPLACE INTO item VALUES (9, 'a')",
                "DELETE FROM parent",
                "INSERT INTO source VALUES (1)",
                "UPDATE OR REPLACE item SET id = 2 WHERE id = 1",
                "DROP TABLE item; CREATE TABLE item(id INTEGER PRIMARY KEY, label TEXT UNIQUE)"
            })
    void b08_anyStatementThatChangesRowsCounts(String sql) {
        try (var database = inMemory("""
                CREATE TABLE item(id INTEGER PRIMARY KEY, label TEXT UNIQUE,
                    parent INTEGER REFERENCES parent(id) ON DELETE CASCADE);
                CREATE TABLE parent(id INTEGER PRIMARY KEY);
                CREATE TABLE source(id INTEGER PRIMARY KEY);
                CREATE TRIGGER spill AFTER INSERT ON source BEGIN DELETE FROM item WHERE id = 1; END;
                """)) {
            database.exec("PRAGMA foreign_keys = ON; INSERT INTO parent VALUES (1);"
                    + "INSERT INTO item VALUES (1, 'a', 1), (2, 'b', 1)");
            var reports = reports(database, "SELECT count(*), sum(id) FROM item");

            database.exec(sql.contains("(9, 'a')") ? "REPLACE INTO item VALUES (9, 'a', 1)" : sql);

            assertThat(reports).hasSize(2);
            assertSound(database);
        }
    }

    @Test
    void b08_rowsAreReportedOnlyAtCommit() {
        try (var database = inMemory(ITEM)) {
            var heard = transactions(database);
            var reports = reports(database, "SELECT id FROM item");

            database.exec("BEGIN");
            database.exec("INSERT INTO item VALUES (1, 'a')");
            database.exec(
                    "INSERT INTO item VALUES (2, 'b'); SAVEPOINT s; INSERT INTO item VALUES (3, 'c'); ROLLBACK TO s");
            assertThat(reports).hasSize(1);
            assertThat(heard).isEmpty();
            database.exec("COMMIT");

            assertThat(reports).hasSize(2);
            assertThat(reports.getLast()).containsExactly(List.of("1"), List.of("2"));
            assertThat(heard).hasSize(1);
            assertSound(database);
        }
    }

    @Test
    void b08_rollbackTakesBackWhatWasReportedInside() {
        try (var database = inMemory(ITEM)) {
            var heard = transactions(database);
            database.exec("BEGIN; INSERT INTO item VALUES (1, 'a')");
            var reports = reports(database, "SELECT id FROM item");
            var constant = reports(database, "SELECT 1");

            database.exec("ROLLBACK");

            assertThat(reports).containsExactly(List.of(List.of("1")), List.of());
            assertThat(constant).hasSize(1);
            assertThat(heard).isEmpty();
            assertSound(database);
        }
    }

    @Test
    void b09_callbackMayExec() {
        try (var database = inMemory(ITEM + "; CREATE TABLE log(id INTEGER PRIMARY KEY, count INTEGER)")) {
            var heard = transactions(database);
            var logged = reports(database, "SELECT count FROM log ORDER BY id");
            database.subscribe("SELECT count(*) FROM item", result -> {
                var count = TestDatabase.rows(result).getFirst().getFirst();
                database.exec("INSERT INTO log(id, count) VALUES ((SELECT count(*) FROM log), " + count + ")");
            });

            database.exec("INSERT INTO item VALUES (1, 'a')");

            assertThat(logged).hasSize(3);
            assertThat(logged.getLast()).containsExactly(List.of("0"), List.of("1"));
            assertThat(heard)
                    .extracting(transaction -> transaction.seq())
                    .isSorted()
                    .hasSize(3);
            assertSound(database);
        }
    }

    @Test
    void b09_exceptionOfACallbackComesOutWhenAllIsDone() {
        try (var database = inMemory(ITEM)) {
            database.onTransaction(transaction -> {
                throw new IllegalStateException("mine");
            });
            var heard = transactions(database);

            assertThatThrownBy(() -> database.exec("INSERT INTO item VALUES (1, 'a')"))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("mine");

            assertThat(heard).hasSize(1);
            assertThat(rows(database, "SELECT id FROM item")).hasSize(1);
        }
    }

    @Test
    void b10_rawConnectionIsReachable() throws Exception {
        try (var database = inMemory(ITEM);
                var statement = database.connection().createStatement();
                var tables = statement.executeQuery("SELECT count(*) FROM item")) {
            assertThat(tables.getInt(1)).isZero();
        }
    }

    @Test
    void b10_migrationGivesThePlanWithoutADatabase() {
        var plan = Database.migration(ITEM, ITEM + "; CREATE TABLE tag(name TEXT PRIMARY KEY)");

        assertThat(plan).contains("\"operations\"").contains("CreateTable").contains("tag");
        assertThat(Database.migration("", "")).contains("\"operations\": []");
        assertThatThrownBy(() -> Database.migration("", "CREATE TABLE")).isInstanceOf(RefusedMigration.class);
    }

    @Test
    void b11_closedDatabaseSaysSo() {
        var database = inMemory(ITEM);
        database.close();

        assertThatCode(database::close).doesNotThrowAnyException();
        assertThatThrownBy(() -> database.exec("SELECT 1"))
                .isInstanceOfSatisfying(
                        InvalidState.class,
                        failure -> assertThat(failure.kind()).isEqualTo(ErrorCode.INVALID_STATE));
        assertThatThrownBy(() -> database.query("SELECT 1")).isInstanceOf(InvalidState.class);
    }
}
