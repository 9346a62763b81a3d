package io.merklite.node.rest;

import io.merklite.cluster.replica.Watch;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.apache.pekko.NotUsed;
import org.apache.pekko.stream.BoundedSourceQueue;
import org.apache.pekko.stream.QueueOfferResult;
import org.apache.pekko.stream.javadsl.Source;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a database tells a watcher, as a stream that runs once.
 *
 * <p>The watcher learns when something was taken, so a database that paces itself by that has little waiting here, whatever
 * it has to tell.
 *
 * <p><b>Invariants.</b> (1) No more than a count, and a size, of what was told waits for the reader. What would be more ends the stream,
 * behind all that waits, with {@link Told.Lagged}: never silence. (2) The watcher is let go when the stream ends, whoever
 * ends it.
 */
final class WatchSource {
    private static final Logger LOG = LoggerFactory.getLogger(WatchSource.class);
    private static final long RESULT_BYTES = 256;

    private final int maxCount;
    private final long maxBytes;
    private final AtomicLong waitingBytes = new AtomicLong();
    private final AtomicBoolean isLagging = new AtomicBoolean();

    /** An element of the stream. */
    sealed interface Told {
        /** The reader is too slow: more was told than could wait. Nothing follows. */
        enum Lagged implements Told {
            LAGGED
        }

        /** The database said so. */
        record Said(Watch watch) implements Told {}
    }

    /** What waits for the reader; the stage is done when it was taken. */
    private record Waiting(Watch watch, CompletableFuture<Watch> taken) {}

    private WatchSource(int maxCount, long maxBytes) {
        this.maxCount = maxCount;
        this.maxBytes = maxBytes;
    }

    /**
     * A stream.
     *
     * @param begin starts to watch, with a listener that does not block and says when it has taken something, and gives
     *     what ends it
     */
    static Source<Told, NotUsed> of(
            int maxCount, long maxBytes, Function<Function<Watch, CompletionStage<?>>, AutoCloseable> begin) {
        var source = new WatchSource(maxCount, maxBytes);
        return Source.<Waiting>queue(maxCount)
                .watchTermination((queue, done) -> {
                    var watching = begin.apply(watch -> source.said(queue, watch));
                    done.whenComplete((end, failure) -> close(watching));
                    return NotUsed.getInstance();
                })
                .<Told>map(waiting -> {
                    source.waitingBytes.addAndGet(-sizeBytes(waiting.watch()));
                    waiting.taken().complete(waiting.watch());
                    return new Told.Said(waiting.watch());
                })
                // Not concat, which would look at once whether the reader lags, when it can't yet.
                .concatLazy(Source.lazySource(
                        () -> source.isLagging.get() ? Source.<Told>single(Told.Lagged.LAGGED) : Source.<Told>empty()));
    }

    private CompletionStage<Watch> said(BoundedSourceQueue<Waiting> queue, Watch watch) {
        var taken = new CompletableFuture<Watch>();
        var waiting = waitingBytes.addAndGet(sizeBytes(watch));
        if (waiting > maxBytes && waiting > sizeBytes(watch)) {
            lag(queue);
        } else if (queue.offer(new Waiting(watch, taken)).equals(QueueOfferResult.dropped())) {
            lag(queue);
        } else if (watch instanceof Watch.Ended) {
            complete(queue);
        }
        return taken;
    }

    private void lag(BoundedSourceQueue<Waiting> queue) {
        if (!isLagging.getAndSet(true)) {
            LOG.debug("feed lags count={} bytes={}", maxCount, maxBytes);
            complete(queue);
        }
    }

    /** The reader may have gone first: then the end that it made is told here too. */
    private static void complete(BoundedSourceQueue<Waiting> queue) {
        if (!queue.isCompleted()) {
            queue.complete();
        }
    }

    private static long sizeBytes(Watch watch) {
        return switch (watch) {
            case Watch.Changed changed -> changed.transaction().sizeBytes();
            case Watch.Result result ->
                RESULT_BYTES * (1 + result.result().rows().size());
            case Watch.Gap gap -> RESULT_BYTES;
            case Watch.Ended ended -> RESULT_BYTES;
        };
    }

    private static void close(AutoCloseable watching) {
        try {
            watching.close();
        } catch (Exception e) {
            throw new IllegalStateException("a watcher can be let go at any time", e);
        }
    }
}
