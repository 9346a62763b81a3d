package io.merklite.sync.store;

import io.merklite.session.catalog.RawRows;
import io.merklite.session.catalog.SqlValues;
import io.merklite.session.changeset.ChangesetValue;
import io.merklite.session.statement.SqlStatements;
import io.merklite.sync.SyncException.Unsupported;
import io.merklite.sync.stamp.Stamp;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
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
    private static final int FIRST = 1;

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
        forBatches(keys, (batch, size) -> {
            var query = statements.prepare(table.statesByKey(size));
            bindKeys(query, batch, size);
            RawRows.forEachBound(query, true, row -> states.put(key(table, row), state(table, row)));
        });
        return states;
    }

    /** Of a table identified by births: keys and states by local rowid. */
    Map<Long, Map.Entry<RowKey, RowState>> statesByRowid(TrackedTable table, List<Long> rowids) throws SQLException {
        Map<Long, Map.Entry<RowKey, RowState>> states = new HashMap<>();
        for (var rowid : rowids) {
            var query = statements.prepare(table.statesByRowid(1));
            query.setLong(FIRST, rowid);
            RawRows.forEachBound(query, true, row -> states.put(rowid, Map.entry(key(table, row), state(table, row))));
        }
        return states;
    }

    /** Rows with state and values, by key; keys without a state are missing. */
    Map<RowKey, StoredRow> rows(TrackedTable table, Collection<RowKey> keys) throws SQLException {
        Map<RowKey, StoredRow> found = new HashMap<>();
        forBatches(List.copyOf(keys), (batch, size) -> {
            var query = statements.prepare(table.versionsByKey(size));
            bindKeys(query, batch, size);
            RawRows.forEachBound(query, true, row -> {
                var stored = row(table, row);
                found.put(stored.key(), stored);
            });
        });
        return found;
    }

    /** Rows with state and values in the order of keys, from inclusive, to exclusive, at most {@code limit}. */
    List<StoredRow> range(TrackedTable table, KeyRange range, int limit) throws SQLException {
        var query = statements.prepare(
                table.versionsInRange(range.from().isPresent(), range.to().isPresent()));
        var parameter = bindRange(query, FIRST, range);
        query.setInt(parameter, limit);
        List<StoredRow> found = new ArrayList<>();
        RawRows.forEachBound(query, true, row -> found.add(row(table, row)));
        return found;
    }

    /** How many rows there are in the range, dead ones included; counting stops at {@code limit}. */
    int count(TrackedTable table, KeyRange range, int limit) throws SQLException {
        var query = statements.prepare(
                table.countInRange(range.from().isPresent(), range.to().isPresent()));
        query.setInt(bindRange(query, FIRST, range), limit);
        try (var rows = query.executeQuery()) {
            return rows.next() ? rows.getInt(FIRST) : 0;
        }
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
        try (var rows = statements.prepare(table.lastKey()).executeQuery()) {
            return rows.next() ? Optional.of(key(table, rows)) : Optional.empty();
        }
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
        query.setLong(FIRST, clock);
        query.setInt(FIRST + 1, limit);
        Map<RowKey, RowState> dead = new HashMap<>();
        RawRows.forEachBound(query, true, row -> dead.put(key(table, row), state(table, row)));
        return dead;
    }

    void put(TrackedTable table, List<Put> puts) throws SQLException {
        for (var put : puts) {
            if (isBeyondLast(table, put.key())) {
                lastKeys.put(table.number(), Optional.of(put.key()));
            }
        }
        var done = 0;
        for (var size : BATCHES) {
            while (puts.size() - done >= size) {
                var insert = statements.prepare(table.putStates(size));
                var parameter = FIRST;
                for (var put : puts.subList(done, done + size)) {
                    parameter = bindPut(insert, parameter, table, put);
                }
                insert.executeUpdate();
                done += size;
            }
        }
    }

    private int bindPut(PreparedStatement insert, int first, TrackedTable table, Put put) throws SQLException {
        var parameter = bindKey(insert, first, put.key());
        insert.setLong(parameter++, put.state().birth().clock());
        insert.setInt(parameter++, origins.id(put.state().birth().origin()));
        insert.setObject(parameter++, put.state().death().map(Stamp::clock).orElse(null));
        insert.setBytes(parameter++, RowStateCodec.encode(put.state(), table, origins));
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
            if (!SqlValues.isBindable(value)) {
                throw new Unsupported("a primary key with text that is not UTF-8", "Store such keys as BLOB");
            }
            SqlValues.bind(statement, parameter++, value);
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
    static RowKey key(TrackedTable table, ResultSet row) throws SQLException {
        List<ChangesetValue> values = new ArrayList<>(table.keyCount());
        for (var i = 0; i < table.keyCount(); i++) {
            values.add(SqlValues.read(row, FIRST + i));
        }
        return RowKey.of(table.seed(), values);
    }

    private static RowKey key(TrackedTable table, RawRows row) throws SQLException {
        List<ChangesetValue> values = new ArrayList<>(table.keyCount());
        for (var i = 0; i < table.keyCount(); i++) {
            values.add(row.value(i));
        }
        return RowKey.of(table.seed(), values);
    }

    private RowState state(TrackedTable table, RawRows row) throws SQLException {
        var column = table.keyCount();
        var birth = new Stamp(row.longAt(column), origins.origin((int) row.longAt(column + 1)));
        return RowStateCodec.decode(birth, row.longAt(column + 2), row.blobAt(column + 3), table, origins);
    }

    private StoredRow row(TrackedTable table, RawRows row) throws SQLException {
        var presence = table.keyCount() + 4;
        var present = !row.isNull(presence);
        List<ChangesetValue> values = new ArrayList<>(table.cellCount());
        for (var i = 0; present && i < table.cellCount(); i++) {
            values.add(row.value(presence + 1 + i));
        }
        var rowid = table.identity() == TrackedTable.Identity.BIRTH ? row.longAt(presence + 1 + table.cellCount()) : 0;
        return new StoredRow(key(table, row), state(table, row), values, rowid, present);
    }

    private interface BatchAction {
        void run(List<RowKey> batch, int size) throws SQLException;
    }

    /** Statements of few sizes, so that they are prepared once; the last key fills up what is left over. */
    private static void forBatches(List<RowKey> keys, BatchAction action) throws SQLException {
        for (var done = 0; done < keys.size(); ) {
            var left = keys.size() - done;
            var size = BATCHES[0];
            for (var smaller : BATCHES) {
                if (smaller >= left) {
                    size = smaller;
                }
            }
            var batch = keys.subList(done, Math.min(keys.size(), done + size));
            action.run(batch, size);
            done += batch.size();
        }
    }

    private static void bindKeys(PreparedStatement query, List<RowKey> batch, int size) throws SQLException {
        var parameter = FIRST;
        for (var i = 0; i < size; i++) {
            parameter = bindKey(query, parameter, batch.get(Math.min(i, batch.size() - 1)));
        }
    }
}
