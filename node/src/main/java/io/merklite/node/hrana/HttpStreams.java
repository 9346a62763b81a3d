package io.merklite.node.hrana;

import io.merklite.cluster.Databases;
import io.merklite.cluster.sql.RequestKey;
import io.merklite.cluster.sql.SqlCursor;
import io.merklite.cluster.sql.StreamOptions;
import io.merklite.node.http.Refusal;
import io.merklite.sync.vector.VersionVector;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/**
 * All streams over HTTP that are open on this node, and those that ended lately.
 *
 * <p>A client that holds its baton too long should learn why it is refused, and one that left nothing behind need not be refused
 * at all: clients that keep a stream for as long as they live would fail after each pause. So how a stream ended is
 * remembered for {@code merklite.hrana.expired-retain}, and a stream that expired outside of a transaction, with nothing on its
 * connection that a fresh one does not have, goes on under its old id.
 *
 * <p><b>Invariants.</b> (1) An id is open, or remembered as ended, or neither; never both. (2) {@code openPerDatabase} counts
 * {@code open}.
 */
final class HttpStreams {
    static final Refusal BATON_USED = new Refusal(
            400, "BATON_INVALID", "this baton has already been used: go on with the one of the last answer");
    private static final Refusal CLOSED =
            new Refusal(400, "BATON_INVALID", "the stream of this baton was closed: open another");
    private static final Refusal EXPIRED = new Refusal(
            400,
            "STREAM_EXPIRED",
            "the stream has expired, since it was idle for too long; what was open on it is rolled back: open another");
    private static final int MAX_REMEMBERED = 100_000;

    sealed interface Command {}

    /** From an endpoint: a request without a baton. Answered by an {@link Outcome}. */
    record Open(String database, StreamOptions options, Work work, long newId, ActorRef<Outcome> replyTo)
            implements Command {}

    /** From an endpoint: a request with a baton, and from a stream that retired before it came. Answered by an {@link Outcome}. */
    record Continue(String database, StreamOptions options, Work work, Batons.Claim claim, ActorRef<Outcome> replyTo)
            implements Command {}

    /** From a stream: it has ended. */
    record Retired(long id, long nextSeq, Ending ending) implements Command {}

    /** How a stream ended. */
    enum Ending {
        /** By its client, or by a failure that its client knows of. */
        CLOSED,
        /** By time, with something lost. */
        EXPIRED,
        /** By time, with nothing lost. */
        EXPIRED_HARMLESS
    }

    /** What a request wants of a stream. */
    sealed interface Work {
        record Pipeline(List<StreamRequest> requests, Optional<RequestKey> key) implements Work {
            public Pipeline {
                requests = List.copyOf(requests);
            }
        }

        record Cursor(HranaBatch batch) implements Work {}
    }

    sealed interface Outcome {
        /**
         * The requests ran.
         *
         * @param answers one for each request
         * @param id of the stream
         * @param nextSeq of the next request; none if the stream was closed
         * @param bookmark of all that the stream has written and read
         */
        record Answered(List<Answer> answers, long id, OptionalLong nextSeq, VersionVector bookmark)
                implements Outcome {
            public Answered {
                answers = List.copyOf(answers);
            }
        }

        /** A cursor is open; {@code owner} must be told when it was read. */
        record CursorOpened(SqlCursor cursor, long id, long nextSeq, ActorRef<HttpStream.Command> owner)
                implements Outcome {}

        /** The request was not run. */
        record Refused(Refusal refusal) implements Outcome {}

        /** The stream failed, and is gone. */
        record Failed(Throwable failure) implements Outcome {}
    }

    private record Entry(String database, ActorRef<HttpStream.Command> owner) {}

    private record Ended(Ending ending, long nextSeq, Instant at) {}

    private final ActorContext<Command> context;
    private final Databases databases;
    private final HranaSettings settings;
    private final InstantSource clock;
    private final HranaMetrics metrics;
    private final Map<Long, Entry> open = new HashMap<>();
    private final Map<String, Integer> openPerDatabase = new HashMap<>();
    private final LinkedHashMap<Long, Ended> ended = new LinkedHashMap<>();

    private HttpStreams(
            ActorContext<Command> context,
            Databases databases,
            HranaSettings settings,
            InstantSource clock,
            HranaMetrics metrics) {
        this.context = context;
        this.databases = databases;
        this.settings = settings;
        this.clock = clock;
        this.metrics = metrics;
    }

    static Behavior<Command> create(
            Databases databases, HranaSettings settings, InstantSource clock, HranaMetrics metrics) {
        return Behaviors.setup(context -> new HttpStreams(context, databases, settings, clock, metrics).ready());
    }

    private Behavior<Command> ready() {
        return Behaviors.receive(Command.class)
                .onMessage(Command.class, command -> switch (command) {
                    case Open request -> onOpen(request);
                    case Continue request -> onContinue(request);
                    case Retired retired -> onRetired(retired);
                })
                .build();
    }

    private Behavior<Command> onOpen(Open request) {
        start(new Continue(
                request.database(),
                request.options(),
                request.work(),
                new Batons.Claim(request.newId(), 1),
                request.replyTo()));
        return Behaviors.same();
    }

    private Behavior<Command> onContinue(Continue request) {
        var id = request.claim().streamId();
        var entry = open.get(id);
        if (entry != null) {
            entry.owner().tell(new HttpStream.Work(request));
            return Behaviors.same();
        }
        var end = ended.get(id);
        if (end == null) {
            refuse(request, EXPIRED); // the baton is ours, so there was a stream
        } else if (end.ending() == Ending.CLOSED) {
            refuse(request, CLOSED);
        } else if (end.nextSeq() != request.claim().seq()) {
            refuse(request, BATON_USED);
        } else if (end.ending() == Ending.EXPIRED) {
            refuse(request, EXPIRED);
        } else {
            start(request);
        }
        return Behaviors.same();
    }

    private void start(Continue request) {
        var inDatabase = openPerDatabase.getOrDefault(request.database(), 0);
        if (open.size() >= settings.maxStreams() || inDatabase >= settings.maxStreamsPerDatabase()) {
            refuse(
                    request,
                    new Refusal(
                            429,
                            "TOO_MANY_STREAMS",
                            "too many streams are open: close those not needed any more, and try again"));
            return;
        }
        var id = request.claim().streamId();
        ended.remove(id);
        var stream = databases.stream(request.database(), request.options());
        var owner = context.spawnAnonymous(HttpStream.create(context.getSelf(), request, stream, settings));
        open.put(id, new Entry(request.database(), owner));
        openPerDatabase.merge(request.database(), 1, Integer::sum);
        metrics.streams(HranaMetrics.Transport.HTTP, 1);
    }

    private Behavior<Command> onRetired(Retired retired) {
        var entry = open.remove(retired.id());
        if (entry != null) {
            metrics.streams(HranaMetrics.Transport.HTTP, -1);
            openPerDatabase.computeIfPresent(entry.database(), (name, count) -> count == 1 ? null : count - 1);
            remember(retired);
            entry.owner().tell(HttpStream.Stop.STOP);
        }
        return Behaviors.same();
    }

    private void remember(Retired retired) {
        var now = clock.instant();
        ended.put(retired.id(), new Ended(retired.ending(), retired.nextSeq(), now));
        var oldest = ended.values().iterator();
        while (oldest.hasNext()) {
            var at = oldest.next().at();
            if (ended.size() <= MAX_REMEMBERED
                    && at.plus(settings.expiredRetain()).isAfter(now)) {
                return;
            }
            oldest.remove();
        }
    }

    private static void refuse(Continue request, Refusal refusal) {
        request.replyTo().tell(new Outcome.Refused(refusal));
    }
}
