package io.merklite.query.subscribe;

import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/** Random queries over a {@link RandomDatabase}. Some do not compile, such as those that name an ambiguous column. */
final class RandomQueries {
    private static final List<String> COLUMNS =
            List.of("a", "b", "c", "d", "n", "id", "k", "g", "A", "\"b\"", "[c]", "rowid");

    private final RandomGenerator random;
    private final RandomDatabase database;

    RandomQueries(RandomGenerator random, RandomDatabase database) {
        this.random = random;
        this.database = database;
    }

    String query() {
        return switch (random.nextInt(12)) {
            case 0 ->
                select(2, true)
                        + pick(" UNION ", " UNION ALL ", " INTERSECT ", " EXCEPT ")
                        + select(2, true)
                        + order("");
            case 1 ->
                "WITH g AS " + pick("", "MATERIALIZED ", "NOT MATERIALIZED ") + "(" + select(2, false) + ") SELECT "
                        + pick("*", "count(*)", "g.*") + " FROM g" + pick("", ", " + source() + " x") + order("");
            case 2 ->
                "SELECT * FROM (" + select(2, false) + ") AS q" + pick("", " WHERE 1", " JOIN " + source() + " x")
                        + order("");
            case 3 ->
                "WITH RECURSIVE r(i) AS (SELECT 1 UNION SELECT i + 1 FROM r WHERE i < (SELECT count(*) FROM "
                        + source() + where("")
                        + ")) SELECT i FROM r";
            case 4, 5 -> joined();
            case 6 ->
                "SELECT " + pick("count(*)", "id", "a", "b") + " FROM " + source() + where("") + " AND " + term("")
                        + " AND " + term("");
            default -> select(0, false) + limit();
        };
    }

    private String pick(String... choices) {
        return choices[random.nextInt(choices.length)];
    }

    private String source() {
        return database.pick(database.sources());
    }

    /** @param width number of result columns, or 0 for any */
    private String select(int width, boolean isArm) {
        List<String> aliases = new ArrayList<>();
        var from = new StringBuilder();
        var count = random.nextInt(5) < 3 ? 1 : 2 + random.nextInt(2);
        for (var i = 0; i < count; i++) {
            var source = source();
            var alias = pick("", " AS x" + i, " y" + i);
            aliases.add(alias.isEmpty() ? source : alias.substring(alias.lastIndexOf(' ') + 1));
            if (i == 0) {
                from.append(pick("", "main.")).append(source).append(alias);
            } else {
                join(from, source + alias, aliases);
            }
        }
        var all = aliases.toArray(String[]::new);
        var tail = " FROM " + from + where(all);
        if (width == 0 && random.nextInt(5) == 0) {
            var group = column(all);
            return "SELECT " + group + ", " + aggregate(all) + tail + " GROUP BY " + group
                    + pick("", " HAVING count(*) > 1") + pick("", " ORDER BY 1, 2");
        }
        if (width == 0 && random.nextInt(6) == 0) {
            return "SELECT " + aggregate(all) + ", " + aggregate(all) + tail;
        }
        var list = new StringBuilder();
        var columns = width == 0 ? 1 + random.nextInt(3) : width;
        for (var i = 0; i < columns; i++) {
            list.append(i == 0 ? "" : ", ").append(width == 0 && random.nextInt(4) == 0 ? item(all) : column(all));
        }
        return "SELECT " + pick("", "", "DISTINCT ") + list + tail + (isArm ? "" : order(column(all)));
    }

    private void join(StringBuilder from, String item, List<String> aliases) {
        var all = aliases.toArray(String[]::new);
        var last = all[all.length - 1];
        var on = last + "." + name() + " = " + all[random.nextInt(all.length - 1)] + "." + name();
        switch (random.nextInt(12)) {
            case 0, 1 -> from.append(", ").append(item);
            case 2 ->
                from.append(" NATURAL ")
                        .append(pick("", "LEFT "))
                        .append("JOIN ")
                        .append(item);
            case 3 ->
                from.append(pick(" JOIN ", " LEFT JOIN "))
                        .append(item)
                        .append(" USING (")
                        .append(name())
                        .append(")");
            case 4 ->
                from.append(pick(" RIGHT", " FULL"))
                        .append(" JOIN ")
                        .append(item)
                        .append(" ON ")
                        .append(on);
            case 5, 6, 7 ->
                from.append(" LEFT JOIN ")
                        .append(item)
                        .append(" ON ")
                        .append(on)
                        .append(pick("", " AND " + term(all)));
            default ->
                from.append(pick(" JOIN ", " INNER JOIN ", " CROSS JOIN "))
                        .append(item)
                        .append(" ON ")
                        .append(on)
                        .append(pick("", "", " AND " + term(all)));
        }
    }

    private String name() {
        return pick("a", "b", "id", "k");
    }

    private String column(String... aliases) {
        var name = database.pick(COLUMNS);
        return aliases.length > 1 || random.nextInt(3) == 0
                ? aliases[random.nextInt(aliases.length)] + "." + name
                : name;
    }

    private String item(String... aliases) {
        return switch (random.nextInt(7)) {
            case 0 -> "*";
            case 1 -> aliases[0] + ".*";
            case 2 -> "row_number() OVER (PARTITION BY " + column(aliases) + " ORDER BY " + column(aliases) + ")";
            case 3 -> "total(" + column(aliases) + ") OVER (ORDER BY " + column(aliases) + ")";
            case 4 -> "(SELECT count(*) FROM " + source() + " z" + where("z") + ")";
            case 5 -> "upper(" + column(aliases) + ") || 'q'";
            default -> "CASE WHEN " + term(aliases) + " THEN " + column(aliases) + " END";
        };
    }

    private String aggregate(String... aliases) {
        return pick(
                "count(*)",
                "count(" + column(aliases) + ")",
                "total(" + column(aliases) + ")",
                "max(" + column(aliases) + ")",
                "group_concat(" + column(aliases) + ")",
                "count(DISTINCT " + column(aliases) + ")",
                "min(" + column(aliases) + ") FILTER (WHERE " + term(aliases) + ")");
    }

    private String where(String... aliases) {
        var terms = random.nextInt(4);
        if (terms == 0) {
            return "";
        }
        var where = new StringBuilder(" WHERE ");
        for (var i = 0; i < terms; i++) {
            where.append(i == 0 ? "" : random.nextInt(12) == 0 ? " OR " : " AND ")
                    .append(term(aliases));
        }
        return where.toString();
    }

    private String value() {
        return database.value();
    }

    /** Two tables joined by a column of the same name, and terms that hold for NULL, or on the joined column. */
    private String joined() {
        var left = database.pick(database.tables()).name();
        var right = database.pick(database.tables()).name();
        var name = pick("a", "b");
        var on = pick(
                " ON y." + name + " = x." + name,
                " ON x." + name + " = y." + name + pick("", " AND " + term("y")),
                " USING (" + name + ")");
        var where = switch (random.nextInt(6)) {
            case 0 -> "y." + pick("a", "b") + pick(" IS NULL", " IS NOT 1", " IS NOT 'a'", " IS NULL AND " + term("x"));
            case 1 -> "x." + name + pick(" = 1", " IN (1, 'a')", " > 0", " <> 'A'", " NOT IN (1, 2)");
            case 2 -> "x." + name + " IS " + value();
            case 3 -> "(y.b = 1 OR y.b IS NULL)";
            default -> term("x") + " AND " + term("y");
        };
        return "SELECT x.a, y.b" + pick("", ", count(*)") + " FROM " + left + " x"
                + pick(" LEFT", " LEFT", "", " NATURAL LEFT").concat(" JOIN ") + right + " y" + on + " WHERE " + where;
    }

    private String term(String... aliases) {
        var given = aliases.length == 1 && aliases[0].isEmpty() ? new String[] {"t0"} : aliases;
        var column = aliases.length == 1 && aliases[0].isEmpty() ? database.pick(COLUMNS) : column(given);
        var operator = pick("=", "=", "=", "==", "<>", "!=", "<", "<=", ">", ">=", "IS", "IS NOT");
        return switch (random.nextInt(20)) {
            case 0 -> column + pick(" IS NULL", " IS NOT NULL", " ISNULL", " NOTNULL", " NOT NULL");
            case 1, 2 -> column + pick(" IN (", " NOT IN (") + value() + ", " + value() + pick("", ", 1") + ")";
            case 3 -> column + pick(" BETWEEN ", " NOT BETWEEN ") + value() + " AND " + value();
            case 4 -> "(" + column + " = " + value() + " OR " + column + " = " + value() + ")";
            case 5 -> value() + " " + operator + " " + column;
            case 6 -> column + " = " + column(given);
            case 7 -> pick("NOT ", "+", "-") + column + " = " + value();
            case 8 -> column + pick(" LIKE ", " GLOB ", " NOT LIKE ") + pick("'a%'", "'*'", "'1'");
            case 9 -> column + " " + operator + " " + value() + " COLLATE " + pick("NOCASE", "BINARY", "RTRIM");
            case 10 -> "EXISTS (SELECT 1 FROM " + source() + " e WHERE e." + name() + " = " + column + ")";
            case 11 -> column + pick(" IN ", " NOT IN ") + "(SELECT " + name() + " FROM " + source() + where("") + ")";
            case 12 -> "(" + column + " = " + value() + " OR " + column(given) + " = " + value() + ")";
            case 13 -> "abs(" + column + ") = 1";
            case 14 ->
                column + pick(" IS TRUE", " IS NOT DISTINCT FROM 1", " IS DISTINCT FROM 'a'", " = 1 + 1", " = 0x1");
            default -> column + " " + operator + " " + value();
        };
    }

    private String order(String column) {
        return column.isEmpty()
                ? pick("", " ORDER BY 1")
                : pick("", "", " ORDER BY " + column, " ORDER BY " + column + " DESC", " ORDER BY 1 COLLATE NOCASE");
    }

    private String limit() {
        return random.nextInt(6) == 0 ? " LIMIT " + (1 + random.nextInt(3)) + pick("", " OFFSET 1") : "";
    }
}
