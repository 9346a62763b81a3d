package io.merklite.query.transpile;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.testkit.Seeds;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/** Random nested selects give what SQLite's own JSON functions give for the same shape, written by hand. */
class DeepSelectPropertiesTest {
    private static final int QUERIES = Seeds.count("merklite.histories", 3_000);
    private static final List<String> TABLES = List.of("p", "c", "d");

    @Test
    void nestedSelectsGiveWhatJsonFunctionsGive() throws SQLException {
        try (var database = open()) {
            Seeds.upTo(QUERIES)
                    .forEach(seed -> Seeds.run(seed, random -> {
                        var value = new Generator(random).select(0);

                        var actual = database.value("SELECT {x: " + value.dialect() + ", y: 1}");
                        var expected =
                                JsonTexts.text(database.rows("SELECT json_object('x', " + value.sql() + ", 'y', 1)")
                                        .getFirst()
                                        .getFirst());

                        assertThat(JsonTexts.isSame(expected, actual, false))
                                .as(value.dialect() + "\n" + value.sql() + "\n" + expected + "\n" + actual)
                                .isTrue();
                    }));
        }
    }

    private static DialectDatabase open() {
        var database = DialectDatabase.open();
        List.of(
                        "CREATE TABLE p(p_id INTEGER PRIMARY KEY, v)",
                        "CREATE TABLE c(c_id INTEGER PRIMARY KEY, p_id INTEGER, v)",
                        "CREATE TABLE d(d_id INTEGER PRIMARY KEY, c_id INTEGER, v)",
                        "INSERT INTO p VALUES (1, 'a'), (2, NULL), (3, 1.5)",
                        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9)"
                                + " INSERT INTO c SELECT i, i % 4, nullif(i % 3, 0) FROM n",
                        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20)"
                                + " INSERT INTO d SELECT i, i % 7, nullif('t\"' || i % 5, 't\"2') FROM n")
                .forEach(database::execute);
        return database;
    }

    /** The same value in both languages; {@code isJson} if the SQL gives JSON as text. */
    private record Value(String dialect, String sql, boolean isJson) {
        String nested() {
            return isJson ? "json(" + sql + ")" : sql;
        }
    }

    private static final class Generator {
        private final RandomGenerator random;

        Generator(RandomGenerator random) {
            this.random = random;
        }

        private String pick(String... choices) {
            return choices[random.nextInt(choices.length)];
        }

        /** A select from the table of {@code level}, of the rows that belong to a row of the level before. */
        Value select(int level) {
            var table = TABLES.get(level);
            var alias = table + level;
            var shape = shape(level);
            var singular = random.nextInt(4) == 0;
            var condition = random.nextBoolean() ? " AND " + alias + ".v IS NOT 1" : "";
            var range = " ORDER BY " + alias + "." + table + "_id" + pick("", " DESC")
                    + (random.nextBoolean() ? " LIMIT " + (1 + random.nextInt(3)) + pick("", " OFFSET 1") : "");
            var where = level == 0
                    ? "1"
                    : alias + "." + parent(level) + "_id = " + parentAlias(level) + "." + parent(level) + "_id";
            var source = level > 0 && random.nextBoolean()
                    ? " FROM " + parentAlias(level) + "->" + table + " " + alias + condition
                    : " FROM " + table + pick(" ", " AS ") + alias + " WHERE " + where + condition;
            var columns = "SELECT" + (singular ? "/1 " : " ") + shape.dialect();
            var text = random.nextBoolean() ? columns + source + range : source.strip() + range + " " + columns;
            return new Value(
                    random.nextBoolean() ? text : "(" + text + ")",
                    sql(shape, singular, " FROM " + table + " AS " + alias + " WHERE " + where + condition + range),
                    !singular || shape.isJson());
        }

        private static String sql(Value shape, boolean singular, String rest) {
            var rows = "SELECT " + shape.sql() + " AS e" + rest;
            if (singular) {
                var value = "(SELECT e FROM (" + rows + ") LIMIT 1)";
                return shape.isJson() ? "json(" + value + ")" : value;
            }
            var element = shape.isJson() ? "json(e)" : "e";
            return "json((SELECT json_group_array(" + element + ") FILTER (WHERE e IS NOT NULL) FROM (" + rows + ")))";
        }

        private static String parent(int level) {
            return TABLES.get(level - 1);
        }

        private static String parentAlias(int level) {
            return parent(level) + (level - 1);
        }

        private Value shape(int level) {
            List<Value> values = new ArrayList<>();
            for (var count = random.nextInt(3); count >= 0; count--) {
                values.add(item(level));
            }
            if (random.nextBoolean()) {
                var value = values.getFirst();
                return values.size() == 1
                        ? new Value("[" + value.dialect() + "]", value.sql(), value.isJson())
                        : array(values);
            }
            return object(values);
        }

        private static Value array(List<Value> values) {
            return new Value(
                    "[" + String.join(", ", values.stream().map(Value::dialect).toList()) + "]",
                    "json_array("
                            + String.join(
                                    ", ", values.stream().map(Value::nested).toList()) + ")",
                    true);
        }

        private static Value object(List<Value> values) {
            List<String> fields = new ArrayList<>();
            List<String> arguments = new ArrayList<>();
            for (var index = 0; index < values.size(); index++) {
                fields.add("k" + index + ": " + values.get(index).dialect());
                arguments.add("'k" + index + "', " + values.get(index).nested());
            }
            return new Value(
                    "{" + String.join(", ", fields) + "}", "json_object(" + String.join(", ", arguments) + ")", true);
        }

        private Value item(int level) {
            var column = TABLES.get(level) + level + ".v";
            if (level < 2 && random.nextInt(3) > 0) {
                var select = select(level + 1);
                // In brackets, one select that is not singular would be the array itself.
                return select.dialect().startsWith("(") ? select : object(List.of(select));
            }
            return random.nextInt(4) == 0 ? array(List.of(scalar(column), scalar(column))) : scalar(column);
        }

        private Value scalar(String column) {
            return switch (random.nextInt(4)) {
                case 0 -> new Value("coalesce(" + column + ", 'n')", "coalesce(" + column + ", 'n')", false);
                case 1 -> new Value("true", "'true'", true);
                default -> new Value(column, column, false);
            };
        }
    }
}
