package io.merklite.client.http;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Internal: items read from the lines of an answer while they come, as a publisher.
 *
 * <p><b>Invariants.</b> (1) A subscriber is sent no more than it has asked for. (2) A chunk of the answer is asked for only
 * when all items of the one before have been taken: what is held is one chunk and the items in it. (3) Signals to a
 * subscriber come one after another.
 *
 * <p><b>Threading.</b> Thread-safe. Subscribers are called on threads of the JDK's HTTP client and of those who request; they
 * must not block.
 */
public final class LineFeed<T> implements Flow.Publisher<T> {
    private static final int LINE_LIMIT = 1 << 30;

    private final Supplier<Source<T>> sources;

    /** Where the lines of one subscription come from, and what they mean. Its calls come one after another. */
    public interface Source<T> {
        /** Asks for the lines: at the beginning, and after each {@link Next.Again}. */
        CompletableFuture<Flow.Publisher<List<ByteBuffer>>> open();

        /**
         * Takes a line in, without its end.
         *
         * @param out takes the items in it
         * @throws RuntimeException which the subscriber gets, and that ends the subscription
         */
        void line(byte[] line, Consumer<T> out);

        /** The lines have ended, or could not be opened. */
        Next ended(Optional<Throwable> failure);

        /** Nobody wants any more: called once, at whichever end. */
        void close();
    }

    /** What happens when lines have ended. */
    public sealed interface Next {
        /** That was all. */
        record Complete() implements Next {}

        /** It failed. */
        record Fail(Throwable why) implements Next {}

        /** They are opened again after a while. */
        record Again(Duration pause) implements Next {}
    }

    /** @param sources makes one for each subscription */
    public LineFeed(Supplier<Source<T>> sources) {
        this.sources = sources;
    }

    @Override
    public void subscribe(Flow.Subscriber<? super T> subscriber) {
        var subscription = new Subscription<T>(subscriber, sources.get());
        subscriber.onSubscribe(subscription);
        subscription.open();
    }

    private static final class Subscription<T> implements Flow.Subscription, Flow.Subscriber<List<ByteBuffer>> {
        private final Flow.Subscriber<? super T> subscriber;
        private final Source<T> source;
        private final AtomicLong demand = new AtomicLong();
        private final AtomicInteger turns = new AtomicInteger();
        private final Queue<T> ready = new ArrayDeque<>();
        private final ByteArrayOutputStream partial = new ByteArrayOutputStream();
        private volatile Optional<Flow.Subscription> upstream = Optional.empty();
        private volatile boolean isAsked;
        private volatile boolean isCancelled;
        private volatile Optional<Next> end = Optional.empty();
        private boolean isOver;

        private Subscription(Flow.Subscriber<? super T> subscriber, Source<T> source) {
            this.subscriber = subscriber;
            this.source = source;
        }

        private void open() {
            if (isCancelled) {
                return;
            }
            var unused = source.open().whenComplete((lines, failure) -> {
                if (failure != null) {
                    ended(Optional.of(Failures.cause(failure)));
                } else {
                    lines.subscribe(this);
                }
            });
        }

        // ---- from the subscriber

        @Override
        public void request(long count) {
            if (count <= 0) {
                fail(new IllegalArgumentException("request of " + count + " items, must be positive"));
                return;
            }
            demand.getAndAccumulate(count, (before, more) -> before + more < 0 ? Long.MAX_VALUE : before + more);
            turn();
        }

        @Override
        public void cancel() {
            isCancelled = true;
            upstream.ifPresent(Flow.Subscription::cancel);
            turn();
        }

        // ---- from the answer

        @Override
        public void onSubscribe(Flow.Subscription subscription) {
            upstream = Optional.of(subscription);
            isAsked = false;
            if (isCancelled) {
                subscription.cancel();
            }
            turn();
        }

        @Override
        public void onNext(List<ByteBuffer> chunk) {
            try {
                chunk.forEach(this::split);
            } catch (RuntimeException e) {
                fail(e);
                return;
            }
            isAsked = false;
            turn();
        }

        private void split(ByteBuffer bytes) {
            while (bytes.hasRemaining()) {
                var next = bytes.get();
                if (next == '\n') {
                    source.line(partial.toByteArray(), ready::add);
                    partial.reset();
                } else if (next != '\r') {
                    partial.write(next);
                    if (partial.size() > LINE_LIMIT) {
                        throw new IllegalStateException("a line of more than " + LINE_LIMIT + " bytes");
                    }
                }
            }
        }

        @Override
        public void onError(Throwable failure) {
            ended(Optional.of(failure));
        }

        @Override
        public void onComplete() {
            try {
                if (partial.size() > 0) {
                    source.line(partial.toByteArray(), ready::add);
                }
            } catch (RuntimeException e) {
                fail(e);
                return;
            }
            ended(Optional.empty());
        }

        private void ended(Optional<Throwable> failure) {
            upstream = Optional.empty();
            partial.reset();
            isAsked = false;
            if (isCancelled) {
                turn();
                return;
            }
            switch (source.ended(failure)) {
                case Next.Again again ->
                    CompletableFuture.delayedExecutor(again.pause().toMillis(), TimeUnit.MILLISECONDS, Runnable::run)
                            .execute(this::open);
                case Next.Complete complete -> {
                    end = Optional.of(complete);
                    turn();
                }
                case Next.Fail fail -> fail(fail.why());
            }
        }

        private void fail(Throwable why) {
            upstream.ifPresent(Flow.Subscription::cancel);
            end = Optional.of(new Next.Fail(why));
            turn();
        }

        // ---- to the subscriber

        /** Whoever comes first does the work of all who come meanwhile. */
        private void turn() {
            if (turns.getAndIncrement() != 0) {
                return;
            }
            var missed = 1;
            do {
                deliver();
                missed = turns.addAndGet(-missed);
            } while (missed != 0);
        }

        private void deliver() {
            if (isOver) {
                return;
            }
            // The queue changes only while a chunk is asked for, so what it has is read after isAsked.
            while (!isCancelled && demand.get() > 0 && !isAsked && !ready.isEmpty()) {
                demand.getAndUpdate(count -> count == Long.MAX_VALUE ? count : count - 1);
                subscriber.onNext(ready.remove());
            }
            if (isCancelled) {
                over();
            } else if (end.isPresent() && (ready.isEmpty() || end.get() instanceof Next.Fail)) {
                over();
                switch (end.get()) {
                    case Next.Fail fail -> subscriber.onError(fail.why());
                    case Next.Complete complete -> subscriber.onComplete();
                    case Next.Again again -> throw new IllegalStateException("an end that goes on");
                }
            } else if (!isAsked && ready.isEmpty() && demand.get() > 0) {
                upstream.ifPresent(lines -> {
                    isAsked = true;
                    lines.request(1);
                });
            }
        }

        private void over() {
            isOver = true;
            ready.clear();
            source.close();
        }
    }
}
