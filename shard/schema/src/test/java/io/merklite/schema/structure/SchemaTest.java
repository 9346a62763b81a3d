package io.merklite.schema.structure;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.merklite.schema.SchemaException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SchemaTest {
    @Test
    void textOfAStrangerReachesNoFile(@TempDir Path folder) throws Exception {
        var file = folder.resolve("stolen");

        for (var sql : new String[] {
            "ATTACH '" + file + "' AS f",
            "backup to '" + file + "'",
            "restore from '" + file + "'",
            "VACUUM INTO '" + file + "'"
        }) {
            assertThatThrownBy(() -> Schema.parse(sql)).isInstanceOf(SchemaException.ParseFailed.class);
        }

        assertThat(Files.exists(file)).isFalse();
    }

    @Test
    void structureIsReadFromTheCatalogueAndTheText() {
        var schema = Schema.parse("CREATE TABLE p(x INT PRIMARY KEY);"
                + "CREATE TABLE t(id INTEGER PRIMARY KEY AUTOINCREMENT, v varchar ( 10 ) COLLATE nocase NOT NULL,"
                + " g AS (id + 1), f REFERENCES p ON DELETE CASCADE, CONSTRAINT fk FOREIGN KEY (v) REFERENCES p(x),"
                + " CONSTRAINT c CHECK (id > 0), UNIQUE (v, f DESC))");

        var table = schema.table("T").orElseThrow();
        assertThat(table.isAutoincrement()).isTrue();
        assertThat(table.rowidColumn().map(Column::name)).contains("id");
        assertThat(table.column("V").orElseThrow())
                .returns("VARCHAR(10)", Column::type)
                .returns("NOCASE", Column::collation)
                .returns(true, Column::isNotNull);
        assertThat(table.column("g").orElseThrow())
                .returns(Column.Generated.VIRTUAL, Column::generated)
                .returns("id + 1", Column::expression);
        assertThat(table.foreignKeys().stream().map(ForeignKey::label)).containsExactly("f -> p", "v -> p(x)");
        assertThat(table.foreignKeys().getLast().name()).contains("fk");
        assertThat(table.uniqueKeys()).hasSize(1);
    }

    @Test
    void onlyWantedTablesCountForReplication() {
        var one = Schema.parse("CREATE TABLE t(a PRIMARY KEY); CREATE TABLE free(a); CREATE INDEX i ON t(a);");
        var other = Schema.parse("CREATE TABLE t(a PRIMARY KEY); CREATE VIEW v AS SELECT 1;");

        assertThat(one.hash()).isNotEqualTo(other.hash());
        assertThat(one.onlyTables(table -> table.primaryKey().isPresent()).hash())
                .isEqualTo(other.onlyTables(table -> table.primaryKey().isPresent())
                        .hash());
    }

    @Test
    void renamesSurviveTheTextForm() {
        var schema = Schema.parse("-- merklite:rename table \"old name\" -> t\nCREATE TABLE t(a);");

        assertThat(Schema.parse(schema.ddl()).renames())
                .isEqualTo(schema.renames())
                .hasSize(1);
    }

    @Test
    void virtualTablesAreRefusedByName() {
        assertThatThrownBy(() -> Schema.parse("CREATE VIRTUAL TABLE ft USING fts5(body)"))
                .isInstanceOf(SchemaException.ExtractFailed.class)
                .hasMessageContaining("ft");
    }

    @Test
    void jsonOfSomethingElseIsRefused() {
        assertThatThrownBy(() -> Schema.fromJson("[]")).isInstanceOf(SchemaException.MalformedJson.class);
        assertThatThrownBy(() -> Schema.fromJson("{\"tables\":{\"t\":{}}}"))
                .isInstanceOf(SchemaException.MalformedJson.class);
    }
}
