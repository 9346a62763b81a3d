package io.merklite.session.apply;

/** A set of key hashes as {@link KeyColumns} makes them: an open-addressing table of longs, of a size given beforehand. */
final class DistinctKeys {
    private final long[] slots;

    /** @param count how many are added at most, at least 1 */
    DistinctKeys(int count) {
        slots = new long[Integer.highestOneBit(count) * 4];
    }

    /** Adds {@code hash}, which is not {@link KeyColumns#NONE}; false if it is there already. */
    boolean add(long hash) {
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
}
