package io.merklite.node.hrana;

import java.util.List;
import java.util.Optional;

/**
 * Reads what clients send. Each method takes one whole message, and either returns it or throws {@link
 * HranaException.Malformed}, whatever the bytes are. Thread-safe.
 */
sealed interface RequestDecoder permits JsonRequests, ProtobufRequests {
    /** Requests for a stream: the one of the baton, or a new one. */
    record Pipeline(Optional<String> baton, List<StreamRequest> requests) {
        public Pipeline {
            requests = List.copyOf(requests);
        }
    }

    /** A batch whose results are streamed. */
    record Cursor(Optional<String> baton, HranaBatch batch) {}

    /** The body of a request to a {@code pipeline}. */
    Pipeline pipeline(byte[] body);

    /** The body of a request to a {@code cursor}. */
    Cursor cursor(byte[] body);

    /** A message of a WebSocket. */
    ClientMessage message(byte[] payload);
}
