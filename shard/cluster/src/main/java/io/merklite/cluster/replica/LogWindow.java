package io.merklite.cluster.replica;

import io.merklite.sync.log.MemoryLog;
import io.merklite.sync.log.TransactionLog;
import io.merklite.sync.message.SyncMessage.Want;
import io.merklite.sync.stamp.Origin;
import io.merklite.sync.transaction.Transaction;
import io.merklite.sync.vector.VersionVector;
import io.merklite.sync.vector.VersionVector.SeqRange;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The part of the changeset log that is in memory: the latest transactions, and what was last read for a peer.
 *
 * <p>The sync core asks its log and gets an answer at once; the changeset log is an actor with a disk. So whoever hands a
 * question to the core looks first whether the answer {@linkplain #has is here}, and otherwise has it
 * {@linkplain #load loaded}.
 */
final class LogWindow implements TransactionLog {
    private final MemoryLog latest;
    private final List<Transaction> unlogged = new ArrayList<>();
    private Map<Origin, Map<Long, Transaction>> loaded = Map.of();

    /**
     * @param maxCount how many transactions are kept
     * @param maxSizeBytes how much memory they may take, about
     */
    LogWindow(int maxCount, long maxSizeBytes) {
        this.latest = new MemoryLog(maxCount, maxSizeBytes);
    }

    @Override
    public void append(Transaction transaction) {
        latest.append(transaction);
        unlogged.add(transaction);
    }

    @Override
    public Optional<Transaction> read(Origin origin, long seq) {
        return latest.read(origin, seq)
                .or(() -> Optional.ofNullable(
                        loaded.getOrDefault(origin, Map.of()).get(seq)));
    }

    /** Keeps a transaction that the log has already. */
    void remember(Transaction transaction) {
        latest.append(transaction);
    }

    /** What was applied since the last call and must be in the log before anybody hears of it. */
    List<Transaction> takeUnlogged() {
        var taken = List.copyOf(unlogged);
        unlogged.clear();
        return taken;
    }

    /** Whether the first of each range is here, so that an answer makes progress. */
    boolean has(Collection<SeqRange> ranges) {
        return ranges.stream()
                .allMatch(range -> read(range.origin(), range.first()).isPresent());
    }

    /** The transactions that {@code vector} has and {@code after} has not, by stamp; empty if one is gone. */
    Optional<List<Transaction>> between(VersionVector after, VersionVector vector) {
        List<Transaction> found = new ArrayList<>();
        for (var range : after.missingFrom(vector)) {
            for (var seq = range.first(); seq <= range.last(); seq++) {
                var transaction = latest.read(range.origin(), seq);
                if (transaction.isEmpty()) {
                    return Optional.empty();
                }
                found.add(transaction.get());
            }
        }
        found.sort(Comparator.comparing(Transaction::stamp));
        return Optional.of(List.copyOf(found));
    }

    /** Keeps what was read of the log, instead of what was read before. */
    void load(List<Transaction> transactions) {
        Map<Origin, Map<Long, Transaction>> found = new HashMap<>();
        for (var transaction : transactions) {
            found.computeIfAbsent(transaction.origin(), origin -> new HashMap<>())
                    .put(transaction.seq(), transaction);
        }
        loaded = found;
    }

    /**
     * The same question, cut to what is here. A range whose first transaction is neither here nor gone is left out: it
     * will be asked for again.
     */
    Want cut(Want want, Collection<SeqRange> gone) {
        List<SeqRange> ranges = new ArrayList<>();
        for (var range : want.ranges()) {
            var end = range.first();
            while (end <= range.last() && read(range.origin(), end).isPresent()) {
                end++;
            }
            if (end > range.first()) {
                ranges.add(new SeqRange(range.origin(), range.first(), end - 1));
            } else if (gone.stream()
                    .anyMatch(lost -> lost.origin().equals(range.origin())
                            && lost.first() <= range.first()
                            && range.first() <= lost.last())) {
                ranges.add(new SeqRange(range.origin(), range.first(), range.first()));
            }
        }
        return new Want(ranges, want.maxSizeBytes());
    }
}
