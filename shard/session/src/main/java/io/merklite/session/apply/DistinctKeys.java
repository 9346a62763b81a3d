package io.merklite.session.apply;

import java.util.Arrays;

/** A set of hashes, none of which is {@link KeyColumns#NONE}: an open-addressing table of longs, since a window adds one for each change. */
final class DistinctKeys {
    private static final int SMALLEST = 64;

    private long[] slots = new long[SMALLEST];
    private int count;

    /** Adds {@code hash}; false if it is there already. */
    boolean add(long hash) {
        if (2 * count >= slots.length) {
            grow();
        }
        var added = put(slots, hash);
        count += added ? 1 : 0;
        return added;
    }

    private static boolean put(long[] slots, long hash) {
        var mask = slots.length - 1;
        var at = (int) (hash ^ (hash >>> 29)) & mask;
        while (slots[at] != KeyColumns.NONE) {
            if (slots[at] == hash) {
                return false;
            }
            at = (at + 1) & mask;
        }
        slots[at] = hash;
        return true;
    }

    private void grow() {
        var larger = new long[slots.length * 2];
        for (var hash : slots) {
            if (hash != KeyColumns.NONE) {
                put(larger, hash);
            }
        }
        slots = larger;
    }

    /** Forgets all; a table much larger than what it held is given up, so that small windows need not wipe it. */
    void clear() {
        if (count * 16 < slots.length && slots.length > SMALLEST) {
            slots = new long[SMALLEST];
        } else if (count > 0) {
            Arrays.fill(slots, KeyColumns.NONE);
        }
        count = 0;
    }
}
