package io.merklite.node.hrana;

import io.merklite.cluster.sql.RequestKey;
import io.merklite.cluster.sql.SqlCursor;
import io.merklite.cluster.sql.SqlRequest;
import io.merklite.cluster.sql.SqlResponse;
import io.merklite.cluster.sql.SqlStream;
import io.merklite.node.http.Refusal;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;

/**
 * The owner of one stream over HTTP that stays open between requests.
 *
 * <p><b>Invariants.</b> (1) A request runs only if it brings the number that the last answer gave out, and each number runs once. (2) One
 * request runs at a time; one more may wait, while a cursor is read to its end. (3) The idle timer runs exactly while
 * no request does, and until somebody begins to read a cursor: a client that went away before that would hold it for good.
 *
 * <p>It never stops by itself: it retires, tells its parent, and sends what still comes back to the parent, which then
 * knows how it ended. So no request is lost between the two.
 */
final class HttpStream {
    sealed interface Command {}

    /** From the parent: the next request of the client. Answered by an {@link HttpStreams.Outcome}. */
    record Work(HttpStreams.Continue request) implements Command {}

    /** From the body of a cursor's answer: somebody has begun to read it. */
    enum CursorBegun implements Command {
        CURSOR_BEGUN
    }

    /** From the body of a cursor's answer: it was read to its end, or its reader is gone. */
    enum CursorRead implements Command {
        CURSOR_READ
    }

    /** From the parent, when it has noted that the stream retired. */
    enum Stop implements Command {
        STOP
    }

    private record Ran(List<SqlResponse> responses) implements Command {}

    private record Opened(SqlCursor cursor) implements Command {}

    private record Failed(Throwable failure) implements Command {}

    private enum IdleTooLong implements Command {
        IDLE_TOO_LONG
    }

    private sealed interface State {
        /** Waits for a request. */
        record Idle() implements State {}

        /** Runs a pipeline. */
        record Running(Plan plan, ActorRef<HttpStreams.Outcome> replyTo) implements State {}

        /** Waits for a cursor to begin. */
        record Opening(ActorRef<HttpStreams.Outcome> replyTo) implements State {}

        /** Waits for a cursor's body to be read, and then for whether a transaction is left open. */
        record Reading(SqlCursor cursor, Optional<HttpStreams.Continue> waiting) implements State {}

        /** Has ended; waits to be stopped. */
        record Retired() implements State {}
    }

    private final ActorContext<Command> context;
    private final TimerScheduler<Command> timers;
    private final ActorRef<HttpStreams.Command> parent;
    private final long id;
    private final SqlStream stream;
    private final boolean isReadOnly;
    private final HranaSettings settings;
    private final StoredSql stored;

    private long nextSeq;
    private boolean isAutocommit = true;
    private boolean hasTraces;

    private HttpStream(
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            ActorRef<HttpStreams.Command> parent,
            HttpStreams.Continue first,
            SqlStream stream,
            HranaSettings settings) {
        this.context = context;
        this.timers = timers;
        this.parent = parent;
        this.id = first.claim().streamId();
        this.nextSeq = first.claim().seq();
        this.isReadOnly = first.options().isReadOnly();
        this.stream = stream;
        this.settings = settings;
        this.stored = new StoredSql(settings.storedTextsPerStream(), settings.maxStoredTextSizeBytes());
    }

    /**
     * A stream that begins with a request.
     *
     * @param first whose claim names the stream, and the number it starts to count at
     */
    static Behavior<Command> create(
            ActorRef<HttpStreams.Command> parent,
            HttpStreams.Continue first,
            SqlStream stream,
            HranaSettings settings) {
        return Behaviors.setup(context -> Behaviors.withTimers(timers -> {
            var owner = new HttpStream(context, timers, parent, first, stream, settings);
            return owner.onWork(new State.Idle(), first);
        }));
    }

    private Behavior<Command> in(State state) {
        return Behaviors.receive(Command.class)
                .onMessage(Command.class, command -> switch (command) {
                    case Work(var request) -> onWork(state, request);
                    case Ran(var responses) -> onRan(state, responses);
                    case Opened(var cursor) -> onOpened(state, cursor);
                    case Failed(var failure) -> onFailed(state, failure);
                    case CursorBegun begun -> onCursorBegun();
                    case CursorRead read -> onCursorRead(state);
                    case IdleTooLong late -> onIdleTooLong(state);
                    case Stop stop -> Behaviors.stopped();
                })
                .onSignal(PostStop.class, stopped -> {
                    stream.close();
                    return Behaviors.same();
                })
                .build();
    }

    private Behavior<Command> onWork(State state, HttpStreams.Continue request) {
        if (state instanceof State.Retired) {
            parent.tell(request);
            return Behaviors.same();
        }
        if (request.claim().seq() != nextSeq) {
            request.replyTo().tell(new HttpStreams.Outcome.Refused(HttpStreams.BATON_USED));
            return Behaviors.same();
        }
        if (request.options().isReadOnly() && !isReadOnly) {
            request.replyTo()
                    .tell(new HttpStreams.Outcome.Refused(new Refusal(
                            403,
                            "ACCESS_DENIED",
                            "the stream was opened with a token that may write, and this one may not: open another")));
            return Behaviors.same();
        }
        return switch (state) {
            case State.Idle idle -> begin(request);
            case State.Reading(var cursor, var waiting)
            when waiting.isEmpty() -> {
                nextSeq++;
                yield in(new State.Reading(cursor, Optional.of(request)));
            }
            case State.Reading reading -> refuseUsed(request);
            case State.Running running -> refuseUsed(request);
            case State.Opening opening -> refuseUsed(request);
            case State.Retired retired -> Behaviors.unhandled();
        };
    }

    private Behavior<Command> refuseUsed(HttpStreams.Continue request) {
        request.replyTo().tell(new HttpStreams.Outcome.Refused(HttpStreams.BATON_USED));
        return Behaviors.same();
    }

    private Behavior<Command> begin(HttpStreams.Continue request) {
        nextSeq++;
        return run(request);
    }

    private Behavior<Command> run(HttpStreams.Continue request) {
        timers.cancel(IdleTooLong.IDLE_TOO_LONG);
        try {
            return switch (request.work()) {
                case HttpStreams.Work.Pipeline(var requests, var key) -> runPipeline(requests, key, request.replyTo());
                case HttpStreams.Work.Cursor(var batch) -> openCursor(batch, request.replyTo());
            };
        } catch (HranaException e) {
            request.replyTo().tell(new HttpStreams.Outcome.Failed(e));
            return retire(HttpStreams.Ending.CLOSED);
        }
    }

    private Behavior<Command> runPipeline(
            List<StreamRequest> requests, Optional<RequestKey> key, ActorRef<HttpStreams.Outcome> replyTo) {
        var plan = Plan.of(requests, stored);
        hasTraces |= plan.leavesTraces();
        List<SqlRequest> sqlRequests = new ArrayList<>(plan.sqlRequests());
        if (!plan.isLast()) {
            sqlRequests.add(SqlRequest.Autocommit.AUTOCOMMIT); // its answer is for this actor
        }
        context.pipeToSelf(
                key.map(once -> stream.runOnce(once, sqlRequests, plan.isLast()))
                        .orElseGet(() -> stream.run(sqlRequests, plan.isLast())),
                (responses, failure) -> failure == null ? new Ran(responses) : new Failed(failure));
        return in(new State.Running(plan, replyTo));
    }

    private Behavior<Command> openCursor(HranaBatch batch, ActorRef<HttpStreams.Outcome> replyTo) {
        var resolved = batch.resolve(stored);
        hasTraces |= Plan.leavesTraces(resolved);
        context.pipeToSelf(
                stream.open(resolved), (cursor, failure) -> failure == null ? new Opened(cursor) : new Failed(failure));
        return in(new State.Opening(replyTo));
    }

    private Behavior<Command> onRan(State state, List<SqlResponse> responses) {
        return switch (state) {
            case State.Running(var plan, var replyTo) -> {
                if (!plan.isLast()) {
                    noteAutocommit(responses.getLast());
                }
                replyTo.tell(new HttpStreams.Outcome.Answered(
                        plan.answers(responses),
                        id,
                        plan.isLast() ? OptionalLong.empty() : OptionalLong.of(nextSeq),
                        stream.bookmark()));
                yield plan.isLast() ? retire(HttpStreams.Ending.CLOSED) : idle();
            }
            case State.Reading(var cursor, var waiting) -> {
                noteAutocommit(responses.getLast());
                yield waiting.map(this::run).orElseGet(this::idle);
            }
            case State.Idle idle -> Behaviors.unhandled();
            case State.Opening opening -> Behaviors.unhandled();
            case State.Retired retired -> Behaviors.unhandled();
        };
    }

    private void noteAutocommit(SqlResponse response) {
        isAutocommit = response instanceof SqlResponse.AutocommitIs(var is) && is;
    }

    private Behavior<Command> onOpened(State state, SqlCursor cursor) {
        if (!(state instanceof State.Opening(var replyTo))) {
            cursor.close();
            return Behaviors.same();
        }
        replyTo.tell(new HttpStreams.Outcome.CursorOpened(cursor, id, nextSeq, context.getSelf()));
        timers.startSingleTimer(IdleTooLong.IDLE_TOO_LONG, settings.streamIdle());
        return in(new State.Reading(cursor, Optional.empty()));
    }

    private Behavior<Command> onCursorBegun() {
        timers.cancel(IdleTooLong.IDLE_TOO_LONG);
        return Behaviors.same();
    }

    private Behavior<Command> onCursorRead(State state) {
        if (!(state instanceof State.Reading)) {
            return Behaviors.unhandled();
        }
        context.pipeToSelf(
                stream.run(List.of(SqlRequest.Autocommit.AUTOCOMMIT), false),
                (responses, failure) -> failure == null ? new Ran(responses) : new Failed(failure));
        return Behaviors.same();
    }

    private Behavior<Command> onFailed(State state, Throwable failure) {
        var outcome = new HttpStreams.Outcome.Failed(failure);
        switch (state) {
            case State.Running(var plan, var replyTo) -> replyTo.tell(outcome);
            case State.Opening(var replyTo) -> replyTo.tell(outcome);
            case State.Reading(var cursor, var waiting) ->
                waiting.ifPresent(request -> request.replyTo().tell(outcome));
            case State.Idle idle -> {}
            case State.Retired retired -> {}
        }
        return retire(HttpStreams.Ending.CLOSED);
    }

    private Behavior<Command> idle() {
        timers.startSingleTimer(IdleTooLong.IDLE_TOO_LONG, settings.streamIdle());
        return in(new State.Idle());
    }

    private Behavior<Command> onIdleTooLong(State state) {
        if (state instanceof State.Reading(var cursor, var waiting)) {
            cursor.close();
            waiting.ifPresent(this::refuseUsed);
            return retire(HttpStreams.Ending.EXPIRED);
        }
        if (!(state instanceof State.Idle)) {
            return Behaviors.same();
        }
        var isHarmless = isAutocommit && !hasTraces && stored.isEmpty();
        context.getLog().debug("stream expired harmless={}", isHarmless);
        return retire(isHarmless ? HttpStreams.Ending.EXPIRED_HARMLESS : HttpStreams.Ending.EXPIRED);
    }

    private Behavior<Command> retire(HttpStreams.Ending ending) {
        stream.close();
        parent.tell(new HttpStreams.Retired(id, nextSeq, ending));
        return in(new State.Retired());
    }
}
