package io.merklite.sync.replicate;

import io.merklite.sync.stamp.Origin;
import io.merklite.sync.transaction.Transaction;
import io.merklite.sync.vector.GroupLimits;
import io.merklite.sync.vector.VersionVector;
import io.merklite.sync.vector.VersionVector.SeqRange;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;

/**
 * What was published since transactions were last applied, by the peer that sent it: as much as one commit takes. One
 * acknowledgement of an origin answers for all of it.
 */
final class LiveFlow {
    private final GroupLimits limits;
    private final Map<String, Map<Origin, SeqRange>> published = new LinkedHashMap<>();
    private int count;
    private long sizeBytes;

    /**
     * What a peer is told.
     *
     * @param acknowledged how far origins have been applied of which it sent something that was
     * @param missing up to where it sent what was not
     */
    record Answer(VersionVector acknowledged, VersionVector missing) {}

    LiveFlow(GroupLimits limits) {
        this.limits = limits;
    }

    void add(String peer, Transaction transaction) {
        var seq = transaction.seq();
        published
                .computeIfAbsent(peer, name -> new TreeMap<>())
                .merge(
                        transaction.origin(),
                        new SeqRange(transaction.origin(), seq, seq),
                        (known, one) -> new SeqRange(
                                known.origin(),
                                Math.min(known.first(), one.first()),
                                Math.max(known.last(), one.last())));
        count++;
        sizeBytes += transaction.sizeBytes();
    }

    boolean isEmpty() {
        return count == 0;
    }

    /** Whether no more fits in the same commit. */
    boolean isEnough() {
        return !limits.allow(count + 1, sizeBytes + 1);
    }

    /** By peer what it is told, now that {@code applied} is. */
    Map<String, Answer> answers(VersionVector applied) {
        Map<String, Answer> answers = new LinkedHashMap<>();
        published.forEach((peer, byOrigin) -> {
            var acknowledged = VersionVector.EMPTY;
            var missing = VersionVector.EMPTY;
            for (var range : byOrigin.values()) {
                var seq = applied.seq(range.origin());
                if (seq >= range.first()) {
                    acknowledged = acknowledged.with(range.origin(), seq);
                }
                if (seq < range.last()) {
                    missing = missing.with(range.origin(), range.last());
                }
            }
            answers.put(peer, new Answer(acknowledged, missing));
        });
        return answers;
    }

    void clear() {
        published.clear();
        count = 0;
        sizeBytes = 0;
    }
}
