package io.merklite.sync.vector;

/**
 * How many transactions are applied together at most. One that is larger by itself is applied alone.
 *
 * @param maxCount how many, at least 1
 * @param maxSizeBytes how much memory they may take, at least 1
 */
public record GroupLimits(int maxCount, long maxSizeBytes) {
    /** 256 transactions of 1 MiB in all. */
    public static final GroupLimits DEFAULTS = new GroupLimits(256, 1 << 20);

    public GroupLimits {
        if (maxCount < 1 || maxSizeBytes < 1) {
            throw new IllegalArgumentException(
                    "groups of " + maxCount + " transactions of " + maxSizeBytes + " bytes, must be at least 1 each");
        }
    }

    /** Whether so many transactions of so many bytes may be applied together. */
    public boolean allow(int count, long sizeBytes) {
        return count <= maxCount && sizeBytes <= maxSizeBytes;
    }
}
