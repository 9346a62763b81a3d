package io.merklite.cluster.replica;

import io.merklite.cluster.sql.SqlStreamState;
import java.util.HashMap;
import java.util.Map;

/**
 * What the streams of a database keep between their requests; those that keep nothing are not here.
 *
 * <p><b>Threading.</b> Confined to the actor that has the readers. While a request runs on a reader, the reader owns the state.
 */
final class ClientStreams {
    private final Map<StreamId, SqlStreamState> states = new HashMap<>();

    SqlStreamState of(StreamId stream) {
        return states.getOrDefault(stream, new SqlStreamState());
    }

    /** Whether a stream has a transaction open, or something set. */
    boolean has(StreamId stream) {
        return states.containsKey(stream);
    }

    /** A request of a stream has run, and left it in this state. */
    void ran(StreamId stream, SqlStreamState state, boolean wasLast) {
        if (wasLast || state.isDefault()) {
            states.remove(stream);
        } else {
            states.put(stream, state);
        }
    }

    /**
     * A cursor of a stream is open: the run behind it changes this very state at its end, whatever it is now. Without this a
     * transaction that begins with a cursor of several pages would be lost, and its reader go to others with it open.
     */
    void reads(StreamId stream, SqlStreamState state) {
        states.put(stream, state);
    }

    /** The stream is gone. */
    void forget(StreamId stream) {
        states.remove(stream);
    }

    /** The node that streams belonged to is gone. */
    void forgetAll(long node) {
        states.keySet().removeIf(id -> id.node() == node);
    }

    /** Whether no stream has anything open or set. */
    boolean isEmpty() {
        return states.isEmpty();
    }
}
