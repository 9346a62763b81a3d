package io.merklite.sync.database;

import static io.merklite.sync.database.TestDatabase.deliver;
import static io.merklite.sync.database.TestDatabase.inMemory;
import static io.merklite.sync.database.TestDatabase.options;
import static io.merklite.sync.database.TestDatabase.raw;
import static io.merklite.sync.database.TestDatabase.reports;
import static io.merklite.sync.database.TestDatabase.rows;
import static io.merklite.sync.database.TestDatabase.transactions;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.merklite.sync.SyncException.RefusedQuery;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.sqlite.Function;

/** Section 8 of the behaviours, as far as a database alone shows them: subscriptions. */
class SubscriptionsTest {
    private static final String ITEM = "CREATE TABLE item(id INTEGER PRIMARY KEY, grp INTEGER, label TEXT)";

    /** Counts how often it is called: once for each time that a query with it is run. */
    private static final class Counter extends Function {
        private final AtomicInteger calls = new AtomicInteger();

        @Override
        protected void xFunc() throws SQLException {
            calls.incrementAndGet();
            result(1);
        }
    }

    private static AtomicInteger counted(Database database) throws SQLException {
        var counter = new Counter();
        Function.create(database.connection(), "counted", counter, 0);
        return counter.calls;
    }

    @Test
    void b59_idsAreNotReused() {
        try (var database = inMemory(ITEM)) {
            List<Long> ids = new ArrayList<>();
            for (var i = 0; i < 3; i++) {
                database.subscribe("SELECT 1", result -> ids.add(result.id())).close();
            }

            assertThat(ids).doesNotHaveDuplicates().hasSize(3);
        }
    }

    @Test
    void b59_statementsThatWriteAreRefused() {
        try (var database = inMemory(ITEM)) {
            for (var sql : List.of(
                    "DELETE FROM item",
                    "INSERT INTO item VALUES (1, 1, 'x') RETURNING id",
                    "PRAGMA user_version = 1")) {
                assertThatThrownBy(() -> database.subscribe(sql, result -> {})).isInstanceOf(RefusedQuery.class);
            }
        }
    }

    @Test
    void b61_reportsOnlyADifferentResult() {
        try (var database = inMemory(ITEM)) {
            var reports = reports(database, "SELECT max(id) FROM item");

            database.exec("INSERT INTO item VALUES (5, 1, 'a')");
            database.exec("INSERT INTO item VALUES (4, 1, 'a')");
            database.exec("DELETE FROM item WHERE id = 4");

            assertThat(reports).hasSize(2);
        }
    }

    @Test
    void b62_onlyTablesThatTheQueryReadsMatter() throws Exception {
        try (var database = inMemory(ITEM + "; CREATE TABLE other(id INTEGER PRIMARY KEY)")) {
            var calls = counted(database);
            reports(database, "SELECT counted(), count(*) FROM item");
            var before = calls.get();

            database.exec("INSERT INTO other VALUES (1)");

            assertThat(calls.get()).isEqualTo(before);
        }
    }

    @Test
    void b63_onlyColumnsThatTheQueryReadsMatter() throws Exception {
        try (var database = inMemory(ITEM)) {
            database.exec("INSERT INTO item VALUES (1, 1, 'a')");
            var calls = counted(database);
            var reports = reports(database, "SELECT counted(), grp FROM item");
            var before = calls.get();

            database.exec("UPDATE item SET label = 'b'");
            assertThat(calls.get()).isEqualTo(before);
            database.exec("UPDATE item SET grp = 2");

            assertThat(reports).hasSize(2);
        }
    }

    @Test
    void b64_changesThatFailAPredicateAreSkipped() throws Exception {
        try (var database = inMemory(ITEM)) {
            var calls = counted(database);
            var reports = reports(database, "SELECT counted(), id FROM item WHERE grp = 1 AND id BETWEEN 10 AND 20");
            var before = calls.get();

            database.exec("INSERT INTO item VALUES (1, 1, 'a'), (11, 2, 'b')");
            assertThat(calls.get()).isEqualTo(before);
            database.exec("INSERT INTO item VALUES (12, 1, 'c')");

            assertThat(reports).hasSize(2);
        }
    }

    @Test
    void b65_predicateCarriesOverJoins() throws Exception {
        var tables = ITEM + "; CREATE TABLE tag(item INTEGER, word TEXT, id INTEGER PRIMARY KEY);"
                + "CREATE TABLE note(tagged INTEGER PRIMARY KEY, body TEXT)";
        try (var database = inMemory(tables)) {
            database.exec("INSERT INTO item VALUES (7, 1, 'a'), (8, 1, 'b')");
            var calls = counted(database);
            var reports = reports(
                    database,
                    "SELECT counted(), word, body FROM item JOIN tag ON tag.item = item.id"
                            + " LEFT JOIN note ON note.tagged = tag.item WHERE item.id = 7");
            var before = calls.get();

            database.exec("INSERT INTO tag VALUES (8, 'eight', 1); INSERT INTO note VALUES (8, 'far')");
            assertThat(calls.get()).isEqualTo(before);
            database.exec("INSERT INTO tag VALUES (7, 'seven', 2); INSERT INTO note VALUES (7, 'near')");

            assertThat(reports.getLast()).containsExactly(List.of("1", "'seven'", "'near'"));
        }
    }

    @Test
    void b67_queryThatCannotBeAnalysedDependsOnItsTables() throws Exception {
        try (var database = inMemory(ITEM + "; CREATE TABLE other(id INTEGER PRIMARY KEY)")) {
            var calls = counted(database);
            var reports = reports(
                    database,
                    "WITH RECURSIVE up(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < 3)"
                            + " SELECT counted() + max(id) FROM item WHERE EXISTS (SELECT 1 FROM up WHERE n = grp)");
            var before = calls.get();

            database.exec("INSERT INTO other VALUES (1)");
            assertThat(calls.get()).isEqualTo(before);
            database.exec("INSERT INTO item VALUES (5, 3, 'a')");

            assertThat(reports.getLast()).containsExactly(List.of("6"));
        }
    }

    @Test
    void b72_subscriptionsThatDoNotMatchCostNoEvaluation() throws Exception {
        try (var database = inMemory(ITEM)) {
            var calls = counted(database);
            for (var i = 0; i < 1000; i++) {
                database.subscribe("SELECT counted(), label FROM item WHERE grp = 1 AND id = " + i, result -> {});
            }
            var before = calls.get();

            database.exec("WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 499)"
                    + " INSERT INTO item SELECT i, 2, 'x' FROM n");

            assertThat(calls.get()).isEqualTo(before);
        }
    }

    @Test
    void b66_updateIsTestedBeforeAndAfter() {
        try (var database = inMemory(ITEM)) {
            database.exec("INSERT INTO item VALUES (1, 1, 'a')");
            var reports = reports(database, "SELECT label FROM item WHERE grp = 1");

            database.exec("UPDATE item SET grp = 2");
            database.exec("UPDATE item SET grp = 1, label = 'b'");

            assertThat(reports).containsExactly(List.of(List.of("'a'")), List.of(), List.of(List.of("'b'")));
        }
    }

    @Test
    void b68_tablesThatDoNotReplicateAreFollowed() {
        var options = options()
                .withSchema(
                        ITEM + "; CREATE TABLE local(id INTEGER PRIMARY KEY); CREATE TABLE bare(rowid, oid, _rowid_)")
                .withTables("item"::equals);
        try (var database = Database.open(Database.IN_MEMORY, options)) {
            database.exec("CREATE TEMP TABLE scratch(x); ATTACH ':memory:' AS side; CREATE TABLE side.far(x)");
            var local = reports(database, "SELECT * FROM local");
            var bare = reports(database, "SELECT * FROM bare");
            var scratch = reports(database, "SELECT * FROM scratch");
            var far = reports(database, "SELECT * FROM side.far");

            database.exec("INSERT INTO local VALUES (1); INSERT INTO bare VALUES (1, 2, 3)");
            database.exec("INSERT INTO scratch VALUES (1)");
            database.exec("INSERT INTO far VALUES (1)");
            database.exec("DELETE FROM local");

            assertThat(local).hasSize(3);
            assertThat(bare).hasSize(2);
            assertThat(scratch).hasSize(2);
            assertThat(far).hasSize(2);
        }
    }

    @Test
    void b68_rowsWithNullInTheKeyAreFollowed() {
        try (var database = inMemory(
                "CREATE TABLE single(a TEXT PRIMARY KEY, x); CREATE TABLE pair(a, b, x, PRIMARY KEY (a, b))")) {
            var single = reports(database, "SELECT x FROM single WHERE x > 0");
            var pair = reports(database, "SELECT x FROM pair WHERE x > 0");

            database.exec("INSERT INTO single VALUES (NULL, 1); INSERT INTO pair VALUES (1, NULL, 1)");
            database.exec("UPDATE single SET x = 2; UPDATE pair SET x = 2");
            database.exec("DELETE FROM single; DELETE FROM pair");

            assertThat(single).hasSize(4);
            assertThat(pair).hasSize(4);
        }
    }

    @Test
    void b68_tablesWithoutKeyAreFollowedByPredicates() throws Exception {
        try (var database = inMemory("CREATE TABLE note(grp INTEGER, body TEXT)")) {
            database.exec("INSERT INTO note VALUES (1, 'a'), (2, 'b')");
            var calls = counted(database);
            var reports = reports(database, "SELECT counted(), body FROM note WHERE grp = 1");
            var before = calls.get();

            database.exec("INSERT INTO note VALUES (2, 'c')");
            assertThat(calls.get()).isEqualTo(before);
            database.exec("UPDATE note SET body = 'x' WHERE grp = 1");
            database.exec("DELETE FROM note");

            assertThat(reports).hasSize(3);
        }
    }

    @Test
    void b70_changeOfSchemaShowsTheNewColumns() {
        try (var database = inMemory(ITEM)) {
            List<List<String>> columns = new ArrayList<>();
            database.subscribe("SELECT * FROM item", result -> columns.add(result.columns()));

            database.exec("ALTER TABLE item ADD COLUMN price REAL");
            database.exec("BEGIN; ALTER TABLE item ADD COLUMN undone REAL; ROLLBACK");
            raw(database, "ALTER TABLE item RENAME COLUMN price TO cost");
            database.notifyChanged();

            assertThat(columns)
                    .containsExactly(
                            List.of("id", "grp", "label"),
                            List.of("id", "grp", "label", "price"),
                            List.of("id", "grp", "label", "cost"));
        }
    }

    @Test
    void droppedTableIsLoggedAndDoesNotFailTheWrite() {
        List<String> log = new ArrayList<>();
        try (var database =
                Database.open(Database.IN_MEMORY, options().withSchema(ITEM).withLog((level, text) -> log.add(text)))) {
            var reports = reports(database, "SELECT id FROM item");

            database.exec("DROP TABLE item");
            assertThat(log).anyMatch(line -> line.contains("could not be run"));
            database.exec(ITEM + "; INSERT INTO item VALUES (1, 1, 'a')");

            assertThat(reports).hasSize(2);
        }
    }

    @Test
    void mergedChangesAreReportedOnce() {
        try (var source = inMemory(ITEM);
                var target = inMemory(ITEM)) {
            var heard = transactions(source);
            var reports = reports(target, "SELECT id FROM item WHERE grp = 1");
            source.exec("INSERT INTO item VALUES (1, 1, 'a')");
            source.exec("INSERT INTO item VALUES (2, 1, 'b')");

            target.merged(heard.stream().map(target.store()::merge).toList());
            assertThat(reports).hasSize(2);
            source.exec("INSERT INTO item VALUES (3, 2, 'c')");
            deliver(heard.subList(2, 3), target);

            assertThat(reports).hasSize(2);
            assertThat(rows(target, "SELECT id FROM item")).hasSize(3);
        }
    }

    @Test
    void callbackMaySubscribeAndEndSubscriptions() {
        try (var database = inMemory(ITEM)) {
            List<QueryResult> inner = new ArrayList<>();
            List<Registration> handles = new ArrayList<>();
            handles.add(database.subscribe("SELECT count(*) FROM item", result -> {
                if (!TestDatabase.rows(result).equals(List.of(List.of("0")))) {
                    handles.getFirst().close();
                    handles.add(database.subscribe("SELECT id FROM item", inner::add));
                }
            }));

            database.exec("INSERT INTO item VALUES (1, 1, 'a')");
            database.exec("INSERT INTO item VALUES (2, 1, 'b')");

            assertThat(handles).hasSize(2);
            assertThat(inner).hasSize(2);
        }
    }
}
