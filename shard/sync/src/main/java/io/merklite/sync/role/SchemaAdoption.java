package io.merklite.sync.role;

import io.merklite.schema.SchemaException;
import io.merklite.schema.migrate.Allow;
import io.merklite.schema.migrate.SchemaMigrator;
import io.merklite.schema.structure.Schema;
import io.merklite.session.catalog.Identifiers;
import io.merklite.sync.SyncException.StoreFailure;
import io.merklite.sync.database.LogListener.Level;
import io.merklite.sync.database.TableNames;
import io.merklite.sync.store.ReplicaStore;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Takes over a master's tables.
 *
 * <p>Tables that the master does not have stay, whether they are local, filtered out or without a key; so do indexes,
 * views and triggers that the new tables still allow.
 */
final class SchemaAdoption {
    private static final String OBJECTS = """
            SELECT type, name, sql FROM main.sqlite_schema
            WHERE sql IS NOT NULL
            ORDER BY CASE type WHEN 'table' THEN 0 WHEN 'index' THEN 1 WHEN 'view' THEN 2 ELSE 3 END, rowid
            """;

    private final ReplicaStore store;
    private final RoleOptions options;

    /** An object of the schema, with the statement that makes it. */
    private record Element(String type, String name, String sql) {}

    SchemaAdoption(ReplicaStore store, RoleOptions options) {
        this.store = store;
        this.options = options;
    }

    /**
     * Migrates the file.
     *
     * @param ddl the master's CREATE TABLE statements
     * @throws SchemaException if that can't be done; nothing has changed then
     */
    void adopt(List<String> ddl) {
        var migrator = new SchemaMigrator(store.connection());
        if (migrator.isDrifted()) {
            migrator.acceptDrift();
        }
        store.stampUnstamped();
        migrator.migrate(wanted(ddl), Allow.everything());
        store.schemaChanged();
    }

    private Schema wanted(List<String> ddl) {
        List<String> statements = new ArrayList<>(ddl);
        Set<String> replaced = new HashSet<>();
        Schema.parse(text(ddl)).tables().forEach(table -> replaced.add(Identifiers.fold(table.name())));
        for (var element : elements()) {
            if (element.type().equals("table") && replaced.contains(Identifiers.fold(element.name()))) {
                continue;
            }
            statements.add(element.sql());
            if (!element.type().equals("table") && !parses(statements)) {
                statements.removeLast();
                options.log().log(
                        Level.WARN,
                        "the " + element.type() + " " + element.name() + " does not fit the master's tables and goes");
            }
        }
        return Schema.parse(text(statements));
    }

    private static boolean parses(List<String> statements) {
        try {
            Schema.parse(text(statements));
            return true;
        } catch (SchemaException.ParseFailed e) {
            return false;
        }
    }

    private static String text(List<String> statements) {
        return String.join(";\n", statements);
    }

    private List<Element> elements() {
        List<Element> found = new ArrayList<>();
        try (var statement = store.connection().createStatement();
                var rows = statement.executeQuery(OBJECTS)) {
            while (rows.next()) {
                if (TableNames.isInternal(rows.getString(2))) {
                    continue;
                }
                found.add(new Element(rows.getString(1), rows.getString(2), rows.getString(3)));
            }
        } catch (SQLException e) {
            throw new StoreFailure("reading the schema", e);
        }
        return found;
    }
}
