package io.merklite.sync.store;

import io.merklite.session.SessionException;
import io.merklite.session.apply.ApplyOptions;
import io.merklite.session.apply.ChangesetApplier;
import io.merklite.session.apply.Conflict;
import io.merklite.session.apply.ConflictHandler;
import io.merklite.session.apply.Resolution;
import io.merklite.session.capture.Session;
import io.merklite.session.changeset.ChangeGroup;
import io.merklite.session.changeset.Changeset;
import io.merklite.session.changeset.ChangesetValue;
import io.merklite.session.statement.SqlStatements;
import io.merklite.sync.SyncException.SchemaMismatch;
import io.merklite.sync.store.ReplicaStore.Work;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;

/**
 * Follows what another replica did rather than merging with it: changesets are applied, with conflicts, and what they
 * change is stamped as it was there.
 */
final class Follower {
    private static final int SQLITE_CONSTRAINT = 19;
    /** The transaction around it is undone as a whole. */
    private static final ApplyOptions FOLLOWING = ApplyOptions.DEFAULTS.withoutSavepoint();

    private final SqlStatements statements;
    private final Session session;
    private final ChangesetApplier applier;
    private final TableRegistry registry;
    private final ShadowRows shadow;
    private final StoreState state;
    private final StoreTransactions transactions;
    private final UserTriggers triggers;
    private final ForeignKeyEnforcement enforcement;
    private final LocalWrites writes;
    private final Merger merger;

    Follower(
            SqlStatements statements,
            Session session,
            ChangesetApplier applier,
            TableRegistry registry,
            ShadowRows shadow,
            StoreState state,
            StoreTransactions transactions,
            UserTriggers triggers,
            ForeignKeyEnforcement enforcement,
            LocalWrites writes,
            Merger merger) {
        this.statements = statements;
        this.session = session;
        this.applier = applier;
        this.registry = registry;
        this.shadow = shadow;
        this.state = state;
        this.transactions = transactions;
        this.triggers = triggers;
        this.enforcement = enforcement;
        this.writes = writes;
        this.merger = merger;
    }

    /** Does {@code steps} in one transaction, and {@code work} last. */
    Changeset follow(
            Collection<String> tables, List<FollowStep> steps, ConflictHandler onConflict, Work<Boolean> work) {
        return enforcement.without(
                tables,
                isEnforcing -> transactions.run("following", () -> {
                    writes.stampOpen();
                    List<Changeset> applied = new ArrayList<>();
                    for (var step : steps) {
                        switch (step) {
                            case FollowStep.Apply apply -> applied.add(apply(apply, onConflict));
                            case FollowStep.Copy copy -> applied.add(copy(copy));
                        }
                    }
                    var changes = net(applied);
                    if (isEnforcing) {
                        askAboutOrphans(changes, onConflict);
                    }
                    work.run();
                    state.save();
                    return changes;
                }));
    }

    private static Changeset net(List<Changeset> changesets) {
        if (changesets.size() == 1) {
            return changesets.getFirst();
        }
        var all = new ChangeGroup();
        changesets.forEach(all::add);
        return all.changeset();
    }

    private Changeset apply(FollowStep.Apply step, ConflictHandler onConflict) throws SQLException {
        triggers.without(writes.tracked(step.changes()), () -> {
            var outcome = applier.apply(step.changes().toByteArray(), FOLLOWING, onConflict);
            if (!outcome.skippedTables().isEmpty()) {
                throw new SchemaMismatch("changes that do not fit: " + String.join("; ", outcome.skippedTables()));
            }
        });
        var changeset = session.changeset().toByteArray();
        session.discard();
        var changes = new LocalChanges(registry, shadow, step.stamp());
        changes.add(changeset);
        state.addToRoot(changes.rootDelta());
        writes.correct(changes.corrections());
        writes.rebuild(changes.suspicious());
        state.clock().follow(step.stamp().clock());
        var applied = Changeset.wrap(changeset);
        if (changeset.length > 0) {
            transactions.note(new Commit.Followed(step.stamp(), applied));
        }
        return applied;
    }

    private void askAboutOrphans(Changeset changes, ConflictHandler onConflict) throws SQLException {
        var keys = new ForeignKeys(registry, statements, triggers);
        var cursor = changes.cursor();
        while (cursor.next()) {
            var table = registry.require(new String(cursor.tableName(), StandardCharsets.UTF_8));
            var row = cursor.row();
            switch (row.op()) {
                case INSERT -> keys.touched(table, List.of(), row.newValues());
                case DELETE -> keys.touched(table, row.oldValues(), List.of());
                case UPDATE -> {
                    var after = wholeRow(table, row.oldValues());
                    List<ChangesetValue> before = new ArrayList<>(after);
                    for (var i = 0; i < before.size(); i++) {
                        if (!(row.oldValues().get(i) instanceof ChangesetValue.Undefined)) {
                            before.set(i, row.oldValues().get(i));
                        }
                    }
                    keys.touched(table, before, after);
                }
            }
        }
        var count = keys.countOrphans();
        if (count > 0 && onConflict.resolve(new Conflict.OfForeignKeys(count)) != Resolution.OMIT) {
            throw new SessionException.ApplyAborted(
                    SQLITE_CONSTRAINT, count + " rows without the parent that a foreign key asks for");
        }
    }

    /** The row with the key that stands in {@code image}, as a changeset has it; empty if it is gone. */
    private List<ChangesetValue> wholeRow(TrackedTable table, List<ChangesetValue> image) throws SQLException {
        List<ChangesetValue> key = new ArrayList<>();
        for (var column : table.changesetKeys()) {
            key.add(image.get(column));
        }
        return shadow.rows(table, List.of(RowKey.of(table.seed(), key))).values().stream()
                .filter(StoredRow::present)
                .findFirst()
                .map(row -> new MergedRow(row.key(), Optional.of(row), row.version(table), row.rowid())
                        .row(table, row.values()))
                .orElse(List.of());
    }

    private Changeset copy(FollowStep.Copy step) throws SQLException {
        merger.requireFitting(step.table(), step.rows());
        var table = registry.require(step.table());
        return merger.mergeOpen(
                        merge -> {
                            merge.add(table, step.rows(), RowMerge.Rule.OVERWRITE);
                            merge.forget(table, step.gone());
                        },
                        () -> step.rows()
                                .forEach(row ->
                                        state.clock().follow(Merger.latest(row).clock())),
                        false,
                        true)
                .changes();
    }

    /** Puts changes that were taken back on top of what is there now, in the open transaction and without a stamp. */
    void redo(Changeset changes) throws SQLException {
        triggers.without(
                writes.tracked(changes),
                () -> applier.apply(changes.toByteArray(), FOLLOWING, ConflictHandler.REPLACE));
    }
}
