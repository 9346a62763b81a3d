package io.merklite.query.transpile;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.query.QueryException.MalformedQuery;
import io.merklite.testkit.Seeds;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Assertions;
import org.junit.jupiter.api.Test;

/** Whatever the text, the answer is SQL of bounded length or a refusal with a place. */
class HostileTextPropertiesTest {
    private static final int TEXTS = Seeds.count("merklite.histories", 60_000);

    private static final List<String> PIECES = List.of(
            "SELECT ",
            "SELECT/1 ",
            "FROM ",
            "WHERE ",
            "GROUP BY ",
            "ORDER BY ",
            "LIMIT ",
            "OFFSET ",
            "UNION ALL ",
            "WITH x AS ",
            "RECURSE ON ",
            "VALUES ",
            "INSERT INTO ",
            "UPDATE ",
            "SET ",
            "DELETE ",
            "CREATE TRIGGER ",
            "CREATE TABLE ",
            "BEGIN ",
            "END ",
            "EXPLAIN ",
            "ON ",
            "USING ",
            "AND ",
            "IN ",
            "EXISTS ",
            "AS ",
            "JOIN ",
            "LEFT ",
            "CASE ",
            "WHEN ",
            "DISTINCT ",
            "WINDOW ",
            "true",
            "jsx(",
            "jsonml(",
            "(",
            ")",
            "[",
            "]",
            "{",
            "}",
            "<",
            "</",
            "/>",
            ">",
            "<p>",
            "</p>",
            "<p a=",
            "->",
            "<-",
            ",",
            ";",
            ":",
            ".",
            "=",
            "*",
            "'",
            "\"",
            "`",
            "--",
            "/*",
            "*/",
            "\n",
            " ",
            "a",
            "b",
            "t",
            "é",
            "名",
            "\uD83D",
            "\0",
            "1",
            "2.5",
            "0x",
            "$x",
            "?",
            ":p",
            "@q",
            "\\",
            "x'",
            "'s'",
            "\"q\"",
            "/1 ",
            "RETURNING ");

    private static final List<String> TEMPLATES = List.of(
            "FROM vendors v LEFT JOIN v->goods g->lots l AND l.qty > 3 SELECT {vname, n: FROM g<-w x ON a = b SELECT/1 [count(*)]}",
            "SELECT {id, k: *} FROM nodes RECURSE ON (up = id) WHERE id IN (FROM t SELECT a) UNION SELECT [a, {b}] FROM u",
            "SELECT <ul a=\"x\" b={1} c>{SELECT <li>{label}</li> FROM goods ORDER BY a, b} text {'{'} <br/></ul>, (a).b[2].c",
            "WITH x(y) AS (SELECT {a: 1}) INSERT INTO t(a) FROM x SELECT y ON CONFLICT(a) DO UPDATE SET a = [1] RETURNING {a}",
            "CREATE TRIGGER g AFTER INSERT ON t WHEN a < b BEGIN UPDATE t SET a = {x: FROM new->u SELECT [a]}; END; SELECT 1",
            "SELECT jsx(<P d={SELECT {a, \"b c\": 2, (k): v} FROM t} e={{x}}/>), {v: SELECT DISTINCT a, w: SELECT/1 sum(b)} FROM t");

    @Test
    void randomTextIsTranslatedOrRefused() {
        Seeds.upTo(TEXTS).forEach(seed -> Seeds.run(seed, random -> check(pieces(random))));
    }

    @Test
    void damagedQueriesAreTranslatedOrRefused() {
        Seeds.upTo(TEXTS).forEach(seed -> Seeds.run(seed, random -> check(damaged(random))));
    }

    @Test
    void nestingIsRefusedAtItsLimitHoweverItIsMade() {
        for (var open : List.of(
                "[",
                "{a: ",
                "(SELECT ",
                "<p>",
                "<p>{",
                "(FROM t SELECT {a: ",
                "SELECT {a: SELECT ",
                "FROM (",
                "f(1, SELECT ",
                "WITH x AS (",
                "jsx(<p>{")) {
            var refusal =
                    Assertions.assertTimeout(Duration.ofSeconds(20), () -> refusal("SELECT " + open.repeat(50_000)));

            assertThat(refusal).as(open).isPresent();
        }
        assertThat(refusal("EXPLAIN ".repeat(50_000))).isPresent();
        assertThat(refusal("CREATE TRIGGER g AFTER INSERT ON t BEGIN ".repeat(50_000)))
                .isPresent();
    }

    @Test
    void parenthesesHaveNoLimit() {
        var sql = "SELECT " + "(".repeat(100_000) + "1" + ")".repeat(100_000);

        assertThat(Transpiler.toSql(sql)).isEqualTo(sql);
    }

    @Test
    void pathsOfPathsAreRefusedAtTheLimit() {
        assertThat(refusal("SELECT " + "(".repeat(9000) + "x" + ").a".repeat(9000)))
                .isPresent();
    }

    @Test
    void longNamesDoNotGrowWithoutBound() {
        var name = "n".repeat(100_000);
        var path = "FROM " + name + " a SELECT {" + "x: FROM a->b SELECT [c], ".repeat(5_000) + "}";

        assertThat(refusal(path)).isPresent();
    }

    private static String pieces(RandomGenerator random) {
        var text = new StringBuilder(random.nextBoolean() ? "SELECT " : "");
        for (var count = random.nextInt(30); count >= 0; count--) {
            text.append(PIECES.get(random.nextInt(PIECES.size())));
        }
        return text.toString();
    }

    private static String damaged(RandomGenerator random) {
        var text = new StringBuilder(TEMPLATES.get(random.nextInt(TEMPLATES.size())));
        for (var count = random.nextInt(4); count >= 0; count--) {
            var at = random.nextInt(text.length() + 1) % Math.max(1, text.length());
            switch (random.nextInt(4)) {
                case 0 -> text.delete(at, at + 1);
                case 1 -> text.insert(at, PIECES.get(random.nextInt(PIECES.size())));
                case 2 -> text.setLength(Math.max(1, at));
                default -> text.insert(at, text.substring(at, Math.min(text.length(), at + random.nextInt(20))));
            }
        }
        return text.toString();
    }

    private static void check(String text) {
        var refusal = refusal(text);
        if (refusal.isPresent()) {
            var lines = text.split("\n", -1);
            assertThat(refusal.get().line()).isBetween(1, lines.length);
            var bytes = lines[refusal.get().line() - 1].length() * 4 + 1;
            assertThat(refusal.get().column()).isBetween(1, bytes);
            assertThat(refusal.get().remedy()).isNotBlank();
        }
    }

    private static Optional<MalformedQuery> refusal(String text) {
        try {
            assertThat(Transpiler.toSql(text).length()).isLessThanOrEqualTo(100 * text.length() + 100_000);
            return Optional.empty();
        } catch (MalformedQuery e) {
            return Optional.of(e);
        }
    }
}
