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
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

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
            check(table, "");
        }
        if (!wasOn) {
            return;
        }
        for (var child : after.tables()) {
            for (var key : child.foreignKeys()) {
                if (hasChanged(key, before, after)) {
                    check(child.name(), key.parent());
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
        var names = key.parentColumns().isEmpty()
                ? parent.primaryKey().map(PrimaryKey::columns).orElse(List.of()).stream()
                        .map(KeyColumn::column)
                        .toList()
                : key.parentColumns();
        return names.stream()
                .map(name -> parent.column(name).map(Column::core).orElse(""))
                .toList();
    }

    /** Checks the rows of {@code table}, or only their references to {@code parent}. */
    private void check(String table, String parent) throws SQLException {
        connection
                .query(
                        "SELECT \"rowid\", parent FROM pragma_foreign_key_check(?)"
                                + " WHERE ?2 = '' OR parent = ?2 COLLATE NOCASE LIMIT 1",
                        row -> "row " + row.getString(1) + " of " + table + " refers to a row of " + row.getString(2)
                                + " that is not there",
                        table,
                        parent)
                .stream()
                .findFirst()
                .ifPresent(violation -> {
                    throw new SchemaException.ApplyFailed(
                            "the foreign keys do not hold: " + violation, "Mend the rows, then try again");
                });
    }
}
