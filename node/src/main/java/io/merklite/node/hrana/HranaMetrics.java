package io.merklite.node.hrana;

import io.merklite.cluster.sql.StepOutcome;
import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.core.metrics.Gauge;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/** What Hrana's clients of one node ask, and what comes of it. Thread-safe. */
final class HranaMetrics {
    private static final double[] SECONDS = {
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60
    };
    private static final double NANOS_PER_SECOND = 1e9;
    private static final int FIRST_REFUSAL = 400;
    private static final int FIRST_FAILURE = 500;

    private final Counter requests;
    private final Histogram durations;
    private final Counter errors;
    private final Gauge streams;
    private final Gauge sockets;

    /** How a request came. */
    enum Transport {
        HTTP,
        WEBSOCKET;

        private final String label = name().toLowerCase(Locale.ROOT);
    }

    /** What came of a request. */
    enum Outcome {
        /** It was answered; single statements in it may have failed. */
        ANSWERED,
        /** The client has to change something, or to come back later. */
        REFUSED,
        /** The node could not do it. */
        FAILED;

        private final String label = name().toLowerCase(Locale.ROOT);

        static Outcome ofStatus(int status) {
            return status < FIRST_REFUSAL ? ANSWERED : status < FIRST_FAILURE ? REFUSED : FAILED;
        }
    }

    /** @param registry that has none of these yet */
    HranaMetrics(PrometheusRegistry registry) {
        requests = Counter.builder()
                .name("merklite_hrana_requests_total")
                .help("Requests of Hrana's clients: of HTTP whole ones, of WebSockets messages; by what came of them.")
                .labelNames("transport", "outcome")
                .register(registry);
        durations = Histogram.builder()
                .name("merklite_hrana_request_seconds")
                .help("From a request until its answer was ready; of a cursor over HTTP until its results began.")
                .labelNames("transport")
                .classicOnly()
                .classicUpperBounds(SECONDS)
                .register(registry);
        errors = Counter.builder()
                .name("merklite_hrana_statement_errors_total")
                .help("Statements of Hrana's clients that failed, by the code that the client was told.")
                .labelNames("code")
                .register(registry);
        streams = Gauge.builder()
                .name("merklite_hrana_streams_open")
                .help("Streams that are open between requests.")
                .labelNames("transport")
                .register(registry);
        sockets = Gauge.builder()
                .name("merklite_hrana_sockets_open")
                .help("WebSockets of Hrana's clients.")
                .register(registry);
        for (var transport : Transport.values()) {
            streams.initLabelValues(transport.label);
            durations.initLabelValues(transport.label);
            for (var outcome : Outcome.values()) {
                requests.initLabelValues(transport.label, outcome.label);
            }
        }
    }

    void answered(Transport transport, Outcome outcome, Duration took) {
        requests.labelValues(transport.label, outcome.label).inc();
        durations.labelValues(transport.label).observe(took.toNanos() / NANOS_PER_SECOND);
    }

    /** Counts the statements among answers that failed. */
    void told(List<Answer> answers) {
        for (var answer : answers) {
            switch (answer) {
                case Answer.Failed(var error) ->
                    errors.labelValues(error.code()).inc();
                case Answer.BatchRan(var outcomes) -> {
                    for (var outcome : outcomes) {
                        if (outcome instanceof StepOutcome.Failed(var error)) {
                            errors.labelValues(error.code()).inc();
                        }
                    }
                }
                case Answer.Executed executed -> {}
                case Answer.Described described -> {}
                case Answer.AutocommitIs is -> {}
                case Answer.Fetched fetched -> {}
                case Answer.Done done -> {}
            }
        }
    }

    void streams(Transport transport, int difference) {
        streams.labelValues(transport.label).inc(difference);
    }

    void sockets(int difference) {
        sockets.inc(difference);
    }
}
