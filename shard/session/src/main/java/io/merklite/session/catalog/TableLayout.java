package io.merklite.session.catalog;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * The columns of a table that a changeset has: those that are neither generated nor hidden, in their order.
 *
 * @param schema the schema that the table is in, such as {@code main}
 * @param name the table's name as it is declared
 * @param columns its columns
 * @param withoutRowid whether the table has no rowid
 * @param rowidName a name for the rowid that no column hides; none if there is none, or no rowid
 */
public record TableLayout(
        String schema, String name, List<Column> columns, boolean withoutRowid, Optional<String> rowidName) {
    public TableLayout {
        columns = List.copyOf(columns);
    }

    /**
     * A column.
     *
     * @param name its name
     * @param declaredType its declared type; empty if there is none
     * @param notNull whether it is declared NOT NULL
     * @param defaultSql the expression of its DEFAULT clause, if there is one
     * @param keyPosition its position in the primary key, from 1; 0 if it is not in it
     */
    public record Column(
            String name, String declaredType, boolean notNull, Optional<String> defaultSql, int keyPosition) {
        public boolean isKey() {
            return keyPosition != 0;
        }

        /** The name, quoted. */
        public String quoted() {
            return Identifiers.quote(name);
        }
    }

    private static final String COLUMNS = """
            SELECT l.name, l.wr, c.name, c.type, c."notnull", c.dflt_value, c.pk, c.hidden
            FROM pragma_table_list(?2) l, pragma_table_xinfo(?2, ?1) c
            WHERE l.schema = ?1 COLLATE NOCASE AND l.type IN ('table', 'shadow')
            ORDER BY c.cid
            """;

    /**
     * Reads the layout of a table.
     *
     * @param schema schema name, any case
     * @param table table name, any case
     * @return none if there is no ordinary table of this name in that schema
     */
    public static Optional<TableLayout> read(Connection connection, String schema, String table) throws SQLException {
        List<Column> columns = new ArrayList<>();
        Set<String> names = new HashSet<>();
        var name = table;
        var withoutRowid = false;
        try (var query = connection.prepareStatement(COLUMNS)) {
            query.setString(1, schema);
            query.setString(2, table);
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    name = rows.getString(1);
                    withoutRowid = rows.getBoolean(2);
                    names.add(Identifiers.fold(rows.getString(3)));
                    if (rows.getInt(8) == 0) {
                        columns.add(new Column(
                                rows.getString(3),
                                Optional.ofNullable(rows.getString(4)).orElse(""),
                                rows.getBoolean(5),
                                Optional.ofNullable(rows.getString(6)),
                                rows.getInt(7)));
                    }
                }
            }
        }
        if (columns.isEmpty()) {
            return Optional.empty();
        }
        var rowidName = withoutRowid
                ? Optional.<String>empty()
                : List.of("_rowid_", "rowid", "oid").stream()
                        .filter(candidate -> !names.contains(candidate))
                        .findFirst();
        return Optional.of(new TableLayout(schema, name, columns, withoutRowid, rowidName));
    }

    /** The table's name with its schema, quoted. */
    public String qualifiedName() {
        return Identifiers.quote(schema) + "." + Identifiers.quote(name);
    }

    public boolean hasKey() {
        return columns.stream().anyMatch(Column::isKey);
    }

    /** Whether the key is the rowid under another name: a single INTEGER column, and no index for it. */
    public boolean isRowidAlias(List<UniqueIndex> uniqueIndexes) {
        var keys = columns.stream().filter(Column::isKey).toList();
        return keys.size() == 1
                && !withoutRowid
                && keys.getFirst().declaredType().equalsIgnoreCase("INTEGER")
                && uniqueIndexes.stream().noneMatch(UniqueIndex::primaryKey);
    }

    /** Key position of each column as the bytes of a table header. */
    public byte[] keyFlags() {
        var flags = new byte[columns.size()];
        for (var i = 0; i < flags.length; i++) {
            flags[i] = (byte) columns.get(i).keyPosition();
        }
        return flags;
    }
}
