package io.merklite.sync.store;

import io.merklite.session.catalog.RawRows;
import io.merklite.session.catalog.SqlValues;
import io.merklite.session.changeset.ChangesetValue;
import io.merklite.session.statement.SqlStatements;
import io.merklite.sync.SyncException.Unsupported;
import io.merklite.sync.stamp.Stamp;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Reads and writes the states of rows, a batch of keys at a time.
 *
 * <p><b>Cost.</b> One statement for up to 64 rows; about 0.5 µs a row to read a state that is in the cache, 0.4 to write
 * one.
 */
final class ShadowRows {
    private static final int[] BATCHES = {64, 8, 1};
    /** For so few rows at once {@link #SPREAD_BATCHES} are used: they tend to be spread, many rows to be neighbours. */
    private static final int SPREAD_COUNT = 256;
    /**
     * Of rows that are spread each is in a page of its own. SQLite keeps a copy of each page that a statement changes, in
     * memory up to 64 KiB, then in a temporary file, which all that follows in the transaction uses too.
     */
    private static final int[] SPREAD_BATCHES = {12, 4, 1};

    private static final int[] READ_BATCHES = {256, 64, 32, 8, 1};
    private static final int[] SHARED_BATCHES = {128, 16, 1};
    /** So many equal states next to each other are written together. */
    private static final int SHARED_COUNT = 16;

    private static final int FIRST = 1;
    private static final int NO_LIMIT = -1;
    /** How many columns come between a key and the values of a row. */
    private static final int STATE_AND_PRESENCE = 5;

    private final SqlStatements statements;
    private final OriginTable origins;
    /** By number of the table the key that comes last, or one behind it. */
    private final Map<Integer, Optional<RowKey>> lastKeys = new HashMap<>();

    ShadowRows(SqlStatements statements, OriginTable origins) {
        this.statements = statements;
        this.origins = origins;
    }

    /** One state that is to be stored; {@code rowid} only for a table identified by births, null if the row is dead. */
    record Put(RowKey key, RowState state, @Nullable Long rowid) {}

    /** States by key; keys without one are missing. The rows' values are left out. */
    Map<RowKey, RowState> states(TrackedTable table, List<RowKey> keys) throws SQLException {
        Map<RowKey, RowState> states = new HashMap<>();
        forBatches(table, keys, (batch, size) -> {
            parameters(table, batch, size)
                    .forEachRow(
                            statements.prepare(table.statesByKey(size)),
                            row -> states.put(key(table, row), state(table, row, table.keyCount())));
        });
        return states;
    }

    /** Of a table identified by births: keys and states by local rowid. */
    Map<Long, Map.Entry<RowKey, RowState>> statesByRowid(TrackedTable table, List<Long> rowids) throws SQLException {
        Map<Long, Map.Entry<RowKey, RowState>> states = new HashMap<>();
        for (var rowid : rowids) {
            new QueryParameters(1)
                    .add(rowid)
                    .forEachRow(
                            statements.prepare(table.statesByRowid(1)),
                            row -> states.put(rowid, Map.entry(key(table, row), state(table, row, table.keyCount()))));
        }
        return states;
    }

    /** Rows with state and values, by key; keys without a state are missing. */
    Map<RowKey, StoredRow> rows(TrackedTable table, Collection<RowKey> keys) throws SQLException {
        Map<RowKey, StoredRow> found = new HashMap<>();
        forBatches(table, List.copyOf(keys), (batch, size) -> {
            parameters(table, batch, size).forEachRow(statements.prepare(table.versionsByKey(size)), row -> {
                var stored = row(table, row, 0);
                found.put(stored.key(), stored);
            });
        });
        return found;
    }

    /** Rows with state and values in the order of keys, from inclusive, to exclusive, at most {@code limit}. */
    List<StoredRow> range(TrackedTable table, KeyRange range, int limit) throws SQLException {
        List<StoredRow> found = new ArrayList<>();
        var query = statements.prepare(
                table.versionsInRange(range.from().isPresent(), range.to().isPresent()));
        QueryParameters.ofRange(table).add(range).add(limit).forEachRow(query, row -> found.add(row(table, row, 0)));
        return found;
    }

    /** Keys and digests in the order of keys, from inclusive, to exclusive, at most {@code limit}; 0 for damaged rows. */
    List<RowRanges.KeyDigest> digests(TrackedTable table, KeyRange range, int limit) throws SQLException {
        List<RowRanges.KeyDigest> found = new ArrayList<>();
        forEachDigest(table, range, limit, (key, digest) -> found.add(new RowRanges.KeyDigest(key, digest)));
        return found;
    }

    /** The sum of the digests of the rows in a range. Reads them all. */
    long sumOfDigests(TrackedTable table, KeyRange range) throws SQLException {
        var sum = new long[1];
        forEachDigest(table, range, NO_LIMIT, (key, digest) -> sum[0] += digest);
        return sum[0];
    }

    /** Takes the digest of a row. */
    private interface DigestConsumer {
        void accept(RowKey key, long digest);
    }

    private void forEachDigest(TrackedTable table, KeyRange range, int limit, DigestConsumer consumer)
            throws SQLException {
        var query = statements.prepare(
                table.digestsInRange(range.from().isPresent(), range.to().isPresent()));
        QueryParameters.ofRange(table).add(range).add(limit).forEachRow(query, row -> {
            var key = key(table, row, 1);
            consumer.accept(key, digest(table, key, row));
        });
    }

    /** The digest of a row that was not written since its birth is made of what SQLite gives, without a value between. */
    private long digest(TrackedTable table, RowKey key, RawRows row) throws SQLException {
        var clock = row.longAt(0);
        if (clock == 0) {
            return row(table, row, 1).digest(table);
        }
        var state = 1 + table.keyCount();
        var birth = new Stamp(clock, origins.origin((int) row.longAt(state + 1)));
        var digest = RowDigest.alive(key.hash(), birth);
        for (var cell = 0; cell < table.cellCount(); cell++) {
            var value = RowDigest.valueHash(row, state + STATE_AND_PRESENCE + cell);
            digest += value == 0 ? 0 : RowDigest.stamped(key.hash(), table.columnSeeds()[cell], birth, value);
        }
        return digest;
    }

    /** How many rows there are in the range, dead ones included; counting stops at {@code limit}. */
    int count(TrackedTable table, KeyRange range, int limit) throws SQLException {
        var query = statements.prepare(
                table.countInRange(range.from().isPresent(), range.to().isPresent()));
        var count = new int[1];
        QueryParameters.ofRange(table).add(range).add(limit).forEachRow(query, row -> count[0] = (int) row.longAt(0));
        return count[0];
    }

    /** Whether {@code key} comes after every key that has a state, so that it can have none. */
    boolean isBeyondLast(TrackedTable table, RowKey key) throws SQLException {
        var last = lastKeys.get(table.number());
        if (last == null) {
            last = last(table);
            lastKeys.put(table.number(), last);
        }
        return last.isEmpty() || KeyOrder.compare(key, last.get()) > 0;
    }

    private Optional<RowKey> last(TrackedTable table) throws SQLException {
        List<RowKey> found = new ArrayList<>(1);
        RawRows.forEach(statements.prepare(table.lastKey()), true, row -> found.add(key(table, row)));
        return found.stream().findFirst();
    }

    /** Forgets which keys are the last: states were written past this class, or not at all. */
    void forgetLast() {
        lastKeys.clear();
    }

    /**
     * Rows of the user's table that have no state, or a dead one, each as a changeset has it: somebody wrote them past
     * the store. Without a key they can't be told apart by range, and are in that from the beginning.
     */
    List<List<ChangesetValue>> strangers(TrackedTable table, KeyRange range, int limit) throws SQLException {
        if (table.identity() == TrackedTable.Identity.BIRTH && range.from().isPresent()) {
            return List.of();
        }
        var query = statements.prepare(
                table.strangers(range.from().isPresent(), range.to().isPresent()));
        var parameter = table.identity() == TrackedTable.Identity.BIRTH ? FIRST : bindRange(query, FIRST, range);
        query.setInt(parameter, limit);
        List<List<ChangesetValue>> found = new ArrayList<>();
        try (var rows = query.executeQuery()) {
            while (rows.next()) {
                List<ChangesetValue> row = new ArrayList<>();
                for (var i = 0; i < table.changesetColumnCount(); i++) {
                    row.add(SqlValues.read(rows, FIRST + i));
                }
                found.add(row);
            }
        }
        return found;
    }

    /** Some rows that died at or before {@code clock}. */
    Map<RowKey, RowState> deadUpTo(TrackedTable table, long clock, int limit) throws SQLException {
        var query = statements.prepare(table.deadUpTo());
        Map<RowKey, RowState> dead = new HashMap<>();
        new QueryParameters(2)
                .add(clock)
                .add(limit)
                .forEachRow(query, row -> dead.put(key(table, row), state(table, row, table.keyCount())));
        return dead;
    }

    void put(TrackedTable table, List<Put> puts) throws SQLException {
        for (var put : puts) {
            if (isBeyondLast(table, put.key())) {
                lastKeys.put(table.number(), Optional.of(put.key()));
            }
        }
        List<Put> mixed = new ArrayList<>();
        for (var from = 0; from < puts.size(); ) {
            var to = endOfRun(puts, from);
            if (to - from >= SHARED_COUNT) {
                putShared(table, puts.subList(from, to));
            } else {
                mixed.addAll(puts.subList(from, to));
            }
            from = to;
        }
        putMixed(table, mixed);
    }

    /** The end of the puts from {@code from} on whose states are equal: rows are often written together. */
    private static int endOfRun(List<Put> puts, int from) {
        var state = puts.get(from).state();
        var to = from + 1;
        while (to < puts.size() && puts.get(to).state().equals(state)) {
            to++;
        }
        return to;
    }

    /** States that are equal: a row costs a parameter for each part of its key. */
    private void putShared(TrackedTable table, List<Put> puts) throws SQLException {
        var done = 0;
        for (var size : puts.size() <= SPREAD_COUNT ? SPREAD_BATCHES : SHARED_BATCHES) {
            while (puts.size() - done >= size) {
                var insert = statements.prepare(table.putEqualStates(size));
                var parameter = bindState(insert, FIRST, table, puts.getFirst().state());
                for (var put : puts.subList(done, done + size)) {
                    parameter = bindRow(insert, parameter, table, put);
                }
                insert.executeUpdate();
                done += size;
            }
        }
    }

    /** How many rows a statement writes, the largest number first, if {@code count} are to be written. */
    static int[] batches(int count) {
        return count <= SPREAD_COUNT ? SPREAD_BATCHES : BATCHES;
    }

    private void putMixed(TrackedTable table, List<Put> puts) throws SQLException {
        var done = 0;
        for (var size : batches(puts.size())) {
            while (puts.size() - done >= size) {
                var insert = statements.prepare(table.putStates(size));
                var parameter = FIRST;
                for (var put : puts.subList(done, done + size)) {
                    parameter = bindState(insert, parameter, table, put.state());
                    parameter = bindRow(insert, parameter, table, put);
                }
                insert.executeUpdate();
                done += size;
            }
        }
    }

    private int bindState(PreparedStatement insert, int first, TrackedTable table, RowState state) throws SQLException {
        var parameter = first;
        insert.setLong(parameter++, state.birth().clock());
        insert.setInt(parameter++, origins.id(state.birth().origin()));
        insert.setObject(parameter++, state.death().map(Stamp::clock).orElse(null));
        insert.setBytes(parameter++, RowStateCodec.encode(state, table, origins));
        return parameter;
    }

    private static int bindRow(PreparedStatement insert, int first, TrackedTable table, Put put) throws SQLException {
        var parameter = bindKey(insert, first, put.key());
        if (table.identity() == TrackedTable.Identity.BIRTH) {
            insert.setObject(parameter++, put.rowid());
        }
        return parameter;
    }

    void delete(TrackedTable table, List<RowKey> keys) throws SQLException {
        for (var key : keys) {
            var delete = statements.prepare("DELETE FROM " + table.shadow() + table.whereKeys("", 1));
            bindKey(delete, FIRST, key);
            delete.executeUpdate();
        }
    }

    /** Binds a key's values from {@code first} on; the parameter after them. */
    static int bindKey(PreparedStatement statement, int first, RowKey key) throws SQLException {
        var parameter = first;
        for (var value : key.values()) {
            if (!SqlValues.tryBind(statement, parameter++, value)) {
                throw new Unsupported("a primary key with text that is not UTF-8", "Store such keys as BLOB");
            }
        }
        return parameter;
    }

    static int bindRange(PreparedStatement statement, int first, KeyRange range) throws SQLException {
        var parameter = first;
        if (range.from().isPresent()) {
            parameter = bindKey(statement, parameter, range.from().get());
        }
        if (range.to().isPresent()) {
            parameter = bindKey(statement, parameter, range.to().get());
        }
        return parameter;
    }

    /** The key in the first columns of a row. */
    static RowKey key(TrackedTable table, RawRows row) throws SQLException {
        return key(table, row, 0);
    }

    /** The key in the columns from {@code first} on. */
    static RowKey key(TrackedTable table, RawRows row, int first) throws SQLException {
        if (table.identity() == TrackedTable.Identity.INTEGER) {
            return RowKey.of(table.seed(), row.longAt(first));
        }
        List<ChangesetValue> values = new ArrayList<>(table.keyCount());
        for (var i = 0; i < table.keyCount(); i++) {
            values.add(row.value(first + i));
        }
        return RowKey.of(table.seed(), values);
    }

    /** The state in the columns from {@code first} on. */
    private RowState state(TrackedTable table, RawRows row, int first) throws SQLException {
        var birth = new Stamp(row.longAt(first), origins.origin((int) row.longAt(first + 1)));
        return RowStateCodec.decode(birth, row.longAt(first + 2), row.blobAt(first + 3), table, origins);
    }

    /** Key, state, presence and values in the columns from {@code first} on. */
    private StoredRow row(TrackedTable table, RawRows row, int first) throws SQLException {
        var state = first + table.keyCount();
        var cells = state + STATE_AND_PRESENCE;
        var present = !row.isNull(cells - 1);
        List<ChangesetValue> values = new ArrayList<>(table.cellCount());
        for (var i = 0; present && i < table.cellCount(); i++) {
            values.add(row.value(cells + i));
        }
        var rowid = table.identity() == TrackedTable.Identity.BIRTH ? row.longAt(cells + table.cellCount()) : 0;
        return new StoredRow(key(table, row, first), state(table, row, state), values, rowid, present);
    }

    private interface BatchAction {
        void run(List<RowKey> batch, int size) throws SQLException;
    }

    /** Statements of few sizes, so that they are prepared once; the last key fills up what is left over. */
    private static void forBatches(TrackedTable table, List<RowKey> keys, BatchAction action) throws SQLException {
        // A long chain of ORs is no quicker than a short one.
        var sizes = table.keyCount() == 1 ? READ_BATCHES : BATCHES;
        for (var done = 0; done < keys.size(); ) {
            var left = keys.size() - done;
            var size = sizes[0];
            for (var smaller : sizes) {
                if (smaller >= left) {
                    size = smaller;
                }
            }
            var batch = keys.subList(done, Math.min(keys.size(), done + size));
            action.run(batch, size);
            done += batch.size();
        }
    }

    private static QueryParameters parameters(TrackedTable table, List<RowKey> batch, int size) {
        var parameters = new QueryParameters(size * table.keyCount());
        for (var i = 0; i < size; i++) {
            parameters.add(batch.get(Math.min(i, batch.size() - 1)));
        }
        return parameters;
    }
}
