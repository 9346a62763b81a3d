package io.merklite.schema.structure;

import java.util.List;

/**
 * A UNIQUE constraint of a table or a column.
 *
 * @param columns in order
 * @param conflict what ON CONFLICT asks for; empty for the usual
 */
public record UniqueKey(List<KeyColumn> columns, String conflict) {
    public UniqueKey {
        columns = List.copyOf(columns);
    }

    /** All that counts: equal for equal keys. */
    public String canonical() {
        var listing = new Listing();
        listing.line("unique", conflict);
        columns.forEach(column -> column.describe(listing));
        return listing.text();
    }
}
