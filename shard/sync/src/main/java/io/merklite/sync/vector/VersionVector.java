package io.merklite.sync.vector;

import io.merklite.sync.stamp.Origin;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The set of transactions that a replica has applied: of each origin, all from 1 to a seq. Immutable.
 *
 * <p>Vectors under {@link #join} are a lattice: join is commutative, associative and idempotent, and {@link #covers} is
 * its order.
 *
 * <p><b>Cost.</b> {@link #seq} O(log n) in the number of origins; what makes a new vector copies it, O(n).
 */
public final class VersionVector {
    /** The vector that has seen nothing. */
    public static final VersionVector EMPTY = new VersionVector(new TreeMap<>());

    private final SortedMap<Origin, Long> seqs;

    private VersionVector(SortedMap<Origin, Long> seqs) {
        this.seqs = Collections.unmodifiableSortedMap(seqs);
    }

    /** The vector with these seqs; entries of 0 are left out. */
    public static VersionVector of(Map<Origin, Long> seqs) {
        var copy = new TreeMap<Origin, Long>();
        seqs.forEach((origin, seq) -> {
            if (seq < 0) {
                throw new IllegalArgumentException("seq " + seq + " of " + origin + ", must not be negative");
            }
            if (seq > 0) {
                copy.put(origin, seq);
            }
        });
        return copy.isEmpty() ? EMPTY : new VersionVector(copy);
    }

    /** The highest seq of {@code origin} that was seen with none missing before it; 0 if none was. */
    public long seq(Origin origin) {
        return seqs.getOrDefault(origin, 0L);
    }

    /** Origins and seqs in the order of origins; no seq is 0. Unmodifiable. */
    public SortedMap<Origin, Long> seqs() {
        return seqs;
    }

    public boolean isEmpty() {
        return seqs.isEmpty();
    }

    /** This vector with the seq of {@code origin} raised to {@code seq}; itself if it is there already. */
    public VersionVector with(Origin origin, long seq) {
        if (seq <= seq(origin)) {
            return this;
        }
        var raised = new TreeMap<>(seqs);
        raised.put(origin, seq);
        return new VersionVector(raised);
    }

    /** What others than {@code origin} have in this vector. */
    public VersionVector without(Origin origin) {
        if (!seqs.containsKey(origin)) {
            return this;
        }
        if (seqs.size() == 1) {
            return EMPTY;
        }
        var others = new TreeMap<>(seqs);
        others.remove(origin);
        return new VersionVector(others);
    }

    /** The smallest vector that covers both: everything that one of the two has seen. */
    public VersionVector join(VersionVector other) {
        if (covers(other)) {
            return this;
        }
        if (other.covers(this)) {
            return other;
        }
        var joined = new TreeMap<>(seqs);
        other.seqs.forEach((origin, seq) -> joined.merge(origin, seq, Math::max));
        return new VersionVector(joined);
    }

    /** The largest vector that both cover: what both have seen. */
    public VersionVector meet(VersionVector other) {
        var met = new TreeMap<Origin, Long>();
        seqs.forEach((origin, seq) -> met.put(origin, Math.min(seq, other.seq(origin))));
        return of(met);
    }

    /** The seqs of those origins of which this has seen more than {@code other}. */
    public VersionVector beyond(VersionVector other) {
        var more = new TreeMap<>(seqs);
        more.entrySet().removeIf(entry -> entry.getValue() <= other.seq(entry.getKey()));
        return of(more);
    }

    /** Whether everything that {@code other} has seen was seen here. */
    public boolean covers(VersionVector other) {
        for (var entry : other.seqs.entrySet()) {
            if (seq(entry.getKey()) < entry.getValue()) {
                return false;
            }
        }
        return true;
    }

    /** What {@code other} has seen and this has not, by origin. */
    public List<SeqRange> missingFrom(VersionVector other) {
        List<SeqRange> missing = new ArrayList<>();
        other.seqs.forEach((origin, seq) -> {
            if (seq > seq(origin)) {
                missing.add(new SeqRange(origin, seq(origin) + 1, seq));
            }
        });
        return List.copyOf(missing);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof VersionVector vector && vector.seqs.equals(seqs);
    }

    @Override
    public int hashCode() {
        return seqs.hashCode();
    }

    @Override
    public String toString() {
        return seqs.toString();
    }

    /**
     * Transactions of one origin.
     *
     * @param origin who wrote them
     * @param first the first seq, from 1
     * @param last the last seq, itself included
     */
    public record SeqRange(Origin origin, long first, long last) {
        public SeqRange {
            if (first < 1 || last < first) {
                throw new IllegalArgumentException("seqs " + first + " to " + last + " of " + origin);
            }
        }
    }
}
