package io.merklite.sync.store;

import io.merklite.session.catalog.Identifiers;
import io.merklite.session.catalog.KeylessRows;
import io.merklite.session.catalog.TableLayout;
import io.merklite.session.catalog.UniqueIndex;
import io.merklite.session.changeset.ChangesetValue;
import io.merklite.sync.row.MergePolicy;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A user's table that replicates: its shape, and the SQL over it and its two companions.
 *
 * <p>Rows that have NULL in the key of their table are a tracked table of their own, beside the one with the other rows:
 * they are identified by their birth, and their key's columns are cells like the others.
 *
 * <p>The <i>shadow</i> table has the state of every row, dead ones included, by the same key; the <i>sums</i> table has
 * the merkle index. Cells are the columns outside the key, in the order of the table.
 */
final class TrackedTable {
    /** How rows are identified, and so how the companions are keyed. */
    enum Identity {
        /** By an integer that is the rowid: the shadow has it as its own rowid. */
        INTEGER,
        /** By one or more columns. */
        COLUMNS,
        /** By the birth, for want of a key: clock, origin and ordinal; the shadow also knows the local rowid. */
        BIRTH
    }

    /** Which rows of the user's table these are. */
    private enum Part {
        ALL,
        /** Those without NULL in the key. */
        KEYED,
        /** Those with NULL in the key. */
        KEYLESS
    }

    private static final int BIRTH_KEY_COUNT = 3;
    /** Columns of the shadow table that make up a state. */
    private static final int STATE_COUNT = 4;
    /** Declared types of columns that convert nothing; ANY is one in a STRICT table, elsewhere it makes 1.0 an integer. */
    private static final Set<String> TYPELESS = Set.of("", "BLOB", "ANY");

    private final int number;
    private final String name;
    private final TableLayout layout;
    private final Part part;
    private final Identity identity;
    private final List<UniqueIndex> uniqueIndexes;
    private final TableMerge merge;
    private final List<String> columnsById;
    private final int[] keyIndexes;
    private final int[] cellIndexes;
    private final long seed;
    private final long[] columnSeeds;
    private final boolean[] counters;
    /** Cells of columns that must have a value. */
    private final int[] requiredCells;
    /** Of rows without a key: the cells of the columns that are the key of other rows. */
    private final List<Integer> keyCells;
    /** The condition that a row of the user's table, {@code t}, is one of these; empty if all are. */
    private final String condition;

    private final Map<Text, String> texts = new HashMap<>();

    /** A text of SQL: what it is, for how many. */
    private record Text(String what, int count) {}

    private TrackedTable(
            int number,
            String name,
            TableLayout layout,
            Part part,
            String condition,
            List<Integer> keyCells,
            List<UniqueIndex> uniqueIndexes,
            TableMerge merge,
            List<String> columnsById) {
        this.number = number;
        this.name = name;
        this.layout = layout;
        this.part = part;
        this.condition = condition;
        this.keyCells = List.copyOf(keyCells);
        this.uniqueIndexes = List.copyOf(uniqueIndexes);
        this.merge = merge;
        this.columnsById = List.copyOf(columnsById);
        var columns = layout.columns();
        this.identity = identity(layout, uniqueIndexes);
        this.keyIndexes = IntStream.range(0, columns.size())
                .filter(i -> columns.get(i).isKey())
                .toArray();
        this.cellIndexes = IntStream.range(0, columns.size())
                .filter(i -> !columns.get(i).isKey())
                .toArray();
        this.requiredCells = IntStream.range(0, cellIndexes.length)
                .filter(i -> columns.get(cellIndexes[i]).notNull())
                .toArray();
        this.seed = RowDigest.seed(foldedName());
        this.columnSeeds = new long[cellIndexes.length];
        this.counters = new boolean[cellIndexes.length];
        for (var i = 0; i < cellIndexes.length; i++) {
            var column = Identifiers.fold(columns.get(cellIndexes[i]).name());
            columnSeeds[i] = RowDigest.seed(column);
            counters[i] = merge.counters().stream().map(Identifiers::fold).anyMatch(column::equals);
        }
    }

    /**
     * What there is to track of a table: all its rows, or those with a key and those without.
     *
     * @param layout its columns
     * @param uniqueIndexes its unique indexes
     * @param merge how its rows merge
     */
    static List<TrackedTable> of(TableLayout layout, List<UniqueIndex> uniqueIndexes, TableMerge merge) {
        if (!KeylessRows.arePossible(layout, uniqueIndexes)) {
            return List.of(new TrackedTable(
                    0, layout.name(), layout, Part.ALL, "", List.of(), uniqueIndexes, merge, List.of()));
        }
        var isKeyless = KeylessRows.condition(layout, "t");
        var keys = IntStream.range(0, layout.columns().size())
                .filter(i -> layout.columns().get(i).isKey())
                .boxed()
                .toList();
        return List.of(
                new TrackedTable(
                        0,
                        layout.name(),
                        layout,
                        Part.KEYED,
                        "NOT " + isKeyless,
                        List.of(),
                        uniqueIndexes,
                        merge,
                        List.of()),
                new TrackedTable(
                        0,
                        KeylessRows.groupName(layout.name()),
                        KeylessRows.withoutKey(layout),
                        Part.KEYLESS,
                        isKeyless,
                        keys,
                        uniqueIndexes,
                        merge,
                        List.of()));
    }

    /**
     * The same as it is recorded in this file.
     *
     * @param recordedNumber its number
     * @param columns folded names of all columns it ever had here, by the id that row states give them
     */
    TrackedTable recorded(int recordedNumber, List<String> columns) {
        return new TrackedTable(recordedNumber, name, layout, part, condition, keyCells, uniqueIndexes, merge, columns);
    }

    private static Identity identity(TableLayout layout, List<UniqueIndex> uniqueIndexes) {
        if (!layout.hasKey()) {
            return Identity.BIRTH;
        }
        return layout.isRowidAlias(uniqueIndexes) ? Identity.INTEGER : Identity.COLUMNS;
    }

    int number() {
        return number;
    }

    /** What changesets, messages and the registry call it. */
    String name() {
        return name;
    }

    String foldedName() {
        return Identifiers.fold(name);
    }

    /** The name of the user's table that it is, or whose rows without a key it is. */
    String tableName() {
        return layout.name();
    }

    String foldedTableName() {
        return Identifiers.fold(layout.name());
    }

    /** Whether these are only the rows that have NULL in the table's key. */
    boolean isOfKeylessRows() {
        return part == Part.KEYLESS;
    }

    TableLayout layout() {
        return layout;
    }

    Identity identity() {
        return identity;
    }

    List<UniqueIndex> uniqueIndexes() {
        return uniqueIndexes;
    }

    TableMerge merge() {
        return merge;
    }

    long seed() {
        return seed;
    }

    /** One for each cell. The array is the table's: read only. */
    long[] columnSeeds() {
        return columnSeeds;
    }

    /** For each cell whether it is a counter. The array is the table's: read only. */
    boolean[] counters() {
        return counters;
    }

    /** Whether of two values of a cell the later one survives, so that what is written locally always stands. */
    boolean isLastWriterWins(int cell) {
        return !counters[cell] && merge.registers().equals(MergePolicy.LAST_WRITER_WINS);
    }

    /**
     * Whether these values make a key of what was a row without one: concurrent writes each put in a part of it. Such a row
     * is neither of the rows with a key nor of those without.
     */
    boolean completesKey(List<ChangesetValue> cells) {
        return isOfKeylessRows() && keyCells.stream().noneMatch(cell -> cells.get(cell) instanceof ChangesetValue.Null);
    }

    /** Whether a value is NULL that the table as it is now must have. */
    boolean lacksValue(List<ChangesetValue> cells) {
        for (var cell : requiredCells) {
            if (cells.get(cell) instanceof ChangesetValue.Null) {
                return true;
            }
        }
        return false;
    }

    /** The columns of the key; of rows without one those that are the key of other rows. */
    List<TableLayout.Column> keyColumns() {
        return isOfKeylessRows()
                ? keyCells.stream().map(layout.columns()::get).toList()
                : IntStream.of(keyIndexes).mapToObj(layout.columns()::get).toList();
    }

    int cellCount() {
        return cellIndexes.length;
    }

    /** Position of a cell among the columns of a changeset. */
    int column(int cell) {
        return cellIndexes[cell] + (identity == Identity.BIRTH ? 1 : 0);
    }

    /** Position of a cell among the columns of the table. */
    int layoutColumn(int cell) {
        return cellIndexes[cell];
    }

    /** How many columns its changesets have: without a key the rowid comes first. */
    int changesetColumnCount() {
        return layout.columns().size() + (identity == Identity.BIRTH ? 1 : 0);
    }

    /** Positions of the key among the columns of a changeset. */
    int[] changesetKeys() {
        return identity == Identity.BIRTH ? new int[] {0} : keyIndexes;
    }

    /** Key positions as a table header has them. */
    byte[] changesetFlags() {
        if (identity != Identity.BIRTH) {
            return layout.keyFlags();
        }
        var flags = new byte[changesetColumnCount()];
        flags[0] = 1;
        return flags;
    }

    /**
     * Whether {@code value} can't be in the key column at {@code column}: a whole real where a column takes values as
     * they are is equal to an integer there, and other replicas may have that.
     */
    boolean isAmbiguous(int column, ChangesetValue value) {
        var isWhole = value instanceof ChangesetValue.Real real && real.value() == Math.rint(real.value());
        return isWhole
                && identity == Identity.COLUMNS
                && TYPELESS.contains(layout.columns().get(column).declaredType().toUpperCase(Locale.ROOT));
    }

    /** Whether these values can bound a range of keys: as many as it takes, integers where keys are. */
    boolean fitsKey(List<ChangesetValue> values) {
        if (values.size() != keyCount()) {
            return false;
        }
        return switch (identity) {
            case COLUMNS -> true;
            case INTEGER -> values.getFirst() instanceof ChangesetValue.Integer;
            case BIRTH -> values.stream().allMatch(ChangesetValue.Integer.class::isInstance);
        };
    }

    /** Whether these values are a key that tells a row of this table from others. */
    boolean isTold(List<ChangesetValue> values) {
        return fitsKey(values) && values.stream().noneMatch(ChangesetValue.Null.class::isInstance);
    }

    /** Whether a row can have this key. */
    boolean fitsRow(List<ChangesetValue> key) {
        return fitsKey(key) && (identity != Identity.BIRTH || Keys.isBirth(key));
    }

    /** Folded names of all columns it ever had here, by their id. */
    List<String> columnsById() {
        return columnsById;
    }

    int columnId(int cell) {
        return columnsById.indexOf(
                Identifiers.fold(layout.columns().get(cellIndexes[cell]).name()));
    }

    Optional<Integer> cellOfColumnId(int id) {
        for (var i = 0; i < cellIndexes.length; i++) {
            if (columnId(i) == id) {
                return Optional.of(i);
            }
        }
        return Optional.empty();
    }

    // ---- SQL --------------------------------------------------------------------------------------------------------

    String shadow() {
        return "_merklite_rows_" + number;
    }

    String sums() {
        return "_merklite_sums_" + number;
    }

    int keyCount() {
        return identity == Identity.BIRTH ? BIRTH_KEY_COUNT : keyIndexes.length;
    }

    /** The text that {@code write} makes, which is kept: texts of many rows are long. */
    private String kept(String what, int count, Supplier<String> write) {
        var key = new Text(what, count);
        var text = texts.get(key);
        if (text == null) {
            text = write.get(); // which may keep others
            texts.put(key, text);
        }
        return text;
    }

    /** Names of the companions' key columns, each behind {@code qualifier}. */
    String keys(String qualifier) {
        return kept(
                "keys " + qualifier,
                keyCount(),
                () -> IntStream.range(0, keyCount())
                        .mapToObj(i -> qualifier + "k" + i)
                        .collect(Collectors.joining(", ")));
    }

    /** As a row value, which compares in the order of the companions' keys. */
    String keyTuple(String qualifier) {
        return keyCount() == 1 ? qualifier + "k0" : "(" + keys(qualifier) + ")";
    }

    /** Parameters for one key. */
    String keyParameters() {
        var marks = IntStream.range(0, keyCount()).mapToObj(i -> "?").collect(Collectors.joining(", "));
        return keyCount() == 1 ? marks : "(" + marks + ")";
    }

    List<String> create() {
        var shadow = switch (identity) {
            case INTEGER -> "k0 INTEGER PRIMARY KEY, b INTEGER NOT NULL, o INTEGER NOT NULL, d INTEGER, s BLOB)";
            case COLUMNS ->
                keys("") + ", b INTEGER NOT NULL, o INTEGER NOT NULL, d INTEGER, s BLOB, PRIMARY KEY (" + keys("")
                        + ")) WITHOUT ROWID";
            case BIRTH ->
                keys("")
                        + ", b INTEGER NOT NULL, o INTEGER NOT NULL, d INTEGER, s BLOB, r INTEGER UNIQUE, PRIMARY KEY ("
                        + keys("") + ")) WITHOUT ROWID";
        };
        return List.of(
                "CREATE TABLE " + shadow() + "(" + shadow,
                "CREATE INDEX _merklite_dead_" + number + " ON " + shadow() + "(d) WHERE d IS NOT NULL",
                "CREATE TABLE " + sums() + "(l INTEGER NOT NULL, " + keys("") + ", s INTEGER NOT NULL, PRIMARY KEY (l, "
                        + keys("") + ")) WITHOUT ROWID");
    }

    List<String> drop() {
        return List.of("DROP TABLE IF EXISTS " + shadow(), "DROP TABLE IF EXISTS " + sums());
    }

    /** What a query for these rows of the user's table, {@code t}, reads from, with a WHERE clause in any case. */
    String from() {
        return layout.qualifiedName() + " t WHERE " + (condition.isEmpty() ? "TRUE" : condition);
    }

    /** The condition that a row of the user's table, {@code t}, has no state. */
    String withoutState() {
        return "NOT EXISTS (SELECT 1 FROM " + shadow() + " s WHERE " + join() + ")";
    }

    /** Joins the user's table, {@code t}, to the shadow, {@code s}. */
    private String join() {
        if (identity == Identity.BIRTH) {
            return "t." + layout.rowidName().orElseThrow() + " = s.r" + (isOfKeylessRows() ? " AND " + condition : "");
        }
        return IntStream.range(0, keyIndexes.length)
                .mapToObj(i -> {
                    var column = "t." + layout.columns().get(keyIndexes[i]).quoted();
                    return column + " = s.k" + i + (collates(i) ? " AND " + column + " COLLATE BINARY = s.k" + i : "");
                })
                .collect(Collectors.joining(" AND "));
    }

    private boolean collates(int key) {
        var name = layout.columns().get(keyIndexes[key]).name();
        return uniqueIndexes.stream()
                .filter(UniqueIndex::primaryKey)
                .flatMap(index -> index.terms().stream())
                .anyMatch(term -> term.column().filter(name::equals).isPresent()
                        && !term.collation().equals("BINARY"));
    }

    private String cells() {
        return IntStream.of(cellIndexes)
                .mapToObj(i -> ", t." + layout.columns().get(i).quoted())
                .collect(Collectors.joining());
    }

    /** A column that is not NULL exactly if the row of the user's table is there. */
    private String presence() {
        return switch (identity) {
            case BIRTH -> "t." + layout.rowidName().orElseThrow();
            case INTEGER, COLUMNS -> "t." + layout.columns().get(keyIndexes[0]).quoted();
        };
    }

    /** Key, clock and origin of the birth, clock of the death, state, presence, cells; by birth, the rowid. */
    private String selectVersions() {
        return "SELECT " + keys("s.") + ", s.b, s.o, s.d, s.s, " + presence() + cells()
                + (identity == Identity.BIRTH ? ", s.r" : "") + " FROM " + shadow() + " s LEFT JOIN "
                + layout.qualifiedName() + " t ON " + join();
    }

    private String selectStates() {
        return "SELECT " + keys("s.") + ", s.b, s.o, s.d, s.s FROM " + shadow() + " s";
    }

    /** Versions of {@code count} keys. */
    String versionsByKey(int count) {
        return kept("versions", count, () -> selectVersions() + whereKeys("s.", count));
    }

    /** States of {@code count} keys. */
    String statesByKey(int count) {
        return kept("states", count, () -> selectStates() + whereKeys("s.", count));
    }

    /** Of a table identified by births: states and keys of {@code count} rowids, the rowid last. */
    String statesByRowid(int count) {
        return "SELECT " + keys("s.") + ", s.b, s.o, s.d, s.s, s.r FROM " + shadow() + " s WHERE s.r IN ("
                + IntStream.range(0, count).mapToObj(i -> "?").collect(Collectors.joining(", ")) + ")";
    }

    /** Versions of a range of keys, in order. */
    String versionsInRange(boolean from, boolean to) {
        return kept(
                "versions in range",
                ends(from, to),
                () -> selectVersions() + whereRange("s.", "", from, to) + " ORDER BY " + keys("s.") + " LIMIT ?");
    }

    /** The same, with the clock of the birth in front, if the row is there and was not written since then. */
    String digestsInRange(boolean from, boolean to) {
        return kept(
                "digests in range",
                ends(from, to),
                () -> "SELECT CASE WHEN s.s IS NULL AND " + presence() + " IS NOT NULL THEN s.b END, "
                        + selectVersions().substring("SELECT ".length()) + whereRange("s.", "", from, to) + " ORDER BY "
                        + keys("s.") + " LIMIT ?");
    }

    String countInRange(boolean from, boolean to) {
        return kept(
                "count in range",
                ends(from, to),
                () -> "SELECT count(*) FROM (SELECT 1 FROM " + shadow() + " s" + whereRange("s.", "", from, to)
                        + " LIMIT ?)");
    }

    private static int ends(boolean from, boolean to) {
        return (from ? 1 : 0) + (to ? 2 : 0);
    }

    /** The key at the end. */
    String lastKey() {
        return kept(
                "last key",
                1,
                () -> "SELECT " + keys("") + " FROM " + shadow() + " ORDER BY " + keys("").replace(",", " DESC,")
                        + " DESC LIMIT 1");
    }

    /** The condition that a key is one of {@code count}. */
    String whereKeys(String qualifier, int count) {
        if (keyCount() == 1) {
            return " WHERE " + qualifier + "k0 IN ("
                    + IntStream.range(0, count).mapToObj(i -> "?").collect(Collectors.joining(", ")) + ")";
        }
        var one = IntStream.range(0, keyCount())
                .mapToObj(i -> qualifier + "k" + i + " = ?")
                .collect(Collectors.joining(" AND ", "(", ")"));
        return " WHERE " + IntStream.range(0, count).mapToObj(i -> one).collect(Collectors.joining(" OR "));
    }

    /** The condition that a key is in a range: from inclusive, to exclusive; {@code and} comes first. */
    String whereRange(String qualifier, String and, boolean from, boolean to) {
        List<String> conditions = new ArrayList<>();
        if (!and.isEmpty()) {
            conditions.add(and);
        }
        if (from) {
            conditions.add(keyTuple(qualifier) + " >= " + keyParameters());
        }
        if (to) {
            conditions.add(keyTuple(qualifier) + " < " + keyParameters());
        }
        return conditions.isEmpty() ? "" : " WHERE " + String.join(" AND ", conditions);
    }

    /** Rows of the user's table without a state that lives, as a changeset has them. */
    String strangers(boolean from, boolean to) {
        var columns =
                layout.columns().stream().map(column -> "t." + column.quoted()).collect(Collectors.joining(", "));
        var select = " FROM " + from() + " AND NOT EXISTS (SELECT 1 FROM " + shadow() + " s WHERE s.d IS NULL AND "
                + join() + ")";
        if (identity == Identity.BIRTH) {
            return "SELECT t." + layout.rowidName().orElseThrow() + ", " + columns + select + " LIMIT ?";
        }
        var keys = IntStream.of(keyIndexes)
                .mapToObj(i -> "t." + layout.columns().get(i).quoted() + " COLLATE BINARY")
                .toList();
        var tuple = keys.size() == 1 ? keys.getFirst() : "(" + String.join(", ", keys) + ")";
        var present = keys.stream().map(key -> " AND " + key + " IS NOT NULL").collect(Collectors.joining());
        return "SELECT " + columns + select + present + (from ? " AND " + tuple + " >= " + keyParameters() : "")
                + (to ? " AND " + tuple + " < " + keyParameters() : "") + " LIMIT ?";
    }

    /** Keys of {@code count} rows that died at or before a clock. */
    String deadUpTo() {
        return "SELECT " + keys("s.") + ", s.b, s.o, s.d, s.s FROM " + shadow() + " s WHERE s.d <= ? LIMIT ?";
    }

    /** Inserts or replaces {@code count} states: four parameters of a state, then its key, and by birth its rowid. */
    String putStates(int count) {
        return kept("put", count, () -> {
            var row = "(" + "?, ".repeat(STATE_COUNT + rowCount() - 1) + "?)";
            return putHead() + IntStream.range(0, count).mapToObj(i -> row).collect(Collectors.joining(", "));
        });
    }

    /** The same for {@code count} equal states, whose four parameters come once. */
    String putEqualStates(int count) {
        return kept(
                "put equal",
                count,
                () -> putHead()
                        + IntStream.range(0, count)
                                .mapToObj(this::rowOfEqualStates)
                                .collect(Collectors.joining(", ")));
    }

    private String rowOfEqualStates(int index) {
        var first = STATE_COUNT + 1 + index * rowCount();
        return IntStream.range(first, first + rowCount())
                .mapToObj(parameter -> ", ?" + parameter)
                .collect(Collectors.joining("", "(?1, ?2, ?3, ?4", ")"));
    }

    private String putHead() {
        return "INSERT OR REPLACE INTO " + shadow() + "(b, o, d, s, " + keys("")
                + (identity == Identity.BIRTH ? ", r" : "") + ") VALUES ";
    }

    /** How many parameters a row takes beside its state. */
    private int rowCount() {
        return keyCount() + (identity == Identity.BIRTH ? 1 : 0);
    }

    /** Inserts or replaces {@code count} nodes of one level: the level, then of each node its sum and key. */
    String putSums(int count) {
        return kept(
                "put sums",
                count,
                () -> "INSERT OR REPLACE INTO " + sums() + "(l, s, " + keys("") + ") VALUES "
                        + IntStream.range(0, count).mapToObj(this::rowOfSums).collect(Collectors.joining(", ")));
    }

    private String rowOfSums(int index) {
        var first = 2 + index * (1 + keyCount());
        return IntStream.rangeClosed(first, first + keyCount())
                .mapToObj(parameter -> ", ?" + parameter)
                .collect(Collectors.joining("", "(?1", ")"));
    }

    /** Keys and sums of the nodes of a level that start in a range, in order. */
    String nodes(boolean from, boolean to) {
        return kept(
                "nodes",
                ends(from, to),
                () -> "SELECT " + keys("") + ", s FROM " + sums() + whereRange("", "l = ?", from, to) + " ORDER BY "
                        + keys(""));
    }

    /** Keys of the nodes of a level that start in a range, in order, at most some. */
    String starts(boolean from, boolean to) {
        return kept(
                "starts",
                ends(from, to),
                () -> "SELECT " + keys("") + " FROM " + sums() + whereRange("", "l = ?", from, to) + " ORDER BY "
                        + keys("") + " LIMIT ?");
    }

    /** The key of the first node of a level that starts behind a key. */
    String nextStart() {
        return kept("next start", 1, () -> start(" > ", ""));
    }

    /** The key of the last node of a level that starts up to a key. */
    String lastStart() {
        return kept("last start", 1, () -> start(" <= ", " DESC"));
    }

    private String start(String comparison, String direction) {
        return "SELECT " + keys("") + " FROM " + sums() + " WHERE l = ? AND " + keyTuple("") + comparison
                + keyParameters() + " ORDER BY " + keys("").replace(",", direction + ",") + direction + " LIMIT 1";
    }

    /** Of a level the last node that starts up to a key, and the next one; nothing if no node starts up to there. */
    String nodeAround() {
        return kept("node around", 1, () -> {
            var key = IntStream.range(2, 2 + keyCount())
                    .mapToObj(parameter -> "?" + parameter)
                    .collect(Collectors.joining(", "));
            var last = "SELECT " + keys("") + " FROM " + sums() + " WHERE l = ?1 AND " + keyTuple("") + " <= "
                    + (keyCount() == 1 ? key : "(" + key + ")") + " ORDER BY " + keys("").replace(",", " DESC,")
                    + " DESC LIMIT 1";
            return "SELECT " + keys("") + ", s FROM " + sums() + " WHERE l = ?1 AND " + keyTuple("") + " >= (" + last
                    + ") ORDER BY " + keys("") + " LIMIT 2";
        });
    }

    /** Deletes the row of the user's table with a given key, or rowid. */
    String deleteRow() {
        return "DELETE FROM " + layout.qualifiedName() + whereRow();
    }

    /** Sets a cell of the row of the user's table with a given key, or rowid, to {@code parameter}. */
    String updateCell(int cell, String parameter) {
        return "UPDATE OR ABORT " + layout.qualifiedName() + " SET "
                + layout.columns().get(cellIndexes[cell]).quoted() + " = " + parameter + whereRow();
    }

    private String whereRow() {
        return identity == Identity.BIRTH
                ? " WHERE " + layout.rowidName().orElseThrow() + " = ?"
                : IntStream.of(keyIndexes)
                        .mapToObj(i -> layout.columns().get(i).quoted() + " COLLATE BINARY = ?")
                        .collect(Collectors.joining(" AND ", " WHERE ", ""));
    }

    /** The quoted names of the key columns, or of the rowid. */
    List<String> rowKeyNames() {
        return identity == Identity.BIRTH
                ? List.of(layout.rowidName().orElseThrow())
                : IntStream.of(keyIndexes)
                        .mapToObj(i -> layout.columns().get(i).quoted())
                        .toList();
    }

    /** The cell of the column with this name, in any case; none for a key column. */
    OptionalInt cellOf(String column) {
        var folded = Identifiers.fold(column);
        return IntStream.range(0, cellIndexes.length)
                .filter(i -> Identifiers.fold(
                                layout.columns().get(cellIndexes[i]).name())
                        .equals(folded))
                .findFirst();
    }

    @Override
    public String toString() {
        return name;
    }
}
