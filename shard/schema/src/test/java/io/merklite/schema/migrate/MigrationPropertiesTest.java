package io.merklite.schema.migrate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.merklite.schema.SchemaException;
import io.merklite.schema.conformance.StoredSchema;
import io.merklite.schema.plan.MigrationPlan;
import io.merklite.schema.random.RandomSchema;
import io.merklite.schema.structure.Column;
import io.merklite.schema.structure.Rename;
import io.merklite.schema.structure.Schema;
import io.merklite.schema.structure.Table;
import io.merklite.schema.text.SqlNames;
import io.merklite.testkit.Seeds;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Laws that hold for every pair of schemas and all rows; {@code -Dmerklite.histories=N} runs N pairs. */
class MigrationPropertiesTest {
    private static final int PAIRS = Seeds.count("merklite.histories", 1000);

    /** A database at one schema, and the schema to migrate it to. */
    private record Pair(RandomSchema from, Schema wanted, List<String> rows, boolean enforcesForeignKeys) {
        static Pair make(RandomGenerator random) {
            var from = RandomSchema.make(random);
            var to = random.nextInt(10) == 0 ? RandomSchema.make(random) : from.changed();
            return new Pair(from, Schema.parse(to.ddl()), from.rows(), random.nextBoolean());
        }

        /** Rows that break a rule of the first schema are left out. */
        void fill(Connection connection, String ddl) throws SQLException {
            new SchemaMigrator(connection).migrate(Schema.parse(ddl), Allow.everything());
            execute(connection, "PRAGMA foreign_keys=" + (enforcesForeignKeys ? "ON" : "OFF"));
            execute(connection, "BEGIN");
            for (var sql : rows) {
                try {
                    execute(connection, sql);
                } catch (SQLException broken) {
                    assertThat(broken.getErrorCode() & 0xff).as(sql).isIn(1, 19, 20);
                }
            }
            try {
                execute(connection, "COMMIT");
            } catch (SQLException deferred) {
                assertThat(deferred.getErrorCode() & 0xff).isEqualTo(19);
                execute(connection, "ROLLBACK");
            }
        }
    }

    @Test
    void migratedStructureIsTheWantedOneAndRowsSurvive() {
        var reached = new AtomicInteger();
        Seeds.upTo(PAIRS)
                .forEach(seed -> Seeds.run(seed, random -> {
                    var pair = Pair.make(random);
                    try (var connection = DriverManager.getConnection("jdbc:sqlite::memory:")) {
                        pair.fill(connection, pair.from().ddl());
                        if (migrate(pair, connection)) {
                            reached.incrementAndGet();
                        }
                    }
                }));

        assertThat(reached.get() * 2).as("successes").isGreaterThan(PAIRS);
    }

    private static boolean migrate(Pair pair, Connection connection) throws SQLException {
        var migrator = new SchemaMigrator(connection);
        var old = migrator.schema();
        var before = StoredSchema.read(connection);
        var definitions = StoredSchema.definitions(connection);
        var plan = migrator.plan(pair.wanted());
        var surviving = values(connection, old, pair.wanted(), false);
        try {
            migrator.apply(plan, Allow.everything());
        } catch (SchemaException.DatabaseFailure | SchemaException.ApplyFailed e) {
            assertThat(StoredSchema.read(connection)).isEqualTo(before);
            assertThat(StoredSchema.definitions(connection)).isEqualTo(definitions);
            assertThat(e.getMessage()).doesNotContain("does not lead from this schema");
            assertThat(migrator.isDrifted()).isFalse();
            return false;
        }
        assertThat(migrator.schema()).isEqualTo(pair.wanted());
        assertThat(migrator.plan(pair.wanted()).operations()).isEmpty();
        assertThat(MigrationPlan.between(pair.wanted(), migrator.schema()).isEmpty())
                .isTrue();
        assertThat(MigrationPlan.fromJson(plan.toJson()).operations()).isEqualTo(plan.operations());
        assertThat(Schema.fromJson(migrator.schema().toJson())).isEqualTo(pair.wanted());
        assertThat(Schema.parse(migrator.schema().ddl())).isEqualTo(pair.wanted());
        assertThat(values(connection, old, pair.wanted(), true)).isEqualTo(surviving);
        assertThat(StoredSchema.number(connection, "PRAGMA foreign_keys") == 1).isEqualTo(pair.enforcesForeignKeys());
        assertThat(migrator.isDrifted()).isFalse();
        return true;
    }

    @Test
    void failureAtAnyStatementLeavesTheOldSchemaAndItsRows() {
        Seeds.upTo(PAIRS)
                .forEach(seed -> Seeds.run(seed, random -> {
                    var pair = Pair.make(random);
                    try (var connection = DriverManager.getConnection("jdbc:sqlite::memory:")) {
                        pair.fill(connection, pair.from().ddl());
                        var before = StoredSchema.read(connection);
                        var definitions = StoredSchema.definitions(connection);
                        var steps = new SchemaMigrator(connection)
                                .plan(pair.wanted()).operations().stream()
                                        .mapToInt(operation -> operation.sql().size())
                                        .sum();
                        for (var i = 0; i < 2 && steps > 0; i++) {
                            var failing = random.nextInt(steps);
                            failAt(connection, pair.wanted(), failing);

                            assertThat(StoredSchema.read(connection)).isEqualTo(before);
                            assertThat(StoredSchema.definitions(connection)).isEqualTo(definitions);
                        }
                    }
                }));
    }

    /** Simulated: the statement does not run. */
    private static final class Cut extends RuntimeException {}

    private static void failAt(Connection connection, Schema wanted, int statement) {
        var count = new AtomicInteger();
        var migrator = new SchemaMigrator(connection, progress -> {
            if (count.getAndIncrement() == statement) {
                throw new Cut();
            }
        });
        assertThatThrownBy(() -> migrator.migrate(wanted, Allow.everything()))
                .isInstanceOfAny(Cut.class, SchemaException.DatabaseFailure.class);
    }

    /** The files as a power failure leaves them, at each statement: recovered, they hold the old schema or the new one. */
    @Test
    void crashAtAnyStatementLeavesTheOldSchemaOrTheNew(@TempDir Path folder) {
        Seeds.upTo(PAIRS / 25)
                .forEach(seed -> Seeds.run(seed, random -> {
                    var pair = Pair.make(random);
                    var file = folder.resolve("db" + seed);
                    try (var connection = DriverManager.getConnection("jdbc:sqlite:" + file)) {
                        execute(connection, "PRAGMA journal_mode=" + (random.nextBoolean() ? "WAL" : "DELETE"));
                        execute(connection, "PRAGMA cache_size=1");
                        pair.fill(connection, pair.from().ddl());
                        var before = StoredSchema.read(connection);
                        List<Path> copies = new ArrayList<>();
                        var migrator = new SchemaMigrator(
                                connection,
                                progress -> copies.add(copy(file, folder.resolve(seed + "-" + copies.size()))));
                        try {
                            migrator.migrate(pair.wanted(), Allow.everything());
                        } catch (SchemaException.DatabaseFailure | SchemaException.ApplyFailed refused) {
                            assertThat(StoredSchema.read(connection)).isEqualTo(before);
                        }
                        var after = StoredSchema.read(connection);
                        for (var copy : copies) {
                            try (var recovered = DriverManager.getConnection("jdbc:sqlite:" + copy)) {
                                assertThat(StoredSchema.read(recovered)).isIn(before, after);
                                assertThat(new SchemaMigrator(recovered).isDrifted())
                                        .isFalse();
                            }
                        }
                    }
                }));
    }

    private static Path copy(Path file, Path target) {
        try {
            for (var suffix : List.of("", "-journal", "-wal")) {
                var part = Path.of(file + suffix);
                if (Files.exists(part)) {
                    Files.copy(part, Path.of(target + suffix));
                }
            }
            return target;
        } catch (java.io.IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    /** The rows of each table that is in both schemas, by the columns that keep their type, with rowids where they stay. */
    private static Map<String, List<String>> values(
            Connection connection, Schema old, Schema wanted, boolean isMigrated) throws SQLException {
        Map<String, List<String>> values = new LinkedHashMap<>();
        for (var table : old.tables()) {
            var target = wanted.table(table.name());
            if (target.isPresent()) {
                values.put(table.name(), values(connection, table, target.get(), wanted.renames(), isMigrated));
            }
        }
        return values;
    }

    private static List<String> values(
            Connection connection, Table table, Table target, List<Rename> renames, boolean isMigrated)
            throws SQLException {
        List<String> expressions = new ArrayList<>();
        if (!table.isWithoutRowid()
                && !target.isWithoutRowid()
                && (target.rowidColumn().isEmpty()
                        || table.rowidColumn()
                                .map(Column::name)
                                .equals(target.rowidColumn().map(Column::name)))) {
            expressions.add("rowid");
        }
        for (var column : table.columns()) {
            var newName = renames.stream()
                    .filter(rename -> rename.table().equals(Optional.of(table.name()))
                            && SqlNames.same(rename.from(), column.name()))
                    .map(Rename::to)
                    .findFirst()
                    .orElse(column.name());
            var kept = target.column(newName);
            var staysAsItIs = kept.isPresent()
                    && kept.get().type().equals(column.type())
                    && !kept.get().isGenerated()
                    && target.rowidColumn().filter(kept.get()::equals).isEmpty();
            if (staysAsItIs) {
                expressions.add("quote(" + SqlNames.quote(isMigrated ? newName : column.name()) + ")");
            }
        }
        var selected = expressions.isEmpty() ? "1" : expressions.stream().collect(Collectors.joining(" || ',' || "));
        try (var statement = connection.createStatement();
                var result = statement.executeQuery(
                        "SELECT " + selected + " FROM " + SqlNames.quote(table.name()) + " ORDER BY 1")) {
            List<String> rows = new ArrayList<>();
            while (result.next()) {
                rows.add(result.getString(1));
            }
            return rows;
        }
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.executeUpdate(sql);
        }
    }
}
