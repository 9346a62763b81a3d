package io.merklite.cluster.replica;

import io.merklite.cluster.checkpoint.Checkpointer;
import io.merklite.cluster.checkpoint.LogFrames;
import io.merklite.sync.message.SyncMessage;
import io.merklite.sync.replicate.Event;
import io.prometheus.metrics.core.datapoints.Timer;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Gauge;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.sql.SQLException;
import java.util.Collections;
import java.util.Locale;
import java.util.Map;
import java.util.WeakHashMap;

/**
 * The metrics of replicas. Thread-safe.
 *
 * <p>A registry takes each name once, so nodes that share a registry share these metrics.
 */
public final class ReplicaMetrics {
    private static final Map<PrometheusRegistry, ReplicaMetrics> BY_REGISTRY =
            Collections.synchronizedMap(new WeakHashMap<>());
    private static final double[] SECONDS = {
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60
    };
    private static final double[] COUNTS = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512};

    private final Gauge open;
    private final Counter requests;
    private final Counter reads;
    private final Counter refused;
    private final Histogram batch;
    private final Counter committed;
    private final Counter applied;
    private final Histogram mergeBatch;
    private final Counter mergedBytes;
    private final Histogram lag;
    private final Counter rounds;
    private final Counter descents;
    private final Counter repairedRows;
    private final Counter alarms;
    private final Counter dropped;
    private final Counter takeOvers;
    private final Counter setAside;
    private final Gauge links;
    private final Histogram checkpoints;
    private final Counter failedCheckpoints;
    private final Counter fullLogs;

    private ReplicaMetrics(PrometheusRegistry registry) {
        open = Gauge.builder()
                .name("merklite_replicas_open")
                .help("Replicas whose file is open, by role.")
                .labelNames("role")
                .register(registry);
        requests = counter(registry, "merklite_sql_requests_total", "Requests of clients that were answered.");
        reads = Counter.builder()
                .name("merklite_reads_total")
                .help("Requests and cursors that only read, by the copy that they ran on.")
                .labelNames("copy")
                .register(registry);
        refused = Counter.builder()
                .name("merklite_sql_refused_total")
                .help("Requests of clients that were not run, or whose outcome is unknown, by reason.")
                .labelNames("reason")
                .register(registry);
        batch = Histogram.builder()
                .name("merklite_write_batch_size")
                .help("Clients' transactions in a transaction of the log.")
                .classicOnly()
                .classicUpperBounds(COUNTS)
                .register(registry);
        committed = counter(registry, "merklite_transactions_committed_total", "Transactions that were written here.");
        applied = counter(
                registry, "merklite_transactions_applied_total", "Transactions of other replicas that were applied.");
        mergeBatch = Histogram.builder()
                .name("merklite_merge_batch_size")
                .help("Transactions of other replicas in a commit.")
                .classicOnly()
                .classicUpperBounds(COUNTS)
                .register(registry);
        mergedBytes =
                counter(registry, "merklite_merged_bytes_total", "Bytes of changes that came from other replicas.");
        lag = Histogram.builder()
                .name("merklite_replication_lag_seconds")
                .help("From the stamp of a transaction of another replica until it was applied, by both clocks.")
                .classicOnly()
                .classicUpperBounds(SECONDS)
                .register(registry);
        rounds = counter(registry, "merklite_anti_entropy_rounds_total", "Comparisons with other replicas.");
        descents = counter(
                registry, "merklite_anti_entropy_descents_total", "Comparisons that went down the merkle index.");
        repairedRows =
                counter(registry, "merklite_anti_entropy_repaired_rows_total", "Rows that came by the merkle index.");
        alarms = Counter.builder()
                .name("merklite_alarms_total")
                .help("Events that an operator should know, by kind.")
                .labelNames("kind")
                .register(registry);
        dropped = counter(
                registry,
                "merklite_messages_dropped_total",
                "Messages of other replicas that were dropped because too many waited; anti-entropy brings them again.");
        takeOvers = counter(registry, "merklite_writers_started_total", "Writers that began to serve on this node.");
        setAside = counter(
                registry,
                "merklite_replicas_set_aside_total",
                "Files of databases that were dropped and made again while the copy was away; each is kept beside the new one.");
        links = Gauge.builder()
                .name("merklite_replica_links_open")
                .help("Replicas outside the cluster that are linked with a writer of this node.")
                .register(registry);
        checkpoints = Histogram.builder()
                .name("merklite_database_checkpoint_seconds")
                .help("Duration of checkpoints of databases, which run beside their writers.")
                .classicOnly()
                .classicUpperBounds(SECONDS)
                .register(registry);
        failedCheckpoints = counter(
                registry, "merklite_database_checkpoint_failures_total", "Checkpoints of databases that failed.");
        fullLogs = counter(
                registry,
                "merklite_database_wal_full_total",
                "How often writers waited because the write-ahead log was at its limit.");
    }

    private static Counter counter(PrometheusRegistry registry, String name, String help) {
        return Counter.builder().name(name).help(help).register(registry);
    }

    /** The metrics in {@code registry}, registered at the first call. */
    static ReplicaMetrics in(PrometheusRegistry registry) {
        return BY_REGISTRY.computeIfAbsent(registry, ReplicaMetrics::new);
    }

    void opened(String role) {
        open.labelValues(role).inc();
    }

    void closed(String role) {
        open.labelValues(role).dec();
    }

    void answered() {
        requests.inc();
    }

    /** A read ran at a follower of the node that was asked. */
    void readNearby() {
        reads.labelValues("follower").inc();
    }

    /** A read ran beside the writer. */
    void readAtWriter() {
        reads.labelValues("writer").inc();
    }

    void refused(SqlReply.Refusal refusal) {
        refused.labelValues(refusal.name().toLowerCase(Locale.ROOT)).inc();
    }

    void batch(int count) {
        batch.observe(count);
    }

    void committed() {
        committed.inc();
    }

    void writerStarted() {
        takeOvers.inc();
    }

    void setAside() {
        setAside.inc();
    }

    void linked(int difference) {
        links.inc(difference);
    }

    void dropped() {
        dropped.inc();
    }

    /** Hears of the checkpoints of a database. */
    Checkpointer.Listener checkpoints() {
        return new Checkpointer.Listener() {
            @Override
            public Timer began() {
                return checkpoints.startTimer();
            }

            @Override
            public void copied(LogFrames frames) {}

            @Override
            public void failed(SQLException cause) {
                failedCheckpoints.inc();
            }
        };
    }

    /** A writer waits because the write-ahead log is at its limit. */
    void logIsFull() {
        fullLogs.inc();
    }

    /** A message to another replica. */
    void sent(SyncMessage message) {
        if (message instanceof SyncMessage.Status) {
            rounds.inc();
        }
    }

    /** Something happened in a replica. */
    void happened(Event event, long nowMillis) {
        switch (event) {
            case Event.Applied applying -> {
                mergeBatch.observe(applying.transactions().size());
                applied.inc(applying.transactions().size());
                for (var transaction : applying.transactions()) {
                    mergedBytes.inc(transaction.sizeBytes());
                    var written = transaction.stamp().instant().toEpochMilli();
                    lag.observe(Math.max(0, nowMillis - written) / 1e3);
                }
            }
            case Event.GroupFailed failed ->
                alarms.labelValues("merge-batch-failed").inc();
            case Event.RowsMerged merged -> mergedBytes.inc(merged.changes().toByteArray().length);
            case Event.Repaired repaired ->
                alarms.labelValues("constraint-repair").inc();
            case Event.RootsDiffer differ -> alarms.labelValues("roots-differ").inc();
            case Event.OriginForked forked ->
                alarms.labelValues("origin-forked").inc();
            case Event.SchemaDiffers differs ->
                alarms.labelValues("schema-differs").inc();
            case Event.Quarantined quarantined ->
                alarms.labelValues("quarantined").inc();
            case Event.Descended descended -> {
                descents.inc();
                repairedRows.inc(descended.rowCount());
            }
        }
    }
}
