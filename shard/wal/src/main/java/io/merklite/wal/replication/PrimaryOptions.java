package io.merklite.wal.replication;

import java.time.InstantSource;

/**
 * How a primary behaves.
 *
 * @param clock gives the time of each commit, for restoring to a time
 * @param restartBytes size of SQLite's write-ahead log from which a checkpoint holds writers back until it has ended,
 *     so that SQLite can start the log again; without that, a writer that never pauses would let it grow for ever
 */
public record PrimaryOptions(InstantSource clock, long restartBytes) {
    private static final long USUAL_RESTART_BYTES = 64L << 20;

    public PrimaryOptions {
        if (restartBytes < 0) {
            throw new IllegalArgumentException("restartBytes = " + restartBytes + ", must be at least 0");
        }
    }

    /** The system's clock, and 64 MiB. */
    public static PrimaryOptions usual() {
        return new PrimaryOptions(InstantSource.system(), USUAL_RESTART_BYTES);
    }
}
