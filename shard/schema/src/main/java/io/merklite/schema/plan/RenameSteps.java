package io.merklite.schema.plan;

import io.merklite.schema.SchemaException;
import io.merklite.schema.database.ScratchDatabase;
import io.merklite.schema.structure.Index;
import io.merklite.schema.structure.Rename;
import io.merklite.schema.structure.Schema;
import io.merklite.schema.structure.Table;
import io.merklite.schema.text.SqlNames;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The renames that lead from one schema to another: those that the wanted schema declares, and those of the case of
 * letters, which need no declaration because SQLite takes both for the same name.
 *
 * <p>They are carried out in a scratch database with the current tables and indexes; what comes out is what the rest of
 * the plan starts from. SQLite rewrites every definition that refers to the old name, so the plan sees what the real
 * database will have. Views and triggers are not in the scratch database, and not there when the plan runs either: it drops
 * them before and makes them again after, since their exact text counts and SQLite would rewrite it.
 *
 * <p>A rename is passed over where the old name is not there, or the new one is already: it has happened before.
 */
final class RenameSteps {
    private static final String PASSING_PREFIX = "_merklite_renaming_";

    private final List<Operation> operations = new ArrayList<>();
    private Schema current;

    private RenameSteps(Schema current) {
        this.current = current;
    }

    /** Finds the renames and carries them out on {@code current}. */
    static RenameSteps between(Schema current, Schema desired) {
        var steps = new RenameSteps(current);
        try {
            while (steps.findNext(desired)) {
                steps.run();
            }
        } catch (SQLException e) {
            throw new SchemaException.DatabaseFailure("trying the renames", e);
        }
        return steps;
    }

    /** The steps in order. */
    List<Operation> operations() {
        return operations;
    }

    /** The schema after the steps, with its old views and triggers. */
    Schema renamed() {
        return current;
    }

    private boolean findNext(Schema desired) {
        return tableRename(desired)
                .or(() -> columnRename(desired))
                .map(operations::add)
                .isPresent();
    }

    private Optional<Operation> tableRename(Schema desired) {
        for (var rename : desired.renames()) {
            if (rename.table().isEmpty()
                    && current.table(rename.from()).isPresent()
                    && current.table(rename.to()).isEmpty()) {
                return Optional.of(ofTable(current.table(rename.from()).get().name(), rename.to()));
            }
        }
        for (var table : current.tables()) {
            var wanted = desired.table(table.name()).map(Table::name);
            if (wanted.isPresent() && !wanted.get().equals(table.name())) {
                return Optional.of(ofTable(table.name(), wanted.get()));
            }
        }
        return Optional.empty();
    }

    private Optional<Operation> columnRename(Schema desired) {
        for (var table : current.tables()) {
            var wanted = desired.table(table.name());
            for (var column : table.columns()) {
                var newName = wanted.flatMap(found -> newName(table, column.name(), found, desired.renames()));
                if (newName.isPresent()) {
                    return Optional.of(ofColumn(table.name(), column.name(), newName.get()));
                }
            }
        }
        return Optional.empty();
    }

    private static Optional<String> newName(Table table, String column, Table wanted, List<Rename> renames) {
        var declared = renames.stream()
                .filter(rename -> rename.table()
                                .filter(name -> SqlNames.same(name, table.name()))
                                .isPresent()
                        && SqlNames.same(rename.from(), column)
                        && table.column(rename.to()).isEmpty())
                .map(Rename::to)
                .findFirst();
        return declared.or(
                () -> wanted.column(column).map(found -> found.name()).filter(name -> !name.equals(column)));
    }

    private static Operation ofTable(String from, String to) {
        var passing = SqlNames.quote(PASSING_PREFIX + to);
        var sql = SqlNames.same(from, to)
                ? new String[] {
                    "ALTER TABLE " + SqlNames.quote(from) + " RENAME TO " + passing,
                    "ALTER TABLE " + passing + " RENAME TO " + SqlNames.quote(to)
                }
                : new String[] {"ALTER TABLE " + SqlNames.quote(from) + " RENAME TO " + SqlNames.quote(to)};
        return Operation.harmless(OperationType.RENAME_TABLE, from, "rename the table to " + to, sql);
    }

    private static Operation ofColumn(String table, String from, String to) {
        return Operation.harmless(
                OperationType.RENAME_COLUMN,
                table,
                "rename the column " + from + " to " + to,
                "ALTER TABLE " + SqlNames.quote(table) + " RENAME COLUMN " + SqlNames.quote(from) + " TO "
                        + SqlNames.quote(to));
    }

    private void run() throws SQLException {
        try (var scratch = ScratchDatabase.open()) {
            var connection = scratch.connection();
            for (var table : current.tables()) {
                connection.execute(table.sql());
            }
            for (var sql : current.indexes().stream().map(Index::sql).toList()) {
                connection.execute(sql);
            }
            for (var sql : operations.getLast().sql()) {
                connection.execute(sql);
            }
            current = Schema.extract(connection).withCodeOf(current);
        }
    }
}
