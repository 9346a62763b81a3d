package io.merklite.node.hrana;

import io.merklite.cluster.Databases;
import io.merklite.cluster.sql.SqlError;
import io.merklite.node.http.Access;
import io.merklite.sync.vector.VersionVector;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Hrana on one WebSocket: who the client is, its streams, its cursors, its stored texts.
 *
 * <p><b>Invariants.</b> (1) {@code hello_ok} is the first message. (2) Every request is answered once, or the connection is closed. (3)
 * Requests of one stream run in order, those of different streams at the same time.
 *
 * <p><b>Threading.</b> Confined to its connection: callbacks of {@link Peer#await} run there too.
 */
final class Conversation {
    /** The other end of the connection. */
    interface Peer {
        /** Counts a request that now waits for its answer. */
        void admit(Ticket ticket);

        /**
         * Sends the answer to a request, which with that no longer waits.
         *
         * @param bookmark of what its stream has written and read; empty if that is not known
         */
        void answer(Ticket ticket, Answer answer, VersionVector bookmark);

        /** Sends the answer to a request of which no bookmark is known. */
        default void answer(Ticket ticket, Answer answer) {
            answer(ticket, answer, VersionVector.EMPTY);
        }

        void send(ServerMessage message);

        /** Sends a closing frame; what comes after is not looked at. */
        void close(int code, String reason);

        /** Closes the connection at a moment, in the place of the one that was set before. */
        void closeAt(Optional<Instant> moment);

        /** Whether more is waiting to be sent than should: then nothing new begins until {@link Conversation#proceed}. */
        boolean isCongested();

        /** Calls back with a value or a failure, when there is one. */
        <T> void await(CompletionStage<T> stage, BiConsumer<@Nullable T, @Nullable Throwable> then);
    }

    /**
     * A request that waits for its answer.
     *
     * @param requestId of the client's
     * @param sizeBytes of its message
     * @param begun when it came
     */
    record Ticket(int requestId, int sizeBytes, Instant begun) {}

    private final Targets.SocketTarget target;
    private final int version;
    private final RequestDecoder decoder;
    private final Databases databases;
    private final Access access;
    private final HranaSettings settings;
    private final InstantSource clock;
    private final HranaMetrics metrics;
    private final Peer peer;
    private final StoredSql stored;

    /** Streams by the client's ids; one that could not be opened is none. */
    private final Map<Integer, Optional<SocketStream>> streams = new HashMap<>();

    private final Map<Integer, Optional<SocketCursor>> cursors = new HashMap<>();
    private Optional<Access.Right> right = Optional.empty();

    Conversation(
            Targets.SocketTarget target,
            int version,
            RequestDecoder decoder,
            Databases databases,
            Access access,
            HranaSettings settings,
            InstantSource clock,
            HranaMetrics metrics,
            Peer peer) {
        this.target = target;
        this.version = version;
        this.decoder = decoder;
        this.databases = databases;
        this.access = access;
        this.settings = settings;
        this.clock = clock;
        this.metrics = metrics;
        this.peer = peer;
        this.stored = new StoredSql(settings.storedTextsPerSocket(), settings.maxStoredTextSizeBytes());
        metrics.sockets(1);
    }

    /** How many streams are open. */
    int streamCount() {
        return streams.size();
    }

    /** Takes a message, or throws {@link HranaException} if it violates the protocol: then the connection must be closed. */
    void receive(byte[] payload) {
        switch (decoder.message(payload)) {
            case ClientMessage.Hello(var token) -> onHello(token);
            case ClientMessage.Request(var requestId, var ask) -> {
                if (right.isEmpty()) {
                    throw new HranaException.Violated("a request comes before hello");
                }
                if (ask.since() > version) {
                    throw new HranaException.Violated("a request of version " + ask.since() + " in version " + version);
                }
                var ticket = new Ticket(requestId, payload.length, clock.instant());
                peer.admit(ticket);
                onRequest(ticket, ask);
            }
        }
    }

    /** Goes on with what waits, after there was too much to be sent. */
    void proceed() {
        streams.values().forEach(stream -> stream.ifPresent(SocketStream::proceed));
        cursors.values().forEach(cursor -> cursor.ifPresent(SocketCursor::proceed));
    }

    /** Rolls back all that is open: the connection has ended. */
    void end() {
        streams.values()
                .forEach(stream -> stream.ifPresent(open -> {
                    open.abandon();
                    metrics.streams(HranaMetrics.Transport.WEBSOCKET, -1);
                }));
        streams.clear();
        cursors.clear();
        metrics.sockets(-1);
    }

    /** From the connection: what this request was answered with. */
    void answered(Ticket ticket, Answer answer) {
        metrics.told(List.of(answer));
        metrics.answered(
                HranaMetrics.Transport.WEBSOCKET,
                answer instanceof Answer.Failed ? HranaMetrics.Outcome.REFUSED : HranaMetrics.Outcome.ANSWERED,
                Duration.between(ticket.begun(), clock.instant()));
    }

    /** The failure of a stage that has no value. */
    static Throwable cause(@Nullable Throwable failure) {
        return failure == null ? new IllegalStateException("a stage ended without value and failure") : failure;
    }

    private void onHello(Optional<String> token) {
        if (right.isPresent() && version < 2) {
            throw new HranaException.Violated("a second hello, in version 1");
        }
        switch (access.authorize(token.filter(text -> !text.isEmpty()), target.database(), Access.Right.READ)) {
            case Access.Decision.Allowed(var given, var expiresAt) -> {
                right = Optional.of(given);
                peer.closeAt(expiresAt);
                peer.send(ServerMessage.HelloOk.HELLO_OK);
            }
            case Access.Decision.Unauthenticated(var code, var message) -> refuse(new SqlError(code, message));
            case Access.Decision.Forbidden(var message) -> refuse(new SqlError("ACCESS_DENIED", message));
        }
    }

    private void refuse(SqlError error) {
        right = Optional.empty();
        peer.send(new ServerMessage.HelloFailed(error));
        peer.close(1008, error.message());
    }

    private void onRequest(Ticket ticket, ClientMessage.Ask ask) {
        switch (ask) {
            case ClientMessage.Ask.OpenStream(var id) -> onOpenStream(ticket, id);
            case ClientMessage.Ask.CloseStream(var id) -> onCloseStream(ticket, id);
            case ClientMessage.Ask.OfStream(var id, var request) -> onStreamRequest(ticket, id, request);
            case ClientMessage.Ask.StoreSql(var request) -> peer.answer(ticket, stored.store(request));
            case ClientMessage.Ask.CloseSql(var request) -> peer.answer(ticket, stored.close(request));
            case ClientMessage.Ask.OpenCursor(var streamId, var id, var batch) ->
                onOpenCursor(ticket, streamId, id, batch);
            case ClientMessage.Ask.FetchCursor(var id, var maxCount) -> onFetchCursor(ticket, id, maxCount);
            case ClientMessage.Ask.CloseCursor(var id) -> onCloseCursor(ticket, id);
        }
    }

    private void onOpenStream(Ticket ticket, int id) {
        if (streams.containsKey(id)) {
            throw new HranaException.Violated("stream " + id + " is open already");
        }
        // Those that could not be opened are kept by their ids, until their clients close them.
        if (streams.size() >= 2 * settings.maxStreamsPerSocket()) {
            throw new HranaException.Violated("more than " + streams.size() + " streams that were not closed");
        }
        if (streams.size() >= settings.maxStreamsPerSocket()) {
            streams.put(id, Optional.empty());
            peer.answer(
                    ticket,
                    Answer.Failed.of(
                            "TOO_MANY_STREAMS",
                            "a connection may have " + settings.maxStreamsPerSocket()
                                    + " streams: close those not needed any more"));
            return;
        }
        var options = isReadOnly() ? target.options().readOnly() : target.options();
        streams.put(
                id, Optional.of(new SocketStream(databases.stream(target.database(), options), options, peer, stored)));
        metrics.streams(HranaMetrics.Transport.WEBSOCKET, 1);
        peer.answer(ticket, Answer.Done.OPEN_STREAM);
    }

    private void onCloseStream(Ticket ticket, int id) {
        var stream = stream(id);
        streams.remove(id);
        stream.ifPresent(open -> metrics.streams(HranaMetrics.Transport.WEBSOCKET, -1));
        stream.ifPresentOrElse(open -> open.close(ticket), () -> peer.answer(ticket, Answer.Done.CLOSE_STREAM));
    }

    private void onStreamRequest(Ticket ticket, int id, StreamRequest request) {
        usable(ticket, id).ifPresent(stream -> stream.run(ticket, request));
    }

    private void onOpenCursor(Ticket ticket, int streamId, int id, HranaBatch batch) {
        if (cursors.containsKey(id)) {
            throw new HranaException.Violated("cursor " + id + " is open already");
        }
        // A stream has one at most; one that was read and never closed is kept by its id alone.
        if (cursors.size() >= 2 * settings.maxStreamsPerSocket()) {
            throw new HranaException.Violated("more than " + cursors.size() + " cursors that were not closed");
        }
        cursors.put(id, Optional.empty());
        usable(ticket, streamId).ifPresent(stream -> {
            var cursor = new SocketCursor(stream, peer, settings.cursorPageSizeBytes());
            stream.open(cursor, batch);
            cursors.put(id, Optional.of(cursor));
            peer.answer(ticket, Answer.Done.OPEN_CURSOR);
        });
    }

    private void onFetchCursor(Ticket ticket, int id, long maxCount) {
        cursor(id)
                .ifPresentOrElse(
                        cursor -> cursor.fetch(ticket, maxCount),
                        () -> peer.answer(
                                ticket,
                                Answer.Failed.of(
                                        "CURSOR_NOT_OPEN",
                                        "cursor " + id + " could not be opened: close it, and open another")));
    }

    private void onCloseCursor(Ticket ticket, int id) {
        var cursor = cursor(id);
        cursors.remove(id);
        cursor.ifPresent(SocketCursor::close);
        peer.answer(ticket, Answer.Done.CLOSE_CURSOR);
    }

    /** The stream with this id, if it can take requests; otherwise the request is answered with why not. */
    private Optional<SocketStream> usable(Ticket ticket, int id) {
        var stream = stream(id);
        if (stream.isEmpty()) {
            peer.answer(
                    ticket,
                    Answer.Failed.of(
                            "STREAM_NOT_OPEN", "stream " + id + " could not be opened: close it, and open another"));
        } else if (isReadOnly() && !stream.get().isReadOnly()) {
            peer.answer(
                    ticket,
                    Answer.Failed.of(
                            "ACCESS_DENIED",
                            "the token now allows reading only, and the stream may write: open another"));
            return Optional.empty();
        }
        return stream;
    }

    private boolean isReadOnly() {
        return right.filter(given -> given != Access.Right.READ).isEmpty();
    }

    private Optional<SocketStream> stream(int id) {
        var stream = streams.get(id);
        if (stream == null) {
            throw new HranaException.Violated("stream " + id + " is unknown");
        }
        return stream;
    }

    private Optional<SocketCursor> cursor(int id) {
        var cursor = cursors.get(id);
        if (cursor == null) {
            throw new HranaException.Violated("cursor " + id + " is unknown");
        }
        return cursor;
    }
}
