package io.merklite.cluster.replica;

import io.merklite.cluster.replica.DatabaseActor.FetchSql;
import io.merklite.cluster.replica.DatabaseActor.RunSql;
import io.merklite.cluster.replica.SqlReply.Refusal;
import io.merklite.sync.vector.VersionVector;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;

/**
 * Reads beside a follower, for streams of its own node, on connections of their own: they wait neither for the follower,
 * which is busy with what the writer publishes, nor for the network.
 *
 * <p>A request says what it must see. It waits a moment for a copy that is not that far, and is then {@linkplain
 * Refusal#ELSEWHERE left to the writer}; so is everything before the copy has once caught up with the writer, and
 * everything that turns out to write.
 *
 * <p>It outlives its follower for a moment, in which it leaves all to the writer: who asks learns of the end by an answer,
 * not by silence.
 *
 * <p><b>Invariants.</b> (1) A request runs on a copy that has all it must see. (2) Each request is answered, unless its
 * stream was closed.
 */
final class FollowerReads {
    private static final Duration LINGERING = Duration.ofSeconds(10);
    /** After a wait was in vain others of the kind are not begun for so long: a copy that lags costs nobody time. */
    private static final Duration HOLD_OFF = Duration.ofSeconds(1);

    private static final String LAGS = "this copy has not come that far";
    private static final String CLOSES = "this copy closes";

    /** What it is told. */
    sealed interface Command {}

    /** From a stream of this node: requests, and what they must see. Answered by {@link SqlReply}. */
    record Run(RunSql sql, VersionVector needed) implements Command {}

    /** From a stream of this node: the next entries of a cursor. Answered by {@link SqlReply}. */
    record Fetch(FetchSql sql, VersionVector needed) implements Command {}

    /** From a stream of this node: its cursor is not wanted any more. */
    record CloseCursor(StreamId stream) implements Command {}

    /** From a stream of this node: it is gone. */
    record CloseStream(StreamId stream) implements Command {}

    /** From the follower: it has committed so much. */
    record Advanced(VersionVector vector) implements Command {}

    /**
     * From the follower: how far the writer was, when it was asked after this copy was entered in {@link LocalCopies}.
     * Nothing is read before the copy is there.
     */
    record MayServe(VersionVector fence) implements Command {}

    /** From the follower: it closes. */
    enum Close implements Command {
        CLOSE
    }

    private record FromReader(ReaderActor.Report report) implements Command {}

    private record ReaderGone(ActorRef<ReaderActor.Command> reader) implements Command {}

    private enum FollowerGone implements Command {
        FOLLOWER_GONE
    }

    private enum WaitOver implements Command {
        WAIT_OVER
    }

    private enum LookAround implements Command {
        LOOK_AROUND
    }

    private enum Lingered implements Command {
        LINGERED
    }

    /** A request whose copy is not far enough. */
    private record Waiting(Command request, VersionVector needed, ActorRef<SqlReply> replyTo, Instant until) {}

    private final TimerScheduler<Command> timers;
    private final ReplicaHome home;
    private final ActorRef<FollowerActor.Command> follower;
    private final ReaderPool readers;
    private final ClientStreams streams = new ClientStreams();
    private final Deque<Waiting> waiting = new ArrayDeque<>();
    private VersionVector vector;
    private Optional<VersionVector> fence = Optional.empty();
    private Instant lagsUntil = Instant.MIN;
    private boolean wasRead;

    private FollowerReads(
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            ReplicaHome home,
            String database,
            VersionVector vector,
            LongSupplier commitCount,
            ActorRef<FollowerActor.Command> follower) {
        this.timers = timers;
        this.home = home;
        this.follower = follower;
        this.vector = vector;
        this.readers = ReaderPool.create(
                context,
                home,
                database,
                commitCount,
                context.messageAdapter(ReaderActor.Report.class, FromReader::new),
                ReaderGone::new);
    }

    /**
     * @param vector what the follower has
     * @param commitCount of its file; thread-safe
     * @param follower is told when it is read, and outlived
     */
    static Behavior<Command> create(
            ReplicaHome home,
            String database,
            VersionVector vector,
            LongSupplier commitCount,
            ActorRef<FollowerActor.Command> follower) {
        return Behaviors.setup(context -> Behaviors.withTimers(timers -> {
            context.watchWith(follower, FollowerGone.FOLLOWER_GONE);
            var settings = home.settings();
            var pause = settings.streamIdle().compareTo(settings.idleTimeout()) < 0
                    ? settings.streamIdle()
                    : settings.idleTimeout();
            timers.startTimerWithFixedDelay(LookAround.LOOK_AROUND, pause.dividedBy(2));
            return new FollowerReads(context, timers, home, database, vector, commitCount, follower).serving();
        }));
    }

    private Behavior<Command> serving() {
        return Behaviors.receiveMessage(command -> {
            switch (command) {
                case Run run -> await(run, run.needed(), run.sql().replyTo());
                case Fetch fetch -> await(fetch, fetch.needed(), fetch.sql().replyTo());
                case CloseCursor close -> readers.closeCursor(close.stream());
                case CloseStream close -> {
                    readers.close(close.stream());
                    streams.forget(close.stream());
                }
                case Advanced advanced -> {
                    vector = advanced.vector();
                    dispatchWaiting();
                }
                case MayServe may -> {
                    fence = Optional.of(may.fence());
                }
                case FromReader from -> onReport(from.report());
                case ReaderGone gone -> readers.failed(gone.reader()).forEach(streams::forget);
                case WaitOver over -> expire();
                case LookAround look -> lookAround();
                case Close close -> {
                    return close();
                }
                case FollowerGone gone -> {
                    return close();
                }
                case Lingered lingered -> {
                    return Behaviors.unhandled();
                }
            }
            return Behaviors.same();
        });
    }

    // ---- what a request must see ------------------------------------------------------------------------------------

    private void await(Command request, VersionVector needed, ActorRef<SqlReply> replyTo) {
        wasRead = true;
        var isPast = isGoingOn(request);
        if (!isPast && !hasCaughtUp()) {
            refuse(replyTo, Refusal.ELSEWHERE, LAGS);
        } else if (isPast || vector.covers(needed)) {
            dispatch(request);
        } else if (home.clock().instant().isBefore(lagsUntil)
                || waiting.size() >= home.settings().maxQueueCount()) {
            refuse(replyTo, Refusal.ELSEWHERE, LAGS);
        } else {
            if (waiting.isEmpty()) {
                timers.startSingleTimer(WaitOver.WAIT_OVER, home.settings().readsWait());
            }
            waiting.add(new Waiting(
                    request,
                    needed,
                    replyTo,
                    home.clock().instant().plus(home.settings().readsWait())));
        }
    }

    /** Whether it continues in a snapshot that was taken before. */
    private static boolean isGoingOn(Command request) {
        return switch (request) {
            case Run run -> run.sql().continues();
            case Fetch fetch -> fetch.sql().batch().isEmpty();
            default -> false;
        };
    }

    private boolean hasCaughtUp() {
        return fence.isPresent() && vector.covers(fence.get());
    }

    private void dispatchWaiting() {
        waiting.removeIf(request -> {
            var isHere = vector.covers(request.needed());
            if (isHere) {
                dispatch(request.request());
            }
            return isHere;
        });
    }

    private void expire() {
        var now = home.clock().instant();
        while (!waiting.isEmpty() && !waiting.getFirst().until().isAfter(now)) {
            lagsUntil = now.plus(HOLD_OFF);
            refuse(waiting.remove().replyTo(), Refusal.ELSEWHERE, LAGS);
        }
        if (!waiting.isEmpty()) {
            timers.startSingleTimer(
                    WaitOver.WAIT_OVER, Duration.between(now, waiting.getFirst().until()));
        }
    }

    // ---- running ----------------------------------------------------------------------------------------------------

    private void dispatch(Command request) {
        switch (request) {
            case Run run -> {
                var sql = run.sql();
                if (sql.continues() && !streams.has(sql.stream())) {
                    refuse(sql.replyTo(), Refusal.TRANSACTION_LOST, "the copy was closed, and the transaction with it");
                } else {
                    readers.run(sql, streams.of(sql.stream()));
                }
            }
            case Fetch fetch -> {
                var sql = fetch.sql();
                if (sql.batch().isEmpty() && !readers.keepsFor(sql.stream())) {
                    refuse(sql.replyTo(), Refusal.UNAVAILABLE, "the cursor is gone");
                } else {
                    readers.fetch(sql, streams.of(sql.stream()));
                }
            }
            default -> throw new IllegalArgumentException("no request: " + request);
        }
    }

    private void onReport(ReaderActor.Report report) {
        if (!readers.returned(report)) {
            return;
        }
        switch (report.work()) {
            case ReaderActor.Run run
            when report.isForWriter() -> refuse(run.replyTo(), Refusal.ELSEWHERE, "it does more than read");
            case ReaderActor.Run run -> {
                home.metrics().readNearby();
                streams.ran(run.sql().stream(), run.stream(), run.sql().isLast());
            }
            case ReaderActor.Fetch fetch -> {
                if (fetch.sql().batch().isPresent()) {
                    home.metrics().readNearby();
                }
                if (report.keeps()) {
                    streams.reads(fetch.sql().stream(), fetch.stream());
                } else {
                    streams.ran(fetch.sql().stream(), fetch.stream(), false);
                }
            }
        }
    }

    private void lookAround() {
        readers.expire().forEach((id, state) -> streams.ran(id, state, false));
        if (wasRead || readers.isBusy()) {
            wasRead = false;
            follower.tell(FollowerActor.WasRead.WAS_READ);
        }
    }

    private static void refuse(ActorRef<SqlReply> replyTo, Refusal refusal, String what) {
        replyTo.tell(new SqlReply.Refused(refusal, what));
    }

    // ---- the end ----------------------------------------------------------------------------------------------------

    private Behavior<Command> close() {
        waiting.forEach(request -> refuse(request.replyTo(), Refusal.ELSEWHERE, CLOSES));
        waiting.clear();
        readers.close();
        timers.cancelAll();
        timers.startSingleTimer(Lingered.LINGERED, LINGERING);
        return Behaviors.receiveMessage(command -> {
            switch (command) {
                case Run run ->
                    refuse(
                            run.sql().replyTo(),
                            run.sql().continues() ? Refusal.TRANSACTION_LOST : Refusal.ELSEWHERE,
                            CLOSES);
                case Fetch fetch ->
                    refuse(
                            fetch.sql().replyTo(),
                            fetch.sql().batch().isEmpty() ? Refusal.UNAVAILABLE : Refusal.ELSEWHERE,
                            CLOSES);
                case Lingered lingered -> {
                    return Behaviors.stopped();
                }
                default -> {
                    // the follower, readers and streams say what does not matter any more
                }
            }
            return Behaviors.same();
        });
    }
}
