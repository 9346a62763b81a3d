package io.merklite.cluster.replica;

import io.merklite.cluster.ClusterException;
import io.merklite.cluster.sql.CursorEntry;
import io.merklite.cluster.sql.SqlCursor;
import io.merklite.cluster.sql.SqlError;
import io.merklite.cluster.sql.SqlRequest;
import io.merklite.cluster.sql.SqlResponse;
import io.merklite.cluster.sql.SqlStream;
import io.merklite.cluster.sql.StreamOptions;
import io.merklite.sync.vector.VersionVector;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityRef;
import org.apache.pekko.pattern.Patterns;
import org.jspecify.annotations.Nullable;

/** A stream to the writer of this node's datacenter. A request is sent when the one before it was answered. */
final class ClusterStream implements SqlStream {
    private static final int MAX_MOVES = 50;
    private static final Duration MOVE_INTERVAL = Duration.ofMillis(200);

    private final ActorSystem<?> system;
    private final String database;
    private final StreamId id;
    private final StreamOptions options;
    private final EntityRef<DatabaseActor.Command> writer;
    private final Duration patience;
    private final AtomicReference<CompletableFuture<@Nullable Void>> last =
            new AtomicReference<>(CompletableFuture.completedFuture(null));
    private final AtomicBoolean isInTransaction = new AtomicBoolean();
    private final AtomicReference<VersionVector> bookmark = new AtomicReference<>(VersionVector.EMPTY);

    /**
     * @param system that waits
     * @param patience how long to wait for an answer
     */
    ClusterStream(
            ActorSystem<?> system,
            String database,
            StreamId id,
            StreamOptions options,
            EntityRef<DatabaseActor.Command> writer,
            Duration patience) {
        this.system = system;
        this.database = database;
        this.id = id;
        this.options = options;
        this.writer = writer;
        this.patience = patience;
    }

    @Override
    public CompletionStage<List<SqlResponse>> run(List<SqlRequest> requests, boolean isLast) {
        return inTurn(() -> ask(
                        replyTo ->
                                new DatabaseActor.RunSql(id, options, requests, isLast, isInTransaction.get(), replyTo),
                        MAX_MOVES))
                .thenApply(reply -> responses(reply, requests.size()));
    }

    /** Begins work when what was asked before has been answered. */
    private <T> CompletionStage<T> inTurn(Supplier<CompletionStage<T>> work) {
        var turn = new CompletableFuture<@Nullable Void>();
        return last.getAndSet(turn)
                .thenCompose(ready -> work.get())
                .whenComplete((result, failure) -> turn.complete(null));
    }

    /** Asks the writer, and its successor if it moves. */
    private CompletionStage<SqlReply> ask(Function<ActorRef<SqlReply>, DatabaseActor.Command> question, int movesLeft) {
        return writer.ask(question::apply, patience)
                .exceptionally(failure -> {
                    throw failure instanceof TimeoutException
                            ? new ClusterException.UnknownOutcome(
                                    database, "no answer of the writer within " + patience.toSeconds() + " s")
                            : new ClusterException.Unavailable(database, String.valueOf(failure));
                })
                .thenCompose(reply -> isMoving(reply) && movesLeft > 0
                        ? Patterns.after(MOVE_INTERVAL, system, () -> ask(question, movesLeft - 1))
                        : CompletableFuture.completedFuture(reply));
    }

    private static boolean isMoving(SqlReply reply) {
        return reply instanceof SqlReply.Refused refused && refused.refusal() == SqlReply.Refusal.MOVING;
    }

    private List<SqlResponse> responses(SqlReply reply, int count) {
        return switch (reply) {
            case SqlReply.Answered answered -> {
                bookmark.updateAndGet(answered.bookmark()::join);
                isInTransaction.set(!answered.isAutocommit());
                yield answered.responses();
            }
            case SqlReply.Refused refused
            when refused.refusal() == SqlReply.Refusal.TRANSACTION_LOST -> {
                isInTransaction.set(false);
                yield Collections.nCopies(
                        count, new SqlResponse.Refused(new SqlError("TRANSACTION_TIMEOUT", refused.what())));
            }
            case SqlReply.Refused refused -> throw exception(refused);
            case SqlReply.Fetched fetched -> throw new IllegalStateException("requests were answered like a fetch");
            case SqlReply.NoCursor none -> throw new IllegalStateException("requests were answered like a fetch");
        };
    }

    private ClusterException exception(SqlReply.Refused refused) {
        return switch (refused.refusal()) {
            case NO_DATABASE -> new ClusterException.NoDatabase(database);
            case OVERLOADED, BUSY -> new ClusterException.Overloaded(database, refused.what());
            case UNAVAILABLE, MOVING, TRANSACTION_LOST -> new ClusterException.Unavailable(database, refused.what());
            case UNKNOWN_OUTCOME -> new ClusterException.UnknownOutcome(database, refused.what());
        };
    }

    @Override
    public VersionVector bookmark() {
        return bookmark.get();
    }

    @Override
    public CompletionStage<SqlCursor> open(SqlRequest.Batch batch) {
        return CompletableFuture.completedFuture(new ClusterCursor(batch));
    }

    /** A cursor at the writer's readers; of a batch that does more than read, its results once it has been run. */
    private final class ClusterCursor implements SqlCursor {
        private final AtomicReference<Optional<SqlRequest.Batch>> unopened;
        private final AtomicReference<Optional<Deque<CursorEntry>>> gathered = new AtomicReference<>(Optional.empty());
        private final AtomicBoolean isDone = new AtomicBoolean();

        private ClusterCursor(SqlRequest.Batch batch) {
            this.unopened = new AtomicReference<>(Optional.of(batch));
        }

        @Override
        public CompletionStage<Page> fetch(int maxEntryCount, int maxSizeBytes) {
            if (isDone.get()) {
                return CompletableFuture.completedFuture(new Page(List.of(), true));
            }
            if (gathered.get().isPresent()) {
                return CompletableFuture.completedFuture(next(maxEntryCount));
            }
            var batch = unopened.getAndSet(Optional.empty());
            return inTurn(() -> ask(
                            replyTo -> new DatabaseActor.FetchSql(
                                    id, options, batch, maxEntryCount, maxSizeBytes, replyTo),
                            batch.isPresent() ? MAX_MOVES : 0))
                    .thenCompose(reply -> switch (reply) {
                        case SqlReply.Fetched fetched -> {
                            isDone.set(fetched.page().isDone());
                            yield CompletableFuture.completedFuture(fetched.page());
                        }
                        case SqlReply.NoCursor none ->
                            run(List.of(batch.orElseThrow()), false).thenApply(responses -> {
                                gathered.set(Optional.of(CursorEntries.of(responses.getFirst())));
                                return next(maxEntryCount);
                            });
                        case SqlReply.Refused refused -> CompletableFuture.failedFuture(exception(refused));
                        case SqlReply.Answered answered ->
                            CompletableFuture.failedFuture(
                                    new IllegalStateException("a fetch was answered like a request"));
                    });
        }

        private Page next(int maxEntryCount) {
            var entries = gathered.get().orElseThrow();
            List<CursorEntry> page = new ArrayList<>();
            while (!entries.isEmpty() && page.size() < maxEntryCount) {
                page.add(entries.remove());
            }
            isDone.set(entries.isEmpty());
            return new Page(page, entries.isEmpty());
        }

        @Override
        public CompletionStage<Void> close() {
            if (isDone.getAndSet(true)) {
                return CompletableFuture.completedFuture(null);
            }
            return inTurn(() -> {
                writer.tell(new DatabaseActor.CloseCursor(id));
                return CompletableFuture.completedFuture(null);
            });
        }
    }

    @Override
    public CompletionStage<Void> close() {
        return inTurn(() -> {
            writer.tell(new DatabaseActor.CloseStream(id));
            return CompletableFuture.completedFuture(null);
        });
    }
}
