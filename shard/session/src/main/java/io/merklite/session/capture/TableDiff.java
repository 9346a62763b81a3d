package io.merklite.session.capture;

import io.merklite.session.SessionException.SchemaMismatch;
import io.merklite.session.catalog.Identifiers;
import io.merklite.session.catalog.TableLayout;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The difference of two tables, as touches in a session's log: what turns the table of the other schema into ours.
 *
 * <p>Keys are compared with SQL's {@code =}, so with collation and affinity of the columns, and NULL keys never match;
 * all other columns with IS NOT. Rows of ours alone come first, then rows of the other alone, then rows that differ.
 */
final class TableDiff {
    private final CapturedTable ours;
    private final TableLayout theirs;
    private final String log;
    private final boolean indirect;

    TableDiff(CapturedTable ours, TableLayout theirs, String log, boolean indirect) {
        this.ours = ours;
        this.theirs = theirs;
        this.log = log;
        this.indirect = indirect;
    }

    /** Refuses tables whose columns or keys differ. */
    void requireSameShape() {
        var mine = ours.layout().columns();
        var same = ours.rowidKey() != theirs.hasKey()
                && mine.size() == theirs.columns().size()
                && IntStream.range(0, mine.size())
                        .allMatch(i -> Identifiers.fold(mine.get(i).name())
                                        .equals(Identifiers.fold(
                                                theirs.columns().get(i).name()))
                                && mine.get(i).keyPosition()
                                        == theirs.columns().get(i).keyPosition());
        if (!same) {
            throw new SchemaMismatch(
                    "table schemas do not match: " + ours.layout().qualifiedName() + " and " + theirs.qualifiedName()
                            + " differ in columns or primary key",
                    "Migrate one of them, then compare again");
        }
    }

    /** Statements that add the touches. */
    List<String> statements() {
        return List.of(
                "INSERT INTO " + log + "(t, o, " + loggedNames(true) + ") SELECT " + ours.number() + ", "
                        + code(CaptureTriggers.INSERT) + ", " + columns("o", true) + " FROM " + ourName()
                        + " AS o WHERE " + keysNotNull("o") + " AND NOT EXISTS (SELECT 1 FROM "
                        + theirs.qualifiedName() + " AS f WHERE " + sameKey() + ")",
                insertTheirs(CaptureTriggers.DELETE) + " FROM " + theirs.qualifiedName() + " AS f WHERE "
                        + keysNotNull("f") + " AND NOT EXISTS (SELECT 1 FROM " + ourName() + " AS o WHERE " + sameKey()
                        + ")",
                insertTheirs(CaptureTriggers.UPDATE) + " FROM " + ourName() + " AS o, " + theirs.qualifiedName()
                        + " AS f WHERE " + sameKey() + " AND (" + anyDifference() + ")");
    }

    private String insertTheirs(int operation) {
        return "INSERT INTO " + log + "(t, o, " + loggedNames(false) + ") SELECT " + ours.number() + ", "
                + code(operation) + ", " + columns("f", false);
    }

    private int code(int operation) {
        return CaptureTriggers.code(operation, indirect, ours.columnCount());
    }

    private String ourName() {
        return ours.layout().qualifiedName();
    }

    private String loggedNames(boolean keysOnly) {
        return indexes(keysOnly).mapToObj(i -> "c" + i).collect(Collectors.joining(", "));
    }

    private String columns(String alias, boolean keysOnly) {
        return indexes(keysOnly)
                .mapToObj(i -> alias + "." + ours.columns().get(i))
                .collect(Collectors.joining(", "));
    }

    private String sameKey() {
        return indexes(true)
                .mapToObj(i ->
                        "o." + ours.columns().get(i) + " = f." + ours.columns().get(i))
                .collect(Collectors.joining(" AND "));
    }

    private String keysNotNull(String alias) {
        return indexes(true)
                .mapToObj(i -> alias + "." + ours.columns().get(i) + " IS NOT NULL")
                .collect(Collectors.joining(" AND "));
    }

    private String anyDifference() {
        var flags = ours.keyFlags();
        var differences = IntStream.range(0, flags.length)
                .filter(i -> flags[i] == 0)
                .mapToObj(i -> "o." + ours.columns().get(i) + " IS NOT f."
                        + ours.columns().get(i))
                .collect(Collectors.joining(" OR "));
        return differences.isEmpty() ? "0" : differences;
    }

    private IntStream indexes(boolean keysOnly) {
        return keysOnly
                ? ours.keyIndexes().stream().mapToInt(Integer::intValue)
                : IntStream.range(0, ours.columnCount());
    }
}
