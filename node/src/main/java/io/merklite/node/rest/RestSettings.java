package io.merklite.node.rest;

import com.typesafe.config.Config;
import java.time.Duration;

/**
 * Limits of the REST interface: {@code merklite.rest}.
 *
 * @param heartbeat how often a feed shows that it lives
 * @param feedBufferCount how many transactions wait for a slow reader before it is told that it lags
 * @param feedBufferBytes how large they may be together
 * @param maxImportSizeBytes of a file or a text that is imported
 * @param subscriptionRetain how long a result whose reader has gone is kept for it to come back
 * @param maxKeptSubscriptions how many of these there are at most
 * @param snapshotRetain how long a snapshot that nobody reads is kept
 */
public record RestSettings(
        Duration heartbeat,
        int feedBufferCount,
        long feedBufferBytes,
        Duration subscriptionRetain,
        int maxKeptSubscriptions,
        long maxImportSizeBytes,
        Duration snapshotRetain) {
    public RestSettings {
        require(heartbeat.toMillis() >= 100, "heartbeat", heartbeat, "at least 100 ms");
        require(feedBufferCount > 0, "feed-buffer-count", feedBufferCount, "at least 1");
        require(feedBufferBytes >= 1024, "feed-buffer-size", feedBufferBytes, "at least 1 KiB");
        require(!subscriptionRetain.isNegative(), "subscription-retain", subscriptionRetain, "at least 0");
        require(maxKeptSubscriptions >= 0, "max-kept-subscriptions", maxKeptSubscriptions, "at least 0");
        require(maxImportSizeBytes >= 1024, "max-import-size", maxImportSizeBytes, "at least 1 KiB");
        require(snapshotRetain.toMillis() >= 100, "snapshot-retain", snapshotRetain, "at least 100 ms");
    }

    /** The settings in the block {@code merklite}. */
    public static RestSettings from(Config merklite) {
        var rest = merklite.getConfig("rest");
        return new RestSettings(
                rest.getDuration("heartbeat"),
                rest.getInt("feed-buffer-count"),
                rest.getBytes("feed-buffer-size"),
                rest.getDuration("subscription-retain"),
                rest.getInt("max-kept-subscriptions"),
                rest.getBytes("max-import-size"),
                rest.getDuration("snapshot-retain"));
    }

    private static void require(boolean isGood, String name, Object found, String allowed) {
        if (!isGood) {
            throw new IllegalArgumentException("merklite.rest." + name + " = " + found + ", must be " + allowed);
        }
    }
}
