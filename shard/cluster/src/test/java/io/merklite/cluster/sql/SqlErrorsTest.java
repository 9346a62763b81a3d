package io.merklite.cluster.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.query.subscribe.SqlValue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SqlErrorsTest extends SqlTestBase {
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            SELECT nope FROM t                         | SQL_INPUT_ERROR   | no such column: nope
            SELECT nope(1)                             | SQL_INPUT_ERROR   | no such function: nope
            SELECT abs(1, 2, 3)                        | SQL_INPUT_ERROR   | wrong number of arguments to function abs()
            SELECT id FROM t AS a, t AS b              | SQL_INPUT_ERROR   | ambiguous column name: id
            SELECT * FROM nope                         | SQLITE_UNKNOWN    | no such table: nope
            INSERT INTO nope VALUES (1)                | SQLITE_UNKNOWN    | no such table: nope
            SELECT abs(-9223372036854775808)           | SQLITE_UNKNOWN    | integer overflow
            COMMIT                                     | SQLITE_UNKNOWN    | cannot commit - no transaction is active
            ROLLBACK                                   | SQLITE_UNKNOWN    | cannot rollback - no transaction is active
            RELEASE nope                               | SQLITE_UNKNOWN    | no such savepoint: nope
            CREATE TABLE t(a)                          | SQLITE_UNKNOWN    | table t already exists
            SELEC 1                                    | SQL_PARSE_ERROR   | near "SELEC": syntax error
            SELECT                                     | SQL_PARSE_ERROR   | incomplete input
            SELECT 'a                                  | SQL_PARSE_ERROR   | unrecognized token
            INSERT INTO t VALUES ('a', 'b')            | SQLITE_MISMATCH   | datatype mismatch
            INSERT INTO child VALUES (1, 99)           | SQLITE_CONSTRAINT | FOREIGN KEY constraint failed
            """)
    void codeIsTheOneThatClientsKnow(String sql, String code, String text) {
        var error = client.error(sql);

        assertThat(error.code()).isEqualTo(code);
        assertThat(error.message()).contains(text);
    }

    @Test
    void constraintHasSqlitesTextVerbatim() {
        client.query("CREATE TABLE c(a NOT NULL, b CHECK (b > 0), PRIMARY KEY (a))");
        client.query("INSERT INTO c VALUES (1, 1)");

        assertThat(client.error("INSERT INTO c VALUES (1, 1)"))
                .isEqualTo(new SqlError("SQLITE_CONSTRAINT", "SQLite error: UNIQUE constraint failed: c.a"));
        assertThat(client.error("INSERT INTO c VALUES (NULL, 1)").message())
                .endsWith("NOT NULL constraint failed: c.a");
        assertThat(client.error("INSERT INTO c VALUES (2, 0)").message()).endsWith("CHECK constraint failed: b > 0");
    }

    @Test
    void syntaxErrorOfADescriptionHasAPlaceInItsText() {
        assertThat(client.describe("SELEC 1"))
                .isEqualTo(new SqlResponse.Refused(
                        new SqlError("SQL_INPUT_ERROR", "SQL input error: near \"SELEC\": syntax error")));
    }

    @Test
    void messageOfATriggerIsNotTakenForACode() {
        client.query("CREATE TRIGGER tr BEFORE INSERT ON t BEGIN SELECT RAISE(ABORT, 'no such column: x'); END");

        assertThat(client.error("INSERT INTO t VALUES (1, 'a')"))
                .isEqualTo(new SqlError("SQLITE_CONSTRAINT", "SQLite error: no such column: x"));
    }

    @Test
    void failedStatementCanBeRunAgain() {
        client.query("INSERT INTO t VALUES (1, 'a')");
        client.error("INSERT INTO t VALUES (?, 'a')", TWO);
        client.query("DELETE FROM t");

        client.query("INSERT INTO t VALUES (?, 'a')", TWO);

        assertThat(client.value("SELECT id FROM t")).isEqualTo(SqlValue.of(2));
    }

    @Test
    void tooLargeValueHasItsCode() {
        assertThat(client.error("SELECT length(zeroblob(3000000000))").code()).isEqualTo("SQLITE_TOOBIG");
    }
}
