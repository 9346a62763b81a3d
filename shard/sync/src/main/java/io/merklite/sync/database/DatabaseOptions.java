package io.merklite.sync.database;

import io.merklite.sync.store.TableMerge;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;

/**
 * How a {@link Database} is opened.
 *
 * @param name under which it replicates, the same on every replica: {@link
 *     io.merklite.sync.transaction.Transaction#DATABASE_NAME}
 * @param schema DDL that the file is migrated to when it is opened; none leaves it as it is
 * @param clock source of wall-clock time, for stamps and keys
 * @param random source of origins and keys
 * @param tables which tables replicate, by name as it was declared; must be the same everywhere
 * @param merges how rows merge, by folded table name; last-writer-wins for tables that are not there
 * @param maxDrift how far ahead of the clock a stamp from elsewhere may be before its transaction waits
 * @param log hears warnings and steps
 * @param isSchemaReplicated whether changes of the schema replicate; must be the same everywhere
 * @param isLogged whether a log outside has each transaction on disk before it is committed, and gives back what a power
 *     cut takes from the file
 */
public record DatabaseOptions(
        String name,
        Optional<String> schema,
        InstantSource clock,
        RandomGenerator random,
        Predicate<String> tables,
        Map<String, TableMerge> merges,
        Duration maxDrift,
        LogListener log,
        boolean isSchemaReplicated,
        boolean isLogged) {
    private static final Duration DEFAULT_MAX_DRIFT = Duration.ofMinutes(1);

    public DatabaseOptions {
        merges = Map.copyOf(merges);
    }

    /** No schema, all tables, last-writer-wins, a drift of a minute, silent. */
    public static DatabaseOptions of(String name, InstantSource clock, RandomGenerator random) {
        return new DatabaseOptions(
                name,
                Optional.empty(),
                clock,
                random,
                table -> true,
                Map.of(),
                DEFAULT_MAX_DRIFT,
                LogListener.SILENT,
                false,
                false);
    }

    /** The same with the file migrated to {@code ddl}. */
    public DatabaseOptions withSchema(String ddl) {
        return new DatabaseOptions(
                name, Optional.of(ddl), clock, random, tables, merges, maxDrift, log, isSchemaReplicated, isLogged);
    }

    /** The same for those tables that {@code accepted} accepts. */
    public DatabaseOptions withTables(Predicate<String> accepted) {
        return new DatabaseOptions(
                name, schema, clock, random, accepted, merges, maxDrift, log, isSchemaReplicated, isLogged);
    }

    /** The same with rows merging as {@code byTable} says, by folded table name. */
    public DatabaseOptions withMerges(Map<String, TableMerge> byTable) {
        return new DatabaseOptions(
                name, schema, clock, random, tables, byTable, maxDrift, log, isSchemaReplicated, isLogged);
    }

    /** The same with another drift allowed. */
    public DatabaseOptions withMaxDrift(Duration drift) {
        return new DatabaseOptions(
                name, schema, clock, random, tables, merges, drift, log, isSchemaReplicated, isLogged);
    }

    /** The same with a listener for what is logged. */
    public DatabaseOptions withLog(LogListener listener) {
        return new DatabaseOptions(
                name, schema, clock, random, tables, merges, maxDrift, listener, isSchemaReplicated, isLogged);
    }

    /** The same with changes of the schema replicating: see {@code docs/schema-replication.md}. */
    public DatabaseOptions withSchemaReplication() {
        return new DatabaseOptions(name, schema, clock, random, tables, merges, maxDrift, log, true, isLogged);
    }

    /**
     * The same with commits that do not wait for the disk: the file is in WAL mode, which it stays in. A power cut takes
     * the last of them, and nothing that stands before those.
     */
    public DatabaseOptions withCommitsLogged() {
        return new DatabaseOptions(
                name, schema, clock, random, tables, merges, maxDrift, log, isSchemaReplicated, true);
    }
}
