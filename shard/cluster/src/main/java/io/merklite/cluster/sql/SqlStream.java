package io.merklite.cluster.sql;

import io.merklite.sync.vector.VersionVector;
import java.util.List;
import java.util.concurrent.CompletionStage;

/**
 * A client's conversation with one database: SQL in order, at most one transaction open. It behaves like a SQLite
 * connection of its own, wherever the database's writer is.
 *
 * <p><b>Threading.</b> Thread-safe, nothing blocks; requests run in the order of the calls. A stream costs nothing before
 * its first request, and nothing between requests while it is in autocommit.
 *
 * <p><b>Errors.</b> A statement that fails is an answer. A stage fails with a {@code
 * ClusterException}: no such database, no writer within reach, an outcome that can't be known, too
 * much at once.
 */
public interface SqlStream {
    /**
     * Runs requests in order, each also if one before it failed.
     *
     * @param isLast whether the stream ends with them: what is open then is rolled back
     * @return a response for each
     */
    CompletionStage<List<SqlResponse>> run(List<SqlRequest> requests, boolean isLast);

    /** Begins a batch whose rows are fetched piece by piece. The stream takes no other request until it is done or closed. */
    CompletionStage<SqlCursor> open(SqlRequest.Batch batch);

    /** What a read must see to see everything that this stream has been told so far; empty before the first answer. */
    VersionVector bookmark();

    /** Rolls back what is open. More than once does nothing. */
    CompletionStage<Void> close();
}
