package io.merklite.schema;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.schema.merge.SchemaElements;
import io.merklite.schema.migrate.Allow;
import io.merklite.schema.migrate.SchemaMigrator;
import io.merklite.schema.structure.Schema;
import java.sql.DriverManager;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The examples of the documentation. */
class ExampleTest {
    @Test
    void wantedSchemaIsReached() throws Exception {
        try (var connection = DriverManager.getConnection("jdbc:sqlite::memory:")) {
            var wanted = Schema.parse("CREATE TABLE users(id INTEGER PRIMARY KEY, name TEXT NOT NULL)");
            var migrator = new SchemaMigrator(connection);
            var plan = migrator.plan(wanted);
            assertThat(plan.describe()).isEqualTo("CreateTable users: create the table\n");
            migrator.apply(plan, Set.of(Allow.REBUILD));

            assertThat(migrator.schema()).isEqualTo(wanted);
        }
    }

    @Test
    void changesOfTwoSidesMeet() {
        var common = SchemaElements.of(Schema.parse("CREATE TABLE t(a)"), 1L);
        var here = common.changedTo(Schema.parse("CREATE TABLE t(a, b)"), 2L);
        var there = common.changedTo(Schema.parse("CREATE TABLE t(a); CREATE INDEX i ON t(a)"), 3L);
        var merged = here.merge(there).assemble().schema();

        assertThat(merged).isEqualTo(Schema.parse("CREATE TABLE t(a, b); CREATE INDEX i ON t(a)"));
    }
}
