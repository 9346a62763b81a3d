package io.merklite.schema.random;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;

/**
 * A random schema that can be changed at random and written down in many ways: names in quotes or not, keywords in any
 * case, comments with brackets and quotes in them.
 */
public final class RandomSchema {
    private static final List<String> TABLE_NAMES = List.of("t", "emp", "odd tab", "Order", "größe", "check_up");
    private static final List<String> COLUMN_NAMES =
            List.of("a", "b", "c", "check_x", "a b", "q\"q", "select", "Primary", "é", "keyed", "_n", "unique2");
    private static final List<String> TYPES = List.of("INTEGER", "INT", "TEXT", "REAL", "BLOB", "VARCHAR(10)", "");
    private static final List<String> STRICT_TYPES = List.of("INTEGER", "INT", "TEXT", "REAL", "BLOB", "ANY");
    private static final List<String> ACTIONS =
            List.of("", "", " ON DELETE CASCADE", " ON DELETE SET NULL", " DEFERRABLE INITIALLY DEFERRED");

    private final RandomGenerator random;
    private final List<RandomTable> tables;
    private String directives = "";

    private RandomSchema(RandomGenerator random, List<RandomTable> tables) {
        this.random = random;
        this.tables = tables;
    }

    /** A column: its clauses as written, without names of other columns. */
    private record RandomColumn(String name, String type, String clauses, String generatedFrom) {
        boolean isGenerated() {
            return !generatedFrom.isEmpty();
        }
    }

    /** A rule over columns, as it is written with quoted names; gone with any of them. */
    private record Rule(List<String> columns, String text) {}

    private record RandomTable(
            String name,
            List<RandomColumn> columns,
            List<String> key,
            boolean isAutoincrement,
            boolean isWithoutRowid,
            boolean isStrict,
            List<Rule> rules) {}

    /** A schema of one to three tables. */
    public static RandomSchema make(RandomGenerator random) {
        var schema = new RandomSchema(random, new ArrayList<>());
        for (var i = random.nextInt(1, 4); i > 0; i--) {
            schema.addTable();
        }
        return schema;
    }

    /** A schema that differs from this one by a few changes, or by none; at times with a declared rename. */
    public RandomSchema changed() {
        var copy = new RandomSchema(random, new ArrayList<>(tables));
        for (var i = random.nextInt(5); i > 0; i--) {
            copy.change();
        }
        if (chance(3) && !copy.tables.isEmpty()) {
            copy.rename(this);
        }
        return copy;
    }

    /** Gives a column that {@code before} has, too, a new name, and declares it, or only changes the case of its name. */
    private void rename(RandomSchema before) {
        var index = random.nextInt(tables.size());
        var table = tables.get(index);
        var old = before.tables.stream()
                .filter(other -> other.name().equals(table.name()))
                .findFirst();
        var both = table.columns().stream()
                .map(RandomColumn::name)
                .filter(name -> old.isPresent() && hasColumn(old.get(), name))
                .toList();
        var free = COLUMN_NAMES.stream()
                .filter(name -> !hasColumn(table, name) && !(old.isPresent() && hasColumn(old.get(), name)))
                .toList();
        if (both.isEmpty() || free.isEmpty()) {
            return;
        }
        var from = pick(both);
        var to = chance(3) ? from.toUpperCase(Locale.ROOT) : pick(free);
        tables.set(index, renamed(table, from, to));
        if (!to.equalsIgnoreCase(from)) {
            directives =
                    "-- merklite:rename column " + quote(table.name()) + "." + quote(from) + " -> " + quote(to) + "\n";
        }
    }

    private static boolean hasColumn(RandomTable table, String name) {
        return table.columns().stream().anyMatch(column -> column.name().equalsIgnoreCase(name));
    }

    private static RandomTable renamed(RandomTable table, String from, String to) {
        return new RandomTable(
                table.name(),
                table.columns().stream()
                        .map(column -> new RandomColumn(
                                column.name().equals(from) ? to : column.name(),
                                column.type(),
                                column.clauses().replace(quote(from), quote(to)),
                                column.generatedFrom().equals(from) ? to : column.generatedFrom()))
                        .toList(),
                table.key().stream().map(name -> name.equals(from) ? to : name).toList(),
                table.isAutoincrement(),
                table.isWithoutRowid(),
                table.isStrict(),
                table.rules().stream()
                        .map(rule -> new Rule(
                                rule.columns().stream()
                                        .map(name -> name.equals(from) ? to : name)
                                        .toList(),
                                rule.text().replace(quote(from), quote(to))))
                        .toList());
    }

    private void change() {
        var choice = random.nextInt(10);
        if (choice == 0 || tables.isEmpty()) {
            addTable();
        } else if (choice == 1) {
            tables.remove(random.nextInt(tables.size()));
        } else {
            var index = random.nextInt(tables.size());
            tables.set(index, changed(tables.get(index)));
        }
    }

    private void addTable() {
        var free = TABLE_NAMES.stream()
                .filter(name -> tables.stream().noneMatch(table -> table.name().equals(name)))
                .toList();
        if (free.isEmpty()) {
            return;
        }
        var isStrict = chance(5);
        List<RandomColumn> columns = new ArrayList<>();
        for (var i = random.nextInt(1, 6); i > 0; i--) {
            columns.add(column(columns, isStrict));
        }
        tables.add(withKey(new RandomTable(pick(free), columns, List.of(), false, false, isStrict, List.of())));
    }

    private RandomTable changed(RandomTable table) {
        List<RandomColumn> columns = new ArrayList<>(table.columns());
        switch (random.nextInt(8)) {
            case 0 -> columns.add(column(columns, table.isStrict()));
            case 1 -> columns.add(random.nextInt(columns.size() + 1), column(columns, table.isStrict()));
            case 2 -> {
                if (columns.size() > 1) {
                    columns.remove(random.nextInt(columns.size()));
                }
            }
            case 3 -> columns.add(columns.remove(random.nextInt(columns.size())));
            case 4 -> {
                var index = random.nextInt(columns.size());
                var fresh = column(columns, table.isStrict());
                if (!fresh.isGenerated()) {
                    columns.set(index, new RandomColumn(columns.get(index).name(), fresh.type(), fresh.clauses(), ""));
                }
            }
            case 5 -> {
                return withKey(table);
            }
            case 6 -> {
                return withRule(table);
            }
            default -> {
                return new RandomTable(
                        table.name(),
                        columns,
                        table.key(),
                        table.isAutoincrement(),
                        table.isWithoutRowid(),
                        table.isStrict(),
                        List.of());
            }
        }
        return consistent(table, columns);
    }

    /** Without the rules, keys and generated columns whose columns are gone. */
    private static RandomTable consistent(RandomTable table, List<RandomColumn> columns) {
        Predicate<String> isThere =
                name -> columns.stream().anyMatch(column -> column.name().equals(name) && !column.isGenerated());
        var kept = columns.stream()
                .filter(column -> !column.isGenerated() || isThere.test(column.generatedFrom()))
                .toList();
        if (kept.stream().allMatch(RandomColumn::isGenerated)) {
            return table;
        }
        var hasKey = table.key().stream().allMatch(isThere);
        var isRowidKey = hasKey
                && table.key().size() == 1
                && kept.stream()
                        .anyMatch(column -> column.name().equals(table.key().getFirst())
                                && column.type().equals("INTEGER"));
        return new RandomTable(
                table.name(),
                kept,
                hasKey ? table.key() : List.of(),
                table.isAutoincrement() && isRowidKey,
                table.isWithoutRowid() && hasKey,
                table.isStrict(),
                table.rules().stream()
                        .filter(rule -> rule.columns().stream().allMatch(isThere))
                        .toList());
    }

    private RandomTable withKey(RandomTable table) {
        var candidates =
                table.columns().stream().filter(column -> !column.isGenerated()).toList();
        var choice = random.nextInt(5);
        if (choice == 0 || candidates.isEmpty()) {
            return new RandomTable(
                    table.name(), table.columns(), List.of(), false, false, table.isStrict(), table.rules());
        }
        List<String> key = new ArrayList<>();
        key.add(pick(candidates).name());
        if (choice == 1 && candidates.size() > 1) {
            candidates.stream()
                    .map(RandomColumn::name)
                    .filter(name -> !key.contains(name))
                    .findFirst()
                    .ifPresent(key::add);
        }
        var isRowidKey = key.size() == 1
                && candidates.stream()
                        .anyMatch(column -> column.name().equals(key.getFirst())
                                && column.type().equals("INTEGER"));
        var isWithoutRowid = chance(4);
        return new RandomTable(
                table.name(),
                table.columns(),
                key,
                isRowidKey && !isWithoutRowid && chance(2),
                isWithoutRowid,
                table.isStrict(),
                table.rules());
    }

    private RandomTable withRule(RandomTable table) {
        var column = pick(table.columns().stream()
                .filter(candidate -> !candidate.isGenerated())
                .toList());
        var quoted = quote(column.name());
        var text = switch (random.nextInt(4)) {
            case 0 ->
                (chance(2) ? "CONSTRAINT " + quote("ck" + random.nextInt(3)) + " " : "") + "CHECK (" + quoted
                        + " IS NULL OR " + quoted + " <> ')(''')";
            case 1 ->
                "UNIQUE (" + quoted + (chance(3) ? " COLLATE NOCASE" : "") + ")"
                        + (chance(3) ? " ON CONFLICT REPLACE" : "");
            default -> foreignKey(quoted);
        };
        List<Rule> rules = new ArrayList<>(table.rules());
        rules.add(new Rule(List.of(column.name()), text));
        return new RandomTable(
                table.name(),
                table.columns(),
                table.key(),
                table.isAutoincrement(),
                table.isWithoutRowid(),
                table.isStrict(),
                rules);
    }

    private String foreignKey(String column) {
        var parents = tables.stream().filter(table -> table.key().size() == 1).toList();
        if (parents.isEmpty()) {
            return "CHECK (length(" + column + ") < 1000 OR " + column + " IS NULL)";
        }
        return "FOREIGN KEY (" + column + ") REFERENCES " + quote(pick(parents).name()) + pick(ACTIONS);
    }

    private RandomColumn column(List<RandomColumn> others, boolean isStrict) {
        var name = pick(COLUMN_NAMES.stream()
                .filter(candidate ->
                        others.stream().noneMatch(other -> other.name().equalsIgnoreCase(candidate)))
                .toList());
        var type = pick(isStrict ? STRICT_TYPES : TYPES);
        var sources = others.stream().filter(other -> !other.isGenerated()).toList();
        if (chance(8) && !sources.isEmpty()) {
            var source = pick(sources).name();
            return new RandomColumn(
                    name,
                    isStrict ? "ANY" : type,
                    (chance(2) ? " GENERATED ALWAYS" : "") + " AS (" + quote(source) + " || '(')"
                            + pick(List.of("", " STORED", " VIRTUAL")),
                    source);
        }
        var clauses = pick(List.of("", "", "", " DEFAULT 7", " DEFAULT 'x y'", " DEFAULT (1 + 1)", " DEFAULT NULL"))
                + pick(List.of("", "", "", "", " NOT NULL", " NOT NULL DEFAULT 3"))
                + pick(List.of("", "", "", "", " COLLATE NOCASE", " UNIQUE", " CHECK (1 /* ) */ = 1)"));
        return new RandomColumn(name, type, isStrict && clauses.contains("DEFAULT") ? "" : clauses, "");
    }

    /** The statements, with indexes, views and triggers drawn anew. */
    public String ddl() {
        List<String> statements = new ArrayList<>();
        tables.forEach(table -> statements.add(statement(table)));
        for (var i = 0; i < tables.size(); i++) {
            var table = pick(tables);
            var column = quote(pick(table.columns()).name());
            var name = quote(table.name());
            switch (random.nextInt(5)) {
                case 0 ->
                    statements.add("CREATE INDEX ix" + i + " ON " + name + "(" + column
                            + pick(List.of("", " DESC", " COLLATE NOCASE")) + ")"
                            + pick(List.of("", " WHERE " + column + " > 1")));
                case 1 -> statements.add("CREATE INDEX ex" + i + " ON " + name + "(length(" + column + "))");
                case 2 ->
                    statements.add("CREATE VIEW " + quote("vw" + i) + " AS SELECT " + column + ", 'vw0' FROM " + name);
                case 3 ->
                    statements.add("CREATE TRIGGER tg" + i + " AFTER UPDATE ON " + name + " BEGIN UPDATE "
                            + quote(pick(tables).name()) + " SET rowid = rowid WHERE 0; END");
                default -> statements.add("-- nothing; (");
            }
        }
        return directives
                + statements.stream().map(statement -> statement + "\n;\n").collect(Collectors.joining());
    }

    private String statement(RandomTable table) {
        var isKeyAtColumn = table.key().size() == 1 && (table.isAutoincrement() || chance(2));
        List<String> parts = new ArrayList<>();
        for (var column : table.columns()) {
            var isKey = isKeyAtColumn && table.key().getFirst().equals(column.name());
            parts.add(name(column.name())
                    + space()
                    + keyword(column.type())
                    + (isKey
                            ? keyword(" PRIMARY KEY") + (table.isAutoincrement() ? keyword(" AUTOINCREMENT") : "")
                            : "")
                    + column.clauses());
        }
        if (!table.key().isEmpty() && !isKeyAtColumn) {
            parts.add("PRIMARY KEY ("
                    + table.key().stream().map(RandomSchema::quote).collect(Collectors.joining(", ")) + ")");
        }
        table.rules().forEach(rule -> parts.add(rule.text()));
        List<String> options = new ArrayList<>();
        if (table.isStrict()) {
            options.add("STRICT");
        }
        if (table.isWithoutRowid()) {
            options.add("WITHOUT ROWID");
        }
        return keyword("CREATE TABLE") + space() + quote(table.name()) + "(" + String.join("," + space(), parts) + ")"
                + space() + String.join(", ", options);
    }

    private String name(String name) {
        return name.matches("[a-z_][a-z_0-9]*") && !name.equals("select") && chance(2) ? name : quote(name);
    }

    private String keyword(String words) {
        return chance(3) ? words.toLowerCase(Locale.ROOT) : words;
    }

    private String space() {
        return pick(List.of(" ", " ", "  ", "\n\t", " /* , ( ' */ ", " -- ) \"\n "));
    }

    private static String quote(String name) {
        return '"' + name.replace("\"", "\"\"") + '"';
    }

    /** Statements that insert random rows; some break a rule. */
    public List<String> rows() {
        List<String> statements = new ArrayList<>();
        for (var table : tables) {
            var columns = table.columns().stream()
                    .filter(column -> !column.isGenerated())
                    .toList();
            for (var i = random.nextInt(8); i > 0; i--) {
                statements.add("INSERT INTO " + quote(table.name()) + "("
                        + columns.stream().map(column -> quote(column.name())).collect(Collectors.joining(", "))
                        + ") VALUES ("
                        + columns.stream().map(column -> value(column.type())).collect(Collectors.joining(", ")) + ")");
            }
            if (chance(2)) {
                statements.add("DELETE FROM " + quote(table.name()) + " WHERE "
                        + quote(columns.getFirst().name()) + " > 50");
            }
        }
        return statements;
    }

    private String value(String type) {
        return switch (type) {
            case "INTEGER", "INT" -> Integer.toString(random.nextInt(100));
            case "REAL" -> random.nextInt(100) + ".5";
            case "TEXT", "VARCHAR(10)" -> "'" + pick(List.of("", "x", "It''s", "12", "é")) + random.nextInt(100) + "'";
            case "BLOB" -> "x'00f" + random.nextInt(10) + "'";
            default -> pick(List.of("NULL", "1", "2.5", "'text'", "x'ff'"));
        };
    }

    private boolean chance(int outOf) {
        return random.nextInt(outOf) == 0;
    }

    private <T> T pick(List<T> choices) {
        return choices.get(random.nextInt(choices.size()));
    }
}
