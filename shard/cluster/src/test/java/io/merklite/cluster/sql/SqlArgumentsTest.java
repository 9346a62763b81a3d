package io.merklite.cluster.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.query.subscribe.SqlValue;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class SqlArgumentsTest extends SqlTestBase {
    private static SqlStatement named(String sql, Object... namesAndValues) {
        var arguments = new ArrayList<SqlStatement.NamedArg>();
        for (var i = 0; i < namesAndValues.length; i += 2) {
            arguments.add(new SqlStatement.NamedArg((String) namesAndValues[i], (SqlValue) namesAndValues[i + 1]));
        }
        return new SqlStatement(sql, List.of(), arguments, true);
    }

    private List<SqlValue> firstRow(SqlStatement statement) {
        return SqlClient.done(client.execute(statement)).rows().getFirst();
    }

    @Test
    void positionalArgumentsAreCountedAsSqliteDoes() {
        assertThat(client.query("SELECT ?, ?2, ?, :a, :a", ONE, TWO, SqlValue.of(3), SqlValue.of(4))
                        .rows())
                .containsExactly(row(ONE, TWO, SqlValue.of(3), SqlValue.of(4), SqlValue.of(4)));
    }

    @Test
    void gapsBetweenNumberedParametersAreFine() {
        assertThat(client.query("SELECT ?1, ?3", ONE, TWO, SqlValue.of(3)).rows())
                .containsExactly(row(ONE, SqlValue.of(3)));
    }

    @Test
    void nameIsFoundWithAndWithoutItsSign() {
        assertThat(firstRow(named("SELECT :a, @b, $c, :a", "a", ONE, "@b", TWO, "c", SqlValue.of(3))))
                .containsExactly(ONE, TWO, SqlValue.of(3), ONE);
    }

    @Test
    void exactNameWinsOverTheBareOne() {
        assertThat(firstRow(named("SELECT :a, @a", "a", ONE, "@a", TWO))).containsExactly(ONE, TWO);
    }

    @Test
    void numberedParameterHasAName() {
        assertThat(firstRow(named("SELECT ?1", "1", ONE))).containsExactly(ONE);
    }

    @Test
    void tooManyArgumentsAreInvalid() {
        assertThat(client.error("INSERT INTO t VALUES (?, 'x')", ONE, TWO).code())
                .isEqualTo("ARGS_INVALID");
        assertThat(count("t")).isZero();
    }

    @Test
    void parameterWithoutValueIsInvalid() {
        assertThat(client.error("INSERT INTO t VALUES (?, ?)", ONE).code()).isEqualTo("ARGS_INVALID");
        assertThat(client.error("SELECT ?3", ONE, TWO).code()).isEqualTo("ARGS_INVALID");
        assertThat(SqlClient.failed(client.execute(named("SELECT :a, ?", "a", ONE)))
                        .code())
                .isEqualTo("ARGS_INVALID");
        assertThat(count("t")).isZero();
    }

    @Test
    void explainNeedsNoValues() {
        assertThat(client.query("EXPLAIN QUERY PLAN SELECT * FROM t WHERE id = ?")
                        .rows())
                .isNotEmpty();
        assertThat(client.query("EXPLAIN INSERT INTO t VALUES (?, ?)").rows()).isNotEmpty();
        assertThat(count("t")).isZero();
    }

    @Test
    void bothKindsTogetherAreRefused() {
        var statement =
                new SqlStatement("SELECT ?, :a", List.of(ONE), List.of(new SqlStatement.NamedArg("a", ONE)), true);

        assertThat(SqlClient.failed(client.execute(statement)).code()).isEqualTo("ARGS_BOTH_POSITIONAL_AND_NAMED");
    }

    @Test
    void parametersInStringsAndCommentsAreNone() {
        assertThat(client.query("SELECT '?', \"v\" /* ? :x */ FROM (SELECT ? AS v) -- ?", ONE)
                        .rows())
                .containsExactly(row(SqlValue.of("?"), ONE));
    }

    @Test
    void changeOfSchemaTakesNoParameters() {
        assertThat(client.error("CREATE TABLE n AS SELECT ? AS a", ONE).code()).isEqualTo("ARGS_INVALID");
    }

    @Test
    void largeArgumentDoesNotStayBound() {
        client.query("INSERT INTO t VALUES (?, ?)", ONE, SqlValue.of("x".repeat(10_000)));
        client.query("INSERT INTO t VALUES (?, ?)", TWO, SqlValue.of("y"));

        assertThat(client.value("SELECT v FROM t WHERE id = 2")).isEqualTo(SqlValue.of("y"));
    }
}
