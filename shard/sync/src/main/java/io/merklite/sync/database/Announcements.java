package io.merklite.sync.database;

import java.util.ArrayDeque;
import java.util.Deque;
import org.jspecify.annotations.Nullable;

/**
 * Calls of listeners, one after the other. What a listener causes to be announced comes when it has returned, and before
 * the outermost call returns, so every listener hears everything in the same order.
 *
 * <p>An exception of a listener comes out of the outermost call when all others have been called.
 */
final class Announcements {
    private final Deque<Runnable> waiting = new ArrayDeque<>();
    private boolean isRunning;

    /** Whether a listener is being called. */
    boolean isRunning() {
        return isRunning;
    }

    void add(Runnable announcement) {
        waiting.add(announcement);
    }

    /** Adds one that comes before those that wait. */
    void addFirst(Runnable announcement) {
        waiting.addFirst(announcement);
    }

    /** Makes all announcements, unless that is being done already. */
    void run() {
        if (isRunning) {
            return;
        }
        @Nullable RuntimeException failure = null;
        isRunning = true;
        try {
            while (!waiting.isEmpty()) {
                try {
                    waiting.poll().run();
                } catch (RuntimeException e) {
                    failure = joined(failure, e);
                }
            }
        } finally {
            isRunning = false;
        }
        if (failure != null) {
            throw failure;
        }
    }

    /** The first failure, which tells of the others. */
    private static RuntimeException joined(@Nullable RuntimeException first, RuntimeException second) {
        if (first == null) {
            return second;
        }
        first.addSuppressed(second);
        return first;
    }
}
