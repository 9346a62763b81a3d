package io.merklite.session.catalog;

import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Internal: rows that have NULL in the primary key of their table, which SQLite allows in most tables and which no key
 * identifies.
 *
 * <p>Where rowids are recorded, changesets have these rows in a group of their own, whose name is derived from the
 * table's: its first column, and its key, is the rowid, as in a table without a key; all of the table's columns follow.
 * The name has the prefix of internal tables, so that it is no table's.
 */
public final class KeylessRows {
    private static final String PREFIX = "_merklite_keyless_";

    private KeylessRows() {}

    /** Whether the table may have such rows, and a rowid that can be named. */
    public static boolean arePossible(TableLayout layout, List<UniqueIndex> uniqueIndexes) {
        return layout.rowidName().isPresent()
                && !layout.isRowidAlias(uniqueIndexes)
                && layout.columns().stream().anyMatch(column -> column.isKey() && !column.notNull());
    }

    /** The name of their group. */
    public static String groupName(String table) {
        return PREFIX + table;
    }

    /** The table that a group of such rows belongs to; none for any other group. */
    public static Optional<String> tableOf(String groupName) {
        return Identifiers.fold(groupName).startsWith(PREFIX)
                ? Optional.of(groupName.substring(PREFIX.length()))
                : Optional.empty();
    }

    /** The table's name without the prefix, or the name itself. */
    public static String tableOrSelf(String groupName) {
        return tableOf(groupName).orElse(groupName);
    }

    /** The table as if it had no key: how these rows look. */
    public static TableLayout withoutKey(TableLayout layout) {
        var columns = layout.columns().stream()
                .map(column -> new TableLayout.Column(
                        column.name(), column.declaredType(), column.notNull(), column.defaultSql(), 0))
                .toList();
        return new TableLayout(layout.schema(), layout.name(), columns, layout.withoutRowid(), layout.rowidName());
    }

    /** The SQL condition that {@code row} is such a row, in parentheses. */
    public static String condition(TableLayout layout, String row) {
        return layout.columns().stream()
                .filter(TableLayout.Column::isKey)
                .map(column -> row + "." + column.quoted() + " IS NULL")
                .collect(Collectors.joining(" OR ", "(", ")"));
    }
}
