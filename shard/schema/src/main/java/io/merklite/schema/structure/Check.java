package io.merklite.schema.structure;

import java.util.Optional;

/**
 * A CHECK constraint of a table or a column.
 *
 * @param name the name that CONSTRAINT gives it; counts as part of the structure
 * @param expression in canonical form
 */
public record Check(Optional<String> name, String expression) {
    void describe(Listing listing) {
        listing.line("check", name.orElse(""), expression);
    }
}
