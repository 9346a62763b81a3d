package io.merklite.sync.store;

import io.merklite.session.SessionException.DatabaseFailure;
import io.merklite.session.apply.ApplyOptions;
import io.merklite.session.apply.ChangesetApplier;
import io.merklite.session.apply.Conflict;
import io.merklite.session.apply.Resolution;
import io.merklite.session.capture.Session;
import io.merklite.session.catalog.SqlValues;
import io.merklite.session.changeset.ChangeOp;
import io.merklite.session.changeset.ChangesetCursor;
import io.merklite.session.changeset.ChangesetRow;
import io.merklite.session.changeset.ChangesetValue;
import io.merklite.session.changeset.ChangesetWriter;
import io.merklite.session.statement.SqlStatements;
import io.merklite.sync.SyncException.SchemaMismatch;
import io.merklite.sync.row.RowVersion;
import io.merklite.sync.stamp.Stamp;
import io.merklite.sync.transaction.Births.Birth;
import java.nio.charset.StandardCharsets;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

/**
 * Puts merged rows into the user's tables, and settles what UNIQUE and CHECK have against them.
 *
 * <p>Most rows go in as one changeset. What a constraint refuses is settled row by row: of rows that clash on a unique
 * index the one with the earliest birth stays and the others are evicted; a row that a CHECK refuses goes in all the
 * same, since each of its values was valid where it was written.
 *
 * <p>Where the other replica is right in any case, what clashes with its rows is removed without a trace.
 *
 * <p>Which rows clash is found by letting SQLite replace them inside a savepoint and looking at what went: that is right
 * for every kind of index, partial ones and those over expressions included.
 */
final class MergeWriter {
    /**
     * To take the session's triggers off a table and put them back costs 0.3 ms, and to prepare statements anew after that
     * as much; what they record 2.5 µs a row.
     */
    private static final int UNRECORDED_COUNT = 500;

    private final TableRegistry registry;
    private final ShadowRows shadow;
    private final SqlStatements statements;
    private final ChangesetApplier applier;
    private final Session session;
    private final boolean authority;
    private final List<Evicted> evicted = new ArrayList<>();
    private final List<MergedRow> unchecked = new ArrayList<>();
    private final Set<Refused> refused = new LinkedHashSet<>();
    /** What stood in the way of rows that are right in any case. */
    private final Map<TrackedTable, List<MergedRow>> forgotten = new LinkedHashMap<>();

    /** A row that must go: why, its table, the row that it is, and its values. */
    record Evicted(Conflicts.Kind kind, TrackedTable table, MergedRow row, List<ChangesetValue> cells) {}

    /** A row that changes in the user's table, and the values that it has then. */
    private record Visible(MergedRow row, List<ChangesetValue> values) {}

    /** A row in the way of another one: of the same table, or of its rows with or without a key. */
    private record Clash(TrackedTable table, MergedRow row) {}

    /**
     * How a row fits into its table.
     *
     * @param clashing what must get out of its way
     * @param against what is against it whatever else is there; none if it can be let in
     */
    private record Fit(List<Clash> clashing, Optional<Conflicts.Kind> against) {}

    /** A change that a constraint refused: table and first key values as the changeset has them. */
    private record Refused(String table, List<ChangesetValue> key) {}

    MergeWriter(
            TableRegistry registry,
            ShadowRows shadow,
            SqlStatements statements,
            ChangesetApplier applier,
            Session session,
            boolean authority) {
        this.registry = registry;
        this.shadow = shadow;
        this.statements = statements;
        this.applier = applier;
        this.session = session;
        this.authority = authority;
    }

    /** Rows that lost against another one: they are out of the user's tables. */
    List<Evicted> evicted() {
        return evicted;
    }

    /** Rows that a CHECK has something against. */
    List<MergedRow> unchecked() {
        return unchecked;
    }

    /**
     * Writes the visible changes of {@code merged}.
     *
     * @return what changed, if nothing stood against it; otherwise the session has recorded it
     */
    Optional<byte[]> write(Map<TrackedTable, List<MergedRow>> merged) throws SQLException {
        var changes = new ChangesetWriter();
        for (var table : inWritingOrder(merged)) {
            write(table, merged.getOrDefault(table, List.of()), changes);
        }
        var changeset = changes.toByteArray();
        if (changeset.length == 0) {
            return Optional.of(changeset);
        }
        var rowCount = merged.values().stream().mapToInt(List::size).sum();
        if (rowCount >= UNRECORDED_COUNT * registry.tables().size() && writeUnrecorded(changeset)) {
            return Optional.of(changeset);
        }
        apply(changeset);
        if (refused.isEmpty()) {
            session.discard();
            return Optional.of(changeset);
        }
        settle(merged);
        return Optional.empty();
    }

    /**
     * Writes without the triggers of the session: what they would record is known, if nothing stands against it.
     *
     * @return false if something did, and nothing was written
     */
    private boolean writeUnrecorded(byte[] changeset) throws SQLException {
        var isWritten = statements.keeping("merklite_unrecorded", () -> {
            session.enable(false);
            try {
                apply(changeset);
            } finally {
                session.enable(true);
            }
            return refused.isEmpty();
        });
        refused.clear();
        return isWritten;
    }

    /** Rows without a key bring their rowid along, so they come before rows for which SQLite chooses one. */
    private static List<TrackedTable> inWritingOrder(Map<TrackedTable, List<MergedRow>> merged) {
        return merged.keySet().stream()
                .sorted(Comparator.comparing(table -> !table.isOfKeylessRows()))
                .toList();
    }

    private void write(TrackedTable table, List<MergedRow> rows, ChangesetWriter out) {
        List<Visible> visible = new ArrayList<>();
        List<MergedRow> leaving = new ArrayList<>();
        for (var row : rows) {
            var isJudged = !authority && row.after().isAlive();
            var values = row.values();
            if (isJudged && table.completesKey(values)) {
                evicted.add(new Evicted(Conflicts.Kind.KEY, table, row, values));
                leaving.add(row);
            } else if (isJudged && table.lacksValue(values)) {
                // Written where the column was not NOT NULL yet. SQLite would refuse it, or put in the default, of
                // which
                // the row's state knows nothing.
                evicted.add(new Evicted(Conflicts.Kind.NOT_NULL, table, row, values));
                leaving.add(row);
            } else if (row.isVisible(values)) {
                visible.add(new Visible(row, values));
            }
        }
        leaving.removeIf(row -> !row.wasPresent());
        if (!visible.isEmpty() || !leaving.isEmpty()) {
            out.table(false, table.name(), table.changesetFlags());
            leaving.forEach(row -> row.writeRow(
                    table, ChangeOp.DELETE, row.before().orElseThrow().values(), out));
            visible.forEach(seen -> seen.row().write(table, seen.values(), out));
        }
    }

    private void apply(byte[] changeset) {
        var outcome = applier.apply(changeset, ApplyOptions.DEFAULTS, conflict -> {
            if (!(conflict instanceof Conflict.OfChange change)) {
                return Resolution.OMIT; // foreign keys have their own rule, after all rows are in
            }
            refused.add(new Refused(change.table(), key(change.table(), change.change())));
            return Resolution.OMIT;
        });
        if (!outcome.skippedTables().isEmpty()) {
            throw new SchemaMismatch("merged rows that do not fit: " + String.join("; ", outcome.skippedTables()));
        }
    }

    private List<ChangesetValue> key(String tableName, ChangesetRow change) {
        var table = registry.table(tableName).orElseThrow();
        return changesetKey(table, change.op() == ChangeOp.INSERT ? change.newValues() : change.oldValues());
    }

    private void settle(Map<TrackedTable, List<MergedRow>> merged) throws SQLException {
        for (var entry : merged.entrySet()) {
            moveToFreeRowids(entry.getKey(), entry.getValue());
        }
        Map<RowKey, MergedRow> byKey = new HashMap<>();
        merged.values().forEach(rows -> rows.forEach(row -> byKey.put(row.key(), row)));
        Map<TrackedTable, Map<List<ChangesetValue>, MergedRow>> arrivals = new HashMap<>();
        merged.forEach((table, rows) -> {
            Map<List<ChangesetValue>, MergedRow> ofTable = new HashMap<>();
            rows.stream()
                    .filter(row -> row.before().isEmpty() && row.after().isAlive())
                    .forEach(row -> ofTable.put(changesetKey(table, row), row));
            arrivals.put(table, ofTable);
        });
        for (var table : inWritingOrder(merged)) {
            var waiting = merged.getOrDefault(table, List.of()).stream()
                    .filter(row -> isRefused(table, row))
                    .sorted(Comparator.comparing((MergedRow row) -> row.after().birth())
                            .thenComparing(MergedRow::key, KeyOrder::compare))
                    .toList();
            for (var row : waiting) {
                if (evicted.stream().noneMatch(gone -> gone.row().equals(row))) {
                    place(table, row, byKey, arrivals);
                }
            }
        }
    }

    /** A row that came and went in the same merge may bear the rowid of one that is refused. */
    private boolean isRefused(TrackedTable table, MergedRow row) {
        return row.after().isAlive() && refused.contains(new Refused(table.name(), changesetKey(table, row)));
    }

    /** While a row without a key waited, SQLite may have given its rowid to a row that has one. */
    private void moveToFreeRowids(TrackedTable table, List<MergedRow> rows) throws SQLException {
        if (!table.isOfKeylessRows()) {
            return;
        }
        var rowid = table.rowKeyNames().getFirst();
        var source = " FROM " + table.layout().qualifiedName();
        var next = statements.number("SELECT coalesce(max(" + rowid + "), 0) + 1" + source);
        for (var i = 0; i < rows.size(); i++) {
            var row = rows.get(i);
            if (row.wasPresent() || !isRefused(table, row)) {
                continue;
            }
            next = Math.max(next, row.rowid() + 1);
            var moved = new MergedRow(row.key(), row.before(), row.after(), next++);
            rows.set(i, moved);
            refused.add(new Refused(table.name(), changesetKey(table, moved)));
        }
    }

    private static List<ChangesetValue> changesetKey(TrackedTable table, MergedRow row) {
        return table.identity() == TrackedTable.Identity.BIRTH
                ? List.of(new ChangesetValue.Integer(row.rowid()))
                : row.key().values();
    }

    private void place(
            TrackedTable table,
            MergedRow row,
            Map<RowKey, MergedRow> byKey,
            Map<TrackedTable, Map<List<ChangesetValue>, MergedRow>> arrivals)
            throws SQLException {
        var fit = fit(table, row, arrivals);
        if (fit.against().isPresent()) {
            deleteRow(table, row);
            evicted.add(new Evicted(fit.against().get(), table, row, row.values()));
            return;
        }
        var clashing = fit.clashing();
        if (authority) {
            for (var other : clashing) {
                deleteRow(other.table(), other.row());
                forgotten
                        .computeIfAbsent(other.table(), key -> new ArrayList<>())
                        .add(RowMerge.forgotten(other.row()));
            }
            replace(table, row);
            return;
        }
        for (var other : clashing) {
            if (!winsAgainst(table, row, other, byKey)) {
                deleteRow(table, row);
                evicted.add(new Evicted(Conflicts.Kind.UNIQUE, table, row, row.values()));
                return;
            }
        }
        for (var other : clashing) {
            deleteRow(other.table(), other.row());
            // A row that merges too has its new state already, or will have: that is what must go.
            var merging = byKey.get(other.row().key());
            var going = merging == null ? other.row() : merging;
            var cells = merging == null ? going.before().orElseThrow().values() : going.values();
            evicted.add(new Evicted(Conflicts.Kind.UNIQUE, other.table(), going, cells));
        }
        replace(table, row);
    }

    /**
     * Of two rows that clash the earlier born stays; of rows born together the one that has a key, or whose key comes
     * first.
     */
    private static boolean winsAgainst(TrackedTable table, MergedRow row, Clash clash, Map<RowKey, MergedRow> byKey) {
        var other = clash.row();
        var birth = Optional.ofNullable(byKey.get(other.key()))
                .map(MergedRow::after)
                .orElse(other.after())
                .birth();
        var order = row.after().birth().compareTo(birth);
        if (order != 0) {
            return order < 0;
        }
        return table == clash.table() ? KeyOrder.compare(row.key(), other.key()) < 0 : !table.isOfKeylessRows();
    }

    /**
     * The rows that SQLite would throw out to let {@code row} in.
     *
     * @param arrivals rows that this merge brings, and that have no state yet, by key as a changeset has it
     */
    private Fit fit(TrackedTable table, MergedRow row, Map<TrackedTable, Map<List<ChangesetValue>, MergedRow>> arrivals)
            throws SQLException {
        statements.run("SAVEPOINT merklite_clash");
        try {
            session.discard();
            replace(table, row);
            var gone = deleted(table, session.changeset().toByteArray(), row);
            statements.run("ROLLBACK TO merklite_clash");
            return new Fit(withStates(gone, arrivals), Optional.empty());
        } catch (SQLiteException e) {
            statements.run("ROLLBACK TO merklite_clash");
            var against = authority ? Optional.<Conflicts.Kind>empty() : against(e.getResultCode());
            if (against.isPresent()) {
                return new Fit(List.of(), against);
            }
            if (e.getResultCode() == SQLiteErrorCode.SQLITE_CONSTRAINT_CHECK && !unchecked.contains(row)) {
                unchecked.add(row);
                return fit(table, row, arrivals);
            }
            throw e;
        } catch (DatabaseFailure e) {
            statements.run("ROLLBACK TO merklite_clash");
            throw e;
        } finally {
            statements.run("RELEASE merklite_clash");
        }
    }

    /**
     * The constraints that a row breaks by itself though its writers' schema allowed it: a generated column that several
     * replicas together left without a value, and a value that a STRICT table does not take.
     */
    private static Optional<Conflicts.Kind> against(SQLiteErrorCode failure) {
        if (failure == SQLiteErrorCode.SQLITE_CONSTRAINT_NOTNULL) {
            return Optional.of(Conflicts.Kind.NOT_NULL);
        }
        return failure == SQLiteErrorCode.SQLITE_CONSTRAINT_DATATYPE
                ? Optional.of(Conflicts.Kind.TYPE)
                : Optional.empty();
    }

    /** The values of the rows that were deleted, but for {@code row}. */
    private Map<TrackedTable, List<List<ChangesetValue>>> deleted(TrackedTable table, byte[] changeset, MergedRow row) {
        Map<TrackedTable, List<List<ChangesetValue>>> gone = new LinkedHashMap<>();
        var own = changesetKey(table, row);
        var cursor = new ChangesetCursor(changeset);
        while (cursor.next()) {
            var found = registry.table(new String(cursor.tableName(), StandardCharsets.UTF_8))
                    .filter(other -> other.tableName().equals(table.tableName()));
            if (cursor.op() == ChangeOp.DELETE && found.isPresent()) {
                var values = cursor.row().oldValues();
                if (found.get() != table || !changesetKey(table, values).equals(own)) {
                    gone.computeIfAbsent(found.get(), key -> new ArrayList<>()).add(values);
                }
            }
        }
        return gone;
    }

    private static List<ChangesetValue> changesetKey(TrackedTable table, List<ChangesetValue> values) {
        return IntStream.of(table.changesetKeys()).mapToObj(values::get).toList();
    }

    private List<Clash> withStates(
            Map<TrackedTable, List<List<ChangesetValue>>> gone,
            Map<TrackedTable, Map<List<ChangesetValue>, MergedRow>> arrivals)
            throws SQLException {
        List<Clash> found = new ArrayList<>();
        for (var entry : gone.entrySet()) {
            var table = entry.getKey();
            for (var values : entry.getValue()) {
                var arrival = arrivals.getOrDefault(table, Map.of()).get(changesetKey(table, values));
                var row = arrival == null ? stored(table, values) : Optional.of(arrival);
                row.ifPresent(known -> found.add(new Clash(table, known)));
            }
        }
        return found;
    }

    /** The row with these values as a changeset has them, if it has a state. */
    private Optional<MergedRow> stored(TrackedTable table, List<ChangesetValue> values) throws SQLException {
        if (table.identity() != TrackedTable.Identity.BIRTH) {
            return stored(table, RowKey.of(table.seed(), changesetKey(table, values)), 0);
        }
        var rowid = ((ChangesetValue.Integer) values.getFirst()).value();
        var known = shadow.statesByRowid(table, List.of(rowid)).get(rowid);
        return known == null ? Optional.empty() : stored(table, known.getKey(), rowid);
    }

    private Optional<MergedRow> stored(TrackedTable table, RowKey key, long rowid) throws SQLException {
        return Optional.ofNullable(shadow.rows(table, List.of(key)).get(key))
                .map(row -> new MergedRow(row.key(), Optional.of(row), row.version(table), rowid));
    }

    private void deleteRow(TrackedTable table, MergedRow row) throws SQLException {
        var delete = statements.prepare(table.deleteRow());
        var parameter = 1;
        for (var value : changesetKey(table, row)) {
            SqlValues.bind(delete, parameter++, value);
        }
        delete.executeUpdate();
    }

    private void replace(TrackedTable table, MergedRow row) throws SQLException {
        var values = row.row(table, row.values());
        List<String> names = new ArrayList<>();
        if (table.identity() == TrackedTable.Identity.BIRTH) {
            names.add(table.rowKeyNames().getFirst());
        }
        table.layout().columns().forEach(column -> names.add(column.quoted()));
        var marks = values.stream().map(RowParameters::mark).collect(Collectors.joining(", "));
        var sql = "REPLACE INTO " + table.layout().qualifiedName() + "(" + String.join(", ", names) + ") VALUES ("
                + marks + ")";
        if (!unchecked.contains(row)) {
            replace(statements.prepare(sql), values);
            return;
        }
        // SQLite compiles CHECKs into a statement, so this one must not be mistaken for the other.
        statements.run("PRAGMA ignore_check_constraints = ON");
        try {
            replace(statements.prepare(sql + " -- unchecked"), values);
        } finally {
            statements.run("PRAGMA ignore_check_constraints = OFF");
        }
    }

    private static void replace(PreparedStatement insert, List<ChangesetValue> values) throws SQLException {
        for (var i = 0; i < values.size(); i++) {
            RowParameters.bind(insert, i + 1, values.get(i));
        }
        insert.executeUpdate();
    }

    /** The changes of a transaction that deletes the evicted rows. */
    byte[] evictions() {
        var out = new ChangesetWriter();
        evictedByTable().forEach((table, rows) -> {
            out.table(false, table.name(), table.changesetFlags());
            rows.forEach(row -> row.row().writeRow(table, ChangeOp.DELETE, row.cells(), out));
        });
        return out.toByteArray();
    }

    /** The births of the evicted rows, in the order of {@link #evictions}. */
    List<Birth> evictedBirths() {
        List<Birth> births = new ArrayList<>();
        evictedByTable()
                .forEach((table, rows) -> rows.forEach(row -> births.add(
                        table.identity() == TrackedTable.Identity.BIRTH
                                ? Keys.birth(row.row().key())
                                : Birth.keyed(row.row().after().birth()))));
        return births;
    }

    private Map<TrackedTable, List<Evicted>> evictedByTable() {
        Map<TrackedTable, List<Evicted>> byTable = new LinkedHashMap<>();
        evicted.forEach(row ->
                byTable.computeIfAbsent(row.table(), key -> new ArrayList<>()).add(row));
        return byTable;
    }

    /**
     * Brings states and sums up to date.
     *
     * @param horizon tombstones up to this clock are not kept
     * @param eviction when the evicted rows died
     * @return by how much the root grows
     */
    long record(Map<TrackedTable, List<MergedRow>> merged, long horizon, Stamp eviction) throws SQLException {
        Map<TrackedTable, Map<RowKey, MergedRow>> settled = new LinkedHashMap<>();
        merged.forEach((table, rows) -> {
            var byKey = settled.computeIfAbsent(table, key -> new LinkedHashMap<>());
            rows.forEach(row -> byKey.put(row.key(), row));
        });
        forgotten.forEach((table, rows) -> {
            var byKey = settled.computeIfAbsent(table, key -> new LinkedHashMap<>());
            rows.forEach(row -> {
                if (row.before().isEmpty()) {
                    byKey.remove(row.key()); // it came with this merge, and went again
                } else {
                    byKey.putIfAbsent(row.key(), row);
                }
            });
        });
        for (var gone : evicted) {
            var row = gone.row();
            var dead = RowVersion.dead(row.after().birth(), eviction);
            settled.computeIfAbsent(gone.table(), key -> new LinkedHashMap<>())
                    .put(row.key(), new MergedRow(row.key(), row.before(), dead, row.rowid()));
        }
        var rootDelta = 0L;
        for (var entry : settled.entrySet()) {
            rootDelta += record(entry.getKey(), entry.getValue().values(), horizon);
        }
        return rootDelta;
    }

    private long record(TrackedTable table, Collection<MergedRow> rows, long horizon) throws SQLException {
        List<ShadowRows.Put> puts = new ArrayList<>();
        List<RowKey> gone = new ArrayList<>();
        List<MerkleSums.Change> sums = new ArrayList<>();
        var rootDelta = 0L;
        for (var row : rows) {
            var known = row.before().isPresent();
            var before = row.before().map(stored -> stored.digest(table)).orElse(0L);
            if (isForgotten(row, horizon)) {
                if (known) {
                    gone.add(row.key());
                    sums.add(new MerkleSums.Change(row.key(), -before, MerkleSums.Presence.WENT));
                    rootDelta -= before;
                }
                continue;
            }
            var delta = RowDigest.of(row.key().hash(), row.after(), table.columnSeeds()) - before;
            puts.add(new ShadowRows.Put(
                    row.key(), RowState.of(row.after()), row.after().isAlive() ? (Long) row.rowid() : null));
            sums.add(new MerkleSums.Change(
                    row.key(), delta, known ? MerkleSums.Presence.STAYED : MerkleSums.Presence.CAME));
            rootDelta += delta;
        }
        shadow.put(table, puts);
        shadow.delete(table, gone);
        registry.sums(table).apply(sums);
        return rootDelta;
    }

    /**
     * Brings sums up to date with what SQLite has made of the values of merged rows: those of another schema may not be of
     * the type that a column has now, and are converted.
     *
     * @return by how much the root grows
     */
    long recordStored(Map<TrackedTable, List<MergedRow>> merged) throws SQLException {
        var rootDelta = 0L;
        for (var entry : merged.entrySet()) {
            var table = entry.getKey();
            Map<RowKey, MergedRow> rows = new LinkedHashMap<>();
            entry.getValue().forEach(row -> rows.put(row.key(), row));
            var stored = shadow.rows(table, rows.keySet());
            List<MerkleSums.Change> sums = new ArrayList<>();
            for (var row : rows.values()) {
                var now = stored.get(row.key());
                if (now != null && now.state().isAlive() && row.after().isAlive() && !now.isDamaged()) {
                    var delta = now.digest(table) - RowDigest.of(row.key().hash(), row.after(), table.columnSeeds());
                    sums.add(new MerkleSums.Change(row.key(), delta, MerkleSums.Presence.STAYED));
                    rootDelta += delta;
                }
            }
            registry.sums(table).apply(sums);
        }
        return rootDelta;
    }

    /** Tombstones up to the horizon are gone everywhere. */
    private static boolean isForgotten(MergedRow row, long horizon) {
        return row.after().death().map(Stamp::clock).orElse(Long.MAX_VALUE) <= horizon;
    }
}
