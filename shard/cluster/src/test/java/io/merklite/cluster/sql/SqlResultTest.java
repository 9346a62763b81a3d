package io.merklite.cluster.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.query.subscribe.SqlValue;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SqlResultTest extends SqlTestBase {
    @Test
    void valuesOfEveryTypeComeBackAsTheyWere() {
        client.query("CREATE TABLE v(a)");
        List<SqlValue> values = List.of(
                SqlValue.NULL,
                SqlValue.of(0),
                SqlValue.of(Long.MAX_VALUE),
                SqlValue.of(Long.MIN_VALUE),
                SqlValue.of(1.0),
                SqlValue.of(-0.5),
                SqlValue.of(Double.POSITIVE_INFINITY),
                SqlValue.of(Double.NEGATIVE_INFINITY),
                SqlValue.of(""),
                SqlValue.of("a\0b"),
                SqlValue.of("日本 😀"),
                SqlValue.of(new byte[0]),
                SqlValue.of(new byte[] {0, -1, 7}));

        for (var value : values) {
            client.query("INSERT INTO v VALUES (?)", value);
        }

        assertThat(client.query("SELECT a FROM v ORDER BY rowid").rows().stream()
                        .map(List::getFirst))
                .containsExactlyElementsOf(values);
    }

    @Test
    void realStaysReal() {
        assertThat(client.query("SELECT typeof(?), ?", SqlValue.of(1.0), SqlValue.of(2.0))
                        .rows())
                .containsExactly(row(SqlValue.of("real"), SqlValue.of(2.0)));
    }

    @Test
    void notANumberIsNull() {
        assertThat(client.value("SELECT ?", SqlValue.of(Double.NaN))).isEqualTo(SqlValue.NULL);
    }

    @Test
    void textThatIsNotUtf8HasReplacements() {
        assertThat(client.value("SELECT CAST(x'61ff' AS TEXT)")).isEqualTo(SqlValue.of("a\uFFFD"));
    }

    @Test
    void columnsHaveNamesAndDeclaredTypes() {
        assertThat(client.query("SELECT id, v, id, 1+1, count(*) AS n FROM t").columns())
                .containsExactly(
                        new ResultColumn("id", Optional.of("INTEGER")),
                        new ResultColumn("v", Optional.of("TEXT")),
                        new ResultColumn("id", Optional.of("INTEGER")),
                        new ResultColumn("1+1", Optional.empty()),
                        new ResultColumn("n", Optional.empty()));
        assertThat(client.query("INSERT INTO t VALUES (1, 'a')").columns()).isEmpty();
        assertThat(client.query("CREATE TABLE x(a)").columns()).isEmpty();
    }

    @Test
    void columnsFollowAChangeOfSchema() {
        client.query("INSERT INTO t VALUES (1, 'a')");
        client.query("SELECT * FROM t");

        client.query("ALTER TABLE t ADD COLUMN w INTEGER DEFAULT 5");
        client.query("ALTER TABLE t RENAME COLUMN v TO u");

        var result = client.query("SELECT * FROM t");
        assertThat(result.columns()).extracting(ResultColumn::name).containsExactly("id", "u", "w");
        assertThat(result.rows()).containsExactly(row(ONE, SqlValue.of("a"), SqlValue.of(5)));
    }

    @Test
    void rowsThatAreNotWantedAreLeftOut() {
        client.query("INSERT INTO t VALUES (1, 'a')");

        var result = SqlClient.done(client.execute(new SqlStatement("SELECT id FROM t", List.of(), List.of(), false)));

        assertThat(result.rows()).isEmpty();
        assertThat(result.columns()).hasSize(1);
        assertThat(result.rowsRead()).isEqualTo(1);
    }

    @Test
    void rowsAreCountedForChangesOfRowsOnly() {
        assertThat(client.query("INSERT INTO t VALUES (1, 'a'), (2, 'b')").affectedRowCount())
                .isEqualTo(2);
        assertThat(client.query("SELECT 1").affectedRowCount()).isZero();
        assertThat(client.query("CREATE INDEX i ON t(v)").affectedRowCount()).isZero();
        assertThat(client.query("UPDATE t SET v = v || 'x'").affectedRowCount()).isEqualTo(2);
        assertThat(client.query("PRAGMA user_version = 7").affectedRowCount()).isZero();
        assertThat(client.query("WITH n AS (SELECT 1 AS id) DELETE FROM t WHERE id IN (SELECT id FROM n)")
                        .affectedRowCount())
                .isEqualTo(1);
        assertThat(client.query("DELETE FROM t").affectedRowCount()).isEqualTo(1);
    }

    @Test
    void whatTriggersAndForeignKeysDoIsNotCounted() {
        client.query("CREATE TABLE log(a)");
        client.query(
                "CREATE TRIGGER tr AFTER INSERT ON t BEGIN INSERT INTO log VALUES (1); INSERT INTO log VALUES (2); END");
        client.query("CREATE TABLE sub(id INTEGER PRIMARY KEY, t REFERENCES t(id) ON DELETE CASCADE)");

        assertThat(client.query("INSERT INTO t VALUES (1, 'a')").affectedRowCount())
                .isEqualTo(1);
        client.query("INSERT INTO sub VALUES (1, 1), (2, 1)");
        assertThat(client.query("DELETE FROM t WHERE id = 1").affectedRowCount())
                .isEqualTo(1);
        assertThat(count("log")).isEqualTo(2);
        assertThat(count("sub")).isZero();
    }

    @Test
    void rowidIsGivenForInsertsOnly() {
        assertThat(client.query("INSERT INTO t VALUES (41, 'a')").lastInsertRowid())
                .hasValue(41);
        assertThat(client.query("REPLACE INTO t VALUES (42, 'b')").lastInsertRowid())
                .hasValue(42);
        assertThat(client.query("WITH n(i) AS (SELECT 43) INSERT INTO t SELECT i, 'c' FROM n")
                        .lastInsertRowid())
                .hasValue(43);
        assertThat(client.query("UPDATE t SET v = 'd' WHERE id = 41").lastInsertRowid())
                .isEmpty();
        assertThat(client.query("DELETE FROM t WHERE id = 41").lastInsertRowid())
                .isEmpty();
        assertThat(client.query("SELECT 1").lastInsertRowid()).isEmpty();
    }

    @Test
    void returningGivesRowsAndCounts() {
        var result = client.query("INSERT INTO t VALUES (1, 'a'), (2, 'b') RETURNING id, v");

        assertThat(result.rows()).containsExactly(row(ONE, SqlValue.of("a")), row(TWO, SqlValue.of("b")));
        assertThat(result.affectedRowCount()).isEqualTo(2);
        assertThat(result.lastInsertRowid()).hasValue(2);
        assertThat(result.columns().getFirst()).isEqualTo(new ResultColumn("id", Optional.of("INTEGER")));
        assertThat(client.query("DELETE FROM t RETURNING id").affectedRowCount())
                .isEqualTo(2);
    }

    @Test
    void queryWithoutRowsHasColumns() {
        var result = client.query("SELECT id FROM t WHERE id = 99");

        assertThat(result.rows()).isEmpty();
        assertThat(result.columns()).hasSize(1);
    }

    @Test
    void statementsMayBeSurroundedByBlanksCommentsAndSemicolons() {
        assertThat(client.value(" \n;; -- c\n SELECT 1 /* x */ ; ;\n")).isEqualTo(ONE);
    }

    @Test
    void moreThanOneStatementIsRefusedAndNoneRuns() {
        assertThat(client.error("INSERT INTO t VALUES (1, 'a'); SELECT 1").code())
                .isEqualTo("SQL_MANY_STATEMENTS");
        assertThat(client.error("BEGIN; INSERT INTO t VALUES (1, 'a')").code()).isEqualTo("SQL_MANY_STATEMENTS");
        assertThat(count("t")).isZero();
        assertThat(client.isAutocommit()).isTrue();
    }

    @Test
    void noStatementIsRefused() {
        for (var sql : List.of("", "  ", "-- nothing", ";", "/* */;")) {
            assertThat(client.error(sql).code()).isEqualTo("SQL_NO_STATEMENT");
        }
    }

    @Test
    void triggerIsOneStatement() {
        client.query("""
                CREATE TRIGGER tr AFTER INSERT ON t WHEN CASE WHEN NEW.id > 1 THEN 1 ELSE 0 END BEGIN
                    UPDATE t SET v = CASE WHEN id = 2 THEN 'two' ELSE v END WHERE id = NEW.id;
                    SELECT 1;
                END;
                """);

        client.query("INSERT INTO t VALUES (2, 'b')");

        assertThat(client.value("SELECT v FROM t")).isEqualTo(SqlValue.of("two"));
    }

    @Test
    void textThatSqliteWouldCutAtNulIsRefused() {
        assertThat(client.error("SELECT 1\0; DELETE FROM t").code()).isEqualTo("SQL_PARSE_ERROR");
    }

    @Test
    void clockTellsHowLongAStatementRan() {
        assertThat(client.query("SELECT 1").durationMicros()).isNotNegative();
    }

    @Test
    void functionsTellOfTheStreamsOwnWrites() {
        client.query("INSERT INTO t VALUES (7, 'a'), (8, 'b')");
        var other = new SqlClient(owner);
        other.query("INSERT INTO t VALUES (9, 'c')");
        client.query("CREATE TABLE n(a)");

        var result = client.query("SELECT last_insert_rowid(), CHANGES(), total_changes()");

        assertThat(result.rows()).containsExactly(row(SqlValue.of(8), TWO, TWO));
        assertThat(result.columns()).extracting(ResultColumn::name).startsWith("last_insert_rowid()");
        assertThat(other.value("SELECT last_insert_rowid()")).isEqualTo(SqlValue.of(9));
        assertThat(new SqlClient(owner).value("SELECT last_insert_rowid()")).isEqualTo(SqlValue.of(0));
    }

    @Test
    void rowidOfAnInsertIsKnownToTheNextStatement() {
        client.batch("INSERT INTO t(v) VALUES ('a')", "INSERT INTO child(parent) VALUES (last_insert_rowid())")
                .forEach(SqlClient::done);

        assertThat(client.value("SELECT parent FROM child")).isEqualTo(ONE);
    }

    @Test
    void triggerSeesItsOwnWrites() {
        client.query("CREATE TABLE log(id INTEGER PRIMARY KEY, a)");
        client.query("INSERT INTO log VALUES (41, NULL)");
        client.query("""
                CREATE TRIGGER tr AFTER INSERT ON t BEGIN
                    INSERT INTO log(a) VALUES (1); UPDATE log SET a = last_insert_rowid() WHERE id = 42; END
                """);

        client.query("INSERT INTO t VALUES (1, 'a')");

        assertThat(client.value("SELECT a FROM log WHERE id = 42")).isEqualTo(SqlValue.of(42));
    }
}
