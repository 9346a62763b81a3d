package io.merklite.sync.log;

import io.merklite.sync.stamp.Origin;
import io.merklite.sync.transaction.Transaction;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * The latest transactions, in memory; the oldest go first.
 *
 * <p><b>Threading.</b> Not thread-safe.
 */
public final class MemoryLog implements TransactionLog {
    private final int maxCount;
    private final long maxSizeBytes;
    private final Deque<Transaction> inOrder = new ArrayDeque<>();
    private final Map<Origin, Map<Long, Transaction>> byOrigin = new HashMap<>();
    private long sizeBytes;

    /**
     * @param maxCount how many are kept; 0 for none
     * @param maxSizeBytes how much memory they may take, about
     */
    public MemoryLog(int maxCount, long maxSizeBytes) {
        if (maxCount < 0 || maxSizeBytes < 0) {
            throw new IllegalArgumentException(
                    "a log of " + maxCount + " transactions and " + maxSizeBytes + " bytes, must not be negative");
        }
        this.maxCount = maxCount;
        this.maxSizeBytes = maxSizeBytes;
    }

    @Override
    public void append(Transaction transaction) {
        var known = byOrigin.computeIfAbsent(transaction.origin(), origin -> new HashMap<>())
                .putIfAbsent(transaction.seq(), transaction);
        if (known != null) {
            return;
        }
        inOrder.add(transaction);
        sizeBytes += transaction.sizeBytes();
        while (inOrder.size() > maxCount || sizeBytes > maxSizeBytes) {
            var eldest = inOrder.remove();
            sizeBytes -= eldest.sizeBytes();
            byOrigin.computeIfPresent(eldest.origin(), (origin, bySeq) -> {
                bySeq.remove(eldest.seq());
                return bySeq.isEmpty() ? null : bySeq;
            });
        }
    }

    @Override
    public Optional<Transaction> read(Origin origin, long seq) {
        return Optional.ofNullable(byOrigin.getOrDefault(origin, Map.of()).get(seq));
    }

    /** How many transactions it has. */
    public int count() {
        return inOrder.size();
    }
}
