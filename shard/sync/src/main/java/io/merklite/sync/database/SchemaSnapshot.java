package io.merklite.sync.database;

import io.merklite.session.catalog.Identifiers;
import io.merklite.session.catalog.TableLayout;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * The tables that a connection sees, read when their schemas have changed.
 *
 * @param version tells this from later ones, see {@link SchemaVersion}
 * @param tables in all schemas
 * @param triggers texts of the triggers in {@code main}
 */
record SchemaSnapshot(String version, List<Table> tables, List<Trigger> triggers) {
    /** The version of a connection that was never looked at. */
    static final SchemaSnapshot NONE = new SchemaSnapshot("", List.of(), List.of());

    SchemaSnapshot {
        tables = List.copyOf(tables);
        triggers = List.copyOf(triggers);
    }

    /**
     * A table.
     *
     * @param schema where it is
     * @param name its name as it is declared
     * @param isVirtual whether a module of SQLite is behind it
     * @param layout its columns, if it is an ordinary table of {@code main}
     */
    record Table(String schema, String name, boolean isVirtual, Optional<TableLayout> layout) {
        /** The only key column, if it is an alias of the rowid. */
        Optional<TableLayout.Column> rowidKey() {
            return layout.filter(columns -> !columns.withoutRowid())
                    .map(columns -> columns.columns().stream()
                            .filter(TableLayout.Column::isKey)
                            .toList())
                    .filter(keys ->
                            keys.size() == 1 && keys.getFirst().declaredType().equalsIgnoreCase("INTEGER"))
                    .map(List::getFirst);
        }

        /** Key columns in which NULL is possible. */
        List<TableLayout.Column> nullableKeys() {
            return layout
                    .filter(columns -> !columns.withoutRowid() && rowidKey().isEmpty())
                    .stream()
                    .flatMap(columns -> columns.columns().stream())
                    .filter(column -> column.isKey() && !column.notNull())
                    .toList();
        }

        /** Whether it is an ordinary table of {@code main} that is the user's. */
        boolean isUsers() {
            return layout.isPresent() && !TableNames.isInternal(name);
        }
    }

    /** A trigger. */
    record Trigger(String name, String sql) {}

    /** Reads everything. */
    static SchemaSnapshot read(Connection connection, String version) throws SQLException {
        List<Table> tables = new ArrayList<>();
        List<Trigger> triggers = new ArrayList<>();
        try (var statement = connection.createStatement()) {
            try (var rows = statement.executeQuery(
                    "SELECT schema, name, type FROM pragma_table_list WHERE type <> 'view' ORDER BY schema, name")) {
                while (rows.next()) {
                    tables.add(new Table(
                            rows.getString(1),
                            rows.getString(2),
                            rows.getString(3).toLowerCase(Locale.ROOT).equals("virtual"),
                            Optional.empty()));
                }
            }
            try (var rows = statement.executeQuery("SELECT name, sql FROM main.sqlite_schema WHERE type = 'trigger'")) {
                while (rows.next()) {
                    triggers.add(new Trigger(rows.getString(1), rows.getString(2)));
                }
            }
        }
        for (var i = 0; i < tables.size(); i++) {
            var table = tables.get(i);
            if (Identifiers.fold(table.schema()).equals("main") && !table.isVirtual()) {
                var layout = TableLayout.read(connection, "main", table.name());
                tables.set(i, new Table(table.schema(), table.name(), false, layout));
            }
        }
        return new SchemaSnapshot(version, tables, triggers);
    }
}
