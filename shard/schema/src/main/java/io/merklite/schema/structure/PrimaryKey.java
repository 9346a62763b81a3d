package io.merklite.schema.structure;

import java.util.List;
import java.util.Optional;

/**
 * A declared primary key.
 *
 * @param name the name that CONSTRAINT gives it; does not count as part of the structure
 * @param columns in order
 * @param conflict what ON CONFLICT asks for; empty for the usual
 * @param isAutoincrement whether ids are never used again
 * @param isRowid whether the column is another name for the rowid
 */
public record PrimaryKey(
        Optional<String> name, List<KeyColumn> columns, String conflict, boolean isAutoincrement, boolean isRowid) {
    public PrimaryKey {
        columns = List.copyOf(columns);
    }

    void describe(Listing listing) {
        listing.line("primary key", conflict, isAutoincrement ? "autoincrement" : "", isRowid ? "rowid" : "");
        columns.forEach(column -> column.describe(listing));
    }
}
