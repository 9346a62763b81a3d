package io.merklite.sync.store;

import io.merklite.schema.structure.Rename;
import io.merklite.session.SessionException;
import io.merklite.session.apply.ApplyOptions;
import io.merklite.session.apply.ChangesetApplier;
import io.merklite.session.apply.Conflict;
import io.merklite.session.apply.ConflictHandler;
import io.merklite.session.apply.Resolution;
import io.merklite.session.capture.Session;
import io.merklite.session.catalog.Identifiers;
import io.merklite.session.catalog.KeylessRows;
import io.merklite.session.catalog.SqlValues;
import io.merklite.session.changeset.ChangeGroup;
import io.merklite.session.changeset.ChangeOp;
import io.merklite.session.changeset.Changeset;
import io.merklite.session.changeset.ChangesetCursor;
import io.merklite.session.changeset.ChangesetValue;
import io.merklite.session.changeset.ChangesetWriter;
import io.merklite.sync.SyncException.DamagedStore;
import io.merklite.sync.SyncException.InvalidState;
import io.merklite.sync.SyncException.SchemaMismatch;
import io.merklite.sync.SyncException.StoreFailure;
import io.merklite.sync.SyncException.Unsupported;
import io.merklite.sync.row.Cell;
import io.merklite.sync.stamp.HybridClock;
import io.merklite.sync.stamp.Origin;
import io.merklite.sync.stamp.Stamp;
import io.merklite.sync.transaction.Births.Birth;
import io.merklite.sync.transaction.Transaction;
import io.merklite.sync.vector.VersionVector;
import io.merklite.sync.wire.WireReader;
import io.merklite.sync.wire.WireWriter;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

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

    private static final int FORMAT = 1;
    private static final int BUSY_OR_IN_TRANSACTION = 1;
    private static final int COLLECT_CHUNK = 1024;
    private static final int SQLITE_CONSTRAINT = 19;
    /** The transaction around it is undone as a whole. */
    private static final ApplyOptions FOLLOWING = ApplyOptions.DEFAULTS.withoutSavepoint();

    private static final int MAX_ORIGINS = 65_536;
    private static final String CREATE_STATE = """
            CREATE TABLE IF NOT EXISTS _merklite_state(
                id INTEGER PRIMARY KEY CHECK (id = 1), format INTEGER NOT NULL, database TEXT NOT NULL,
                origin INTEGER NOT NULL, clock INTEGER NOT NULL, root INTEGER NOT NULL, horizon INTEGER NOT NULL,
                ahead_of BLOB NOT NULL, schema_version INTEGER NOT NULL, file_identity TEXT,
                clean INTEGER NOT NULL)
            """;
    private static final String CREATE_PEERS =
            "CREATE TABLE IF NOT EXISTS _merklite_peers(name TEXT PRIMARY KEY NOT NULL, heard_at INTEGER) WITHOUT ROWID";
    /** Files of 0.1 before that had the name alone. */
    private static final String HAS_HEARD_AT =
            "SELECT count(*) FROM pragma_table_info('_merklite_peers') WHERE name = 'heard_at'";

    private static final String FOREIGN_KEY_TABLES =
            "SELECT t.name, f.\"table\" FROM main.sqlite_schema t, pragma_foreign_key_list(t.name) f WHERE t.type = 'table'";

    private final Connection connection;
    private final StoreOptions options;
    private final Statements statements;
    private final OriginTable origins;
    private final ShadowRows shadow;
    private final TableRegistry registry;
    /** The schema that replicas agree on, if they do. */
    private final Optional<ReplicatedSchema> schema;

    private final SchemaHistory history;
    private final Session session;
    private final ChangesetApplier applier;
    private final HybridClock clock;
    private Origin origin;
    private long root;
    private long horizon;
    private VersionVector aheadOf;
    private long schemaVersion = -1;
    private @Nullable Set<String> concerned;
    private long concernedVersion;
    private boolean originIsNew;
    private boolean wasUnclean;
    private final List<Consumer<Commit>> listeners = new ArrayList<>();
    private final List<Commit> uncommitted = new ArrayList<>();

    /** Whether tables were followed in the transaction that is open. */
    private boolean hasFollowed;

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
        this.statements = new Statements(connection);
        requireUtf8();
        begin();
        try {
            createTables();
            this.origins = new OriginTable(statements);
            this.shadow = new ShadowRows(statements, origins);
            this.registry = new TableRegistry(statements, origins, shadow, options);
            this.schema = options.isSchemaReplicated()
                    ? Optional.of(new ReplicatedSchema(statements, registry))
                    : Optional.empty();
            this.history = new SchemaHistory(statements, schema);
            this.clock = new HybridClock(
                    options.wallClock(), options.maxDrift(), statements.number("SELECT clock FROM _merklite_state"));
            this.root = statements.number("SELECT root FROM _merklite_state");
            this.horizon = statements.number("SELECT horizon FROM _merklite_state");
            this.aheadOf = readVector("ahead_of");
            this.origin = new Origin(statements.number("SELECT origin FROM _merklite_state"));
            recogniseFile();
            if (schema.isPresent()) {
                schema.get().begin();
            }
            followSchema(Changeset.EMPTY, Set.of());
            commit();
        } catch (SQLException | RuntimeException e) {
            rollback(e);
            throw e;
        }
        this.session = Session.openWithRowidKeys(connection, "main");
        this.session.attach(ConflictLedger.TABLE);
        this.session.attachMatching(registry::records);
        this.applier = new ChangesetApplier(connection);
        if (schema.isPresent()) {
            this.session.attach(ReplicatedSchema.TABLE);
            inTransaction("recording the schema", () -> {
                stampElements(List.of(), false); // what was changed while the file was closed
                return true;
            });
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
        statements.once(CREATE_STATE);
        statements.once(CREATE_PEERS);
        if (statements.number(HAS_HEARD_AT) == 0) {
            statements.once("ALTER TABLE _merklite_peers ADD COLUMN heard_at INTEGER");
        }
        statements.once(OriginTable.CREATE);
        statements.once(SchemaHistory.CREATE);
        statements.once(ConflictLedger.CREATE);
        if (options.isSchemaReplicated()) {
            for (var sql : ReplicatedSchema.CREATE) {
                statements.once(sql);
            }
        }
        for (var sql : TableRegistry.CREATE) {
            statements.once(sql);
        }
        var insert = statements.prepare(
                "INSERT OR IGNORE INTO _merklite_state VALUES (1, ?1, ?2, ?3, 0, 0, 0, ?5, -1, ?4, 1)");
        insert.setInt(1, FORMAT);
        insert.setString(2, options.database());
        insert.setLong(3, Origin.random(options.random()).bits());
        insert.setString(4, options.fileIdentity().orElse(null));
        insert.setBytes(5, new WireWriter().vector(VersionVector.EMPTY).toByteArray());
        insert.executeUpdate();
        try (var rows = statements
                .prepare("SELECT format, database FROM _merklite_state")
                .executeQuery()) {
            rows.next();
            if (rows.getInt(1) != FORMAT) {
                throw new DamagedStore("the file has format " + rows.getInt(1) + ", this version knows " + FORMAT);
            }
            if (!rows.getString(2).equals(options.database())) {
                throw new DamagedStore(
                        "the file is a replica of " + rows.getString(2) + ", not of " + options.database());
            }
        }
    }

    /**
     * A file that was copied, or whose last session did not end, may lack what peers have of its origin: it gets a new
     * one, so that nothing it writes is taken for something known.
     */
    private void recogniseFile() throws SQLException {
        String identity = null;
        var clean = true;
        try (var rows = statements
                .prepare("SELECT file_identity, clean FROM _merklite_state")
                .executeQuery()) {
            if (rows.next()) {
                identity = rows.getString(1);
                clean = rows.getBoolean(2);
            }
        }
        wasUnclean = !clean;
        if (!clean || !options.fileIdentity().equals(Optional.ofNullable(identity))) {
            renewOrigin();
        }
        var update = statements.prepare("UPDATE _merklite_state SET file_identity = ?1, clean = 0");
        update.setString(1, options.fileIdentity().orElse(null));
        update.executeUpdate();
    }

    private void renewOrigin() throws SQLException {
        origin = Origin.random(options.random());
        originIsNew = true;
        var update = statements.prepare("UPDATE _merklite_state SET origin = ?1");
        update.setLong(1, origin.bits());
        update.executeUpdate();
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
        return origin;
    }

    /** Whether the file was recognised as a copy, or as not properly closed, and got a new origin. */
    public boolean originIsNew() {
        return originIsNew;
    }

    /** Whether the file was not closed properly: if rows may have been written past the store, scrub it. */
    public boolean wasUnclean() {
        return wasUnclean;
    }

    /** What has been applied, own transactions included. */
    public VersionVector vector() {
        return origins.vector();
    }

    /** By origin the clock of its last transaction that was applied: of stamps up to there it is known what came of them. */
    public Map<Origin, Long> clocks() {
        return origins.clocks();
    }

    /** Sum of the digests of all rows and tombstones. O(1). */
    public long root() {
        return root;
    }

    /** Tombstones of deaths up to this clock are gone. */
    public long horizon() {
        return horizon;
    }

    /**
     * Whether rows may be here whose transactions the vector does not have: they came by the merkle path, from a peer
     * that went on meanwhile. Then another replica with the same vector may rightly have another root.
     */
    public boolean isAhead() {
        return !vector().covers(aheadOf);
    }

    /** The vector, and what rows may be here from beyond it: nothing here depends on more than this. */
    public VersionVector reach() {
        return vector().join(aheadOf);
    }

    public HybridClock clock() {
        return clock;
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
        return history.current();
    }

    /** Whether a transaction that was written on this schema can be merged. */
    public boolean knowsSchema(long fingerprint) {
        return call("looking for a schema", () -> history.isKnown(fingerprint));
    }

    /** What a schema was that this replica knows of: columns by table, all folded; empty if it does not. */
    public Map<String, List<String>> describeSchema(long fingerprint) {
        return history.describe(fingerprint);
    }

    /** Takes note of what a schema of another replica was. */
    public void learnSchema(long fingerprint, Map<String, List<String>> columns) {
        inTransaction("learning a schema", () -> {
            history.learn(fingerprint, columns);
            return true;
        });
    }

    /** Whether changes of the schema replicate. */
    public boolean isSchemaReplicated() {
        return schema.isPresent();
    }

    /**
     * What is in the schema that the replicas agree on, and not in this file: an index on a column that another replica
     * dropped, a unique index on rows that are not unique yet. In order; each as kind, table and name.
     */
    public Set<String> missingFromSchema() {
        return call(
                "looking for what is missing",
                () -> schema.isEmpty() ? Set.of() : schema.get().missing());
    }

    /** Tries again to make what is {@linkplain #missingFromSchema missing}: rows may have been in its way. */
    public void completeSchema() {
        if (!missingFromSchema().isEmpty()) {
            merging(List.of(ReplicatedSchema.TABLE), merge -> {}, this::migrate);
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
        return inTransaction("writing", () -> {
            var result = work.run();
            stampOpen();
            return new Written<>(result, stamped());
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
        call("changing the schema", () -> {
            stampOpen();
            session.executeSchemaChange(sql);
            stampOpen(RenameStatement.read(sql).stream().toList());
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
            if (!tryBegin()) {
                return Optional.empty();
            }
        } catch (SQLException e) {
            throw new StoreFailure("beginning a transaction", e);
        }
        return finish("stamping", () -> {
            var transaction = stampOpen();
            work.run();
            return transaction;
        });
    }

    /** Whether a transaction is open on the connection. */
    public boolean isTransactionOpen() {
        return call("looking for a transaction", () -> {
            if (!tryBegin()) {
                return true;
            }
            statements.run("ROLLBACK");
            return false;
        });
    }

    /** Has {@code listener} told of each commit that changed replicated rows; it must not write. */
    public void addListener(Consumer<Commit> listener) {
        listeners.add(listener);
    }

    /** Ends what {@link #addListener} began. */
    public void removeListener(Consumer<Commit> listener) {
        listeners.remove(listener);
    }

    /** Begins a transaction of several calls; {@link #commitOpen} or {@link #rollbackOpen} ends it. */
    public void beginOpen() {
        try {
            begin();
        } catch (SQLException e) {
            throw new StoreFailure("beginning a transaction", e);
        }
    }

    /** Stamps and commits the transaction that is open. */
    public Optional<Transaction> commitOpen() {
        return finish("committing", this::stampOpen);
    }

    /** Commits the transaction that is open, in which nothing was written since {@link #stampInside}. */
    public void commitStamped() {
        finish("committing", () -> true);
    }

    /** Tells by another number that the schema of {@code main} was found to be another one. No query is run. */
    public long knownSchemaVersion() {
        return schemaVersion;
    }

    /**
     * Stamps what was written so far in the transaction that is open, which goes on, and follows the schema: needed before
     * a change of schema, which recorded changes do not survive, and after it.
     *
     * @return to be published when the transaction has been committed
     */
    public Optional<Transaction> stampInside() {
        return call("stamping", this::stampOpen);
    }

    /** The transactions that were stamped in the one that is open, in order. */
    public List<Transaction> stamped() {
        return uncommitted.stream()
                .filter(Commit.Written.class::isInstance)
                .map(commit -> ((Commit.Written) commit).transaction())
                .toList();
    }

    /** Takes note that SQLite has undone the transaction that is open, or went back to a savepoint of it. */
    public void rolledBack() {
        call("reading the state", () -> {
            reload();
            return true;
        });
        uncommitted.removeIf(commit -> commit instanceof Commit.Written written
                && written.transaction().seq()
                        > vector().seq(written.transaction().origin()));
    }

    /** Undoes the transaction that is open. */
    public void rollbackOpen() {
        try {
            statements.run("ROLLBACK");
            uncommitted.clear();
            reload();
        } catch (SQLException e) {
            throw new StoreFailure("rolling back", e);
        }
    }

    private Optional<Transaction> stampOpen() throws SQLException {
        return stampOpen(List.of());
    }

    private Optional<Transaction> stampOpen(List<Rename> renames) throws SQLException {
        var recorded = session.changeset();
        Set<String> adopted = Set.of();
        var isStale = isSchemaStale();
        if (isStale) {
            session.discard(); // rows of new tables come after the schema that has them
            stampElements(renames, true);
            adopted = followSchema(recorded, Set.of());
            if (schema.isPresent() && !schema.get().missing().isEmpty()) {
                migrate(); // what did not fit may do so now
            }
        }
        session.discard(); // also of rows that were touched and are as they were
        var known = Set.copyOf(adopted);
        var changes = known.isEmpty() ? recorded : recorded.filter(table -> !known.contains(Identifiers.fold(table)));
        if (changes.isEmpty()) {
            return Optional.empty();
        }
        var transaction = stamp(changes.toByteArray(), nextStamp());
        if (isStale) {
            // Sums may have been made anew from these rows when they had no stamp yet.
            rebuild(tracked(changes));
            saveState();
        }
        uncommitted.add(new Commit.Written(transaction));
        return Optional.of(transaction);
    }

    /**
     * Stamps what the user changed in the schema, if that replicates. Nothing may be recorded.
     *
     * @param isTold whether there is somebody to publish it; otherwise peers get it by the merkle path
     */
    private void stampElements(List<Rename> renames, boolean isTold) throws SQLException {
        var stamp = nextStamp();
        if (schema.isEmpty() || !schema.get().follow(stamp, renames)) {
            return;
        }
        var changes = session.changeset().toByteArray();
        session.discard();
        var transaction = stamp(Evictions.NONE, changes, stamp, SchemaHistory.INTERNAL);
        uncommitted.add(isTold ? new Commit.Written(transaction) : new Commit.Untold(Set.of(ReplicatedSchema.TABLE)));
    }

    private Stamp nextStamp() {
        return new Stamp(clock.tick(), origin);
    }

    private Transaction stamp(byte[] changeset, Stamp stamp) throws SQLException {
        return stamp(Evictions.NONE, changeset, stamp, history.current());
    }

    /**
     * Deletes that are recorded in states and sums already.
     *
     * @param changeset the deletes
     * @param births of the rows, in that order
     */
    @SuppressWarnings("ArrayRecordComponent") // never compared, never leaves this class
    private record Evictions(byte[] changeset, List<Birth> births) {
        private static final Evictions NONE = new Evictions(new byte[0], List.of());
    }

    private Transaction stamp(Evictions evictions, byte[] changeset, Stamp stamp, long fingerprint)
            throws SQLException {
        var dependencies = withoutOwn(reach());
        var changes = new LocalChanges(registry, shadow, stamp);
        changes.addDone(evictions.births());
        changes.add(changeset);
        root += changes.rootDelta();
        correct(changes.corrections());
        rebuild(changes.suspicious());
        var seq = origins.vector().seq(origin) + 1;
        origins.raise(origin, seq, stamp.clock());
        saveState();
        return Transaction.wrap(
                options.database(),
                seq,
                stamp,
                dependencies,
                fingerprint,
                changes.births(),
                concat(evictions.changeset(), changeset));
    }

    /** Puts right what a write left and merging does not: without this, other replicas would have other values. */
    private void correct(List<LocalChanges.Correction> corrections) throws SQLException {
        if (corrections.isEmpty()) {
            return;
        }
        Set<TrackedTable> tables = new HashSet<>();
        corrections.forEach(correction -> tables.add(correction.table()));
        var triggers = dropTriggers(tables);
        for (var correction : corrections) {
            var value = correction.value();
            var update =
                    statements.prepare(correction.table().updateCell(correction.cell(), RowParameters.mark(value)));
            RowParameters.bind(update, 1, value);
            var parameter = 2;
            for (var key : correction.changesetKey()) {
                SqlValues.bind(update, parameter++, key);
            }
            update.executeUpdate();
        }
        restoreTriggers(triggers);
        session.discard();
    }

    private VersionVector withoutOwn(VersionVector vector) {
        Map<Origin, Long> others = new LinkedHashMap<>(vector.seqs());
        others.remove(origin);
        return VersionVector.of(others);
    }

    private void rebuild(Set<TrackedTable> tables) throws SQLException {
        for (var table : tables) {
            registry.sums(table).rebuild();
        }
        if (!tables.isEmpty()) {
            root = totalOfSums();
        }
    }

    private long totalOfSums() throws SQLException {
        var total = 0L;
        for (var table : registry.tables().values()) {
            total += registry.sums(table).sum(KeyRange.ALL);
        }
        return total;
    }

    // ---- what comes from elsewhere ----------------------------------------------------------------------------------

    /**
     * Merges a transaction of another replica, which must be ready: the next of its origin, on things known.
     *
     * @throws InvalidState if it is not ready, or a transaction is open
     */
    public Merged merge(Transaction transaction) {
        requireReady(transaction);
        return merging(tablesNow(transaction), merge -> merge.add(transaction), () -> {
            origins.raise(
                    transaction.origin(), transaction.seq(), transaction.stamp().clock());
            clock.follow(transaction.stamp().clock());
        });
    }

    /**
     * Whether a transaction would still change a row if it came now: false if each of its changes is here, or beaten by a
     * later one. For checks; nothing is written.
     */
    public boolean wouldChange(Transaction transaction) {
        return call("checking " + transaction, () -> {
            var merge = new RowMerge(registry, shadow, statements, history, origins);
            merge.add(transaction);
            return merge.merged().values().stream()
                    .flatMap(List::stream)
                    .anyMatch(row -> row.isVisible()
                            && (row.before().isPresent()
                                    || !origins.hasSeen(row.after().birth())));
        });
    }

    private void requireReady(Transaction transaction) {
        if (!transaction.database().equals(options.database())) {
            throw new InvalidState(
                    "a transaction of " + transaction.database() + " for " + options.database(), "Route it rightly");
        }
        var isNext = transaction.seq() == vector().seq(transaction.origin()) + 1;
        if (!isNext || !vector().covers(transaction.dependencies())) {
            throw new InvalidState(transaction + " does not follow on " + vector(), "Hold it until it does");
        }
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
        return mergeRows(table, rows, reach, RowMerge.Rule.JOIN);
    }

    /** Puts rows of a replica that is right in any case over those that are here. */
    public Merged overwriteRows(String table, List<RemoteRow> rows, VersionVector reach) {
        return mergeRows(table, rows, reach, RowMerge.Rule.OVERWRITE);
    }

    private Merged mergeRows(String table, List<RemoteRow> rows, VersionVector reach, RowMerge.Rule rule) {
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
                    aheadOf = aheadOf.join(reach);
                    rows.forEach(row -> clock.follow(latest(row).clock()));
                });
    }

    /**
     * Mends what a {@link Scrub} found with the rows that a peer has in that range: where states are equal the peer's
     * values count, otherwise they join. Rows that nobody has a state of are removed.
     */
    public Merged restore(Scrub.Damage damage, List<RemoteRow> rows) {
        var restored = merging(
                List.of(damage.table()),
                merge -> {
                    var table = require(damage.table());
                    removeStrangers(table, damage.range());
                    merge.add(table, rows, RowMerge.Rule.REPAIR);
                },
                () -> rows.forEach(row -> clock.follow(latest(row).clock())));
        rebuildIndex();
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

    /**
     * Takes what a {@link Scrub} found for a local write: rows without a state are born now, rows that are gone die now,
     * and of all others in the range, since it is not known which of them changed, every column is written now.
     */
    public Optional<Transaction> accept(List<Scrub.Damage> damages) {
        return inTransaction("accepting damage", () -> {
            session.discard();
            var changes = new ChangesetWriter();
            for (var damage : damages) {
                writeDamage(require(damage.table()), damage.range(), changes);
            }
            if (changes.sizeBytes() == 0) {
                return Optional.empty();
            }
            var transaction = stamp(changes.toByteArray(), nextStamp());
            uncommitted.add(new Commit.Written(transaction));
            rebuild(Set.copyOf(registry.tables().values()));
            saveState();
            return Optional.of(transaction);
        });
    }

    private void writeDamage(TrackedTable table, KeyRange range, ChangesetWriter out) throws SQLException {
        out.table(false, table.name(), table.changesetFlags());
        for (var stored : shadow.range(table, range, Integer.MAX_VALUE)) {
            var row = new MergedRow(stored.key(), Optional.of(stored), stored.version(table), stored.rowid());
            if (stored.state().isAlive() && !stored.present()) {
                row.writeRow(table, ChangeOp.DELETE, row.values(), out);
            } else if (stored.state().isAlive()) {
                row.writeTouch(table, out);
            }
        }
        for (var stranger : shadow.strangers(table, range, Integer.MAX_VALUE)) {
            out.change(ChangeOp.INSERT, false);
            stranger.forEach(out::value);
        }
    }

    private void requireFitting(String table, List<RemoteRow> rows) {
        var tracked = registry.table(table);
        for (var row : rows) {
            var cells = row.version().isAlive() ? row.version().cells().size() : 0;
            if (tracked.isPresent()
                    && (row.key().size() != tracked.get().keyCount()
                            || (row.version().isAlive()
                                    && cells != tracked.get().cellCount()))) {
                throw new Unsupported(
                        "a row of table " + table + " with " + row.key().size() + " key values and " + cells
                                + " columns, which does not fit",
                        "Bring both replicas to the same schema first");
            }
        }
    }

    /** Removes rows and their states, as if they had never been: the replica that is right in any case lacks them. */
    public Merged forgetRows(String table, List<RowKey> keys, VersionVector reach) {
        return merging(
                List.of(table), merge -> merge.forget(require(table), keys), () -> aheadOf = aheadOf.join(reach));
    }

    private static Stamp latest(RemoteRow row) {
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

    private interface MergeStep {
        void run(RowMerge merge) throws SQLException;
    }

    private interface Step {
        void run() throws SQLException;
    }

    private Merged merging(Collection<String> tables, MergeStep step, Step afterwards) {
        return merging(tables, false, step, afterwards);
    }

    private Merged merging(Collection<String> tables, boolean authority, MergeStep step, Step afterwards) {
        var enforcing = foreignKeys() && concernForeignKeys(tables);
        setForeignKeys(enforcing, false);
        try {
            return inTransaction("merging", () -> {
                if (isSchemaStale()) {
                    session.discard();
                    stampElements(List.of(), false);
                    followSchema(Changeset.EMPTY, Set.of());
                }
                session.discard();
                var merged = mergeOpen(step, afterwards, enforcing, authority);
                if (tablesOf(merged.changes().cursor()).contains(ReplicatedSchema.TABLE)) {
                    migrate();
                }
                saveState();
                return merged;
            });
        } finally {
            setForeignKeys(enforcing, true);
        }
    }

    /**
     * Follows the schema that elements make that have come: at once, since the next transaction may be written on it. The
     * session is off meanwhile: what a migration writes is no change of rows, and its triggers would be in the way.
     */
    private void migrate() throws SQLException {
        if (schema.isEmpty()) {
            return;
        }
        hasFollowed = true;
        session.enable(false);
        ReplicatedSchema.Migrated migrated;
        try {
            migrated = schema.get().migrate();
        } finally {
            session.enable(true);
        }
        if (migrated.isChanged() || !migrated.reborn().isEmpty()) {
            followSchema(Changeset.EMPTY, migrated.reborn());
        }
    }

    private Merged mergeOpen(MergeStep step, Step afterwards, boolean enforcing, boolean authority)
            throws SQLException {
        var merge = new RowMerge(registry, shadow, statements, history, origins);
        step.run(merge);
        afterwards.run();
        var triggers = dropTriggers(merge.merged().keySet());
        var merged = merge(merge.merged(), enforcing, authority);
        restoreTriggers(triggers);
        if (!merged.changes().isEmpty()) {
            uncommitted.add(new Commit.Copied(merged.changes()));
        }
        return merged;
    }

    /** Something that a replica does which follows another one, change by change. */
    public sealed interface FollowStep {
        /** Changes as they were written under {@code stamp}: what changes by them here has that stamp. */
        record Apply(Stamp stamp, Changeset changes) implements FollowStep {}

        /** Rows as they are there; those of {@code gone} are forgotten. */
        record Copy(String table, List<RemoteRow> rows, List<RowKey> gone) implements FollowStep {}
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
        var enforcing = foreignKeys() && concernForeignKeys(tables);
        setForeignKeys(enforcing, false);
        try {
            return inTransaction("following", () -> {
                stampOpen();
                List<Changeset> applied = new ArrayList<>();
                for (var step : steps) {
                    switch (step) {
                        case FollowStep.Apply apply -> applied.add(apply(apply, onConflict));
                        case FollowStep.Copy copy -> applied.add(copy(copy));
                    }
                }
                var changes = net(applied);
                if (enforcing) {
                    askAboutOrphans(changes, onConflict);
                }
                work.run();
                saveState();
                return changes;
            });
        } finally {
            setForeignKeys(enforcing, true);
        }
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
        var triggers = dropTriggers(tracked(step.changes()));
        var outcome = applier.apply(step.changes().toByteArray(), FOLLOWING, onConflict);
        if (!outcome.skippedTables().isEmpty()) {
            throw new SchemaMismatch("changes that do not fit: " + String.join("; ", outcome.skippedTables()));
        }
        restoreTriggers(triggers);
        var changeset = session.changeset().toByteArray();
        session.discard();
        var changes = new LocalChanges(registry, shadow, step.stamp());
        changes.add(changeset);
        root += changes.rootDelta();
        rebuild(changes.suspicious());
        clock.follow(step.stamp().clock());
        var applied = Changeset.wrap(changeset);
        if (changeset.length > 0) {
            uncommitted.add(new Commit.Followed(step.stamp(), applied));
        }
        return applied;
    }

    private void askAboutOrphans(Changeset changes, ConflictHandler onConflict) throws SQLException {
        var keys = new ForeignKeys(registry, statements);
        var cursor = changes.cursor();
        while (cursor.next()) {
            var table = require(new String(cursor.tableName(), StandardCharsets.UTF_8));
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
        requireFitting(step.table(), step.rows());
        var table = require(step.table());
        return mergeOpen(
                        merge -> {
                            merge.add(table, step.rows(), RowMerge.Rule.OVERWRITE);
                            merge.forget(table, step.gone());
                        },
                        () -> step.rows()
                                .forEach(row -> clock.follow(latest(row).clock())),
                        false,
                        true)
                .changes();
    }

    private Set<TrackedTable> tracked(Changeset changes) {
        Set<TrackedTable> found = new HashSet<>();
        tablesOf(changes.cursor()).forEach(name -> registry.table(name).ifPresent(found::add));
        return found;
    }

    /**
     * Puts changes that were taken back on top of what is there now, in the transaction that is open and without a stamp;
     * rows in the way are written over.
     */
    public void redoOpen(Changeset changes) {
        call("putting changes back", () -> {
            var triggers = dropTriggers(tracked(changes));
            applier.apply(changes.toByteArray(), FOLLOWING, ConflictHandler.REPLACE);
            restoreTriggers(triggers);
            return true;
        });
    }

    private Merged merge(Map<TrackedTable, List<MergedRow>> merged, boolean enforcing, boolean authority)
            throws SQLException {
        var writer = new MergeWriter(registry, shadow, statements, applier, session, authority);
        writer.write(merged);
        var stamp = nextStamp();
        root += writer.record(merged, horizon, stamp);
        rebuild(damaged(merged));
        var changes = session.changeset().toByteArray();
        session.discard();
        if (authority) {
            return new Merged(Changeset.wrap(changes), Optional.empty());
        }
        var orphans = enforcing ? settleForeignKeys(merged, writer.evicted()) : List.<ForeignKeys.Orphan>of();
        enterLedger(merged, writer, orphans);
        if (session.isEmpty() && writer.evicted().isEmpty()) {
            return new Merged(Changeset.wrap(changes), Optional.empty());
        }
        var repairs = session.changeset().toByteArray();
        session.discard();
        var repair =
                stamp(new Evictions(writer.evictions(), writer.evictedBirths()), repairs, stamp, history.current());
        return new Merged(Changeset.wrap(concat(changes, repairs)), Optional.of(repair));
    }

    private void enterLedger(
            Map<TrackedTable, List<MergedRow>> merged, MergeWriter writer, List<ForeignKeys.Orphan> orphans)
            throws SQLException {
        var ledger = new LedgerWriter(statements, shadow, clock);
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
        var keys = new ForeignKeys(registry, statements);
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

    private static byte[] concat(byte[] first, byte[] second) {
        var out = new ByteArrayOutputStream(first.length + second.length);
        out.writeBytes(first);
        out.writeBytes(second);
        return out.toByteArray();
    }

    /** The peers that tombstones wait for, and when each was last heard of, about. */
    public Map<String, Instant> knownPeers() {
        return call("reading peers", () -> {
            Map<String, Instant> peers = new HashMap<>();
            try (var rows = statements
                    .prepare("SELECT name, heard_at FROM _merklite_peers")
                    .executeQuery()) {
                while (rows.next()) {
                    peers.put(rows.getString(1), Instant.ofEpochMilli(rows.getLong(2)));
                }
            }
            return peers;
        });
    }

    /** A peer was heard of: tombstones wait for it. */
    public void heardOfPeer(String name, Instant now) {
        inTransaction("noting a peer", () -> {
            var note = statements.prepare("INSERT INTO _merklite_peers VALUES (?1, ?2)"
                    + " ON CONFLICT(name) DO UPDATE SET heard_at = excluded.heard_at");
            note.setString(1, name);
            note.setLong(2, now.toEpochMilli());
            return note.executeUpdate();
        });
    }

    /** Removes a peer: tombstones no longer wait for it. */
    public void removePeer(String name) {
        inTransaction("forgetting a peer", () -> {
            var delete = statements.prepare("DELETE FROM _merklite_peers WHERE name = ?1");
            delete.setString(1, name);
            return delete.executeUpdate();
        });
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
        inTransaction("adopting a vector", () -> {
            for (var entry : seen.seqs().entrySet()) {
                if (entry.getValue() > vector().seq(entry.getKey())) {
                    origins.raise(entry.getKey(), entry.getValue(), clocks.getOrDefault(entry.getKey(), 0L));
                }
            }
            return true;
        });
    }

    /**
     * Takes a new origin: a peer has more of the old one than this file, so another copy of it wrote, or it lost its end.
     */
    public void forkOrigin() {
        inTransaction("taking a new origin", () -> {
            renewOrigin();
            return true;
        });
    }

    /**
     * Raises the horizon: tombstones of deaths up to a clock are forgotten. A row that is offered later, and is missing
     * here although its birth {@linkplain #clocks was seen}, is known to be dead all the same.
     */
    public void raiseHorizon(long clockUpTo) {
        if (clockUpTo <= horizon) {
            return;
        }
        inTransaction("collecting tombstones", () -> {
            for (var table : registry.tables().values()) {
                collect(table, clockUpTo);
            }
            horizon = clockUpTo;
            saveState();
            return true;
        });
    }

    private void collect(TrackedTable table, long clockUpTo) throws SQLException {
        while (true) {
            var dead = shadow.deadUpTo(table, clockUpTo, COLLECT_CHUNK);
            if (dead.isEmpty()) {
                return;
            }
            List<MerkleSums.Change> changes = new ArrayList<>();
            dead.forEach((key, state) -> {
                var digest =
                        RowDigest.dead(key.hash(), state.birth(), state.death().orElseThrow());
                changes.add(new MerkleSums.Change(key, -digest, MerkleSums.Presence.WENT));
            });
            for (var change : changes) {
                root += change.delta();
            }
            shadow.delete(table, List.copyOf(dead.keySet()));
            registry.sums(table).apply(changes);
        }
    }

    // ---- what a descent asks ----------------------------------------------------------------------------------------

    /** A key of a table, from its values. */
    public RowKey key(String table, List<ChangesetValue> values) {
        return RowKey.of(require(table).seed(), values);
    }

    /** How many values identify a row of a table; 0 if it does not replicate. */
    public int keyCount(String table) {
        return registry.table(table).map(TrackedTable::keyCount).orElse(0);
    }

    /** The sum of the digests in a range of keys. */
    public long sum(String table, KeyRange range) {
        return call("summing up", () -> registry.sums(require(table)).sum(range));
    }

    /** How many rows a range has, tombstones included; counting stops at {@code limit}. */
    public int count(String table, KeyRange range, int limit) {
        return call("counting", () -> shadow.count(require(table), range, limit));
    }

    /**
     * Parts of a range and what each sums up to.
     *
     * @param boundaries keys that begin the second and later parts
     * @param sums one more than boundaries
     */
    public record Parts(List<RowKey> boundaries, List<Long> sums) {}

    /** Splits a range whose sum is {@code total} into parts of about the same size, at most {@code limit}. */
    public Parts split(String table, KeyRange range, long total, int limit) {
        return call("splitting", () -> {
            var parts = registry.sums(require(table)).partition(range, total, limit);
            return new Parts(parts.boundaries(), parts.sums());
        });
    }

    /** What the parts of a range between {@code boundaries} sum up to: one more than boundaries. */
    public List<Long> sums(String table, KeyRange range, List<RowKey> boundaries) {
        return call("summing up", () -> registry.sums(require(table)).sums(range, boundaries));
    }

    /** A key and the digest of its row. */
    public record KeyDigest(RowKey key, long digest) {}

    /** Keys and digests of a range, in order, at most {@code limit}. */
    public List<KeyDigest> digests(String table, KeyRange range, int limit) {
        return call("reading digests", () -> {
            var tracked = require(table);
            return shadow.range(tracked, range, limit).stream()
                    .map(row -> new KeyDigest(row.key(), row.digest(tracked)))
                    .toList();
        });
    }

    /**
     * Some rows of a range, in order.
     *
     * @param rows the rows; damaged ones are left out
     * @param next where the rest of the range begins, if there is more
     */
    public record RowPage(List<RemoteRow> rows, Optional<RowKey> next) {}

    /** The first {@code limit} rows of a range, whole. */
    public RowPage rows(String table, KeyRange range, int limit) {
        return call("reading rows", () -> {
            var tracked = require(table);
            var found = shadow.range(tracked, range, limit + 1);
            var page = found.subList(0, Math.min(limit, found.size()));
            var rows = page.stream()
                    .filter(row -> !row.isDamaged())
                    .map(row -> new RemoteRow(row.key().values(), row.version(tracked)))
                    .toList();
            return new RowPage(
                    rows, found.size() > limit ? Optional.of(found.getLast().key()) : Optional.empty());
        });
    }

    /** Whole rows with these keys; missing ones are left out. */
    public List<RemoteRow> rows(String table, List<RowKey> keys) {
        return call("reading rows", () -> {
            var tracked = require(table);
            return shadow.rows(tracked, keys).values().stream()
                    .filter(row -> !row.isDamaged())
                    .map(row -> new RemoteRow(row.key().values(), row.version(tracked)))
                    .toList();
        });
    }

    private TrackedTable require(String table) {
        return registry.table(table)
                .orElseThrow(() -> new Unsupported(
                        "table " + table + ", which does not replicate here", "Compare the schemas of the replicas"));
    }

    /** Compares the rows with what the index says of them, a part at a time. */
    public Scrub scrub() {
        return new Scrub(this, registry, shadow);
    }

    /** Makes the merkle index anew from what is in the file. Reads every row. */
    public void rebuildIndex() {
        inTransaction("rebuilding the index", () -> {
            rebuild(Set.copyOf(registry.tables().values()));
            saveState();
            return true;
        });
    }

    // ---- transactions -----------------------------------------------------------------------------------------------

    private void begin() throws SQLException {
        if (!tryBegin()) {
            throw new InvalidState("a transaction is open on the connection", "Commit it or roll it back first");
        }
    }

    /** False if there is a transaction already. */
    private boolean tryBegin() throws SQLException {
        try {
            statements.run("BEGIN IMMEDIATE");
            return true;
        } catch (SQLException e) {
            if (e.getErrorCode() == BUSY_OR_IN_TRANSACTION) {
                return false;
            }
            throw e;
        }
    }

    private void commit() throws SQLException {
        statements.run("COMMIT");
        hasFollowed = false;
    }

    <T> T inTransaction(String doing, Work<T> work) {
        beginOpen();
        return finish(doing, work);
    }

    private <T> T finish(String doing, Work<T> work) {
        T result;
        try {
            result = work.run();
            commit();
        } catch (SQLException e) {
            rollback(e);
            throw new StoreFailure(doing, e);
        } catch (RuntimeException e) {
            rollback(e);
            throw e;
        }
        tellListeners();
        return result;
    }

    private void tellListeners() {
        var commits = List.copyOf(uncommitted);
        uncommitted.clear();
        for (var listener : List.copyOf(listeners)) {
            commits.forEach(listener);
        }
    }

    private void rollback(Exception cause) {
        uncommitted.clear();
        try {
            statements.clear(); // the driver closes statements that fail
            statements.run("ROLLBACK");
        } catch (SQLException e) {
            cause.addSuppressed(e); // SQLite has rolled back by itself already
        }
        try {
            reload();
        } catch (SQLException | SessionException e) {
            cause.addSuppressed(e);
        }
    }

    /** What is cached was undone with the transaction. */
    @SuppressWarnings("NullAway") // a constructor that failed has not set everything yet
    private void reload() throws SQLException {
        if (registry == null || origins == null || session == null) {
            return;
        }
        origins.reload();
        schema.ifPresent(ReplicatedSchema::reload);
        registry.forgetSums();
        schemaVersion = -1;
        root = statements.number("SELECT root FROM _merklite_state");
        horizon = statements.number("SELECT horizon FROM _merklite_state");
        aheadOf = readVector("ahead_of");
        origin = new Origin(statements.number("SELECT origin FROM _merklite_state"));
        if (hasFollowed) {
            followAgain();
        }
    }

    /** A change of schema was undone: session and registry must know before anything else is written. */
    private void followAgain() throws SQLException {
        hasFollowed = false;
        session.rolledBack();
        var isOwn = tryBegin();
        try {
            followSchema(Changeset.EMPTY, Set.of());
            if (isOwn) {
                commit();
            }
        } catch (SQLException | RuntimeException e) {
            if (isOwn) {
                statements.run("ROLLBACK");
            }
            throw e;
        }
    }

    private void saveState() throws SQLException {
        var update =
                statements.prepare("UPDATE _merklite_state SET clock = ?1, root = ?2, horizon = ?3, ahead_of = ?4");
        update.setLong(1, clock.last());
        update.setLong(2, root);
        update.setLong(3, horizon);
        update.setBytes(4, new WireWriter().vector(aheadOf).toByteArray());
        update.executeUpdate();
    }

    private VersionVector readVector(String column) throws SQLException {
        try (var rows =
                statements.prepare("SELECT " + column + " FROM _merklite_state").executeQuery()) {
            rows.next();
            var bytes = rows.getBytes(1);
            return new WireReader(column, bytes, 0, bytes.length).vector(MAX_ORIGINS);
        }
    }

    private <T> T call(String doing, Work<T> work) {
        try {
            return work.run();
        } catch (SQLException e) {
            throw new StoreFailure(doing, e);
        }
    }

    // ---- schema -----------------------------------------------------------------------------------------------------

    private boolean isSchemaStale() throws SQLException {
        return statements.number("PRAGMA main.schema_version") != schemaVersion;
    }

    /**
     * Follows the schema now, rather than at the next write: the fingerprint is that of the new one. What replicates of it
     * is told to listeners.
     */
    public void schemaChanged() {
        inTransaction("following the schema", () -> {
            if (schema.isPresent()) {
                stampOpen();
            } else {
                followSchema(Changeset.EMPTY, Set.of());
            }
            return true;
        });
    }

    /** Returns the folded names of tables whose rows were adopted, though they may stand in {@code recorded}. */
    private Set<String> followSchema(Changeset recorded, Set<String> reborn) throws SQLException {
        hasFollowed = true;
        var seen = statements.number("SELECT schema_version FROM _merklite_state");
        var present = statements.number("PRAGMA main.schema_version");
        var birth = nextStamp();
        var renames = schema.isPresent() ? schema.get().renames() : Renames.NONE;
        var adopted = registry.follow(birth, insertCounts(recorded), renames, reborn);
        if (!adopted.isEmpty()) {
            // A seq without a transaction: peers get the rows by the merkle path.
            uncommitted.add(new Commit.Untold(Set.copyOf(adopted)));
            origins.raise(origin, origins.vector().seq(origin) + 1, birth.clock());
        }
        history.record(registry);
        schemaVersion = statements.number("PRAGMA main.schema_version");
        if (seen != present || !adopted.isEmpty()) {
            root = totalOfSums();
        }
        var update = statements.prepare("UPDATE _merklite_state SET schema_version = ?1");
        update.setLong(1, schemaVersion);
        update.executeUpdate();
        saveState();
        return adopted;
    }

    private static Map<String, Long> insertCounts(Changeset changes) {
        Map<String, Long> counts = new LinkedHashMap<>();
        var cursor = changes.cursor();
        while (cursor.next()) {
            if (cursor.op() == ChangeOp.INSERT) {
                var table = new String(cursor.tableName(), StandardCharsets.UTF_8);
                counts.merge(Identifiers.fold(table), 1L, Long::sum);
            }
        }
        return counts;
    }

    private Map<String, String> dropTriggers(Set<TrackedTable> tables) throws SQLException {
        Map<String, String> triggers = new LinkedHashMap<>();
        for (var table : tables) {
            var query = statements.prepare(
                    "SELECT name, sql FROM main.sqlite_schema WHERE type = 'trigger' AND tbl_name = ?1 COLLATE NOCASE");
            query.setString(1, table.tableName());
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    triggers.put(rows.getString(1), rows.getString(2));
                }
            }
        }
        for (var name : triggers.keySet()) {
            statements.once("DROP TRIGGER main." + Identifiers.quote(name));
        }
        return triggers;
    }

    private void restoreTriggers(Map<String, String> triggers) throws SQLException {
        for (var sql : triggers.values()) {
            statements.once(sql);
        }
        if (!triggers.isEmpty()) {
            schemaVersion = statements.number("PRAGMA main.schema_version");
        }
    }

    /** The tables of a transaction, by the names that they have now. */
    private Set<String> tablesNow(Transaction transaction) {
        return call("reading table names", () -> {
            Set<String> names = new HashSet<>();
            for (var group : tablesOf(transaction.changes())) {
                names.add(history.groupNow(transaction.schemaFingerprint(), group));
            }
            return names;
        });
    }

    private static Set<String> tablesOf(ChangesetCursor changes) {
        Set<String> tables = new HashSet<>();
        while (changes.next()) {
            if (changes.newGroup()) {
                tables.add(new String(changes.tableName(), StandardCharsets.UTF_8));
            }
        }
        return tables;
    }

    /**
     * Whether one of these tables has a foreign key, or another table has one to it. Switching enforcement makes SQLite
     * prepare every statement anew, so it is left alone where it can't matter.
     */
    private boolean concernForeignKeys(Collection<String> tables) {
        return tables.contains(ReplicatedSchema.TABLE)
                || call("reading foreign keys", () -> {
                    if (concerned == null || concernedVersion != statements.number("PRAGMA main.schema_version")) {
                        concerned = new HashSet<>();
                        concernedVersion = statements.number("PRAGMA main.schema_version");
                        try (var rows = statements.prepare(FOREIGN_KEY_TABLES).executeQuery()) {
                            while (rows.next()) {
                                concerned.add(Identifiers.fold(rows.getString(1)));
                                concerned.add(Identifiers.fold(rows.getString(2)));
                            }
                        }
                    }
                    var found = concerned;
                    return tables.stream()
                            .map(table -> Identifiers.fold(KeylessRows.tableOrSelf(table)))
                            .anyMatch(found::contains);
                });
    }

    private boolean foreignKeys() {
        return call("reading foreign_keys", () -> statements.number("PRAGMA foreign_keys") != 0);
    }

    /** Enforcement is off while rows merge; SQLite can't switch it inside a transaction. */
    private void setForeignKeys(boolean wasOn, boolean on) {
        if (wasOn) {
            call("switching foreign_keys", () -> {
                statements.run("PRAGMA foreign_keys = " + (on ? "ON" : "OFF"));
                return true;
            });
        }
    }

    /** Ends the replica's session; the connection stays open. Nothing may be open on it. */
    @Override
    public void close() {
        inTransaction("closing", () -> {
            statements.run("UPDATE _merklite_state SET clean = " + (session.isEmpty() ? 1 : 0));
            return true;
        });
        session.close();
        applier.close();
        statements.close();
    }
}
