package io.merklite.query.transpile;

import java.util.List;

/**
 * A foreign key, for {@link Transpiler} to join by. Names are compared as SQL does, without regard to ASCII case.
 *
 * @param child the table that holds the key
 * @param parent the table it refers to
 * @param columns pairs of columns, at least one
 */
public record ForeignKey(String child, String parent, List<ColumnPair> columns) {
    public ForeignKey {
        columns = List.copyOf(columns);
        if (columns.isEmpty()) {
            throw new IllegalArgumentException("foreign key from " + child + " to " + parent + " has no columns");
        }
    }

    /**
     * @param child column of the child
     * @param parent column of the parent
     */
    public record ColumnPair(String child, String parent) {}
}
