package io.merklite.schema.structure;

import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * A foreign key.
 *
 * @param name the name that CONSTRAINT gives it; does not count as part of the structure
 * @param columns of the child, in order
 * @param parent the table it refers to, which need not exist
 * @param parentColumns in order; empty where the text leaves it to the parent's primary key
 * @param onUpdate in upper case, such as {@code NO ACTION}
 * @param onDelete likewise
 * @param isDeferred whether it is checked at the end of the transaction
 */
public record ForeignKey(
        Optional<String> name,
        List<String> columns,
        String parent,
        List<String> parentColumns,
        String onUpdate,
        String onDelete,
        boolean isDeferred) {
    public ForeignKey {
        columns = List.copyOf(columns);
        parentColumns = List.copyOf(parentColumns);
    }

    /** All that counts, in one line: equal for equal keys. */
    public String canonical() {
        var listing = new Listing();
        listing.line(
                "foreign key",
                names(columns),
                Listing.name(parent),
                names(parentColumns),
                onUpdate,
                onDelete,
                isDeferred ? "deferred" : "immediate");
        return listing.text();
    }

    /** For people. */
    public String label() {
        return String.join(", ", columns) + " -> " + parent
                + (parentColumns.isEmpty() ? "" : "(" + String.join(", ", parentColumns) + ")");
    }

    private static String names(List<String> names) {
        return names.stream().map(Listing::name).collect(Collectors.joining(","));
    }
}
