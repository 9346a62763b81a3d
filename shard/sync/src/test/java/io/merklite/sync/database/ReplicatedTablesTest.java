package io.merklite.sync.database;

import static io.merklite.sync.database.TestDatabase.assertSound;
import static io.merklite.sync.database.TestDatabase.deliver;
import static io.merklite.sync.database.TestDatabase.inMemory;
import static io.merklite.sync.database.TestDatabase.options;
import static io.merklite.sync.database.TestDatabase.rows;
import static io.merklite.sync.database.TestDatabase.transactions;
import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.session.changeset.ChangeOp;
import io.merklite.sync.transaction.Transaction;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Section 2 of the behaviours: what is replicated. */
class ReplicatedTablesTest {
    /** Runs both texts on a database with this schema, and has another merge what it commits. */
    private static void replicate(String ddl, String sql, String query) {
        try (var source = inMemory(ddl);
                var target = inMemory(ddl)) {
            replicate(source, target, sql, query);
        }
    }

    private static List<Transaction> replicate(Database source, Database target, String sql, String query) {
        var heard = transactions(source);

        source.exec(sql);
        deliver(heard, target);

        assertThat(rows(source, query)).isNotEmpty();
        assertThat(rows(target, query)).isEqualTo(rows(source, query));
        assertThat(target.store().root()).isEqualTo(source.store().root());
        assertSound(source);
        assertSound(target);
        return heard;
    }

    @Test
    void b12_tablesWithoutPrimaryKeyAreWarnedOf() {
        List<String> log = new ArrayList<>();
        var options = options()
                .withSchema("CREATE TABLE note(body TEXT); CREATE TABLE hidden(rowid, oid, _rowid_)")
                .withLog((level, text) -> log.add(level + " " + text));

        Database.open(Database.IN_MEMORY, options).close();

        assertThat(log)
                .anyMatch(line -> line.startsWith("WARN table note has no primary key"))
                .anyMatch(line ->
                        line.startsWith("WARN table hidden has no primary key") && line.contains("does not replicate"));
    }

    @Test
    void b12_tablesWithoutPrimaryKeyReplicateByTheirBirth() {
        replicate(
                "CREATE TABLE note(body TEXT)",
                "INSERT INTO note VALUES ('a'), ('a'), ('b'); UPDATE note SET body = 'c' WHERE body = 'b'",
                "SELECT body FROM note ORDER BY body");
    }

    @Test
    void b12_internalTablesNeverTakePart() {
        var ddl = "CREATE TABLE _sqlpipe_x(id INTEGER PRIMARY KEY); CREATE TABLE _sqlift_x(id INTEGER PRIMARY KEY);"
                + "CREATE TABLE _Merklite_x(id INTEGER PRIMARY KEY)";
        try (var database = Database.open(Database.IN_MEMORY, options())) {
            var heard = transactions(database);

            database.exec(ddl + "; INSERT INTO _sqlpipe_x VALUES (1); INSERT INTO _sqlift_x VALUES (1);"
                    + "INSERT INTO _Merklite_x VALUES (1); CREATE TABLE a(id INTEGER PRIMARY KEY AUTOINCREMENT);"
                    + "INSERT INTO a VALUES (1)");

            assertThat(database.store().tables()).containsExactlyInAnyOrder("_merklite_conflicts", "a");
            assertThat(heard).hasSize(1);
            assertThat(rows(database, "SELECT * FROM _sqlpipe_x")).hasSize(1);
            assertSound(database);
        }
    }

    @Test
    void b12_migrationStateOfAFileWithSchemaStaysAtHome() {
        try (var database = inMemory("CREATE TABLE a(id INTEGER PRIMARY KEY)")) {
            assertThat(database.store().tables()).containsExactlyInAnyOrder("_merklite_conflicts", "a");
        }
    }

    @Test
    void b12_prefixesAreTakenLiterally() {
        replicate(
                "CREATE TABLE xsqlpipe_y(id INTEGER PRIMARY KEY); CREATE TABLE sqlitex(id INTEGER PRIMARY KEY);"
                        + "CREATE TABLE asqliftb(id INTEGER PRIMARY KEY); CREATE TABLE merklite_c(id INTEGER PRIMARY KEY)",
                "INSERT INTO xsqlpipe_y VALUES (1); INSERT INTO sqlitex VALUES (2); INSERT INTO asqliftb VALUES (3);"
                        + "INSERT INTO merklite_c VALUES (4)",
                "SELECT * FROM xsqlpipe_y UNION ALL SELECT * FROM sqlitex UNION ALL SELECT * FROM asqliftb"
                        + " UNION ALL SELECT * FROM merklite_c");
    }

    @Test
    void b12_virtualTablesAreLeftAlone() {
        List<String> log = new ArrayList<>();
        try (var database =
                Database.open(Database.IN_MEMORY, options().withLog((level, text) -> log.add(level + " " + text)))) {
            var heard = transactions(database);

            database.exec("CREATE VIRTUAL TABLE search USING fts5(body); INSERT INTO search VALUES ('some words')");

            assertThat(rows(database, "SELECT body FROM search WHERE search MATCH 'words'"))
                    .hasSize(1);
            assertThat(heard).isEmpty();
            assertThat(log).anyMatch(line -> line.startsWith("WARN table search is virtual"));
            assertSound(database);
        }
    }

    @Test
    void b13_tablesWithoutRowidReplicate() {
        replicate(
                "CREATE TABLE pair(a TEXT, b INTEGER, c REAL, PRIMARY KEY (b, a)) WITHOUT ROWID",
                "INSERT INTO pair VALUES ('x', 1, 0.5), ('y', 1, 1), ('x', 2, NULL); DELETE FROM pair WHERE b = 2;"
                        + "UPDATE pair SET c = 7 WHERE a = 'y'; UPDATE pair SET a = 'z' WHERE a = 'x'",
                "SELECT * FROM pair ORDER BY a, b");
    }

    @Test
    void b14_filterNamesTheTables() {
        var options = options()
                .withSchema("CREATE TABLE a(id INTEGER PRIMARY KEY); CREATE TABLE b(id INTEGER PRIMARY KEY)")
                .withTables(Set.of("a")::contains);
        try (var database = Database.open(Database.IN_MEMORY, options)) {
            var heard = transactions(database);

            database.exec("INSERT INTO b VALUES (1)");
            assertThat(heard).isEmpty();
            database.exec("INSERT INTO a VALUES (1)");

            assertThat(heard).hasSize(1);
            assertThat(database.store().tables()).contains("a").doesNotContain("b");
        }
    }

    @Test
    void b14_filterWithoutTablesReplicatesNothing() {
        var options =
                options().withSchema("CREATE TABLE a(id INTEGER PRIMARY KEY)").withTables(table -> false);
        try (var database = Database.open(Database.IN_MEMORY, options)) {
            var heard = transactions(database);

            database.exec("INSERT INTO a VALUES (1)");

            assertThat(heard).isEmpty();
            assertThat(rows(database, "SELECT * FROM a")).hasSize(1);
        }
    }

    @Test
    void b14_filterIsPartOfTheFingerprint() {
        var ddl = "CREATE TABLE a(id INTEGER PRIMARY KEY); CREATE TABLE b(id INTEGER PRIMARY KEY)";
        try (var all = inMemory(ddl);
                var some = Database.open(
                        Database.IN_MEMORY, options().withSchema(ddl).withTables("a"::equals))) {
            assertThat(some.store().schemaFingerprint())
                    .isNotEqualTo(all.store().schemaFingerprint());
        }
    }

    @Test
    void b15_allValuesRoundTrip() {
        replicate(
                "CREATE TABLE v(id INTEGER PRIMARY KEY, x)",
                "INSERT INTO v VALUES (1, 9223372036854775807), (2, -9223372036854775808), (3, 1e308), (4, -0.0),"
                        + "(5, 4.9e-324), (6, 'a' || char(0) || 'b''\"'), (7, x'00ff00'), (8, NULL), (9, ''), (10, x''),"
                        + "(11, '\uD83D\uDE00'), (12, 9e999), (13, '1'), (14, 1.0), (15, 1)",
                "SELECT id, typeof(x), quote(x), hex(x), length(x) FROM v ORDER BY id");
    }

    @Test
    void b15_updatesRoundTrip() {
        replicate(
                "CREATE TABLE v(id INTEGER PRIMARY KEY, x, y)",
                "INSERT INTO v VALUES (1, 1, 2), (2, 'a', x'00'); UPDATE v SET x = NULL WHERE id = 1;"
                        + "UPDATE v SET x = 9007199254740993, y = '' WHERE id = 2",
                "SELECT id, typeof(x), quote(x), quote(y) FROM v ORDER BY id");
    }

    @Test
    void b16_namesMayHaveQuotesAndSpaces() {
        replicate(
                "CREATE TABLE \"it's a \"\"table\"\" \"(\"the 'key'\" TEXT PRIMARY KEY, \"col \"\"umn\" INTEGER, [sel ect])",
                "INSERT INTO \"it's a \"\"table\"\" \" VALUES ('k', 1, 2);"
                        + "UPDATE \"it's a \"\"table\"\" \" SET \"col \"\"umn\" = 3",
                "SELECT * FROM \"it's a \"\"table\"\" \"");
    }

    @Test
    void b16_generatedColumnsAreComputedByTheReplica() {
        replicate(
                "CREATE TABLE g(id INTEGER PRIMARY KEY, a INTEGER, b INTEGER AS (a * 2) VIRTUAL, c AS (a + 1) STORED, d)",
                "INSERT INTO g(id, a, d) VALUES (1, 5, 'x'); UPDATE g SET a = 6",
                "SELECT id, a, b, c, d FROM g");
    }

    @Test
    void b16_foreignKeysMayBeEnforced() {
        var ddl = "CREATE TABLE parent(id INTEGER PRIMARY KEY);"
                + "CREATE TABLE child(id INTEGER PRIMARY KEY, parent REFERENCES parent(id) ON DELETE SET NULL)";
        try (var source = inMemory(ddl);
                var target = inMemory(ddl)) {
            source.exec("PRAGMA foreign_keys = ON");
            target.exec("PRAGMA foreign_keys = ON");

            replicate(
                    source,
                    target,
                    "INSERT INTO parent VALUES (1), (2); INSERT INTO child VALUES (1, 1), (2, 2); DELETE FROM parent WHERE id = 1",
                    "SELECT * FROM child ORDER BY id");

            assertThat(rows(target, "PRAGMA foreign_keys")).containsExactly(List.of("1"));
        }
    }

    @Test
    void b16_columnMayBeCalledRowid() {
        replicate(
                "CREATE TABLE r(id INTEGER PRIMARY KEY, rowid TEXT, oid TEXT)",
                "INSERT INTO r VALUES (7, 'x', 'y'), (8, 'x', 'z'); UPDATE r SET rowid = 'w' WHERE id = 8",
                "SELECT * FROM r ORDER BY id");
    }

    @Test
    void b17_rowsAreIdentifiedByPrimaryKey() {
        var ddl = "CREATE TABLE t(key TEXT PRIMARY KEY NOT NULL, x INTEGER)";
        try (var source = inMemory(ddl);
                var target = inMemory(ddl)) {
            target.exec("INSERT INTO t VALUES ('other', 0)");
            var heard = transactions(source);

            source.exec("INSERT INTO t VALUES ('a', 1), ('b', 2); UPDATE t SET x = 3 WHERE key = 'b'");
            source.exec("DELETE FROM t WHERE key = 'a'");
            deliver(heard, target);

            assertThat(rows(target, "SELECT * FROM t ORDER BY key"))
                    .containsExactly(List.of("'b'", "3"), List.of("'other'", "0"));
        }
    }

    @Test
    void b18_triggersDoNotFireForReplicatedChanges() {
        var ddl = """
                CREATE TABLE a(id INTEGER PRIMARY KEY, x);
                CREATE TABLE log(id INTEGER PRIMARY KEY, x);
                CREATE TRIGGER note AFTER INSERT ON a BEGIN INSERT INTO log(id, x) VALUES (new.id * 10, new.x); END;
                CREATE TRIGGER gone AFTER DELETE ON a BEGIN UPDATE log SET x = 'gone'; END;
                """;
        try (var source = inMemory(ddl);
                var target = inMemory(ddl)) {
            target.exec("INSERT INTO log VALUES (1, 'mine')");
            var heard = transactions(source);

            source.exec("INSERT INTO a VALUES (1, 'x'), (2, 'y'); DELETE FROM a WHERE id = 2");
            source.exec("UPDATE log SET x = 'later' WHERE id = 20");
            deliver(heard, target);

            assertThat(rows(target, "SELECT * FROM log ORDER BY id"))
                    .containsExactly(List.of("1", "'mine'"), List.of("10", "'gone'"), List.of("20", "'later'"));
            target.exec("INSERT INTO a VALUES (3, 'z')");
            assertThat(rows(target, "SELECT x FROM log WHERE id = 30")).containsExactly(List.of("'z'"));
        }
    }

    @Test
    void b18_cascadesAreNotRepeated() {
        var ddl = "CREATE TABLE parent(id INTEGER PRIMARY KEY);"
                + "CREATE TABLE child(id INTEGER PRIMARY KEY, parent REFERENCES parent(id) ON DELETE CASCADE)";
        try (var source = inMemory(ddl);
                var target = inMemory(ddl)) {
            source.exec("PRAGMA foreign_keys = ON");
            target.exec("PRAGMA foreign_keys = ON");
            var heard = transactions(source);
            source.exec("INSERT INTO parent VALUES (1); INSERT INTO child VALUES (1, 1), (2, NULL)");
            source.exec("DELETE FROM parent");

            deliver(heard, target);

            assertThat(rows(target, "SELECT id FROM child")).containsExactly(List.of("2"));
            assertThat(transactions(target)).isEmpty();
            assertThat(target.store().root()).isEqualTo(source.store().root());
        }
    }

    @Test
    void rowEventsTellWhatChangedHereAndElsewhere() {
        var ddl = "CREATE TABLE t(key TEXT PRIMARY KEY NOT NULL, x INTEGER, y)";
        try (var source = inMemory(ddl);
                var target = inMemory(ddl)) {
            var heard = transactions(source);
            List<RowEvent> here = new ArrayList<>();
            List<RowEvent> there = new ArrayList<>();
            source.onRows(here::addAll);
            target.onRows(there::addAll);

            source.exec("INSERT INTO t VALUES ('a', 1, NULL)");
            source.exec("UPDATE t SET x = 2");
            source.exec("DELETE FROM t");
            deliver(heard, target);

            assertThat(here)
                    .extracting(RowEvent::operation)
                    .containsExactly(ChangeOp.INSERT, ChangeOp.UPDATE, ChangeOp.DELETE);
            assertThat(there).isEqualTo(here);
            var update = here.get(1);
            assertThat(update.table()).isEqualTo("t");
            assertThat(update.keyColumns()).containsExactly(true, false, false);
            assertThat(update.oldValues().stream()
                            .map(value -> value.map(TestDatabase::text).orElse("-")))
                    .containsExactly("'a'", "1", "-");
            assertThat(update.newValues().stream()
                            .map(value -> value.map(TestDatabase::text).orElse("-")))
                    .containsExactly("-", "2", "-");
        }
    }
}
