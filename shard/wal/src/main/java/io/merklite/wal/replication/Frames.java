package io.merklite.wal.replication;

import io.merklite.wal.format.Tip;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * The committed frames of a primary as they come, for replication finer than checkpoints.
 *
 * <p>Frames that it has not given out stay in SQLite's write-ahead log, which grows until they are read: close it when
 * it is no longer wanted.
 *
 * <p><b>Threading.</b> Thread-safe. {@link #tryNext} reads a file; a waiting {@link #next} is completed by the thread
 * that wrote, which runs the callbacks.
 */
public final class Frames implements AutoCloseable {
    private final Primary primary;
    private Tip reached;
    private boolean isClosed;
    private @Nullable CompletableFuture<Optional<FrameBatch>> waiting;

    Frames(Primary primary, Tip start) {
        this.primary = primary;
        reached = start;
    }

    /**
     * The next frames, as soon as there are some; empty when the primary or this is closed. Calls that wait at the same
     * time get the same frames.
     */
    public synchronized CompletionStage<Optional<FrameBatch>> next() {
        var ready = waiting == null ? take() : Optional.<FrameBatch>empty();
        if (ready.isPresent() || isClosed) {
            return CompletableFuture.completedStage(ready);
        }
        if (waiting == null) {
            waiting = new CompletableFuture<>();
        }
        return waiting.minimalCompletionStage();
    }

    /** The next frames, at most some four MiB of them; empty if there are none yet. The last need not be a commit. */
    public synchronized Optional<FrameBatch> tryNext() {
        return isClosed || waiting != null ? Optional.empty() : take();
    }

    /**
     * Says that a replica has all frames up to {@code frameNumber}: the acks of those writes complete as if they were
     * saved.
     *
     * @throws IllegalArgumentException if they were not given out yet
     */
    public void ackReplicated(long frameNumber) {
        if (frameNumber > reachedFrame()) {
            throw new IllegalArgumentException("frame " + frameNumber + " was not given out");
        }
        primary.confirm(frameNumber);
    }

    synchronized long reachedFrame() {
        return reached.position().frameNumber();
    }

    /** Something was committed. */
    void publish() {
        CompletableFuture<Optional<FrameBatch>> waiter;
        Optional<FrameBatch> batch;
        synchronized (this) {
            waiter = waiting;
            batch = waiter == null ? Optional.empty() : take();
            if (waiter == null || batch.isEmpty()) {
                return;
            }
            waiting = null;
        }
        waiter.complete(batch);
    }

    private Optional<FrameBatch> take() {
        var follows = reached;
        var frames = primary.framesAfter(follows);
        if (frames.isEmpty()) {
            return Optional.empty();
        }
        for (var frame : frames) {
            reached = frame.after(reached);
        }
        return Optional.of(new FrameBatch(follows, frames));
    }

    @Override
    public void close() {
        CompletableFuture<Optional<FrameBatch>> waiter;
        synchronized (this) {
            isClosed = true;
            waiter = waiting;
            waiting = null;
        }
        primary.forget(this);
        if (waiter != null) {
            waiter.complete(Optional.empty());
        }
    }
}
