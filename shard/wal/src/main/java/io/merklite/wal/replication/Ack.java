package io.merklite.wal.replication;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/**
 * The result of a write, before and after it is safe.
 *
 * <p><b>Threading.</b> Thread-safe.
 */
public final class Ack<T> {
    private final T value;
    private final long frameNumber;
    private final CompletableFuture<T> safe = new CompletableFuture<>();

    Ack(T value, long frameNumber) {
        this.value = value;
        this.frameNumber = frameNumber;
    }

    /** What the function returned; the write may still be lost with this machine. */
    public T peek() {
        return value;
    }

    /**
     * Completes with the value when the write is saved: at once if nothing was written. Completes with {@link
     * io.merklite.wal.WalException.ClosedBeforeSaved} if the primary is closed first. Callbacks run on the thread that
     * saves.
     */
    public CompletionStage<T> safe() {
        return safe.minimalCompletionStage();
    }

    /** Whether the write is saved. */
    public boolean isSafe() {
        return safe.isDone() && !safe.isCompletedExceptionally();
    }

    /** The number of the commit frame of the write; of the last one before it, if nothing was written. */
    public long frameNumber() {
        return frameNumber;
    }

    void confirm() {
        safe.complete(value);
    }

    void fail(RuntimeException reason) {
        safe.completeExceptionally(reason);
    }
}
