package io.merklite.wal.replication;

import java.time.Instant;

/** The moment in a database's history that is wanted; what is produced is the last transaction at or before it. */
public sealed interface RestorePoint {
    /** All there is. */
    static RestorePoint latest() {
        return new Frame(Long.MAX_VALUE);
    }

    /**
     * A transaction, by the number of its commit frame.
     *
     * @param number see {@link Ack#frameNumber}
     */
    record Frame(long number) implements RestorePoint {}

    /** A time, by the primary's clock. */
    record Time(Instant instant) implements RestorePoint {}

    /** Whether a commit with this number and time is not after the point. */
    default boolean includes(long frameNumber, long committedAtMillis) {
        return switch (this) {
            case Frame frame -> frameNumber <= frame.number();
            case Time time -> committedAtMillis <= time.instant().toEpochMilli();
        };
    }
}
