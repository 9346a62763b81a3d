package io.merklite.session.apply;

import io.merklite.session.SessionException.ApplyAborted;
import io.merklite.session.SessionException.DatabaseFailure;
import io.merklite.session.SessionException.IllegalResolution;
import io.merklite.session.SessionException.WrongKind;
import io.merklite.session.catalog.Identifiers;
import io.merklite.session.changeset.ChangeOp;
import io.merklite.session.changeset.ChangesetCursor;
import io.merklite.session.changeset.ChangesetValue;
import io.merklite.session.changeset.Inversion;
import io.merklite.session.statement.SqlStatements;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** One apply, from its frame to its outcome. */
final class ApplyRun {
    /*
     * The order of events is that of SQLite's sessionChangesetApply: changes in the order given; what fails a constraint
     * is held back and tried again when its table's group ends, as long as a round makes the list shorter; in the last
     * round a failure goes to the handler as CONSTRAINT.
     */
    private static final int FIRST_WINDOW = 16_384;
    private static final int WINDOW_AFTER_CONFLICT = 16;
    private static final int SMALLEST_WINDOW = 3;
    private static final int WINDOW_SIZE_BYTES = 4 << 20;
    private static final int SQLITE_CORRUPT = 11;
    private static final int SQLITE_ABORT = 4;

    /**
     * A change that failed a constraint.
     *
     * @param change a cursor of its own that stands on it
     * @param replaceFirst whether the handler wants the row with its key deleted first
     */
    private record Held(ChangesetCursor change, boolean replaceFirst) {}

    private final SqlStatements statements;
    private final TargetSchema schema;
    private final ApplyFrame frame;
    private final ApplyOptions options;
    private final ConflictHandler handler;
    private final ApplyOutcome.Counts counts = new ApplyOutcome.Counts();
    private final RebaseLog rebase = new RebaseLog();
    private final ApplyWindow window;
    private final boolean foreignKeys;

    private String tableName = "";
    private byte[] tableFlags = new byte[0];
    private boolean tableEntered;
    private boolean tableWritten;
    private boolean lastPart;
    private @Nullable TargetTable target;
    private List<Held> held = new ArrayList<>();
    private boolean holdsBack = true;
    private int windowLimit = FIRST_WINDOW;

    ApplyRun(SqlStatements statements, TargetSchema schema, ApplyOptions options, ConflictHandler handler)
            throws SQLException {
        this.statements = statements;
        this.schema = schema;
        this.options = options;
        this.handler = handler;
        this.window = new ApplyWindow(statements);
        this.foreignKeys = statements.number("PRAGMA foreign_keys") != 0;
        this.frame = new ApplyFrame(statements, options, foreignKeys);
    }

    ApplyOutcome run(Iterator<byte[]> parts) throws SQLException {
        try {
            frame.open(schema);
            while (parts.hasNext()) {
                var part = parts.next();
                lastPart = !parts.hasNext();
                applyPart(options.invert() ? inverse(part) : part);
            }
            leaveTable();
            frame.close(this::resolveViolations);
            return counts.outcome(options.rebase() ? rebase.blob() : RebaseBlob.EMPTY);
        } catch (SQLException | RuntimeException | Error e) {
            undo(e);
            throw e;
        }
    }

    private void undo(Throwable cause) {
        try {
            window.discard();
        } catch (SQLException e) {
            cause.addSuppressed(e);
        }
        frame.undo(cause);
        if (cause instanceof SQLException || cause instanceof DatabaseFailure) {
            try {
                statements.clear();
            } catch (SQLException e) {
                cause.addSuppressed(e);
            }
        }
    }

    private static byte[] inverse(byte[] part) {
        var cursor = new ChangesetCursor(part);
        if (cursor.next() && cursor.patchset()) {
            throw new WrongKind(SQLITE_CORRUPT, "a patchset can't be inverted: it has no old values");
        }
        return Inversion.invert(part);
    }

    private void applyPart(byte[] part) throws SQLException {
        var cursor = new ChangesetCursor(part);
        var more = cursor.next();
        while (more) {
            if (cursor.newGroup()) {
                enterTable(cursor);
            }
            if (target == null) {
                counts.skipped();
                more = cursor.next();
            } else if (usesWindow(target)) {
                more = applyWindow(target, cursor);
            } else {
                applyFiltered(target, cursor);
                more = cursor.next();
            }
        }
    }

    private boolean usesWindow(TargetTable table) {
        return options.changeFilter().isEmpty() && table.isPlain(foreignKeys);
    }

    /**
     * Takes changes in until the window is full or the group ends, and applies them.
     *
     * @return whether the cursor stands on a further change
     */
    private boolean applyWindow(TargetTable table, ChangesetCursor cursor) throws SQLException {
        var from = cursor.changeOffset();
        var header = cursor.replay(from, from);
        var isFirst = !tableWritten;
        tableWritten = true;
        window.begin(table);
        int to;
        boolean more;
        do {
            window.add(cursor);
            to = cursor.position();
            more = cursor.next();
        } while (more
                && !cursor.newGroup()
                && !window.isFull()
                && window.count() < windowLimit
                && to - from < WINDOW_SIZE_BYTES);
        var isAll = isFirst && endsTable(cursor, more);
        if (window.count() >= SMALLEST_WINDOW && (isAll || !table.hasOtherUnique() || window.isOfOneKind())) {
            if (window.execute(header.replay(from, to))) {
                windowLimit = Math.min(FIRST_WINDOW, windowLimit * 2);
                for (var op : ChangeOp.values()) {
                    counts.applied(op, window.count(op));
                }
                return more;
            }
            windowLimit = WINDOW_AFTER_CONFLICT;
        }
        window.discard();
        var again = header.replay(from, to);
        while (again.next()) {
            applyHoldingBack(table, again);
        }
        return more;
    }

    /** Whether no change of the table entered comes after those that {@code cursor} has passed. */
    private boolean endsTable(ChangesetCursor cursor, boolean more) {
        return more ? cursor.newGroup() && !isOfTableEntered(cursor) : lastPart;
    }

    private void applyFiltered(TargetTable table, ChangesetCursor change) throws SQLException {
        var filter = options.changeFilter();
        if (filter.isPresent() && !filter.get().test(tableName, change.row())) {
            counts.skipped();
            return;
        }
        applyHoldingBack(table, change);
    }

    private void applyHoldingBack(TargetTable table, ChangesetCursor change) throws SQLException {
        if (change.op() == ChangeOp.UPDATE && !TargetTable.setsAnything(change)) {
            return; // an UPDATE without a new value does nothing, and is no conflict
        }
        apply(table, change, false);
    }

    private void apply(TargetTable table, ChangesetCursor change, boolean replaceFirst) throws SQLException {
        if (replaceFirst) {
            replace(table, change);
            return;
        }
        if (table.isStat1() && change.op() == ChangeOp.INSERT) {
            var present = table.find(change);
            if (present.isPresent()) {
                onPresentRow(table, change, ConflictType.CONFLICT, present.get());
                return;
            }
        }
        switch (attempt(table, change, false)) {
            case DONE -> counts.applied(change.op(), 1);
            case UNCHANGED -> {
                var present = table.find(change);
                if (present.isPresent()) {
                    onPresentRow(table, change, ConflictType.DATA, present.get());
                } else {
                    onMissingRow(change);
                }
            }
            case CONSTRAINT -> {
                var present =
                        change.op() == ChangeOp.INSERT ? table.find(change) : Optional.<List<ChangesetValue>>empty();
                if (present.isPresent()) {
                    onPresentRow(table, change, ConflictType.CONFLICT, present.get());
                } else {
                    onConstraint(change, false);
                }
            }
        }
    }

    /** What became of a statement. */
    private enum Attempt {
        DONE,
        UNCHANGED,
        CONSTRAINT
    }

    private Attempt attempt(TargetTable table, ChangesetCursor change, boolean keyOnly) throws SQLException {
        try {
            var changed = table.execute(change, keyOnly);
            return changed > 0 || change.op() == ChangeOp.INSERT ? Attempt.DONE : Attempt.UNCHANGED;
        } catch (SQLException e) {
            requireConstraint(table, e);
            return Attempt.CONSTRAINT;
        }
    }

    /** Throws {@code failure} on unless it is a failed constraint that the transaction has survived. */
    private void requireConstraint(TargetTable table, SQLException failure) throws SQLException {
        if (!SqlStatements.isConstraint(failure)) {
            throw failure;
        }
        if (!table.isPlain(foreignKeys)) {
            frame.requireTransaction(failure);
        }
    }

    /** DATA or CONFLICT: a row with the key is there. */
    private void onPresentRow(
            TargetTable table, ChangesetCursor change, ConflictType type, List<ChangesetValue> present)
            throws SQLException {
        if (options.ignoreNoOps() && change.op() != ChangeOp.DELETE && table.hasNewValues(change)) {
            omit(change);
            return;
        }
        switch (ask(new Conflict.OfChange(type, tableName, change.row(), Optional.of(present)))) {
            case OMIT -> omit(change);
            case ABORT -> throw aborted(type);
            case REPLACE -> {
                log(change, true);
                counts.replaced();
                if (type == ConflictType.CONFLICT) {
                    replace(table, change);
                } else {
                    overwrite(table, change);
                }
            }
        }
    }

    /** REPLACE of DATA: the key alone counts now. */
    private void overwrite(TargetTable table, ChangesetCursor change) throws SQLException {
        switch (attempt(table, change, true)) {
            case DONE -> counts.applied(change.op(), 1);
            case UNCHANGED -> onMissingRow(change);
            case CONSTRAINT -> onConstraint(change, false);
        }
    }

    /**
     * REPLACE of CONFLICT: the row with the key goes, then the INSERT is made. If that fails the row is put back and both
     * are held back; the reference leaves the row deleted, so that an OMIT later loses it.
     */
    private void replace(TargetTable table, ChangesetCursor change) throws SQLException {
        var done = statements.keeping("merklite_replace", () -> {
            table.deleteByKey(change);
            return attempt(table, change, false) == Attempt.DONE;
        });
        if (done) {
            counts.applied(change.op(), 1);
        } else {
            onConstraint(change, true);
        }
    }

    private void onMissingRow(ChangesetCursor change) {
        if (options.ignoreNoOps() && change.op() == ChangeOp.DELETE) {
            omit(change);
            return;
        }
        resolveWithoutRow(change, ConflictType.NOT_FOUND);
    }

    private void onConstraint(ChangesetCursor change, boolean replaceFirst) {
        if (!holdsBack) {
            resolveWithoutRow(change, ConflictType.CONSTRAINT);
            return;
        }
        var own = change.replay(change.changeOffset(), change.position());
        own.next();
        held.add(new Held(own, replaceFirst));
    }

    private void resolveWithoutRow(ChangesetCursor change, ConflictType type) {
        switch (ask(new Conflict.OfChange(type, tableName, change.row(), Optional.empty()))) {
            case OMIT -> omit(change);
            case ABORT -> throw aborted(type);
            case REPLACE ->
                throw new IllegalResolution(
                        type + " in " + tableName + " answered with REPLACE, but there is no row to write over");
        }
    }

    private void omit(ChangesetCursor change) {
        counts.omitted();
        log(change, false);
    }

    private void log(ChangesetCursor change, boolean replaced) {
        if (options.rebase() && !change.patchset()) {
            rebase.add(change, replaced);
        }
    }

    private Resolution ask(Conflict conflict) {
        counts.conflict(conflict.type());
        var resolution = handler.resolve(conflict);
        // A handler that was compiled without null checks may answer null.
        if (Optional.ofNullable(resolution).isEmpty()) {
            throw new IllegalResolution(conflict.type() + " answered with null");
        }
        return resolution;
    }

    private ApplyAborted aborted(ConflictType type) {
        return new ApplyAborted(SQLITE_ABORT, "conflict " + type + " in " + tableName + " was answered with ABORT");
    }

    private Resolution resolveViolations(long count) {
        return ask(new Conflict.OfForeignKeys(count));
    }

    private void enterTable(ChangesetCursor cursor) throws SQLException {
        if (isOfTableEntered(cursor)) {
            return;
        }
        leaveTable();
        var name = name(cursor);
        tableName = name;
        tableWritten = false;
        tableFlags = cursor.flags();
        tableEntered = true;
        target = options.tableFilter().test(name) ? fitting(name, cursor) : null;
        rebase.leaveTable();
    }

    private boolean isOfTableEntered(ChangesetCursor cursor) {
        return tableEntered
                && Identifiers.fold(name(cursor)).equals(Identifiers.fold(tableName))
                && Arrays.equals(tableFlags, cursor.flags());
    }

    private static String name(ChangesetCursor cursor) {
        return new String(cursor.tableName(), StandardCharsets.UTF_8);
    }

    private @Nullable TargetTable fitting(String name, ChangesetCursor cursor) throws SQLException {
        var found = schema.table(name);
        var mismatch = found.isEmpty()
                ? Optional.of("there is no table " + name)
                : found.get().mismatch(cursor);
        mismatch.ifPresent(counts::skippedTable);
        if (mismatch.isPresent()) {
            return null;
        }
        frame.enterTable(found.orElseThrow().layout().name(), schema);
        return found.orElseThrow();
    }

    /** Settles what was held back, and forgets the table. */
    private void leaveTable() throws SQLException {
        var table = target;
        while (table != null && !held.isEmpty()) {
            var before = held.size();
            retryHeld(table);
            if (held.size() >= before && !(holdsBack && options.resolveUpdateLoops() && resolveLoop(table))) {
                holdsBack = false;
            }
        }
        holdsBack = true;
        windowLimit = FIRST_WINDOW;
        target = null;
        tableEntered = false;
    }

    private void retryHeld(TargetTable table) throws SQLException {
        var round = held;
        held = new ArrayList<>();
        for (var one : round) {
            apply(table, one.change(), one.replaceFirst());
        }
    }

    /**
     * Breaks a circle of UPDATEs that wait for each other's unique values: takes the row of one out, tries the others,
     * and puts the row back with its new values. Not where that would fire triggers or foreign key actions.
     *
     * @return whether the list became shorter
     */
    private boolean resolveLoop(TargetTable table) throws SQLException {
        if (table.hasTriggers() || (foreignKeys && table.isParent())) {
            return false;
        }
        for (var candidate : List.copyOf(held)) {
            if (candidate.change().op() == ChangeOp.UPDATE && resolveLoop(table, candidate)) {
                return true;
            }
        }
        return false;
    }

    private boolean resolveLoop(TargetTable table, Held candidate) throws SQLException {
        var before = held;
        var others = new ArrayList<>(held);
        others.remove(candidate);
        List<ChangeOp> applied = new ArrayList<>(List.of(ChangeOp.UPDATE));
        var done = statements.keeping("merklite_loop", () -> {
            var row = RowInTransit.takeOut(statements, table, candidate.change());
            if (row.isEmpty()) {
                return false;
            }
            held = others;
            progressWithoutHandler(table, applied);
            return putBack(row.get(), table, candidate.change());
        });
        if (done) {
            applied.forEach(op -> counts.applied(op, 1));
        } else {
            held = before;
        }
        return done;
    }

    private boolean putBack(RowInTransit row, TargetTable table, ChangesetCursor change) throws SQLException {
        try {
            row.putBack(change);
            return true;
        } catch (SQLException e) {
            requireConstraint(table, e);
            return false;
        }
    }

    /** Tries what is held back as long as that makes progress, without asking anybody; notes what was applied. */
    private void progressWithoutHandler(TargetTable table, List<ChangeOp> applied) throws SQLException {
        for (var size = held.size() + 1; held.size() < size; ) {
            size = held.size();
            List<Held> rest = new ArrayList<>();
            for (var one : held) {
                if (!one.replaceFirst() && attempt(table, one.change(), false) == Attempt.DONE) {
                    applied.add(one.change().op());
                } else {
                    rest.add(one);
                }
            }
            held = rest;
        }
    }
}
