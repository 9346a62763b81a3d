package io.merklite.client.http;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/**
 * Internal: something to do at a moment, unless it is called off before.
 *
 * <p>What is called off is forgotten at once, with all that it refers to: limits of minutes on thousands of short requests would
 * otherwise hold the answers of all of them.
 *
 * <p><b>Threading.</b> Thread-safe.
 */
public final class Alarm {
    private final CompletableFuture<Void> due = new CompletableFuture<>();

    private Alarm() {}

    /** Does {@code work} after {@code delay}, on a thread that must not be blocked. */
    public static Alarm after(Duration delay, Runnable work) {
        var alarm = new Alarm();
        var unused = alarm.due
                .completeOnTimeout(null, delay.toMillis(), TimeUnit.MILLISECONDS)
                .thenRun(work);
        return alarm;
    }

    /** Nothing happens any more, unless it has begun. */
    public void callOff() {
        due.cancel(false);
    }
}
