package io.merklite.cluster.catalog;

import io.merklite.cluster.sql.SqlRequest;
import io.merklite.cluster.sql.SqlResponse;
import io.merklite.cluster.sql.SqlStatement;
import io.merklite.cluster.sql.SqlStream;
import io.merklite.cluster.sql.StatementResult;
import io.merklite.cluster.sql.StepOutcome;
import io.merklite.query.subscribe.SqlValue;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;

/**
 * Which databases there are, and which there were.
 *
 * <p>It is kept in a database of its own, {@value #DATABASE}, which replicates like any other: an entry that one datacenter
 * makes is known in the others as soon as that has come there, and concurrent entries merge. An entry of a dropped database
 * stays, so that a node that was away does not bring it back.
 *
 * <p>An entry counts the <b>generations</b> of its name: a name that is made again after a drop means another database. Those
 * who make it at the same time with the same knowledge make the same one, as with any new name.
 *
 * <p><b>Threading.</b> Thread-safe; nothing blocks.
 */
public final class Catalog {
    /** What names of the cluster's own databases begin with. */
    public static final String RESERVED = "merklite.";

    /** Name of the catalog's own database. */
    public static final String DATABASE = RESERVED + "catalog";

    private static final String CREATE = """
            CREATE TABLE IF NOT EXISTS databases(
                name TEXT PRIMARY KEY NOT NULL, created_at INTEGER NOT NULL, dropped_at INTEGER,
                generation INTEGER NOT NULL DEFAULT 1) WITHOUT ROWID
            """;
    /** Catalogs that were made before names had generations lack the column. */
    private static final String UPGRADED =
            "SELECT 1 FROM sqlite_schema WHERE name = 'databases' AND sql LIKE '%generation%'";

    private static final String UPGRADE = "ALTER TABLE databases ADD COLUMN generation INTEGER NOT NULL DEFAULT 1";
    private static final String INSERT = """
            INSERT INTO databases(name, created_at) VALUES (?1, ?2)
            ON CONFLICT(name) DO UPDATE SET created_at = ?2, dropped_at = NULL, generation = generation + 1
                WHERE dropped_at IS NOT NULL
            """;

    /** A range of the key: without its ends each page of a list would read all names before and behind it. */
    private static final String LIST = """
            SELECT name, created_at FROM databases
            WHERE name >= max(?1, ?2) AND name <> ?1 AND name < ?2 || char(0x10FFFF)
                AND substr(name, 1, length(?2)) = ?2 AND dropped_at IS NULL
            ORDER BY name LIMIT ?3
            """;

    private final Supplier<SqlStream> streams;
    private final InstantSource clock;
    /** The table is made once; if that fails, it is tried again at the next call. */
    private final AtomicReference<Optional<CompletionStage<?>>> table = new AtomicReference<>(Optional.empty());

    /** What is known of a name. */
    public enum State {
        /** There is such a database. */
        EXISTS,
        /** There was one. */
        DROPPED,
        /** Nobody here has heard of it. */
        UNKNOWN
    }

    /**
     * What is known of a name, and of which generation.
     *
     * @param generation how many databases of the name there were, with this one: 1 if the name was never made again after a drop
     */
    public record Known(State state, long generation) {
        /** Nobody here has heard of the name. */
        public static final Known NOTHING = new Known(State.UNKNOWN, 1);
    }

    /**
     * A database.
     *
     * @param name its name
     * @param createdAt when it was made
     */
    public record Entry(String name, Instant createdAt) {}

    /** The catalog's database did not answer. */
    public static final class CatalogException extends RuntimeException {
        private CatalogException(String what) {
            super("[catalog.failed] " + what + ". Look whether the nodes of this datacenter are up, and try again.");
        }
    }

    /** @param streams opens streams of the catalog's database */
    public Catalog(Supplier<SqlStream> streams, InstantSource clock) {
        this.streams = streams;
        this.clock = clock;
    }

    /** What is known of {@code name}. */
    public CompletionStage<State> state(String name) {
        return look(name).thenApply(Known::state);
    }

    /** As {@link #state}, with the generation. */
    public CompletionStage<Known> look(String name) {
        return run(SqlStatement.of(
                        "SELECT dropped_at IS NULL, generation FROM databases WHERE name = ?", SqlValue.of(name)))
                .thenApply(result -> result.rows().stream()
                        .findFirst()
                        .map(row -> new Known(
                                row.getFirst().equals(SqlValue.of(1)) ? State.EXISTS : State.DROPPED,
                                number(row.get(1))))
                        .orElse(Known.NOTHING));
    }

    /** Enters a database; false if it is there already. */
    public CompletionStage<Boolean> create(String name) {
        var now = SqlValue.of(clock.millis());
        return run(SqlStatement.of(INSERT, SqlValue.of(name), now)).thenApply(result -> result.affectedRowCount() > 0);
    }

    /** Marks a database as dropped. Gives the generation that it was of; nothing if there is none. */
    public CompletionStage<Optional<Long>> drop(String name) {
        return run(SqlStatement.of(
                        "UPDATE databases SET dropped_at = ? WHERE name = ? AND dropped_at IS NULL RETURNING generation",
                        SqlValue.of(clock.millis()),
                        SqlValue.of(name)))
                .thenApply(result -> result.rows().stream().findFirst().map(row -> number(row.getFirst())));
    }

    /** Databases in the order of their names, at most {@code limit}, whose names begin with {@code prefix} and come after {@code after}. */
    public CompletionStage<List<Entry>> list(String prefix, String after, int limit) {
        return run(SqlStatement.of(LIST, SqlValue.of(after), SqlValue.of(prefix), SqlValue.of(limit)))
                .thenApply(result -> result.rows().stream().map(Catalog::entry).toList());
    }

    /** The entry of a database; none if there is no such database. */
    public CompletionStage<Optional<Entry>> find(String name) {
        return run(SqlStatement.of(
                        "SELECT name, created_at FROM databases WHERE name = ? AND dropped_at IS NULL",
                        SqlValue.of(name)))
                .thenApply(result -> result.rows().stream().findFirst().map(Catalog::entry));
    }

    private static Entry entry(List<SqlValue> row) {
        var name = ((SqlValue.Text) row.get(0)).value();
        return new Entry(name, Instant.ofEpochMilli(number(row.get(1))));
    }

    private static long number(SqlValue value) {
        return ((SqlValue.Integer) value).value();
    }

    private CompletionStage<StatementResult> run(SqlStatement statement) {
        return ensureTable().thenCompose(made -> runOnce(statement));
    }

    private CompletionStage<?> ensureTable() {
        var known = table.get();
        if (known.isPresent() && !known.get().toCompletableFuture().isCompletedExceptionally()) {
            return known.get();
        }
        var making = runOnce(SqlStatement.of(CREATE))
                .thenCompose(made -> runOnce(SqlStatement.of(UPGRADED)))
                .thenCompose(found -> found.rows().isEmpty()
                        ? runOnce(SqlStatement.of(UPGRADE))
                        : CompletableFuture.completedFuture(found));
        table.set(Optional.of(making));
        return making;
    }

    private CompletionStage<StatementResult> runOnce(SqlStatement statement) {
        return streams.get()
                .run(List.of(SqlRequest.Batch.of(statement)), true)
                .thenCompose(responses -> result(responses.getFirst()));
    }

    private static CompletionStage<StatementResult> result(SqlResponse response) {
        if (response instanceof SqlResponse.BatchDone done) {
            return switch (done.outcomes().getFirst()) {
                case StepOutcome.Done step -> CompletableFuture.completedFuture(step.result());
                case StepOutcome.Failed failed ->
                    CompletableFuture.failedFuture(
                            new CatalogException(failed.error().message()));
                case StepOutcome.Skipped skipped ->
                    CompletableFuture.failedFuture(new CatalogException("a statement was skipped"));
            };
        }
        return CompletableFuture.failedFuture(new CatalogException("answered with " + response));
    }
}
