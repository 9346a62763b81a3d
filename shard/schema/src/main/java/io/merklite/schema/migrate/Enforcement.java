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
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Foreign keys during a migration: enforcement is off while tables change places, and what it would have seen is checked at
 * the end.
 *
 * <p>SQLite ignores {@code PRAGMA foreign_keys} in a transaction. With enforcement on, DROP TABLE of a parent first deletes
 * its rows: the children's ON DELETE actions run, and rows of other tables vanish. Hence the refusal inside the caller's
 * transaction. A migration never changes rows of tables that stay: with enforcement on, it fails where a dropped parent is
 * still referred to, whatever ON DELETE says.
 */
final class Enforcement {
    private final SqliteConnection connection;
    private final boolean wasOn;

    private Enforcement(SqliteConnection connection, boolean wasOn) {
        this.connection = connection;
        this.wasOn = wasOn;
    }

    /** Switches enforcement off, if that is possible. */
    static Enforcement switchOff(SqliteConnection connection) throws SQLException {
        var enforcement = new Enforcement(connection, isOn(connection));
        if (enforcement.wasOn) {
            connection.execute("PRAGMA foreign_keys=OFF");
        }
        return enforcement;
    }

    /** Puts enforcement back to what it was; outside of a transaction. */
    void restore() throws SQLException {
        if (wasOn) {
            connection.execute("PRAGMA foreign_keys=ON");
        }
    }

    private static boolean isOn(SqliteConnection connection) throws SQLException {
        return connection.queryLong("PRAGMA foreign_keys") != 0;
    }

    /** Refuses {@code plan} if enforcement is still on and would change rows of other tables. */
    void refuseIfHarmful(MigrationPlan plan, Schema schema) throws SQLException {
        if (!isOn(connection)) {
            return;
        }
        var dropped = tables(plan, OperationType.DROP_TABLE);
        var rebuilt = tables(plan, OperationType.REBUILD_TABLE);
        for (var child : schema.tables()) {
            for (var key : child.foreignKeys()) {
                var isHarmful = rebuilt.contains(key.parent())
                        || (dropped.contains(key.parent()) && !dropped.contains(child.name()));
                if (isHarmful) {
                    throw new SchemaException.TransactionOpen("inside this transaction foreign keys stay enforced, and "
                            + key.parent() + ", to which " + child.name()
                            + " refers, can't be replaced or dropped without changing its rows");
                }
            }
        }
    }

    /**
     * Fails if a row of a rebuilt table has no parent, or, with enforcement on, one of a table that refers to a table that
     * is gone or whose key has changed.
     */
    void check(MigrationPlan plan, Schema before, Schema after) throws SQLException {
        for (var table : tables(plan, OperationType.REBUILD_TABLE)) {
            check(table, "", after);
        }
        if (!wasOn) {
            return;
        }
        for (var child : after.tables()) {
            for (var key : child.foreignKeys()) {
                if (hasChanged(key, before, after)) {
                    check(child.name(), key.parent(), after);
                }
            }
        }
    }

    private static Set<String> tables(MigrationPlan plan, OperationType type) {
        Set<String> names = new TreeSet<>(SqlNames.IGNORING_CASE);
        plan.operations().stream()
                .filter(operation -> operation.type() == type)
                .forEach(operation -> names.add(operation.objectName()));
        return names;
    }

    private static boolean hasChanged(ForeignKey key, Schema before, Schema after) {
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
    private void check(String table, String parent, Schema schema) throws SQLException {
        violation(table, parent, schema).ifPresent(where -> {
            throw new SchemaException.ApplyFailed(
                    "the foreign keys do not hold: " + where, "Mend the rows, then try again");
        });
    }

    /**
     * SQLite's own check fails as a whole where one key refers to columns that are not unique, which is legal as long as
     * enforcement is off; then each key is looked up by a query.
     */
    private Optional<String> violation(String table, String parent, Schema schema) throws SQLException {
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
        var child = schema.table(table).orElseThrow();
        for (var key : child.foreignKeys()) {
            var found = parent.isEmpty() || SqlNames.same(parent, key.parent())
                    ? orphan(child, key, schema)
                    : Optional.<String>empty();
            if (found.isPresent()) {
                return found;
            }
        }
        return Optional.empty();
    }

    private Optional<String> orphan(Table child, ForeignKey key, Schema schema) throws SQLException {
        var parent = schema.table(key.parent());
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
