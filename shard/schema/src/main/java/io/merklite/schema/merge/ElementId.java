package io.merklite.schema.merge;

import java.util.Comparator;

/**
 * Which element of a schema. Names are in lower case, as SQLite compares them.
 *
 * <p>A table is known by its name, unless whoever writes the elements gives it another identity in lower case: two tables
 * that had one name one after the other are told apart by that.
 *
 * @param kind what it is
 * @param table the table that a key, a column or a constraint belongs to; empty for the other kinds
 * @param name of the object or column; a constraint's canonical text; empty for a key
 */
public record ElementId(Kind kind, String table, String name) implements Comparable<ElementId> {
    private static final Comparator<ElementId> ORDER = Comparator.comparing(ElementId::kind)
            .thenComparing(ElementId::table)
            .thenComparing(ElementId::name);

    /** What elements there are, in the order in which a schema is put together. */
    public enum Kind {
        /** A table's existence and options: STRICT, WITHOUT ROWID. */
        TABLE,
        /** A table's primary key. */
        KEY,
        /** A column, without PRIMARY KEY. */
        COLUMN,
        /** A constraint of a table. */
        CONSTRAINT,
        /** An index. */
        INDEX,
        /** A view. */
        VIEW,
        /** A trigger. */
        TRIGGER
    }

    @Override
    public int compareTo(ElementId other) {
        return ORDER.compare(this, other);
    }
}
