package io.merklite.sync.store;

import io.merklite.schema.structure.Rename;
import io.merklite.session.capture.Session;
import io.merklite.session.catalog.Identifiers;
import io.merklite.session.catalog.SqlValues;
import io.merklite.session.changeset.ChangeOp;
import io.merklite.session.changeset.Changeset;
import io.merklite.session.changeset.ChangesetCursor;
import io.merklite.session.changeset.ChangesetWriter;
import io.merklite.session.statement.SqlStatements;
import io.merklite.sync.stamp.Stamp;
import io.merklite.sync.transaction.Births.Birth;
import io.merklite.sync.transaction.Transaction;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Gives stamps to what was written here: states, sums and the vector follow the rows, and a transaction comes of it.
 *
 * <p>Rows and schema are told apart: what was written before a change of the schema, the change, and what comes after are
 * transactions of their own.
 */
final class LocalWrites {
    private final SqlStatements statements;
    private final Session session;
    private final SchemaFollower schemas;
    private final TableRegistry registry;
    private final ShadowRows shadow;
    private final StoreState state;
    private final StoreTransactions transactions;
    private final UserTriggers triggers;
    private final String database;

    LocalWrites(
            SqlStatements statements,
            Session session,
            SchemaFollower schemas,
            ShadowRows shadow,
            StoreState state,
            StoreTransactions transactions,
            UserTriggers triggers,
            String database) {
        this.statements = statements;
        this.session = session;
        this.schemas = schemas;
        this.registry = schemas.registry();
        this.shadow = shadow;
        this.state = state;
        this.transactions = transactions;
        this.triggers = triggers;
        this.database = database;
    }

    private Optional<ReplicatedSchema> schema() {
        return schemas.replicated();
    }

    /** Stamps what was written so far in the open transaction, and follows the schema. */
    Optional<Transaction> stampOpen() throws SQLException {
        return stampOpen(List.of());
    }

    /**
     * As {@link #stampOpen()}.
     *
     * @param renames what the last change of the schema has renamed
     */
    Optional<Transaction> stampOpen(List<Rename> renames) throws SQLException {
        var recorded = session.changeset();
        Set<String> adopted = Set.of();
        var isStale = schemas.isStale(session.seenSchemaVersion());
        if (isStale) {
            session.discard(); // rows of new tables come after the schema that has them
            stampElements(renames, true);
            adopted = schemas.follow(recorded, Set.of());
            if (schema().isPresent() && !schema().get().missing().isEmpty()) {
                // What did not fit may do so now.
                enterLedger(schemas.migrate(false).left())
                        .ifPresent(transaction -> transactions.note(new Commit.Written(transaction)));
            }
        }
        session.discard(); // also of rows that were touched and are as they were
        var known = Set.copyOf(adopted);
        var changes = known.isEmpty() ? recorded : recorded.filter(table -> !known.contains(Identifiers.fold(table)));
        if (changes.isEmpty()) {
            return Optional.empty();
        }
        var transaction = stamp(changes.toByteArray(), state.nextStamp());
        if (isStale) {
            // Sums may have been made anew from these rows when they had no stamp yet.
            rebuild(tracked(changes));
            state.save();
        }
        transactions.note(new Commit.Written(transaction));
        return Optional.of(transaction);
    }

    /**
     * Stamps what the user changed in the schema, if that replicates. Nothing may be recorded.
     *
     * @param isTold whether there is somebody to publish it; otherwise peers get it by the merkle path
     */
    void stampElements(List<Rename> renames, boolean isTold) throws SQLException {
        var stamp = state.nextStamp();
        if (schema().isEmpty() || !schema().get().follow(stamp, renames)) {
            return;
        }
        var changes = session.changeset().toByteArray();
        session.discard();
        var transaction = stamp(Evictions.NONE, changes, stamp, SchemaHistory.INTERNAL);
        transactions.note(isTold ? new Commit.Written(transaction) : new Commit.Untold(Set.of(ReplicatedSchema.TABLE)));
    }

    /** Stamps which name stands of a table or column that was renamed on two sides, if there is such a one. */
    Optional<Transaction> settleRenames() throws SQLException {
        var stamp = state.nextStamp();
        if (schema().isEmpty() || !schema().get().settleRenames(stamp)) {
            return Optional.empty();
        }
        var changes = session.changeset().toByteArray();
        session.discard();
        return Optional.of(stamp(Evictions.NONE, changes, stamp, SchemaHistory.INTERNAL));
    }

    /** Enters rows into the ledger that left their tables when the schema was migrated. */
    Optional<Transaction> enterLedger(List<KeyChange.Left> left) throws SQLException {
        if (left.isEmpty()) {
            return Optional.empty();
        }
        session.discard();
        new KeyChange(statements, registry, shadow).enter(left, new LedgerWriter(statements, shadow, state.clock()));
        var changes = session.changeset();
        session.discard();
        return changes.isEmpty() ? Optional.empty() : Optional.of(stamp(changes.toByteArray(), state.nextStamp()));
    }

    private Transaction stamp(byte[] changeset, Stamp stamp) throws SQLException {
        return stamp(Evictions.NONE, changeset, stamp, schemas.history().current());
    }

    /** Stamps repairs of a merge, which begin with evictions. */
    Transaction stamp(Evictions evictions, byte[] changeset, Stamp stamp) throws SQLException {
        return stamp(evictions, changeset, stamp, schemas.history().current());
    }

    /**
     * Deletes that are recorded in states and sums already.
     *
     * @param changeset the deletes
     * @param births of the rows, in that order
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared, never leaves the store
    record Evictions(byte[] changeset, List<Birth> births) {
        static final Evictions NONE = new Evictions(new byte[0], List.of());
    }

    static byte[] concat(byte[] first, byte[] second) {
        if (first.length == 0) {
            return second;
        }
        var out = new ByteArrayOutputStream(first.length + second.length);
        out.writeBytes(first);
        out.writeBytes(second);
        return out.toByteArray();
    }

    private Transaction stamp(Evictions evictions, byte[] changeset, Stamp stamp, long fingerprint)
            throws SQLException {
        var dependencies = state.dependencies();
        var changes = new LocalChanges(registry, shadow, stamp);
        changes.addDone(evictions.births());
        changes.add(changeset);
        state.addToRoot(changes.rootDelta());
        correct(changes.corrections());
        rebuild(changes.suspicious());
        var seq = state.count(stamp);
        state.save();
        return Transaction.wrapChecked(
                database,
                seq,
                stamp,
                dependencies,
                fingerprint,
                changes.births(),
                concat(evictions.changeset(), changeset));
    }

    /** Puts right what a write left and merging does not: without this, other replicas would have other values. */
    void correct(List<LocalChanges.Correction> corrections) throws SQLException {
        if (corrections.isEmpty()) {
            return;
        }
        Set<TrackedTable> tables = new HashSet<>();
        corrections.forEach(correction -> tables.add(correction.table()));
        triggers.without(tables, () -> {
            for (var correction : corrections) {
                correct(correction);
            }
        });
        session.discard();
    }

    private void correct(LocalChanges.Correction correction) throws SQLException {
        var value = correction.value();
        var update = statements.prepare(correction.table().updateCell(correction.cell(), RowParameters.mark(value)));
        RowParameters.bind(update, 1, value);
        var parameter = 2;
        for (var key : correction.changesetKey()) {
            SqlValues.bind(update, parameter++, key);
        }
        update.executeUpdate();
    }

    /** Makes the sums of these tables anew from their rows. */
    void rebuild(Set<TrackedTable> tables) throws SQLException {
        for (var table : tables) {
            registry.sums(table).rebuild();
        }
        if (!tables.isEmpty()) {
            state.root(registry.total());
        }
    }

    /** Makes the whole index anew from what is in the file. Reads every row. */
    void rebuildAll() throws SQLException {
        rebuild(Set.copyOf(registry.tables().values()));
        state.save();
    }

    /** The tables that {@code changes} are of. */
    Set<TrackedTable> tracked(Changeset changes) {
        Set<TrackedTable> found = new HashSet<>();
        tablesOf(changes.cursor()).forEach(name -> registry.table(name).ifPresent(found::add));
        return found;
    }

    /** Names of the tables that {@code changes} are of. */
    static Set<String> tablesOf(ChangesetCursor changes) {
        Set<String> tables = new HashSet<>();
        while (changes.next()) {
            if (changes.newGroup()) {
                tables.add(new String(changes.tableName(), StandardCharsets.UTF_8));
            }
        }
        return tables;
    }

    /** Takes what a scrub found for a write. Inside a transaction. */
    Optional<Transaction> accept(List<Scrub.Damage> damages) throws SQLException {
        session.discard();
        var changes = new ChangesetWriter();
        for (var damage : damages) {
            writeDamage(registry.require(damage.table()), damage.range(), changes);
        }
        if (changes.sizeBytes() == 0) {
            return Optional.empty();
        }
        var transaction = stamp(changes.toByteArray(), state.nextStamp());
        transactions.note(new Commit.Written(transaction));
        rebuild(Set.copyOf(registry.tables().values()));
        state.save();
        return Optional.of(transaction);
    }

    private void writeDamage(TrackedTable table, KeyRange range, ChangesetWriter out) throws SQLException {
        out.table(false, table.name(), table.changesetFlags());
        for (var stored : shadow.range(table, range, Integer.MAX_VALUE)) {
            var row = new MergedRow(stored.key(), Optional.of(stored), stored.version(table), stored.rowid());
            if (stored.state().isAlive() && !stored.present()) {
                row.writeRow(table, ChangeOp.DELETE, row.values(), out);
            } else if (stored.state().isAlive()) {
                row.writeTouch(table, stored.values(), out);
            }
        }
        for (var stranger : shadow.strangers(table, range, Integer.MAX_VALUE)) {
            out.change(ChangeOp.INSERT, false);
            stranger.forEach(out::value);
        }
    }
}
