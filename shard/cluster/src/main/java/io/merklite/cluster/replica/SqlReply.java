package io.merklite.cluster.replica;

import io.merklite.cluster.ClusterException;
import io.merklite.cluster.sql.SqlCursor;
import io.merklite.cluster.sql.SqlResponse;
import io.merklite.sync.vector.VersionVector;
import java.util.List;

/** What a database answers to SQL. */
public sealed interface SqlReply extends ReplicaMessage {
    /**
     * The requests were run.
     *
     * @param responses one for each
     * @param bookmark what a read must see to see what these requests did
     * @param isAutocommit whether no transaction is open on the stream now
     */
    record Answered(List<SqlResponse> responses, VersionVector bookmark, boolean isAutocommit) implements SqlReply {
        public Answered {
            responses = List.copyOf(responses);
        }
    }

    /**
     * Entries of a cursor.
     *
     * @param page the next ones
     */
    record Fetched(SqlCursor.Page page) implements SqlReply {}

    /** A cursor was asked for, and the batch does more than read: it must be run. */
    record NoCursor() implements SqlReply {}

    /**
     * They were not run, or nobody knows.
     *
     * @param refusal why
     * @param what details for people
     */
    record Refused(Refusal refusal, String what) implements SqlReply, InspectReply, SnapshotReply {
        /** The same for a caller. */
        ClusterException toException(String database) {
            return switch (refusal) {
                case NO_DATABASE -> new ClusterException.NoDatabase(database);
                case OVERLOADED, BUSY -> new ClusterException.Overloaded(database, what);
                case UNAVAILABLE, MOVING, TRANSACTION_LOST, ELSEWHERE ->
                    new ClusterException.Unavailable(database, what);
                case UNKNOWN_OUTCOME -> new ClusterException.UnknownOutcome(database, what);
                case KEY_REUSED -> new ClusterException.KeyReused(database, what);
                case NOT_APPLIED -> new ClusterException.Unavailable(database, what);
            };
        }
    }

    /** Why requests get no responses. */
    enum Refusal {
        /** There is no such database. */
        NO_DATABASE,
        /** Too many requests wait. */
        OVERLOADED,
        /** The writer waited too long for its turn. */
        BUSY,
        /** The writer moves to another node: nothing was done, and a new request finds the new writer. */
        MOVING,
        /** The writer moved or started anew, and the transaction that the stream had open is undone. */
        TRANSACTION_LOST,
        /** The database could not be opened, or its log fails. */
        UNAVAILABLE,
        /** This copy cannot answer it: the writer can. Never leaves a node. */
        ELSEWHERE,
        /** The key is that of another request. */
        KEY_REUSED,
        /** The request of this key was not applied, and will not be. */
        NOT_APPLIED,
        /** It was committed here, and not acknowledged by the other replicas in time. */
        UNKNOWN_OUTCOME
    }
}
