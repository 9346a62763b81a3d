package io.merklite.sync.database;

import io.merklite.query.QueryException;
import io.merklite.query.transpile.Transpiler;
import io.merklite.query.transpile.functions.DeepFunctions;
import io.merklite.schema.SchemaException;
import io.merklite.schema.migrate.Allow;
import io.merklite.schema.migrate.SchemaMigrator;
import io.merklite.schema.plan.MigrationPlan;
import io.merklite.schema.structure.Schema;
import io.merklite.session.changeset.Changeset;
import io.merklite.sync.SyncException;
import io.merklite.sync.SyncException.InvalidState;
import io.merklite.sync.SyncException.RefusedMigration;
import io.merklite.sync.SyncException.RefusedQuery;
import io.merklite.sync.SyncException.StatementFailure;
import io.merklite.sync.SyncException.StoreFailure;
import io.merklite.sync.database.LogListener.Level;
import io.merklite.sync.store.Merged;
import io.merklite.sync.store.ReplicaStore;
import io.merklite.sync.store.StoreOptions;
import io.merklite.sync.transaction.Transaction;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteConnection;

/**
 * A SQLite database that replicates: SQL in, results and transactions out.
 *
 * <pre>{@code
 * var options = DatabaseOptions.of("shop", InstantSource.system(), new SecureRandom())
 *         .withSchema("CREATE TABLE item(id INTEGER PRIMARY KEY, label TEXT)");
 * try (var database = Database.open("shop.db", options)) {
 *     database.onTransaction(transaction -> publish(transaction));
 *     database.subscribe("SELECT label FROM item ORDER BY id", result -> show(result.rows()));
 *     database.exec("INSERT INTO item VALUES (merklite_id(), 'seven')");
 * }
 * }</pre>
 *
 * <p><b>Texts</b> are SQL or the query dialect ({@link Transpiler}). The SQL functions {@code merklite_id()} and
 * {@code uuid7()} make keys that no other replica makes.
 *
 * <p><b>Transactions.</b> {@link #exec} is one transaction, unless the text says BEGIN, SAVEPOINT, COMMIT, RELEASE or
 * ROLLBACK, which are followed also over several calls. PRAGMA, VACUUM, ATTACH and DETACH run outside of it, and commit
 * what stands before them in the text. What is committed is stamped, and becomes one {@link Transaction}; several, if the
 * schema changes within it. Changes of the schema replicate if the options say so. A COMMIT that fails rolls back.
 *
 * <p><b>The raw connection</b> may be written to as well. Such writes are stamped at the next {@link #exec} or
 * {@link #notifyChanged}, and until then are lost to replication if the process dies. Subscriptions see them only after
 * {@link #notifyChanged}.
 *
 * <p><b>Listeners</b> are called when a transaction has been committed: subscriptions first. They may use the database;
 * what they cause is announced after they have returned, and before the outermost call returns. An exception of a listener
 * comes out of that call, when everything has been committed and all others have been called.
 *
 * <p><b>Errors</b> are {@link SyncException}s. <b>Threading.</b> For one thread at a time. Blocks on disk.
 */
public final class Database implements AutoCloseable {
    /** A path that means a database in memory. */
    public static final String IN_MEMORY = ":memory:";

    private final String path;
    private final DatabaseOptions options;
    private final Connection connection;
    private final ReplicaStore store;
    private final KeyGenerator keys;
    private final ScriptRunner runner;
    private final UnrecordedChanges unrecorded;
    private final SchemaCheck check;
    private final Subscribers subscribers;
    private final Announcements announcements = new Announcements();
    private final List<Consumer<Transaction>> transactionListeners = new ArrayList<>();
    private final List<Consumer<List<RowEvent>>> rowListeners = new ArrayList<>();
    private final SchemaVersion schemaVersion;
    private final SQLiteConnection driver;
    private SchemaSnapshot schema = SchemaSnapshot.NONE;
    private long seenChanges;
    private boolean mayBeUndone;
    /** Whether a change of the schema was asked for since it was last looked at, and the version that was found then. */
    private boolean hasChangedSchema;

    private long followedVersion;
    private boolean isClosed;

    private Database(String path, DatabaseOptions options, Connection connection) throws SQLException {
        this.path = path;
        this.options = options;
        this.connection = connection;
        Predicate<String> isReplicated =
                table -> !TableNames.isInternal(table) && options.tables().test(table);
        if (options.isLogged()) {
            writeAhead(connection);
        }
        DeepFunctions.register(connection);
        options.schema().filter(ddl -> !ddl.isBlank()).ifPresent(this::migrate);
        this.store = ReplicaStore.open(connection, storeOptions(isReplicated));
        this.keys = new KeyGenerator(connection, options.clock(), options.random(), store::origin);
        keys.register();
        if (options.isLogged()) {
            syncAtCheckpoints(connection);
        }
        this.runner = new ScriptRunner(connection, store, keys);
        this.unrecorded = new UnrecordedChanges(isReplicated);
        this.check = new SchemaCheck(options.log(), options.tables());
        this.subscribers = new Subscribers(connection, unrecorded, options.log());
        this.schemaVersion = new SchemaVersion(connection);
        this.driver = connection.unwrap(SQLiteConnection.class);
        if (store.wasUnclean()) {
            log(
                    Level.WARN,
                    "the file was not closed properly and writes under a new origin: scrub it if it was written to past"
                            + " exec");
        } else if (store.originIsNew()) {
            log(Level.INFO, "the file is a copy, and writes under a new origin");
        }
        followSchema();
        seenChanges = totalChanges();
    }

    /**
     * Opens a database, made if there is none, and migrates it to the schema of {@code options}: tables may be added and
     * rebuilt, nothing may be lost.
     *
     * @param path of the file, or {@link #IN_MEMORY}
     * @throws RefusedMigration if the schema does not parse, or the file can't be brought to it
     * @throws StoreFailure if it can't be opened, or is no database
     * @throws SyncException.DamagedStore if it is a replica of another database
     */
    public static Database open(String path, DatabaseOptions options) {
        Connection connection;
        try {
            connection = configuration().createConnection("jdbc:sqlite:" + (isInMemory(path) ? path : absolute(path)));
        } catch (SQLException e) {
            throw new StoreFailure("opening " + path, e);
        }
        try {
            return new Database(path, options, connection);
        } catch (SQLException e) {
            throw closing(connection, new StoreFailure("opening " + path, e));
        } catch (SchemaException.DatabaseFailure e) {
            throw closing(
                    connection,
                    e.getCause() instanceof SQLException cause
                            ? new StoreFailure("opening " + path, cause)
                            : new RefusedMigration(e));
        } catch (SchemaException e) {
            throw closing(connection, new RefusedMigration(e));
        } catch (RuntimeException e) {
            throw closing(connection, e);
        }
    }

    /** To know generated keys the driver leaves a statement open behind each INSERT, and VACUUM fails while it is. */
    private static SQLiteConfig configuration() {
        var configuration = new SQLiteConfig();
        configuration.setGetGeneratedKeys(false);
        return configuration;
    }

    private static boolean isInMemory(String path) {
        return path.equals(IN_MEMORY);
    }

    /**
     * A new file waits for no disk until all is there that a replica needs: else it would do so ten times. A power cut
     * leaves it empty or with a beginning of its write-ahead log.
     */
    private static void writeAhead(Connection connection) throws SQLException {
        try (var statement = connection.createStatement()) {
            boolean isNew;
            try (var rows = statement.executeQuery("PRAGMA page_count")) {
                isNew = rows.next() && rows.getLong(1) == 0;
            }
            if (isNew) {
                statement.execute("PRAGMA synchronous = OFF");
            }
            statement.execute("PRAGMA journal_mode = WAL");
        }
    }

    private static void syncAtCheckpoints(Connection connection) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute("PRAGMA synchronous = NORMAL");
        }
    }

    /** An absolute path is never taken for one of the driver's special names. */
    private static String absolute(String path) {
        return Path.of(path).toAbsolutePath().toString();
    }

    private static RuntimeException closing(Connection connection, RuntimeException failure) {
        try {
            connection.close();
        } catch (SQLException e) {
            failure.addSuppressed(e);
        }
        return failure;
    }

    /** A schema that its owner changed since is as good as the one that the last migration left: nothing can be lost. */
    private void migrate(String ddl) {
        var migrator = new SchemaMigrator(connection);
        var plan = migrator.plan(Schema.parse(ddl));
        if (plan.isEmpty()) {
            return;
        }
        if (migrator.isDrifted()) {
            migrator.acceptDrift();
        }
        migrator.apply(plan, Set.of(Allow.REBUILD));
        log(Level.INFO, "migrated the schema in " + plan.operations().size() + " steps");
    }

    private StoreOptions storeOptions(Predicate<String> isReplicated) {
        var store = StoreOptions.of(options.name(), options.clock(), options.random())
                .withMaxDrift(options.maxDrift())
                .withTables(isReplicated)
                .withMerges(options.merges());
        var identified = fileIdentity().map(store::withFileIdentity).orElse(store);
        return options.isSchemaReplicated() ? identified.withSchemaReplication() : identified;
    }

    /** What the file system tells a file by, so that a copy is known as one; none where it has no such thing. */
    private Optional<String> fileIdentity() {
        if (isInMemory(path)) {
            return Optional.empty();
        }
        try {
            var key = Files.readAttributes(Path.of(path), BasicFileAttributes.class)
                    .fileKey();
            return Optional.ofNullable(key).map(Object::toString);
        } catch (IOException e) {
            throw new StoreFailure("reading the identity of " + path, new SQLException(e));
        }
    }

    /**
     * The steps from one schema to another, as the JSON of a plan. Touches no database.
     *
     * @param from DDL; empty for a new database
     * @param to DDL
     * @throws RefusedMigration if one of them does not parse
     */
    public static String migration(String from, String to) {
        try {
            return MigrationPlan.between(Schema.parse(from), Schema.parse(to)).toJson();
        } catch (SchemaException e) {
            throw new RefusedMigration(e);
        }
    }

    // ---- SQL --------------------------------------------------------------------------------------------------------

    /**
     * Runs all statements of {@code sql}; rows that they return are thrown away. An empty text does nothing. If one fails,
     * the transaction that began in this call is rolled back; one that was open before goes on, as SQLite has it.
     *
     * @throws RefusedQuery if the text is no complete query of the dialect
     * @throws StatementFailure if SQLite refuses a statement
     */
    public void exec(String sql) {
        requireOpen();
        var statements = SqlScript.statements(translated(sql));
        if (statements.isEmpty()) {
            return;
        }
        var wasOpen = runner.isTransactionOpen();
        if (!wasOpen) {
            stampRaw();
        }
        statements.forEach(check::look);
        try {
            runner.run(statements, wasOpen);
        } catch (RuntimeException e) {
            announceAfter(e, wasOpen);
            throw e;
        }
        executed(wasOpen);
        announcements.run();
    }

    private void announceAfter(RuntimeException failure, boolean wasOpen) {
        try {
            executed(wasOpen);
            announcements.run();
        } catch (RuntimeException e) {
            failure.addSuppressed(e);
        }
    }

    /** Sees what statements have left behind: commits, a rollback, a transaction that is still open. */
    private void executed(boolean wasOpen) {
        var committed = runner.takeCommitted();
        committed.forEach(this::announce);
        subscribers.changed(committed.stream().map(Database::changes).toList());
        if (runner.hasLeftOpen()) {
            return;
        }
        var changes = totalChanges();
        if (changes != seenChanges || wasOpen) {
            subscribers.othersWritten();
        }
        seenChanges = changes;
        followSchema();
        if (mayBeUndone) {
            mayBeUndone = false;
            announcements.addFirst(subscribers::notifyUndone);
        }
        announcements.addFirst(subscribers::notifyChanged);
    }

    /**
     * The result of the first statement of {@code sql}; no columns and no rows for an empty text.
     *
     * @throws RefusedQuery if the statement may write, or the text is no complete query of the dialect
     * @throws StatementFailure if SQLite refuses it
     */
    public QueryResult query(String sql) {
        requireOpen();
        var statements = SqlScript.statements(translated(sql));
        if (statements.isEmpty()) {
            return new QueryResult(0, List.of(), List.of());
        }
        var first = statements.getFirst();
        if (!first.isReading()) {
            throw new RefusedQuery("query() of a statement that writes", "Give it to exec()");
        }
        try (var statement = connection.createStatement()) {
            if (!statement.execute("\n" + first.sql())) {
                return new QueryResult(0, List.of(), List.of());
            }
            try (var rows = statement.getResultSet()) {
                var result = io.merklite.query.subscribe.QueryResult.read(rows);
                return new QueryResult(0, result.columns(), result.rows());
            }
        } catch (SQLException e) {
            throw new StatementFailure("running a query", e);
        }
    }

    /**
     * Follows the result of a query: {@code listener} is called before this returns, and then whenever the result is
     * another one. When called by a listener, the first call comes after that has returned.
     *
     * @param sql a SELECT, of several statements the first
     * @return ends it when closed
     * @throws RefusedQuery if the statement is none whose result can be followed
     * @throws StatementFailure if it does not compile, or fails
     */
    public Registration subscribe(String sql, Consumer<QueryResult> listener) {
        requireOpen();
        var begun = subscribers.subscribe(translated(sql), listener);
        mayBeUndone |= runner.isTransactionOpen();
        announcements.add(begun::report);
        announcements.run();
        return begun;
    }

    private static String translated(String sql) {
        try {
            return Transpiler.toSql(sql);
        } catch (QueryException.MalformedQuery e) {
            throw new RefusedQuery(e);
        }
    }

    // ---- what others do ---------------------------------------------------------------------------------------------

    /** Stamps what was written on the raw connection and committed, and runs every subscription. */
    public void notifyChanged() {
        notifyRaw(subscribers::notifyEverything);
    }

    /**
     * Stamps what was written on the raw connection and committed, and runs the subscriptions that read these tables.
     *
     * @param tables names in any case; unknown ones are ignored
     */
    public void notifyChanged(Collection<String> tables) {
        var copy = List.copyOf(tables);
        notifyRaw(() -> subscribers.notifyTables(copy));
    }

    private void notifyRaw(Runnable notification) {
        requireOpen();
        announcements.add(notification);
        if (runner.isTransactionOpen()) {
            mayBeUndone = true;
        } else {
            stampRaw();
            followSchema();
        }
        announcements.run();
    }

    /**
     * Stamps what was written on the raw connection and committed; its transaction is announced, but no subscription runs.
     * Does nothing inside an open transaction.
     */
    public void stampRawWrites() {
        requireOpen();
        if (!runner.isTransactionOpen()) {
            stampRaw();
            announcements.run();
        }
    }

    private void stampRaw() {
        var changes = totalChanges();
        if (changes != seenChanges) {
            keys.save();
            runner.stampRaw();
            runner.takeCommitted().forEach(this::announce);
            seenChanges = totalChanges();
        }
    }

    /** Tells listeners what merges through {@link #store} have done, repairs included. Each subscription runs at most once. */
    public void merged(List<Merged> merges) {
        requireOpen();
        for (var merged : merges) {
            merged.repair().ifPresent(this::announceTransaction);
        }
        applied(merges.stream().map(Merged::changes).toList());
    }

    /** Tells row listeners and subscriptions what was changed here through {@link #store} by others. */
    public void applied(List<Changeset> changesets) {
        requireOpen();
        changesets.forEach(this::announceRows);
        subscribers.changed(changesets);
        seenChanges = totalChanges();
        followSchema();
        announcements.addFirst(subscribers::notifyChanged);
        announcements.run();
    }

    /**
     * Calls back with each transaction that was committed here, once and in order.
     *
     * @return ends it when closed
     */
    public Registration onTransaction(Consumer<Transaction> listener) {
        return register(transactionListeners, listener);
    }

    /**
     * Calls back with the rows that each transaction or merge has changed.
     *
     * @return ends it when closed
     */
    public Registration onRows(Consumer<List<RowEvent>> listener) {
        return register(rowListeners, listener);
    }

    /** The same listener may be there twice. */
    private static <T> Registration register(List<Consumer<T>> listeners, Consumer<T> listener) {
        Consumer<T> own = new Consumer<>() {
            @Override
            public void accept(T news) {
                listener.accept(news);
            }
        };
        listeners.add(own);
        return () -> listeners.remove(own);
    }

    private void announce(Transaction transaction) {
        announceTransaction(transaction);
        announceRows(changes(transaction));
    }

    private void announceTransaction(Transaction transaction) {
        for (var listener : List.copyOf(transactionListeners)) {
            announcements.add(() -> listener.accept(transaction));
        }
    }

    private void announceRows(Changeset changes) {
        if (rowListeners.isEmpty()) {
            return;
        }
        var rows = RowEvent.of(changes);
        if (!rows.isEmpty()) {
            for (var listener : List.copyOf(rowListeners)) {
                announcements.add(() -> listener.accept(rows));
            }
        }
    }

    private static Changeset changes(Transaction transaction) {
        var bytes = transaction.changeset();
        var copy = new byte[bytes.remaining()];
        bytes.get(copy);
        return Changeset.wrap(copy);
    }

    // ---- transactions that their owner commits ----------------------------------------------------------------------

    /**
     * Runs one statement that changes the schema, in a transaction that was begun on {@link #store}.
     *
     * @throws SQLException if SQLite refuses the statement
     */
    public void changeSchemaOpen(String sql) throws SQLException {
        requireOpen();
        check.look(SqlScript.statements(sql).getFirst());
        keys.save();
        hasChangedSchema = true; // of temporary tables too, which the store does not look at
        store.changeSchema(sql);
    }

    /**
     * Stamps what was written so far in a transaction that was begun on {@link #store}, the keys that it used included.
     *
     * @return everything that was stamped in it, to be published after the commit
     */
    public List<Transaction> stampOpen() {
        requireOpen();
        keys.save();
        store.stampInside();
        return store.stamped();
    }

    /**
     * Commits a transaction that was begun on {@link #store}, and in which nothing was written since {@link #stampOpen};
     * {@link #committed} must follow.
     */
    public void commitOpen() {
        requireOpen();
        try {
            store.commitStamped();
        } catch (RuntimeException e) {
            keys.forgetSaved();
            throw e;
        }
    }

    /** Tells listeners and subscriptions what {@link #commitOpen} has committed. */
    public void committed(List<Transaction> transactions) {
        requireOpen();
        transactions.forEach(this::announce);
        subscribers.changed(transactions.stream().map(Database::changes).toList());
        seenChanges = totalChanges();
        if (hasChangedSchema || followedVersion != store.knownSchemaVersion()) {
            followSchema();
        }
        announcements.addFirst(subscribers::notifyChanged);
        announcements.run();
    }

    // ---- what it is -------------------------------------------------------------------------------------------------

    /** Whether a transaction is open on the connection, whoever began it. */
    public boolean isTransactionOpen() {
        requireOpen();
        return runner.isTransactionOpen();
    }

    /**
     * The connection that everything runs on; it is closed with the database. It must stay in autocommit mode, and gives
     * no generated keys: ask for them with RETURNING.
     */
    public Connection connection() {
        requireOpen();
        return connection;
    }

    /**
     * The replica in the file, to merge through: call {@link #stampRawWrites} before, and tell {@link #merged} what was
     * done.
     */
    public ReplicaStore store() {
        requireOpen();
        return store;
    }

    /** How it was opened. */
    public DatabaseOptions options() {
        return options;
    }

    /** Where it is: the path it was opened with. */
    public String path() {
        return path;
    }

    private void log(Level level, String text) {
        options.log().log(level, text);
    }

    private void followSchema() {
        try {
            hasChangedSchema = false;
            followedVersion = store.knownSchemaVersion();
            var version = schemaVersion.read();
            if (!version.equals(schema.version())) {
                schema = SchemaSnapshot.read(connection, version);
                unrecorded.follow(schema);
                check.follow(schema, connection);
            }
        } catch (SQLException e) {
            throw new StoreFailure("reading the schema", e);
        }
    }

    private long totalChanges() {
        try {
            return driver.getDatabase().total_changes();
        } catch (SQLException e) {
            throw new StoreFailure("counting changes", e);
        }
    }

    private void requireOpen() {
        if (isClosed) {
            throw new InvalidState("the database " + path + " is closed", "Open it again");
        }
    }

    /** Rolls back a transaction that is open, stamps raw writes, and closes the connection. Once more does nothing. */
    @Override
    public void close() {
        if (isClosed) {
            return;
        }
        try (connection) {
            if (runner.isTransactionOpen()) {
                store.rollbackOpen();
            }
            stampRaw();
            try {
                announcements.run();
            } finally {
                closeParts();
            }
        } catch (SQLException e) {
            throw new StoreFailure("closing " + path, e);
        } finally {
            isClosed = true;
        }
    }

    private void closeParts() throws SQLException {
        isClosed = true;
        subscribers.close();
        schemaVersion.close();
        store.close();
    }
}
