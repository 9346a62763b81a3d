package io.merklite.query.transpile;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.testkit.Seeds;
import java.sql.SQLException;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Plain SQL means what it meant: alone, and in the middle of a text that is translated. */
class PlainSqlPropertiesTest {
    private static final int STATEMENTS = Seeds.count("merklite.histories", 20_000);

    @Test
    void statementsComeOutAsTheyCameIn() {
        Seeds.upTo(STATEMENTS)
                .forEach(seed -> Seeds.run(seed, random -> {
                    var statement = new PlainSqlGenerator(random).statement();

                    assertThat(Transpiler.toSql(statement)).isEqualTo(statement);
                    assertThat(Transpiler.toSql(statement + " ; SELECT {a: 1};" + statement))
                            .isEqualTo(statement + " ; SELECT sqldeep_json_object('a', 1);" + statement);
                }));
    }

    @Test
    void queriesInsideOfDeepOnesGiveTheSameRows() throws SQLException {
        try (var database = open()) {
            Seeds.upTo(STATEMENTS / 4)
                    .forEach(seed -> Seeds.run(seed, random -> {
                        var select = new PlainSqlGenerator(random).select(2);
                        var deep = Transpiler.toSql("SELECT {k: 1}, p.* FROM (" + select + "\n) AS p");

                        // The same function, as another plan may choose other rows where ORDER BY leaves it open.
                        var plain = outcome(
                                database, "SELECT sqldeep_json_object('k', 1), p.* FROM (" + select + "\n) AS p");

                        assertThat(outcome(database, deep)).as(deep).isEqualTo(plain);
                    }));
        }
    }

    @Test
    void mostOfTheStatementsAreValid() throws SQLException {
        var valid = Seeds.upTo(500)
                .filter(seed -> {
                    try (var database = open()) {
                        return !outcome(database, new PlainSqlGenerator(Seeds.random(seed)).statement())
                                .startsWith("error");
                    } catch (SQLException e) {
                        throw new AssertionError(e);
                    }
                })
                .count();

        assertThat(valid).isGreaterThan(350);
    }

    private static DialectDatabase open() {
        var database = DialectDatabase.open();
        PlainSqlGenerator.SETUP.forEach(database::execute);
        return database;
    }

    /** The rows without the first column, or that there is an error. */
    private static String outcome(DialectDatabase database, String sql) {
        try {
            return database.rows(sql).stream()
                    .map(row -> row.subList(Math.min(1, row.size() - 1), row.size()))
                    .map(PlainSqlPropertiesTest::text)
                    .toList()
                    .toString();
        } catch (DialectDatabase.Refused e) {
            return "error";
        }
    }

    private static String text(List<Object> row) {
        return row.stream()
                .map(cell -> cell instanceof byte[] bytes ? Arrays.toString(bytes) : String.valueOf(cell))
                .toList()
                .toString();
    }
}
