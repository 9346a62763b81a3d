package io.merklite.cluster.sql;

import io.merklite.sync.vector.VersionVector;
import java.util.Optional;

/**
 * How a stream runs.
 *
 * @param acknowledgement where a write must be on disk before it is answered
 * @param after what a read must see at least: the bookmark of a write
 * @param isReadOnly whether statements that write are refused
 */
public record StreamOptions(Acknowledgement acknowledgement, Optional<VersionVector> after, boolean isReadOnly) {
    /** Writes acknowledged by the writer's disk. */
    public static final StreamOptions DEFAULTS = new StreamOptions(Acknowledgement.LOCAL, Optional.empty(), false);

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
