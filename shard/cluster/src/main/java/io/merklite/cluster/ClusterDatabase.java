package io.merklite.cluster;

import io.merklite.cluster.replica.DatabaseStatus;
import io.merklite.cluster.replica.ReplicaConnection;
import io.merklite.cluster.replica.ReplicaGuardian;
import io.merklite.cluster.replica.ReplicaLink;
import io.merklite.cluster.replica.Watch;
import io.merklite.cluster.sql.SqlError;
import io.merklite.cluster.sql.SqlRequest;
import io.merklite.cluster.sql.SqlResponse;
import io.merklite.cluster.sql.SqlStatement;
import io.merklite.cluster.sql.SqlStep;
import io.merklite.cluster.sql.SqlStream;
import io.merklite.cluster.sql.StatementResult;
import io.merklite.cluster.sql.StepCondition;
import io.merklite.cluster.sql.StepOutcome;
import io.merklite.cluster.sql.StreamOptions;
import io.merklite.query.subscribe.SqlValue;
import io.merklite.sync.vector.VersionVector;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * A database of the cluster, for an application in the same JVM.
 *
 * <pre>{@code
 * var orders = node.database("orders");
 * orders.transaction(List.of(
 *         SqlStatement.of("INSERT INTO item(id, label) VALUES (merklite_id(), ?)", SqlValue.of("seven")),
 *         SqlStatement.of("UPDATE total SET count = count + 1")));
 * }</pre>
 *
 * <p><b>Errors.</b> A stage fails with {@link StatementFailed} if SQLite refuses a statement, or with a {@link
 * ClusterException}. <b>Threading.</b> Thread-safe; nothing blocks.
 */
public final class ClusterDatabase {
    private final String name;
    private final ReplicaGuardian replicas;
    private final StreamOptions options;

    /** SQLite refused a statement; nothing of its transaction was kept. */
    public static final class StatementFailed extends RuntimeException {
        private final SqlError error;

        private StatementFailed(SqlError error) {
            super("[" + error.code() + "] " + error.message());
            this.error = error;
        }

        /** SQLite's code and text. */
        public SqlError error() {
            return error;
        }
    }

    ClusterDatabase(String name, ReplicaGuardian replicas, StreamOptions options) {
        this.name = name;
        this.replicas = replicas;
        this.options = options;
    }

    /** Its name. */
    public String name() {
        return name;
    }

    /** The same database with other options for what is asked through this handle. */
    public ClusterDatabase with(StreamOptions others) {
        return new ClusterDatabase(name, replicas, others);
    }

    /** Runs one statement, in a transaction of its own. */
    public CompletionStage<StatementResult> execute(String sql, SqlValue... args) {
        return transaction(List.of(SqlStatement.of(sql, args))).thenApply(List::getFirst);
    }

    /** The rows of a query. */
    public CompletionStage<List<List<SqlValue>>> query(String sql, SqlValue... args) {
        return execute(sql, args).thenApply(StatementResult::rows);
    }

    /** Runs statements in one transaction: all of them, or none. */
    public CompletionStage<List<StatementResult>> transaction(List<SqlStatement> statements) {
        if (statements.isEmpty()) {
            return CompletableFuture.completedFuture(List.of());
        }
        var isOne = statements.size() == 1;
        List<SqlStep> steps = new ArrayList<>();
        if (!isOne) {
            steps.add(new SqlStep(SqlStatement.of("BEGIN IMMEDIATE"), Optional.empty()));
        }
        for (var statement : statements) {
            steps.add(new SqlStep(statement, previousSucceeded(steps)));
        }
        if (!isOne) {
            steps.add(new SqlStep(SqlStatement.of("COMMIT"), previousSucceeded(steps)));
            steps.add(new SqlStep(
                    SqlStatement.of("ROLLBACK"),
                    Optional.of(new StepCondition.Not(new StepCondition.Succeeded(steps.size() - 1)))));
        }
        return stream()
                .run(List.of(new SqlRequest.Batch(steps)), true)
                .thenCompose(responses -> results(responses.getFirst(), isOne ? 0 : 1, statements.size()));
    }

    private static Optional<StepCondition> previousSucceeded(List<SqlStep> steps) {
        return steps.isEmpty() ? Optional.empty() : Optional.of(new StepCondition.Succeeded(steps.size() - 1));
    }

    private static CompletionStage<List<StatementResult>> results(SqlResponse response, int first, int count) {
        if (!(response instanceof SqlResponse.BatchDone done)) {
            return response instanceof SqlResponse.Refused refused
                    ? CompletableFuture.failedFuture(new StatementFailed(refused.error()))
                    : CompletableFuture.failedFuture(
                            new IllegalStateException("a batch was answered with " + response));
        }
        List<StatementResult> results = new ArrayList<>();
        for (var outcome : done.outcomes()) {
            switch (outcome) {
                case StepOutcome.Done step -> results.add(step.result());
                case StepOutcome.Failed failed -> {
                    return CompletableFuture.failedFuture(new StatementFailed(failed.error()));
                }
                case StepOutcome.Skipped skipped -> {}
            }
        }
        return CompletableFuture.completedFuture(List.copyOf(results.subList(first, first + count)));
    }

    /** A stream, for transactions of several calls. Close it. */
    public SqlStream stream() {
        return replicas.stream(name, options);
    }

    /**
     * Follows the result of a query.
     *
     * @param listener gets {@link Watch.Result}s, and {@link Watch.Ended} if the database moves to another node: then
     *     subscribe again. Called by one thread at a time; must not block
     * @return ends it when closed
     */
    public AutoCloseable subscribe(String sql, Consumer<Watch> listener) {
        return replicas.watchQuery(name, sql, atOnce(listener));
    }

    /**
     * Follows the transactions that are committed, wherever they were written: from memory and the changeset log those that
     * {@code after} does not have, then each as it happens. If the log does not reach back that far, the first event is a
     * {@link Watch.Gap}.
     *
     * @param after those that this bookmark has are left out
     * @param listener as for {@link #subscribe}; gets {@link Watch.Changed}s
     * @return ends it when closed
     */
    public AutoCloseable changes(VersionVector after, Consumer<Watch> listener) {
        return replicas.watchChanges(name, after, atOnce(listener));
    }

    /**
     * As {@link #changes}, no faster than the listener takes them: some hundred that it has not taken are told at most, then
     * it is told more when it takes.
     *
     * @param listener gives a stage that is done when it has taken in what it was told; called by one thread at a time; must
     *     not block
     */
    public AutoCloseable pacedChanges(VersionVector after, Function<Watch, CompletionStage<?>> listener) {
        return replicas.watchChanges(name, after, listener);
    }

    private static Function<Watch, CompletionStage<?>> atOnce(Consumer<Watch> listener) {
        return watch -> {
            listener.accept(watch);
            return CompletableFuture.completedFuture(watch);
        };
    }

    /**
     * Links a replica outside the cluster: it gets what it lacks, now and as it is written.
     *
     * @param replica its name, 16 hex digits, the same each time; a second link of one name ends the first
     * @param mayWrite whether what it has written itself is taken
     * @param listener gets {@link ReplicaLink}s. Called by one thread at a time; must not block
     * @return says what the replica says, and ends the link when closed
     */
    public ReplicaConnection connectReplica(String replica, boolean mayWrite, Consumer<ReplicaLink> listener) {
        return replicas.connectReplica(name, replica, mayWrite, listener);
    }

    /** How it is, at its writer. */
    public CompletionStage<DatabaseStatus> status() {
        return replicas.status(name);
    }

    /** Brings a row of the conflict ledger back, as a new write; {@code replaces} says whether rows in its way go. */
    public CompletionStage<Void> restoreConflict(String id, boolean replaces) {
        return settled(replicas.settleConflict(name, id, true, replaces));
    }

    /** Gives a row of the conflict ledger up. */
    public CompletionStage<Void> discardConflict(String id) {
        return settled(replicas.settleConflict(name, id, false, false));
    }

    private static CompletionStage<Void> settled(CompletionStage<Optional<SqlError>> outcome) {
        return outcome.thenAccept(error -> error.ifPresent(found -> {
            throw new StatementFailed(found);
        }));
    }
}
