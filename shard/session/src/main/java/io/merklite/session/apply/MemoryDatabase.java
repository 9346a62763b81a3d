package io.merklite.session.apply;

import io.merklite.session.SessionException.ApplyAborted;
import io.merklite.session.SessionException.IllegalResolution;
import io.merklite.session.SessionException.WrongKind;
import io.merklite.session.catalog.Identifiers;
import io.merklite.session.changeset.ChangeOp;
import io.merklite.session.changeset.ChangesetCursor;
import io.merklite.session.changeset.ChangesetRow;
import io.merklite.session.changeset.ChangesetValue;
import io.merklite.session.changeset.Inversion;
import io.merklite.session.changeset.TableInfo;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A target for changesets without SQLite: tables of rows by key, for caches, tests and views.
 *
 * <p>The rules are those of {@link ChangesetApplier}, with what a table in memory has: keys. So the conflicts are DATA,
 * NOT_FOUND and CONFLICT; there is no other constraint that could fail, nothing is held back, and values are stored and
 * compared as they are, without affinity or collation. A table takes changes with as many columns as it has, and the
 * same key; those of others are skipped.
 *
 * <p>Apply is atomic unless {@link ApplyOptions#withoutSavepoint} is used. Not thread-safe.
 */
public final class MemoryDatabase {
    private static final int SQLITE_CORRUPT = 11;
    private static final int SQLITE_ABORT = 4;

    private Map<String, MemoryTable> tables = new LinkedHashMap<>();

    /** Rows by key, in the order of their first insertion. */
    private record MemoryTable(TableInfo info, Map<List<ChangesetValue>, List<ChangesetValue>> rows) {
        MemoryTable copy() {
            return new MemoryTable(info, new LinkedHashMap<>(rows));
        }
    }

    /**
     * Makes an empty table.
     *
     * @throws IllegalArgumentException if there is one of this name, or {@code table} has no key
     */
    public void createTable(TableInfo table) {
        if (table.keyPositions().stream().allMatch(position -> position == 0)) {
            throw new IllegalArgumentException("table " + table.name() + " without a key");
        }
        var created = new MemoryTable(table, new LinkedHashMap<>());
        if (tables.putIfAbsent(Identifiers.fold(table.name()), created) != null) {
            throw new IllegalArgumentException("table " + table.name() + " exists already");
        }
    }

    /** The rows of a table, in no order that means anything; empty if there is no such table. */
    public List<List<ChangesetValue>> rows(String table) {
        var found = tables.get(Identifiers.fold(table));
        return found == null ? List.of() : List.copyOf(found.rows().values());
    }

    /** Applies a changeset or patchset as {@link ChangesetApplier#apply(byte[], ApplyOptions, ConflictHandler)} does. */
    public ApplyOutcome apply(byte[] changeset, ApplyOptions options, ConflictHandler handler) {
        var run = new Run(options, handler);
        try {
            run.apply(options.invert() ? inverse(changeset) : changeset);
        } catch (RuntimeException e) {
            if (!options.savepoint()) {
                tables = run.tables;
            }
            throw e;
        }
        tables = run.tables;
        return run.counts.outcome(options.rebase() ? run.rebase.blob() : RebaseBlob.EMPTY);
    }

    private static byte[] inverse(byte[] changeset) {
        var cursor = new ChangesetCursor(changeset);
        if (cursor.next() && cursor.patchset()) {
            throw new WrongKind(SQLITE_CORRUPT, "a patchset can't be inverted: it has no old values");
        }
        return Inversion.invert(changeset);
    }

    /** One apply, on copies of the tables that it touches. */
    private final class Run {
        private final ApplyOptions options;
        private final ConflictHandler handler;
        private final ApplyOutcome.Counts counts = new ApplyOutcome.Counts();
        private final RebaseLog rebase = new RebaseLog();
        private final Map<String, MemoryTable> tables = new HashMap<>(MemoryDatabase.this.tables);
        private final Map<String, MemoryTable> touched = new HashMap<>();
        private String name = "";

        private Run(ApplyOptions options, ConflictHandler handler) {
            this.options = options;
            this.handler = handler;
        }

        private void apply(byte[] changeset) {
            var cursor = new ChangesetCursor(changeset);
            @Nullable MemoryTable table = null;
            while (cursor.next()) {
                if (cursor.newGroup()) {
                    table = enter(cursor);
                }
                if (table == null || isFilteredOut(cursor)) {
                    counts.skipped();
                } else {
                    apply(table, cursor);
                }
            }
        }

        private @Nullable MemoryTable enter(ChangesetCursor cursor) {
            var before = Identifiers.fold(name);
            name = new String(cursor.tableName(), StandardCharsets.UTF_8);
            var folded = Identifiers.fold(name);
            if (!folded.equals(before)) {
                rebase.leaveTable();
            }
            var table = tables.get(folded);
            if (!options.tableFilter().test(name)) {
                return null;
            }
            if (table == null
                    || !table.info().keyPositions().equals(cursor.table().keyPositions())) {
                counts.skippedTable(
                        "table " + name + (table == null ? " does not exist" : " has other columns or keys"));
                return null;
            }
            var own = touched.computeIfAbsent(folded, absent -> table.copy());
            tables.put(folded, own);
            return own;
        }

        private boolean isFilteredOut(ChangesetCursor cursor) {
            return options.changeFilter()
                    .map(filter -> !filter.test(name, cursor.row()))
                    .orElse(false);
        }

        private void apply(MemoryTable table, ChangesetCursor cursor) {
            if (cursor.op() == ChangeOp.UPDATE && !TargetTable.setsAnything(cursor)) {
                return; // an UPDATE without a new value does nothing, and is no conflict
            }
            var change = cursor.row();
            var key = key(table.info(), change);
            var present = table.rows().get(key);
            switch (change.op()) {
                case INSERT -> {
                    if (present == null) {
                        put(table, key, change.newValues(), change.op());
                    } else {
                        conflict(table, cursor, change, ConflictType.CONFLICT, key, present);
                    }
                }
                case UPDATE, DELETE -> {
                    if (present == null) {
                        missing(cursor, change);
                    } else if (agrees(present, change.oldValues())) {
                        write(table, key, present, change);
                    } else {
                        conflict(table, cursor, change, ConflictType.DATA, key, present);
                    }
                }
            }
        }

        private void put(MemoryTable table, List<ChangesetValue> key, List<ChangesetValue> row, ChangeOp op) {
            table.rows().put(key, row);
            counts.applied(op, 1);
        }

        private void write(
                MemoryTable table, List<ChangesetValue> key, List<ChangesetValue> present, ChangesetRow change) {
            if (change.op() == ChangeOp.DELETE) {
                table.rows().remove(key);
                counts.applied(ChangeOp.DELETE, 1);
                return;
            }
            put(
                    table,
                    key,
                    change.op() == ChangeOp.INSERT ? change.newValues() : updated(table.info(), present, change),
                    change.op());
        }

        private void conflict(
                MemoryTable table,
                ChangesetCursor cursor,
                ChangesetRow change,
                ConflictType type,
                List<ChangesetValue> key,
                List<ChangesetValue> present) {
            if (options.ignoreNoOps()
                    && change.op() != ChangeOp.DELETE
                    && hasNewValues(table.info(), present, change)) {
                omit(cursor);
                return;
            }
            switch (ask(new Conflict.OfChange(type, name, change, Optional.of(present)))) {
                case OMIT -> omit(cursor);
                case ABORT -> throw aborted(type);
                case REPLACE -> {
                    log(cursor, true);
                    counts.replaced();
                    write(table, key, present, change);
                }
            }
        }

        private void missing(ChangesetCursor cursor, ChangesetRow change) {
            if (options.ignoreNoOps() && change.op() == ChangeOp.DELETE) {
                omit(cursor);
                return;
            }
            switch (ask(new Conflict.OfChange(ConflictType.NOT_FOUND, name, change, Optional.empty()))) {
                case OMIT -> omit(cursor);
                case ABORT -> throw aborted(ConflictType.NOT_FOUND);
                case REPLACE ->
                    throw new IllegalResolution("NOT_FOUND in " + name + " answered with REPLACE, but there is no row");
            }
        }

        private void omit(ChangesetCursor cursor) {
            counts.omitted();
            log(cursor, false);
        }

        private void log(ChangesetCursor cursor, boolean replaced) {
            if (options.rebase() && !cursor.patchset()) {
                rebase.add(cursor, replaced);
            }
        }

        private Resolution ask(Conflict conflict) {
            counts.conflict(conflict.type());
            return Optional.ofNullable(handler.resolve(conflict))
                    .orElseThrow(() -> new IllegalResolution(conflict.type() + " answered with null"));
        }

        private ApplyAborted aborted(ConflictType type) {
            return new ApplyAborted(SQLITE_ABORT, "conflict " + type + " in " + name + " was answered with ABORT");
        }
    }

    private static List<ChangesetValue> key(TableInfo table, ChangesetRow change) {
        var values = change.op() == ChangeOp.INSERT ? change.newValues() : change.oldValues();
        return IntStream.range(0, values.size())
                .filter(table::isKey)
                .mapToObj(values::get)
                .toList();
    }

    /** Whether every value of {@code wanted} that is defined is that of {@code row}. */
    private static boolean agrees(List<ChangesetValue> row, List<ChangesetValue> wanted) {
        return IntStream.range(0, row.size())
                .allMatch(i -> wanted.get(i) instanceof ChangesetValue.Undefined
                        || wanted.get(i).equals(row.get(i)));
    }

    /** Whether the row has all new values already; its key is that of the change. */
    private static boolean hasNewValues(TableInfo table, List<ChangesetValue> row, ChangesetRow change) {
        return agrees(row, updated(table, row, change));
    }

    /** An UPDATE never writes the key: where its new record has key values, they say nothing. */
    private static List<ChangesetValue> updated(TableInfo table, List<ChangesetValue> row, ChangesetRow change) {
        List<ChangesetValue> updated = new ArrayList<>(row);
        for (var i = 0; i < row.size(); i++) {
            if (!table.isKey(i) && !(change.newValues().get(i) instanceof ChangesetValue.Undefined)) {
                updated.set(i, change.newValues().get(i));
            }
        }
        return List.copyOf(updated);
    }
}
