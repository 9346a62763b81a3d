package io.merklite.client.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.client.sql.SqlText.Kind;
import org.junit.jupiter.api.Test;

class SqlTextTest {
    @Test
    void kindIsWhatTheFirstStatementDoes() {
        assertThat(SqlText.of(" -- nothing\n;").kind()).isEqualTo(Kind.EMPTY);
        assertThat(SqlText.of("with a as (select 'x') select * from a").kind()).isEqualTo(Kind.READ);
        assertThat(SqlText.of("WITH a AS (SELECT 1) DELETE FROM t").kind()).isEqualTo(Kind.WRITE);
        assertThat(SqlText.of("ROLLBACK TO a").kind()).isEqualTo(Kind.SAVEPOINT);
        assertThat(SqlText.of("END").kind()).isEqualTo(Kind.COMMIT);
        assertThat(SqlText.of("VACUUM").kind()).isEqualTo(Kind.OTHER);
    }

    @Test
    void onlyOneReadingStatementCanBeRunTwice() {
        assertThat(SqlText.of("SELECT ';'").isReading()).isTrue();
        assertThat(SqlText.of("SELECT 1; DELETE FROM t").isReading()).isFalse();
        assertThat(SqlText.of("WITH a AS (SELECT 'DELETE') SELECT * FROM a").isReading())
                .isTrue();
        assertThat(SqlText.of("WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a")
                        .isReading())
                .isFalse();
    }

    @Test
    void insertionsArePlainInTheVerbAndNotInOtherWords() {
        assertThat(SqlText.of("REPLACE INTO t VALUES (1)").isInserting()).isTrue();
        assertThat(SqlText.of("UPDATE t SET a = replace(a, 'x', 'y')").isInserting())
                .isFalse();
    }

    @Test
    void pragmaIsSetWhereItHasAValue() {
        assertThat(SqlText.of("PRAGMA foreign_keys = 0").isSetting("FOREIGN_KEYS"))
                .isTrue();
        assertThat(SqlText.of("pragma foreign_keys(off)").isSetting("FOREIGN_KEYS"))
                .isTrue();
        assertThat(SqlText.of("PRAGMA foreign_keys").isSetting("FOREIGN_KEYS")).isFalse();
    }

    @Test
    void triggersCountAsOneStatement() {
        assertThat(SqlText.of("CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM b; DELETE FROM c; END; SELECT 1")
                        .statementCount())
                .isEqualTo(2);
    }
}
