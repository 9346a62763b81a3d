package io.merklite.schema.text;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class StatementTokensTest {
    @Test
    void statementsEndAtSemicolonsOutsideOfTriggersStringsAndComments() {
        var statements = StatementTokens.of("SELECT ';' -- ; no end\n;; CREATE TEMP TRIGGER t AFTER INSERT ON a BEGIN"
                + " UPDATE a SET x = CASE WHEN 1 THEN 2 END; DELETE FROM a; END; DROP TABLE a");

        assertThat(statements)
                .extracting(statement -> statement.tokens().size())
                .containsExactly(2, 26, 3);
        assertThat(statements).extracting(StatementTokens::verb).containsExactly("SELECT", "CREATE", "DROP");
    }

    @Test
    void verbStandsBehindCommonTableExpressions() {
        assertThat(verb("with a(x) as materialized (select (1)), b as (select 2) insert into t select * from a"))
                .isEqualTo("INSERT");
        assertThat(verb("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"))
                .isEqualTo("SELECT");
        assertThat(verb("WITH a AS (SELECT 1)")).isEqualTo("WITH");
        assertThat(verb("\"delete\" FROM t")).isEmpty();
    }

    @Test
    void explainedStatementIsTheOneBehindExplain() {
        var statement = StatementTokens.of("EXPLAIN QUERY PLAN DELETE FROM t").getFirst();

        assertThat(statement.isExplain()).isTrue();
        assertThat(statement.verb()).isEqualTo("EXPLAIN");
        assertThat(statement.explained().verb()).isEqualTo("DELETE");
        assertThat(StatementTokens.of("EXPLAIN").getFirst().isExplain()).isFalse();
    }

    @Test
    void rollbackToASavepointIsToldFromRollback() {
        assertThat(StatementTokens.of("ROLLBACK TRANSACTION TO s").getFirst().isRollbackTo())
                .isTrue();
        assertThat(StatementTokens.of("rollback to savepoint s").getFirst().isRollbackTo())
                .isTrue();
        assertThat(StatementTokens.of("ROLLBACK TRANSACTION").getFirst().isRollbackTo())
                .isFalse();
        assertThat(StatementTokens.of("SELECT TO").getFirst().isRollbackTo()).isFalse();
    }

    private static String verb(String sql) {
        return StatementTokens.of(sql).getFirst().verb();
    }
}
