package io.merklite.node.health;

import static org.assertj.core.api.Assertions.assertThat;

import io.prometheus.metrics.core.metrics.Counter;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.pekko.http.javadsl.model.HttpEntity;
import org.apache.pekko.http.javadsl.model.HttpRequest;
import org.junit.jupiter.api.Test;

class HealthTest {
    private final AtomicReference<Optional<String>> joining = new AtomicReference<>(Optional.of("no others yet"));
    private final Health health = new Health().live("actors", Optional::empty).ready("cluster", joining::get);
    private final PrometheusRegistry registry = new PrometheusRegistry();
    private final ProbeEndpoints endpoints = new ProbeEndpoints(health, MetricsPage.withJvm(registry));

    @Test
    void aNodeThatWaitsForItsClusterLivesAndIsNotReady() {
        assertThat(health.live().isGood()).isTrue();
        assertThat(health.ready().problems()).isEqualTo(Map.of("cluster", "no others yet"));

        joining.set(Optional.empty());
        assertThat(health.ready().isGood()).isTrue();
    }

    @Test
    void aNodeThatDoesNotLiveIsNotReady() {
        joining.set(Optional.empty());
        health.live("journal", () -> Optional.of("damaged"));

        assertThat(health.ready().problems()).containsExactly(Map.entry("journal", "damaged"));
    }

    @Test
    void aNodeMayBeReadyAndNotHaveCaughtUp() {
        joining.set(Optional.empty());
        health.caughtUp("copies", () -> Optional.of("3 copies"));

        assertThat(status("/health/ready")).isEqualTo(200);
        assertThat(status("/health/ready?caught-up")).isEqualTo(503);
        assertThat(body("/health/ready?caught-up")).contains("\"copies\":\"3 copies\"");
    }

    @Test
    void probesAnswerByStatusAndSayWhy() {
        assertThat(status("/health/live")).isEqualTo(200);
        assertThat(status("/health")).isEqualTo(200);
        assertThat(status("/health/ready")).isEqualTo(503);
        assertThat(status("/ready")).isEqualTo(503);
        assertThat(body("/health/ready"))
                .isEqualTo("{\"status\":\"failing\",\"problems\":{\"cluster\":\"no others yet\"}}");
    }

    @Test
    void metricsOfTheRegistryAndTheJvmAreOnThePage() {
        Counter.builder()
                .name("merklite_repairs_total")
                .help("Repairs.")
                .register(registry)
                .inc();

        assertThat(body("/metrics")).contains("merklite_repairs_total 1.0", "jvm_memory_used_bytes");
    }

    @Test
    void otherPathsAndMethodsAreLeftToOthers() {
        assertThat(endpoints.answer(HttpRequest.GET("/v1/status"))).isEmpty();
        assertThat(endpoints.answer(HttpRequest.POST("/metrics"))).isEmpty();
    }

    private int status(String path) {
        return endpoints
                .answer(HttpRequest.GET(path))
                .orElseThrow()
                .toCompletableFuture()
                .join()
                .status()
                .intValue();
    }

    private String body(String path) {
        var response = endpoints
                .answer(HttpRequest.GET(path))
                .orElseThrow()
                .toCompletableFuture()
                .join();
        return ((HttpEntity.Strict) response.entity()).getData().utf8String();
    }
}
