package io.merklite.schema.structure;

import java.util.List;
import java.util.Optional;

/**
 * A column of a table.
 *
 * @param name as written
 * @param type in upper case, without needless spaces; empty where there is none
 * @param isNotNull as SQLite reports it: also for keys of tables WITHOUT ROWID
 * @param notNullConflict what ON CONFLICT of its NOT NULL asks for; empty for the usual
 * @param defaultValue the expression of DEFAULT in canonical form
 * @param keyPosition from 1, in the primary key; 0 outside of it
 * @param collation in upper case; empty for BINARY
 * @param generated whether and how its values are computed
 * @param expression of a generated column, in canonical form; empty otherwise
 * @param checks those written at the column
 * @param definition as written in the table's text
 */
public record Column(
        String name,
        String type,
        boolean isNotNull,
        String notNullConflict,
        Optional<String> defaultValue,
        int keyPosition,
        String collation,
        Generated generated,
        String expression,
        List<Check> checks,
        String definition) {
    /** Where a column's values come from. */
    public enum Generated {
        /** They are stored as given. */
        NO,
        /** They are computed when read. */
        VIRTUAL,
        /** They are computed when written. */
        STORED
    }

    public Column {
        checks = List.copyOf(checks);
    }

    /** Whether old rows get a value other than NULL when the column is added. */
    public boolean hasDefault() {
        return defaultValue.isPresent() && !defaultValue.get().equals("null");
    }

    /** Whether its values are computed. */
    public boolean isGenerated() {
        return generated != Generated.NO;
    }

    /** All that counts but NOT NULL and CHECK, which may become looser or stricter. */
    public String core() {
        var listing = new Listing();
        describeCore(listing);
        return listing.text();
    }

    void describe(Listing listing) {
        describeCore(listing);
        listing.line("nullable", isNotNull ? "no" : "yes", notNullConflict);
        checks.forEach(check -> check.describe(listing));
    }

    private void describeCore(Listing listing) {
        listing.line(
                "column",
                name,
                type,
                defaultValue.map(value -> "= " + value).orElse(""),
                Integer.toString(keyPosition),
                collation,
                generated.name(),
                expression);
    }
}
