package io.merklite.sync.stamp;

import java.util.random.RandomGenerator;

/**
 * The identity under which one copy of a database writes: 64 random bits, made when the copy is made.
 *
 * <p>Ordered as an unsigned number, which only serves to break ties in the same way everywhere.
 */
public record Origin(long bits) implements Comparable<Origin> {
    /** A new origin. Zero is left out, so that a forgotten field is never taken for one. */
    public static Origin random(RandomGenerator random) {
        var bits = random.nextLong();
        while (bits == 0) {
            bits = random.nextLong();
        }
        return new Origin(bits);
    }

    public Origin {
        if (bits == 0) {
            throw new IllegalArgumentException("origin 0, must be a random number that is not zero");
        }
    }

    @Override
    public int compareTo(Origin other) {
        return Long.compareUnsigned(bits, other.bits);
    }

    /** Sixteen hexadecimal digits. */
    @Override
    public String toString() {
        return "%016x".formatted(bits);
    }
}
