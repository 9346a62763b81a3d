package io.merklite.schema.migrate;

import io.merklite.schema.SchemaException;
import io.merklite.schema.database.SqliteConnection;
import io.merklite.schema.plan.MigrationPlan;
import io.merklite.schema.plan.Operation;
import io.merklite.schema.plan.OperationType;
import io.merklite.schema.text.SqlNames;
import io.merklite.schema.text.SqlTokens;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Runs the statements of a plan, in a transaction that the caller has begun.
 *
 * <p>Objects that no schema shows, but that hang on a table, are kept through its rebuild: triggers and indexes with
 * internal names, and the connection's temporary triggers.
 */
final class MigrationRun {
    private final SqliteConnection connection;
    private final Optional<MigrationListener> listener;
    private final MigrationPlan plan;
    private final Enforcement enforcement;
    private int operationIndex;

    MigrationRun(
            SqliteConnection connection,
            Optional<MigrationListener> listener,
            MigrationPlan plan,
            Enforcement enforcement) {
        this.connection = connection;
        this.listener = listener;
        this.plan = plan;
        this.enforcement = enforcement;
    }

    void run() throws SQLException {
        refuseHiddenObjects();
        for (var operation : plan.operations()) {
            enforcement.refuseIfHarmful(operation);
            var attached = operation.type() == OperationType.REBUILD_TABLE ? attached(operation) : List.<String>of();
            for (var statement : operation.sql()) {
                run(operation, statement);
            }
            for (var statement : attached) {
                run(operation, statement);
            }
            operationIndex++;
        }
    }

    /** Statements name objects without their schema, and SQLite looks among temporary ones first. */
    private void refuseHiddenObjects() throws SQLException {
        var hidden = connection.query(
                "SELECT t.name FROM temp.sqlite_schema t WHERE t.type IN ('table', 'view') AND EXISTS"
                        + " (SELECT 1 FROM main.sqlite_schema m WHERE m.name = t.name COLLATE NOCASE)",
                row -> row.getString(1));
        if (!hidden.isEmpty()) {
            throw new SchemaException.ApplyFailed(
                    "temporary objects hide those of the same names: " + String.join(", ", hidden),
                    "Drop them, or migrate on another connection");
        }
    }

    private void run(Operation operation, String statement) throws SQLException {
        var copy = TableCopy.recognise(statement, operation.objectName());
        var rowCount =
                copy.isPresent() && listener.isPresent() ? new Losses(connection).rowCount(operation.objectName()) : 0;
        report(operation, statement, 0, rowCount);
        if (copy.isPresent()) {
            copy.get().run(connection, rows -> report(operation, statement, rows, rowCount));
        } else if (!isForeignKeyPragma(statement)) {
            connection.execute(statement);
        }
    }

    /** Enforcement is switched, and foreign keys are checked, for the plan as a whole. */
    private static boolean isForeignKeyPragma(String statement) {
        var words = SqlTokens.of(statement);
        return words.size() > 1
                && words.get(0).is("PRAGMA")
                && (words.get(1).is("FOREIGN_KEYS") || words.get(1).is("FOREIGN_KEY_CHECK"));
    }

    private void report(Operation operation, String statement, long rowsCopied, long rowCount) {
        listener.ifPresent(present -> present.onProgress(
                new Progress(operation, operationIndex, plan.operations().size(), statement, rowsCopied, rowCount)));
    }

    private List<String> attached(Operation rebuild) throws SQLException {
        var internal = connection
                .query(
                        "SELECT name, sql FROM main.sqlite_schema WHERE type IN ('index', 'trigger')"
                                + " AND tbl_name = ? COLLATE NOCASE AND sql IS NOT NULL",
                        row -> List.of(row.getString(1), row.getString(2)),
                        rebuild.objectName())
                .stream()
                .filter(entry -> SqlNames.isInternal(entry.getFirst()))
                .map(List::getLast);
        var temporary = connection
                .query(
                        "SELECT sql FROM temp.sqlite_schema WHERE type = 'trigger' AND tbl_name = ? COLLATE NOCASE"
                                + " AND NOT EXISTS (SELECT 1 FROM temp.sqlite_schema t WHERE t.type <> 'trigger'"
                                + " AND t.name = ?1 COLLATE NOCASE)",
                        row -> row.getString(1).replaceFirst("^CREATE ", "CREATE TEMP "),
                        rebuild.objectName())
                .stream();
        return Stream.concat(internal, temporary).toList();
    }
}
