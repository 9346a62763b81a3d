package io.merklite.loadtest.history;

import java.util.Map;
import java.util.TreeMap;

/** One transaction of a client, as the client saw it: it either writes or reads, all its rows at once. */
public sealed interface Operation {
    /** Who asked whom, when, and how it ended. */
    Call call();

    /** How an operation ended, as far as its client knows. */
    enum Outcome {
        /** It was answered: a write is acknowledged. */
        OK,
        /** It was refused, with the promise that nothing was done. */
        FAILED,
        /** No answer came, or one that leaves it open. */
        UNKNOWN
    }

    /**
     * What all operations have.
     *
     * @param session number of the client; each operation of a session brings the bookmarks of those before it that ended well
     * @param node that was asked
     * @param database its name
     * @param startMicros when it was sent, by the clock of the whole run
     * @param endMicros when it was answered or given up, by the same clock
     * @param outcome how it ended
     * @param bookmark that came with the answer; empty if none did
     */
    record Call(
            int session,
            String node,
            String database,
            long startMicros,
            long endMicros,
            Outcome outcome,
            String bookmark) {
        public Call {
            if (endMicros < startMicros) {
                throw new IllegalArgumentException("operation of session " + session + " ended at " + endMicros
                        + ", before it began at " + startMicros);
            }
        }

        boolean isOk() {
            return outcome == Outcome.OK;
        }
    }

    /**
     * A transaction that sets rows.
     *
     * @param call who, whom, when
     * @param values by key; positive, and each written to its key once in a history
     */
    record Write(Call call, Map<String, Long> values) implements Operation {
        public Write {
            values = Map.copyOf(values);
            if (values.isEmpty() || values.values().stream().anyMatch(value -> value <= 0)) {
                throw new IllegalArgumentException("a write has keys, and values above 0, not " + values);
            }
        }

        @Override
        public String toString() {
            return "session " + call.session + " wrote " + new TreeMap<>(values) + " at " + call.node + " from "
                    + call.startMicros + " to " + call.endMicros + " us: " + call.outcome;
        }
    }

    /**
     * One query over several rows, on one snapshot.
     *
     * @param call who, whom, when
     * @param seen by each key that was asked for; 0 for a row that is not there, or that nobody has written since it was made
     */
    record Read(Call call, Map<String, Long> seen) implements Operation {
        public Read {
            seen = Map.copyOf(seen);
        }

        @Override
        public String toString() {
            return "session " + call.session + " read " + new TreeMap<>(seen) + " at " + call.node + " from "
                    + call.startMicros + " to " + call.endMicros + " us: " + call.outcome;
        }
    }
}
