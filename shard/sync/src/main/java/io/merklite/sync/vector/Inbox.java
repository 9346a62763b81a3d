package io.merklite.sync.vector;

import io.merklite.sync.stamp.HybridClock;
import io.merklite.sync.stamp.Origin;
import io.merklite.sync.stamp.Stamp;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.LongPredicate;
import java.util.function.Predicate;

/**
 * Holds transactions that came too early, and gives them out when their time has come.
 *
 * <p>A transaction is ready when (1) every earlier one of its origin is applied, (2) everything it was written on is
 * applied, (3) its stamp is not too far ahead of the wall clock, or an operator released it, and (4) its schema is
 * known. Otherwise it is held, with the first of these reasons that applies.
 *
 * <p><b>Invariants.</b> (1) What is given out is ready, so applying in that order keeps seq order and causal order.
 * (2) Nothing held is applied already. (3) What is held stays within the bounds; what does not fit is refused, and comes
 * again by catch-up. A transaction that is the very next of its origin is taken although the bounds are reached, so that
 * a full inbox cannot block what would empty it.
 *
 * <p><b>Threading.</b> Not thread-safe. <b>Cost.</b> {@link #offer} O(log n); {@link #takeGroup} O(origins held) for
 * each transaction given out.
 *
 * @param <T> the transactions
 */
public final class Inbox<T extends Inbox.Held> {
    /** What the inbox must know of a transaction. */
    public interface Held {
        Origin origin();

        /** From 1. */
        long seq();

        Stamp stamp();

        /** What its origin had applied when it was written. */
        VersionVector dependencies();

        /** Fingerprint of the schema that it was written on. */
        long schemaFingerprint();

        /** How much memory it takes, about. */
        long sizeBytes();
    }

    /** What became of a transaction that was offered. */
    public enum Offer {
        /** It is held, or can be taken at once. */
        ACCEPTED,
        /** It is applied, or held, already. */
        KNOWN,
        /** There is no room for it; it is to be asked for again. */
        FULL
    }

    /** Why a transaction is held. */
    public enum Reason {
        /** An earlier transaction of its origin is missing. */
        GAP,
        /** It was written on something that is not here yet. */
        DEPENDENCY,
        /** Its stamp is too far ahead of the wall clock: an alarm, which an operator can release. */
        DRIFT,
        /** Its schema is not known here. */
        SCHEMA
    }

    /**
     * A held transaction and why it is held.
     *
     * @param transaction the transaction
     * @param reason the first reason that applies
     */
    public record Waiting<T>(T transaction, Reason reason) {}

    private final HybridClock clock;
    private final LongPredicate knownSchema;
    private final int maxCount;
    private final long maxSizeBytes;
    private final Map<Origin, TreeMap<Long, T>> held = new TreeMap<>();
    private final Map<Origin, Long> releasedUpTo = new TreeMap<>();
    private int count;
    private long sizeBytes;

    /**
     * @param clock judges stamps, and hears of those that are given out
     * @param knownSchema whether a schema fingerprint is known; asked anew each time
     * @param maxCount how many transactions may be held
     * @param maxSizeBytes how much memory they may take
     */
    public Inbox(HybridClock clock, LongPredicate knownSchema, int maxCount, long maxSizeBytes) {
        if (maxCount < 1 || maxSizeBytes < 1) {
            throw new IllegalArgumentException(
                    "room for " + maxCount + " transactions of " + maxSizeBytes + " bytes, must be at least 1 each");
        }
        this.clock = clock;
        this.knownSchema = knownSchema;
        this.maxCount = maxCount;
        this.maxSizeBytes = maxSizeBytes;
    }

    /** Takes {@code transaction} in, unless it is applied already or there is no room. */
    public Offer offer(T transaction, VersionVector applied) {
        var isNext = transaction.seq() == applied.seq(transaction.origin()) + 1;
        if (transaction.seq() <= applied.seq(transaction.origin()) || isHeld(transaction)) {
            return Offer.KNOWN;
        }
        if (!isNext && (count >= maxCount || sizeBytes + transaction.sizeBytes() > maxSizeBytes)) {
            return Offer.FULL;
        }
        held.computeIfAbsent(transaction.origin(), origin -> new TreeMap<>()).put(transaction.seq(), transaction);
        count++;
        sizeBytes += transaction.sizeBytes();
        return Offer.ACCEPTED;
    }

    /**
     * Gives out transactions that can be applied to {@code applied} now, one after the other and in this order, and forgets
     * them and whatever is applied already. Call again, with the raised vector, until it gives none.
     *
     * @param limits how many; the first is given out however large it is
     * @param mayShare whether a transaction may be applied together with others; one that may not is given out alone
     */
    public List<T> takeGroup(VersionVector applied, GroupLimits limits, Predicate<T> mayShare) {
        forgetApplied(applied);
        List<T> group = new ArrayList<>();
        var reached = applied;
        var groupSizeBytes = 0L;
        for (var next = nextReady(reached); next.isPresent(); next = nextReady(reached)) {
            var transaction = next.get();
            groupSizeBytes += transaction.sizeBytes();
            var isAlone = !mayShare.test(transaction);
            if (!group.isEmpty() && (isAlone || !limits.allow(group.size() + 1, groupSizeBytes))) {
                break;
            }
            remove(transaction);
            clock.follow(transaction.stamp().clock());
            group.add(transaction);
            reached = reached.with(transaction.origin(), transaction.seq());
            if (isAlone) {
                break;
            }
        }
        return List.copyOf(group);
    }

    private Optional<T> nextReady(VersionVector reached) {
        for (var ofOrigin : held.values()) {
            var transaction = ofOrigin.firstEntry().getValue();
            if (reason(transaction, reached).isEmpty()) {
                return Optional.of(transaction);
            }
        }
        return Optional.empty();
    }

    /** What is held and why, by origin and seq. */
    public List<Waiting<T>> waiting(VersionVector applied) {
        List<Waiting<T>> waiting = new ArrayList<>();
        held.values().stream()
                .map(TreeMap::values)
                .flatMap(Collection::stream)
                .forEach(transaction -> reason(transaction, applied)
                        .ifPresent(reason -> waiting.add(new Waiting<>(transaction, reason))));
        return List.copyOf(waiting);
    }

    /**
     * An operator's release: transactions of {@code origin} up to {@code seq} no longer wait for the wall clock. Once
     * they are applied the local clock runs ahead too, and peers may hold local writes back in turn until the wall clock
     * has caught up or they are released there.
     */
    public void release(Origin origin, long seq) {
        releasedUpTo.merge(origin, seq, Math::max);
    }

    /** The last seq of {@code origin} that is held or applied, with none missing before it. */
    public long heldUpTo(Origin origin, VersionVector applied) {
        var seq = applied.seq(origin);
        for (var next : heldSeqs(origin, seq)) {
            if (next != seq + 1) {
                break;
            }
            seq = next;
        }
        return seq;
    }

    private Set<Long> heldSeqs(Origin origin, long after) {
        var ofOrigin = held.get(origin);
        return ofOrigin == null ? Set.of() : ofOrigin.tailMap(after, false).keySet();
    }

    /** How many transactions are held. */
    public int count() {
        return count;
    }

    /** How much memory the held transactions take, about. */
    public long sizeBytes() {
        return sizeBytes;
    }

    private Optional<Reason> reason(T transaction, VersionVector applied) {
        if (transaction.seq() != applied.seq(transaction.origin()) + 1) {
            return Optional.of(Reason.GAP);
        }
        if (!applied.covers(transaction.dependencies())) {
            return Optional.of(Reason.DEPENDENCY);
        }
        var released = transaction.seq() <= releasedUpTo.getOrDefault(transaction.origin(), 0L);
        if (!released && !clock.accepts(transaction.stamp().clock())) {
            return Optional.of(Reason.DRIFT);
        }
        return knownSchema.test(transaction.schemaFingerprint()) ? Optional.empty() : Optional.of(Reason.SCHEMA);
    }

    private boolean isHeld(T transaction) {
        var ofOrigin = held.get(transaction.origin());
        return ofOrigin != null && ofOrigin.containsKey(transaction.seq());
    }

    private void forgetApplied(VersionVector applied) {
        List<T> stale = new ArrayList<>();
        held.forEach((origin, bySeq) ->
                stale.addAll(bySeq.headMap(applied.seq(origin), true).values()));
        stale.forEach(this::remove);
    }

    private void remove(T transaction) {
        held.computeIfPresent(transaction.origin(), (origin, bySeq) -> {
            if (bySeq.remove(transaction.seq()) != null) {
                count--;
                sizeBytes -= transaction.sizeBytes();
            }
            return bySeq.isEmpty() ? null : bySeq;
        });
    }
}
