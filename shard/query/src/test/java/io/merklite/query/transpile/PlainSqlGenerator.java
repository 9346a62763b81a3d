package io.merklite.query.transpile;

import java.util.List;
import java.util.random.RandomGenerator;

/**
 * Random statements of plain SQLite SQL over the tables t(a, b, c) and u(a, d), with what is easily taken for the dialect:
 * comparisons without spaces, arrows, brackets, keywords as names, braces in strings and comments.
 */
final class PlainSqlGenerator {
    static final List<String> SETUP = List.of(
            "CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT, c REAL)",
            "CREATE TABLE u(a INTEGER UNIQUE, d TEXT)",
            "CREATE TABLE \"odd one\"(\"select\" INTEGER, end TEXT, by REAL, \"like\" INTEGER)",
            "INSERT INTO t VALUES (1,'x',0.5), (2,'y',NULL), (3,NULL,7), (4,'{\"k\":[1,2]}',-1.5)",
            "INSERT INTO u VALUES (1,'p'), (2,'q'), (5,'{}')",
            "INSERT INTO \"odd one\" VALUES (1,'e',2.5,3), (4,'f',0.5,2)");

    private static final int DEEPEST = 4;

    private final RandomGenerator random;
    private int depth;
    private int names;

    PlainSqlGenerator(RandomGenerator random) {
        this.random = random;
    }

    String statement() {
        return switch (random.nextInt(12)) {
            case 0 ->
                "INSERT INTO " + pick("u", "[u]", "main.u", "\"u\"") + pick("(a, d)", "([a], \"d\")")
                        + pick(" VALUES (" + scalar() + ", " + scalar() + ")", " " + select(2)) + upsert()
                        + returning();
            case 1 ->
                "UPDATE " + pick("", "OR IGNORE ") + pick("t", "main.t", "[t]") + " SET b = " + scalar() + ", [c]="
                        + scalar() + from() + " WHERE " + scalar() + pick("", " RETURNING a, b");
            case 2 -> "DELETE FROM " + pick("t", "`t`") + " WHERE " + scalar() + pick("", " RETURNING *");
            case 3 -> "CREATE VIEW v" + names++ + pick("", "([x y], z)") + " AS " + select(2);
            case 4 ->
                "CREATE TABLE n" + names++ + "(a INT DEFAULT (" + constant() + "), b TEXT CHECK (a<b OR [b] > 'x'),"
                        + " c AS (a <b), [d e] REFERENCES t([a]) ON DELETE SET NULL, UNIQUE([a], b))";
            case 5 -> trigger();
            case 6 -> "CREATE INDEX i" + names++ + " ON t([b], lower(c)) WHERE a" + comparison() + "3";
            case 7 -> "EXPLAIN QUERY PLAN " + select(1 + random.nextInt(2));
            case 8 -> "REPLACE INTO u " + select(2);
            default -> select(1 + random.nextInt(3));
        };
    }

    private String from() {
        return pick("", " FROM u AS y", " FROM (" + select(1) + ") z");
    }

    private String upsert() {
        return pick("", "", " ON CONFLICT([a]) DO NOTHING", " ON CONFLICT(a) DO UPDATE SET [d]=excluded.d, a = u.a<9");
    }

    private String returning() {
        return pick("", " RETURNING a AS [r s], d", " returning *");
    }

    private String trigger() {
        return "CREATE TEMP TRIGGER g" + names++ + " " + pick("BEFORE", "AFTER") + " "
                + pick("UPDATE OF b", "INSERT", "DELETE")
                + " ON t" + pick("", " FOR EACH ROW") + pick("", " WHEN 1<2") + " BEGIN "
                + "INSERT INTO u VALUES (99, 'a;b') ON CONFLICT DO NOTHING; "
                + "UPDATE u SET d = CASE WHEN a<5 THEN 'x' ELSE d END WHERE a <u.a; " + select(1) + "; END";
    }

    /** A query of {@code columns} columns. */
    String select(int columns) {
        if (depth >= DEEPEST) {
            return values(columns);
        }
        depth++;
        var text = with() + core(columns);
        for (var arms = random.nextInt(5); arms > 3; arms--) {
            text += pick(" UNION ", " UNION ALL ", "\nEXCEPT ", " intersect ") + core(columns);
        }
        text += pick("", "", " ORDER BY 1" + pick("", " DESC", " ASC NULLS LAST"), " ORDER BY 1 LIMIT 3")
                + pick("", "", "/* } */", " -- ]\n");
        depth--;
        return text;
    }

    private String with() {
        return pick(
                "",
                "",
                "",
                "WITH w AS (" + values(1) + ") ",
                "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM r WHERE n<4) ",
                "WITH w([x]) AS NOT MATERIALIZED (" + values(1) + "), z AS (SELECT a FROM t) ");
    }

    private String values(int columns) {
        return "VALUES (" + list(columns, this::constant) + ")" + pick("", ", (" + list(columns, this::constant) + ")");
    }

    private String core(int columns) {
        if (random.nextInt(8) == 0) {
            return "SELECT " + list(columns, this::constant);
        }
        var source = pick(
                "t",
                "t AS x LEFT JOIN u ON x.a = u.a",
                "t JOIN u USING(a)",
                "t, [u] v",
                "\"odd one\" o JOIN t ON o.by<t.a",
                "(SELECT a, b, c FROM t) AS [q r]",
                "t CROSS JOIN (u JOIN \"odd one\" ON a<\"like\")",
                "json_each('[1,2]') AS j JOIN t ON j.value=t.a",
                "(" + "t NATURAL JOIN u" + ")");
        var grouped = random.nextInt(4) == 0;
        return pick("SELECT ", "select ", "SELECT/* c */ ", "SELECT DISTINCT ")
                + list(columns, grouped ? this::aggregate : this::scalar)
                + " FROM " + source + pick("", " WHERE " + scalar())
                + (grouped ? " GROUP BY t.a" + pick("", " HAVING count(*)" + comparison() + "2") : "");
    }

    private String aggregate() {
        return pick(
                "count(*)",
                "sum(t.a) FILTER (WHERE t.a<3)",
                "group_concat(t.b, ';' ORDER BY t.a)",
                "max(t.c)+min(t.a)",
                "total(t.a)");
    }

    /** An expression over the table t, which every source has. */
    private String scalar() {
        if (depth >= DEEPEST) {
            return constant();
        }
        depth++;
        var text = switch (random.nextInt(14)) {
            case 0, 1 -> constant();
            case 2, 3 -> pick("t.a", "t.b", "t.c", "[t].[b]", "\"t\".c", "`t`.a");
            case 4, 5 -> "(" + scalar() + comparison() + scalar() + ")";
            case 6 -> scalar() + pick(" + ", "-", " || ", "<<", " & ", "*") + "(" + scalar() + ")";
            case 7 -> "CASE WHEN " + scalar() + " THEN " + scalar() + " ELSE " + scalar() + " END";
            case 8 -> "(" + scalar() + ") IN (" + pick(select(1), constant() + ", " + scalar(), "") + ")";
            case 9 -> pick("NOT ", "") + "EXISTS (" + select(1) + ")";
            case 10 -> "(" + select(1) + ")";
            case 11 -> pick("coalesce", "max", "nullif") + "(" + scalar() + ", " + scalar() + ")";
            case 12 -> "'{\"k\": [1, {\"z\": 2}]}'" + pick("->'k'", "->>'$.k[0]'", " -> 'k' ->> 1", "->'k'->1->>'z'");
            default ->
                "(" + scalar() + ") "
                        + pick(
                                "IS DISTINCT FROM " + constant(),
                                "IS NOT NULL",
                                "NOT LIKE 'x%' ESCAPE '\\'",
                                "BETWEEN 1 AND 2",
                                "ISNULL",
                                "COLLATE nocase",
                                "GLOB '[a-z]*'",
                                "NOT NULL");
        };
        depth--;
        return text;
    }

    private String comparison() {
        return pick("<", " < ", " <", "< ", "<=", "<>", ">", " >= ", " IS ", "==", "!=");
    }

    private String constant() {
        return pick(
                "1",
                "2.5",
                "-3",
                "'a{b}[c]<d>'",
                "'it''s'",
                "'C:\\'",
                "NULL",
                "x'00ff'",
                "TRUE",
                "0x1F",
                "1e2",
                ".5",
                "'-- no'",
                "'/* no */'",
                "(1)",
                "CAST('7' AS [int])",
                "(((2)))",
                "abs(-1)",
                "-1",
                "+ 4",
                "~5",
                "'<p>'");
    }

    private String list(int count, java.util.function.Supplier<String> item) {
        var list = new StringBuilder(item.get());
        for (var index = 1; index < count; index++) {
            list.append(pick(", ", ",", " ,\n")).append(item.get());
        }
        return list.toString();
    }

    private String pick(String... choices) {
        return choices[random.nextInt(choices.length)];
    }
}
