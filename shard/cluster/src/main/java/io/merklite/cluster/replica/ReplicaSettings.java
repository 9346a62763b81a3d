package io.merklite.cluster.replica;

import com.typesafe.config.Config;
import io.merklite.cluster.journal.LogSettings;
import io.merklite.sync.replicate.ReplicatorOptions;
import io.merklite.sync.vector.GroupLimits;
import java.time.Duration;

/**
 * How replicas work.
 *
 * @param requestTimeout how long a request may take in all before its outcome is called unknown
 * @param idleTimeout after how long without work a replica closes its file
 * @param maxOpenCount how many files are open on a node before those are closed that nobody has used lately
 * @param tickInterval how often due things are looked for
 * @param maxBatchCount how many clients' transactions are one transaction of the log
 * @param maxQueueCount how many requests wait for the writer; more are refused
 * @param readerCount connections that read beside the writer
 * @param cacheSizeBytes memory for pages of a replica's file, on the connection that writes
 * @param checkpointSizeBytes from which size on the write-ahead log is copied into the file
 * @param maxLogSizeBytes how long the write-ahead log may become before writes wait until it is copied
 * @param leaseContended how old an open write transaction may get while others wait
 * @param leaseIdle how long an open write transaction may do nothing
 * @param queueTimeout how long a request waits for the writer
 * @param reads where reads run
 * @param readsWait how long a read waits for a follower to come far enough before it goes to the writer
 * @param streamIdle how long a stream keeps a snapshot or a cursor that it does not use
 * @param restartPause how long a database that failed rests at first
 * @param maxRestartPause how long it rests at most
 * @param isAutoCreating whether the first request for a database makes it
 * @param acknowledgeTimeout how long a write waits for other replicas before its outcome is called unknown
 * @param takeOverTimeout how long a new writer waits for what other replicas have
 * @param windowCount how many transactions may be on their way to a follower unacknowledged; beyond it they are announced
 * @param logWindowBytes how much of the log stays in memory
 * @param maxTransactionSizeBytes the largest transaction that the log takes
 * @param maxDrift how far ahead of the clock a stamp may be
 * @param replicator how replicas talk
 */
public record ReplicaSettings(
        Duration requestTimeout,
        Duration idleTimeout,
        int maxOpenCount,
        Duration tickInterval,
        int maxBatchCount,
        int maxQueueCount,
        int readerCount,
        int cacheSizeBytes,
        int checkpointSizeBytes,
        long maxLogSizeBytes,
        Duration leaseContended,
        Duration leaseIdle,
        Duration queueTimeout,
        Reads reads,
        Duration readsWait,
        Duration streamIdle,
        Duration restartPause,
        Duration maxRestartPause,
        boolean isAutoCreating,
        Duration acknowledgeTimeout,
        Duration takeOverTimeout,
        int windowCount,
        long logWindowBytes,
        int maxTransactionSizeBytes,
        Duration maxDrift,
        ReplicatorOptions replicator) {
    private static final int WINDOW_TRANSACTIONS = 10_000;
    private static final int MIN_SIZE = 256 << 10;
    private static final int MAX_SIZE = 1 << 30;

    public ReplicaSettings {
        requirePositive("merklite.request-timeout", requestTimeout);
        requirePositive("merklite.database.idle-timeout", idleTimeout);
        requirePositive("merklite.database.max-open", maxOpenCount);
        requirePositive("merklite.database.tick-interval", tickInterval);
        requirePositive("merklite.database.max-batch", maxBatchCount);
        requirePositive("merklite.database.max-queue", maxQueueCount);
        requirePositive("merklite.database.readers", readerCount);
        requireSize("merklite.database.cache-size", cacheSizeBytes);
        requireSize("merklite.database.checkpoint-size", checkpointSizeBytes);
        if (maxLogSizeBytes < 2L * checkpointSizeBytes) {
            throw new IllegalArgumentException("merklite.database.max-wal-size = " + maxLogSizeBytes
                    + ", must be at least twice checkpoint-size, " + checkpointSizeBytes);
        }
        requirePositive("merklite.database.lease-contended", leaseContended);
        requirePositive("merklite.database.lease-idle", leaseIdle);
        requirePositive("merklite.database.queue-timeout", queueTimeout);
        requirePositive("merklite.database.stream-idle", streamIdle);
        requirePositive("merklite.database.restart-pause.min", restartPause);
        requirePositive("merklite.database.restart-pause.max", maxRestartPause);
        if (readsWait.isNegative()) {
            throw new IllegalArgumentException(
                    "merklite.database.reads-wait = " + readsWait + ", must not be negative");
        }
        requirePositive("merklite.replication.acknowledge-timeout", acknowledgeTimeout);
        requirePositive("merklite.replication.take-over-timeout", takeOverTimeout);
        requirePositive("merklite.replication.window", windowCount);
        requirePositive("merklite.replication.log-window", logWindowBytes);
        requirePositive("merklite.clock.max-drift", maxDrift);
    }

    private static void requirePositive(String path, Duration value) {
        if (value.isZero() || value.isNegative()) {
            throw new IllegalArgumentException(path + " = " + value + ", must be positive");
        }
    }

    private static void requirePositive(String path, long value) {
        if (value <= 0) {
            throw new IllegalArgumentException(path + " = " + value + ", must be positive");
        }
    }

    private static void requireSize(String path, int bytes) {
        if (bytes < MIN_SIZE || bytes > MAX_SIZE) {
            throw new IllegalArgumentException(path + " = " + bytes + ", must be between 256 KiB and 1 GiB");
        }
    }

    /** Reads the section {@code merklite}. */
    public static ReplicaSettings from(Config merklite) {
        return new ReplicaSettings(
                merklite.getDuration("request-timeout"),
                merklite.getDuration("database.idle-timeout"),
                merklite.getInt("database.max-open"),
                merklite.getDuration("database.tick-interval"),
                merklite.getInt("database.max-batch"),
                merklite.getInt("database.max-queue"),
                merklite.getInt("database.readers"),
                Math.toIntExact(merklite.getBytes("database.cache-size")),
                Math.toIntExact(merklite.getBytes("database.checkpoint-size")),
                merklite.getBytes("database.max-wal-size"),
                merklite.getDuration("database.lease-contended"),
                merklite.getDuration("database.lease-idle"),
                merklite.getDuration("database.queue-timeout"),
                Reads.from(merklite),
                merklite.getDuration("database.reads-wait"),
                merklite.getDuration("database.stream-idle"),
                merklite.getDuration("database.restart-pause.min"),
                merklite.getDuration("database.restart-pause.max"),
                merklite.getBoolean("auto-create"),
                merklite.getDuration("replication.acknowledge-timeout"),
                merklite.getDuration("replication.take-over-timeout"),
                merklite.getInt("replication.window"),
                merklite.getBytes("replication.log-window"),
                LogSettings.maxTransactionSizeBytes(merklite),
                merklite.getDuration("clock.max-drift"),
                new ReplicatorOptions(
                        merklite.getDuration("anti-entropy.interval"),
                        merklite.getDouble("anti-entropy.jitter"),
                        merklite.getDuration("anti-entropy.timeout"),
                        merklite.getDuration("tombstone.retain"),
                        Math.toIntExact(merklite.getBytes("replication.inline-max")),
                        merklite.getInt("replication.max-held"),
                        merklite.getBytes("replication.max-held-bytes"),
                        groups(merklite),
                        true));
    }

    private static GroupLimits groups(Config merklite) {
        var count = merklite.getInt("replication.max-batch");
        var sizeBytes = merklite.getBytes("replication.max-batch-size");
        requirePositive("merklite.replication.max-batch", count);
        requirePositive("merklite.replication.max-batch-size", sizeBytes);
        return new GroupLimits(count, sizeBytes);
    }

    /** How many transactions of the log stay in memory at most. */
    int logWindowCount() {
        return WINDOW_TRANSACTIONS;
    }
}
