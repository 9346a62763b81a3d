package io.merklite.cluster.journal;

import io.merklite.sync.stamp.Origin;
import java.util.List;

/**
 * A {@link LogIndex} at rest.
 *
 * @param lastSequenceNr the last event that is in it
 * @param cutSequenceNr the last event that was given up, 0 if none was
 * @param cutRecordedAt the event that says so, 0 if there is none
 * @param segments in order
 * @param origins in order
 */
record LogSnapshot(
        long lastSequenceNr,
        long cutSequenceNr,
        long cutRecordedAt,
        List<LogIndex.Segment> segments,
        List<OriginRuns> origins) {
    LogSnapshot {
        segments = List.copyOf(segments);
        origins = List.copyOf(origins);
    }

    /**
     * What the log has of one origin.
     *
     * @param origin whose transactions
     * @param head the highest seq that was ever logged
     * @param runs in order
     */
    record OriginRuns(Origin origin, long head, List<LogIndex.Run> runs) {
        OriginRuns {
            runs = List.copyOf(runs);
        }
    }
}
