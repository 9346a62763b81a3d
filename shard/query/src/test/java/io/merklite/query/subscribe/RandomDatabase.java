package io.merklite.query.subscribe;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;

/** A small database of random tables, and random statements that change it. Values are few, so that terms are met. */
final class RandomDatabase {
    static final List<String> VALUES = List.of(
            "NULL",
            "NULL",
            "0",
            "1",
            "2",
            "3",
            "-1",
            "1",
            "2",
            "1.0",
            "2.5",
            "1e3",
            "9007199254740993",
            "'a'",
            "'A'",
            "'b'",
            "'a '",
            "'B  '",
            "'1'",
            "'1.0'",
            "' 2 '",
            "'2x'",
            "''",
            "'é'",
            "x'61'",
            "x''",
            "'ab'",
            "9007199254740992.0",
            "'0x10'",
            "'zz'");
    private static final List<String> FEW = List.of("NULL", "0", "1", "2", "1", "'a'", "'A'");
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
            "VARCHAR(5)",
            "INT COLLATE NOCASE");
    private static final List<String> NAMES = List.of("a", "b", "c", "d", "n");

    private final RandomGenerator random;
    private final Connection connection;
    private final List<Table> tables = new ArrayList<>();
    private final List<String> views = new ArrayList<>();
    private int indexCount;

    /** Where the last update was, so that the next may change the same row once more. */
    private Table lastUpdated = new Table("", List.of(), List.of(), false);

    private String lastWhere = "";

    /**
     * A table.
     *
     * @param key its key columns
     * @param columns all columns that can be written
     * @param mayReplace whether a row may be deleted and inserted again: not where a rowid that no column shows would change
     */
    record Table(String name, List<String> key, List<String> columns, boolean mayReplace) {}

    RandomDatabase(RandomGenerator random, Connection connection) throws SQLException {
        this.random = random;
        this.connection = connection;
        var count = 2 + random.nextInt(2);
        for (var i = 0; i < count; i++) {
            createTable("t" + i);
        }
        for (var i = random.nextInt(4); i > 0; i--) {
            createIndex();
        }
        for (var i = 0; i < 20; i++) {
            run(insert(pick(tables)));
        }
        if (random.nextInt(3) == 0) {
            run("ANALYZE"); // not later: it may change the order of rows where a query leaves it open
        }
    }

    private void createTable(String name) throws SQLException {
        var columns = new ArrayList<>(NAMES.subList(0, 2 + random.nextInt(NAMES.size() - 1)));
        var declared = columns.stream()
                .map(column -> column + " " + pick(TYPES))
                .collect(Collectors.toCollection(ArrayList::new));
        var kind = random.nextInt(6);
        List<String> key;
        var tail = "";
        switch (kind) {
            case 0, 1, 2 -> {
                declared.addFirst("id INTEGER PRIMARY KEY");
                key = List.of("id");
                columns.addFirst("id");
            }
            case 3 -> {
                declared.addFirst("k " + pick(List.of("TEXT", "TEXT COLLATE NOCASE", "INT")) + " PRIMARY KEY NOT NULL");
                key = List.of("k");
                columns.addFirst("k");
            }
            case 4 -> {
                declared.add("k TEXT");
                declared.add("PRIMARY KEY (k, a)");
                tail = " WITHOUT ROWID";
                key = List.of("k", "a");
                columns.add("k");
            }
            default -> {
                declared.add("id INTEGER PRIMARY KEY DESC NOT NULL");
                key = List.of("id");
                columns.add("id");
            }
        }
        if (random.nextInt(4) == 0) {
            declared.add(kind == 4 ? 0 : 1, "g AS (coalesce(a, 0) || 'x')" + (random.nextBoolean() ? " STORED" : ""));
        }
        run("CREATE TABLE " + name + "(" + String.join(", ", declared) + ")" + tail);
        tables.add(new Table(name, key, columns, kind != 3 && kind != 5));
        if (random.nextInt(3) == 0) {
            views.add("v" + name);
            run("CREATE VIEW v" + name + " AS SELECT " + String.join(", ", columns) + " FROM " + name + " WHERE "
                    + pick(columns) + pick(List.of(" > ", " = ", " <> ", " IS ")) + value());
        }
    }

    private void createIndex() throws SQLException {
        var table = pick(tables);
        var column = pick(table.columns());
        run("CREATE INDEX IF NOT EXISTS i" + indexCount++ + " ON " + table.name() + "("
                + pick(List.of(
                        column,
                        column + ", " + pick(table.columns()),
                        column + " COLLATE NOCASE",
                        "lower(" + column + ")"))
                + ")" + (random.nextInt(4) == 0 ? " WHERE " + pick(table.columns()) + " > 1" : ""));
    }

    List<Table> tables() {
        return tables;
    }

    /** Tables and views that a FROM clause may name. */
    List<String> sources() {
        List<String> sources = new ArrayList<>(views);
        tables.forEach(table -> {
            sources.add(table.name());
            sources.add(table.name());
        });
        return sources;
    }

    /** A literal, more often than not one of a few. */
    String value() {
        return random.nextInt(3) > 0 ? pick(FEW) : pick(VALUES);
    }

    <T> T pick(List<T> choices) {
        return choices.get(random.nextInt(choices.size()));
    }

    /** Changes something; a statement that breaks a constraint changes nothing. */
    void change() throws SQLException {
        var table = pick(tables);
        switch (random.nextInt(39)) {
            case 0 -> createIndex();
            case 1 -> run("ALTER TABLE " + table.name() + " ADD COLUMN x" + indexCount++ + " INT DEFAULT 1");
            case 2 -> run("DROP INDEX IF EXISTS i" + random.nextInt(indexCount + 1));
            case 3, 4, 5, 6, 7, 8, 9, 10, 11 -> run(insert(pick(tables)));
            case 12, 13 -> {
                if (table.mayReplace()) {
                    run(insert(table).replaceFirst("OR IGNORE", "OR REPLACE"));
                }
            }
            case 14, 15, 16 -> run("DELETE FROM " + table.name() + where(table));
            default -> runUpdate(table);
        }
    }

    private String insert(Table table) {
        return "INSERT OR IGNORE INTO " + table.name() + "(" + String.join(", ", table.columns()) + ") VALUES ("
                + table.columns().stream()
                        .map(column -> column.equals("id") ? String.valueOf(1 + random.nextInt(15)) : value())
                        .collect(Collectors.joining(", "))
                + ")";
    }

    private void runUpdate(Table table) throws SQLException {
        if (!lastWhere.isEmpty() && random.nextInt(3) == 0) {
            run(update(lastUpdated, lastWhere));
            return;
        }
        lastUpdated = table;
        lastWhere = where(table);
        run(update(table, lastWhere));
    }

    private String update(Table table, String where) {
        var column = pick(table.columns());
        if (!table.mayReplace() && table.key().contains(column)) {
            column = table.columns().getLast();
        }
        var other = table.columns().getLast();
        return "UPDATE OR IGNORE " + table.name() + " SET " + column + " = "
                + (column.equals("id") ? String.valueOf(1 + random.nextInt(15)) : value())
                + (random.nextInt(3) == 0
                                && !other.equals(column)
                                && !table.key().contains(other)
                        ? ", " + other + " = " + value()
                        : "")
                + where;
    }

    private String where(Table table) {
        return switch (random.nextInt(3)) {
            case 0 -> " WHERE " + pick(table.columns()) + " = " + value();
            case 1 -> " WHERE " + table.key().getFirst() + " = " + (1 + random.nextInt(15));
            default -> " WHERE rowid_of(" + table.key().getFirst() + ")";
        };
    }

    /** Runs a statement; {@code rowid_of} stands for one row taken at random. */
    void run(String sql) throws SQLException {
        var place = sql.indexOf("rowid_of(");
        var text = sql;
        if (place >= 0) {
            var column = sql.substring(place + "rowid_of(".length(), sql.length() - 1);
            var table = sql.replaceFirst("(DELETE FROM|UPDATE OR IGNORE) (\\w+).*", "$2");
            text = sql.substring(0, place) + column + " = (SELECT " + column + " FROM " + table + " LIMIT 1 OFFSET "
                    + random.nextInt(8) + ")";
        }
        try (var statement = connection.createStatement()) {
            statement.execute(text);
        } catch (SQLException e) {
            var isConstraint = (e.getErrorCode() & 0xff) == 19;
            if (!isConstraint) {
                throw e;
            }
        }
    }
}
