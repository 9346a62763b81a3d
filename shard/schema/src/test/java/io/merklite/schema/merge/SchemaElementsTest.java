package io.merklite.schema.merge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.merklite.schema.structure.Schema;
import org.junit.jupiter.api.Test;

class SchemaElementsTest {
    private static SchemaElements.Assembly merge(String base, String one, String other) {
        var merged = SchemaElements.threeWay(Schema.parse(base), 1L, Schema.parse(one), 2L, Schema.parse(other), 3L);
        assertThat(SchemaElements.threeWay(Schema.parse(base), 1L, Schema.parse(other), 3L, Schema.parse(one), 2L))
                .isEqualTo(merged);
        return merged;
    }

    @Test
    void additionsOfBothSidesSurvive() {
        var merged = merge(
                "CREATE TABLE t(id INTEGER PRIMARY KEY, a INT)",
                "CREATE TABLE t(id INTEGER PRIMARY KEY, a INT, b INT, CHECK (a > 0)); CREATE VIEW v AS SELECT 1;",
                "CREATE TABLE t(id INTEGER PRIMARY KEY, c INT, a INT UNIQUE, d INT, CHECK (a < 9)); CREATE TABLE u(x);");

        assertThat(merged.omitted()).isEmpty();
        assertThat(merged.schema())
                .isEqualTo(Schema.parse("CREATE TABLE t(id INTEGER PRIMARY KEY, c INT, a INT UNIQUE, b INT, d INT,"
                        + " CHECK (a < 9), CHECK (a > 0)); CREATE TABLE u(x); CREATE VIEW v AS SELECT 1;"));
    }

    @Test
    void lastWriterWinsPerElement() {
        var merged = merge(
                "CREATE TABLE t(a INT, b INT) ",
                "CREATE TABLE t(a TEXT, b REAL) STRICT",
                "CREATE TABLE t(a BLOB, b INT)");

        assertThat(merged.schema()).isEqualTo(Schema.parse("CREATE TABLE t(a BLOB, b REAL) STRICT"));
    }

    @Test
    void whatLostItsGroundIsLeftOutAndComesBackWithIt() {
        var base = Schema.parse("CREATE TABLE t(a, b)");
        var common = SchemaElements.of(base, 1L);
        var here = common.changedTo(Schema.parse("CREATE TABLE t(a)"), 2L);
        var there = common.changedTo(Schema.parse("CREATE TABLE t(a, b); CREATE INDEX i ON t(b)"), 3L);

        var merged = here.merge(there);

        assertThat(merged.assemble().schema()).isEqualTo(Schema.parse("CREATE TABLE t(a)"));
        assertThat(merged.assemble().omitted()).containsExactly(new ElementId(ElementId.Kind.INDEX, "", "i"));
        var restored = here.changedTo(base, 4L).merge(merged).assemble();
        assertThat(restored.schema().index("i")).isPresent();
        assertThat(restored.omitted()).isEmpty();
    }

    @Test
    void laterColumnBringsADroppedTableBackWhole() {
        assertThat(merge(
                                "CREATE TABLE t(a); CREATE TABLE u(x)",
                                "CREATE TABLE u(x)",
                                "CREATE TABLE t(a, b); CREATE TABLE u(x)")
                        .schema())
                .isEqualTo(Schema.parse("CREATE TABLE t(a, b); CREATE TABLE u(x)"));
        assertThat(merge(
                                "CREATE TABLE t(a); CREATE TABLE u(x)",
                                "CREATE TABLE t(a, b); CREATE TABLE u(x)",
                                "CREATE TABLE u(x)")
                        .schema())
                .isEqualTo(Schema.parse("CREATE TABLE u(x)"));
    }

    @Test
    void columnThatTheKeyNeedsIsNotDropped() {
        var merged = merge("CREATE TABLE t(a, b)", "CREATE TABLE t(a, b, PRIMARY KEY (b))", "CREATE TABLE t(a)");

        assertThat(merged.schema()).isEqualTo(Schema.parse("CREATE TABLE t(a, b, PRIMARY KEY (b))"));
    }

    @Test
    void tableThatWouldLoseAllItsColumnsKeepsThem() {
        var merged = merge("CREATE TABLE t(a, b)", "CREATE TABLE t(a)", "CREATE TABLE t(b)");

        assertThat(merged.schema()).isEqualTo(Schema.parse("CREATE TABLE t(a, b)"));
    }

    @Test
    void viewsThatCloseACircleTogetherLoseTheLatest() {
        var merged = merge(
                "CREATE VIEW v AS SELECT 1; CREATE VIEW w AS SELECT 1",
                "CREATE VIEW v AS SELECT * FROM w; CREATE VIEW w AS SELECT 1",
                "CREATE VIEW v AS SELECT 1; CREATE VIEW w AS SELECT * FROM v");

        assertThat(merged.schema()).isEqualTo(Schema.parse("CREATE VIEW v AS SELECT * FROM w"));
        assertThat(merged.omitted()).containsExactly(new ElementId(ElementId.Kind.VIEW, "", "w"));
    }

    @Test
    void strictGivesWayToAColumnThatItDoesNotTake() {
        var merged = merge("CREATE TABLE t(a INT)", "CREATE TABLE t(a INT) STRICT", "CREATE TABLE t(a INT, b DATE)");

        assertThat(merged.schema()).isEqualTo(Schema.parse("CREATE TABLE t(a INT, b DATE)"));
    }

    @Test
    void declaredRenamesOfBothSidesAreKept() {
        var merged = merge(
                "CREATE TABLE a(x); CREATE TABLE b(x)",
                "-- merklite:rename table a -> c\nCREATE TABLE c(x); CREATE TABLE b(x)",
                "CREATE TABLE a(x); /* merklite:rename column b.x -> y */ CREATE TABLE b(y)");

        assertThat(merged.schema().renames()).hasSize(2);
    }

    @Test
    void stampThatIsNotNewerIsRefused() {
        var elements = SchemaElements.of(Schema.parse("CREATE TABLE t(a)"), 5L);

        assertThatThrownBy(() -> elements.changedTo(Schema.parse("CREATE TABLE t(a INT)"), 5L))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
