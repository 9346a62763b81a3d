package io.merklite.query.subscribe;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/**
 * A table as changes show it: its columns in declared order, without generated and hidden ones.
 *
 * @param id which table
 * @param columns those that a change carries
 * @param storage column index by its place in the table's records, which is how bytecode names columns; generated columns
 *     are missing
 * @param declared column index by its place in the declaration; generated columns are missing
 * @param integerKey the column that is the rowid, if there is one
 * @param hasHiddenRowid whether the rowid is none of the columns, so that it may change behind an UPDATE's back
 * @param hasGeneratedColumns whether there are columns that follow from others
 */
record WatchedTable(
        TableId id,
        List<Column> columns,
        Map<Integer, Integer> storage,
        Map<Integer, Integer> declared,
        OptionalInt integerKey,
        boolean hasHiddenRowid,
        boolean hasGeneratedColumns) {
    WatchedTable {
        columns = List.copyOf(columns);
        storage = Map.copyOf(storage);
        declared = Map.copyOf(declared);
    }

    /**
     * A table's name, folded.
     *
     * @param schema such as {@code main}
     * @param name the table
     */
    record TableId(String schema, String name) {
        static TableId of(String schema, String name) {
            return new TableId(Names.fold(schema), Names.fold(name));
        }

        boolean isMain() {
            return schema.equals("main");
        }
    }

    /** What a comparison does to the other operand. */
    enum Affinity {
        /** A text that looks like a number becomes one. */
        NUMERIC,
        /** A number becomes text. */
        TEXT,
        /** Nothing. */
        NONE
    }

    /**
     * A column.
     *
     * @param name as declared
     * @param affinity of comparisons with it
     * @param collation none if it is not one of SQLite's own
     * @param isKey whether it belongs to the primary key
     */
    record Column(String name, Affinity affinity, Optional<Collation> collation, boolean isKey) {
        /**
         * Whether a condition on one of two equal columns says the same about the other: values that are equal under one
         * must be equal, and in the same order, under both.
         */
        boolean comparesLike(Column other) {
            return affinity == other.affinity && collation.isPresent() && collation.equals(other.collation);
        }
    }

    /** Index of the column called {@code folded}, which is folded. */
    OptionalInt column(String folded) {
        for (var i = 0; i < columns.size(); i++) {
            if (Names.fold(columns.get(i).name()).equals(folded)) {
                return OptionalInt.of(i);
            }
        }
        return OptionalInt.empty();
    }

    /** Indexes of the columns of the primary key. */
    List<Integer> keyColumns() {
        return IntStream.range(0, columns.size())
                .filter(column -> columns.get(column).isKey())
                .boxed()
                .toList();
    }
}
