package io.merklite.cluster.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.query.subscribe.SqlValue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SqlGuardTest extends SqlTestBase {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "ATTACH 'x.db' AS x",
                "ATTACH DATABASE ':memory:' AS x",
                "DETACH main",
                "VACUUM",
                "VACUUM INTO 'x.db'",
                "EXPLAIN VACUUM",
                "CREATE TEMP TABLE x(a)",
                "CREATE TEMPORARY VIEW x AS SELECT 1",
                "CREATE TABLE temp.x(a)",
                "CREATE VIRTUAL TABLE x USING csv(filename='a')",
                "CREATE VIRTUAL TABLE x USING dbstat(main)",
                "PRAGMA writable_schema = 1",
                "PRAGMA writable_schema",
                "PRAGMA journal_mode = DELETE",
                "PRAGMA main.journal_mode = DELETE",
                "PRAGMA journal_mode(DELETE)",
                "PRAGMA temp_store_directory = '/'",
                "PRAGMA data_store_directory = '/'",
                "PRAGMA synchronous = OFF",
                "PRAGMA query_only = OFF",
                "PRAGMA locking_mode = EXCLUSIVE",
                "PRAGMA schema_version = 7",
                "PRAGMA wal_checkpoint(TRUNCATE)",
                "PRAGMA page_size = 512",
                "PRAGMA encoding = 'UTF-16'",
                "PRAGMA trusted_schema = 1",
                "PRAGMA nonsense",
                "EXPLAIN PRAGMA foreign_keys = OFF",
                "SELECT load_extension('x')",
                "SELECT \"load_extension\"('x')",
                "SELECT length(padl('x', 2000000000))",
                "SELECT 1 FROM t JOIN child ON length(\"replicate\"('x', 2000000000))",
                "CREATE TRIGGER x AFTER INSERT ON t BEGIN SELECT padc('x', 2000000000); END",
                "SELECT * FROM _merklite_state",
                "SELECT * FROM main.\"_MERKLITE_state\"",
                "SELECT * FROM t, [_merklite_state]",
                "SELECT * FROM t JOIN '_merklite_state'",
                "SELECT * FROM t, '_merklite_state'",
                "SELECT * FROM t AS a JOIN t AS b ON a.id = b.id, '_merklite_requests'",
                "SELECT * FROM (t, ('_merklite_state'))",
                "SELECT 1 IN '_merklite_state'",
                "SELECT 1 IS NOT DISTINCT FROM 1 FROM t, '_merklite_state'",
                "CREATE VIEW x AS SELECT * FROM t, '_merklite_requests'",
                "INSERT INTO t(v) SELECT 1 FROM t, '_merklite_state'",
                "CREATE VIRTUAL TABLE x USING fts5(answer, content='_merklite_requests')",
                "CREATE VIRTUAL TABLE _merklite USING fts5(answer)",
                "ALTER TABLE t RENAME TO _Merklite",
                "SELECT file FROM pragma_database_list()",
                "SELECT file FROM main.\"pragma_database_list\"()",
                "CREATE VIEW x AS SELECT file FROM pragma_database_list",
                "SELECT (SELECT origin FROM _merklite_state)",
                "INSERT INTO _merklite_conflicts DEFAULT VALUES",
                "DELETE FROM '_merklite_conflicts'",
                "UPDATE OR IGNORE `_merklite_state` SET clock = 1",
                "WITH x AS (SELECT 1) DELETE FROM main._merklite_state",
                "DROP TABLE _merklite_state",
                "ALTER TABLE t RENAME TO _merklite_x",
                "ALTER TABLE _merklite_state RENAME TO x",
                "CREATE TABLE _merklite_x(a)",
                "CREATE TABLE x(a REFERENCES _merklite_state(id))",
                "CREATE VIEW x AS SELECT * FROM _merklite_state",
                "CREATE TRIGGER x AFTER INSERT ON t BEGIN DELETE FROM _merklite_state; END",
                "CREATE INDEX x ON _merklite_state(clock)",
                "SAVEPOINT _merklite_run",
                "RELEASE _merklite_run",
                "ROLLBACK TO _merklite_run",
                "DELETE FROM sqlite_master",
                "UPDATE main.sqlite_schema SET sql = ''",
                "INSERT OR REPLACE INTO sqlite_stat1 VALUES ('t', 't', '1')",
                "SELECT * FROM sqlite_dbpage",
                "UPDATE sqlite_dbpage SET data = NULL",
            })
    void nobodyMay(String sql) {
        assertThat(client.error(sql).code()).isIn("SQL_PARSE_ERROR", "SQLITE_AUTH");
        assertThat(client.describe(sql)).isInstanceOf(SqlResponse.Refused.class);
        assertThat(client.sequence(sql)).isInstanceOf(SqlResponse.Refused.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "PRAGMA table_info(t)",
                "PRAGMA table_info='t'",
                "PRAGMA main.table_xinfo(t)",
                "PRAGMA table_list",
                "PRAGMA index_list(t)",
                "PRAGMA index_info(sqlite_autoindex_t_1)",
                "PRAGMA index_xinfo(sqlite_autoindex_t_1)",
                "PRAGMA foreign_key_list(child)",
                "PRAGMA foreign_keys",
                "PRAGMA database_list",
                "PRAGMA collation_list",
                "PRAGMA function_list",
                "PRAGMA user_version",
                "PRAGMA application_id",
                "PRAGMA schema_version",
                "PRAGMA page_count",
                "PRAGMA page_size",
                "PRAGMA freelist_count",
                "PRAGMA integrity_check",
                "PRAGMA quick_check",
                "PRAGMA encoding",
                "PRAGMA data_version",
                "PRAGMA compile_options",
                "PRAGMA journal_mode",
                "SELECT * FROM pragma_table_info('t')",
            })
    void everybodyMayAsk(String sql) {
        assertThat(client.query(sql).rows()).isNotEmpty();
        assertThat(owner.lanes()).containsExactly("READ");
    }

    @Test
    void settingsInTheFileCanBeSet() {
        client.query("PRAGMA user_version = 5");
        client.query("PRAGMA application_id = 6");
        client.query("PRAGMA optimize");
        client.query("ANALYZE");

        assertThat(client.value("PRAGMA user_version")).isEqualTo(SqlValue.of(5));
        assertThat(client.value("PRAGMA application_id")).isEqualTo(SqlValue.of(6));
        assertThat(client.query("PRAGMA foreign_key_check").rows()).isEmpty();
    }

    @Test
    void conflictsMayBeRead() {
        assertThat(client.query("SELECT * FROM _merklite_conflicts").columns()).isNotEmpty();
    }

    @Test
    void namesOfOursMayBeValues() {
        client.query("INSERT INTO t VALUES (1, '_merklite_state')");
        client.query("UPDATE t SET v = '_merklite_x' WHERE v LIKE '_merklite_%'");

        assertThat(client.value("SELECT v FROM t WHERE v IN ('_merklite_x', 'load_extension')"))
                .isEqualTo(SqlValue.of("_merklite_x"));
    }

    @Test
    void namesOfFunctionsMayBeThoseOfTables() {
        client.query("CREATE TABLE replicate(padl)");
        client.query("INSERT INTO replicate(padl) VALUES (1)");

        assertThat(client.value("SELECT padl FROM replicate")).isEqualTo(SqlValue.of(1));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT zeroblob(100000000)",
                "SELECT length(hex(zeroblob(40000000)))",
                "INSERT INTO t VALUES (1, printf('%100000000d', 1))",
                "SELECT 'x' LIKE hex(zeroblob(1000))",
            })
    void valuesAndPatternsAreBounded(String sql) {
        assertThat(client.error(sql).code()).isIn("SQLITE_TOOBIG", "SQLITE_UNKNOWN");
    }

    @Test
    void numbersOfAutoincrementMayBeSet() {
        client.query("CREATE TABLE a(id INTEGER PRIMARY KEY AUTOINCREMENT)");
        client.query("INSERT INTO a DEFAULT VALUES");

        client.query("DELETE FROM sqlite_sequence WHERE name = 'a'");

        assertThat(count("sqlite_sequence")).isZero();
    }

    @Test
    void filesAreOutOfReach() {
        assertThat(client.query("""
                SELECT name FROM pragma_function_list
                WHERE name IN ('readfile', 'writefile', 'edit', 'fsdir', 'zipfile', 'lsmode')
                """).rows()).isEmpty();
        assertThat(client.query("""
                SELECT name FROM pragma_module_list WHERE name IN ('csv', 'fsdir', 'zipfile', 'vsv', 'completion')
                """).rows()).isEmpty();
    }

    @Test
    void fullTextTablesWork() {
        client.query("CREATE VIRTUAL TABLE f USING fts5(body)");
        client.query("INSERT INTO f VALUES ('hello world')");

        assertThat(client.query("SELECT * FROM f WHERE f MATCH 'hello'").rows()).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "INSERT INTO t VALUES (1, 'a')",
                "WITH x AS (SELECT 1) DELETE FROM t",
                "DROP TABLE t",
                "PRAGMA user_version = 3",
                "PRAGMA optimize",
                "REINDEX",
                "ANALYZE",
                "BEGIN IMMEDIATE",
            })
    void streamThatOnlyReadsWritesNothing(String sql) {
        var reading = new SqlClient(owner, true);

        assertThat(reading.error(sql).code()).isEqualTo("SQLITE_READONLY");
        assertThat(reading.batch("BEGIN", sql, "SELECT 1", "COMMIT").get(1)).isInstanceOf(StepOutcome.Failed.class);
        assertThat(owner.lanes()).doesNotContain("COMMIT");
    }

    @Test
    void streamThatOnlyReadsMaySwitchAndExplain() {
        var reading = new SqlClient(owner, true);

        reading.query("PRAGMA foreign_keys = OFF");
        reading.query("EXPLAIN DELETE FROM t");
        reading.batch("BEGIN", "SELECT 1", "COMMIT").forEach(SqlClient::done);
    }
}
