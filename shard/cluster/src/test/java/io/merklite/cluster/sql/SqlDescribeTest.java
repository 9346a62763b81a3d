package io.merklite.cluster.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.query.subscribe.SqlValue;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SqlDescribeTest extends SqlTestBase {
    private SqlResponse.Described described(String sql) {
        return (SqlResponse.Described) client.describe(sql);
    }

    @Test
    void parametersHaveTheirNames() {
        assertThat(described("SELECT ?, :a, @b, $c, :a").parameters())
                .containsExactly(Optional.empty(), Optional.of(":a"), Optional.of("@b"), Optional.of("$c"));
    }

    @Test
    void numberedParameterMakesAsManyEntries() {
        assertThat(described("SELECT ?5").parameters())
                .containsExactly(
                        Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), Optional.of("?5"));
    }

    @Test
    void columnsAreThoseOfTheResult() {
        assertThat(described("SELECT id, v AS w, 1 FROM t").columns())
                .containsExactly(
                        new ResultColumn("id", Optional.of("INTEGER")),
                        new ResultColumn("w", Optional.of("TEXT")),
                        new ResultColumn("1", Optional.empty()));
        assertThat(described("INSERT INTO t VALUES (1, 'a') RETURNING v").columns())
                .hasSize(1);
        assertThat(described("INSERT INTO t VALUES (1, 'a')").columns()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            SELECT 1                                    | false | true
            VALUES (1)                                  | false | true
            WITH a AS (SELECT 1) SELECT * FROM a        | false | true
            WITH a AS (SELECT 1) DELETE FROM t          | false | false
            INSERT INTO t VALUES (1, 'a')               | false | false
            UPDATE t SET v = 1 WHERE 0                  | false | false
            CREATE TABLE n(a)                           | false | false
            CREATE TABLE IF NOT EXISTS t(a)             | false | true
            EXPLAIN SELECT 1                            | true  | true
            EXPLAIN QUERY PLAN SELECT * FROM t          | true  | true
            EXPLAIN DELETE FROM t                       | true  | false
            BEGIN                                       | false | true
            BEGIN IMMEDIATE                             | false | false
            COMMIT                                      | false | true
            PRAGMA user_version                         | false | true
            PRAGMA user_version = 5                     | false | false
            PRAGMA foreign_keys = off                   | false | true
            PRAGMA table_info(t)                        | false | true
            """)
    void kindIsTold(String sql, boolean isExplain, boolean isReadOnly) {
        var described = described(sql);

        assertThat(described.isExplain()).isEqualTo(isExplain);
        assertThat(described.isReadOnly()).isEqualTo(isReadOnly);
    }

    @Test
    void nothingRuns() {
        described("INSERT INTO t VALUES (1, 'a')");
        described("PRAGMA foreign_keys = off");
        described("PRAGMA user_version = 5");
        described("BEGIN");
        described("CREATE TABLE n(a)");

        assertThat(count("t")).isZero();
        assertThat(client.value("PRAGMA foreign_keys")).isEqualTo(ONE);
        assertThat(client.value("PRAGMA user_version")).isEqualTo(SqlValue.of(0));
        assertThat(client.isAutocommit()).isTrue();
        assertThat(client.error("SELECT * FROM n").message()).contains("no such table");
    }

    @Test
    void uncommittedDdlIsSeen() {
        client.batch("BEGIN", "CREATE TABLE n(a INT)");

        assertThat(described("SELECT * FROM n").columns()).containsExactly(new ResultColumn("a", Optional.of("INT")));
        client.query("ROLLBACK");
        assertThat(client.describe("SELECT * FROM n")).isInstanceOf(SqlResponse.Refused.class);
    }

    @Test
    void exactlyOneStatementIsDescribed() {
        assertThat(client.describe("SELECT 1; SELECT 2")).isEqualTo(new SqlResponse.Refused(SqlErrors.MANY_STATEMENTS));
        assertThat(client.describe("--")).isEqualTo(new SqlResponse.Refused(SqlErrors.NO_STATEMENT));
    }
}
