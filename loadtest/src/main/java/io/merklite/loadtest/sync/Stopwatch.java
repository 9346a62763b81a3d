package io.merklite.loadtest.sync;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;

/**
 * Nanoseconds, to be subtracted: of the clock, or with {@code -Dmerklite.bars.cpu=true} those that this thread has
 * computed. The latter leave out what waits for the disk, and what other programs of a shared machine take.
 */
final class Stopwatch {
    private static final boolean CPU = Boolean.getBoolean("merklite.bars.cpu");
    private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

    private Stopwatch() {}

    static long nanos() {
        return CPU ? THREADS.getCurrentThreadCpuTime() : System.nanoTime();
    }
}
