package io.merklite.session.capture;

import io.merklite.session.SessionException;
import io.merklite.session.SessionException.DatabaseFailure;
import io.merklite.session.SessionException.Misuse;
import io.merklite.session.SessionException.SchemaMismatch;
import io.merklite.session.catalog.DefaultValue;
import io.merklite.session.catalog.Identifiers;
import io.merklite.session.catalog.KeylessRows;
import io.merklite.session.catalog.RawRows;
import io.merklite.session.catalog.TableLayout;
import io.merklite.session.catalog.UniqueIndex;
import io.merklite.session.changeset.Changeset;
import io.merklite.session.changeset.ChangesetWriter;
import io.merklite.session.changeset.Patchset;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.sqlite.SQLiteConnection;

/**
 * Records what a connection changes in one schema, and gives it as a changeset or patchset of net changes.
 *
 * <pre>{@code
 * try (var session = Session.open(connection, "main")) {
 *     session.attachAll();
 *     statement.executeUpdate("UPDATE orders SET state = 'paid' WHERE id = 7");
 *     Changeset changes = session.changeset();
 * }
 * }</pre>
 *
 * <p>Writes are made on the connection as always. Recorded are rows of tables with a primary key, as they are stored;
 * not recorded, but by {@link #openWithRowidKeys}, are rows with a NULL in the key; nor ever are views, virtual tables (their shadow tables are), DDL, and what other
 * connections write. A changeset may be taken at any time, also inside a transaction, any number of times; {@link
 * #takeChangeset} also forgets what it gave, which suits a session that lives as long as its connection.
 *
 * <p><b>Schema changes</b> are noticed when the session is next asked for something. Rows of a table that was created
 * meanwhile count as inserted. Columns added at the end are fine; if a touched table lost columns, got another key, was
 * dropped or renamed, asking for a changeset fails, and goes on failing, with {@link SchemaMismatch}. A session opened,
 * or a table attached, inside a transaction that is rolled back, is lost, and says so.
 *
 * <p><b>Side effects.</b> TEMP triggers and one TEMP table, gone with {@link #close}. {@code total_changes()} counts the
 * log's rows; {@code changes()} and {@code last_insert_rowid()} are as without a session.
 *
 * <p><b>Threading.</b> Not thread-safe: confined to the owner of the connection. Blocks on disk.
 *
 * <p><b>Cost.</b> About 1 µs for each row written, 0.5 µs for each row in a changeset of three columns.
 */
public final class Session implements AutoCloseable {
    private static final String PREFIX = "_merklite_";
    /** In the names of triggers on rows without a key, after the number. */
    private static final String KEYLESS = "_keyless_";

    private static final AtomicLong NEXT_NUMBER = new AtomicLong(1);
    private static final Pattern DROPS_COLUMN =
            Pattern.compile("\\s*ALTER\\s+TABLE\\b.*\\bDROP\\b.*", Pattern.CASE_INSENSITIVE | Pattern.DOTALL);
    private static final String TABLES = """
            SELECT name FROM pragma_table_list
            WHERE schema = ?1 COLLATE NOCASE AND type IN ('table', 'shadow') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'
                AND name NOT LIKE '\\_merklite\\_%' ESCAPE '\\'
            """;

    private final Connection connection;
    private final SQLiteConnection driver;
    private final String schema;
    private final boolean rowidKeys;
    private final String triggerPrefix;
    private final String logName;
    private final String log;

    /** Names attached one by one, in that order: folded name to name as given. */
    private final Map<String, String> requested = new LinkedHashMap<>();

    private final Map<String, CapturedTable> tables = new LinkedHashMap<>();
    private final Map<Integer, PreparedStatement> readQueries = new HashMap<>();
    private final Map<Integer, NetChanges.Shape> shapes = new HashMap<>();
    private final Map<Integer, List<byte[]>> defaults = new HashMap<>();
    /** Numbers of tables that got columns since they were attached. */
    private final Set<Integer> grown = new HashSet<>();

    private final StatisticsSnapshot statistics = new StatisticsSnapshot();
    private boolean statisticsWatched;
    private @Nullable Predicate<String> filter;
    private int nextTable = 1;
    private int logColumns;
    private long seenSchemaVersion;
    private OwnObjects seenOwnObjects = OwnObjects.NONE;
    private int triggerCount;
    private boolean enabled = true;
    private boolean indirect;
    private boolean closed;
    private @Nullable SessionException failure;
    private @Nullable Boolean utf8;
    private @Nullable PreparedStatement schemaVersion;
    private @Nullable PreparedStatement ownObjects;
    private @Nullable PreparedStatement touchedRange;
    private @Nullable PreparedStatement firstTouches;
    private @Nullable PreparedStatement clearLog;

    private Session(Connection connection, String schema, boolean rowidKeys) throws SQLException {
        this.connection = connection;
        this.driver = connection.unwrap(SQLiteConnection.class);
        this.schema = schema;
        this.rowidKeys = rowidKeys;
        var number = NEXT_NUMBER.getAndIncrement();
        this.triggerPrefix = PREFIX + number + "_";
        this.logName = PREFIX + "log_" + number;
        this.log = Identifiers.quote(logName);
        rememberSchema();
    }

    /**
     * A session on a schema of {@code connection}, with no table attached yet.
     *
     * @param connection a connection of the SQLite driver, or a wrapper of one; it stays the caller's
     * @param schema {@code main}, {@code temp}, or the name of an attached database
     */
    public static Session open(Connection connection, String schema) {
        return open(connection, schema, false);
    }

    /**
     * A session that also records tables without a primary key, by their rowid: its changesets have it as the first
     * column. Such a rowid means something only where it is kept, so replicas must get every row from changesets. Rows
     * that have NULL in the key of their table are recorded like this too, in a group of their own, {@code
     * _merklite_keyless_} and the table's name.
     */
    public static Session openWithRowidKeys(Connection connection, String schema) {
        return open(connection, schema, true);
    }

    private static Session open(Connection connection, String schema, boolean rowidKeys) {
        try {
            return new Session(connection, schema, rowidKeys);
        } catch (SQLException e) {
            throw new DatabaseFailure("opening a session on " + schema, e);
        }
    }

    private boolean isUtf8() throws SQLException {
        if (utf8 == null) {
            try (var query = connection.createStatement();
                    var rows = query.executeQuery("PRAGMA " + Identifiers.quote(schema) + ".encoding")) {
                utf8 = rows.next() && rows.getString(1).equals("UTF-8");
            }
        }
        return utf8;
    }

    /**
     * Attaches the table {@code name}, which may be created later. Names compare without ASCII case; changesets give the
     * name as it is spelt here.
     */
    public void attach(String name) {
        run("attaching " + name, () -> {
            lookForSchemaChanges();
            if (requested.putIfAbsent(Identifiers.fold(name), name) == null) {
                capture(name, name, false);
                rememberSchema();
            }
        });
    }

    /** Attaches all tables, those created later included. */
    public void attachAll() {
        attachMatching(name -> true);
    }

    /**
     * Attaches all tables whose names {@code accepted} accepts, those created later included.
     *
     * @param accepted must give the same answer for the same name; replaces an earlier one
     */
    public void attachMatching(Predicate<String> accepted) {
        run("attaching tables", () -> {
            lookForSchemaChanges();
            filter = accepted;
            captureMatching(false);
            rememberSchema();
        });
    }

    public boolean isEnabled() {
        return enabled;
    }

    /** Switches recording on or off. While it is off writes are not seen; rows recorded before show their present state. */
    public void enable(boolean on) {
        run("switching a session", () -> {
            lookForSchemaChanges();
            if (enabled != on) {
                enabled = on;
                rearm();
            }
        });
    }

    public boolean isIndirect() {
        return indirect;
    }

    /** Switches whether changes made from now on are marked indirect. A row is indirect if all its touches were. */
    public void indirect(boolean on) {
        run("switching a session", () -> {
            lookForSchemaChanges();
            if (indirect != on) {
                indirect = on;
                rearm();
            }
        });
    }

    /** Whether nothing was recorded. If so the changeset is empty; otherwise it may be empty all the same. */
    public boolean isEmpty() {
        return call("asking a session", () -> {
            lookForSchemaChanges();
            if (statisticsWatched && statistics.differs(connection, schema)) {
                return false;
            }
            if (hasTouches(" WHERE (o & " + CaptureTriggers.OPERATION_MASK + ") <> " + CaptureTriggers.DISPLACED)) {
                return false;
            }
            return !hasTouches("") || write(false).sizeBytes() == 0;
        });
    }

    /**
     * Internal: SQLite's number of the schema as it was when the session was last asked for something: who asks next need
     * not read it again.
     */
    public long seenSchemaVersion() {
        return seenSchemaVersion;
    }

    /** How much memory the recorded touches take, about. O(n) in their number. */
    public long memoryUsedBytes() {
        return call("asking a session", () -> {
            if (logColumns == 0) {
                return 0L;
            }
            var sizes = IntStream.range(0, logColumns)
                    .mapToObj(i -> "coalesce(octet_length(c" + i + "), 0)")
                    .collect(Collectors.joining(" + "));
            return number("SELECT coalesce(sum(16 + " + sizes + "), 0) FROM " + log);
        });
    }

    /** How large the changeset would be now. As dear as the changeset itself. */
    public long changesetSizeBytes() {
        return write(false).sizeBytes();
    }

    /**
     * The net changes since the session began, or since the last take.
     *
     * @throws SchemaMismatch if a recorded table lost columns, has another key, or is gone
     */
    public Changeset changeset() {
        return Changeset.wrap(write(false).toByteArray());
    }

    /** The net changes without old values: smaller, and enough where conflicts need not be noticed. */
    public Patchset patchset() {
        return Patchset.wrap(write(true).toByteArray());
    }

    /**
     * The net changes, which are forgotten: the next changeset begins after them. Inside a transaction that is rolled
     * back they are remembered again with it.
     */
    public Changeset takeChangeset() {
        var changeset = changeset();
        discard();
        return changeset;
    }

    /** Like {@link #takeChangeset}, as a patchset. */
    public Patchset takePatchset() {
        var patchset = patchset();
        discard();
        return patchset;
    }

    /** Forgets the changes recorded so far: the next changeset begins after them. */
    public void discard() {
        run("forgetting changes", () -> {
            if (logColumns > 0) {
                if (clearLog == null) {
                    clearLog = connection.prepareStatement("DELETE FROM " + log);
                }
                clearLog.executeUpdate();
            }
            if (statisticsWatched) {
                statistics.take(connection, schema);
            }
        });
    }

    /**
     * Runs a statement that changes the schema. Only DROP COLUMN needs this: SQLite refuses it while triggers name the
     * column, so they are taken away meanwhile.
     */
    public void executeSchemaChange(String sql) {
        run("changing the schema", () -> {
            lookForSchemaChanges();
            if (DROPS_COLUMN.matcher(sql).matches()) {
                exec(dropAllTriggers());
                triggerCount = 0;
                try {
                    execute(sql);
                } finally {
                    rearmAfterSchemaChange();
                }
            } else {
                execute(sql);
            }
        });
    }

    /**
     * Takes note that a transaction, or what came after a savepoint of it, was rolled back in which tables were attached
     * or the schema was changed: recorded is again what was recorded before.
     *
     * <p>Schema, triggers and log went back together, so the triggers say which tables were attached.
     */
    public void rolledBack() {
        run("following a rollback", () -> {
            if (!enabled || failure != null || logColumns == 0 || logColumnCount() == 0) {
                lookForSchemaChanges();
                return;
            }
            logColumns = logColumnCount();
            closeReadQueries();
            defaults.clear();
            var armed = triggersNow();
            tables.values().removeIf(table -> !StatisticsSnapshot.isStatistics(table.layout()));
            exec(armed.entrySet().stream()
                    .flatMap(triggers ->
                            CaptureTriggers.drop(triggerPrefix(
                                            triggers.getKey(),
                                            triggers.getValue().ofKeylessRows()))
                                    .stream())
                    .toList());
            for (var triggers : armed.entrySet()) {
                var table = triggers.getValue();
                var layout = TableLayout.read(connection, schema, table.table());
                if (layout.isPresent() && isRecorded(layout.get(), table.ofKeylessRows())) {
                    var name = layout.get().name();
                    var groupName = requested.getOrDefault(Identifiers.fold(name), name);
                    arm(triggers.getKey(), layout.get(), groupName, table.ofKeylessRows(), false);
                    grown.add(triggers.getKey());
                }
            }
            followSchemaChanges();
        });
    }

    /**
     * Adds the changes that turn a table of another schema into the session's own; nothing is executed.
     *
     * @param from name of a schema of the same connection
     * @param table name of the table; attached if it is not yet. Without a primary key, or missing here, nothing is added
     * @throws SchemaMismatch if it is missing there, or has other columns or another key
     */
    public void diff(String from, String table) {
        run("comparing tables", () -> {
            lookForSchemaChanges();
            if (requested.putIfAbsent(Identifiers.fold(table), table) == null) {
                capture(table, table, false);
                rememberSchema();
            }
            var ours = tables.get(Identifiers.fold(table));
            var theirs = TableLayout.read(connection, from, table);
            if (theirs.isEmpty() && TableLayout.read(connection, schema, table).isPresent()) {
                throw new SchemaMismatch("no such table: " + from + "." + table, "Name a schema that has the table");
            }
            if (ours != null && theirs.isPresent()) {
                var difference = new TableDiff(ours, theirs.get(), log, indirect);
                difference.requireSameShape();
                for (var sql : difference.statements()) {
                    execute(sql);
                }
            }
        });
    }

    /** Takes away every trace of the session. The connection stays open. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        try {
            closeStatements();
            if (!connection.isClosed()) {
                exec(dropAllTriggers());
                exec(List.of("DROP TABLE IF EXISTS temp." + log));
            }
        } catch (SQLException e) {
            throw new DatabaseFailure("closing a session", e);
        }
    }

    // ---- what is recorded -------------------------------------------------------------------------------------------

    private ChangesetWriter write(boolean patchset) {
        return call("reading a session's changes", () -> {
            lookForSchemaChanges();
            var out = new ChangesetWriter();
            for (var table : inGroupOrder()) {
                var changes = new NetChanges(shape(table), (index, target) -> writeDefault(table, index, target));
                if (StatisticsSnapshot.isStatistics(table.layout())) {
                    statistics.addTouches(connection, schema, changes);
                } else {
                    if (grown.contains(table.number())) {
                        evaluateDefaults(table);
                    }
                    changes.read(readQuery(table), isUtf8());
                }
                changes.write(patchset, out);
            }
            return out;
        });
    }

    /**
     * The tables that were touched: those attached by name in that order, then the others in the order of their first touch.
     * Statistics come last, touched or not, since nothing is logged of them.
     */
    private List<CapturedTable> inGroupOrder() throws SQLException {
        var touched = touchedTables();
        if (touched.size() <= 1 && !statisticsWatched) {
            return tables.values().stream()
                    .filter(table -> touched.contains(table.number()))
                    .toList();
        }
        Map<Integer, CapturedTable> byNumber = new HashMap<>();
        tables.values().forEach(table -> byNumber.put(table.number(), table));
        Map<Integer, CapturedTable> ordered = new LinkedHashMap<>();
        for (var name : requested.keySet()) {
            var table = tables.get(name);
            if (table != null && touched.contains(table.number())) {
                ordered.put(table.number(), table);
            }
        }
        for (var number : touched) {
            var table = byNumber.get(number);
            if (table != null) {
                addWithKeylessRows(table.layout().name(), ordered);
            }
        }
        for (var table : tables.values()) {
            if (StatisticsSnapshot.isStatistics(table.layout())) {
                ordered.put(table.number(), table);
            }
        }
        return List.copyOf(ordered.values());
    }

    /** Numbers of the tables that the log has, in the order of their first touch. */
    private Set<Integer> touchedTables() throws SQLException {
        Set<Integer> touched = new LinkedHashSet<>();
        if (logColumns > 0) {
            if (touchedRange == null) {
                touchedRange = connection.prepareStatement("SELECT min(t), max(t) FROM " + log);
            }
            var range = new int[2];
            RawRows.forEach(touchedRange, true, row -> {
                range[0] = (int) row.longAt(0);
                range[1] = (int) row.longAt(1);
            });
            if (range[0] < range[1]) {
                addInOrderOfTouch(touched);
            } else if (range[0] > 0) {
                touched.add(range[0]); // the usual case, for which nothing is sorted
            }
        }
        return touched;
    }

    private void addInOrderOfTouch(Set<Integer> touched) throws SQLException {
        if (firstTouches == null) {
            firstTouches = connection.prepareStatement("SELECT t FROM " + log + " GROUP BY t ORDER BY min(seq)");
        }
        RawRows.forEach(firstTouches, true, row -> touched.add((int) row.longAt(0)));
    }

    /**
     * Which of a table's triggers fires first is SQLite's choice, so it does not decide. Rows without a key come first: they
     * bring their rowid along, and for the others one is chosen.
     */
    private void addWithKeylessRows(String table, Map<Integer, CapturedTable> ordered) {
        for (var name : List.of(KeylessRows.groupName(table), table)) {
            Optional.ofNullable(tables.get(Identifiers.fold(name)))
                    .ifPresent(found -> ordered.putIfAbsent(found.number(), found));
        }
    }

    private NetChanges.Shape shape(CapturedTable table) {
        return shapes.computeIfAbsent(table.number(), number -> new NetChanges.Shape(table));
    }

    private PreparedStatement readQuery(CapturedTable table) throws SQLException {
        var known = readQueries.get(table.number());
        if (known == null) {
            known = connection.prepareStatement(table.readSql(log));
            readQueries.put(table.number(), known);
        }
        return known;
    }

    /** A column that was added after a row was logged had its default then. */
    private void writeDefault(CapturedTable table, int index, ChangesetWriter out) throws SQLException {
        var value = defaults.getOrDefault(table.number(), List.of()).get(table.rowidKey() ? index - 1 : index);
        out.raw(value, 0, value.length);
    }

    /** Evaluated before the log is read, since SQLite locks a table that is being read against the DDL this takes. */
    private void evaluateDefaults(CapturedTable table) throws SQLException {
        if (!defaults.containsKey(table.number())
                && hasTouches(" WHERE t = " + table.number() + " AND o >> " + CaptureTriggers.COLUMN_COUNT_SHIFT + " < "
                        + table.columnCount())) {
            List<byte[]> values = new ArrayList<>();
            for (var column : table.layout().columns()) {
                values.add(DefaultValue.evaluate(connection, column));
            }
            defaults.put(table.number(), values);
        }
    }

    private boolean hasTouches(String condition) throws SQLException {
        return logColumns > 0 && number("SELECT EXISTS (SELECT 1 FROM " + log + condition + ")") != 0;
    }

    // ---- which tables are captured ----------------------------------------------------------------------------------

    private void captureMatching(boolean createdMeanwhile) throws SQLException {
        var accepted = filter;
        if (accepted == null) {
            return;
        }
        List<String> names = new ArrayList<>();
        try (var query = connection.prepareStatement(TABLES)) {
            query.setString(1, schema);
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    names.add(rows.getString(1));
                }
            }
        }
        names.add(StatisticsSnapshot.NAME);
        for (var name : names) {
            if (!tables.containsKey(Identifiers.fold(name)) && accepted.test(name)) {
                capture(name, name, createdMeanwhile);
            }
        }
    }

    /**
     * Sets triggers on a table, if it exists and has a key.
     *
     * @param adoptRows whether its rows came into being since the session began, and count as inserted
     */
    private void capture(String name, String groupName, boolean adoptRows) throws SQLException {
        if (Identifiers.fold(name).equals(StatisticsSnapshot.NAME)) {
            watchStatistics(adoptRows);
            return;
        }
        var layout = TableLayout.read(connection, schema, name);
        if (layout.isEmpty() || !isRecorded(layout.get(), false)) {
            return;
        }
        var spelling = requested.containsKey(Identifiers.fold(name))
                ? groupName
                : layout.get().name();
        arm(nextTable++, layout.get(), spelling, false, adoptRows);
        captureKeylessRows(layout.get(), spelling, adoptRows);
    }

    /** Sets further triggers on a table that has any, for its rows without a key, if it may have such rows. */
    private void captureKeylessRows(TableLayout layout, String groupName, boolean adoptRows) throws SQLException {
        var isCaptured = tables.containsKey(Identifiers.fold(KeylessRows.groupName(layout.name())));
        if (!isCaptured && isRecorded(layout, true)) {
            arm(nextTable++, layout, groupName, true, adoptRows);
        }
    }

    private boolean isRecorded(TableLayout layout, boolean ofKeylessRows) throws SQLException {
        return ofKeylessRows
                ? rowidKeys && KeylessRows.arePossible(layout, UniqueIndex.read(connection, layout))
                : layout.hasKey() || (rowidKeys && layout.rowidName().isPresent());
    }

    private void watchStatistics(boolean createdMeanwhile) throws SQLException {
        var layout = TableLayout.read(connection, schema, StatisticsSnapshot.NAME);
        if (!statisticsWatched && !createdMeanwhile) {
            statistics.take(connection, schema);
        }
        statisticsWatched = true;
        if (layout.isPresent() && !tables.containsKey(StatisticsSnapshot.NAME)) {
            tables.put(
                    StatisticsSnapshot.NAME,
                    new CapturedTable(nextTable++, StatisticsSnapshot.NAME, layout.get(), List.of(), false));
        }
    }

    /** @param groupName the name that changesets give the table */
    private void arm(int number, TableLayout layout, String groupName, boolean ofKeylessRows, boolean adoptRows)
            throws SQLException {
        var table = new CapturedTable(
                number,
                ofKeylessRows ? KeylessRows.groupName(groupName) : groupName,
                layout,
                UniqueIndex.read(connection, layout),
                ofKeylessRows || !layout.hasKey());
        reserveLog(table.columnCount());
        if (enabled) {
            List<String> statements = new ArrayList<>();
            if (adoptRows) {
                statements.add(adoption(table));
            }
            var triggers = triggers(table).create(indirect);
            statements.addAll(triggers);
            exec(statements);
            triggerCount += triggers.size();
        }
        tables.put(key(table), table);
        closeQuery(number);
    }

    /** Under what {@link #tables} has it. */
    private static String key(CapturedTable table) {
        var name = table.layout().name();
        return Identifiers.fold(table.isOfKeylessRows() ? KeylessRows.groupName(name) : name);
    }

    private String triggerPrefix(int number, boolean ofKeylessRows) {
        return triggerPrefix + number + (ofKeylessRows ? KEYLESS : "_");
    }

    private String triggerPrefix(CapturedTable table) {
        return triggerPrefix(table.number(), table.isOfKeylessRows());
    }

    private CaptureTriggers triggers(CapturedTable table) {
        return new CaptureTriggers(
                log, triggerPrefix(table), table.number(), table.layout(), table.uniqueIndexes(), table.rowidKey());
    }

    private String adoption(CapturedTable table) {
        var keys = table.keyIndexes();
        var columns = table.columns();
        return "INSERT INTO temp." + log + "(t, o, "
                + keys.stream().map(i -> "c" + i).collect(Collectors.joining(", ")) + ") SELECT " + table.number()
                + ", " + CaptureTriggers.code(CaptureTriggers.INSERT, indirect, table.columnCount()) + ", "
                + keys.stream().map(columns::get).collect(Collectors.joining(", ")) + " FROM "
                + table.layout().qualifiedName() + " WHERE "
                + keys.stream().map(i -> columns.get(i) + " IS NOT NULL").collect(Collectors.joining(" AND "))
                + (table.isOfKeylessRows()
                        ? " AND "
                                + KeylessRows.condition(
                                        table.layout(),
                                        Identifiers.quote(table.layout().name()))
                        : "");
    }

    /** Columns that were added inside a transaction are gone when it was rolled back. */
    private int logColumnCount() throws SQLException {
        return logColumns == 0
                ? 0
                : Math.toIntExact(number("SELECT count(*) FROM pragma_table_info(" + Identifiers.literal(logName)
                        + ", 'temp') WHERE name GLOB 'c[0-9]*'"));
    }

    private void reserveLog(int columns) throws SQLException {
        if (logColumns == 0) {
            var names = IntStream.range(0, columns).mapToObj(i -> ", c" + i).collect(Collectors.joining());
            exec(List.of("CREATE TEMP TABLE " + log + "(seq INTEGER PRIMARY KEY, t, o" + names + ")"));
            logColumns = columns;
        }
        while (logColumns < columns) {
            exec(List.of("ALTER TABLE temp." + log + " ADD COLUMN c" + logColumns));
            logColumns++;
        }
    }

    /** Makes all triggers anew: switches have changed. */
    private void rearm() throws SQLException {
        exec(dropAllTriggers());
        triggerCount = 0;
        for (var table : List.copyOf(tables.values())) {
            if (!StatisticsSnapshot.isStatistics(table.layout())) {
                armAgain(table, table.layout());
            }
        }
        rememberSchema();
    }

    private void armAgain(CapturedTable table, TableLayout layout) throws SQLException {
        arm(table.number(), layout, KeylessRows.tableOrSelf(table.groupName()), table.isOfKeylessRows(), false);
    }

    private List<String> dropAllTriggers() {
        return tables.values().stream()
                .flatMap(table -> CaptureTriggers.drop(triggerPrefix(table)).stream())
                .toList();
    }

    // ---- schema changes ---------------------------------------------------------------------------------------------

    private void lookForSchemaChanges() throws SQLException {
        if (closed) {
            throw new Misuse("the session is closed", "Open another");
        }
        if (failure != null) {
            throw failure;
        }
        var own = expectedObjectCount();
        if (schemaVersion() == seenSchemaVersion && (own == 0 || ownObjects().equals(seenOwnObjects))) {
            return;
        }
        try {
            followSchemaChanges();
        } catch (SchemaMismatch | Misuse e) {
            failure = e;
            throw e;
        }
    }

    private long schemaVersion() throws SQLException {
        if (schemaVersion == null) {
            schemaVersion = connection.prepareStatement("PRAGMA " + Identifiers.quote(schema) + ".schema_version");
        }
        return RawRows.number(schemaVersion);
    }

    /** The session's triggers and log in the TEMP schema: a rollback may have taken some, or given them back. */
    private OwnObjects ownObjects() throws SQLException {
        if (ownObjects == null) {
            ownObjects = connection.prepareStatement(
                    "SELECT count(*), coalesce(sum(length(sql)), 0) FROM temp.sqlite_schema WHERE name GLOB "
                            + Identifiers.literal(triggerPrefix + "*") + " OR name = " + Identifiers.literal(logName));
        }
        var found = new long[2];
        RawRows.forEach(ownObjects, true, row -> {
            found[0] = row.longAt(0);
            found[1] = row.longAt(1);
        });
        return new OwnObjects(found[0], found[1]);
    }

    /** How many there are, and the length of their texts, which tells columns that came or went. */
    private record OwnObjects(long count, long textLength) {
        private static final OwnObjects NONE = new OwnObjects(0, 0);
    }

    private int expectedObjectCount() {
        return triggerCount + (logColumns > 0 ? 1 : 0);
    }

    private void rememberSchema() throws SQLException {
        seenSchemaVersion = schemaVersion();
        seenOwnObjects = ownObjects();
    }

    private void followSchemaChanges() throws SQLException {
        if (logColumns > 0
                && number("SELECT count(*) FROM temp.sqlite_schema WHERE name = " + Identifiers.literal(logName))
                        == 0) {
            throw new Misuse(
                    "the session was opened in a transaction that was rolled back, so its log is gone",
                    "Open sessions outside a transaction, or open another after a rollback");
        }
        logColumns = logColumnCount();
        var undone = !ownObjects().equals(seenOwnObjects);
        var versionChanged = schemaVersion() != seenSchemaVersion;
        var triggersNow = triggersNow();
        for (var table : List.copyOf(tables.values())) {
            var triggersOn =
                    Optional.ofNullable(triggersNow.get(table.number())).map(Triggers::table);
            follow(table, triggersOn, versionChanged, undone);
        }
        triggerCount = Math.toIntExact(ownObjects().count() - (logColumns > 0 ? 1 : 0));
        for (var entry : Map.copyOf(requested).entrySet()) {
            if (!tables.containsKey(entry.getKey())) {
                capture(entry.getValue(), entry.getValue(), true);
            }
        }
        captureMatching(true);
        for (var table : List.copyOf(tables.values())) {
            if (!table.isOfKeylessRows() && !StatisticsSnapshot.isStatistics(table.layout())) {
                captureKeylessRows(table.layout(), table.groupName(), false);
            }
        }
        rememberSchema();
    }

    /** The table that triggers are on now, and whether they are those for its rows without a key. */
    private record Triggers(String table, boolean ofKeylessRows) {}

    /** The triggers of each table, by its number. */
    private Map<Integer, Triggers> triggersNow() throws SQLException {
        Map<Integer, Triggers> triggers = new HashMap<>();
        try (var query = connection.createStatement();
                var rows = query.executeQuery(
                        "SELECT name, tbl_name FROM temp.sqlite_schema WHERE type = 'trigger' AND name GLOB "
                                + Identifiers.literal(triggerPrefix + "*"))) {
            while (rows.next()) {
                var rest = rows.getString(1).substring(triggerPrefix.length());
                var number = rest.substring(0, rest.indexOf('_'));
                var ofKeylessRows = rest.startsWith(KEYLESS, number.length());
                triggers.put(Integer.parseInt(number), new Triggers(rows.getString(2), ofKeylessRows));
            }
        }
        return triggers;
    }

    /** {@code undone}: triggers may be those of an earlier time, so they are made anew in any case. */
    private void follow(CapturedTable table, Optional<String> triggersOn, boolean versionChanged, boolean undone)
            throws SQLException {
        if (StatisticsSnapshot.isStatistics(table.layout())) {
            return;
        }
        var name = table.layout().name();
        var now = TableLayout.read(connection, schema, triggersOn.orElse(name));
        if (!undone && isAsCaptured(table, now) && triggersOn.isPresent() == enabled) {
            return;
        }
        var touched = hasTouches(" WHERE t = " + table.number());
        if (touched && now.isEmpty()) {
            throw new SchemaMismatch(
                    "table " + name + " has recorded changes, and is gone",
                    "Take the changes before a table is dropped or renamed");
        }
        if (touched && (triggersOn.isPresent() && !table.isNamed(triggersOn.get()))) {
            throw new SchemaMismatch(
                    "table " + name + " has recorded changes, and is now called " + triggersOn.get(),
                    "Take the changes before a table is dropped or renamed");
        }
        if (touched && !extendsKeyAndColumns(table, now.orElseThrow())) {
            throw new SchemaMismatch(
                    "table " + name + " has recorded changes, and has lost columns or got another key",
                    "Take the changes before a table is altered");
        }
        if (enabled && triggersOn.isEmpty() && now.isPresent() && !versionChanged) {
            throw new Misuse(
                    "table " + name + " was attached in a transaction that was rolled back",
                    "Attach tables outside a transaction, or open another session after a rollback");
        }
        exec(CaptureTriggers.drop(triggerPrefix(table)));
        tables.remove(key(table));
        defaults.remove(table.number());
        grown.add(table.number());
        if (now.isPresent() && isRecorded(now.get(), table.isOfKeylessRows())) {
            var groupName = table.isNamed(now.get().name())
                    ? KeylessRows.tableOrSelf(table.groupName())
                    : now.get().name();
            arm(table.number(), now.get(), groupName, table.isOfKeylessRows(), enabled && triggersOn.isEmpty());
        }
    }

    private boolean isAsCaptured(CapturedTable table, Optional<TableLayout> now) throws SQLException {
        return now.equals(Optional.of(table.layout()))
                && UniqueIndex.read(connection, table.layout()).equals(table.uniqueIndexes());
    }

    /** Whether {@code now} has the table's columns, or those and more at the end, and the same key. */
    private static boolean extendsKeyAndColumns(CapturedTable table, TableLayout now) {
        var before = table.layout().columns();
        var after = now.columns();
        if (after.size() < before.size()) {
            return false;
        }
        return IntStream.range(0, after.size())
                .allMatch(i -> after.get(i).keyPosition()
                        == (i < before.size() ? before.get(i).keyPosition() : 0));
    }

    /** The triggers were taken away on purpose, so what is there now was there before. */
    private void rearmAfterSchemaChange() throws SQLException {
        for (var table : List.copyOf(tables.values())) {
            if (StatisticsSnapshot.isStatistics(table.layout())) {
                continue;
            }
            var now = TableLayout.read(connection, schema, table.layout().name());
            if (now.isPresent() && extendsKeyAndColumns(table, now.get())) {
                armAgain(table, now.get());
            } else if (hasTouches(" WHERE t = " + table.number())) {
                failure = new SchemaMismatch(
                        "table " + table.layout().name() + " has recorded changes, and has lost columns",
                        "Take the changes before a table is altered");
            } else if (now.isPresent()) {
                armAgain(table, now.get());
            }
        }
        rememberSchema();
    }

    // ---- the connection ---------------------------------------------------------------------------------------------

    private interface Action {
        void run() throws SQLException;
    }

    private interface Question<T> {
        T ask() throws SQLException;
    }

    private static void run(String what, Action action) {
        call(what, () -> {
            action.run();
            return true;
        });
    }

    private static <T> T call(String what, Question<T> question) {
        try {
            return question.ask();
        } catch (SQLException e) {
            throw new DatabaseFailure(what, e);
        }
    }

    /** Runs statements in one native call: a session's set-up is a dozen short ones. */
    private void exec(List<String> statements) throws SQLException {
        if (!statements.isEmpty()) {
            driver.getDatabase()._exec(String.join(";\n", statements));
        }
    }

    private void execute(String sql) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private long number(String sql) throws SQLException {
        try (var query = connection.createStatement();
                var rows = query.executeQuery(sql)) {
            return rows.next() ? rows.getLong(1) : 0;
        }
    }

    /** The table with this number is another one now, or looks different. */
    private void closeQuery(int number) throws SQLException {
        shapes.remove(number);
        var query = readQueries.remove(number);
        if (query != null) {
            query.close();
        }
    }

    private void closeReadQueries() throws SQLException {
        for (var number : List.copyOf(readQueries.keySet())) {
            closeQuery(number);
        }
    }

    private void closeStatements() throws SQLException {
        closeReadQueries();
        for (var statement :
                new PreparedStatement[] {schemaVersion, ownObjects, touchedRange, firstTouches, clearLog}) {
            if (statement != null) {
                statement.close();
            }
        }
    }
}
