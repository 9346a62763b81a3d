package io.merklite.sync.store;

import io.merklite.session.catalog.DefaultValue;
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
import java.nio.charset.StandardCharsets;
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
    private static final Stamp FORGOTTEN = new Stamp(0, new Origin(1));

    private final TableRegistry registry;
    private final ShadowRows shadow;
    private final SqlStatements statements;
    private final SchemaHistory history;
    private final OriginTable origins;
    private final Map<TrackedTable, List<MergedRow>> merged = new LinkedHashMap<>();
    private final Map<TrackedTable, Long> nextRowids = new LinkedHashMap<>();
    /** By the seeds of table and column. */
    private final Map<Long, ChangesetValue> defaults = new LinkedHashMap<>();

    private boolean isOfAnotherSchema;

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
        TrackedTable table = null;
        int[] columns = {};
        List<Incoming> chunk = List.of();
        var insertCount = 0;
        while (cursor.next()) {
            if (cursor.newGroup()) {
                var name = history.groupNow(
                        transaction.schemaFingerprint(), new String(cursor.tableName(), StandardCharsets.UTF_8));
                table = registry.table(name).orElse(null);
                columns = table == null ? new int[0] : history.columns(transaction.schemaFingerprint(), table, cursor);
                chunk = table == null ? List.of() : chunks.computeIfAbsent(table, key -> new ArrayList<>());
            }
            if (cursor.op() == ChangeOp.INSERT) {
                insertCount++;
            }
            var birth = cursor.op() == ChangeOp.INSERT ? new Birth(transaction.stamp(), insertCount) : births.next();
            if (table != null && columns.length > 0) {
                var incoming = incoming(table, columns, cursor, birth, transaction.stamp());
                // A key that was no integer when the table's key could be anything means nothing here any more.
                if (table.fitsKey(incoming.key().values())) {
                    chunk.add(incoming);
                }
                if (chunk.size() >= chunkCount) {
                    flush(table, chunk, Rule.JOIN);
                }
            }
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

    private Incoming incoming(TrackedTable table, int[] columns, ChangesetCursor change, Birth birth, Stamp stamp)
            throws SQLException {
        var key = table.identity() == TrackedTable.Identity.BIRTH
                ? Keys.ofBirth(table, birth)
                : key(table, columns, change);
        Map<Integer, ChangesetValue> additions = change.op() == ChangeOp.UPDATE ? new TreeMap<>() : Map.of();
        var version = switch (change.op()) {
            case INSERT -> RowVersion.alive(stamp, inserted(table, columns, change, stamp));
            case UPDATE -> RowVersion.alive(birth.stamp(), updated(table, columns, change, stamp, additions));
            case DELETE -> RowVersion.dead(birth.stamp(), stamp);
        };
        return new Incoming(key, version, additions, stamp, change.op() != ChangeOp.INSERT);
    }

    private static RowKey key(TrackedTable table, int[] columns, ChangesetCursor change) {
        List<ChangesetValue> values = new ArrayList<>();
        for (var column : table.changesetKeys()) {
            values.add(
                    change.op() == ChangeOp.INSERT
                            ? change.newValue(columns[column])
                            : change.oldValue(columns[column]));
        }
        return RowKey.of(table.seed(), values);
    }

    private List<Cell> inserted(TrackedTable table, int[] columns, ChangesetCursor change, Stamp stamp)
            throws SQLException {
        var born = RowState.born(stamp);
        List<Cell> cells = new ArrayList<>(table.cellCount());
        for (var cell = 0; cell < table.cellCount(); cell++) {
            var column = columns[table.column(cell)];
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
            int[] columns,
            ChangesetCursor change,
            Stamp stamp,
            Map<Integer, ChangesetValue> additions) {
        List<Cell> cells = new ArrayList<>();
        for (var cell = 0; cell < table.cellCount(); cell++) {
            var column = columns[table.column(cell)];
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
        var joined =
                withAdditions(row.after().join(incoming.version(), table.merge().registers()), incoming);
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
                : withAdditions(known.join(version, table.merge().registers()), incoming);
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
    private static RowVersion withAdditions(RowVersion joined, Incoming incoming) {
        var fits = joined.isAlive() && joined.birth().equals(incoming.version().birth());
        if (incoming.additions().isEmpty() || !fits) {
            return joined;
        }
        List<Cell> cells = new ArrayList<>(joined.cells());
        incoming.additions().forEach((cell, addition) -> {
            if (cells.get(cell) instanceof Cell.Counter counter) {
                var total = counter.totals().get(incoming.stamp().origin());
                if (total == null || total.clock() < incoming.stamp().clock()) {
                    cells.set(cell, counter.add(addition, incoming.stamp()));
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
