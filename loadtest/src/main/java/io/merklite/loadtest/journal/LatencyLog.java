package io.merklite.loadtest.journal;

import java.util.concurrent.atomic.AtomicLongArray;

/** Counts latencies in steps of ten microseconds, up to a second. Thread-safe. */
final class LatencyLog {
    private static final long STEP_NANOS = 10_000;
    private static final int STEPS = 100_000;

    private final AtomicLongArray counts = new AtomicLongArray(STEPS);

    void add(long nanos) {
        counts.incrementAndGet((int) Math.min(STEPS - 1, nanos / STEP_NANOS));
    }

    void clear() {
        for (var i = 0; i < STEPS; i++) {
            counts.set(i, 0);
        }
    }

    /** The latency that {@code share} of all are below, in milliseconds. */
    double quantileMillis(double share) {
        var total = 0L;
        for (var i = 0; i < STEPS; i++) {
            total += counts.get(i);
        }
        var below = 0L;
        for (var i = 0; i < STEPS; i++) {
            below += counts.get(i);
            if (below >= share * total) {
                return (i + 1) * STEP_NANOS / 1e6;
            }
        }
        return 0;
    }
}
