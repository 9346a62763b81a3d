package io.merklite.schema.merge;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.schema.migrate.Allow;
import io.merklite.schema.migrate.SchemaMigrator;
import io.merklite.schema.random.RandomSchema;
import io.merklite.schema.structure.Schema;
import io.merklite.schema.structure.Table;
import io.merklite.testkit.Seeds;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/** Laws of merging, for schemas that grew at random from a common one. */
class SchemaMergePropertiesTest {
    private static final int FAMILIES = 200;

    /** A common schema, and three that grew from it. */
    private record Family(Schema base, Schema one, Schema two, Schema three, SchemaElements<Long> common) {
        static Family make(RandomGenerator random) {
            var base = RandomSchema.make(random);
            var schema = Schema.parse(base.ddl());
            return new Family(
                    schema,
                    Schema.parse(base.changed().ddl()),
                    Schema.parse(base.changed().changed().ddl()),
                    Schema.parse(base.changed().ddl()),
                    SchemaElements.of(schema, 1L));
        }
    }

    @Test
    void mergeIsAJoin() {
        Seeds.upTo(FAMILIES)
                .forEach(seed -> Seeds.run(seed, random -> {
                    var family = Family.make(random);
                    var one = family.common().changedTo(family.one(), 2L);
                    var two = family.common().changedTo(family.two(), 3L);
                    var three = family.common().changedTo(family.three(), 4L);

                    assertThat(one.merge(two)).isEqualTo(two.merge(one));
                    assertThat(one.merge(two).merge(three)).isEqualTo(one.merge(two.merge(three)));
                    assertThat(one.merge(one)).isEqualTo(one);
                    assertThat(one.merge(family.common())).isEqualTo(one);
                }));
    }

    @Test
    void mapOfOneWriterIsAssembledToItsSchema() {
        Seeds.upTo(FAMILIES)
                .forEach(seed -> Seeds.run(seed, random -> {
                    var family = Family.make(random);
                    var elements = family.common().changedTo(family.one(), 2L).changedTo(family.two(), 3L);

                    var assembly = elements.assemble();

                    assertThat(assembly.schema()).isEqualTo(family.two());
                    assertThat(assembly.omitted()).isEmpty();
                    assertThat(elements.changedTo(family.two(), 4L)).isEqualTo(elements);
                }));
    }

    @Test
    void additionsOfBothSidesSurvive() {
        Seeds.upTo(FAMILIES)
                .forEach(seed -> Seeds.run(seed, random -> {
                    var family = Family.make(random);

                    var merged = SchemaElements.threeWay(family.base(), 1L, family.one(), 2L, family.two(), 3L);

                    assertThat(SchemaElements.threeWay(family.base(), 1L, family.two(), 3L, family.one(), 2L)
                                    .schema())
                            .isEqualTo(merged.schema());
                    checkAdditions(family.base(), family.one(), family.two(), merged.schema());
                    checkAdditions(family.base(), family.two(), family.one(), merged.schema());
                }));
    }

    private static void checkAdditions(Schema base, Schema side, Schema other, Schema merged) {
        for (var table : side.tables()) {
            var old = base.table(table.name());
            if (old.isEmpty() || other.table(table.name()).isPresent()) {
                var result = merged.table(table.name());
                assertThat(result).as(table.name()).isPresent();
                assertThat(table.columns().stream()
                                .filter(column -> old.isEmpty()
                                        || old.get().column(column.name()).isEmpty()))
                        .allMatch(column -> result.get().column(column.name()).isPresent());
            }
        }
    }

    @Test
    void bothSidesMigrateToTheMergedSchema() {
        Seeds.upTo(FAMILIES / 3)
                .forEach(seed -> Seeds.run(seed, random -> {
                    var family = Family.make(random);
                    var merged = SchemaElements.threeWay(family.base(), 1L, family.one(), 2L, family.two(), 3L)
                            .schema();

                    assertThat(migrated(family.one(), merged)).isEqualTo(merged);
                    assertThat(migrated(family.two(), merged)).isEqualTo(merged);
                }));
    }

    private static Schema migrated(Schema from, Schema to) throws SQLException {
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite::memory:")) {
            var migrator = new SchemaMigrator(connection);
            migrator.migrate(from, Allow.everything());
            migrator.migrate(to, Allow.everything());
            return migrator.schema();
        }
    }

    @Test
    void oneSideThatDidNothingChangesNothing() {
        Seeds.upTo(FAMILIES)
                .forEach(seed -> Seeds.run(seed, random -> {
                    var family = Family.make(random);

                    var merged = SchemaElements.threeWay(family.base(), 1L, family.one(), 2L, family.base(), 3L);

                    assertThat(merged.schema()).isEqualTo(family.one());
                    assertThat(merged.schema().tables().stream().map(Table::canonical))
                            .containsExactlyElementsOf(family.one().tables().stream()
                                    .map(Table::canonical)
                                    .toList());
                }));
    }
}
