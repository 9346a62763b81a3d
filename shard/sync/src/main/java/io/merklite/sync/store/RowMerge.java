package io.merklite.sync.store;

import io.merklite.session.catalog.DefaultValue;
import io.merklite.session.catalog.KeylessRows;
import io.merklite.session.changeset.ChangeOp;
import io.merklite.session.changeset.ChangesetCursor;
import io.merklite.session.changeset.ChangesetValue;
import io.merklite.session.statement.SqlStatements;
import io.merklite.sync.row.Cell;
import io.merklite.sync.row.RowVersion;
import io.merklite.sync.stamp.Origin;
import io.merklite.sync.stamp.Stamp;
import io.merklite.sync.transaction.Births.Birth;
import io.merklite.sync.transaction.Transaction;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Joins what comes from elsewhere with what the file has, row by row, and tells what changes. Writes nothing.
 *
 * <p>A transaction and rows of the merkle path go through the same join, {@link RowVersion#join}: an INSERT is a whole
 * row born now, an UPDATE a row of which some cells are known, a DELETE a death.
 */
final class RowMerge {
    /** Rows are read in the order of their keys, for which it takes many at once. */
    private static final int CHUNK = 16_384;

    /** A death before all horizons: no tombstone is kept of it. */
    static final Stamp FORGOTTEN = new Stamp(0, new Origin(1));

    private final TableRegistry registry;
    private final ShadowRows shadow;
    private final SqlStatements statements;
    private final SchemaHistory history;
    private final OriginTable origins;
    private final Map<TrackedTable, List<MergedRow>> merged = new LinkedHashMap<>();
    private final Map<TrackedTable, Long> nextRowids = new LinkedHashMap<>();
    /** By the seeds of table and column. */
    private final Map<Long, ChangesetValue> defaults = new LinkedHashMap<>();

    /** Rows that the key which their table has now does not tell. */
    private final List<Unfit> unfit = new ArrayList<>();

    private boolean isOfAnotherSchema;

    /** A row that can't be in its table: it was written when that had another key. */
    record Unfit(TrackedTable table, MergedRow row) {}

    /**
     * One row that comes in.
     *
     * @param version what is said of it
     * @param additions to its counters, which only make sense on what is there
     * @param stamp of the transaction
     * @param wasSeen whether its birth was applied here before: if it is missing now, it has died
     */
    private record Incoming(
            RowKey key, RowVersion version, Map<Integer, ChangesetValue> additions, Stamp stamp, boolean wasSeen) {}

    RowMerge(
            TableRegistry registry,
            ShadowRows shadow,
            SqlStatements statements,
            SchemaHistory history,
            OriginTable origins) {
        this.registry = registry;
        this.shadow = shadow;
        this.statements = statements;
        this.history = history;
        this.origins = origins;
    }

    /** What becomes of each row that changes in state or value, by table. */
    Map<TrackedTable, List<MergedRow>> merged() {
        return merged;
    }

    /** Rows that the key of their table does not tell: they go to the ledger. */
    List<Unfit> unfit() {
        return unfit;
    }

    /** Whether something came that was written on another schema: its values may not be of the types that columns have. */
    boolean isOfAnotherSchema() {
        return isOfAnotherSchema;
    }

    /**
     * Joins the changes of transactions. Those of tables and columns that are gone here are left out.
     *
     * @param transactions those of several are read before the first is joined, so that each row is looked for once
     */
    void add(List<Transaction> transactions) throws SQLException {
        Map<TrackedTable, List<Incoming>> chunks = new LinkedHashMap<>();
        for (var transaction : transactions) {
            collect(transaction, chunks, transactions.size() == 1 ? CHUNK : Integer.MAX_VALUE);
        }
        for (var chunk : chunks.entrySet()) {
            flush(chunk.getKey(), chunk.getValue(), Rule.JOIN);
        }
    }

    private void collect(Transaction transaction, Map<TrackedTable, List<Incoming>> chunks, int chunkCount)
            throws SQLException {
        isOfAnotherSchema |= transaction.schemaFingerprint() != history.current();
        var cursor = transaction.changes();
        var births = transaction.births().asList().iterator();
        Optional<Group> group = Optional.empty();
        var insertCount = 0;
        while (cursor.next()) {
            if (cursor.newGroup()) {
                if (group.isPresent()) {
                    group.get().end();
                }
                group = group(transaction, cursor, chunks, chunkCount);
            }
            if (cursor.op() == ChangeOp.INSERT) {
                insertCount++;
            }
            var birth = cursor.op() == ChangeOp.INSERT ? new Birth(transaction.stamp(), insertCount) : births.next();
            if (group.isPresent()) {
                group.get().add(cursor, birth);
            }
        }
        if (group.isPresent()) {
            group.get().end();
        }
    }

    /** The group that {@code change} begins; none if it means nothing here any more. */
    private Optional<Group> group(
            Transaction transaction, ChangesetCursor change, Map<TrackedTable, List<Incoming>> chunks, int chunkCount)
            throws SQLException {
        var name = history.groupNow(transaction.schemaFingerprint(), SchemaHistory.groupOf(change));
        var table = name.flatMap(registry::table);
        if (table.isEmpty()) {
            return Optional.empty();
        }
        var columns = history.columns(transaction.schemaFingerprint(), table.get(), change);
        if (columns.key() == ChangeColumns.Key.NONE) {
            return Optional.empty();
        }
        var chunk = chunks.computeIfAbsent(table.get(), key -> new ArrayList<>());
        return Optional.of(new Group(table.get(), columns, transaction.stamp(), chunk, chunkCount));
    }

    /** The changes of one table in a transaction. */
    private final class Group {
        private final TrackedTable table;
        private final ChangeColumns columns;
        private final Stamp stamp;
        private final List<Incoming> chunk;
        private final int chunkCount;
        private final ColumnConversion keyTypes;
        private final FormerKeyChanges former;

        /**
         * @param chunk what is not joined yet
         * @param chunkCount so many are joined at once
         */
        private Group(TrackedTable table, ChangeColumns columns, Stamp stamp, List<Incoming> chunk, int chunkCount) {
            this.table = table;
            this.columns = columns;
            this.stamp = stamp;
            this.chunk = chunk;
            this.chunkCount = chunkCount;
            this.keyTypes = new ColumnConversion(statements, table.keyColumns());
            this.former = new FormerKeyChanges(statements, shadow, table, columns);
        }

        private void add(ChangesetCursor change, Birth birth) throws SQLException {
            var incoming = incoming(change, birth);
            if (incoming.isPresent() && table.isTold(incoming.get().key().values())) {
                chunk.add(incoming.get());
            } else if (change.op() == ChangeOp.INSERT) {
                incoming.ifPresent(row -> leaveOut(row.key(), row.version()));
            }
            if (chunk.size() >= chunkCount) {
                flush(table, chunk, Rule.JOIN);
            }
        }

        /** The row that is changed; none if that is found later. */
        private Optional<Incoming> incoming(ChangesetCursor change, Birth birth) throws SQLException {
            Map<Integer, ChangesetValue> additions = change.op() == ChangeOp.UPDATE ? new TreeMap<>() : Map.of();
            if (columns.key() == ChangeColumns.Key.FORMER && change.op() != ChangeOp.INSERT) {
                List<Cell> cells =
                        change.op() == ChangeOp.UPDATE ? updated(table, columns, change, stamp, additions) : List.of();
                former.add(change, birth, cells, additions, stamp);
                return Optional.empty();
            }
            var version = switch (change.op()) {
                case INSERT -> RowVersion.alive(stamp, inserted(table, columns, change, stamp));
                case UPDATE -> RowVersion.alive(birth.stamp(), updated(table, columns, change, stamp, additions));
                case DELETE -> RowVersion.dead(birth.stamp(), stamp);
            };
            return Optional.of(
                    new Incoming(key(change, birth), version, additions, stamp, change.op() != ChangeOp.INSERT));
        }

        private RowKey key(ChangesetCursor change, Birth birth) throws SQLException {
            if (table.identity() == TrackedTable.Identity.BIRTH) {
                return Keys.ofBirth(table, birth);
            }
            var values = switch (columns.key()) {
                case SAME -> keyValues(change);
                case CONVERTED -> keyTypes.apply(keyValues(change));
                case FORMER -> former.insertedKey(change);
                case NONE -> throw new IllegalStateException("a change that means nothing here");
            };
            return RowKey.of(table.seed(), values);
        }

        private List<ChangesetValue> keyValues(ChangesetCursor change) {
            List<ChangesetValue> values = new ArrayList<>(table.keyCount());
            for (var column : table.changesetKeys()) {
                var position = columns.position(column);
                values.add(change.op() == ChangeOp.INSERT ? change.newValue(position) : change.oldValue(position));
            }
            return values;
        }

        private void leaveOut(RowKey key, RowVersion version) {
            unfit.add(new Unfit(table, new MergedRow(key, Optional.empty(), version, 0)));
        }

        /** Changes of the same schema may wait for those of other transactions. */
        private void end() throws SQLException {
            if (columns.key() == ChangeColumns.Key.SAME) {
                return;
            }
            for (var result : former.results()) {
                switch (result) {
                    case FormerKeyChanges.Result.Gone gone ->
                        forget(table, List.of(gone.row().key()));
                    case FormerKeyChanges.Result.Changed changed ->
                        chunk.add(new Incoming(
                                changed.key(), changed.version(), changed.additions(), changed.stamp(), true));
                    case FormerKeyChanges.Result.Moved moved -> {
                        var key = RowKey.of(table.seed(), moved.key());
                        if (table.isTold(moved.key())) {
                            chunk.add(new Incoming(key, moved.version(), Map.of(), stamp, false));
                        } else {
                            leaveOut(key, moved.version());
                        }
                    }
                }
            }
            flush(table, chunk, Rule.JOIN);
            merged.computeIfPresent(table, FormerKeyChanges::together);
        }
    }

    /** What a whole row of another replica does to the one that is here. */
    enum Rule {
        /** They join. */
        JOIN,
        /** They join; of equal states the other replica's values count, since ours are damaged. */
        REPAIR,
        /** The other replica's row counts. */
        OVERWRITE
    }

    /** Joins whole rows of another replica. */
    void add(TrackedTable table, List<RemoteRow> rows, Rule rule) throws SQLException {
        List<Incoming> chunk = new ArrayList<>();
        for (var row : rows) {
            var stamp = row.version().death().orElse(row.version().birth());
            var seen = rule != Rule.OVERWRITE
                    && row.version().isAlive()
                    && origins.hasSeen(row.version().birth());
            chunk.add(new Incoming(RowKey.of(table.seed(), row.key()), row.version(), Map.of(), stamp, seen));
            if (chunk.size() == CHUNK) {
                flush(table, chunk, rule);
            }
        }
        flush(table, chunk, rule);
    }

    /** Joins rows that were in other tables of this file, which are one with theirs now: several can have had one row. */
    void addMoved(List<MovedRows> all) throws SQLException {
        isOfAnotherSchema = true;
        Map<TrackedTable, List<Incoming>> chunks = new LinkedHashMap<>();
        for (var moved : all) {
            var table = Optional.of(KeylessRows.groupName(moved.table()))
                    .filter(group -> moved.areKeyless())
                    .flatMap(registry::table)
                    .orElseGet(() -> registry.require(moved.table()));
            collect(moved, table, chunks.computeIfAbsent(table, key -> new ArrayList<>()));
        }
        for (var chunk : chunks.entrySet()) {
            flush(chunk.getKey(), chunk.getValue(), Rule.JOIN);
        }
    }

    private void collect(MovedRows moved, TrackedTable table, List<Incoming> chunk) throws SQLException {
        for (var row : moved.rows()) {
            var version = moved.version(row, table, statements);
            var key = moved.key(row, table, statements);
            if (key.isPresent()) {
                var stamp = version.death().orElse(version.birth());
                chunk.add(new Incoming(key.get(), version, Map.of(), stamp, false));
            } else if (version.isAlive()) {
                unfit.add(new Unfit(table, new MergedRow(row.key(), Optional.empty(), version, 0)));
            }
        }
    }

    /** Takes rows away without leaving a trace of them. */
    void forget(TrackedTable table, List<RowKey> keys) throws SQLException {
        var results = merged.computeIfAbsent(table, key -> new ArrayList<>());
        for (var row : shadow.rows(table, keys).values()) {
            results.add(forgotten(new MergedRow(row.key(), Optional.of(row), row.version(table), row.rowid())));
        }
    }

    /** The row taken away without leaving a trace. */
    static MergedRow forgotten(MergedRow row) {
        return new MergedRow(
                row.key(), row.before(), RowVersion.dead(row.after().birth(), FORGOTTEN), row.rowid());
    }

    private List<Cell> inserted(TrackedTable table, ChangeColumns columns, ChangesetCursor change, Stamp stamp)
            throws SQLException {
        var born = RowState.born(stamp);
        List<Cell> cells = new ArrayList<>(table.cellCount());
        for (var cell = 0; cell < table.cellCount(); cell++) {
            var column = columns.position(table.column(cell));
            var value = column < 0 ? defaultOf(table, cell) : change.newValue(column);
            cells.add(born.cell(cell, value, table.counters()[cell]));
        }
        return cells;
    }

    /** A column that the writer's schema did not have yet: the row has its default. */
    private ChangesetValue defaultOf(TrackedTable table, int cell) throws SQLException {
        var known = defaults.get(table.columnSeeds()[cell] ^ table.seed());
        if (known == null) {
            var column = table.layout().columns().get(table.layoutColumn(cell));
            known = ChangesetValue.decode(DefaultValue.evaluate(statements.connection(), column));
            defaults.put(table.columnSeeds()[cell] ^ table.seed(), known);
        }
        return known;
    }

    private static List<Cell> updated(
            TrackedTable table,
            ChangeColumns columns,
            ChangesetCursor change,
            Stamp stamp,
            Map<Integer, ChangesetValue> additions) {
        List<Cell> cells = new ArrayList<>();
        for (var cell = 0; cell < table.cellCount(); cell++) {
            var column = columns.position(table.column(cell));
            Cell updated = Cell.Unknown.INSTANCE;
            if (column >= 0 && change.newType(column) != 0) {
                var value = change.newValue(column);
                var old = change.oldValue(column);
                if (table.counters()[cell] && RowState.isNumber(value) && RowState.isNumber(old)) {
                    additions.put(cell, Cell.Counter.difference(value, old));
                } else {
                    updated = new Cell.Register(value, stamp);
                }
            }
            cells.add(updated);
        }
        return cells;
    }

    private void flush(TrackedTable table, List<Incoming> chunk, Rule rule) throws SQLException {
        if (chunk.isEmpty()) {
            return;
        }
        // What several transactions say of one row stays in their order.
        chunk.sort((one, other) -> KeyOrder.compare(one.key(), other.key()));
        List<RowKey> known = new ArrayList<>();
        for (var incoming : chunk) {
            if (!shadow.isBeyondLast(table, incoming.key())) {
                known.add(incoming.key());
            }
        }
        var rows = shadow.rows(table, known);
        var results = merged.computeIfAbsent(table, key -> new ArrayList<>());
        var isOfChunk = false;
        for (var incoming : chunk) {
            if (isOfChunk && results.getLast().key().equals(incoming.key())) {
                results.set(results.size() - 1, joinAgain(table, incoming, results.getLast()));
                continue;
            }
            var before = Optional.ofNullable(rows.get(incoming.key()));
            var joined = join(table, incoming, before, rule);
            joined.ifPresent(results::add);
            isOfChunk |= joined.isPresent();
        }
        chunk.clear();
    }

    /** What a later transaction makes of a row that an earlier one of the same merge has changed. */
    private MergedRow joinAgain(TrackedTable table, Incoming incoming, MergedRow row) {
        var joined = withAdditions(
                row.after().join(incoming.version(), table.merge().registers()),
                incoming.version().birth(),
                incoming.additions(),
                incoming.stamp());
        return isWhole(joined) ? new MergedRow(row.key(), row.before(), joined, row.rowid()) : row;
    }

    /** What the row becomes; none if it stays as it is. */
    private Optional<MergedRow> join(TrackedTable table, Incoming incoming, Optional<StoredRow> before, Rule rule)
            throws SQLException {
        var version = incoming.version();
        if (before.isEmpty()) {
            // Of a row that is missing although its birth was seen it is known that it died, and was forgotten.
            var isNew = isWhole(version) && !incoming.wasSeen();
            return isNew
                    ? Optional.of(new MergedRow(incoming.key(), before, version, newRowid(table, version)))
                    : Optional.empty();
        }
        var stored = before.get();
        var known = stored.version(table);
        var overwrites =
                rule == Rule.OVERWRITE || (rule == Rule.REPAIR && stored.state().equals(RowState.of(version)));
        var joined = overwrites
                ? version
                : withAdditions(
                        known.join(version, table.merge().registers()),
                        version.birth(),
                        incoming.additions(),
                        incoming.stamp());
        if (!isWhole(joined) || (joined.equals(known) && !stored.isDamaged())) {
            return Optional.empty();
        }
        var rowid = stored.present() ? stored.rowid() : newRowid(table, joined);
        return Optional.of(new MergedRow(incoming.key(), before, joined, rowid));
    }

    private static boolean isWhole(RowVersion version) {
        for (var cell : version.cells()) {
            if (cell instanceof Cell.Unknown) {
                return false;
            }
        }
        return true;
    }

    /** Adds to counters, unless a state that came by the merkle path has the addition already. */
    static RowVersion withAdditions(
            RowVersion joined, Stamp birth, Map<Integer, ChangesetValue> additions, Stamp stamp) {
        var fits = joined.isAlive() && joined.birth().equals(birth);
        if (additions.isEmpty() || !fits) {
            return joined;
        }
        List<Cell> cells = new ArrayList<>(joined.cells());
        additions.forEach((cell, addition) -> {
            if (cells.get(cell) instanceof Cell.Counter counter) {
                var total = counter.totals().get(stamp.origin());
                if (total == null || total.clock() < stamp.clock()) {
                    cells.set(cell, counter.add(addition, stamp));
                }
            }
        });
        return RowVersion.alive(joined.birth(), cells);
    }

    /** Rowids are the file's own: a row that comes from elsewhere gets the next one here. */
    private long newRowid(TrackedTable table, RowVersion version) throws SQLException {
        if (table.identity() != TrackedTable.Identity.BIRTH || !version.isAlive()) {
            return 0;
        }
        var next = nextRowids.get(table);
        if (next == null) {
            next = statements.number(
                    "SELECT coalesce(max(" + table.rowKeyNames().getFirst() + "), 0) + 1 FROM "
                            + table.layout().qualifiedName());
        }
        nextRowids.put(table, next + 1);
        return next;
    }
}
