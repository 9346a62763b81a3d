package io.merklite.node.hrana;

import io.merklite.cluster.sql.SqlStream;
import io.merklite.cluster.sql.StreamOptions;
import io.merklite.sync.vector.VersionVector;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * A stream of a WebSocket: its requests run strictly in order, one at a time.
 *
 * <p><b>Invariants.</b> (1) While a request runs, or a cursor is open, nothing else begins. (2) A stream has one cursor at most, waiting
 * to be opened or open.
 *
 * <p><b>Threading.</b> Confined to its connection.
 */
final class SocketStream {
    /** What waits for its turn. */
    private sealed interface Item {
        record Run(Conversation.Ticket ticket, Plan plan) implements Item {}

        record Open(SocketCursor cursor, HranaBatch batch) implements Item {}

        record Close(Conversation.Ticket ticket) implements Item {}
    }

    private final SqlStream sql;
    private final StreamOptions options;
    private final Conversation.Peer peer;
    private final StoredSql stored;
    private final Queue<Item> waiting = new ArrayDeque<>();
    private boolean isBusy;
    private boolean isEnded;
    private @Nullable SocketCursor cursor;

    SocketStream(SqlStream sql, StreamOptions options, Conversation.Peer peer, StoredSql stored) {
        this.sql = sql;
        this.options = options;
        this.peer = peer;
        this.stored = stored;
    }

    boolean isReadOnly() {
        return options.isReadOnly();
    }

    /** Runs what was asked for when its turn comes. Texts are looked up now: they may be closed by then. */
    void run(Conversation.Ticket ticket, StreamRequest request) {
        waiting.add(new Item.Run(ticket, Plan.of(List.of(request), stored)));
        proceed();
    }

    /** Opens a cursor when its turn comes. */
    void open(SocketCursor opened, HranaBatch batch) {
        if (cursor != null) {
            throw new HranaException.Violated("a second cursor on a stream");
        }
        cursor = opened;
        waiting.add(new Item.Open(opened, batch));
        proceed();
    }

    /** Closes the stream when its turn comes; an open cursor at once, since nothing could come after it otherwise. */
    void close(Conversation.Ticket ticket) {
        waiting.add(new Item.Close(ticket));
        if (cursor != null) {
            cursor.close();
        }
        proceed();
    }

    /** Rolls back, whatever runs or waits; nothing is answered any more. */
    void abandon() {
        isEnded = true;
        waiting.clear();
        if (cursor != null) {
            cursor.abandon();
        }
        sql.close();
    }

    /** From the cursor: all of it was read, or it was closed. */
    void cursorEnded() {
        cursor = null;
        proceed();
    }

    /** Begins the next request, if it can. */
    void proceed() {
        while (!isBusy && !isEnded && !waiting.isEmpty() && !peer.isCongested() && !isCursorOpen()) {
            switch (waiting.remove()) {
                case Item.Run(var ticket, var plan) -> begin(ticket, plan);
                case Item.Open(var opened, var batch) -> begin(opened, batch);
                case Item.Close(var ticket) -> {
                    isEnded = true;
                    sql.close();
                    peer.answer(ticket, Answer.Done.CLOSE_STREAM);
                }
            }
        }
    }

    /** Whether a cursor was begun and not ended; one that still waits for its turn is not in the way of others. */
    private boolean isCursorOpen() {
        return cursor != null && cursor.isBegun();
    }

    /** Runs a request, and in the same go closes the stream if that is what comes next: so it need not be kept open. */
    private void begin(Conversation.Ticket ticket, Plan plan) {
        Optional<Conversation.Ticket> close = Optional.empty();
        if (waiting.peek() instanceof Item.Close(var closing)) {
            waiting.remove();
            close = Optional.of(closing);
        }
        var closed = close;
        isBusy = true;
        peer.await(sql.run(plan.sqlRequests(), closed.isPresent()), (responses, failure) -> {
            isBusy = false;
            peer.answer(
                    ticket,
                    responses == null
                            ? new Answer.Failed(Failures.error(Conversation.cause(failure)))
                            : plan.answers(responses).getFirst(),
                    bookmark());
            closed.ifPresent(closing -> {
                isEnded = true;
                peer.answer(closing, Answer.Done.CLOSE_STREAM);
            });
            proceed();
        });
    }

    /** It covers what the stream had to see, so a client may keep it instead of all before. */
    private VersionVector bookmark() {
        return options.after().map(sql.bookmark()::join).orElse(sql.bookmark());
    }

    private void begin(SocketCursor opened, HranaBatch batch) {
        opened.begin(sql, batch.resolve(stored));
    }
}
