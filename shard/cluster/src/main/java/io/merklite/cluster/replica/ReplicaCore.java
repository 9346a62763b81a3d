package io.merklite.cluster.replica;

import io.merklite.cluster.checkpoint.LogFrames;
import io.merklite.cluster.journal.ChangesetLog;
import io.merklite.schema.SchemaException;
import io.merklite.session.SessionException;
import io.merklite.session.changeset.Changeset;
import io.merklite.sync.SyncException;
import io.merklite.sync.SyncException.StatementFailure;
import io.merklite.sync.SyncException.StoreFailure;
import io.merklite.sync.SyncException.TooLarge;
import io.merklite.sync.database.Database;
import io.merklite.sync.database.DatabaseOptions;
import io.merklite.sync.message.SyncMessage;
import io.merklite.sync.message.SyncMessage.Want;
import io.merklite.sync.message.SyncMessage.WantPart;
import io.merklite.sync.replicate.Envelope;
import io.merklite.sync.replicate.Event;
import io.merklite.sync.replicate.Received;
import io.merklite.sync.replicate.Replicator;
import io.merklite.sync.stamp.Origin;
import io.merklite.sync.store.Conflicts;
import io.merklite.sync.store.RequestLedger;
import io.merklite.sync.transaction.Transaction;
import io.merklite.sync.vector.VersionVector;
import io.merklite.sync.vector.VersionVector.SeqRange;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/**
 * One copy of a database: its file, its conversation with the other copies, and what its log must get.
 *
 * <p>Everything that a writer and a follower have in common, without actors: calls go in, an {@link Outbox} comes out.
 *
 * <p><b>Invariants.</b> (1) Nothing of an outbox may be sent before what it says must be logged is in the log. (2) While a
 * transaction is open, none but the calls about transactions are allowed.
 *
 * <p><b>Threading.</b> Not thread-safe: confined to its actor, on the dispatcher for blocking work. Blocks on disk.
 */
final class ReplicaCore implements AutoCloseable {
    private static final int BUSY_TIMEOUT_MILLIS = 5_000;
    private static final int PAGE_BYTES = 4_096;
    private static final int KIB = 1_024;

    /** A file without it is of the first generation: names that are made again are few. */
    private static final String CREATE_GENERATION =
            "CREATE TABLE IF NOT EXISTS _merklite_generation(id INTEGER PRIMARY KEY CHECK (id = 1), number INTEGER NOT NULL)";

    private static final String HAS_GENERATION = "SELECT 1 FROM sqlite_master WHERE name = '_merklite_generation'";
    private static final String GENERATION = "SELECT number FROM _merklite_generation";

    private final Database database;
    private final LogWindow window;
    private final Replicator replicator;
    private final Consumer<Event> listener;
    private final List<Changeset> changes = new ArrayList<>();
    private final AtomicLong commits = new AtomicLong();
    private final int maxTransactionSizeBytes;
    private Optional<LogStatements> logStatements = Optional.empty();
    private Consumer<Transaction> committed = transaction -> {};
    private long generation;
    private boolean foreignKeys = true;

    /**
     * What a call has led to.
     *
     * @param unlogged transactions that must be in the log before the envelopes go
     * @param envelopes messages to peers
     */
    record Outbox(List<Transaction> unlogged, List<Envelope> envelopes) {
        static final Outbox EMPTY = new Outbox(List.of(), List.of());

        Outbox {
            unlogged = List.copyOf(unlogged);
            envelopes = List.copyOf(envelopes);
        }

        /** Both, in order. */
        Outbox and(Outbox next) {
            List<Transaction> transactions = new ArrayList<>(unlogged);
            transactions.addAll(next.unlogged);
            List<Envelope> messages = new ArrayList<>(envelopes);
            messages.addAll(next.envelopes);
            return new Outbox(transactions, messages);
        }
    }

    private ReplicaCore(
            Database database,
            ReplicaSettings settings,
            RandomGenerator random,
            Instant now,
            Consumer<Event> listener,
            long generation) {
        this.database = database;
        this.generation = generation;
        this.listener = listener;
        this.maxTransactionSizeBytes = settings.maxTransactionSizeBytes();
        this.window = new LogWindow(settings.logWindowCount(), settings.logWindowBytes());
        this.replicator = new Replicator(database.store(), window, settings.replicator(), random, now, this::on);
    }

    /**
     * Opens a replica, made if there is none.
     *
     * @param file its path
     * @param name of the database
     * @param listener hears of everything that happens
     * @throws StoreFailure if it can't be opened
     */
    static ReplicaCore open(
            Path file,
            String name,
            ReplicaSettings settings,
            InstantSource clock,
            RandomGenerator random,
            Consumer<Event> listener) {
        var database = Database.open(
                file.toString(),
                DatabaseOptions.of(name, clock, random)
                        .withCommitsLogged()
                        .withMaxDrift(settings.maxDrift())
                        .withSchemaReplication());
        try (var statement = database.connection().createStatement()) {
            statement.execute("PRAGMA busy_timeout = " + BUSY_TIMEOUT_MILLIS);
            statement.execute("PRAGMA foreign_keys = ON");
            // SQLite's default of 2 MB makes writes of keys that are spread read each page from the file again.
            statement.execute("PRAGMA cache_size = -" + settings.cacheSizeBytes() / KIB);
            statement.execute("PRAGMA wal_autocheckpoint = " + settings.checkpointSizeBytes() / PAGE_BYTES);
            // The file of the write-ahead log is cut when the log begins anew, after a transaction that was larger.
            statement.execute("PRAGMA journal_size_limit = " + settings.maxLogSizeBytes());
            return new ReplicaCore(
                    database, settings, random, clock.instant(), listener, generationIn(database.connection()));
        } catch (SQLException e) {
            database.close();
            throw new StoreFailure("opening " + file, e);
        }
    }

    private void on(Event event) {
        switch (event) {
            case Event.Applied applied -> {
                changes.add(applied.changes());
                applied.transactions().forEach(committed);
            }
            case Event.RowsMerged merged -> changes.add(merged.changes());
            default -> {}
        }
        listener.accept(event);
    }

    // ---- its generation ---------------------------------------------------------------------------------------------

    /** Which of the databases that the name has meant. */
    long generation() {
        return generation;
    }

    /**
     * Whether this is the database of generation {@code newest}, or of a later one. A replica that has nothing becomes one; what
     * its log has must be in it before it is asked.
     */
    boolean belongsTo(long newest) {
        if (generation < newest && vector().isEmpty()) {
            execute(CREATE_GENERATION);
            execute("INSERT OR REPLACE INTO _merklite_generation VALUES (1, " + newest + ")");
            // A power cut must not take it back: the rows would come again from the log, and this would not.
            execute("PRAGMA wal_checkpoint(TRUNCATE)");
            generation = newest;
        }
        return generation >= newest;
    }

    private static long generationIn(Connection connection) throws SQLException {
        try (var statement = connection.createStatement()) {
            try (var found = statement.executeQuery(HAS_GENERATION)) {
                if (!found.next()) {
                    return Generations.FIRST;
                }
            }
            try (var rows = statement.executeQuery(GENERATION)) {
                return rows.next() ? rows.getLong(1) : Generations.FIRST;
            }
        }
    }

    /** The generation of a file that nobody has open. */
    static long generationOf(Path file) {
        try (var connection = DriverManager.getConnection("jdbc:sqlite:" + file.toAbsolutePath())) {
            return generationIn(connection);
        } catch (SQLException e) {
            throw new StoreFailure("reading the generation of " + file, e);
        }
    }

    /** Has all of a file that nobody has open in the file itself, without a write-ahead log. */
    static void makeWhole(Path file) {
        try (var connection = DriverManager.getConnection("jdbc:sqlite:" + file.toAbsolutePath());
                var statement = connection.createStatement()) {
            statement.execute("PRAGMA busy_timeout = " + BUSY_TIMEOUT_MILLIS);
            statement.execute("PRAGMA wal_checkpoint(TRUNCATE)");
            statement.execute("PRAGMA journal_mode = DELETE");
        } catch (SQLException e) {
            throw new StoreFailure("copying the write-ahead log of " + file + " into it", e);
        }
    }

    // ---- what it is -------------------------------------------------------------------------------------------------

    Database database() {
        return database;
    }

    Connection connection() {
        return database.connection();
    }

    Origin origin() {
        return database.store().origin();
    }

    VersionVector vector() {
        return database.store().vector();
    }

    long root() {
        return database.store().root();
    }

    long schemaFingerprint() {
        return database.store().schemaFingerprint();
    }

    /** The requests with a key that were applied. */
    RequestLedger requests() {
        return new RequestLedger(database.store());
    }

    /** What {@code after} has not, if all of it is in memory. */
    Optional<List<Transaction>> recent(VersionVector after) {
        return window.between(after, vector());
    }

    /** Has {@code listener} told of each transaction that is committed here from now on, whoever wrote it. */
    void onCommitted(Consumer<Transaction> listener) {
        committed = listener;
    }

    /** What a row of the ledger becomes: back in its table, or given up. Not while a transaction is open. */
    Outbox settleConflict(String id, Optional<Conflicts.InTheWay> restoring) {
        var conflicts = new Conflicts(database.store());
        var transaction =
                restoring.map(inTheWay -> conflicts.restore(id, inTheWay)).or(() -> conflicts.discard(id));
        commits.incrementAndGet();
        var written = transaction.stream().toList();
        database.committed(written);
        return new Outbox(written, written(written).envelopes());
    }

    // ---- its write-ahead log ----------------------------------------------------------------------------------------

    /** Statements about the write-ahead log. */
    private record LogStatements(PreparedStatement look, PreparedStatement copy) {}

    /** From now on no COMMIT copies the write-ahead log into the file: that is up to the caller. */
    void copyLogApart() {
        execute("PRAGMA wal_autocheckpoint = 0");
        try {
            logStatements = Optional.of(new LogStatements(
                    connection().prepareStatement(LogFrames.LOOK), connection().prepareStatement(LogFrames.COPY)));
        } catch (SQLException e) {
            throw new StoreFailure("preparing checkpoints", e);
        }
    }

    /** How long the write-ahead log is. Not while a transaction is open. */
    LogFrames log() {
        return log("looking at the write-ahead log", logStatements.orElseThrow().look());
    }

    /** Copies the write-ahead log into the file, as far as that can be done at once. Not while a transaction is open. */
    LogFrames copyLog() {
        return log("checkpointing", logStatements.orElseThrow().copy());
    }

    private static LogFrames log(String doing, PreparedStatement statement) {
        try {
            return LogFrames.after(statement);
        } catch (SQLException e) {
            throw new StoreFailure(doing, e);
        }
    }

    /** A connection to {@code file} that copies the write-ahead log, and does nothing else. */
    static Connection checkpointing(Path file) throws SQLException {
        var connection = DriverManager.getConnection("jdbc:sqlite:" + file.toAbsolutePath());
        try (var statement = connection.createStatement()) {
            statement.execute("PRAGMA wal_autocheckpoint = 0");
            return connection;
        } catch (SQLException e) {
            connection.close();
            throw e;
        }
    }

    // ---- what was committed -----------------------------------------------------------------------------------------

    /** How many times something was committed, by clients or peers. Thread-safe. */
    long commitCount() {
        return commits.get();
    }

    Replicator replicator() {
        return replicator;
    }

    // ---- peers ------------------------------------------------------------------------------------------------------

    Outbox connect(String peer) {
        return outbox(replicator.connect(peer));
    }

    Outbox connectReader(String peer) {
        return outbox(replicator.connectReader(peer));
    }

    void forget(String peer) {
        replicator.forget(peer);
    }

    Outbox tick(Instant now) {
        return outbox(replicator.tick(now));
    }

    /** The log's ranges that must be loaded before {@code message} can be answered; usually none. */
    List<SeqRange> unloaded(SyncMessage message) {
        var ranges = switch (message) {
            case Want want -> want.ranges();
            case WantPart want when want.offset() == 0 -> List.of(new SeqRange(want.origin(), want.seq(), want.seq()));
            default -> List.<SeqRange>of();
        };
        return window.has(ranges) ? List.of() : ranges;
    }

    Outbox receive(String peer, SyncMessage message) {
        return outbox(replicator.receive(peer, message));
    }

    /** Takes in several messages at once: what they publish is applied in one commit. */
    Outbox receive(List<Received> messages) {
        return outbox(replicator.receive(messages));
    }

    /** As {@link #receive}, once the log was read. */
    Outbox receive(String peer, SyncMessage message, List<Transaction> found, List<SeqRange> gone) {
        window.load(found);
        return receive(peer, message instanceof Want want ? window.cut(want, gone) : message);
    }

    /** Publishes what was committed here and is in the log already. */
    Outbox written(List<Transaction> transactions) {
        var envelopes = replicator.written(transactions);
        transactions.forEach(committed);
        window.takeUnlogged();
        return new Outbox(List.of(), envelopes);
    }

    private Outbox outbox(List<Envelope> envelopes) {
        if (!changes.isEmpty()) {
            var merged = List.copyOf(changes);
            changes.clear();
            commits.incrementAndGet();
            database.applied(merged);
        }
        return new Outbox(window.takeUnlogged(), envelopes);
    }

    /**
     * Gives back what the log has and the file does not, in the order of the log: after a power cut, or when the process
     * died between log and commit.
     *
     * @return what constraints made of it, to be logged and published
     */
    Outbox recover(List<Transaction> transactions) {
        var store = database.store();
        for (var transaction : transactions) {
            window.remember(transaction);
            var origin = transaction.origin();
            if (store.vector().seq(origin) >= transaction.seq()) {
                continue;
            }
            if (store.vector().seq(origin) < transaction.seq() - 1) {
                // A seq without a transaction: rows that were there when their table began to replicate. They still
                // are.
                store.adopt(VersionVector.EMPTY.with(origin, transaction.seq() - 1), Map.of());
            }
            var merged = store.merge(transaction);
            changes.add(merged.changes());
            merged.repair().ifPresent(window::append);
        }
        return outbox(List.of());
    }

    // ---- the transaction of the owner -------------------------------------------------------------------------------

    /** Begins a transaction that writes. */
    void begin(boolean withForeignKeys) {
        if (withForeignKeys != foreignKeys) {
            execute("PRAGMA foreign_keys = " + (withForeignKeys ? "ON" : "OFF"));
            foreignKeys = withForeignKeys;
        }
        database.store().beginOpen();
    }

    /** Runs a statement that changes the schema. */
    void changeSchema(String sql) throws SQLException {
        try {
            database.changeSchemaOpen(sql);
        } catch (StatementFailure | StoreFailure | SessionException.DatabaseFailure e) {
            if (e.getCause() instanceof SQLException refused) {
                throw refused;
            }
            throw e;
        } catch (SyncException | SchemaException e) {
            throw new SQLException(e.getMessage(), e);
        }
    }

    /** SQLite went back to a savepoint. */
    void rolledBackToSavepoint() {
        database.store().rolledBack();
    }

    /** SQLite has undone the transaction by itself. */
    void rolledBack() {
        database.store().rolledBack();
    }

    void rollback() {
        database.store().rollbackOpen();
    }

    /**
     * Stamps what the open transaction wrote: these must be in the log before {@link #commit}.
     *
     * @throws TooLarge if the log takes one of them not; what was stamped must be undone then
     */
    List<Transaction> stamp() {
        var stamped = database.stampOpen();
        for (var transaction : stamped) {
            var size = ChangesetLog.maxSizeBytes(transaction);
            if (size > maxTransactionSizeBytes) {
                throw new TooLarge("transaction", size, maxTransactionSizeBytes);
            }
        }
        return stamped;
    }

    /** Commits what was stamped, and publishes it. */
    Outbox commit() {
        var transactions = database.store().stamped();
        database.commitOpen();
        commits.incrementAndGet();
        database.committed(transactions);
        return written(transactions);
    }

    /** What was stamped in the transaction that is open. */
    List<Transaction> stamped() {
        return List.copyOf(database.store().stamped());
    }

    /** As {@link #commit}, for transactions that are in the log, and that SQLite has undone: they are merged again. */
    Outbox commitAgain(List<Transaction> transactions) {
        return recover(transactions).and(written(transactions));
    }

    private void execute(String sql) {
        try (var statement = connection().createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw new StoreFailure("running " + sql, e);
        }
    }

    @Override
    public void close() {
        try {
            if (logStatements.isPresent()) {
                logStatements.get().look().close();
                logStatements.get().copy().close();
                logStatements = Optional.empty();
            }
        } catch (SQLException e) {
            throw new StoreFailure("closing checkpoints", e);
        } finally {
            database.close();
        }
    }
}
