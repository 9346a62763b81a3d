package io.merklite.sync.replicate;

import io.merklite.sync.vector.GroupLimits;
import java.time.Duration;

/**
 * How a replica talks.
 *
 * @param interval how often it compares with each peer
 * @param jitter by how much of the interval the moment is spread, from 0 to below 1
 * @param timeout after how long without an answer a question is given up
 * @param tombstoneRetention after how long tombstones go although some peer may not have passed them
 * @param maxMessageBytes how large a message may be, about
 * @param maxHeldCount how many transactions may wait for others
 * @param maxHeldBytes how much memory they may take
 * @param groups how many transactions of others are applied in one commit
 * @param forwarding whether what comes from one peer is published to the others: for a line or a star of replicas
 */
public record ReplicatorOptions(
        Duration interval,
        double jitter,
        Duration timeout,
        Duration tombstoneRetention,
        int maxMessageBytes,
        int maxHeldCount,
        long maxHeldBytes,
        GroupLimits groups,
        boolean forwarding) {
    /** Every 10 s, tombstones for 30 days, messages of 128 KiB, 64 MiB of waiting transactions. */
    public static final ReplicatorOptions DEFAULTS = new ReplicatorOptions(
            Duration.ofSeconds(10),
            0.2,
            Duration.ofSeconds(5),
            Duration.ofDays(30),
            128 << 10,
            10_000,
            64L << 20,
            GroupLimits.DEFAULTS,
            true);

    public ReplicatorOptions {
        if (!(jitter >= 0 && jitter < 1)) {
            throw new IllegalArgumentException("jitter = " + jitter + ", must be in [0, 1)");
        }
        if (interval.isNegative() || interval.isZero() || timeout.isNegative() || timeout.isZero()) {
            throw new IllegalArgumentException(
                    "interval = " + interval + ", timeout = " + timeout + ", must be positive");
        }
        if (maxMessageBytes < 1024) {
            throw new IllegalArgumentException("maxMessageBytes = " + maxMessageBytes + ", must be at least 1024");
        }
    }

    /** The same with another retention of tombstones. */
    public ReplicatorOptions withTombstoneRetention(Duration retention) {
        return new ReplicatorOptions(
                interval, jitter, timeout, retention, maxMessageBytes, maxHeldCount, maxHeldBytes, groups, forwarding);
    }

    /** The same with another limit on messages. */
    public ReplicatorOptions withMaxMessageBytes(int limit) {
        return new ReplicatorOptions(
                interval, jitter, timeout, tombstoneRetention, limit, maxHeldCount, maxHeldBytes, groups, forwarding);
    }

    /** The same with other limits on what waits. */
    public ReplicatorOptions withMaxHeld(int count, long sizeBytes) {
        return new ReplicatorOptions(
                interval, jitter, timeout, tombstoneRetention, maxMessageBytes, count, sizeBytes, groups, forwarding);
    }

    /** The same with other limits on what is applied in one commit. */
    public ReplicatorOptions withGroups(GroupLimits limits) {
        return new ReplicatorOptions(
                interval,
                jitter,
                timeout,
                tombstoneRetention,
                maxMessageBytes,
                maxHeldCount,
                maxHeldBytes,
                limits,
                forwarding);
    }
}
