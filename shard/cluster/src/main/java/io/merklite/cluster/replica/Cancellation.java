package io.merklite.cluster.replica;

import java.util.Optional;

/**
 * Says that what runs for somebody is not wanted any more.
 *
 * <p><b>Threading.</b> Thread-safe.
 */
final class Cancellation {
    private final Optional<Cancellation> whole;
    private volatile boolean isCancelled;

    private Cancellation(Optional<Cancellation> whole) {
        this.whole = whole;
    }

    /** Of all that a node runs. */
    static Cancellation ofNode() {
        return new Cancellation(Optional.empty());
    }

    /** Of one thing, which is cancelled with this too. */
    Cancellation part() {
        return new Cancellation(Optional.of(this));
    }

    /** From now on it is not wanted. More than once does nothing. */
    void cancel() {
        isCancelled = true;
    }

    boolean isCancelled() {
        return isCancelled || whole.map(Cancellation::isCancelled).orElse(false);
    }
}
