package io.merklite.node.hrana;

import io.merklite.cluster.sql.SqlError;
import java.util.Optional;

/** What a node sends over a WebSocket. */
sealed interface ServerMessage {
    /** The client is known; always the first message. */
    enum HelloOk implements ServerMessage {
        HELLO_OK
    }

    /** The client's token is not good; nothing more is answered. */
    record HelloFailed(SqlError error) implements ServerMessage {}

    /**
     * The answer to the request with this id.
     *
     * @param bookmark of what its stream has written and read, for clients that know of bookmarks
     */
    record Answered(int requestId, Answer answer, Optional<String> bookmark) implements ServerMessage {}
}
