package io.merklite.schema.migrate;

import io.merklite.schema.SchemaException;
import io.merklite.schema.database.SqliteConnection;
import io.merklite.schema.plan.MigrationPlan;
import io.merklite.schema.structure.Schema;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.InstantSource;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Migrates the database of a connection to a wanted schema.
 *
 * <p><b>Invariants.</b> (1) A call that throws leaves the database, and the connection's settings, as they were. (2) The
 * recorded hash is that of the schema that the last migration left; both change in one transaction. (3) Rows of tables that
 * stay keep their values and rowids.
 *
 * <p><b>Transactions.</b> Outside of a transaction it begins one of its own and commits it. Inside the caller's it uses a
 * savepoint, and the caller commits; what needs foreign key enforcement off is refused there while it is on.
 *
 * <p><b>Threading.</b> Not thread-safe: confined to the owner of the connection. Blocks on disk.
 */
public final class SchemaMigrator {
    private static final String SAVEPOINT = "_merklite_migration";

    private final Connection jdbc;
    private final SqliteConnection connection;
    private final Optional<MigrationListener> listener;
    /** Which tables it is about, where these are not all. */
    private final Optional<Predicate<String>> isWanted;

    /** For a connection that the caller owns and closes. */
    public SchemaMigrator(Connection connection) {
        this(connection, Optional.empty(), Optional.empty());
    }

    /** The same, with a listener for long migrations. */
    public SchemaMigrator(Connection connection, MigrationListener listener) {
        this(connection, Optional.of(listener), Optional.empty());
    }

    private SchemaMigrator(
            Connection connection, Optional<MigrationListener> listener, Optional<Predicate<String>> isWanted) {
        this.jdbc = connection;
        this.connection = new SqliteConnection(connection);
        this.listener = listener;
        this.isWanted = isWanted;
    }

    /**
     * Internal: for a replica that follows the schema of others. It sees some tables only, records no hash, and accepts
     * rows without the parent that a foreign key asks for: merging settles those.
     *
     * @param isWanted says of a table by its name whether it follows; of virtual ones it must not
     */
    public static SchemaMigrator ofReplica(Connection connection, Predicate<String> isWanted) {
        return new SchemaMigrator(connection, Optional.empty(), Optional.of(isWanted));
    }

    /** Something that fails as SQLite does. */
    @FunctionalInterface
    private interface Work<T> {
        T run() throws SQLException;
    }

    /** Puts back what some work has changed. */
    @FunctionalInterface
    private interface Undo {
        void run() throws SQLException;
    }

    /** The schema of the database now. */
    public Schema schema() {
        return isWanted.map(wanted -> Schema.extract(connection, wanted)).orElseGet(() -> Schema.extract(connection));
    }

    /** The plan from the present schema to {@code desired}; changes nothing. */
    public MigrationPlan plan(Schema desired) {
        return MigrationPlan.between(schema(), desired);
    }

    /** Makes the plan to {@code desired}, applies it, and returns it: empty where nothing was to be done. */
    public MigrationPlan migrate(Schema desired, Set<Allow> allowed) {
        var plan = plan(desired);
        apply(plan, allowed);
        return plan;
    }

    /**
     * Carries out {@code plan}. An empty plan does nothing at all.
     *
     * @throws SchemaException.RebuildRefused if it rebuilds a table and may not
     * @throws SchemaException.BreakingChange if it depends on the rows and may not
     * @throws SchemaException.DestructiveRefused if it loses something and may not
     * @throws SchemaException.Drifted if the present schema is not the one that the last migration left
     * @throws SchemaException.TransactionOpen if the caller's transaction makes it unsafe
     * @throws SchemaException.ApplyFailed if foreign keys do not hold, or the outcome is not the wanted schema
     * @throws SchemaException.DatabaseFailure if SQLite fails
     */
    public void apply(MigrationPlan plan, Set<Allow> allowed) {
        if (plan.isEmpty()) {
            return;
        }
        guarded("migrating", () -> {
            new Policy(allowed, new Losses(connection)).check(plan);
            return withoutEnforcement(enforcement -> inTransaction(true, () -> {
                run(plan, enforcement);
                return plan;
            }));
        });
    }

    /**
     * Carries out {@code plan} whatever it does, and rolls it back: what would fail fails, and nothing is changed. It takes
     * as long as the migration, and holds the write lock.
     *
     * @throws SchemaException as {@link #apply} does, but for the policy
     */
    public void rehearse(MigrationPlan plan) {
        guarded(
                "rehearsing",
                () -> withoutEnforcement(enforcement -> inTransaction(false, () -> {
                    run(plan, enforcement);
                    return plan;
                })));
    }

    /**
     * What {@code plan} would do to the rows that are there, and how long it would take; changes nothing, but holds the
     * write lock while it counts.
     *
     * @param clock to time a sample with
     */
    public DryRun dryRun(MigrationPlan plan, InstantSource clock) {
        return guarded("estimating", () -> inTransaction(false, () -> new Estimator(connection, clock).estimate(plan)));
    }

    /** How many migrations this database has had; 0 where Merklite has made none. */
    public long version() {
        return guarded("reading the migration version", () -> new MigrationState(connection).version());
    }

    /** The hash of the schema that the last migration left. */
    public Optional<String> recordedHash() {
        return guarded("reading the recorded hash", () -> new MigrationState(connection).hash());
    }

    /** Whether somebody else has changed the schema since the last migration. */
    public boolean isDrifted() {
        return recordedHash().filter(hash -> !hash.equals(schema().hash())).isPresent();
    }

    /** Takes the present schema, whoever changed it, for the one to migrate from. */
    public void acceptDrift() {
        guarded(
                "accepting the schema",
                () -> inTransaction(true, () -> {
                    new MigrationState(connection).accept(schema().hash());
                    return true;
                }));
    }

    private void run(MigrationPlan plan, Enforcement enforcement) throws SQLException {
        var before = schema();
        var state = new MigrationState(connection);
        var recorded = isWanted.isPresent() ? Optional.<String>empty() : state.hash();
        if (recorded.isPresent() && !recorded.get().equals(before.hash())) {
            throw new SchemaException.Drifted(recorded.get(), before.hash());
        }
        new MigrationRun(connection, listener, plan, enforcement).run();
        var after = schema();
        var reached = after.hash();
        if (isWanted.isEmpty()) {
            new ForeignKeyCheck(connection, plan, before, after).run(enforcement.wasOn());
        }
        if (plan.targetHash().filter(wanted -> !wanted.equals(reached)).isPresent()) {
            throw new SchemaException.ApplyFailed(
                    "the plan does not lead from this schema to the wanted one", "Make the plan again");
        }
        if (isWanted.isEmpty()) {
            state.record(reached);
        }
    }

    /** Work that needs to know how foreign keys were enforced. */
    @FunctionalInterface
    private interface Unenforced<T> {
        T run(Enforcement enforcement) throws SQLException;
    }

    private <T> T withoutEnforcement(Unenforced<T> work) throws SQLException {
        var enforcement = Enforcement.switchOff(connection);
        var wasLegacy = connection.queryLong("PRAGMA legacy_alter_table") != 0;
        Undo restore = () -> {
            connection.execute("PRAGMA legacy_alter_table=" + (wasLegacy ? "ON" : "OFF"));
            enforcement.restore();
        };
        var result = undoneOnFailure(
                () -> {
                    connection.execute("PRAGMA legacy_alter_table=OFF");
                    return work.run(enforcement);
                },
                restore);
        restore.run();
        return result;
    }

    private <T> T inTransaction(boolean keeps, Work<T> work) throws SQLException {
        var isOwn = begin();
        Undo rollback =
                () -> connection.execute(isOwn ? "ROLLBACK" : "ROLLBACK TO " + SAVEPOINT + "; RELEASE " + SAVEPOINT);
        var result = undoneOnFailure(
                () -> {
                    var made = work.run();
                    if (keeps) {
                        connection.execute(isOwn ? "COMMIT" : "RELEASE " + SAVEPOINT);
                    }
                    return made;
                },
                rollback);
        if (!keeps) {
            rollback.run();
        }
        return result;
    }

    /** A failure of {@code undo}, such as a transaction that SQLite has rolled back itself, is told beside the first. */
    private static <T> T undoneOnFailure(Work<T> work, Undo undo) throws SQLException {
        try {
            return work.run();
        } catch (SQLException | RuntimeException | Error e) {
            try {
                undo.run();
            } catch (SQLException second) {
                e.addSuppressed(second);
            }
            throw e;
        }
    }

    /** Begins a transaction of its own and says so, or a savepoint where one is open. */
    private boolean begin() throws SQLException {
        if (jdbc.getAutoCommit()) {
            try {
                connection.execute("BEGIN IMMEDIATE");
                return true;
            } catch (SQLException e) {
                if (e.getErrorCode() != SqliteConnection.SQLITE_ERROR) {
                    throw e;
                }
            }
        }
        connection.execute("SAVEPOINT " + SAVEPOINT);
        return false;
    }

    private static <T> T guarded(String what, Work<T> work) {
        try {
            return work.run();
        } catch (SQLException e) {
            throw new SchemaException.DatabaseFailure(what, e);
        }
    }
}
