package io.merklite.loadtest.cluster;

import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongFunction;

/** Callers in a closed loop: each asks again when it was answered. */
final class Callers {
    private static final int MAX_LATENCIES = 1_000_000;
    /** Numbers never come twice, in no run: a write of what is there already changes nothing, and is no write. */
    private static final AtomicLong NUMBERS = new AtomicLong();

    private Callers() {}

    /**
     * What they saw.
     *
     * @param perSecond good answers a second
     * @param medianMicros median latency of good answers
     * @param p99Micros latency that 99 of 100 good answers stay below
     * @param failedCount answers that were errors
     * @param failure one of these; empty if there is none
     */
    record Seen(double perSecond, double medianMicros, double p99Micros, long failedCount, String failure) {
        /** Itself, if nothing failed. */
        Seen whole() {
            if (failedCount > 0) {
                throw new IllegalStateException(failedCount + " requests failed, one of them with: " + failure);
            }
            return this;
        }

        @Override
        public String toString() {
            return "%,.0f/s, p50 %,.0f us, p99 %,.0f us, %d failed"
                    .formatted(perSecond, medianMicros, p99Micros, failedCount);
        }
    }

    /** Gathers what many see. Thread-safe. */
    static final class Log {
        private final long begun = System.nanoTime();
        private final long[] latencies = new long[MAX_LATENCIES];
        private final AtomicInteger answered = new AtomicInteger();
        private final AtomicLong failed = new AtomicLong();
        private final AtomicReference<String> failure = new AtomicReference<>("");

        void answered(long nanos) {
            var index = answered.getAndIncrement();
            if (index < MAX_LATENCIES) {
                latencies[index] = nanos;
            }
        }

        void failed(String why) {
            failed.incrementAndGet();
            failure.set(why);
        }

        /** To be called once, when all is over. */
        Seen seen() {
            var seconds = (System.nanoTime() - begun) / 1e9;
            var count = Math.min(answered.get(), MAX_LATENCIES);
            var sorted = Arrays.copyOf(latencies, count);
            Arrays.sort(sorted);
            return new Seen(
                    answered.get() / seconds,
                    count == 0 ? 0 : sorted[count / 2] / 1e3,
                    count == 0 ? 0 : sorted[(int) (count * 0.99)] / 1e3,
                    failed.get(),
                    failure.get());
        }
    }

    static long nextNumber() {
        return NUMBERS.incrementAndGet();
    }

    /** Has {@code count} callers ask for {@code duration}; {@code ask} gets the number of the call. */
    static Seen run(int count, Duration duration, LongFunction<CompletionStage<?>> ask) throws InterruptedException {
        var seen = new Log();
        var running = new CountDownLatch(count);
        var end = System.nanoTime() + duration.toNanos();
        for (var caller = 0; caller < count; caller++) {
            next(ask, end, seen, running);
        }
        running.await();
        return seen.seen();
    }

    private static void next(LongFunction<CompletionStage<?>> ask, long end, Log seen, CountDownLatch running) {
        var begun = System.nanoTime();
        if (begun >= end) {
            running.countDown();
            return;
        }
        ask.apply(nextNumber()).whenComplete((answer, failure) -> {
            if (failure == null) {
                seen.answered(System.nanoTime() - begun);
            } else {
                seen.failed(failure.toString());
            }
            next(ask, end, seen, running);
        });
    }
}
