package io.merklite.node.hrana;

import io.merklite.cluster.sql.CursorEntry;
import java.util.List;
import java.util.Optional;
import org.apache.pekko.http.javadsl.model.ContentType;
import org.apache.pekko.util.ByteString;

/**
 * Writes what clients read. An answer larger than its limit becomes an error with the code {@code RESPONSE_TOO_LARGE}.
 * Thread-safe.
 */
sealed interface AnswerEncoder permits JsonAnswers, ProtobufAnswers {
    /** What comes before the results of a request over HTTP. */
    record Head(Optional<String> baton, Optional<String> baseUrl) {}

    /** Of the answer to a pipeline. */
    ContentType pipelineType();

    /** Of the answer to a cursor. */
    ContentType cursorType();

    /** The answer to a pipeline. */
    ByteString pipeline(Head head, List<Answer> answers);

    /** How the answer to a cursor begins. */
    ByteString cursorHead(Head head);

    /** A piece of the answer to a cursor. */
    ByteString cursorEntries(List<CursorEntry> entries);

    /** A message of a WebSocket. */
    ByteString message(ServerMessage message);

    /** The answer that takes the place of one over the limit. */
    static Answer.Failed tooLarge(int maxSizeBytes) {
        return Answer.Failed.of(
                "RESPONSE_TOO_LARGE",
                "a result may have " + maxSizeBytes + " bytes: ask for fewer rows at a time, or use a cursor");
    }
}
