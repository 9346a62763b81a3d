package io.merklite.loadtest.history;

import java.util.List;
import java.util.stream.Collectors;

/**
 * A promise that was broken.
 *
 * @param kind which one
 * @param detail what was found, in a sentence
 * @param evidence operations that can't all be as they are, if there are any
 */
public record Anomaly(Kind kind, String detail, List<Operation> evidence) {
    public Anomaly {
        evidence = List.copyOf(evidence);
    }

    /** Which promise. */
    public enum Kind {
        /** An acknowledged write is neither there nor beaten by a later one nor in the conflicts ledger. */
        LOST_WRITE,
        /** A client read a state from before one that it knew. */
        STALE_READ,
        /** A client saw a part of a transaction and not all of it. */
        TORN_TRANSACTION,
        /** No order of the writes explains what was seen of them together. */
        IMPOSSIBLE_ORDER,
        /** A value that nobody wrote, or whose write was refused, or that was not written yet. */
        PHANTOM,
        /** Replicas have different rows, or different roots. */
        DIVERGED,
        /** A replica's file is not sound. */
        DAMAGED
    }

    @Override
    public String toString() {
        return kind + ": " + detail
                + evidence.stream().map(operation -> "\n    " + operation).collect(Collectors.joining());
    }
}
