package io.merklite.client.hrana;

import io.merklite.client.ClientException;
import io.merklite.client.ClientException.Malformed;
import io.merklite.client.ClientException.OutcomeUnknown;
import io.merklite.client.ClientException.Refused;
import io.merklite.client.ClientException.TransactionLost;
import io.merklite.client.ClientException.Unreachable;
import io.merklite.client.hrana.StreamRequest.Batch;
import io.merklite.client.hrana.StreamRequest.Close;
import io.merklite.client.http.Failures;
import io.merklite.client.http.KnownEndpoint;
import io.merklite.client.http.NodeHttp;
import io.merklite.client.http.NodeReply;
import io.merklite.client.http.NodeRequest;
import io.merklite.client.http.Safety;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.function.Function;

/**
 * Internal: a conversation with one connection of one node.
 *
 * <p><b>Invariants.</b> (1) A baton is used once, at the endpoint that gave it. (2) When the node no longer knows the
 * stream, or its answer is lost, the stream is over: what was not committed is undone.
 *
 * <p><b>Threading.</b> One request at a time: the next begins when the stage of the last one is complete.
 */
public final class SqlStream {
    private final NodeHttp http;
    private volatile State state = new Fresh();

    private sealed interface State {}

    /** Nothing was asked yet, or the last request ended it: any node will do. */
    private record Fresh() implements State {}

    /** The node keeps a connection for it. */
    private record Open(String baton, KnownEndpoint endpoint) implements State {}

    /** It was lost. */
    private record Over(ClientException why) implements State {}

    /** What a request may do to the database if its answer is lost. */
    public enum Effect {
        /** Nothing: it only reads. */
        NONE,
        /** It changes what is undone if no COMMIT follows. */
        UNCOMMITTED,
        /** At most one transaction of it commits. */
        COMMITS_ONCE,
        /** Several transactions of it may commit. */
        COMMITS_SEVERAL
    }

    public SqlStream(NodeHttp http) {
        this.http = http;
    }

    /** Whether the node keeps a connection for it. */
    public boolean isOpen() {
        return state instanceof Open;
    }

    /**
     * Runs requests in order, each also if one before it failed.
     *
     * @param effect what they may do
     * @return an answer for each; fails with {@link TransactionLost} if the stream is over, with {@link OutcomeUnknown} if
     *     something may have been committed
     */
    public CompletableFuture<List<StreamAnswer>> run(List<StreamRequest> requests, Effect effect) {
        var before = state;
        if (before instanceof Over over) {
            return CompletableFuture.failedFuture(again(over));
        }
        var isLast = requests.getLast() == Close.CLOSE;
        var request = NodeRequest.post(
                        http.databasePath() + "v3/pipeline",
                        RequestJson.pipeline(baton(before), requests),
                        safety(before, effect))
                .at(endpoint(before));
        var sent = http.send(request);
        var answered = sent.handle((reply, failure) -> {
            if (failure != null) {
                throw fail(before, effect, failure);
            }
            var pipeline = decode(before, effect, reply, requests);
            state = pipeline.baton()
                    .<State>map(baton -> new Open(baton, reply.endpoint()))
                    .orElseGet(Fresh::new);
            if (pipeline.baton().isEmpty() && !isLast) {
                throw over(new TransactionLost("the node ended the stream"));
            }
            return pipeline.answers();
        });
        return cancelling(answered, sent, before instanceof Open || !isLast);
    }

    private AnswerJson.Pipeline decode(
            State before, Effect effect, NodeReply<byte[]> reply, List<StreamRequest> requests) {
        try {
            return AnswerJson.pipeline(reply.body(), requests);
        } catch (Malformed e) {
            throw fail(before, effect, e);
        }
    }

    /**
     * Begins a batch whose entries are read while they come. The stream may be used again once they have been read to the
     * end; otherwise it is over.
     */
    public CompletableFuture<CursorReader> open(Batch batch, Effect effect) {
        return send(
                batch,
                effect,
                BodyHandlers.ofInputStream(),
                reply -> new CursorReader(reply.body(), head -> begun(head, reply.endpoint())));
    }

    /** The same with the lines as they come. {@link #begun} must be told of the first. */
    CompletableFuture<NodeReply<Flow.Publisher<List<ByteBuffer>>>> openLines(Batch batch, Effect effect) {
        return send(batch, effect, BodyHandlers.ofPublisher(), reply -> reply);
    }

    /** The first line of a cursor has come. */
    void begun(CursorEntry.Head head, KnownEndpoint endpoint) {
        state = head.baton().<State>map(baton -> new Open(baton, endpoint)).orElseGet(Fresh::new);
    }

    private <T, R> CompletableFuture<R> send(
            Batch batch, Effect effect, BodyHandler<T> handler, Function<NodeReply<T>, R> reading) {
        var before = state;
        if (before instanceof Over over) {
            return CompletableFuture.failedFuture(again(over));
        }
        var request = NodeRequest.post(
                        http.databasePath() + "v3/cursor",
                        RequestJson.cursor(baton(before), batch),
                        cursorSafety(before, effect))
                .streamed()
                .at(endpoint(before));
        var sent = http.send(request, handler);
        var answered = sent.handle((reply, failure) -> {
            if (failure != null) {
                throw fail(before, effect, failure);
            }
            return reading.apply(reply);
        });
        return cancelling(answered, sent, before instanceof Open);
    }

    /** A cursor was given up before its end: the node ends the stream. */
    public void abandon() {
        state = new Over(new TransactionLost("a result was closed before its end, inside a transaction"));
    }

    /** Ends it at the node, if it is open there, and rolls back what is open; any later request fails. */
    public CompletableFuture<Void> close() {
        if (!(state instanceof Open)) {
            state = new Over(new TransactionLost("the stream is closed"));
            return CompletableFuture.completedFuture(null);
        }
        return run(List.of(Close.CLOSE), Effect.UNCOMMITTED).handle((answers, failure) -> {
            // A close that is lost is made up for by the node, which ends a stream that is silent.
            state = new Over(new TransactionLost("the stream is closed"));
            return null;
        });
    }

    private static Optional<String> baton(State state) {
        return state instanceof Open open ? Optional.of(open.baton()) : Optional.empty();
    }

    private static Optional<KnownEndpoint> endpoint(State state) {
        return state instanceof Open open ? Optional.of(open.endpoint()) : Optional.empty();
    }

    /** What has a baton can't be sent twice, but for a COMMIT with a key: its answer is looked up before the baton is. */
    private static Safety safety(State before, Effect effect) {
        return switch (effect) {
            case COMMITS_ONCE -> Safety.KEYED;
            case COMMITS_SEVERAL -> Safety.ONCE;
            case NONE, UNCOMMITTED -> before instanceof Open ? Safety.ONCE : Safety.REPEATABLE;
        };
    }

    /** What a cursor has committed is not recorded under a key: its rows are not kept. */
    private static Safety cursorSafety(State before, Effect effect) {
        return effect == Effect.COMMITS_ONCE ? Safety.ONCE : safety(before, effect);
    }

    private ClientException fail(State before, Effect effect, Throwable failure) {
        var cause = Failures.cause(failure);
        var mayHaveCommitted = effect == Effect.COMMITS_ONCE || effect == Effect.COMMITS_SEVERAL;
        return switch (cause) {
            case Refused refused
            when before instanceof Open -> over(new TransactionLost("the node no longer knows the stream", refused));
            case Refused refused -> refused;
            case OutcomeUnknown unknown when mayHaveCommitted -> over(unknown);
            case Unreachable unreachable when !(before instanceof Open) -> unreachable;
            case Malformed malformed -> over(malformed);
            case ClientException other -> over(new TransactionLost("the node was lost", other));
            default ->
                over(
                        mayHaveCommitted
                                ? new OutcomeUnknown("a request was given up", cause)
                                : new TransactionLost("a request was given up", cause));
        };
    }

    private ClientException over(ClientException why) {
        state = new Over(why);
        return why;
    }

    private static ClientException again(Over over) {
        return new TransactionLost("the stream is over", over.why());
    }

    /** Giving up the second gives up the first. */
    private <T> CompletableFuture<T> cancelling(
            CompletableFuture<T> answered, CompletableFuture<?> sent, boolean losesStream) {
        var unused = answered.whenComplete((answer, failure) -> {
            if (answered.isCancelled()) {
                sent.cancel(true);
                if (losesStream) {
                    state = new Over(new TransactionLost("a request was cancelled"));
                }
            }
        });
        return answered;
    }
}
