package io.merklite.session.capture;

import io.merklite.session.catalog.Identifiers;
import io.merklite.session.catalog.KeylessRows;
import io.merklite.session.catalog.TableLayout;
import io.merklite.session.catalog.UniqueIndex;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A table of a session, as it is now.
 *
 * @param number its number in the log
 * @param groupName the name that changesets give it: as it was attached, or as it is declared
 * @param layout its columns
 * @param uniqueIndexes its unique indexes
 * @param rowidKey whether its rowid stands in for a key, as the first column: it has no primary key, or these are the
 *     rows with NULL in that
 */
record CapturedTable(
        int number, String groupName, TableLayout layout, List<UniqueIndex> uniqueIndexes, boolean rowidKey) {
    /** Whether these are only the rows that have NULL in the table's key. */
    boolean isOfKeylessRows() {
        return rowidKey && layout.hasKey();
    }

    /** How many columns its changesets have. */
    int columnCount() {
        return layout.columns().size() + (rowidKey ? 1 : 0);
    }

    /** The columns of its changesets, quoted. */
    List<String> columns() {
        return CaptureTriggers.loggedColumns(layout, rowidKey);
    }

    /** Key position of each column, as a table header has them. */
    byte[] keyFlags() {
        if (!rowidKey) {
            return StatisticsSnapshot.isStatistics(layout) ? StatisticsSnapshot.keyFlags() : layout.keyFlags();
        }
        var flags = new byte[columnCount()];
        flags[0] = 1;
        return flags;
    }

    /** Whether its key is a single integer that SQLite finds by itself, so that equal means identical. */
    boolean hasIntegerKey() {
        return rowidKey || layout.isRowidAlias(uniqueIndexes);
    }

    /** The columns at these positions that are in the key. */
    List<Integer> keyIndexes() {
        var flags = keyFlags();
        return IntStream.range(0, flags.length)
                .filter(i -> flags[i] != 0)
                .boxed()
                .toList();
    }

    /** Log rows of the table in order, each beside the row that has its key now. */
    String readSql(String log) {
        var columns = columns();
        var logged = IntStream.range(0, columns.size()).mapToObj(i -> "l.c" + i).collect(Collectors.joining(", "));
        var present = columns.stream().map(column -> "t." + column).collect(Collectors.joining(", "));
        var join = keyIndexes().stream()
                .map(i -> "t." + columns.get(i) + " = l.c" + i)
                .collect(Collectors.joining(" AND "));
        if (isOfKeylessRows()) {
            join += " AND " + KeylessRows.condition(layout, "t");
        }
        return "SELECT l.o, " + logged + ", " + present + " FROM " + log + " l LEFT JOIN " + layout.qualifiedName()
                + " t ON " + join + " WHERE l.t = " + number + " ORDER BY l.seq";
    }

    boolean isNamed(String name) {
        return Identifiers.fold(layout.name()).equals(Identifiers.fold(name));
    }
}
