package io.merklite.sync.store;

import io.merklite.sync.transaction.Transaction;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;

/**
 * How a replica keeps its file.
 *
 * @param database name of the database
 * @param wallClock source of wall-clock time
 * @param random source of origins
 * @param maxDrift how far ahead of the wall clock a stamp from elsewhere may be before its transaction waits
 * @param fileIdentity what tells this file from a copy of it; none for a database in memory
 * @param tables which tables replicate, by name; must be the same everywhere
 * @param merges how rows merge, by folded table name; last-writer-wins for tables that are not there
 * @param isSchemaReplicated whether changes of the schema replicate; must be the same everywhere
 */
public record StoreOptions(
        String database,
        InstantSource wallClock,
        RandomGenerator random,
        Duration maxDrift,
        Optional<String> fileIdentity,
        Predicate<String> tables,
        Map<String, TableMerge> merges,
        boolean isSchemaReplicated) {
    private static final Duration DEFAULT_MAX_DRIFT = Duration.ofMinutes(1);

    public StoreOptions {
        if (!Transaction.DATABASE_NAME.matcher(database).matches()) {
            throw new IllegalArgumentException(
                    "database name '" + database + "', must match " + Transaction.DATABASE_NAME);
        }
        merges = Map.copyOf(merges);
    }

    /** All tables, last-writer-wins, a drift of a minute. */
    public static StoreOptions of(String database, InstantSource wallClock, RandomGenerator random) {
        return new StoreOptions(
                database, wallClock, random, DEFAULT_MAX_DRIFT, Optional.empty(), table -> true, Map.of(), false);
    }

    /** The same for a file that {@code identity} tells from its copies. */
    public StoreOptions withFileIdentity(String identity) {
        return new StoreOptions(
                database, wallClock, random, maxDrift, Optional.of(identity), tables, merges, isSchemaReplicated);
    }

    /** The same for those tables that {@code accepted} accepts. */
    public StoreOptions withTables(Predicate<String> accepted) {
        return new StoreOptions(
                database, wallClock, random, maxDrift, fileIdentity, accepted, merges, isSchemaReplicated);
    }

    /** The same with rows merging as {@code byTable} says, by folded table name. */
    public StoreOptions withMerges(Map<String, TableMerge> byTable) {
        return new StoreOptions(
                database, wallClock, random, maxDrift, fileIdentity, tables, byTable, isSchemaReplicated);
    }

    /** The same with another drift allowed. */
    public StoreOptions withMaxDrift(Duration drift) {
        return new StoreOptions(database, wallClock, random, drift, fileIdentity, tables, merges, isSchemaReplicated);
    }

    /** The same with changes of the schema replicating too. */
    public StoreOptions withSchemaReplication() {
        return new StoreOptions(database, wallClock, random, maxDrift, fileIdentity, tables, merges, true);
    }
}
