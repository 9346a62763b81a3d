package io.merklite.sync.store;

import io.merklite.session.apply.ChangesetApplier;
import io.merklite.session.capture.Session;
import io.merklite.session.catalog.SqlValues;
import io.merklite.session.changeset.Changeset;
import io.merklite.session.statement.SqlStatements;
import io.merklite.sync.SyncException.InvalidState;
import io.merklite.sync.SyncException.Unsupported;
import io.merklite.sync.row.Cell;
import io.merklite.sync.stamp.Origin;
import io.merklite.sync.stamp.Stamp;
import io.merklite.sync.transaction.Transaction;
import io.merklite.sync.vector.VersionVector;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Merges what comes from other replicas: transactions, and whole rows of the merkle path. Each call is one transaction
 * over rows, states, sums and vector, with what constraints have against it settled.
 *
 * <p>Triggers of the user do not fire, and foreign keys are not enforced meanwhile: what they did at the origin is in the
 * changes already, and what they have against the merged rows has its own rule.
 */
final class Merger {
    private final SqlStatements statements;
    private final Session session;
    private final ChangesetApplier applier;
    private final SchemaFollower schemas;
    private final TableRegistry registry;
    private final ShadowRows shadow;
    private final StoreState state;
    private final StoreTransactions transactions;
    private final UserTriggers triggers;
    private final ForeignKeyEnforcement enforcement;
    private final LocalWrites writes;
    private final String database;

    Merger(
            SqlStatements statements,
            Session session,
            ChangesetApplier applier,
            SchemaFollower schemas,
            ShadowRows shadow,
            StoreState state,
            StoreTransactions transactions,
            UserTriggers triggers,
            ForeignKeyEnforcement enforcement,
            LocalWrites writes,
            String database) {
        this.statements = statements;
        this.session = session;
        this.applier = applier;
        this.schemas = schemas;
        this.registry = schemas.registry();
        this.shadow = shadow;
        this.state = state;
        this.transactions = transactions;
        this.triggers = triggers;
        this.enforcement = enforcement;
        this.writes = writes;
        this.database = database;
    }

    /** Merges transactions, each of which must be ready after those before it. */
    Merged merge(List<Transaction> transactions) {
        requireReady(transactions);
        return merging(tablesNow(transactions), merge -> merge.add(transactions), () -> {
            Map<Origin, Transaction> last = new LinkedHashMap<>();
            transactions.forEach(transaction -> last.put(transaction.origin(), transaction));
            for (var transaction : last.values()) {
                var clock = transaction.stamp().clock();
                state.origins().raise(transaction.origin(), transaction.seq(), clock);
                state.clock().follow(clock);
            }
        });
    }

    /** The rows that a transaction would still change if it came now, by table and as they would be. */
    Map<String, List<RemoteRow>> changedBy(Transaction transaction) {
        return StoreTransactions.call("checking " + transaction, () -> {
            var merge = new RowMerge(registry, shadow, statements, schemas.history(), state.origins());
            merge.add(List.of(transaction));
            Map<String, List<RemoteRow>> changed = new TreeMap<>();
            merge.merged()
                    .forEach((table, rows) -> rows.stream()
                            .filter(row -> row.isVisible(row.values()))
                            .forEach(row -> changed.computeIfAbsent(table.foldedName(), name -> new ArrayList<>())
                                    .add(new RemoteRow(row.key().values(), row.after()))));
            return changed;
        });
    }

    /** Tables that a transaction has changed and that are gone, as they were called. */
    Set<String> goneTables(Transaction transaction) {
        return StoreTransactions.call("looking for the tables of " + transaction, () -> {
            Set<String> gone = new TreeSet<>();
            for (var group : LocalWrites.tablesOf(transaction.changes())) {
                var now = schemas.history().groupNow(transaction.schemaFingerprint(), group);
                if (now.flatMap(registry::table).isEmpty()) {
                    gone.add(group);
                }
            }
            return gone;
        });
    }

    private void requireReady(List<Transaction> transactions) {
        var reached = state.vector();
        for (var transaction : transactions) {
            if (!transaction.database().equals(database)) {
                throw new InvalidState(
                        "a transaction of " + transaction.database() + " for " + database, "Route it rightly");
            }
            var isNext = transaction.seq() == reached.seq(transaction.origin()) + 1;
            if (!isNext || !reached.covers(transaction.dependencies())) {
                throw new InvalidState(transaction + " does not follow on " + reached, "Hold it until it does");
            }
            if (transactions.size() > 1
                    && transaction.schemaFingerprint() != schemas.history().current()) {
                throw new InvalidState(transaction + " is of another schema", "Merge it by itself");
            }
            reached = reached.with(transaction.origin(), transaction.seq());
        }
    }

    /** The tables of transactions, by the names that they have now. */
    private Set<String> tablesNow(List<Transaction> transactions) {
        return StoreTransactions.call("reading table names", () -> {
            Set<String> names = new HashSet<>();
            for (var transaction : transactions) {
                for (var group : LocalWrites.tablesOf(transaction.changes())) {
                    schemas.history()
                            .groupNow(transaction.schemaFingerprint(), group)
                            .ifPresent(names::add);
                }
            }
            return names;
        });
    }

    /** Merges whole rows by {@code rule}. The vector stays: what else their transactions did is not known. */
    Merged mergeRows(String table, List<RemoteRow> rows, VersionVector reach, RowMerge.Rule rule) {
        requireFitting(table, rows);
        return merging(
                List.of(table),
                rule == RowMerge.Rule.OVERWRITE,
                merge -> {
                    var tracked = registry.table(table);
                    if (tracked.isPresent()) {
                        merge.add(tracked.get(), rows, rule);
                    }
                },
                () -> {
                    state.goAhead(reach);
                    rows.forEach(row -> state.clock().follow(latest(row).clock()));
                });
    }

    /** Mends what a scrub found with the rows that a peer has there. */
    Merged restore(Scrub.Damage damage, List<RemoteRow> rows) {
        var restored = merging(
                List.of(damage.table()),
                merge -> {
                    var table = registry.require(damage.table());
                    removeStrangers(table, damage.range());
                    merge.add(table, rows, RowMerge.Rule.REPAIR);
                },
                () -> rows.forEach(row -> state.clock().follow(latest(row).clock())));
        transactions.run("rebuilding the index", () -> {
            writes.rebuildAll();
            return true;
        });
        return restored;
    }

    private void removeStrangers(TrackedTable table, KeyRange range) throws SQLException {
        for (var row : shadow.strangers(table, range, Integer.MAX_VALUE)) {
            var delete = statements.prepare(table.deleteRow());
            var parameter = 1;
            for (var column : table.changesetKeys()) {
                SqlValues.bind(delete, parameter++, row.get(column));
            }
            delete.executeUpdate();
        }
    }

    /** Refuses rows that have other columns than their table here. */
    void requireFitting(String table, List<RemoteRow> rows) {
        var tracked = registry.table(table);
        for (var row : rows) {
            var cells = row.version().isAlive() ? row.version().cells().size() : 0;
            if (tracked.isPresent()
                    && (!tracked.get().fitsRow(row.key())
                            || (row.version().isAlive()
                                    && cells != tracked.get().cellCount()))) {
                throw new Unsupported(
                        "a row of table " + table + " with " + row.key().size() + " key values and " + cells
                                + " columns, which does not fit",
                        "Bring both replicas to the same schema first");
            }
        }
    }

    /** Removes rows and their states, as if they had never been. */
    Merged forgetRows(String table, List<RowKey> keys, VersionVector reach) {
        return merging(
                List.of(table), merge -> merge.forget(registry.require(table), keys), () -> state.goAhead(reach));
    }

    /** The latest stamp that a row bears. */
    static Stamp latest(RemoteRow row) {
        var latest = row.version().death().orElse(row.version().birth());
        for (var cell : row.version().cells()) {
            if (cell instanceof Cell.Register register) {
                latest = Stamp.max(latest, register.stamp());
            } else if (cell instanceof Cell.Counter counter) {
                for (var total : counter.totals().entrySet()) {
                    latest = Stamp.max(latest, new Stamp(total.getValue().clock(), total.getKey()));
                }
            }
        }
        return latest;
    }

    /** Tries again to make what the schema lacks: rows may have been in its way. */
    void completeSchema() {
        enforcement.without(
                List.of(ReplicatedSchema.TABLE),
                isEnforcing -> transactions.run("completing the schema", () -> {
                    followIfStale();
                    var migrated = schemas.migrate(true);
                    mergeMoved(migrated, isEnforcing);
                    var entered = writes.enterLedger(migrated.left());
                    entered.ifPresent(
                            transaction -> transactions.note(new Commit.Untold(Set.of(ConflictLedger.TABLE))));
                    state.save();
                    return true;
                }));
    }

    /** Joins what comes. */
    interface MergeStep {
        void run(RowMerge merge) throws SQLException;
    }

    /** What else is to be done in the same transaction. */
    interface Step {
        void run() throws SQLException;
    }

    private Merged merging(Collection<String> tables, MergeStep step, Step afterwards) {
        return merging(tables, false, step, afterwards);
    }

    private Merged merging(Collection<String> tables, boolean authority, MergeStep step, Step afterwards) {
        return enforcement.without(
                tables,
                isEnforcing -> transactions.run("merging", () -> {
                    followIfStale();
                    var merged = mergeOpen(step, afterwards, isEnforcing, authority);
                    if (LocalWrites.tablesOf(merged.changes().cursor()).contains(ReplicatedSchema.TABLE)) {
                        // Told as a repair; beside another repair it is not told, and peers get it by the merkle path.
                        var settled = writes.settleRenames();
                        var migrated = schemas.migrate(true);
                        var moved = mergeMoved(migrated, isEnforcing);
                        var entered = writes.enterLedger(migrated.left());
                        merged = new Merged(
                                Changeset.wrap(LocalWrites.concat(
                                        merged.changes().toByteArray(),
                                        moved.changes().toByteArray())),
                                merged.repair()
                                        .or(() -> settled)
                                        .or(moved::repair)
                                        .or(() -> entered));
                    }
                    state.save();
                    return merged;
                }));
    }

    /** Joins the rows of tables that became one with another, with the rows of that. */
    private Merged mergeMoved(ReplicatedSchema.Migrated migrated, boolean isEnforcing) throws SQLException {
        if (migrated.moved().isEmpty()) {
            return new Merged(Changeset.EMPTY, Optional.empty());
        }
        session.discard();
        return mergeOpen(merge -> merge.addMoved(migrated.moved()), () -> {}, isEnforcing, false);
    }

    private void followIfStale() throws SQLException {
        if (schemas.isStale()) {
            session.discard();
            writes.stampElements(List.of(), false);
            schemas.follow(Changeset.EMPTY, Set.of());
        }
        session.discard();
    }

    /**
     * Merges inside the open transaction.
     *
     * @param isEnforcing whether foreign keys are to be looked after
     * @param authority whether what comes is right in any case
     */
    Merged mergeOpen(MergeStep step, Step afterwards, boolean isEnforcing, boolean authority) throws SQLException {
        var merge = new RowMerge(registry, shadow, statements, schemas.history(), state.origins());
        step.run(merge);
        afterwards.run();
        var rows = merge.merged();
        List<Merged> merged = new ArrayList<>();
        triggers.without(rows.keySet(), () -> merged.add(merge(merge, isEnforcing, authority)));
        var done = merged.getFirst();
        if (!done.changes().isEmpty()) {
            transactions.note(new Commit.Copied(done.changes()));
        }
        return done;
    }

    private Merged merge(RowMerge merge, boolean isEnforcing, boolean authority) throws SQLException {
        var merged = merge.merged();
        merged.values().forEach(rows -> rows.sort((one, other) -> KeyOrder.compare(one.key(), other.key())));
        var writer = new MergeWriter(registry, shadow, statements, applier, session, authority);
        var written = writer.write(merged);
        var stamp = state.nextStamp();
        state.addToRoot(writer.record(merged, state.horizon(), stamp));
        if (merge.isOfAnotherSchema()) {
            state.addToRoot(writer.recordStored(merged));
        }
        writes.rebuild(damaged(merged));
        var changes = written.orElseGet(this::takeRecorded);
        if (authority) {
            return new Merged(Changeset.wrap(changes), Optional.empty());
        }
        var orphans = isEnforcing ? settleForeignKeys(merged, writer.evicted()) : List.<ForeignKeys.Orphan>of();
        if (written.isPresent()
                && !isEnforcing
                && writer.evicted().isEmpty()
                && merge.unfit().isEmpty()) {
            return new Merged(Changeset.wrap(changes), Optional.empty());
        }
        enterLedger(merged, writer, orphans);
        enterLedger(merge.unfit());
        if (session.isEmpty() && writer.evicted().isEmpty()) {
            return new Merged(Changeset.wrap(changes), Optional.empty());
        }
        var repairs = session.changeset().toByteArray();
        session.discard();
        var repair =
                writes.stamp(new LocalWrites.Evictions(writer.evictions(), writer.evictedBirths()), repairs, stamp);
        return new Merged(Changeset.wrap(LocalWrites.concat(changes, repairs)), Optional.of(repair));
    }

    private byte[] takeRecorded() {
        return session.takeChangeset().toByteArray();
    }

    private void enterLedger(
            Map<TrackedTable, List<MergedRow>> merged, MergeWriter writer, List<ForeignKeys.Orphan> orphans)
            throws SQLException {
        var ledger = new LedgerWriter(statements, shadow, state.clock());
        for (var evicted : writer.evicted()) {
            ledger.add(evicted.kind(), evicted.table(), evicted.row(), evicted.cells());
        }
        for (var row : writer.unchecked()) {
            for (var entry : merged.entrySet()) {
                if (entry.getValue().contains(row)) {
                    ledger.add(Conflicts.Kind.CHECK, entry.getKey(), row, row.values());
                }
            }
        }
        for (var orphan : orphans) {
            ledger.add(orphan);
        }
    }

    private void enterLedger(List<RowMerge.Unfit> unfit) throws SQLException {
        var ledger = new LedgerWriter(statements, shadow, state.clock());
        for (var row : unfit) {
            ledger.add(Conflicts.Kind.KEY, row.table(), row.row(), row.row().values());
        }
    }

    private static Set<TrackedTable> damaged(Map<TrackedTable, List<MergedRow>> merged) {
        Set<TrackedTable> damaged = new HashSet<>();
        merged.forEach((table, rows) -> {
            if (rows.stream()
                    .anyMatch(row -> row.before().map(StoredRow::isDamaged).orElse(false))) {
                damaged.add(table);
            }
        });
        return damaged;
    }

    private List<ForeignKeys.Orphan> settleForeignKeys(
            Map<TrackedTable, List<MergedRow>> merged, List<MergeWriter.Evicted> evicted) throws SQLException {
        var keys = new ForeignKeys(registry, statements, triggers);
        if (keys.isEmpty()) {
            return List.of();
        }
        merged.forEach((table, rows) -> rows.forEach(row -> {
            var before = row.before()
                    .filter(StoredRow::present)
                    .map(stored -> row.row(table, stored.values()))
                    .orElse(List.of());
            keys.touched(table, before, row.after().isAlive() ? row.row(table, row.values()) : List.of());
        }));
        evicted.forEach(row -> keys.touched(row.table(), row.row().row(row.table(), row.cells()), List.of()));
        keys.settle();
        return keys.evicted();
    }
}
