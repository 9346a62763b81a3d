package io.merklite.cluster.sql;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.query.subscribe.SqlValue;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SchemaListingTest extends SqlTestBase {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "SELECT name FROM sqlite_master WHERE type = 'table'",
                "SELECT name FROM main.sqlite_master WHERE type = 'table'",
                "SELECT name FROM \"main\".\"sqlite_schema\" WHERE type = 'table'",
                "SELECT sqlite_master.name FROM sqlite_master WHERE sqlite_master.type = 'table'",
                "SELECT main.sqlite_master.name FROM main.sqlite_master WHERE type = 'table'",
                "SELECT m.name FROM sqlite_master AS m WHERE m.type='table'",
                "SELECT m.name FROM sqlite_master m WHERE m.type='table'",
                "SELECT name FROM (SELECT * FROM sqlite_master) WHERE type = 'table'",
                "SELECT name FROM (sqlite_master) WHERE type = 'table'",
                "select NAME from SQLITE_MASTER where TYPE = 'table'",
                "SELECT name FROM `sqlite_master` WHERE type = 'table'",
                "SELECT name FROM [sqlite_master] WHERE type = 'table'",
                "SELECT name FROM 'sqlite_master' WHERE type = 'table'",
                "SELECT b.name FROM (SELECT 1) AS a, sqlite_master AS b WHERE type = 'table'",
                "SELECT b.name FROM (SELECT 1) a LEFT JOIN sqlite_master b ON b.type = 'table'",
                "WITH x AS (SELECT * FROM sqlite_master) SELECT name FROM x WHERE type = 'table'",
                "SELECT name FROM sqlite_master WHERE type IN ('table') UNION SELECT name FROM sqlite_temp_master",
                "SELECT name FROM pragma_table_list WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
                "SELECT l.name FROM pragma_table_list AS l WHERE l.name NOT LIKE 'sqlite_%'",
            })
    void ownTablesAreNotListed(String sql) {
        assertThat(client.query(sql).rows())
                .containsExactlyInAnyOrder(row(SqlValue.of("t")), row(SqlValue.of("child")));
        assertThat(client.describe(sql)).isInstanceOf(SqlResponse.Described.class);
    }

    @Test
    void indexesAndTriggersOfOursAreNotListed() {
        assertThat(client.query("SELECT DISTINCT tbl_name FROM sqlite_master ORDER BY 1")
                        .rows())
                .containsExactly(row(SqlValue.of("child")), row(SqlValue.of("t")));
        assertThat(client.value("SELECT count(*) FROM sqlite_temp_master")).isEqualTo(SqlValue.of(0));
    }

    @Test
    void columnsAreAsInSqlite() {
        assertThat(client.query("SELECT * FROM sqlite_master").columns())
                .extracting(ResultColumn::name)
                .containsExactly("type", "name", "tbl_name", "rootpage", "sql");
        assertThat(client.query("SELECT sql FROM sqlite_master").columns())
                .containsExactly(new ResultColumn("sql", Optional.of("TEXT")));
        assertThat(client.query("PRAGMA table_list").columns())
                .extracting(ResultColumn::name)
                .containsExactly("schema", "name", "type", "ncol", "wr", "strict");
    }

    @Test
    void pragmaListsTheSame() {
        assertThat(client.query("PRAGMA table_list").rows().stream().map(row -> row.get(1)))
                .containsExactlyInAnyOrder(
                        SqlValue.of("t"),
                        SqlValue.of("child"),
                        SqlValue.of("sqlite_schema"),
                        SqlValue.of("sqlite_temp_schema"));
        assertThat(client.query("PRAGMA table_list(t)").rows()).hasSize(1);
        assertThat(client.query("PRAGMA main.table_list = 't'").rows()).hasSize(1);
        assertThat(client.query("SELECT name FROM pragma_table_list('t')").rows())
                .hasSize(1);
    }

    @Test
    void fileOfTheDatabaseIsNotTold() {
        assertThat(client.query("PRAGMA database_list").rows())
                .containsExactly(row(SqlValue.of(0), SqlValue.of("main"), SqlValue.of("")));
        assertThat(client.query("SELECT name, file FROM pragma_database_list").rows())
                .containsExactly(row(SqlValue.of("main"), SqlValue.of("")));
    }

    @Test
    void introspectionOfKyselyWorks() {
        assertThat(client.query(
                                """
                with "table_list" as (select "name", "sql", "type" from "sqlite_master"
                  where "type" in (?, ?) and "name" not like ? and "name" != ? and "name" != ? order by "name")
                select "tl"."name" as "table", "p"."cid", "p"."name", "p"."type", "p"."notnull", "p"."dflt_value", "p"."pk"
                from "table_list" as "tl", pragma_table_info("tl"."name") as "p" order by "tl"."name", "p"."cid"
                """,
                                SqlValue.of("table"),
                                SqlValue.of("view"),
                                SqlValue.of("sqlite_%"),
                                SqlValue.of("k"),
                                SqlValue.of("l"))
                        .rows())
                .hasSize(4);
    }

    @Test
    void introspectionThatJoinsWorks() {
        assertThat(client.query(
                                "SELECT m.name, p.name FROM sqlite_master m JOIN pragma_table_info(m.name) p ON 1 WHERE m.type = 'table'")
                        .rows())
                .hasSize(4);
        assertThat(client.query(
                                "SELECT m.name, il.name FROM sqlite_master AS m, pragma_index_list(m.name) AS il WHERE m.type='table'")
                        .rows())
                .hasSize(1);
        assertThat(client.query(
                                "SELECT name FROM sqlite_master WHERE type='table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'd1_%' LIMIT 1 OFFSET 0")
                        .rows())
                .hasSize(1);
    }

    @Test
    void nameInOtherPlacesIsLeftAlone() {
        client.query("INSERT INTO t VALUES (1, 'sqlite_master')");

        assertThat(client.query("SELECT 'sqlite_master', v FROM t WHERE v = 'sqlite_master'")
                        .rows())
                .containsExactly(row(SqlValue.of("sqlite_master"), SqlValue.of("sqlite_master")));
        assertThat(client.query("SELECT name FROM pragma_table_info('sqlite_master')")
                        .rows())
                .hasSize(5);
        assertThat(client.query("SELECT coalesce('sqlite_master', 'x')").rows()).hasSize(1);
    }

    @Test
    void copyOfTheListingHasNoneOfOurs() {
        client.query("CREATE TABLE copy(name)");

        client.query("INSERT INTO copy SELECT name FROM sqlite_schema WHERE type = 'table'");

        assertThat(client.query("SELECT name FROM copy ORDER BY 1").rows().stream()
                        .map(List::getFirst))
                .containsExactly(SqlValue.of("child"), SqlValue.of("copy"), SqlValue.of("t"));
    }
}
