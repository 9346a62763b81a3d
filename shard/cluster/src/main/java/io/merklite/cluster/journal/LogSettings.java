package io.merklite.cluster.journal;

import com.typesafe.config.Config;
import java.time.Duration;

/**
 * The section {@code merklite.log}; see {@code reference.conf} for what each means.
 *
 * @param journalPlugin path of the journal plugin's configuration
 * @param readJournalPlugin path of the read journal's configuration
 * @param snapshotPlugin path of the snapshot plugin's configuration
 * @param retain what is kept
 * @param cutInterval how often a log looks for what is too old
 * @param snapshotEvery after how many events a snapshot is taken
 * @param maxBatchCount how many transactions are persisted at once, about
 * @param maxBatchSizeBytes how much is persisted at once, about
 * @param maxTransactionSizeBytes the largest transaction
 * @param maxWaiting how many commands wait while a batch is persisted
 * @param maxReads how many reads run at the same time
 * @param maxReadSizeBytes how large a page is, about
 * @param readTimeout after how long a read fails
 */
public record LogSettings(
        String journalPlugin,
        String readJournalPlugin,
        String snapshotPlugin,
        Retain retain,
        Duration cutInterval,
        int snapshotEvery,
        int maxBatchCount,
        long maxBatchSizeBytes,
        int maxTransactionSizeBytes,
        int maxWaiting,
        int maxReads,
        long maxReadSizeBytes,
        Duration readTimeout) {
    /**
     * What a log keeps: transactions go, the oldest first, as long as any of the three is exceeded.
     *
     * @param count how many
     * @param sizeBytes how much
     * @param age how long
     */
    public record Retain(long count, long sizeBytes, Duration age) {
        public Retain {
            require("retain.count", count, 1, Long.MAX_VALUE);
            require("retain.size", sizeBytes, 1, Long.MAX_VALUE);
            require("retain.age", age);
        }
    }

    public LogSettings {
        require("cut-interval", cutInterval);
        require("snapshot-every", snapshotEvery, 1, 1_000_000);
        require("max-batch-count", maxBatchCount, 1, 100_000);
        require("max-batch-size", maxBatchSizeBytes, 1, 1L << 30);
        require("max-transaction-size", maxTransactionSizeBytes, 1024, 1 << 29);
        require("max-waiting", maxWaiting, 1, 1_000_000);
        require("max-reads", maxReads, 1, 1000);
        require("max-read-size", maxReadSizeBytes, 1, 1L << 30);
        require("read-timeout", readTimeout);
    }

    /** Reads the section {@code log} of {@code merklite}. */
    public static LogSettings from(Config merklite) {
        var log = merklite.getConfig("log");
        return new LogSettings(
                log.getString("journal-plugin"),
                log.getString("read-journal-plugin"),
                log.getString("snapshot-plugin"),
                new Retain(log.getLong("retain.count"), log.getBytes("retain.size"), log.getDuration("retain.age")),
                log.getDuration("cut-interval"),
                log.getInt("snapshot-every"),
                log.getInt("max-batch-count"),
                log.getBytes("max-batch-size"),
                maxTransactionSizeBytes(merklite),
                log.getInt("max-waiting"),
                log.getInt("max-reads"),
                log.getBytes("max-read-size"),
                log.getDuration("read-timeout"));
    }

    /** The largest transaction that a log takes, in the section {@code merklite}. */
    public static int maxTransactionSizeBytes(Config merklite) {
        long found = merklite.getBytes("log.max-transaction-size");
        require("max-transaction-size", found, 1024, 1 << 29);
        return (int) found;
    }

    private static void require(String key, long found, long min, long max) {
        if (found < min || found > max) {
            throw new IllegalArgumentException(
                    "merklite.log." + key + " = " + found + ", must be in [" + min + ", " + max + "]");
        }
    }

    private static void require(String key, Duration found) {
        if (found.isNegative() || found.isZero()) {
            throw new IllegalArgumentException("merklite.log." + key + " = " + found + ", must be positive");
        }
    }
}
