package io.merklite.cluster.journal;

import io.merklite.cluster.checkpoint.Checkpointer;
import io.merklite.cluster.checkpoint.LogFrames;
import io.prometheus.metrics.core.datapoints.Timer;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Gauge;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Collections;
import java.util.Map;
import java.util.WeakHashMap;

/**
 * The metrics of the journal and of the changeset logs. Thread-safe.
 *
 * <p>A registry takes each name once, so actor systems that share a registry share these metrics.
 */
final class JournalMetrics {
    private static final Map<PrometheusRegistry, JournalMetrics> BY_REGISTRY =
            Collections.synchronizedMap(new WeakHashMap<>());
    private static final double[] SECONDS = {
        0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10
    };
    private static final double[] COUNTS = {1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096};

    private final Counter commits;
    private final Counter events;
    private final Counter bytes;
    private final Counter failures;
    private final Histogram append;
    private final Histogram batch;
    private final Histogram checkpoint;
    private final Gauge queued;
    private final Gauge wal;
    private final Gauge phase;
    private final Counter logged;
    private final Counter cut;
    private final Counter refused;
    private final Histogram logRead;

    private JournalMetrics(PrometheusRegistry registry) {
        commits = Counter.builder()
                .name("merklite_journal_commits_total")
                .help("Commits of the journal, each with one sync.")
                .register(registry);
        events = Counter.builder()
                .name("merklite_journal_events_total")
                .help("Events that were committed.")
                .register(registry);
        bytes = Counter.builder()
                .name("merklite_journal_written_bytes_total")
                .help("Bytes of the events that were committed.")
                .register(registry);
        failures = Counter.builder()
                .name("merklite_journal_failures_total")
                .help("Batches that failed, by the code of the failure.")
                .labelNames("code")
                .register(registry);
        append = seconds(registry, "merklite_journal_append_seconds", "From handing a write over until it is on disk.");
        batch = Histogram.builder()
                .name("merklite_journal_batch_size")
                .help("Events in a commit.")
                .classicOnly()
                .classicUpperBounds(COUNTS)
                .register(registry);
        checkpoint = seconds(registry, "merklite_journal_checkpoint_seconds", "Duration of checkpoints.");
        queued = Gauge.builder()
                .name("merklite_journal_queued_bytes")
                .help("Bytes that wait for the writer or are in its open commit.")
                .register(registry);
        wal = Gauge.builder()
                .name("merklite_journal_wal_bytes")
                .help("Size of the write-ahead log at the last checkpoint.")
                .register(registry);
        phase = Gauge.builder()
                .name("merklite_journal_serving")
                .help("Journals that take writes; one that refused to open or failed for good is not counted.")
                .register(registry);
        logged = Counter.builder()
                .name("merklite_log_transactions_total")
                .help("Transactions that were appended to changeset logs.")
                .register(registry);
        cut = Counter.builder()
                .name("merklite_log_cut_transactions_total")
                .help("Transactions that were cut from changeset logs.")
                .register(registry);
        refused = Counter.builder()
                .name("merklite_log_refusals_total")
                .help("Appends and reads that changeset logs refused, by the code of the refusal.")
                .labelNames("code")
                .register(registry);
        logRead = seconds(registry, "merklite_log_read_seconds", "Duration of reads from changeset logs.");
    }

    private static Histogram seconds(PrometheusRegistry registry, String name, String help) {
        return Histogram.builder()
                .name(name)
                .help(help)
                .classicOnly()
                .classicUpperBounds(SECONDS)
                .register(registry);
    }

    static JournalMetrics in(PrometheusRegistry registry) {
        return BY_REGISTRY.computeIfAbsent(registry, JournalMetrics::new);
    }

    Timer appendBegan(int sizeBytes) {
        queued.inc(sizeBytes);
        return append.startTimer();
    }

    void appendEnded(Timer timer, int sizeBytes) {
        queued.dec(sizeBytes);
        timer.observeDuration();
    }

    void committed(int eventCount, long sizeBytes) {
        commits.inc();
        events.inc(eventCount);
        bytes.inc(sizeBytes);
        batch.observe(eventCount);
    }

    void failed(String code) {
        failures.labelValues(code).inc();
    }

    Timer checkpointBegan() {
        return checkpoint.startTimer();
    }

    /** Hears of the checkpoints of the journal in {@code file}. */
    Checkpointer.Listener checkpointsOf(Path file) {
        return new Checkpointer.Listener() {
            @Override
            public Timer began() {
                return checkpointBegan();
            }

            @Override
            public void copied(LogFrames frames) {
                wal.set((double) frames.sizeBytes());
            }

            @Override
            public void failed(SQLException cause) {
                JournalMetrics.this.failed(
                        SqliteFailure.of(file, "checkpointing", cause).error().code());
            }
        };
    }

    void writerServes() {
        phase.inc();
    }

    void writerEnded() {
        phase.dec();
    }

    void logged(int transactionCount) {
        logged.inc(transactionCount);
    }

    void cut(long transactionCount) {
        cut.inc(transactionCount);
    }

    void refused(String code) {
        refused.labelValues(code).inc();
    }

    Timer logReadBegan() {
        return logRead.startTimer();
    }
}
