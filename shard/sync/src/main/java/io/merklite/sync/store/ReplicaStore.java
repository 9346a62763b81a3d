package io.merklite.sync.store;

import io.merklite.session.SessionException;
import io.merklite.session.apply.ChangesetApplier;
import io.merklite.session.apply.ConflictHandler;
import io.merklite.session.capture.Session;
import io.merklite.session.changeset.Changeset;
import io.merklite.session.statement.SqlStatements;
import io.merklite.sync.SyncException.DamagedStore;
import io.merklite.sync.SyncException.InvalidState;
import io.merklite.sync.SyncException.StoreFailure;
import io.merklite.sync.SyncException.Unsupported;
import io.merklite.sync.stamp.HybridClock;
import io.merklite.sync.stamp.Origin;
import io.merklite.sync.transaction.Transaction;
import io.merklite.sync.vector.VersionVector;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * One replica's file: the user's tables, and beside them what makes them converge.
 *
 * <p>Local writes go through {@link #write}, which stamps them; transactions and rows of other replicas through {@link
 * #merge} and {@link #mergeRows}. Each is one SQLite transaction over rows, states, merkle index and version vector.
 *
 * <p><b>Invariants.</b> Whenever no transaction is open: (1) the states say of every row of every replicated table that
 * it lives, and of no other; (2) {@link #root} is the sum of the digests of all rows, tombstones included; (3)
 * {@link #reach} covers what rows and states come from, and the vector nothing that is not here; (4) no tombstone is as old as the horizon. A write by somebody else, or on the
 * connection past this class, breaks (1) and (2) until {@link #stampUnstamped} or a {@linkplain Scrub scrub}.
 *
 * <p><b>Threading.</b> Not thread-safe: confined to the owner of the connection. Blocks on disk.
 */
public final class ReplicaStore implements AutoCloseable {
    /** Internal: the table that a replicated schema is in, an element a row. */
    public static final String SCHEMA_ELEMENTS = ReplicatedSchema.TABLE;

    private final Connection connection;
    private final StoreOptions options;
    private final SqlStatements statements;
    private final StoreTransactions transactions;
    private final StoreState state;
    private final ShadowRows shadow;
    private final RowRanges ranges;
    private final TableRegistry registry;
    private final SchemaFollower schemas;
    private final Session session;
    private final ChangesetApplier applier;
    private final ChangesetApplier mergeApplier;
    private final KnownPeers peers;
    private final LocalWrites writes;
    private final Merger merger;
    private final Follower follower;
    private final Horizon horizon;
    private boolean isClosed;

    /** Work on the connection. */
    @FunctionalInterface
    public interface Work<T> {
        T run() throws SQLException;
    }

    /**
     * What a write did.
     *
     * @param result what the work returned
     * @param transactions what it changed, in order; none if that was nothing, several if it changed a schema that
     *     replicates
     */
    public record Written<T>(T result, List<Transaction> transactions) {
        public Written {
            transactions = List.copyOf(transactions);
        }

        /** The last transaction: the only one, unless the schema replicates. */
        public Optional<Transaction> transaction() {
            return transactions.isEmpty() ? Optional.empty() : Optional.of(transactions.getLast());
        }
    }

    private ReplicaStore(Connection connection, StoreOptions options) throws SQLException {
        this.connection = connection;
        this.options = options;
        this.statements = new SqlStatements(connection);
        this.transactions = new StoreTransactions(statements);
        this.session = Session.openWithRowidKeys(connection, "main");
        requireUtf8();
        transactions.begin();
        try {
            this.state = new StoreState(statements, options);
            createTables();
            this.shadow = new ShadowRows(statements, state.origins());
            this.registry = new TableRegistry(statements, state.origins(), shadow, state.pending(), options);
            registry.loadIdentities();
            this.ranges = new RowRanges(registry, shadow);
            var schema = options.isSchemaReplicated()
                    ? Optional.of(new ReplicatedSchema(
                            statements, registry, shadow, new KeyChange(statements, registry, shadow)))
                    : Optional.<ReplicatedSchema>empty();
            var history = new SchemaHistory(statements, schema, registry.identities());
            this.schemas = new SchemaFollower(statements, session, registry, history, schema, state, transactions);
            if (schema.isPresent()) {
                schema.get().begin();
            }
            schemas.follow(Changeset.EMPTY, Set.of());
            if (state.isUpgraded()) {
                registry.rebuildSums();
                state.save();
            }
            transactions.commit();
        } catch (SQLException | RuntimeException e) {
            transactions.rollback(e);
            throw e;
        }
        session.attach(ConflictLedger.TABLE);
        session.attachMatching(registry::records);
        transactions.keep(new Cached());
        this.applier = new ChangesetApplier(connection);
        this.mergeApplier = ChangesetApplier.ignoringConflictClauses(connection);
        this.peers = new KnownPeers(statements);
        this.horizon = new Horizon(registry, shadow, state);
        var triggers = new UserTriggers(statements, schemas);
        var enforcement = new ForeignKeyEnforcement(statements);
        this.writes = new LocalWrites(
                statements, session, schemas, shadow, state, transactions, triggers, options.database());
        this.merger = new Merger(
                statements,
                session,
                mergeApplier,
                schemas,
                shadow,
                state,
                transactions,
                triggers,
                enforcement,
                writes,
                options.database());
        this.follower = new Follower(
                statements,
                session,
                applier,
                registry,
                shadow,
                state,
                transactions,
                triggers,
                enforcement,
                writes,
                merger);
        if (options.isSchemaReplicated()) {
            session.attach(ReplicatedSchema.TABLE);
            session.attach(RequestLedger.TABLE);
            transactions.run("recording the schema", () -> {
                writes.stampElements(List.of(), false); // what was changed while the file was closed
                return true;
            });
        }
    }

    /** What is in memory follows the transactions. */
    private final class Cached implements StoreTransactions.Cached {
        @Override
        public void committed() {
            schemas.committed();
        }

        @Override
        public void undone() throws SQLException {
            state.reload();
            schemas.undone();
        }
    }

    /**
     * Opens the replica in the schema {@code main} of {@code connection}, made on first use: rows that are there already
     * are then born now.
     *
     * @param connection in autocommit mode; it stays the caller's
     * @throws Unsupported if the database is not encoded in UTF-8
     * @throws DamagedStore if its tables belong to another format or database
     */
    public static ReplicaStore open(Connection connection, StoreOptions options) {
        try {
            return new ReplicaStore(connection, options);
        } catch (SQLException e) {
            throw new StoreFailure("opening the replica of " + options.database(), e);
        }
    }

    private void requireUtf8() throws SQLException {
        try (var rows = statements.prepare("PRAGMA main.encoding").executeQuery()) {
            if (rows.next() && !rows.getString(1).equals("UTF-8")) {
                throw new Unsupported(
                        "a database encoded in " + rows.getString(1),
                        "Dump it into a new file, whose encoding is UTF-8");
            }
        }
    }

    private void createTables() throws SQLException {
        KnownPeers.create(statements);
        statements.once(SchemaHistory.CREATE);
        statements.once(ConflictLedger.CREATE);
        if (options.isSchemaReplicated()) {
            for (var sql : ReplicatedSchema.CREATE) {
                statements.once(sql);
            }
            statements.once(RequestLedger.CREATE);
            statements.once(RequestLedger.CREATE_INDEX);
        }
        for (var sql : TableRegistry.CREATE) {
            statements.once(sql);
        }
    }

    // ---- what it is -------------------------------------------------------------------------------------------------

    /** Name of the database. */
    public String database() {
        return options.database();
    }

    /** The connection that everything runs on. */
    public Connection connection() {
        return connection;
    }

    /** Under which identity this file writes. */
    public Origin origin() {
        return state.origin();
    }

    /** Whether the file was recognised as a copy, or as not properly closed, and got a new origin. */
    public boolean originIsNew() {
        return state.originIsNew();
    }

    /** Whether the file was not closed properly: if rows may have been written past the store, scrub it. */
    public boolean wasUnclean() {
        return state.wasUnclean();
    }

    /** What has been applied, own transactions included. */
    public VersionVector vector() {
        return state.origins().vector();
    }

    /** By origin the clock of its last transaction that was applied: of stamps up to there it is known what came of them. */
    public Map<Origin, Long> clocks() {
        return state.origins().clocks();
    }

    /** Sum of the digests of all rows and tombstones. O(1). */
    public long root() {
        return state.root();
    }

    /** Tombstones of deaths up to this clock are gone. */
    public long horizon() {
        return state.horizon();
    }

    /**
     * Whether rows may be here whose transactions the vector does not have: they came by the merkle path, from a peer
     * that went on meanwhile. Then another replica with the same vector may rightly have another root.
     */
    public boolean isAhead() {
        return state.isAhead();
    }

    /** The vector, and what rows may be here from beyond it: nothing here depends on more than this. */
    public VersionVector reach() {
        return state.reach();
    }

    public HybridClock clock() {
        return state.clock();
    }

    /** How far clocks may be apart. */
    public Duration maxDrift() {
        return options.maxDrift();
    }

    /** What records this replica's own writes. */
    public Session session() {
        return session;
    }

    /** Fingerprint of the replicated tables. */
    public long schemaFingerprint() {
        return schemas.history().current();
    }

    /** Whether a transaction that was written on this schema can be merged. */
    public boolean knowsSchema(long fingerprint) {
        return StoreTransactions.call(
                "looking for a schema", () -> schemas.history().isKnown(fingerprint));
    }

    /** What a schema was that this replica knows of: columns by table, all folded; empty if it does not. */
    public Map<String, List<String>> describeSchema(long fingerprint) {
        return schemas.history().describe(fingerprint);
    }

    /** Takes note of what a schema of another replica was. */
    public void learnSchema(long fingerprint, Map<String, List<String>> columns) {
        transactions.run("learning a schema", () -> {
            schemas.history().learn(fingerprint, columns);
            return true;
        });
    }

    /** Whether changes of the schema replicate. */
    public boolean isSchemaReplicated() {
        return schemas.replicated().isPresent();
    }

    /**
     * What is in the schema that the replicas agree on, and not in this file: an index on a column that another replica
     * dropped, a unique index on rows that are not unique yet. In order; each as kind, table and name.
     */
    public Set<String> missingFromSchema() {
        return StoreTransactions.call(
                "looking for what is missing",
                () -> schemas.replicated().isEmpty()
                        ? Set.of()
                        : schemas.replicated().get().missing());
    }

    /** Tries again to make what is {@linkplain #missingFromSchema missing}: rows may have been in its way. */
    public void completeSchema() {
        if (!missingFromSchema().isEmpty()) {
            merger.completeSchema();
        }
    }

    /** Names of the replicated tables, folded, in order. The conflict ledger is one of them. */
    public List<String> tables() {
        return registry.tables().values().stream()
                .filter(table -> !table.isOfKeylessRows())
                .map(TrackedTable::foldedName)
                .toList();
    }

    /**
     * What has a merkle index of its own: the replicated tables, and, beside one that allows NULL in its key, the rows that
     * have that, as {@code _merklite_keyless_} and the table's name. In order.
     */
    public List<String> indexedTables() {
        return List.copyOf(registry.tables().keySet());
    }

    // ---- local writes -----------------------------------------------------------------------------------------------

    /**
     * Runs {@code work} in a transaction and stamps what it changes. If it fails, nothing has happened.
     *
     * @throws InvalidState if a transaction is open
     * @throws StoreFailure if SQLite fails
     */
    public <T> Written<T> write(Work<T> work) {
        return transactions.run("writing", () -> {
            var result = work.run();
            writes.stampOpen();
            return new Written<>(result, transactions.stamped());
        });
    }

    /**
     * Runs a statement that changes the schema in the transaction that is open. What was written before it, and the change
     * itself if schemas replicate, are {@linkplain #stamped transactions of their own}; what is renamed stays what it is on
     * other replicas too.
     *
     * @param sql CREATE, DROP or ALTER
     * @throws SessionException.DatabaseFailure if SQLite refuses it
     */
    public void changeSchema(String sql) {
        StoreTransactions.call("changing the schema", () -> {
            transactions.entered();
            writes.stampOpen();
            session.executeSchemaChange(sql);
            writes.stampOpen(RenameStatement.read(sql).stream().toList());
            return true;
        });
    }

    /**
     * Stamps what was written and committed on the connection past {@link #write}. Does nothing inside an open
     * transaction.
     */
    public Optional<Transaction> stampUnstamped() {
        return stampUnstamped(() -> true);
    }

    /**
     * As {@link #stampUnstamped()}, with work on tables that do not replicate in the same transaction.
     *
     * @param work done after stamping; not done inside an open transaction
     */
    public Optional<Transaction> stampUnstamped(Work<Boolean> work) {
        try {
            if (!transactions.tryBegin()) {
                return Optional.empty();
            }
        } catch (SQLException e) {
            throw new StoreFailure("beginning a transaction", e);
        }
        return transactions.finish("stamping", () -> {
            var transaction = writes.stampOpen();
            work.run();
            return transaction;
        });
    }

    /** Whether a transaction is open on the connection. */
    public boolean isTransactionOpen() {
        return StoreTransactions.call("looking for a transaction", transactions::isAnyOpen);
    }

    /** Has {@code listener} told of each commit that changed replicated rows; it must not write. */
    public void addListener(Consumer<Commit> listener) {
        transactions.addListener(listener);
    }

    /** Ends what {@link #addListener} began. */
    public void removeListener(Consumer<Commit> listener) {
        transactions.removeListener(listener);
    }

    /** Begins a transaction of several calls; {@link #commitOpen} or {@link #rollbackOpen} ends it. */
    public void beginOpen() {
        transactions.open();
    }

    /** Stamps and commits the transaction that is open. */
    public Optional<Transaction> commitOpen() {
        return transactions.finish("committing", writes::stampOpen);
    }

    /** Commits the transaction that is open, in which nothing was written since {@link #stampInside}. */
    public void commitStamped() {
        transactions.finish("committing", () -> true);
    }

    /** Tells by another number that the schema of {@code main} was found to be another one. No query is run. */
    public long knownSchemaVersion() {
        return schemas.seenVersion();
    }

    /**
     * Stamps what was written so far in the transaction that is open, which goes on, and follows the schema: needed before
     * a change of schema, which recorded changes do not survive, and after it.
     *
     * @return to be published when the transaction has been committed
     */
    public Optional<Transaction> stampInside() {
        transactions.entered();
        return StoreTransactions.call("stamping", writes::stampOpen);
    }

    /** The transactions that were stamped in the one that is open, in order. */
    public List<Transaction> stamped() {
        return transactions.stamped();
    }

    /** Takes note that SQLite has undone the transaction that is open, or went back to a savepoint of it. */
    public void rolledBack() {
        transactions.wentBack(commit -> commit instanceof Commit.Written written
                && written.transaction().seq()
                        > vector().seq(written.transaction().origin()));
    }

    /** Undoes the transaction that is open. */
    public void rollbackOpen() {
        transactions.rollback();
    }

    // ---- what comes from elsewhere ----------------------------------------------------------------------------------

    /**
     * Merges a transaction of another replica, which must be ready: the next of its origin, on things known.
     *
     * @throws InvalidState if it is not ready, or a transaction is open
     */
    public Merged merge(Transaction transaction) {
        return merger.merge(List.of(transaction));
    }

    /**
     * Merges transactions of other replicas in one commit: all of them, or none. The result is that of merging one after
     * the other; constraints are only asked what they have against all together.
     *
     * @param transactions each ready after those before it; if they are several, {@linkplain #mayMergeTogether written on
     *     the schema that is here}
     * @throws InvalidState if one is not ready, or a transaction is open
     */
    public Merged merge(List<Transaction> transactions) {
        return merger.merge(transactions);
    }

    /** Whether a transaction can be merged together with others: it was written on the schema that is here. */
    public boolean mayMergeTogether(Transaction transaction) {
        return transaction.schemaFingerprint() == schemaFingerprint();
    }

    /**
     * The rows that a transaction would still change if it came now, by table and as they would be: none if each of its
     * changes is here, or beaten by a later one, or ended by a death that is not forgotten. For checks; nothing is written.
     */
    public Map<String, List<RemoteRow>> changedBy(Transaction transaction) {
        return merger.changedBy(transaction);
    }

    /** Tables that a transaction has changed and that are gone here, as they were called. For checks. */
    public Set<String> goneTables(Transaction transaction) {
        return merger.goneTables(transaction);
    }

    /**
     * Merges whole rows of another replica whose horizon is the same. The vector stays: what else their transactions did
     * is not known.
     *
     * @param table name of the table
     * @param rows each key at most once
     * @param reach what the other replica's rows depend on
     */
    public Merged mergeRows(String table, List<RemoteRow> rows, VersionVector reach) {
        return merger.mergeRows(table, rows, reach, RowMerge.Rule.JOIN);
    }

    /** Puts rows of a replica that is right in any case over those that are here. */
    public Merged overwriteRows(String table, List<RemoteRow> rows, VersionVector reach) {
        return merger.mergeRows(table, rows, reach, RowMerge.Rule.OVERWRITE);
    }

    /**
     * Mends what a {@link Scrub} found with the rows that a peer has in that range: where states are equal the peer's
     * values count, otherwise they join. Rows that nobody has a state of are removed.
     */
    public Merged restore(Scrub.Damage damage, List<RemoteRow> rows) {
        return merger.restore(damage, rows);
    }

    /**
     * Takes what a {@link Scrub} found for a local write: rows without a state are born now, rows that are gone die now,
     * and of all others in the range, since it is not known which of them changed, every column is written now.
     */
    public Optional<Transaction> accept(List<Scrub.Damage> damages) {
        return transactions.run("accepting damage", () -> writes.accept(damages));
    }

    /** Removes rows and their states, as if they had never been: the replica that is right in any case lacks them. */
    public Merged forgetRows(String table, List<RowKey> keys, VersionVector reach) {
        return merger.forgetRows(table, keys, reach);
    }

    /**
     * Follows what another replica did rather than merging with it: changesets are applied, with conflicts, and what they
     * change is stamped as it was there. One transaction; neither triggers nor foreign key actions run.
     *
     * @param tables that the steps touch
     * @param onConflict decides about changes that do not fit, and once, if foreign keys are enforced, about rows that
     *     end without a parent
     * @param work done last, in the same transaction
     * @return what changed
     * @throws SessionException.ApplyAborted if a conflict was not to be resolved
     */
    public Changeset follow(
            Collection<String> tables, List<FollowStep> steps, ConflictHandler onConflict, Work<Boolean> work) {
        return follower.follow(tables, steps, onConflict, work);
    }

    /**
     * Puts changes that were taken back on top of what is there now, in the transaction that is open and without a stamp;
     * rows in the way are written over.
     */
    public void redoOpen(Changeset changes) {
        StoreTransactions.call("putting changes back", () -> {
            follower.redo(changes);
            return true;
        });
    }

    /** The peers that tombstones wait for, and when each was last heard of, about. */
    public Map<String, Instant> knownPeers() {
        return StoreTransactions.call("reading peers", peers::all);
    }

    /** A peer was heard of: tombstones wait for it. */
    public void heardOfPeer(String name, Instant now) {
        transactions.run("noting a peer", () -> peers.heardOf(name, now));
    }

    /** Removes a peer: tombstones no longer wait for it. */
    public void removePeer(String name) {
        transactions.run("forgetting a peer", () -> peers.remove(name));
    }

    /**
     * Adopts what a peer has seen, once its rows are known to be here: after a complete descent, or when roots are equal.
     *
     * @param clocks the peer's {@link #clocks}
     */
    public void adopt(VersionVector seen, Map<Origin, Long> clocks) {
        if (vector().covers(seen)) {
            return;
        }
        transactions.run("adopting a vector", () -> {
            for (var entry : seen.seqs().entrySet()) {
                if (entry.getValue() > vector().seq(entry.getKey())) {
                    state.origins().raise(entry.getKey(), entry.getValue(), clocks.getOrDefault(entry.getKey(), 0L));
                }
            }
            return true;
        });
    }

    /**
     * Takes a new origin: a peer has more of the old one than this file, so another copy of it wrote, or it lost its end.
     */
    public void forkOrigin() {
        transactions.run("taking a new origin", () -> {
            state.renewOrigin();
            return true;
        });
    }

    /**
     * Raises the horizon: tombstones of deaths up to a clock are forgotten. A row that is offered later, and is missing
     * here although its birth {@linkplain #clocks was seen}, is known to be dead all the same.
     */
    public void raiseHorizon(long clockUpTo) {
        if (clockUpTo > state.horizon()) {
            transactions.run("collecting tombstones", () -> {
                horizon.raise(clockUpTo);
                return true;
            });
        }
    }

    // ---- the merkle index -------------------------------------------------------------------------------------------

    /** What the index says of ranges of keys. */
    public RowRanges ranges() {
        return ranges;
    }

    /** Compares the rows with what the index says of them, a part at a time. */
    public Scrub scrub() {
        return new Scrub(this, registry, shadow);
    }

    /** Makes the merkle index anew from what is in the file. Reads every row. */
    public void rebuildIndex() {
        transactions.run("rebuilding the index", () -> {
            writes.rebuildAll();
            return true;
        });
    }

    /** Puts what is pending of the merkle index into its nodes: each is then the sum of its rows. */
    void settleSums() {
        if (!state.pending().isEmpty()) {
            transactions.run("settling sums", () -> {
                registry.settleSums();
                state.save();
                return true;
            });
        }
    }

    <T> T inTransaction(String doing, Work<T> work) {
        return transactions.run(doing, work);
    }

    /**
     * Follows the schema now, rather than at the next write: the fingerprint is that of the new one. What replicates of it
     * is told to listeners.
     */
    public void schemaChanged() {
        transactions.run("following the schema", () -> {
            if (schemas.replicated().isPresent()) {
                writes.stampOpen();
            } else {
                schemas.follow(Changeset.EMPTY, Set.of());
            }
            return true;
        });
    }

    /** Ends the replica's session; the connection stays open. Nothing may be open on it. Once more does nothing. */
    @Override
    public void close() {
        if (isClosed) {
            return;
        }
        transactions.run("closing", () -> {
            registry.settleSums();
            state.save();
            state.markClosed(session.isEmpty());
            return true;
        });
        isClosed = true;
        session.close();
        applier.close();
        mergeApplier.close();
        statements.close();
    }
}
