package io.merklite.cluster.sql;

import io.merklite.sync.vector.VersionVector;
import java.util.Optional;

/**
 * How a stream runs.
 *
 * @param acknowledgement where a write must be on disk before it is answered
 * @param after what a read must see at least: the bookmark of a write
 * @param isReadOnly whether statements that write are refused
 * @param level how fresh a read must be. It decides which copy is asked, so it is not sent to one
 */
public record StreamOptions(
        Acknowledgement acknowledgement, Optional<VersionVector> after, boolean isReadOnly, Level level) {
    /** Writes acknowledged by the writer's disk. */
    public static final StreamOptions DEFAULTS = new StreamOptions(Acknowledgement.LOCAL, Optional.empty(), false);

    /** As fresh as a bookmark wants it. */
    public StreamOptions(Acknowledgement acknowledgement, Optional<VersionVector> after, boolean isReadOnly) {
        this(acknowledgement, after, isReadOnly, Level.BOOKMARK);
    }

    /** The same, and statements that write are refused. */
    public StreamOptions readOnly() {
        return isReadOnly ? this : new StreamOptions(acknowledgement, after, true, level);
    }

    /** How fresh a read must be. */
    public enum Level {
        /** What the copy on this node has, without a wait: {@code after} and writes through this node are not looked at. */
        LOCAL,
        /** All that {@code after} names, and what was written through this node. */
        BOOKMARK,
        /** All that was written in the datacenter: the writer is asked. */
        WRITER
    }

    /** Where a write must be on disk before it is answered. */
    public enum Acknowledgement {
        /** At the writer. */
        LOCAL,
        /** At a majority of the datacenter's replicas. */
        MAJORITY,
        /** At all of the datacenter's replicas. */
        ALL,
        /** At the writer of each datacenter. */
        EACH_DATACENTER
    }
}
