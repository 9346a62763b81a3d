package io.merklite.sync.store;

import io.merklite.session.changeset.ChangeOp;
import io.merklite.session.changeset.ChangesetCursor;
import io.merklite.session.changeset.ChangesetValue;
import io.merklite.sync.SyncException.Unsupported;
import io.merklite.sync.row.Cell;
import io.merklite.sync.stamp.Stamp;
import io.merklite.sync.transaction.Births;
import io.merklite.sync.transaction.Births.Birth;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Brings states and sums up to date with changes that are in the user's tables already, and gives them a stamp.
 *
 * <p>Only what a change says is used: columns that it leaves alone are not read, since digests are sums over columns.
 *
 * <p>Where a change contradicts the stored state, rows were changed behind our back before. Then the state follows the
 * change, and the table is {@linkplain #suspicious() suspicious}: its sums must be made anew.
 */
final class LocalChanges {
    private static final int CHUNK = 1024;

    private final TableRegistry registry;
    private final ShadowRows shadow;
    private final Stamp stamp;
    private final List<Birth> births = new ArrayList<>();
    private final Set<TrackedTable> suspicious = new HashSet<>();
    private final List<Correction> corrections = new ArrayList<>();
    private long rootDelta;
    private int insertCount;

    /** From what to what a cell was changed. */
    private record Step(ChangesetValue old, ChangesetValue now) {}

    /**
     * A value that a write left and that does not stand: another one is what every replica makes of it.
     *
     * @param changesetKey what identifies the row in a changeset
     * @param value the value that stands
     */
    record Correction(TrackedTable table, List<ChangesetValue> changesetKey, int cell, ChangesetValue value) {}

    /** A change, with what is needed of it once the state of its row is known. */
    private static final class Change {
        private final ChangeOp op;
        private final long rowid;
        private @Nullable RowKey key;
        /** By cell: hashes of its old and new value; whether it is changed. */
        private final long[] oldHashes;

        private final long[] newHashes;
        private final boolean[] changed;
        /** By cell: what it was changed from and to, where that decides how it merges. */
        private final Map<Integer, Step> steps = new HashMap<>();

        private Change(ChangeOp op, @Nullable RowKey key, long rowid, int cellCount) {
            this.op = op;
            this.key = key;
            this.rowid = rowid;
            this.oldHashes = new long[cellCount];
            this.newHashes = new long[cellCount];
            this.changed = new boolean[cellCount];
        }

        private RowKey key() {
            if (key == null) {
                throw new IllegalStateException("the key of a row is not known yet");
            }
            return key;
        }
    }

    LocalChanges(TableRegistry registry, ShadowRows shadow, Stamp stamp) {
        this.registry = registry;
        this.shadow = shadow;
        this.stamp = stamp;
    }

    /** Takes in the births of deletes whose rows are brought up to date already, and which come first. */
    void addDone(List<Birth> done) {
        births.addAll(done);
    }

    /** Takes in a changeset; tables that do not replicate are passed over, which its maker must have left out. */
    void add(byte[] changeset) throws SQLException {
        var cursor = new ChangesetCursor(changeset);
        TrackedTable table = null;
        List<Change> chunk = new ArrayList<>();
        while (cursor.next()) {
            if (cursor.newGroup()) {
                flush(table, chunk);
                table = registry.table(new String(cursor.tableName(), StandardCharsets.UTF_8))
                        .orElseThrow(() -> new Unsupported(
                                "a change of a table that does not replicate", "Attach replicated tables only"));
            }
            if (table != null) {
                chunk.add(read(table, cursor));
            }
            if (chunk.size() == CHUNK) {
                flush(table, chunk);
            }
        }
        flush(table, chunk);
    }

    /** The births of the rows that were updated or deleted, in the order of the changes. */
    Births births() {
        return Births.of(births);
    }

    /** By how much the root grows. */
    long rootDelta() {
        return rootDelta;
    }

    /** Tables whose stored states contradicted a change. */
    Set<TrackedTable> suspicious() {
        return suspicious;
    }

    /**
     * What must be put right in the user's tables: a value that lost to the one before it by its table's merge policy,
     * and a counter whose parts add up to something else, such as 0 where NULL was written.
     */
    List<Correction> corrections() {
        return corrections;
    }

    private Change read(TrackedTable table, ChangesetCursor cursor) {
        var op = cursor.op();
        var byBirth = table.identity() == TrackedTable.Identity.BIRTH;
        var rowid = byBirth ? cursor.longAt(op == ChangeOp.INSERT ? cursor.newOffset(0) : cursor.oldOffset(0)) : 0;
        if (op == ChangeOp.INSERT) {
            insertCount++;
        }
        var key = byBirth ? (op == ChangeOp.INSERT ? bornNow(table) : null) : key(table, cursor);
        var change = new Change(op, key, rowid, table.cellCount());
        for (var cell = 0; cell < table.cellCount(); cell++) {
            var column = table.column(cell);
            change.changed[cell] = op != ChangeOp.UPDATE || cursor.newType(column) != 0;
            if (change.changed[cell]) {
                if (op != ChangeOp.INSERT) {
                    change.oldHashes[cell] = RowDigest.oldValueHash(cursor, column);
                }
                if (op != ChangeOp.DELETE) {
                    change.newHashes[cell] = RowDigest.newValueHash(cursor, column);
                }
                if (op == ChangeOp.UPDATE && !table.isLastWriterWins(cell)) {
                    change.steps.put(cell, new Step(cursor.oldValue(column), cursor.newValue(column)));
                }
            }
        }
        return change;
    }

    private RowKey bornNow(TrackedTable table) {
        return Keys.ofBirth(table, new Birth(stamp, insertCount));
    }

    private static RowKey key(TrackedTable table, ChangesetCursor cursor) {
        List<ChangesetValue> values = new ArrayList<>(table.keyCount());
        for (var column : table.changesetKeys()) {
            var value = cursor.op() == ChangeOp.INSERT ? cursor.newValue(column) : cursor.oldValue(column);
            if (table.isAmbiguous(column, value)) {
                throw new Unsupported(
                        "a whole real in the primary key of table " + table + ", in a column without a type",
                        "Declare the column INTEGER or REAL, or store an integer");
            }
            values.add(value);
        }
        return RowKey.of(table.seed(), values);
    }

    private void flush(@Nullable TrackedTable table, List<Change> chunk) throws SQLException {
        if (table == null || chunk.isEmpty()) {
            return;
        }
        var states = load(table, chunk);
        List<ShadowRows.Put> puts = new ArrayList<>(chunk.size());
        List<MerkleSums.Change> sums = new ArrayList<>(chunk.size());
        for (var change : chunk) {
            apply(table, change, Optional.ofNullable(states.get(change.key())), puts, sums);
        }
        puts.sort((one, other) -> KeyOrder.compare(one.key(), other.key())); // a changeset has the order of a hash
        shadow.put(table, puts);
        registry.sums(table).apply(sums);
        chunk.clear();
    }

    private Map<RowKey, RowState> load(TrackedTable table, List<Change> chunk) throws SQLException {
        if (table.identity() == TrackedTable.Identity.BIRTH) {
            return loadByRowid(table, chunk);
        }
        // What comes after the last key is new: the usual case of growing keys reads nothing.
        List<RowKey> known = new ArrayList<>();
        for (var change : chunk) {
            if (!shadow.isBeyondLast(table, change.key())) {
                known.add(change.key());
            }
        }
        return shadow.states(table, known);
    }

    private Map<RowKey, RowState> loadByRowid(TrackedTable table, List<Change> chunk) throws SQLException {
        var rowids = chunk.stream()
                .filter(change -> change.op != ChangeOp.INSERT)
                .map(change -> change.rowid)
                .toList();
        var byRowid = shadow.statesByRowid(table, rowids);
        Map<RowKey, RowState> states = new HashMap<>();
        for (var change : chunk) {
            if (change.op != ChangeOp.INSERT) {
                var known = byRowid.get(change.rowid);
                if (known == null) {
                    suspicious.add(table);
                    insertCount++;
                    change.key = bornNow(table);
                } else {
                    change.key = known.getKey();
                    states.put(known.getKey(), known.getValue());
                }
            }
        }
        return states;
    }

    private void apply(
            TrackedTable table,
            Change change,
            Optional<RowState> known,
            List<ShadowRows.Put> puts,
            List<MerkleSums.Change> sums) {
        var key = change.key();
        var contradicts = known.map(RowState::isAlive).orElse(false) == (change.op == ChangeOp.INSERT);
        if (contradicts) {
            suspicious.add(table);
        }
        var before = known.filter(RowState::isAlive).orElseGet(() -> RowState.born(stamp));
        var after = switch (change.op) {
            case INSERT -> RowState.born(stamp);
            case UPDATE -> updated(table, change, before);
            case DELETE -> RowState.dead(before.birth(), stamp);
        };
        // Of a suspicious table all sums are made anew, so what is added here does not matter.
        var delta = switch (change.op) {
            case INSERT -> alive(table, key, after, change.newHashes) - tombstone(key, known);
            case UPDATE -> difference(table, change, before, after);
            case DELETE -> digest(key, after) - alive(table, key, before, change.oldHashes);
        };
        if (change.op != ChangeOp.INSERT) {
            births.add(table.identity() == TrackedTable.Identity.BIRTH ? Keys.birth(key) : Birth.keyed(before.birth()));
        }
        rootDelta += delta;
        puts.add(new ShadowRows.Put(key, after, after.isAlive() ? (Long) change.rowid : null));
        sums.add(new MerkleSums.Change(
                key, delta, known.isPresent() ? MerkleSums.Presence.STAYED : MerkleSums.Presence.CAME));
    }

    private static long tombstone(RowKey key, Optional<RowState> known) {
        return known.filter(state -> !state.isAlive())
                .map(state -> digest(key, state))
                .orElse(0L);
    }

    private static long digest(RowKey key, RowState dead) {
        return RowDigest.dead(key.hash(), dead.birth(), dead.death().orElseThrow());
    }

    private static long alive(TrackedTable table, RowKey key, RowState state, long[] valueHashes) {
        var digest = RowDigest.alive(key.hash(), state.birth());
        for (var cell = 0; cell < valueHashes.length; cell++) {
            digest += term(table, key, state, cell, valueHashes[cell]);
        }
        return digest;
    }

    private static long difference(TrackedTable table, Change change, RowState before, RowState after) {
        var difference = 0L;
        for (var cell = 0; cell < change.changed.length; cell++) {
            if (change.changed[cell]) {
                difference += term(table, change.key(), after, cell, change.newHashes[cell])
                        - term(table, change.key(), before, cell, change.oldHashes[cell]);
            }
        }
        return difference;
    }

    private static long term(TrackedTable table, RowKey key, RowState state, int cell, long valueHash) {
        var seed = table.columnSeeds()[cell];
        return switch (state.overrides().get(cell)) {
            case null -> valueHash == 0 ? 0 : RowDigest.stamped(key.hash(), seed, state.birth(), valueHash);
            case RowState.Later.Written written -> RowDigest.stamped(key.hash(), seed, written.stamp(), valueHash);
            case RowState.Later.Counted counted -> RowDigest.cell(key.hash(), seed, state.birth(), counted.counter());
        };
    }

    private RowState updated(TrackedTable table, Change change, RowState before) {
        Map<Integer, RowState.Later> overrides = new TreeMap<>(before.overrides());
        for (var cell = 0; cell < change.changed.length; cell++) {
            var step = change.steps.get(cell);
            if (step != null && table.counters()[cell]) {
                overrides.put(cell, counted(table, cell, step, change, before));
            } else if (step != null && isBeaten(table, cell, step, before)) {
                change.newHashes[cell] = change.oldHashes[cell];
                correct(table, change, cell, step.old());
            } else if (change.changed[cell]) {
                overrides.put(cell, new RowState.Later.Written(stamp));
            }
        }
        return new RowState(before.birth(), Optional.empty(), overrides);
    }

    /** Whether the value before a write survives it: on other replicas it will, so it must here. */
    private boolean isBeaten(TrackedTable table, int cell, Step step, RowState before) {
        var written =
                before.cell(cell, step.old(), false) instanceof Cell.Register known ? known.stamp() : before.birth();
        return table.merge().registers().firstWins(step.old(), written, step.now(), stamp);
    }

    private RowState.Later counted(TrackedTable table, int cell, Step step, Change change, RowState before) {
        if (!RowState.isNumber(step.old()) || !RowState.isNumber(step.now())) {
            throw new Unsupported(
                    "a counter column of table " + table + " with a value that is no number",
                    "Store numbers or NULL in it, or do not declare it a counter");
        }
        var known = before.cell(cell, step.old(), true) instanceof Cell.Counter counter
                ? counter
                : new Cell.Counter(step.old(), new TreeMap<>());
        var counter = known.add(Cell.Counter.difference(step.now(), step.old()), stamp);
        if (!counter.value().equals(step.now())) {
            correct(table, change, cell, counter.value());
        }
        return new RowState.Later.Counted(counter);
    }

    private void correct(TrackedTable table, Change change, int cell, ChangesetValue value) {
        var key = table.identity() == TrackedTable.Identity.BIRTH
                ? List.<ChangesetValue>of(new ChangesetValue.Integer(change.rowid))
                : change.key().values();
        corrections.add(new Correction(table, key, cell, value));
    }
}
