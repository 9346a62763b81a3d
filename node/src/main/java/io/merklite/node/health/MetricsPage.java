package io.merklite.node.health;

import io.prometheus.metrics.expositionformats.ExpositionFormats;
import io.prometheus.metrics.instrumentation.jvm.JvmMetrics;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.stream.Stream;
import org.apache.pekko.util.ByteString;

/** The figures of some registries as Prometheus reads them. Thread-safe. */
public final class MetricsPage {
    private final List<PrometheusRegistry> registries;
    private final ExpositionFormats formats = ExpositionFormats.init();

    private MetricsPage(List<PrometheusRegistry> registries) {
        this.registries = registries;
    }

    /**
     * The page of {@code registries}.
     *
     * @param main to which the figures of this JVM are added, if they are not there
     * @param others with figures of other names
     */
    public static MetricsPage withJvm(PrometheusRegistry main, PrometheusRegistry... others) {
        JvmMetrics.builder().register(main);
        return new MetricsPage(Stream.concat(Stream.of(main), Stream.of(others)).toList());
    }

    /**
     * A page.
     *
     * @param contentType with the version of the format
     * @param body in that format; of text, one sample a line
     */
    public record Page(String contentType, ByteString body) {}

    /** The figures now, in the format that {@code accept}, a header of HTTP, asks for: Prometheus's text by default. */
    public Page render(String accept) {
        var writer = formats.findWriter(accept);
        var bytes = new ByteArrayOutputStream();
        try {
            writer.write(
                    bytes,
                    new MetricSnapshots(registries.stream()
                            .flatMap(registry -> registry.scrape().stream())
                            .toList()));
        } catch (IOException e) {
            throw new UncheckedIOException("memory takes what is written to it", e);
        }
        return new Page(writer.getContentType(), ByteString.fromArrayUnsafe(bytes.toByteArray()));
    }
}
