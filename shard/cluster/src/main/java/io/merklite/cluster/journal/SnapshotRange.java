package io.merklite.cluster.journal;

import org.apache.pekko.persistence.SnapshotMetadata;
import org.apache.pekko.persistence.SnapshotSelectionCriteria;

/** Which snapshots of a persistence id are meant. All four ends belong to the range. */
record SnapshotRange(long firstSequenceNr, long lastSequenceNr, long firstTimestampMillis, long lastTimestampMillis) {
    static SnapshotRange of(SnapshotSelectionCriteria criteria) {
        return new SnapshotRange(
                criteria.minSequenceNr(), criteria.maxSequenceNr(), criteria.minTimestamp(), criteria.maxTimestamp());
    }

    /** One snapshot; a timestamp of 0 stands for any. */
    static SnapshotRange of(SnapshotMetadata metadata) {
        var anyTime = metadata.timestamp() == 0;
        return new SnapshotRange(
                metadata.sequenceNr(),
                metadata.sequenceNr(),
                anyTime ? Long.MIN_VALUE : metadata.timestamp(),
                anyTime ? Long.MAX_VALUE : metadata.timestamp());
    }
}
