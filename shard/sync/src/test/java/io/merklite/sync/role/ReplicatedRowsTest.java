package io.merklite.sync.role;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.sync.database.LogListener.Level;
import io.merklite.sync.role.RoleMessage.Answer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** Section 2 of the specification of replication, in live flow and by comparison. */
class ReplicatedRowsTest {
    private static void bothWays(List<String> ddl, List<String> before, List<String> live, List<String> tables) {
        try (var pair = Pair.of(ddl.toArray(String[]::new))) {
            pair.there.sql(before.toArray(String[]::new));
            pair.handshake();
            tables.forEach(pair::requireEqual);

            pair.there.sql(live.toArray(String[]::new));
            pair.deliver();
            tables.forEach(pair::requireEqual);

            assertThat(pair.converge()).noneMatch(Answer.class::isInstance);
        }
    }

    @Test
    void r12_unkeyedTablesAreSkippedWithAWarning() {
        List<String> warnings = new ArrayList<>();
        try (var there = End.open(
                        End.ITEMS, "CREATE TABLE loose(a)", "CREATE TABLE _sqlpipe_x(id INTEGER PRIMARY KEY)");
                var master = Master.open(there.store(), warningTo(warnings))) {
            there.sql("INSERT INTO loose VALUES (1)", "INSERT INTO _sqlpipe_x VALUES (1)");

            assertThat(master.flush()).isEmpty();
            assertThat(warnings).singleElement().asString().contains("loose");
        }
    }

    private static RoleOptions warningTo(List<String> warnings) {
        return End.options().withLog((level, text) -> {
            if (level == Level.WARN) {
                warnings.add(text);
            }
        });
    }

    @Test
    void r12_rowsWithNullInTheKeyThatWereThereBeforeAreLeftOutWithAWarning() {
        List<String> warnings = new ArrayList<>();
        var there = End.open("CREATE TABLE tag(name TEXT PRIMARY KEY, v)");
        there.sql("INSERT INTO tag VALUES (NULL, 1), ('a', 2)");
        var here = End.open("CREATE TABLE tag(name TEXT PRIMARY KEY, v)");
        try (var pair = Pair.of(there, here, options -> warningTo(warnings), UnaryOperator.identity())) {
            pair.handshake();

            assertThat(here.query("SELECT * FROM tag")).containsExactly("a|2");
            assertThat(warnings).singleElement().asString().contains("tag", "NULL in the primary key");
        }
    }

    @Test
    void r12_rowsWithNullInTheKeyAreLeftOutOfTheLiveFlowWithOneWarning() {
        List<String> warnings = new ArrayList<>();
        UnaryOperator<RoleOptions> masters = options -> warningTo(warnings);
        try (var pair = Pair.of(masters, UnaryOperator.identity(), "CREATE TABLE tag(name TEXT PRIMARY KEY, v)")) {
            pair.handshake();
            pair.here.sql("INSERT INTO tag VALUES (NULL, 'local')");

            pair.there.sql("INSERT INTO tag VALUES (NULL, 1), ('a', 2)");
            pair.deliver();
            pair.there.sql("UPDATE tag SET v = 3");
            pair.deliver();
            pair.converge();

            assertThat(pair.here.query("SELECT * FROM tag ORDER BY name")).containsExactly("null|local", "a|3");
            assertThat(warnings).singleElement().asString().contains("tag", "NULL in the primary key");
        }
    }

    @Test
    void r12_prefixesAreTakenLiterally() {
        var ddl = "CREATE TABLE xsqlpipe_y(id INTEGER PRIMARY KEY)";
        bothWays(List.of(ddl), List.of(), List.of("INSERT INTO xsqlpipe_y VALUES (1)"), List.of("xsqlpipe_y"));
    }

    @Test
    void r13_tablesWithoutRowidReplicate() {
        bothWays(
                List.of("CREATE TABLE w(b TEXT, a INT, v, PRIMARY KEY (a, b)) WITHOUT ROWID"),
                List.of("INSERT INTO w VALUES ('x', 1, 2), ('y', 1, 3)"),
                List.of("UPDATE w SET v = 9 WHERE b = 'y'", "DELETE FROM w WHERE b = 'x'"),
                List.of("w"));
    }

    @Test
    void r14_filterNamesTables() {
        try (var there = End.open(End.ITEMS, "CREATE TABLE other(id INTEGER PRIMARY KEY)");
                var none = Master.open(there.store(), End.options().withTables(Set.of()));
                var some = Master.open(
                        there.store(), End.options().withTables(Set.of("other")).withName("some"))) {
            there.sql("INSERT INTO item VALUES (1, 'one', 1)");
            assertThat(none.flush()).isEmpty();
            assertThat(some.flush()).isEmpty();
            there.sql("INSERT INTO other VALUES (1)");

            assertThat(some.flush()).hasSize(1);
            assertThat(none.flush()).isEmpty();
        }
    }

    @Test
    void r15_valuesComeThroughExactly() {
        var values = List.of(
                "9223372036854775807",
                "-9223372036854775808",
                "1e308",
                "-0.0",
                "'it''s'",
                "char(0) || 'x' || char(0)",
                "''",
                "x''",
                "x'00ff'",
                "NULL",
                "'\uD83D\uDE00'");
        List<String> inserts = new ArrayList<>();
        for (var i = 0; i < values.size(); i++) {
            inserts.add("INSERT INTO v VALUES (" + i + ", " + values.get(i) + ")");
        }
        bothWays(
                List.of("CREATE TABLE v(id INTEGER PRIMARY KEY, x)"),
                inserts,
                List.of("UPDATE v SET id = id + 100", "INSERT INTO v SELECT id - 100, x FROM v"),
                List.of("v"));
    }

    @Test
    void b16_namesGeneratedColumnsAndRowid() {
        bothWays(
                List.of(
                        "CREATE TABLE \"it's \"\"odd\"\"\"(\"a 'b'\" TEXT PRIMARY KEY, rowid INT)",
                        "CREATE TABLE g(id INTEGER PRIMARY KEY, a INT, b INT AS (a * 2), c INT AS (a + 1) STORED)"),
                List.of(
                        "INSERT INTO \"it's \"\"odd\"\"\" VALUES ('x', 1), ('y', 2)",
                        "INSERT INTO g(id, a) VALUES (1, 5), (2, 6)"),
                List.of(
                        "UPDATE \"it's \"\"odd\"\"\" SET rowid = 7 WHERE \"a 'b'\" = 'y'",
                        "UPDATE g SET a = 50 WHERE id = 1"),
                List.of("\"it's \"\"odd\"\"\"", "g"));
    }

    @Test
    void b17_rowsAreIdentifiedByPrimaryKey() {
        bothWays(
                List.of("CREATE TABLE t(k TEXT PRIMARY KEY NOT NULL, v)"),
                List.of(
                        "INSERT INTO t VALUES ('b', 1), ('a', 2)",
                        "DELETE FROM t WHERE k = 'b'",
                        "INSERT INTO t VALUES ('c', 3)"),
                List.of("INSERT INTO t VALUES ('b', 4)", "UPDATE t SET v = 5 WHERE k = 'a'"),
                List.of("t"));
    }
}
