package io.merklite.node.sync;

import com.typesafe.config.Config;
import java.time.Duration;

/**
 * Limits of the endpoint for embedded replicas: {@code merklite.sync}.
 *
 * @param maxMessageSizeBytes the largest message that is taken from a replica, or sent to one
 * @param maxLinks how many replicas one node serves at the same time
 * @param pingInterval between pings; a replica that has answered none until the next is dropped
 */
public record SyncSettings(int maxMessageSizeBytes, int maxLinks, Duration pingInterval) {
    private static final int MIN_MESSAGE_SIZE_BYTES = 1 << 20;

    public SyncSettings {
        require(
                maxMessageSizeBytes >= MIN_MESSAGE_SIZE_BYTES,
                "max-message-size",
                maxMessageSizeBytes,
                "at least 1 MiB: a row must fit");
        require(maxLinks >= 1, "max-links", maxLinks, "at least 1");
        require(!pingInterval.isNegative() && !pingInterval.isZero(), "ping-interval", pingInterval, "more than 0");
    }

    /** The settings in the block {@code merklite}. */
    public static SyncSettings from(Config merklite) {
        var sync = merklite.getConfig("sync");
        return new SyncSettings(
                (int) Math.min(sync.getBytes("max-message-size"), Integer.MAX_VALUE),
                sync.getInt("max-links"),
                sync.getDuration("ping-interval"));
    }

    private static void require(boolean isGood, String name, Object found, String allowed) {
        if (!isGood) {
            throw new IllegalArgumentException("merklite.sync." + name + " = " + found + ", must be " + allowed);
        }
    }
}
