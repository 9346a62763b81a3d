package io.merklite.node.hrana;

import io.merklite.cluster.sql.CursorEntry;
import io.merklite.cluster.sql.SqlCursor;
import io.merklite.cluster.sql.SqlRequest;
import io.merklite.cluster.sql.SqlStream;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Queue;
import org.jspecify.annotations.Nullable;

/**
 * A cursor of a WebSocket: fetches are answered in order, one at a time. After its end each is answered with nothing.
 *
 * <p><b>Threading.</b> Confined to its connection.
 */
final class SocketCursor {
    private static final SqlCursor.Page END = new SqlCursor.Page(List.of(), true);
    private static final int MAX_COUNT = 10_000;

    private record Fetch(Conversation.Ticket ticket, int maxCount) {}

    private final SocketStream stream;
    private final Conversation.Peer peer;
    private final int pageSizeBytes;
    private final Queue<Fetch> waiting = new ArrayDeque<>();
    private @Nullable SqlCursor cursor;
    private boolean isBegun;
    private boolean isFetching;
    private boolean isEnded;

    SocketCursor(SocketStream stream, Conversation.Peer peer, int pageSizeBytes) {
        this.stream = stream;
        this.peer = peer;
        this.pageSizeBytes = pageSizeBytes;
    }

    /** Whether its batch was given to the database. */
    boolean isBegun() {
        return isBegun;
    }

    /** Gives the batch to the database: it is this cursor's turn on its stream. */
    void begin(SqlStream sql, SqlRequest.Batch batch) {
        if (isEnded) {
            return;
        }
        isBegun = true;
        peer.await(sql.open(batch), (opened, failure) -> {
            if (opened == null) {
                failed(Conversation.cause(failure));
            } else if (isEnded) {
                opened.close();
            } else {
                cursor = opened;
                proceed();
            }
        });
    }

    void fetch(Conversation.Ticket ticket, long maxCount) {
        waiting.add(new Fetch(ticket, (int) Math.min(maxCount, MAX_COUNT)));
        proceed();
    }

    /** Ends the batch, wherever it is. */
    void close() {
        var wasEnded = isEnded;
        abandon();
        proceed();
        if (!wasEnded) {
            stream.cursorEnded();
        }
    }

    /** The same, and nothing is answered any more. */
    void abandon() {
        isEnded = true;
        if (cursor != null) {
            cursor.close();
        }
    }

    /** Begins the next fetch, if it can. */
    void proceed() {
        while (!waiting.isEmpty() && !isFetching && !peer.isCongested()) {
            if (isEnded) {
                peer.answer(waiting.remove().ticket(), new Answer.Fetched(END));
            } else if (waiting.peek().maxCount() == 0) {
                peer.answer(waiting.remove().ticket(), new Answer.Fetched(new SqlCursor.Page(List.of(), false)));
            } else if (cursor == null) {
                return;
            } else {
                fetch(cursor, waiting.remove());
            }
        }
    }

    private void fetch(SqlCursor from, Fetch fetch) {
        isFetching = true;
        peer.await(from.fetch(fetch.maxCount(), pageSizeBytes), (page, failure) -> {
            isFetching = false;
            var given = page == null ? failurePage(Conversation.cause(failure)) : page;
            peer.answer(fetch.ticket(), new Answer.Fetched(given));
            if (given.isDone() && !isEnded) {
                isEnded = true;
                stream.cursorEnded();
            }
            proceed();
        });
    }

    /** The batch could not begin: the first fetch learns why. */
    private void failed(Throwable failure) {
        if (isEnded) {
            return;
        }
        isEnded = true;
        if (!waiting.isEmpty()) {
            peer.answer(waiting.remove().ticket(), new Answer.Fetched(failurePage(failure)));
        }
        stream.cursorEnded();
        proceed();
    }

    private static SqlCursor.Page failurePage(Throwable failure) {
        return new SqlCursor.Page(List.of(new CursorEntry.Failed(Failures.error(failure))), true);
    }
}
