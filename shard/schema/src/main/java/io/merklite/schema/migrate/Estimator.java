package io.merklite.schema.migrate;

import io.merklite.schema.database.ScratchDatabase;
import io.merklite.schema.database.SqliteConnection;
import io.merklite.schema.plan.MigrationPlan;
import io.merklite.schema.plan.Operation;
import io.merklite.schema.text.IndexText;
import io.merklite.schema.text.SqlNames;
import io.merklite.schema.text.SqlTokens;
import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;

/**
 * Estimates a plan inside a transaction that the caller rolls back.
 *
 * <p>Renames cost nothing and are carried out, so that later operations find their tables. Of a table that is copied or
 * indexed, the first rows go to a temporary table while the clock runs; a copy costs that for each row, an index
 * {@link #INDEX_SHARE} of it, a drop {@link #DROP_SHARE}: measured with rows of 60 bytes.
 */
final class Estimator {
    private static final int SAMPLE_ROWS = 10_000;
    private static final double INDEX_SHARE = 0.7;
    private static final double DROP_SHARE = 0.05;

    private final SqliteConnection connection;
    private final InstantSource clock;
    private final Losses losses;

    Estimator(SqliteConnection connection, InstantSource clock) {
        this.connection = connection;
        this.clock = clock;
        this.losses = new Losses(connection);
    }

    DryRun estimate(MigrationPlan plan) throws SQLException {
        List<DryRun.Step> steps = new ArrayList<>();
        for (var operation : plan.operations()) {
            steps.add(step(operation));
            switch (operation.type()) {
                case RENAME_TABLE, RENAME_COLUMN, DROP_VIEW, DROP_TRIGGER -> {
                    for (var sql : operation.sql()) {
                        connection.execute(sql);
                    }
                }
                default -> {}
            }
        }
        return new DryRun(steps);
    }

    private DryRun.Step step(Operation operation) throws SQLException {
        var indexCount =
                operation.sql().stream().filter(Estimator::isCreateIndex).count();
        return switch (operation.type()) {
            case REBUILD_TABLE ->
                step(operation, operation.objectName(), 1 + indexCount * INDEX_SHARE, nullsInTheWay(operation));
            case DROP_TABLE -> step(operation, operation.objectName(), DROP_SHARE, List.of());
            case CREATE_INDEX -> step(operation, indexedTable(operation), INDEX_SHARE, List.of());
            default -> new DryRun.Step(operation, 0, List.of(), List.of(), Duration.ZERO);
        };
    }

    private DryRun.Step step(Operation operation, String table, double share, List<String> obstacles)
            throws SQLException {
        if (!losses.exists(table)) {
            return new DryRun.Step(operation, 0, List.of(), List.of(), Duration.ZERO);
        }
        var rowCount = losses.rowCount(table);
        return new DryRun.Step(operation, rowCount, losses.of(operation), obstacles, timeOf(table, rowCount * share));
    }

    private Duration timeOf(String table, double rowCount) throws SQLException {
        var start = clock.instant();
        connection.execute("CREATE TEMP TABLE _merklite_sample AS SELECT * FROM main." + SqlNames.quote(table)
                + " LIMIT " + SAMPLE_ROWS);
        var elapsed = Duration.between(start, clock.instant());
        var sampled = connection.queryLong("SELECT count(*) FROM temp._merklite_sample");
        connection.execute("DROP TABLE temp._merklite_sample");
        return sampled == 0
                ? Duration.ZERO
                : Duration.ofNanos((long) ((double) elapsed.toNanos() / sampled * rowCount));
    }

    private static boolean isCreateIndex(String sql) {
        var words = SqlTokens.of(sql);
        return words.size() > 2
                && words.get(0).is("CREATE")
                && (words.get(1).is("INDEX") || words.get(2).is("INDEX"));
    }

    private static String indexedTable(Operation createIndex) {
        return IndexText.parse(createIndex.sql().getFirst()).table();
    }

    /** Rows that have NULL where the new table does not take it. */
    private List<String> nullsInTheWay(Operation rebuild) throws SQLException {
        var table = rebuild.objectName();
        if (!losses.exists(table)) {
            return List.of();
        }
        var there = connection.query("SELECT name FROM pragma_table_xinfo(?, 'main')", row -> row.getString(1), table);
        List<String> obstacles = new ArrayList<>();
        for (var column : requiredColumns(rebuild)) {
            var isThere = there.stream().anyMatch(name -> SqlNames.same(name, column.name()));
            var missing = isThere
                    ? connection.queryLong("SELECT count(*) FROM main." + SqlNames.quote(table) + " WHERE "
                            + SqlNames.quote(column.name()) + " IS NULL")
                    : column.hasDefault() ? 0 : losses.rowCount(table);
            if (missing > 0) {
                obstacles.add(missing + " rows have no " + column.name());
            }
        }
        return obstacles;
    }

    /** A column that must not be NULL. */
    private record RequiredColumn(String name, boolean hasDefault) {}

    private static List<RequiredColumn> requiredColumns(Operation rebuild) throws SQLException {
        try (var scratch = ScratchDatabase.open()) {
            var create = rebuild.sql().stream()
                    .filter(sql -> SqlTokens.of(sql).getFirst().is("CREATE"))
                    .findFirst();
            if (create.isPresent()) {
                scratch.connection().execute(create.get());
            }
            return scratch.connection()
                    .query(
                            "SELECT c.name, c.dflt_value FROM main.sqlite_schema t, pragma_table_info(t.name) c"
                                    + " WHERE t.type = 'table' AND c.\"notnull\"",
                            row -> new RequiredColumn(row.getString(1), row.getString(2) != null));
        }
    }
}
