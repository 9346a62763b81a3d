package io.merklite.schema.structure;

/**
 * A column or an expression in an index, a primary key, or a UNIQUE constraint.
 *
 * @param column its name as the table has it; empty for an expression
 * @param expression in canonical form; empty for a column
 * @param collation in upper case; for an index the one that holds, for a constraint the one that is written; BINARY is empty
 * @param isDescending whether it is ordered from high to low
 */
public record KeyColumn(String column, String expression, String collation, boolean isDescending) {
    /** The column's name, or a mark for an expression. */
    public String label() {
        return column.isEmpty() ? "<expr>" : column;
    }

    void describe(Listing listing) {
        listing.line("part", Listing.name(column), expression, collation, isDescending ? "desc" : "asc");
    }
}
