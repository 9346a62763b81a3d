package io.merklite.schema.migrate;

import io.merklite.schema.SchemaException;
import io.merklite.schema.database.SqliteConnection;
import io.merklite.schema.plan.Operation;
import io.merklite.schema.plan.OperationType;
import java.sql.SQLException;

/**
 * Foreign key enforcement is off while tables change places, and put back after.
 *
 * <p>SQLite ignores {@code PRAGMA foreign_keys} in a transaction. With enforcement on, DROP TABLE of a parent first deletes
 * its rows: the children's ON DELETE actions run, and rows of other tables vanish. Hence the refusal inside the caller's
 * transaction.
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

    /** Whether foreign keys were enforced before. */
    boolean wasOn() {
        return wasOn;
    }

    /** Refuses {@code operation} if enforcement is still on, and it replaces or drops a table that another refers to. */
    void refuseIfHarmful(Operation operation) throws SQLException {
        var isRebuild = operation.type() == OperationType.REBUILD_TABLE;
        var isReplaced = isRebuild || operation.type() == OperationType.DROP_TABLE;
        if (!isReplaced || !isOn(connection)) {
            return;
        }
        var children = connection.query(
                "SELECT t.name FROM main.sqlite_schema t, pragma_foreign_key_list(t.name, 'main') k"
                        + " WHERE t.type = 'table' AND k.\"table\" = ?1 COLLATE NOCASE"
                        + " AND (?2 OR t.name <> ?1 COLLATE NOCASE)",
                row -> row.getString(1),
                operation.objectName(),
                isRebuild);
        if (!children.isEmpty()) {
            throw new SchemaException.TransactionOpen("inside this transaction foreign keys stay enforced, and "
                    + operation.objectName() + ", to which " + children.getFirst()
                    + " refers, can't be replaced or dropped without changing its rows");
        }
    }
}
