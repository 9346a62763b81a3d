package io.merklite.client.replica;

import io.merklite.sync.replicate.ReplicatorOptions;
import io.merklite.sync.vector.GroupLimits;
import java.time.Duration;

/**
 * How a replica talks with its node.
 *
 * @param interval how often the two compare
 * @param firstPause before the first further attempt to connect; it doubles with each
 * @param lastPause the longest pause between attempts
 * @param silence after how long without a word a connection counts as dead
 * @param maxMessageBytes how large a message may be, about: what is held in memory is a few of them
 * @param maxFrameBytes the largest message that is taken: a row must fit, whatever the size that messages should have
 * @param maxHeldBytes how much memory transactions may take that wait for others
 */
public record ReplicaOptions(
        Duration interval,
        Duration firstPause,
        Duration lastPause,
        Duration silence,
        int maxMessageBytes,
        int maxFrameBytes,
        long maxHeldBytes) {
    private static final int MAX_HELD_COUNT = 1_000;
    private static final double JITTER = 0.2;
    private static final Duration ANSWER = Duration.ofSeconds(15);
    private static final Duration TOMBSTONES = Duration.ofDays(30);

    /** For a heap of 64 MiB: messages of 64 KiB, rows of up to 8 MiB, 4 MiB of waiting transactions; pauses from 0.5 s to a minute. */
    public static final ReplicaOptions DEFAULTS = new ReplicaOptions(
            Duration.ofSeconds(10),
            Duration.ofMillis(500),
            Duration.ofMinutes(1),
            Duration.ofSeconds(45),
            64 << 10,
            8 << 20,
            4 << 20);

    public ReplicaOptions {
        if (silence.compareTo(interval.multipliedBy(2)) < 0) {
            throw new IllegalArgumentException(
                    "silence = " + silence + ", must be at least twice the interval of " + interval);
        }
        if (maxFrameBytes < 4 * maxMessageBytes) {
            throw new IllegalArgumentException("maxFrameBytes = " + maxFrameBytes
                    + ", must be at least four times the usual size of " + maxMessageBytes);
        }
        if (firstPause.isNegative() || firstPause.isZero() || lastPause.compareTo(firstPause) < 0) {
            throw new IllegalArgumentException(
                    "pauses from " + firstPause + " to " + lastPause + ", must be positive and grow");
        }
    }

    /** The same with other pauses between attempts. */
    public ReplicaOptions withPauses(Duration first, Duration last) {
        return new ReplicaOptions(interval, first, last, silence, maxMessageBytes, maxFrameBytes, maxHeldBytes);
    }

    ReplicatorOptions replicator(int nodeMaxMessageBytes) {
        return new ReplicatorOptions(
                interval,
                JITTER,
                ANSWER,
                TOMBSTONES,
                Math.min(maxMessageBytes, nodeMaxMessageBytes / 4),
                MAX_HELD_COUNT,
                maxHeldBytes,
                GroupLimits.DEFAULTS,
                false);
    }
}
