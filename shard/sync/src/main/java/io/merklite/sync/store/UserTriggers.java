package io.merklite.sync.store;

import io.merklite.session.catalog.Identifiers;
import io.merklite.session.statement.SqlStatements;
import java.sql.SQLException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * The user's triggers, out of the way while rows of other replicas are written: what they did at the origin is among the
 * changes already.
 */
final class UserTriggers {
    private static final String OF_TABLE =
            "SELECT name, sql FROM main.sqlite_schema WHERE type = 'trigger' AND tbl_name = ?1 COLLATE NOCASE";

    private final SqlStatements statements;
    private final SchemaFollower schemas;

    UserTriggers(SqlStatements statements, SchemaFollower schemas) {
        this.statements = statements;
        this.schemas = schemas;
    }

    /** Something that no trigger is to see. */
    interface Unseen {
        void run() throws SQLException;
    }

    /** Runs {@code work} without the triggers of {@code tables}; if it fails, so does the transaction. */
    void without(Set<TrackedTable> tables, Unseen work) throws SQLException {
        if (areSetAside(statements, tables, work)) {
            schemas.seenAsItIs();
        }
    }

    /** The same; returns whether there were any, so that the schema has another number now. */
    static boolean areSetAside(SqlStatements statements, Set<TrackedTable> tables, Unseen work) throws SQLException {
        var triggers = drop(statements, tables);
        work.run();
        for (var sql : triggers) {
            statements.once(sql);
        }
        return !triggers.isEmpty();
    }

    /** The texts of those that were dropped. */
    private static List<String> drop(SqlStatements statements, Set<TrackedTable> tables) throws SQLException {
        Map<String, String> triggers = new LinkedHashMap<>();
        for (var table : tables) {
            var query = statements.prepare(OF_TABLE);
            query.setString(1, table.tableName());
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    triggers.put(rows.getString(1), rows.getString(2));
                }
            }
        }
        for (var name : triggers.keySet()) {
            statements.once("DROP TRIGGER main." + Identifiers.quote(name));
        }
        return List.copyOf(triggers.values());
    }
}
