package io.merklite.schema.structure;

import java.util.List;

/**
 * An index made by CREATE INDEX.
 *
 * @param name as written
 * @param table the table it belongs to
 * @param columns what is indexed, in order
 * @param isUnique whether it is UNIQUE
 * @param predicate of a partial index, in canonical form; empty for a full one
 * @param sql the statement, as SQLite keeps it
 */
public record Index(
        String name, String table, List<KeyColumn> columns, boolean isUnique, String predicate, String sql) {
    public Index {
        columns = List.copyOf(columns);
    }

    /** All that counts: equal for equal indexes. */
    public String canonical() {
        var listing = new Listing();
        listing.line("index", name, Listing.name(table), isUnique ? "unique" : "", predicate);
        columns.forEach(column -> column.describe(listing));
        return listing.text();
    }
}
