package io.merklite.cluster.sql;

import io.merklite.sync.vector.VersionVector;
import java.util.List;
import java.util.Optional;
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

    /**
     * As {@link #run}, and applied once, however often it comes under this key: a request that was applied is answered as it was
     * then, one that is under way is waited for. What was answered is kept for {@link
     * io.merklite.sync.store.RequestLedger#KEPT_FOR}, wherever the writer moves.
     *
     * @param requests of which at most one transaction commits
     */
    CompletionStage<List<SqlResponse>> runOnce(RequestKey key, List<SqlRequest> requests, boolean isLast);

    /** What a request was answered that was applied under this key. None if it was not; then it will not be, any more. */
    CompletionStage<Optional<List<SqlResponse>>> recall(RequestKey key);

    /** Begins a batch whose rows are fetched piece by piece. The stream takes no other request until it is done or closed. */
    CompletionStage<SqlCursor> open(SqlRequest.Batch batch);

    /** What a read must see to see everything that this stream has been told so far; empty before the first answer. */
    VersionVector bookmark();

    /** Rolls back what is open. More than once does nothing. */
    CompletionStage<Void> close();
}
