package io.merklite.wal.replication;

import io.merklite.wal.WalException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/**
 * The writes that are not known to be safe, by frame number.
 *
 * <p><b>Threading.</b> Thread-safe. Acks are completed outside its lock, as they run their callers' code.
 */
final class Unconfirmed {
    private final PriorityQueue<Ack<?>> waiting = new PriorityQueue<>(Comparator.comparingLong(Ack::frameNumber));
    private long safeFrame;

    /** @param safeFrame the last frame that is safe */
    Unconfirmed(long safeFrame) {
        this.safeFrame = safeFrame;
    }

    /** Confirms {@code ack} when its frame is safe: at once, if it is already. */
    void add(Ack<?> ack) {
        synchronized (this) {
            if (ack.frameNumber() > safeFrame) {
                waiting.add(ack);
                return;
            }
        }
        ack.confirm();
    }

    /** All frames up to {@code frameNumber} are safe. */
    void confirm(long frameNumber) {
        List<Ack<?>> safe = new ArrayList<>();
        synchronized (this) {
            safeFrame = Math.max(safeFrame, frameNumber);
            while (!waiting.isEmpty() && waiting.element().frameNumber() <= safeFrame) {
                safe.add(waiting.remove());
            }
        }
        safe.forEach(Ack::confirm);
    }

    /** Nothing will be confirmed any more. */
    void failAll() {
        List<Ack<?>> lost;
        synchronized (this) {
            lost = List.copyOf(waiting);
            waiting.clear();
        }
        lost.forEach(ack -> ack.fail(new WalException.ClosedBeforeSaved(ack.frameNumber())));
    }
}
