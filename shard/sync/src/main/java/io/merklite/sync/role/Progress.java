package io.merklite.sync.role;

/**
 * How far a comparison has come.
 *
 * @param phase what is being done
 * @param table of which table
 * @param done how much of it
 * @param total of how much; 0 where that is not known
 */
public record Progress(Phase phase, String table, long done, long total) {
    /** What is being done, in its order; the master's part and the replica's alternate. */
    public enum Phase {
        /** The replica sums up what it has. */
        COMPUTING_BUCKETS,
        /** The master compares sums. */
        COMPARING_BUCKETS,
        /** The replica looks at single rows. */
        COMPUTING_ROW_HASHES,
        /** The master gathers rows. */
        BUILDING_PATCHSET,
        /** The replica takes rows over. */
        APPLYING_PATCHSET
    }

    /** Hears of progress. Called on the thread of the role; must not use it. */
    @FunctionalInterface
    public interface Listener {
        /** Hears nothing. */
        Listener SILENT = progress -> {};

        /** Something was done. */
        void progressed(Progress progress);
    }
}
