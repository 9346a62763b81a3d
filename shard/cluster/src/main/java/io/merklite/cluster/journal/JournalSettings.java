package io.merklite.cluster.journal;

import com.typesafe.config.Config;
import java.nio.file.Path;

/**
 * The section {@code merklite.journal}; see {@code reference.conf} for what each means.
 *
 * @param path the file
 * @param allowsMissing whether a node with databases starts without it
 * @param maxSizeBytes the largest file; 0 for no limit
 * @param maxQueuedSizeBytes how much may wait for the writer
 * @param maxBatchCount how many events a commit takes, about
 * @param maxBatchSizeBytes how much a commit takes, about
 * @param maxEventSizeBytes the largest event
 * @param readers how many read at the same time
 * @param pageCount how many events a page of a reader has, at most
 * @param pageSizeBytes how large a page of a reader is, about
 * @param cacheSizeBytes of the writer's connection
 * @param checkpointSizeBytes how much is written between two checkpoints, about
 * @param maxWalSizeBytes from what size of the write-ahead log the writer itself helps to empty it
 * @param deleteCount how many events a deletion removes in a step
 */
public record JournalSettings(
        Path path,
        boolean allowsMissing,
        long maxSizeBytes,
        int maxQueuedSizeBytes,
        int maxBatchCount,
        int maxBatchSizeBytes,
        int maxEventSizeBytes,
        int readers,
        int pageCount,
        int pageSizeBytes,
        int cacheSizeBytes,
        long checkpointSizeBytes,
        long maxWalSizeBytes,
        int deleteCount) {
    private static final long MAX_QUEUED = 1 << 30;
    private static final long MAX_BATCH = 1 << 28;
    private static final long MAX_EVENT = 1 << 29;

    public JournalSettings {
        require("max-size", maxSizeBytes, 0, Long.MAX_VALUE);
        require("max-queued-size", maxQueuedSizeBytes, 1 << 16, MAX_QUEUED);
        require("max-batch-count", maxBatchCount, 1, 100_000);
        require("max-batch-size", maxBatchSizeBytes, 1024, MAX_BATCH);
        require("max-event-size", maxEventSizeBytes, 1024, MAX_EVENT);
        require("readers", readers, 1, 64);
        require("page-count", pageCount, 1, 100_000);
        require("page-size", pageSizeBytes, 1024, MAX_BATCH);
        require("cache-size", cacheSizeBytes, 1 << 20, MAX_QUEUED);
        require("checkpoint-size", checkpointSizeBytes, 1 << 16, MAX_QUEUED);
        require("max-wal-size", maxWalSizeBytes, 1 << 20, 1L << 40);
        require("delete-count", deleteCount, 1, 100_000);
    }

    /** Reads the section {@code journal} of {@code merklite}, and {@code data-directory}, where the file is if it says nothing. */
    public static JournalSettings from(Config merklite) {
        var journal = merklite.getConfig("journal");
        return new JournalSettings(
                path(merklite),
                journal.getBoolean("allow-missing"),
                journal.getBytes("max-size"),
                size(journal, "max-queued-size", MAX_QUEUED),
                journal.getInt("max-batch-count"),
                size(journal, "max-batch-size", MAX_BATCH),
                size(journal, "max-event-size", MAX_EVENT),
                journal.getInt("readers"),
                journal.getInt("page-count"),
                size(journal, "page-size", MAX_BATCH),
                size(journal, "cache-size", MAX_QUEUED),
                journal.getBytes("checkpoint-size"),
                journal.getBytes("max-wal-size"),
                journal.getInt("delete-count"));
    }

    private static Path path(Config merklite) {
        var path = merklite.getString("journal.path");
        var file = path.isEmpty() ? Path.of(merklite.getString("data-directory"), "journal.sqlite") : Path.of(path);
        return file.toAbsolutePath().normalize();
    }

    private static int size(Config journal, String key, long max) {
        long found = journal.getBytes(key);
        require(key, found, 0, max);
        return (int) found;
    }

    private static void require(String key, long found, long min, long max) {
        if (found < min || found > max) {
            throw new IllegalArgumentException(
                    "merklite.journal." + key + " = " + found + ", must be in [" + min + ", " + max + "]");
        }
    }
}
