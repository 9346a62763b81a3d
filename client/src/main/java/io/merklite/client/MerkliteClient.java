package io.merklite.client;

import io.merklite.client.ClientException.StatementFailed;
import io.merklite.client.feed.Changes;
import io.merklite.client.feed.ChangesQuery;
import io.merklite.client.feed.CommittedChanges;
import io.merklite.client.feed.FollowedQuery;
import io.merklite.client.feed.ResultEvent;
import io.merklite.client.hrana.AtomicBatch;
import io.merklite.client.hrana.RowPublisher;
import io.merklite.client.hrana.SqlStream;
import io.merklite.client.hrana.SqlStream.Effect;
import io.merklite.client.hrana.StreamAnswer;
import io.merklite.client.hrana.StreamRequest.Close;
import io.merklite.client.hrana.StreamRequest.Execute;
import io.merklite.client.hrana.StreamRequest.Sequence;
import io.merklite.client.http.Failures;
import io.merklite.client.http.KnownEndpoint;
import io.merklite.client.http.NodeHttp;
import io.merklite.client.sql.SqlText;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A client of one database on a Merklite node, or several.
 *
 * <pre>{@code
 * record Item(long id, String label) {}
 *
 * try (var client = MerkliteClient.of("shop", "http://127.0.0.1:8080", "http://127.0.0.1:8081")) {
 *     client.execute("INSERT INTO item(id, label) VALUES (?, ?)", 7, "seven")
 *             .thenCompose(written -> client.execute("SELECT id, label FROM item"))
 *             .thenAccept(result -> show(result.as(Item.class)));
 *
 *     client.transaction(transaction -> transaction
 *             .execute("UPDATE account SET balance = balance - ? WHERE id = ?", 10, 1)
 *             .thenCompose(taken -> transaction.execute("UPDATE account SET balance = balance + ? WHERE id = ?", 10, 2)));
 * }
 * }</pre>
 *
 * <p><b>Which node.</b> The nearest that answers; another one where it is safe to ask again. Each answer brings a bookmark,
 * which later requests take along: they see what was written through this client, and what it has read before, on
 * whichever node.
 *
 * <p><b>Errors.</b> Stages fail with {@link ClientException}. A write whose answer is lost is sent again, with a key, to nodes
 * that say that they apply such a write once; otherwise it fails as {@link ClientException.OutcomeUnknown}.
 *
 * <p><b>Threading.</b> Thread-safe; nothing blocks. {@link #blocking()} does.
 */
public final class MerkliteClient implements AutoCloseable {
    static final int TRANSACTION_ATTEMPTS = 10;

    private final NodeHttp http;

    private MerkliteClient(NodeHttp http) {
        this.http = http;
    }

    /** A client with the default settings. */
    public static MerkliteClient of(String database, String... addresses) {
        return of(ClientSettings.of(database, addresses));
    }

    /** A client; the distances of its endpoints begin to be measured at once. */
    public static MerkliteClient of(ClientSettings settings) {
        return new MerkliteClient(new NodeHttp(settings));
    }

    /** The same for a thread that may block. */
    public BlockingClient blocking() {
        return new BlockingClient(this);
    }

    // ---- statements -------------------------------------------------------------------------------------------------

    /** Runs a statement, in a transaction of its own. */
    public CompletionStage<Result> execute(SqlStatement statement) {
        return new SqlStream(http)
                .run(List.of(new Execute(statement), Close.CLOSE), effect(statement))
                .thenApply(answers -> AtomicBatch.executed(answers.getFirst()));
    }

    /** The same with the statement made of {@code sql} and {@code args}. */
    public CompletionStage<Result> execute(String sql, @Nullable Object... args) {
        return execute(SqlStatement.of(sql, args));
    }

    /**
     * Runs statements in one transaction and one round trip: all of them, or none if one fails.
     *
     * @return a result for each; fails with {@link StatementFailed}, whose step says which
     */
    public CompletionStage<List<Result>> batch(List<SqlStatement> statements) {
        if (statements.isEmpty()) {
            return CompletableFuture.completedFuture(List.of());
        }
        var batch = new AtomicBatch(TransactionMode.WRITE.sql(), statements);
        return new SqlStream(http)
                .run(List.of(batch.request(), Close.CLOSE), Effect.COMMITS_ONCE)
                .thenApply(answers -> batch.results(answers.getFirst()));
    }

    /** Runs all statements of a text up to the first that fails, each in a transaction of its own unless the text says. */
    public CompletionStage<Void> script(String sql) {
        return new SqlStream(http)
                .run(List.of(new Sequence(sql), Close.CLOSE), Effect.COMMITS_SEVERAL)
                .thenAccept(answers -> {
                    if (answers.getFirst() instanceof StreamAnswer.Failed failed) {
                        throw failed.error().at(0);
                    }
                });
    }

    /**
     * The rows of a statement, one by one as they are asked for; the statement runs once for each subscriber. The node
     * is read only as fast as rows are taken, and stops when the subscription is cancelled.
     */
    public Flow.Publisher<Row> stream(SqlStatement statement) {
        return RowPublisher.of(http, statement, effect(statement));
    }

    private static Effect effect(SqlStatement statement) {
        return SqlText.of(statement.sql()).isReading() ? Effect.NONE : Effect.COMMITS_ONCE;
    }

    // ---- transactions -----------------------------------------------------------------------------------------------

    /** A transaction that somebody must commit or roll back. */
    public Transaction begin(TransactionMode mode) {
        return new Transaction(new SqlStream(http), mode);
    }

    /** {@link #transaction(TransactionMode, Function)} that writes. */
    public <T> CompletionStage<T> transaction(Function<Transaction, CompletionStage<T>> work) {
        return transaction(TransactionMode.WRITE, work);
    }

    /**
     * Runs {@code work} in a transaction: commits when its stage completes, rolls back when it fails. If somebody else was
     * faster, or the node was lost before the COMMIT, all of it is run again, up to ten times.
     */
    public <T> CompletionStage<T> transaction(TransactionMode mode, Function<Transaction, CompletionStage<T>> work) {
        return attempt(mode, work, 1);
    }

    private <T> CompletionStage<T> attempt(
            TransactionMode mode, Function<Transaction, CompletionStage<T>> work, int count) {
        var transaction = begin(mode);
        CompletionStage<T> done;
        try {
            done = work.apply(transaction);
        } catch (RuntimeException e) {
            done = CompletableFuture.failedStage(e);
        }
        return done.thenCompose(result -> transaction.commit().thenApply(committed -> result))
                .exceptionallyCompose(failure -> {
                    var cause = Failures.cause(failure);
                    var isWorthIt = cause instanceof ClientException refused && refused.isTransient();
                    return transaction
                            .rollback()
                            .handle((rolledBack, ignored) -> cause)
                            .thenCompose(why -> isWorthIt && count < TRANSACTION_ATTEMPTS
                                    ? pauseBefore(count).thenCompose(waited -> attempt(mode, work, count + 1))
                                    : CompletableFuture.failedStage(why));
                });
    }

    /** Completes when it is time for attempt {@code count + 1}. */
    CompletionStage<Void> pauseBefore(int count) {
        var pause = http.pause(count);
        return CompletableFuture.runAsync(
                () -> {}, CompletableFuture.delayedExecutor(pause.toMillis(), TimeUnit.MILLISECONDS, Runnable::run));
    }

    // ---- feeds ------------------------------------------------------------------------------------------------------

    /**
     * What is committed from a place on, whoever writes it. It goes on over lost connections; it fails with {@link
     * ClientException.FeedGap} if the node no longer has the place.
     */
    public Flow.Publisher<CommittedChanges> changes(ChangesQuery query) {
        return Changes.of(http, query);
    }

    /** The result of a query, and then what changes in it. It goes on over lost connections. */
    public Flow.Publisher<ResultEvent> follow(SqlStatement query) {
        return FollowedQuery.of(http, query);
    }

    // ---- what it knows ----------------------------------------------------------------------------------------------

    /** What reads of this client see at least; opaque, for {@link #seeAtLeast} of another client. None before a write. */
    public Optional<String> bookmark() {
        var current = http.bookmarks().current();
        return current.isEmpty() ? Optional.empty() : Optional.of(String.join(",", current));
    }

    /** Reads must see from now on what {@code bookmark} of another client stands for. */
    public void seeAtLeast(String bookmark) {
        for (var one : bookmark.split(",", -1)) {
            http.bookmarks().add(one);
        }
    }

    /** Its endpoints and how far they are. */
    public List<KnownEndpoint> endpoints() {
        return http.endpoints();
    }

    /** Gives up what is under way. */
    @Override
    public void close() {
        http.close();
    }
}
