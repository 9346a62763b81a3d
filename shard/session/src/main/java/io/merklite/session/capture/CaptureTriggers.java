package io.merklite.session.capture;

import io.merklite.session.catalog.Identifiers;
import io.merklite.session.catalog.KeylessRows;
import io.merklite.session.catalog.TableLayout;
import io.merklite.session.catalog.UniqueIndex;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The triggers that capture one table.
 *
 * <p>Five of them. AFTER INSERT logs the new key (before the row is there, a rowid may not be chosen yet). AFTER UPDATE
 * and AFTER DELETE log the old row. BEFORE UPDATE logs the new key if it is another: the row may never get it, but then
 * nothing is there at reading, and nothing comes of it. BEFORE INSERT and BEFORE UPDATE also log the rows that the statement may displace by REPLACE: those fire no DELETE trigger unless {@code recursive_triggers} is
 * on, which is the application's to choose. They log every row that agrees with the new one on the rowid or on a unique
 * index, whether it will be displaced or not: too much does no harm, since a row that stays as it was gives no change.
 */
final class CaptureTriggers {
    /*
     * A log row: t = number of the table in its session; o = operation, indirect flag and count of logged columns, see
     * code(); c0… = values by position of the column. Columns have no type, so values stay as they are.
     */
    static final int INSERT = 0;
    static final int UPDATE = 1;
    static final int DELETE = 2;
    /** A row that may be displaced: it existed, and whether anything became of it is seen by comparing. */
    static final int DISPLACED = 3;

    static final int OPERATION_MASK = 3;
    static final int INDIRECT = 4;
    static final int COLUMN_COUNT_SHIFT = 3;

    private final String log;
    private final String prefix;
    private final int number;
    private final TableLayout layout;
    private final List<UniqueIndex> uniqueIndexes;
    private final boolean isOfKeylessRows;
    private final List<Key> keys;
    private final List<String> columns;

    /** A key column: its index among the logged columns, and its name. */
    private record Key(int index, String name, boolean rowid) {}

    /**
     * @param log name of the log table
     * @param prefix beginning of the triggers' names
     * @param number number of the table in the log
     * @param layout the table
     * @param uniqueIndexes its unique indexes
     * @param rowidKey whether the rowid is the first column and the key; of a table that has another one, only the rows
     *     with NULL in that are captured
     */
    CaptureTriggers(
            String log,
            String prefix,
            int number,
            TableLayout layout,
            List<UniqueIndex> uniqueIndexes,
            boolean rowidKey) {
        this.log = log;
        this.prefix = prefix;
        this.number = number;
        this.layout = layout;
        this.uniqueIndexes = uniqueIndexes;
        this.isOfKeylessRows = rowidKey && layout.hasKey();
        this.columns = loggedColumns(layout, rowidKey);
        this.keys = keys(layout, uniqueIndexes, rowidKey);
    }

    /** The columns of a changeset of the table, quoted: with a rowid key the rowid comes first. */
    static List<String> loggedColumns(TableLayout layout, boolean rowidKey) {
        List<String> columns = new ArrayList<>();
        if (rowidKey) {
            columns.add(layout.rowidName().orElseThrow());
        }
        layout.columns().forEach(column -> columns.add(column.quoted()));
        return columns;
    }

    private static List<Key> keys(TableLayout layout, List<UniqueIndex> uniqueIndexes, boolean rowidKey) {
        if (rowidKey) {
            return List.of(new Key(0, layout.rowidName().orElseThrow(), true));
        }
        var isRowid = layout.isRowidAlias(uniqueIndexes);
        return IntStream.range(0, layout.columns().size())
                .filter(i -> layout.columns().get(i).isKey())
                .mapToObj(i -> new Key(i, layout.columns().get(i).quoted(), isRowid))
                .toList();
    }

    static int code(int operation, boolean indirect, int columnCount) {
        return operation | (indirect ? INDIRECT : 0) | columnCount << COLUMN_COUNT_SHIFT;
    }

    /** The statements that create the triggers. */
    List<String> create(boolean indirect) {
        List<String> statements = new ArrayList<>();
        var uniqueness = displaced();
        if (!uniqueness.isEmpty()) {
            statements.add(trigger("bi", "BEFORE INSERT", "", displacedSql(uniqueness, indirect)));
            statements.add(trigger(
                    "bu",
                    "BEFORE UPDATE",
                    whenUniqueChanges(),
                    displacedSql(uniqueness, indirect) + "; " + insertKey(indirect) + whereKeyMoves()));
        }
        statements.add(trigger("ai", "AFTER INSERT", whenKeyed("NEW"), insertKeyValues(indirect)));
        statements.add(trigger("au", "AFTER UPDATE", whenKeyed("OLD"), insertOldRow(UPDATE, indirect)));
        statements.add(trigger("ad", "AFTER DELETE", whenKeyed("OLD"), insertOldRow(DELETE, indirect)));
        return statements;
    }

    /** The statements that drop the triggers, whether they are there or not. */
    static List<String> drop(String prefix) {
        return List.of("bi", "bu", "ai", "au", "ad").stream()
                .map(suffix -> "DROP TRIGGER IF EXISTS temp." + Identifiers.quote(prefix + suffix))
                .toList();
    }

    private String trigger(String suffix, String event, String when, String body) {
        return "CREATE TEMP TRIGGER " + Identifiers.quote(prefix + suffix) + " " + event + " ON "
                + layout.qualifiedName() + when + " BEGIN " + body + "; END";
    }

    /** With VALUES, which costs 0.2 µs a row less than SELECT. */
    private String insertKeyValues(boolean indirect) {
        return "INSERT INTO " + log + "(t, o, " + keyNames() + ") VALUES (" + newKey(indirect) + ")";
    }

    private String insertKey(boolean indirect) {
        return "INSERT INTO " + log + "(t, o, " + keyNames() + ") SELECT " + newKey(indirect);
    }

    private String keyNames() {
        return keys.stream().map(key -> "c" + key.index()).collect(Collectors.joining(", "));
    }

    private String newKey(boolean indirect) {
        var values = keys.stream().map(key -> "NEW." + key.name()).collect(Collectors.joining(", "));
        return number + ", " + code(INSERT, indirect, columns.size()) + ", " + values;
    }

    private String insertOldRow(int operation, boolean indirect) {
        return "INSERT INTO " + log + "(t, o, " + rowNames() + ") VALUES (" + row(operation, indirect, "OLD.") + ")";
    }

    private String rowNames() {
        return IntStream.range(0, columns.size()).mapToObj(i -> "c" + i).collect(Collectors.joining(", "));
    }

    private String row(int operation, boolean indirect, String qualifier) {
        var values = columns.stream().map(column -> qualifier + column).collect(Collectors.joining(", "));
        return number + ", " + code(operation, indirect, columns.size()) + ", " + values;
    }

    private String whenKeyed(String row) {
        var condition = keyed(row);
        return condition.isEmpty() ? "" : " WHEN " + condition;
    }

    /** By its key a row with NULL in it can't be recorded; by the rowid, where there is a key, only such a row is. */
    private String keyed(String row) {
        if (isOfKeylessRows) {
            return KeylessRows.condition(layout, row);
        }
        return keys.stream()
                .filter(key -> !key.rowid() && !layout.withoutRowid())
                .map(key -> row + "." + key.name() + " IS NOT NULL")
                .collect(Collectors.joining(" AND "));
    }

    /** The identity of a row is type and bytes of its key, whatever the collation says. */
    private String whereKeyMoves() {
        var moves = keys.stream()
                .map(key -> key.rowid()
                        ? "NEW." + key.name() + " <> OLD." + key.name()
                        : "NEW." + key.name() + " COLLATE BINARY IS NOT OLD." + key.name() + " OR typeof(NEW."
                                + key.name() + ") <> typeof(OLD." + key.name() + ")")
                .collect(Collectors.joining(" OR "));
        var keyed = keyed("NEW");
        if (isOfKeylessRows) {
            moves += " OR NOT " + keyed("OLD");
        }
        return " WHERE (" + moves + ")" + (keyed.isEmpty() ? "" : " AND " + keyed);
    }

    private String displacedSql(List<String> conditions, boolean indirect) {
        // One SELECT for each condition: under an OR of them SQLite uses no index where a collation is named, and reads
        // the whole table for each row. A row that is found twice is logged twice, which changes nothing.
        var keyed = keyed("present");
        return conditions.stream()
                .map(condition -> "SELECT " + row(DISPLACED, indirect, "present.") + " FROM " + layout.qualifiedName()
                        + " AS present WHERE " + condition + (keyed.isEmpty() ? "" : " AND " + keyed))
                .collect(Collectors.joining(" UNION ALL ", "INSERT INTO " + log + "(t, o, " + rowNames() + ") ", ""));
    }

    /** A name for the rowid; where columns take all its own names, the key's, if that is the rowid. */
    private Optional<String> rowid() {
        return layout.rowidName()
                .or(() -> keys.stream().filter(Key::rowid).map(Key::name).findFirst());
    }

    /** One condition for each way in which a present row can stand in the way of NEW. */
    private List<String> displaced() {
        List<String> conditions = new ArrayList<>();
        layout.rowidName().ifPresent(rowid -> conditions.add("present." + rowid + " = NEW." + rowid));
        for (var index : uniqueIndexes) {
            conditions.add(index.terms().stream().map(this::condition).collect(Collectors.joining(" AND ", "(", ")")));
        }
        return conditions;
    }

    private String condition(UniqueIndex.Term term) {
        var collation = " COLLATE " + Identifiers.quote(term.collation());
        if (term.column().isEmpty()) {
            return "(" + term.expression() + ")" + collation + " = (SELECT " + term.expression() + " FROM (SELECT "
                    + columns.stream()
                            .map(column -> "NEW." + column + " AS " + column)
                            .collect(Collectors.joining(", "))
                    + "))";
        }
        var name = Identifiers.quote(term.column().get());
        return "present." + name + collation + " = "
                + newValue(name, term.column().get());
    }

    /** NOT NULL ON CONFLICT REPLACE puts the default in after BEFORE triggers have seen NULL. */
    private String newValue(String quoted, String name) {
        UnaryOperator<String> orDefault = value -> layout.columns().stream()
                .filter(column -> column.name().equals(name) && column.notNull())
                .flatMap(column -> column.defaultSql().stream())
                .findFirst()
                .map(sql -> "coalesce(" + value + ", " + sql + ")")
                .orElse(value);
        return orDefault.apply("NEW." + quoted);
    }

    /** An UPDATE can only displace rows, or move to another key, if it changes the rowid or a column of a unique index. */
    private String whenUniqueChanges() {
        List<String> changes = new ArrayList<>();
        rowid().ifPresent(rowid -> changes.add("NEW." + rowid + " <> OLD." + rowid));
        for (var index : uniqueIndexes) {
            for (var term : index.terms()) {
                if (term.column().isEmpty()) {
                    return "";
                }
                var name = Identifiers.quote(term.column().get());
                changes.add("NEW." + name + " COLLATE BINARY IS NOT OLD." + name);
                changes.add("typeof(NEW." + name + ") <> typeof(OLD." + name + ")");
            }
        }
        return " WHEN " + String.join(" OR ", changes);
    }
}
