package io.merklite.cluster.replica;

import io.merklite.cluster.ClusterException;
import io.merklite.cluster.sql.CursorEntry;
import io.merklite.cluster.sql.RequestKey;
import io.merklite.cluster.sql.SqlCursor;
import io.merklite.cluster.sql.SqlError;
import io.merklite.cluster.sql.SqlPlan;
import io.merklite.cluster.sql.SqlRequest;
import io.merklite.cluster.sql.SqlResponse;
import io.merklite.cluster.sql.SqlStream;
import io.merklite.cluster.sql.SqlStreamState;
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
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Supplier;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.actor.typed.javadsl.AskPattern;
import org.apache.pekko.cluster.sharding.typed.javadsl.EntityRef;
import org.apache.pekko.pattern.Patterns;
import org.jspecify.annotations.Nullable;

/**
 * A stream of this node: to the writer of its datacenter, and for what only reads to a copy on this node, if there is one
 * that is far enough. A request is sent when the one before it was answered.
 *
 * <p><b>Invariants.</b> (1) A read sees every write that was acknowledged through this node, and what the options name, unless
 * these ask for the {@linkplain StreamOptions.Level#LOCAL local} copy as it is; then (3) does not hold either. (2) What has something open at a place, a transaction or a cursor, goes on there. (3) A stream never goes back in time: once
 * it was answered by the writer, a copy must have what the writer had then; of a read at the writer that is not known, so
 * later ones go there too, until a write tells.
 */
final class ClusterStream implements SqlStream {
    private static final int MAX_MOVES = 50;
    private static final Duration MOVE_INTERVAL = Duration.ofMillis(200);

    private final ActorSystem<?> system;
    private final String database;
    private final StreamId id;
    private final StreamOptions options;
    private final EntityRef<DatabaseActor.Command> writer;
    private final Optional<LocalCopies> copies;
    private final Duration patience;
    private final AtomicReference<CompletableFuture<@Nullable Void>> last =
            new AtomicReference<>(CompletableFuture.completedFuture(null));
    private final AtomicReference<Place> place = new AtomicReference<>(Place.NOWHERE);
    private final AtomicBoolean isKnownToWriter = new AtomicBoolean();
    private final AtomicBoolean hasReadAhead = new AtomicBoolean();
    private final AtomicReference<VersionVector> bookmark = new AtomicReference<>(VersionVector.EMPTY);

    /**
     * Where the stream has something open.
     *
     * @param copy the copy, unless it is the writer
     * @param isInTransaction whether it is a transaction
     * @param isReadOnly whether that said that it will not write
     */
    private record Place(Optional<LocalCopies.Copy> copy, boolean isInTransaction, boolean isReadOnly) {
        static final Place NOWHERE = new Place(Optional.empty(), false, false);
    }

    /**
     * @param system that waits
     * @param copies of this node; none if all is to run at the writer
     * @param patience how long to wait for an answer
     */
    ClusterStream(
            ActorSystem<?> system,
            String database,
            StreamId id,
            StreamOptions options,
            EntityRef<DatabaseActor.Command> writer,
            Optional<LocalCopies> copies,
            Duration patience) {
        this.system = system;
        this.database = database;
        this.id = id;
        this.options = options;
        this.writer = writer;
        this.copies = copies;
        this.patience = patience;
    }

    @Override
    public CompletionStage<List<SqlResponse>> run(List<SqlRequest> requests, boolean isLast) {
        return inTurn(() -> runInTurn(requests, isLast, Optional.empty()));
    }

    @Override
    public CompletionStage<List<SqlResponse>> runOnce(RequestKey key, List<SqlRequest> requests, boolean isLast) {
        return inTurn(() -> runInTurn(requests, isLast, Optional.of(key)));
    }

    @Override
    public CompletionStage<Optional<List<SqlResponse>>> recall(RequestKey key) {
        return inTurn(() -> ask(
                        replyTo -> new DatabaseActor.RunSql(
                                id, options, List.of(), true, false, Optional.of(key), replyTo),
                        MAX_MOVES))
                .thenApply(reply ->
                        reply instanceof SqlReply.Refused refused && refused.refusal() == SqlReply.Refusal.NOT_APPLIED
                                ? Optional.empty()
                                : Optional.of(responses(reply, 0, Optional.empty(), false)));
    }

    private CompletionStage<List<SqlResponse>> runInTurn(
            List<SqlRequest> requests, boolean isLast, Optional<RequestKey> key) {
        var before = place.get();
        var plan = SqlPlan.of(requests, new SqlStreamState(), options.isReadOnly());
        var isReadOnly = before.isInTransaction() ? before.isReadOnly() : plan.isReadOnlyTransaction();
        Function<ActorRef<SqlReply>, DatabaseActor.RunSql> question = replyTo -> new DatabaseActor.RunSql(
                id, optionsFor(isReadOnly), requests, isLast, before.isInTransaction(), key, replyTo);
        var copy = before.isInTransaction() ? before.copy() : copyFor(plan);
        return copy.isPresent()
                ? askCopy(copy.get(), (replyTo, needed) -> new FollowerReads.Run(question.apply(replyTo), needed))
                        .thenCompose(reply -> isElsewhere(reply) && !before.isInTransaction()
                                ? runAtWriter(question, requests.size(), isReadOnly, isLast)
                                : CompletableFuture.completedFuture(
                                        responses(reply, requests.size(), copy, isReadOnly)))
                : runAtWriter(question, requests.size(), isReadOnly, isLast);
    }

    private CompletionStage<List<SqlResponse>> runAtWriter(
            Function<ActorRef<SqlReply>, DatabaseActor.RunSql> question,
            int count,
            boolean isReadOnly,
            boolean isLast) {
        isKnownToWriter.set(!isLast);
        return ask(question::apply, MAX_MOVES).thenApply(reply -> {
            var responses = responses(reply, count, Optional.empty(), isReadOnly);
            if (reply instanceof SqlReply.Answered answered) {
                toldByWriter(answered.bookmark());
            }
            return responses;
        });
    }

    /** What the writer has told must be seen by what is read from now on, on this node, and in this stream. */
    private void toldByWriter(VersionVector told) {
        hasReadAhead.set(told.isEmpty());
        copies.ifPresent(known -> {
            if (!told.isEmpty()) {
                known.acknowledged(database, told);
            }
            known.wanted(database);
        });
    }

    private StreamOptions optionsFor(boolean isReadOnly) {
        return isReadOnly ? options.readOnly() : options;
    }

    /** The copy that may run what a stream with nothing open asks. */
    private Optional<LocalCopies.Copy> copyFor(SqlPlan plan) {
        var isAtWriter = options.level() == StreamOptions.Level.WRITER || hasReadAhead.get();
        return copies.filter(known -> !isAtWriter && plan.isForAnyCopy()).flatMap(known -> known.of(database));
    }

    private CompletionStage<SqlReply> askCopy(
            LocalCopies.Copy copy, BiFunction<ActorRef<SqlReply>, VersionVector, FollowerReads.Command> question) {
        var all = options.level() == StreamOptions.Level.LOCAL ? VersionVector.EMPTY : needed(copy);
        return here(AskPattern.<FollowerReads.Command, SqlReply>ask(
                        copy.reads(), replyTo -> question.apply(replyTo, all), patience, system.scheduler()))
                .exceptionally(failure -> {
                    throw new ClusterException.Unavailable(database, "no answer of the copy on this node: " + failure);
                });
    }

    private VersionVector needed(LocalCopies.Copy copy) {
        var seen = bookmark.get().join(copy.acknowledged());
        return options.after().map(seen::join).orElse(seen);
    }

    private static boolean isElsewhere(SqlReply reply) {
        return reply instanceof SqlReply.Refused refused && refused.refusal() == SqlReply.Refusal.ELSEWHERE;
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
        var answer = here(writer.<SqlReply>ask(question::apply, patience)).exceptionally(failure -> {
            throw failure instanceof TimeoutException
                    ? new ClusterException.UnknownOutcome(
                            database, "no answer of the writer within " + patience.toSeconds() + " s")
                    : new ClusterException.Unavailable(database, String.valueOf(failure));
        });
        return ParcelReceiver.opened(system, database, answer, SqlReply.class)
                .thenCompose(reply -> isMoving(reply) && movesLeft > 0
                        ? here(Patterns.after(MOVE_INTERVAL, system, () -> ask(question, movesLeft - 1)))
                        : CompletableFuture.completedFuture(reply));
    }

    /**
     * Goes on on the system's dispatcher. Stages that Pekko gives would go on in the common pool of the JVM, whose few threads
     * an application may have blocked with waits for this very answer.
     */
    private <T> CompletionStage<T> here(CompletionStage<T> stage) {
        var here = new CompletableFuture<T>();
        var unused = stage.whenCompleteAsync(
                (value, failure) -> {
                    if (failure == null) {
                        here.complete(value);
                    } else {
                        here.completeExceptionally(failure);
                    }
                },
                system.executionContext());
        return here;
    }

    private static boolean isMoving(SqlReply reply) {
        return reply instanceof SqlReply.Refused refused && refused.refusal() == SqlReply.Refusal.MOVING;
    }

    private List<SqlResponse> responses(
            SqlReply reply, int count, Optional<LocalCopies.Copy> copy, boolean isReadOnly) {
        return switch (reply) {
            case SqlReply.Answered answered -> {
                bookmark.updateAndGet(answered.bookmark()::join);
                place.set(answered.isAutocommit() ? Place.NOWHERE : new Place(copy, true, isReadOnly));
                yield answered.responses();
            }
            case SqlReply.Refused refused
            when refused.refusal() == SqlReply.Refusal.TRANSACTION_LOST || isElsewhere(refused) -> {
                place.set(Place.NOWHERE);
                yield Collections.nCopies(
                        count, new SqlResponse.Refused(new SqlError("TRANSACTION_TIMEOUT", refused.what())));
            }
            case SqlReply.Refused refused -> throw refused.toException(database);
            case SqlReply.Fetched fetched -> throw new IllegalStateException("requests were answered like a fetch");
            case SqlReply.NoCursor none -> throw new IllegalStateException("requests were answered like a fetch");
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

    /** A cursor at a reader; of a batch that does more than read, its results once it has been run. */
    private final class ClusterCursor implements SqlCursor {
        private final SqlRequest.Batch batch;
        private final AtomicBoolean isOpen = new AtomicBoolean();
        private final AtomicReference<Optional<LocalCopies.Copy>> at = new AtomicReference<>(Optional.empty());
        private final AtomicReference<Optional<Deque<CursorEntry>>> gathered = new AtomicReference<>(Optional.empty());
        private final AtomicBoolean isDone = new AtomicBoolean();

        private ClusterCursor(SqlRequest.Batch batch) {
            this.batch = batch;
        }

        @Override
        public CompletionStage<Page> fetch(int maxEntryCount, int maxSizeBytes) {
            if (isDone.get()) {
                return CompletableFuture.completedFuture(new Page(List.of(), true));
            }
            if (gathered.get().isPresent()) {
                return CompletableFuture.completedFuture(next(maxEntryCount));
            }
            return inTurn(() -> fetchInTurn(maxEntryCount, maxSizeBytes)).thenCompose(reply -> switch (reply) {
                case SqlReply.Fetched fetched -> {
                    isDone.set(fetched.page().isDone());
                    yield CompletableFuture.completedFuture(fetched.page());
                }
                case SqlReply.NoCursor none ->
                    run(List.of(batch), false).thenApply(responses -> {
                        gathered.set(Optional.of(CursorEntries.of(responses.getFirst())));
                        return next(maxEntryCount);
                    });
                case SqlReply.Refused refused -> CompletableFuture.failedFuture(refused.toException(database));
                case SqlReply.Answered answered ->
                    CompletableFuture.failedFuture(new IllegalStateException("a fetch was answered like a request"));
            });
        }

        private CompletionStage<SqlReply> fetchInTurn(int maxEntryCount, int maxSizeBytes) {
            var isFirst = !isOpen.getAndSet(true);
            var place = ClusterStream.this.place.get();
            if (isFirst) {
                var plan = SqlPlan.of(List.of(batch), new SqlStreamState(), options.isReadOnly());
                var isClosed = !plan.isReadOnlyTransaction();
                at.set(place.isInTransaction() ? place.copy() : copyFor(plan).filter(copy -> isClosed));
            }
            Function<ActorRef<SqlReply>, DatabaseActor.FetchSql> question = replyTo -> new DatabaseActor.FetchSql(
                    id,
                    optionsFor(place.isReadOnly()),
                    isFirst ? Optional.of(batch) : Optional.empty(),
                    maxEntryCount,
                    maxSizeBytes,
                    replyTo);
            var copy = at.get();
            return copy.isPresent()
                    ? askCopy(copy.get(), (replyTo, needed) -> new FollowerReads.Fetch(question.apply(replyTo), needed))
                            .thenCompose(reply -> isElsewhere(reply) && isFirst && !place.isInTransaction()
                                    ? fetchAtWriter(question, isFirst)
                                    : CompletableFuture.completedFuture(reply))
                    : fetchAtWriter(question, isFirst);
        }

        private CompletionStage<SqlReply> fetchAtWriter(
                Function<ActorRef<SqlReply>, DatabaseActor.FetchSql> question, boolean isFirst) {
            at.set(Optional.empty());
            isKnownToWriter.set(true);
            return ask(question::apply, isFirst ? MAX_MOVES : 0).thenApply(reply -> {
                if (reply instanceof SqlReply.Fetched) {
                    toldByWriter(VersionVector.EMPTY);
                }
                return reply;
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
                if (isOpen.get()) {
                    at.get()
                            .ifPresentOrElse(
                                    copy -> copy.reads().tell(new FollowerReads.CloseCursor(id)),
                                    () -> writer.tell(new DatabaseActor.CloseCursor(id)));
                }
                return CompletableFuture.completedFuture(null);
            });
        }
    }

    @Override
    public CompletionStage<Void> close() {
        return inTurn(() -> {
            place.getAndSet(Place.NOWHERE)
                    .copy()
                    .ifPresent(copy -> copy.reads().tell(new FollowerReads.CloseStream(id)));
            if (isKnownToWriter.getAndSet(false)) {
                writer.tell(new DatabaseActor.CloseStream(id));
            }
            return CompletableFuture.completedFuture(null);
        });
    }
}
