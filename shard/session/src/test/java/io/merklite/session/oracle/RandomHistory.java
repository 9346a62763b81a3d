package io.merklite.session.oracle;

import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;

/**
 * A random schema, rows, and statements. Keys that are equal by collation or number but not by bytes are left out: there
 * the real extension gives changesets that nobody can apply.
 *
 * @param schema statements that make the tables
 * @param setup statements that fill them
 * @param work what happens under a session, transactions and all
 * @param tables names of the tables, quoted
 */
record RandomHistory(List<String> schema, List<String> setup, List<String> work, List<String> tables) {
    private static final List<String> NAMES = List.of("\"t\"", "\"my table\"", "\"ta\"\"ble\"", "\"таблица\"");
    private static final List<String> CONFLICTS = List.of("", "", "", " OR REPLACE", " OR IGNORE");

    /** Columns of a table: keys first in name, not in place. */
    private record Table(String name, List<String> keys, List<String> others, boolean textKeys) {}

    static RandomHistory make(RandomGenerator random) {
        List<String> schema = new ArrayList<>();
        List<String> setup = new ArrayList<>();
        List<String> work = new ArrayList<>();
        List<Table> tables = new ArrayList<>();
        for (var i = 0; i < 1 + random.nextInt(3); i++) {
            tables.add(table(random, NAMES.get(i), schema));
        }
        if (random.nextInt(3) == 0) {
            trigger(random, tables, schema);
        }
        for (var table : tables) {
            for (var i = random.nextInt(30); i > 0; i--) {
                setup.add(insert(random, table, " OR IGNORE"));
            }
        }
        var open = false;
        for (var i = 1 + random.nextInt(40); i > 0; i--) {
            switch (random.nextInt(14)) {
                case 0 -> {
                    work.add(open ? "COMMIT" : "BEGIN");
                    open = !open;
                }
                case 1 -> {
                    if (open) {
                        work.add("ROLLBACK");
                        open = false;
                    }
                }
                case 2 -> {
                    work.add("SAVEPOINT s");
                    work.add(statement(random, tables));
                    work.add(random.nextBoolean() ? "ROLLBACK TO s" : "RELEASE s");
                    work.add("RELEASE s");
                }
                default -> work.add(statement(random, tables));
            }
        }
        if (open) {
            work.add("COMMIT");
        }
        return new RandomHistory(
                schema, setup, work, tables.stream().map(Table::name).toList());
    }

    private static Table table(RandomGenerator random, String name, List<String> schema) {
        var others = new ArrayList<String>();
        var columns = new StringBuilder();
        for (var i = 0; i < 1 + random.nextInt(4); i++) {
            others.add("\"c " + i + "\"");
            columns.append(", \"c ")
                    .append(i)
                    .append('"')
                    .append(pick(random, List.of("", " TEXT", " REAL", " INTEGER")));
            if (random.nextInt(6) == 0) {
                columns.append(" UNIQUE");
            } else if (random.nextInt(6) == 0) {
                columns.append(" DEFAULT 7");
            }
        }
        return switch (random.nextInt(5)) {
            case 0 -> {
                schema.add("CREATE TABLE " + name + "(k TEXT PRIMARY KEY" + columns + ")");
                yield new Table(name, List.of("k"), others, true);
            }
            case 1 -> {
                schema.add("CREATE TABLE " + name + "(k TEXT PRIMARY KEY" + columns + ") WITHOUT ROWID");
                yield new Table(name, List.of("k"), others, true);
            }
            case 2 -> {
                schema.add("CREATE TABLE " + name + "(k INTEGER, l INTEGER" + columns + ", PRIMARY KEY(l, k))");
                yield new Table(name, List.of("k", "l"), others, false);
            }
            default -> {
                schema.add("CREATE TABLE " + name + "(k INTEGER PRIMARY KEY" + columns + ")");
                yield new Table(name, List.of("k"), others, false);
            }
        };
    }

    private static void trigger(RandomGenerator random, List<Table> tables, List<String> schema) {
        var from = tables.get(random.nextInt(tables.size()));
        var to = tables.get(random.nextInt(tables.size()));
        if (from != to) {
            schema.add("CREATE TRIGGER tr AFTER " + pick(random, List.of("INSERT", "UPDATE", "DELETE")) + " ON "
                    + from.name() + " BEGIN UPDATE " + to.name() + " SET "
                    + to.others().getFirst() + " = 'by trigger' WHERE " + oneRow(random, to) + "; END");
        }
    }

    private static String statement(RandomGenerator random, List<Table> tables) {
        var table = tables.get(random.nextInt(tables.size()));
        return switch (random.nextInt(10)) {
            case 0, 1, 2, 3 -> insert(random, table, pick(random, CONFLICTS));
            case 4 ->
                insert(random, table, "") + " ON CONFLICT DO UPDATE SET "
                        + table.others().getFirst() + " = " + value(random);
            case 5, 6, 7 -> update(random, table, pick(random, table.others()) + " = " + value(random));
            case 8 -> update(random, table, pick(random, table.keys()) + " = " + key(random, table));
            default -> "DELETE FROM " + table.name() + (random.nextInt(8) == 0 ? "" : " WHERE " + where(random, table));
        };
    }

    /** With a conflict clause one row alone: which of several comes first is open in SQL, and triggers change the plan. */
    private static String update(RandomGenerator random, Table table, String assignment) {
        var conflict = pick(random, CONFLICTS);
        var where = conflict.isEmpty() ? where(random, table) : oneRow(random, table);
        return "UPDATE" + conflict + " " + table.name() + " SET " + assignment + " WHERE " + where;
    }

    private static String oneRow(RandomGenerator random, Table table) {
        return table.keys().stream()
                .map(column -> column + " = " + key(random, table))
                .collect(Collectors.joining(" AND "));
    }

    private static String where(RandomGenerator random, Table table) {
        return pick(random, table.keys()) + pick(random, List.of(" = ", " = ", " < ")) + key(random, table);
    }

    private static String insert(RandomGenerator random, Table table, String conflict) {
        var sql = new StringBuilder("INSERT" + conflict + " INTO " + table.name() + "("
                + String.join(", ", table.keys()) + ", " + String.join(", ", table.others()) + ") VALUES (");
        table.keys().forEach(column -> sql.append(key(random, table)).append(", "));
        for (var i = 0; i < table.others().size(); i++) {
            sql.append(i == 0 ? "" : ", ").append(value(random));
        }
        return sql.append(')').toString();
    }

    private static String key(RandomGenerator random, Table table) {
        var number = random.nextInt(25);
        return table.textKeys() ? "'k" + number + "'" : String.valueOf(number);
    }

    private static String value(RandomGenerator random) {
        return switch (random.nextInt(8)) {
            case 0 -> "NULL";
            case 1 -> String.valueOf(random.nextLong());
            case 2 -> String.valueOf(random.nextInt(5));
            case 3 -> random.nextInt(100) + ".25";
            case 4 -> "'text " + random.nextInt(5) + "'";
            case 5 -> "'é😀''" + random.nextInt(3) + "'";
            case 6 -> "x'00ff" + (10 + random.nextInt(80)) + "'";
            default -> "''";
        };
    }

    private static <T> T pick(RandomGenerator random, List<T> choices) {
        return choices.get(random.nextInt(choices.size()));
    }
}
