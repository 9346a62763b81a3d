package io.merklite.wal.format;

import java.util.UUID;

/**
 * A point in the history of one database: how many frames were written since it was made, and a hash of all of them.
 *
 * <p>Two positions are equal only if everything up to them is: the chain hash covers each frame before it. That makes a
 * gap, a foreign log and two primaries on one history visible before a page is touched.
 *
 * @param lineage the identity of the database, made with it
 * @param frameNumber the number of the last frame, 0 before the first
 * @param chain the hash over frames 1 to {@code frameNumber}, in order
 */
public record Position(UUID lineage, long frameNumber, long chain) {
    public Position {
        if (frameNumber < 0) {
            throw new IllegalArgumentException("frameNumber = " + frameNumber + ", must be at least 0");
        }
    }

    /** The position before the first frame of {@code lineage}. */
    public static Position start(UUID lineage) {
        return new Position(lineage, 0, lineage.getMostSignificantBits() ^ lineage.getLeastSignificantBits());
    }
}
