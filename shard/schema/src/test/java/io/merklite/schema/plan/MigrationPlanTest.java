package io.merklite.schema.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.merklite.schema.SchemaException;
import io.merklite.schema.structure.Schema;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MigrationPlanTest {
    private static List<String> plan(String from, String to) {
        return MigrationPlan.between(Schema.parse(from), Schema.parse(to)).operations().stream()
                .map(operation -> operation.type().jsonName() + " " + operation.objectName())
                .toList();
    }

    @Test
    void namesInStringsColumnsAndOwnQueriesAreNoDependencies() {
        var views = "CREATE TABLE t(a1, b1); CREATE VIEW a1 AS SELECT 'b1', b1, t.b1 FROM t;"
                + "CREATE VIEW b1 AS WITH a1(x) AS (SELECT 1), c AS (SELECT 2) SELECT a1.x, 'a1' FROM a1, c"
                + " WHERE 1 IS NOT DISTINCT FROM x;";

        assertThat(plan("", views)).containsExactly("CreateTable t", "CreateView a1", "CreateView b1");
    }

    @Test
    void dependenciesInEveryPlaceOfATableAreSeen() {
        var views = "CREATE TABLE t(x); CREATE VIEW z1 AS SELECT 1 AS x; CREATE VIEW z2 AS SELECT 1 AS x;"
                + "CREATE VIEW z3 AS SELECT 1 AS x; CREATE VIEW z4 AS SELECT 1 AS x;"
                + "CREATE VIEW a AS SELECT (SELECT max(x) FROM z1) FROM (t, main.\"z2\") LEFT JOIN z3 ON 1, (SELECT 1)"
                + " WHERE t.x IN z4;";

        assertThat(plan("", views))
                .containsExactly(
                        "CreateTable t",
                        "CreateView z1",
                        "CreateView z2",
                        "CreateView z3",
                        "CreateView z4",
                        "CreateView a");
    }

    @Test
    void everyChangeThatTheReferenceOverlooksIsSeen() {
        assertThat(plan("CREATE TABLE t(a UNIQUE)", "CREATE TABLE t(a)")).containsExactly("RebuildTable t");
        assertThat(plan("CREATE TABLE t(a CHECK (a > 1))", "CREATE TABLE t(a CHECK (a > 2))"))
                .containsExactly("RebuildTable t");
        assertThat(plan("CREATE TABLE t(a INTEGER PRIMARY KEY)", "CREATE TABLE t(a INTEGER PRIMARY KEY AUTOINCREMENT)"))
                .containsExactly("RebuildTable t");
        assertThat(plan(
                        "CREATE TABLE t(a REFERENCES t(a))",
                        "CREATE TABLE t(a REFERENCES t(a) DEFERRABLE INITIALLY DEFERRED)"))
                .containsExactly("RebuildTable t");
        assertThat(plan("CREATE TABLE t(a, b AS (a + 1))", "CREATE TABLE t(a, b AS (a + 2))"))
                .containsExactly("RebuildTable t");
        assertThat(plan("CREATE TABLE t(a); CREATE INDEX i ON t(a)", "CREATE TABLE t(a); CREATE INDEX i ON t(a DESC)"))
                .containsExactly("DropIndex i", "CreateIndex i");
        assertThat(plan(
                        "CREATE TABLE t(a); CREATE INDEX i ON t(a)",
                        "CREATE TABLE t(a); CREATE INDEX i ON t(a COLLATE NOCASE)"))
                .containsExactly("DropIndex i", "CreateIndex i");
        assertThat(plan("CREATE TABLE t(a NOT NULL)", "CREATE TABLE t(a NOT NULL ON CONFLICT IGNORE)"))
                .containsExactly("RebuildTable t");
        assertThat(plan("CREATE TABLE t(a, UNIQUE (a))", "CREATE TABLE t(a UNIQUE ON CONFLICT REPLACE)"))
                .containsExactly("RebuildTable t");
    }

    @Test
    void onlyWhatAlterTableCanAddIsAddedByIt() {
        assertThat(plan("CREATE TABLE t(a)", "CREATE TABLE t(a, b DEFAULT CURRENT_TIMESTAMP)"))
                .containsExactly("RebuildTable t");
        assertThat(plan("CREATE TABLE t(a)", "CREATE TABLE t(a, b DEFAULT (1 + 1))"))
                .containsExactly("RebuildTable t");
        assertThat(plan("CREATE TABLE t(a)", "CREATE TABLE t(a, b UNIQUE)")).containsExactly("RebuildTable t");
        assertThat(plan("CREATE TABLE t(a)", "CREATE TABLE t(a, b NOT NULL DEFAULT NULL)"))
                .containsExactly("RebuildTable t");
        assertThat(plan(
                        "CREATE TABLE t(a)",
                        "CREATE TABLE t(a, b DEFAULT 'it''s (1)' CHECK (b <> 'x'), c DEFAULT (1))"))
                .containsExactly("AddColumn t", "AddColumn t");
    }

    @Test
    void childrenAreDroppedBeforeTheirParents() {
        assertThat(plan(
                        "CREATE TABLE a(x PRIMARY KEY); CREATE TABLE b(x REFERENCES a); CREATE TABLE c(x REFERENCES b)",
                        ""))
                .containsExactly("DropTable c", "DropTable b", "DropTable a");
    }

    @Test
    void planIsReadable() {
        var plan = MigrationPlan.between(
                Schema.parse("CREATE TABLE t(a, b INT)"), Schema.parse("CREATE TABLE t(b INT NOT NULL, c)"));

        assertThat(plan.describe())
                .isEqualTo("RebuildTable t: rebuild the table: loses column a; adds column c;"
                        + " depends on the rows: makes b NOT NULL\n");
        assertThat(plan.sql())
                .startsWith("PRAGMA foreign_keys=OFF;\nBEGIN IMMEDIATE;\n")
                .endsWith("COMMIT;\n");
        assertThat(MigrationPlan.between(Schema.EMPTY, Schema.EMPTY).sql()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "CREATE TABLE x(a); COMMIT",
                "CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT 1; END; COMMIT",
                "ATTACH 'file' AS f",
                "commit",
                "/* */ VACUUM INTO 'file'"
            })
    void statementsThatEscapeThePlanAreRefused(String sql) {
        var json =
                "{\"version\":1,\"operations\":[{\"type\":\"CreateTable\",\"object_name\":\"x\",\"description\":\"\","
                        + "\"sql\":[\"CREATE TABLE y(a)\",\"" + sql + "\"],\"destructive\":false}]}";

        assertThatThrownBy(() -> MigrationPlan.fromJson(json)).isInstanceOf(SchemaException.MalformedJson.class);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"version\":1.5,\"operations\":[]}",
                "{\"version\":1,\"operations\":[]} x",
                "{\"version\":1,\"operations\":{}}",
                "{\"version\":1,\"operations\":[1]}",
                "{\"version\":1,\"operations\":[{\"type\":1}]}",
                "{\"version\":1,\"operations\":[null]}",
                "{version:1,\"operations\":[]}",
                ""
            })
    void malformedPlansAreRefused(String json) {
        assertThatThrownBy(() -> MigrationPlan.fromJson(json)).isInstanceOf(SchemaException.MalformedJson.class);
    }

    @Test
    void redundancyHeedsCollationDirectionAndExpression() {
        var schema = Schema.parse("CREATE TABLE t(a TEXT, b TEXT);"
                + "CREATE INDEX i1 ON t(a COLLATE NOCASE); CREATE INDEX i2 ON t(a, b); CREATE INDEX i3 ON t(a DESC);"
                + "CREATE INDEX i4 ON t(lower(a)); CREATE INDEX i5 ON t(upper(a), b);");

        assertThat(RedundantIndex.of(schema)).containsExactly(new RedundantIndex("i3", "i2", "t"));
    }
}
