package io.merklite.schema.migrate;

import io.merklite.schema.SchemaException;
import io.merklite.schema.database.SqliteConnection;
import io.merklite.schema.plan.MigrationPlan;
import io.merklite.schema.plan.OperationType;
import io.merklite.schema.structure.Column;
import io.merklite.schema.structure.ForeignKey;
import io.merklite.schema.structure.KeyColumn;
import io.merklite.schema.structure.PrimaryKey;
import io.merklite.schema.structure.Schema;
import io.merklite.schema.structure.Table;
import io.merklite.schema.text.SqlNames;
import io.merklite.schema.text.SqlTokens;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Checks at the end of a migration what enforcement would have seen while it was off.
 *
 * <p>Every row of a rebuilt table must have its parents, whether foreign keys are enforced or not. Where they are, so must
 * every row of a table that refers to a table which is gone, or whose key has changed: a migration never changes rows of
 * tables that stay, so it fails where a dropped parent is still referred to, whatever ON DELETE says.
 */
final class ForeignKeyCheck {
    private final SqliteConnection connection;
    private final MigrationPlan plan;
    private final Schema before;
    private final Schema after;

    ForeignKeyCheck(SqliteConnection connection, MigrationPlan plan, Schema before, Schema after) {
        this.connection = connection;
        this.plan = plan;
        this.before = before;
        this.after = after;
    }

    void run(boolean isEnforced) throws SQLException {
        for (var operation : plan.operations()) {
            if (operation.type() == OperationType.REBUILD_TABLE) {
                check(operation.objectName(), "");
            }
        }
        if (!isEnforced) {
            return;
        }
        var renamed = renamedTables();
        for (var child : after.tables()) {
            for (var key : child.foreignKeys()) {
                if (renamed.contains(key.parent()) || hasChanged(key)) {
                    check(child.name(), key.parent());
                }
            }
        }
    }

    private Set<String> renamedTables() {
        Set<String> names = new TreeSet<>(SqlNames.IGNORING_CASE);
        plan.operations().stream()
                .filter(operation -> operation.type() == OperationType.RENAME_TABLE)
                .flatMap(operation -> operation.sql().stream())
                .forEach(sql -> names.add(SqlTokens.of(sql).getLast().name()));
        return names;
    }

    private boolean hasChanged(ForeignKey key) {
        var old = before.table(key.parent());
        var now = after.table(key.parent());
        return old.isPresent() && (now.isEmpty() || !parentKey(key, old.get()).equals(parentKey(key, now.get())));
    }

    private static List<String> parentKey(ForeignKey key, Table parent) {
        return parentNames(key, parent).stream()
                .map(name -> parent.column(name).map(Column::core).orElse(""))
                .toList();
    }

    private static List<String> parentNames(ForeignKey key, Table parent) {
        return key.parentColumns().isEmpty()
                ? parent.primaryKey().map(PrimaryKey::columns).orElse(List.of()).stream()
                        .map(KeyColumn::column)
                        .toList()
                : key.parentColumns();
    }

    /** Checks the rows of {@code table}, or only their references to {@code parent}. */
    private void check(String table, String parent) throws SQLException {
        violation(table, parent).ifPresent(where -> {
            throw new SchemaException.ApplyFailed(
                    "the foreign keys do not hold: " + where, "Mend the rows, then try again");
        });
    }

    /**
     * SQLite's own check fails as a whole where one key refers to columns that are not unique, which is legal as long as
     * enforcement is off; then each key is looked up by a query.
     */
    private Optional<String> violation(String table, String parent) throws SQLException {
        try {
            return connection
                    .query(
                            "SELECT \"rowid\", parent FROM pragma_foreign_key_check(?)"
                                    + " WHERE ?2 = '' OR parent = ?2 COLLATE NOCASE LIMIT 1",
                            row -> violation(row.getString(1), table, row.getString(2)),
                            table,
                            parent)
                    .stream()
                    .findFirst();
        } catch (SQLException e) {
            if (e.getErrorCode() != SqliteConnection.SQLITE_ERROR) {
                throw e;
            }
        }
        var child = after.table(table).orElseThrow();
        for (var key : child.foreignKeys()) {
            var found = parent.isEmpty() || SqlNames.same(parent, key.parent())
                    ? orphan(child, key)
                    : Optional.<String>empty();
            if (found.isPresent()) {
                return found;
            }
        }
        return Optional.empty();
    }

    private Optional<String> orphan(Table child, ForeignKey key) throws SQLException {
        var parent = after.table(key.parent());
        var names = parent.map(table -> parentNames(key, table)).orElse(List.of());
        var isComparable = parent.isEmpty()
                || (names.size() == key.columns().size()
                        && names.stream()
                                .allMatch(name -> parent.get().column(name).isPresent()));
        if (!isComparable) {
            return Optional.empty();
        }
        List<String> conditions = new ArrayList<>();
        List<String> matches = new ArrayList<>();
        for (var i = 0; i < key.columns().size(); i++) {
            var column = "c." + SqlNames.quote(key.columns().get(i));
            conditions.add(column + " IS NOT NULL");
            parent.ifPresent(table -> matches.add("p." + SqlNames.quote(names.get(matches.size())) + " = " + column));
        }
        parent.ifPresent(table -> conditions.add("NOT EXISTS (SELECT 1 FROM main." + SqlNames.quote(table.name())
                + " p WHERE " + String.join(" AND ", matches) + ")"));
        return connection
                .query(
                        "SELECT " + child.rowidName().map(name -> "c." + name).orElse("NULL") + " FROM main."
                                + SqlNames.quote(child.name()) + " c WHERE " + String.join(" AND ", conditions)
                                + " LIMIT 1",
                        row -> violation(row.getString(1), child.name(), key.parent()))
                .stream()
                .findFirst();
    }

    private static String violation(@Nullable String rowid, String table, String parent) {
        return (rowid == null ? "a row" : "row " + rowid) + " of " + table + " refers to a row of " + parent
                + " that is not there";
    }
}
