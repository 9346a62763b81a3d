package io.merklite.session.apply;

import java.util.Arrays;

/**
 * The hashes of the keys of a window, as {@link KeyColumns} makes them, and whether they differ.
 *
 * <p><b>Cost.</b> {@code add} O(1), a few nanoseconds; {@code areDistinct} O(n): one pass over an open-addressing table,
 * since most windows need not ask.
 */
final class DistinctKeys {
    private static final int SMALLEST = 64;

    private long[] hashes = new long[SMALLEST];
    private int count;
    private boolean allKnown = true;

    void add(long hash) {
        if (count == hashes.length) {
            hashes = Arrays.copyOf(hashes, 2 * count);
        }
        hashes[count++] = hash;
        allKnown &= hash != KeyColumns.NONE;
    }

    /** Whether every key has a hash, and no two have the same. */
    boolean areDistinct() {
        if (!allKnown) {
            return false;
        }
        var slots = new long[Math.max(SMALLEST, Integer.highestOneBit(count) * 4)];
        var mask = slots.length - 1;
        for (var i = 0; i < count; i++) {
            var hash = hashes[i];
            var at = (int) (hash ^ (hash >>> 29)) & mask;
            while (slots[at] != KeyColumns.NONE) {
                if (slots[at] == hash) {
                    return false;
                }
                at = (at + 1) & mask;
            }
            slots[at] = hash;
        }
        return true;
    }

    void clear() {
        count = 0;
        allKnown = true;
    }
}
