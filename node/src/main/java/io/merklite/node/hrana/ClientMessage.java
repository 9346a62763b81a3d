package io.merklite.node.hrana;

import java.util.Optional;

/** What a client sends over a WebSocket. */
sealed interface ClientMessage {
    /** Who the client is; its first message, and again when its token changes. */
    record Hello(Optional<String> token) implements ClientMessage {}

    /** Ask something; answered under the same id. */
    record Request(int requestId, Ask ask) implements ClientMessage {}

    /** What is asked. */
    sealed interface Ask {
        /** Open a stream under an id of the client's. */
        record OpenStream(int streamId) implements Ask {}

        /** Close a stream, and roll back what is open on it. */
        record CloseStream(int streamId) implements Ask {}

        /** Something of a stream. */
        record OfStream(int streamId, StreamRequest request) implements Ask {}

        /** Keep a text under an id, for all streams of the connection. */
        record StoreSql(StreamRequest.StoreSql request) implements Ask {}

        /** Forget a text. */
        record CloseSql(StreamRequest.CloseSql request) implements Ask {}

        /** Begin a batch whose results are fetched piece by piece. */
        record OpenCursor(int streamId, int cursorId, HranaBatch batch) implements Ask {}

        /** Fetch up to so many entries. */
        record FetchCursor(int cursorId, long maxCount) implements Ask {}

        /** End a batch, wherever it is. */
        record CloseCursor(int cursorId) implements Ask {}

        /** The first version of the protocol that has it. */
        default int since() {
            return switch (this) {
                case OpenStream open -> 1;
                case CloseStream close -> 1;
                case OfStream of -> of.request().since();
                case StoreSql store -> store.request().since();
                case CloseSql close -> close.request().since();
                case OpenCursor open -> 3;
                case FetchCursor fetch -> 3;
                case CloseCursor close -> 3;
            };
        }
    }
}
