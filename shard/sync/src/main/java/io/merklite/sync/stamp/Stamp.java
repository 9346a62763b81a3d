package io.merklite.sync.stamp;

import java.time.Instant;

/**
 * When and by whom a transaction was committed. Totally ordered: first by clock, then by origin.
 *
 * @param clock hybrid logical time: Unix milliseconds in the upper 48 bits, a counter in the lower 16
 * @param origin who committed
 */
public record Stamp(long clock, Origin origin) implements Comparable<Stamp> {
    /** Bits of the counter below the milliseconds. */
    public static final int COUNTER_BITS = 16;

    public Stamp {
        if (clock < 0) {
            throw new IllegalArgumentException("clock " + clock + ", must not be negative");
        }
    }

    /** The wall-clock part. */
    public Instant instant() {
        return Instant.ofEpochMilli(clock >>> COUNTER_BITS);
    }

    @Override
    public int compareTo(Stamp other) {
        var order = Long.compare(clock, other.clock);
        return order != 0 ? order : origin.compareTo(other.origin);
    }

    /** The later of the two. */
    public static Stamp max(Stamp first, Stamp second) {
        return first.compareTo(second) >= 0 ? first : second;
    }

    /** Milliseconds, counter and origin, such as {@code 1763700000000.3@00000000000000aa}. */
    @Override
    public String toString() {
        return (clock >>> COUNTER_BITS) + "." + (clock & ((1 << COUNTER_BITS) - 1)) + "@" + origin;
    }
}
