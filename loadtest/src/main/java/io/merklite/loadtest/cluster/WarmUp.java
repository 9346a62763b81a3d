package io.merklite.loadtest.cluster;

import io.merklite.loadtest.cluster.Callers.Seen;
import java.time.Duration;

/**
 * Load before what is measured, until a system is no longer getting faster.
 *
 * <p>How long that takes differs: JVMs that share two cores with each other and with the load compile for minutes, and a
 * fixed time measures the compiler.
 */
final class WarmUp {
    private static final Duration WINDOW = Duration.ofSeconds(10);
    /** A window is faster only if it is so by this factor: windows differ by chance, too. */
    private static final double FASTER = 1.03;
    /** So many windows that are not faster than the fastest before them end it. */
    private static final int STEADY_WINDOWS = 3;

    private static final int MAX_WINDOWS = 24;

    private WarmUp() {}

    /** Load of a given duration. */
    @FunctionalInterface
    interface Load {
        Seen run(Duration duration) throws InterruptedException;
    }

    /** Runs {@code load}, none of which may fail, until it is steady, or for four minutes at most. */
    static void untilSteady(Load load) throws InterruptedException {
        var best = 0.0;
        var steady = 0;
        for (var window = 0; window < MAX_WINDOWS && steady < STEADY_WINDOWS; window++) {
            var rate = load.run(WINDOW).whole().perSecond();
            System.out.printf("# warm-up %,.0f/s%n", rate);
            if (rate > best * FASTER) {
                best = rate;
                steady = 0;
            } else {
                steady++;
            }
        }
    }
}
