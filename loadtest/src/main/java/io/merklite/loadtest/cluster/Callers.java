package io.merklite.loadtest.cluster;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongFunction;

/** Callers in a closed loop: each asks again when it was answered. */
final class Callers {
    private static final int MAX_LATENCIES = 4_000_000;
    private static final int FILLED_AT_ONCE = 256;

    private Callers() {}

    /**
     * What they saw.
     *
     * @param perSecond answers a second
     * @param medianMicros median latency
     * @param p99Micros latency that 99 of 100 stay below
     * @param failedCount answers that were errors
     */
    record Seen(double perSecond, double medianMicros, double p99Micros, long failedCount) {
        @Override
        public String toString() {
            return "%,.0f/s, p50 %,.0f us, p99 %,.0f us, %d failed"
                    .formatted(perSecond, medianMicros, p99Micros, failedCount);
        }
    }

    /** Has {@code count} callers ask for {@code duration}; {@code ask} gets the number of the call. */
    static Seen run(int count, Duration duration, LongFunction<CompletionStage<?>> ask) throws InterruptedException {
        var latencies = new long[MAX_LATENCIES];
        var answered = new AtomicInteger();
        var failed = new AtomicLong();
        var number = new AtomicLong();
        var running = new CountDownLatch(count);
        var begin = System.nanoTime();
        var end = begin + duration.toNanos();
        for (var caller = 0; caller < count; caller++) {
            next(ask, number, end, latencies, answered, failed, running);
        }
        running.await();
        var seconds = (System.nanoTime() - begin) / 1e9;
        var seen = Math.min(answered.get(), MAX_LATENCIES);
        var sorted = Arrays.copyOf(latencies, seen);
        Arrays.sort(sorted);
        return new Seen(
                answered.get() / seconds,
                seen == 0 ? 0 : sorted[seen / 2] / 1e3,
                seen == 0 ? 0 : sorted[(int) (seen * 0.99)] / 1e3,
                failed.get());
    }

    /** Asks {@code count} times, and waits for all answers. */
    static void fill(int count, LongFunction<CompletionStage<?>> ask) {
        List<CompletionStage<?>> asked = new ArrayList<>();
        for (var number = 0; number < count; number++) {
            asked.add(ask.apply(number));
            if (asked.size() == FILLED_AT_ONCE) {
                asked.forEach(answer -> answer.toCompletableFuture().join());
                asked.clear();
            }
        }
        asked.forEach(answer -> answer.toCompletableFuture().join());
    }

    private static void next(
            LongFunction<CompletionStage<?>> ask,
            AtomicLong number,
            long end,
            long[] latencies,
            AtomicInteger answered,
            AtomicLong failed,
            CountDownLatch running) {
        var begun = System.nanoTime();
        if (begun >= end) {
            running.countDown();
            return;
        }
        ask.apply(number.incrementAndGet()).whenComplete((answer, failure) -> {
            if (failure == null) {
                var index = answered.getAndIncrement();
                if (index < MAX_LATENCIES) {
                    latencies[index] = System.nanoTime() - begun;
                }
            } else {
                failed.incrementAndGet();
            }
            next(ask, number, end, latencies, answered, failed, running);
        });
    }
}
