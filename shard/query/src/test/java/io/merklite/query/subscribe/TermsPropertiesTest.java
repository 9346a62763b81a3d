package io.merklite.query.subscribe;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.query.subscribe.Condition.Truth;
import io.merklite.query.subscribe.WatchedTable.TableId;
import io.merklite.testkit.Seeds;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/** A term that is read here holds for a value exactly if it is true for it in SQLite. */
class TermsPropertiesTest {
    private static final List<String> TYPES = List.of(
            "INT",
            "INTEGER",
            "REAL",
            "TEXT",
            "TEXT COLLATE NOCASE",
            "TEXT COLLATE RTRIM",
            "BLOB",
            "NUMERIC",
            "",
            "COLLATE NOCASE",
            "INT COLLATE RTRIM",
            "DATE",
            "CHARINT",
            "FLOATING POINT",
            "STRING");
    private static final List<String> VALUES = List.of(
            "NULL",
            "0",
            "1",
            "-1",
            "1.0",
            "-0.0",
            "0.1",
            "1e3",
            "1e400",
            "9007199254740993",
            "9007199254740992.0",
            "9223372036854775807",
            "9223372036854775808",
            "-9223372036854775808",
            "0x10",
            "0xFFFFFFFFFFFFFFFF",
            "'a'",
            "'A'",
            "'a '",
            "'a\t'",
            "'1'",
            "'1.0'",
            "' 1 '",
            "'1 '",
            "'1x'",
            "'0x10'",
            "'1e3'",
            "'.5'",
            "'5.'",
            "'+1'",
            "'é'",
            "'É'",
            "'\uE000'",
            "'\uD83D\uDE00'",
            "''",
            "' '",
            "x''",
            "x'61'",
            "x'FF'",
            "'9007199254740993'",
            "'Infinity'",
            "1_000");
    private static final int TERMS = 6000;

    private int read;

    @Test
    void termsHoldAsInSqlite() {
        Seeds.upTo(20).forEach(seed -> Seeds.run(seed, this::check));

        if (System.getProperty("merklite.seed", "").isBlank()) {
            assertThat(read).as("terms that are read").isGreaterThan(TERMS / 2);
        }
    }

    private void check(RandomGenerator random) throws SQLException {
        try (var connection = DriverManager.getConnection("jdbc:sqlite::memory:");
                var statement = connection.createStatement()) {
            statement.execute("CREATE TABLE t(id INTEGER PRIMARY KEY, c " + pick(random, TYPES) + ")");
            for (var value : VALUES) {
                statement.execute("INSERT INTO t(c) VALUES (" + value + ")");
            }
            var catalog = new Catalog(connection);
            catalog.refresh();
            for (var i = 0; i < TERMS / 20; i++) {
                checkTerm(connection, catalog, term(random));
            }
        }
    }

    private void checkTerm(Connection connection, Catalog catalog, String term) throws SQLException {
        var tokens = SqlTokens.of("SELECT id FROM t WHERE " + term);
        var analysis = SelectAnalysis.of(connection, catalog, tokens, List.of());
        var scan = analysis.scans(TableId.of("main", "t")).map(List::getFirst).orElse(Scan.UNFILTERED);
        read += scan.terms().isEmpty() ? 0 : 1;
        try (var statement = connection.createStatement();
                var rows = statement.executeQuery("SELECT id, c, (" + term + ") IS TRUE FROM t")) {
            while (rows.next()) {
                var row = List.of(JdbcValues.read(rows, 1), JdbcValues.read(rows, 2));
                var truth = scan.truth(row::get);
                if (truth == Truth.NO) {
                    assertThat(rows.getBoolean(3)).as("%s for %s", term, row).isFalse();
                } else if (truth == Truth.YES && !scan.terms().isEmpty() && !term.contains(" AND c ")) {
                    assertThat(rows.getBoolean(3)).as("%s for %s", term, row).isTrue();
                }
            }
        }
    }

    private static String term(RandomGenerator random) {
        var operator = pick(random, List.of("=", "==", "<>", "!=", "<", "<=", ">", ">=", "IS", "IS NOT"));
        var value = pick(random, VALUES);
        var other = pick(random, VALUES);
        return switch (random.nextInt(9)) {
            case 0 -> "c BETWEEN " + value + " AND " + other;
            case 1 -> "c IN (" + value + ", " + other + ", 'b')";
            case 2 -> "c NOT IN (" + value + ", " + other + ")";
            case 3 -> value + " " + operator + " c";
            case 4 -> "(c = " + value + " OR " + other + " = c OR c IN (5))";
            case 5 -> "c > " + value + " AND c <= " + other;
            case 6 ->
                "c " + operator + " " + value + " AND c " + pick(random, List.of("IS NOT NULL", "IS NULL", "NOTNULL"));
            default -> "c " + operator + " " + value;
        };
    }

    private static String pick(RandomGenerator random, List<String> choices) {
        return choices.get(random.nextInt(choices.size()));
    }
}
