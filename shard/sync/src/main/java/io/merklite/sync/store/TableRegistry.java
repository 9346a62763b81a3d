package io.merklite.sync.store;

import io.merklite.session.catalog.Identifiers;
import io.merklite.session.catalog.KeylessRows;
import io.merklite.session.catalog.TableLayout;
import io.merklite.session.catalog.UniqueIndex;
import io.merklite.session.statement.SqlStatements;
import io.merklite.sync.SyncException.StoreFailure;
import io.merklite.sync.SyncException.Unsupported;
import io.merklite.sync.stamp.Stamp;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * The tables that replicate, followed through changes of the schema.
 *
 * <p>A table that is new here is adopted: its rows are born now. One that only got or lost columns keeps the states of its
 * rows, and its sums are made anew where digests changed. So does one whose key changed, if the columns of the former key
 * are still there to {@linkplain CarriedStates tell which row is which}; otherwise, or if only one of then and now it has a
 * key, it is adopted anew. Tables are recorded by their {@linkplain TableIdentities identities}.
 */
final class TableRegistry {
    static final List<String> CREATE = List.of("""
            CREATE TABLE IF NOT EXISTS _merklite_tables(
                number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, shape TEXT NOT NULL, cells TEXT NOT NULL)
            """, """
            CREATE TABLE IF NOT EXISTS _merklite_columns(
                number INTEGER NOT NULL, id INTEGER NOT NULL, name TEXT NOT NULL, PRIMARY KEY (number, id)) WITHOUT ROWID
            """);

    private static final String USER_TABLES = """
            SELECT name FROM pragma_table_list
            WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
                AND (name NOT LIKE '\\_merklite\\_%' ESCAPE '\\'
                    OR name IN ('_merklite_conflicts', '_merklite_schema_elements', '_merklite_requests'))
            ORDER BY name
            """;

    private final SqlStatements statements;
    private final OriginTable origins;
    private final StoreOptions options;
    private final Map<String, TrackedTable> tables = new TreeMap<>();
    private final Map<Integer, MerkleSums> sums = new HashMap<>();
    private final ShadowRows rows;
    private final PendingSums pending;
    private final TableIdentities identities = new TableIdentities();

    /** A table as it is recorded: its number, which one it is, how its rows are identified, its cells. */
    private record Known(int number, String name, String shape, String cells) {}

    TableRegistry(
            SqlStatements statements, OriginTable origins, ShadowRows rows, PendingSums pending, StoreOptions options) {
        this.statements = statements;
        this.origins = origins;
        this.rows = rows;
        this.pending = pending;
        this.options = options;
    }

    /** Tables by folded name. Unmodifiable view. */
    Map<String, TrackedTable> tables() {
        return Collections.unmodifiableMap(tables);
    }

    Optional<TrackedTable> table(String name) {
        return Optional.ofNullable(tables.get(Identifiers.fold(name)));
    }

    /** Which tables they are. */
    TableIdentities identities() {
        return identities;
    }

    /** Reads which tables they are that are recorded: before the first use, and after a transaction was undone. */
    void loadIdentities() throws SQLException {
        identities.reset(known().keySet().stream()
                .filter(name -> !isInternal(name))
                .filter(name -> KeylessRows.tableOf(name).isEmpty())
                .toList());
    }

    MerkleSums sums(TrackedTable table) {
        return sums.computeIfAbsent(table.number(), number -> new MerkleSums(statements, rows, table, pending));
    }

    /** Forgets what is cached of the sums: a transaction was undone. */
    void forgetSums() {
        sums.values().forEach(MerkleSums::forget);
        rows.forgetLast();
    }

    /** Whether a table takes part, by its name. */
    boolean accepts(String table) {
        var folded = Identifiers.fold(table);
        if (isInternal(table)) {
            return options.isSchemaReplicated() || table.equals(ConflictLedger.TABLE);
        }
        return (!folded.startsWith("_sqlift_")
                && !folded.startsWith("_sqlpipe_")
                && options.tables().test(table));
    }

    /** Whether a table is the replica's own, and replicates all the same: its columns are the same everywhere and ever. */
    static boolean isInternal(String table) {
        return table.equals(ConflictLedger.TABLE)
                || table.equals(ReplicatedSchema.TABLE)
                || table.equals(RequestLedger.TABLE);
    }

    /** Whether a table is the user's, takes part, and is an ordinary one. */
    boolean isUsers(String table) {
        return !isInternal(table) && accepts(table) && kind(table).equals("table");
    }

    /** Whether a table takes part, and is neither SQLite's own nor one behind a virtual table. */
    boolean records(String table) {
        return accepts(table)
                && !Identifiers.fold(table).startsWith("sqlite_")
                && !kind(table).equals("shadow");
    }

    /** The kind of a table, a view or a virtual table in SQLite's words; empty if there is none. */
    private String kind(String table) {
        try {
            var query = statements.prepare("SELECT type FROM pragma_table_list(?1) WHERE schema = 'main'");
            query.setString(1, table);
            try (var rows = query.executeQuery()) {
                return rows.next() ? rows.getString(1) : "";
            }
        } catch (SQLException e) {
            throw new StoreFailure("reading the kind of a table", e);
        }
    }

    /**
     * What a change of the schema brought.
     *
     * @param adopted folded names of tables with rows that were adopted
     * @param settled folded names of tables whose rows have their states, whatever is recorded of them
     */
    record Followed(Set<String> adopted, Set<String> settled) {}

    /** What becomes of the states of a table. */
    private enum Following {
        KEPT,
        CARRIED,
        NEW
    }

    /**
     * Reads the schema anew, inside a transaction.
     *
     * @param birth the stamp of rows that are adopted
     * @param inserted how many rows of a table, by folded name, were recorded as inserted: where these are all rows of a
     *     new table, they need not be adopted
     * @param renames a column that was renamed keeps the states of its cells
     * @param reborn folded names of tables whose rows are adopted although they are known
     */
    Followed follow(Stamp birth, Map<String, Long> inserted, Renames renames, Set<String> reborn) throws SQLException {
        Map<Integer, TrackedTable> former = new HashMap<>();
        tables.values().forEach(table -> former.put(table.number(), table));
        sums.clear();
        rows.forgetLast();
        tables.clear();
        var known = known();
        Map<String, TrackedTable> present = new LinkedHashMap<>();
        for (var name : userTables()) {
            if (accepts(name)) {
                present(name).forEach(table -> present.put(table.foldedName(), table));
            }
        }
        identify(present.values(), renames);
        Set<String> recordedNames = new HashSet<>();
        for (var table : present.values()) {
            var name = recordedName(table);
            recordedNames.add(name);
            var before = formerName(table).map(known::remove);
            before.ifPresent(moved -> known.put(name, moved));
        }
        for (var entry : Map.copyOf(known).entrySet()) {
            var isReborn = reborn.contains(TableIdentities.nameOf(KeylessRows.tableOrSelf(entry.getKey())));
            if (isReborn || !recordedNames.contains(entry.getKey())) {
                forget(entry.getValue().number());
                known.remove(entry.getKey());
            }
        }
        Set<String> adopted = new HashSet<>();
        Set<String> settled = new HashSet<>();
        for (var entry : present.entrySet()) {
            var name = entry.getKey();
            var stamp = name.equals(ReplicatedSchema.TABLE) ? ReplicatedSchema.GENESIS : birth;
            var recorded = Optional.ofNullable(known.get(recordedName(entry.getValue())));
            var isWritten = inserted.containsKey(name);
            var unwritten = recorded.filter(table -> !isWritten || isUnchanged(former.get(table.number()), present));
            switch (follow(entry.getValue(), recorded, unwritten.isPresent(), renames)) {
                case KEPT -> {
                    // states and rows belong together as before
                }
                case CARRIED -> {
                    settled.add(name);
                    if (adoptOthers(justFollowed(name), stamp)) {
                        adopted.add(name);
                    }
                }
                case NEW -> {
                    if (adopt(justFollowed(name), stamp, inserted.getOrDefault(name, 0L))) {
                        settled.add(name);
                        adopted.add(name);
                    }
                }
            }
        }
        identities.followed();
        return new Followed(adopted, settled);
    }

    private void identify(Collection<TrackedTable> present, Renames renames) {
        Set<String> names = new HashSet<>();
        for (var table : present) {
            if (!isInternal(table.name())) {
                names.add(table.foldedTableName());
                if (!identities.isKnown(table.foldedTableName())) {
                    identities.add(renames.unspent(table.foldedTableName()));
                }
            }
        }
        identities.retain(names);
    }

    private String recordedName(TrackedTable table) {
        return recordedName(table, identities.of(table.foldedTableName()));
    }

    private static String recordedName(TrackedTable table, String identity) {
        return table.isOfKeylessRows() ? KeylessRows.groupName(identity) : identity;
    }

    /** What a table was recorded by that has another identity since. */
    private Optional<String> formerName(TrackedTable table) {
        return identities.former(identities.of(table.foldedTableName())).map(identity -> recordedName(table, identity));
    }

    /**
     * Whether rows have the values of which the states tell: the user may have made a table anew and changed them with it.
     */
    private boolean isUnchanged(@Nullable TrackedTable before, Map<String, TrackedTable> present) {
        var now = before == null ? null : present.get(before.foldedName());
        if (before == null || now == null) {
            return false;
        }
        var names = now.layout().columns().stream()
                .map(column -> Identifiers.fold(column.name()))
                .toList();
        var isWhole = before.layout().columns().stream()
                .map(column -> Identifiers.fold(column.name()))
                .allMatch(names::contains);
        return isWhole
                && StoreTransactions.call(
                        "comparing rows with their index",
                        () -> new MerkleSums(statements, rows, before, pending).sum(KeyRange.ALL)
                                == rows.sumOfDigests(before, KeyRange.ALL));
    }

    private TrackedTable justFollowed(String name) {
        return table(name).orElseThrow(() -> new IllegalStateException("table " + name + " was just followed"));
    }

    private List<TrackedTable> present(String name) throws SQLException {
        var layout = TableLayout.read(statements.connection(), "main", name)
                .filter(found -> found.hasKey() || found.rowidName().isPresent());
        if (layout.isEmpty()) {
            return List.of();
        }
        var merge = options.merges().getOrDefault(Identifiers.fold(name), TableMerge.LAST_WRITER_WINS);
        return TrackedTable.of(layout.get(), UniqueIndex.read(statements.connection(), layout.get()), merge);
    }

    private Following follow(TrackedTable present, Optional<Known> known, boolean isUnwritten, Renames renames)
            throws SQLException {
        if (known.isEmpty()) {
            begin(nextNumber(), present);
            return Following.NEW;
        }
        var number = known.get().number();
        var before = columnsBefore(number, present, renames);
        var then = KeyShape.parse(known.get().shape());
        if (then.isSameAs(KeyShape.of(present, before))) {
            renameColumns(number, before);
            keep(known.get(), present);
            return Following.KEPT;
        }
        var former = formerKey(then, present, before);
        if (former.isEmpty() || present.identity() == TrackedTable.Identity.BIRTH || !isUnwritten) {
            forget(number);
            begin(nextNumber(), present);
            return Following.NEW;
        }
        renameColumns(number, before);
        carry(number, present, former);
        return Following.CARRIED;
    }

    private void keep(Known known, TrackedTable present) throws SQLException {
        var table = withColumns(known.number(), present);
        tables.put(present.foldedName(), table);
        var now = known(known.number(), present);
        if (!known.equals(now)) {
            record(now);
            if (!known.name().equals(now.name()) || !known.cells().equals(now.cells())) {
                sums(table).rebuild();
            }
        }
    }

    private Known known(int number, TrackedTable table) {
        return new Known(
                number, recordedName(table), KeyShape.of(table, Map.of()).text(), cells(table.layout()));
    }

    private void begin(int number, TrackedTable present) throws SQLException {
        record(known(number, present));
        var table = withColumns(number, present);
        for (var sql : table.create()) {
            statements.once(sql);
        }
        tables.put(present.foldedName(), table);
    }

    private int nextNumber() throws SQLException {
        return Math.toIntExact(statements.number("SELECT coalesce(max(number), 0) + 1 FROM _merklite_tables"));
    }

    /** The columns of a former key as they are called now, quoted; empty if there was none, or not all are there. */
    private static List<String> formerKey(KeyShape then, TrackedTable present, Map<String, String> before) {
        if (!then.isKeyed()) {
            return List.of();
        }
        List<String> columns = new ArrayList<>();
        for (var name : then.names()) {
            present.layout().columns().stream()
                    .filter(column -> {
                        var now = Identifiers.fold(column.name());
                        return before.getOrDefault(now, now).equals(name);
                    })
                    .findFirst()
                    .ifPresent(column -> columns.add(column.quoted()));
        }
        return columns.size() == then.names().size() ? columns : List.of();
    }

    private void carry(int number, TrackedTable present, List<String> former) throws SQLException {
        var next = nextNumber();
        statements.once("UPDATE _merklite_columns SET number = " + next + " WHERE number = " + number);
        begin(next, present);
        var table = justFollowed(present.foldedName());
        var states = new CarriedStates(statements, origins, rows, table, "_merklite_rows_" + number, former);
        states.move();
        if (former.equals(table.rowKeyNames())) {
            states.moveTombstones();
        }
        forget(number);
        rows.forgetLast();
        sums(table).rebuild();
    }

    /** Columns that were renamed: what they are called to what they are recorded as. */
    private Map<String, String> columnsBefore(int number, TrackedTable present, Renames renames) throws SQLException {
        var recorded = columnNames(number);
        var now = present.layout().columns().stream()
                .map(column -> Identifiers.fold(column.name()))
                .toList();
        Map<String, String> before = new LinkedHashMap<>();
        for (var column : now) {
            if (!recorded.contains(column)) {
                renames.columnBefore(
                                identities.of(present.foldedTableName()),
                                column,
                                name -> recorded.contains(name) && !now.contains(name) && !before.containsValue(name))
                        .ifPresent(name -> before.put(column, name));
            }
        }
        return before;
    }

    private void renameColumns(int number, Map<String, String> before) throws SQLException {
        for (var column : before.entrySet()) {
            var update = statements.prepare("UPDATE _merklite_columns SET name = ?1 WHERE number = ?2 AND name = ?3");
            update.setString(1, column.getKey());
            update.setInt(2, number);
            update.setString(3, column.getValue());
            update.executeUpdate();
        }
    }

    private List<String> columnNames(int number) throws SQLException {
        List<String> names = new ArrayList<>();
        var query = statements.prepare("SELECT name FROM _merklite_columns WHERE number = ?1 ORDER BY id");
        query.setInt(1, number);
        try (var found = query.executeQuery()) {
            while (found.next()) {
                names.add(found.getString(1));
            }
        }
        return names;
    }

    private TrackedTable withColumns(int number, TrackedTable present) throws SQLException {
        var names = columnNames(number);
        for (var column : present.layout().columns()) {
            var name = Identifiers.fold(column.name());
            if (!names.contains(name)) {
                var insert = statements.prepare("INSERT INTO _merklite_columns VALUES (?1, ?2, ?3)");
                insert.setInt(1, number);
                insert.setInt(2, names.size());
                insert.setString(3, name);
                insert.executeUpdate();
                names.add(name);
            }
        }
        return present.recorded(number, names);
    }

    private void record(Known table) throws SQLException {
        var put = statements.prepare("INSERT OR REPLACE INTO _merklite_tables VALUES (?1, ?2, ?3, ?4)");
        put.setInt(1, table.number());
        put.setString(2, table.name());
        put.setString(3, table.shape());
        put.setString(4, table.cells());
        put.executeUpdate();
    }

    private void forget(int number) throws SQLException {
        pending.forget(number);
        statements.once("DROP TABLE IF EXISTS _merklite_rows_" + number);
        statements.once("DROP TABLE IF EXISTS _merklite_sums_" + number);
        statements.once("DELETE FROM _merklite_columns WHERE number = " + number);
        statements.once("DELETE FROM _merklite_tables WHERE number = " + number);
    }

    private boolean adopt(TrackedTable table, Stamp birth, long insertedCount) throws SQLException {
        if (insertedCount > 0 && statements.number("SELECT count(*) FROM " + table.from()) == insertedCount) {
            return false;
        }
        adopt(table, birth, "");
        return statements.number("SELECT EXISTS (SELECT 1 FROM " + table.shadow() + ")") != 0;
    }

    /** Adopts rows that have no state, if there are any. */
    private boolean adoptOthers(TrackedTable table, Stamp birth) throws SQLException {
        var condition = " AND " + table.withoutState();
        if (statements.number("SELECT EXISTS (SELECT 1 FROM " + table.from() + condition + ")") == 0) {
            return false;
        }
        adopt(table, birth, condition);
        return true;
    }

    private void adopt(TrackedTable table, Stamp birth, String condition) throws SQLException {
        var origin = origins.id(birth.origin());
        var stamp = birth.clock() + ", " + origin;
        var keys = String.join(", ", table.rowKeyNames());
        var from = table.from() + condition;
        var select = switch (table.identity()) {
            case INTEGER -> "(k0, b, o) SELECT " + keys + ", " + stamp + " FROM " + from;
            case COLUMNS ->
                "(" + table.keys("") + ", b, o) SELECT " + keys + ", " + stamp + " FROM "
                        + from
                        + table.rowKeyNames().stream()
                                .map(name -> " AND " + name + " IS NOT NULL")
                                .collect(Collectors.joining());
            case BIRTH ->
                "(k0, k1, k2, b, o, r) SELECT " + birth.clock() + ", "
                        + birth.origin().bits() + ", row_number() OVER (ORDER BY " + keys + "), " + stamp + ", "
                        + keys + " FROM " + from;
        };
        statements.once("INSERT INTO " + table.shadow() + select);
        rows.forgetLast();
        sums(table).rebuild();
    }

    private Map<String, Known> known() throws SQLException {
        Map<String, Known> known = new LinkedHashMap<>();
        try (var found = statements
                .prepare("SELECT number, name, shape, cells FROM _merklite_tables")
                .executeQuery()) {
            while (found.next()) {
                known.put(
                        found.getString(2),
                        new Known(found.getInt(1), found.getString(2), found.getString(3), found.getString(4)));
            }
        }
        return known;
    }

    private List<String> userTables() throws SQLException {
        List<String> names = new ArrayList<>();
        try (var found = statements.prepare(USER_TABLES).executeQuery()) {
            while (found.next()) {
                names.add(found.getString(1));
            }
        }
        return names;
    }

    /** What digests depend on: the columns outside the key, and their types, which convert values when a table is rebuilt. */
    private static String cells(TableLayout layout) {
        return layout.columns().stream()
                .filter(column -> !column.isKey())
                .map(column -> Identifiers.quote(Identifiers.fold(column.name()))
                        + Identifiers.quote(Identifiers.fold(column.declaredType())))
                .collect(Collectors.joining(","));
    }

    /** The table of this name, which must replicate here. */
    TrackedTable require(String name) {
        return table(name)
                .orElseThrow(() -> new Unsupported(
                        "table " + name + ", which does not replicate here", "Compare the schemas of the replicas"));
    }

    /** Puts what is pending into the nodes of the sums. */
    void settleSums() throws SQLException {
        for (var table : tables.values()) {
            sums(table).settle();
        }
    }

    /** Makes all sums anew: an older version has made others. Reads every row. */
    void rebuildSums() throws SQLException {
        for (var table : tables.values()) {
            sums(table).rebuild();
        }
    }

    /** The sum of all sums: the root. */
    long total() throws SQLException {
        var total = 0L;
        for (var table : tables().values()) {
            total += sums(table).sum(KeyRange.ALL);
        }
        return total;
    }

    /**
     * A fingerprint of the replicated structure: the same for the same tables, whatever their formatting, indexes, views
     * and triggers. Not for others of the same names: what is written on either must not be taken for the other's.
     */
    long fingerprint() {
        var text = new StringBuilder();
        for (var table : tables.values()) {
            if (isInternal(table.name()) || table.isOfKeylessRows()) {
                continue;
            }
            text.append(Identifiers.quote(identities.of(table.foldedName())))
                    .append(table.layout().withoutRowid() ? "W(" : "(");
            for (var column : table.layout().columns()) {
                text.append(Identifiers.quote(Identifiers.fold(column.name())))
                        .append(Identifiers.quote(Identifiers.fold(column.declaredType())))
                        .append(column.notNull() ? "!" : "?")
                        .append(column.keyPosition())
                        .append(Identifiers.quote(column.defaultSql().orElse("")))
                        .append(',');
            }
            text.append(')');
        }
        return RowDigest.seed(text.toString());
    }
}
