package io.merklite.node.health;

import io.prometheus.metrics.expositionformats.ExpositionFormats;
import io.prometheus.metrics.instrumentation.jvm.JvmMetrics;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.pekko.util.ByteString;

/** The figures of a registry as Prometheus reads them. Thread-safe. */
public final class MetricsPage {
    private final PrometheusRegistry registry;
    private final ExpositionFormats formats = ExpositionFormats.init();

    private MetricsPage(PrometheusRegistry registry) {
        this.registry = registry;
    }

    /** The page of {@code registry}, to which the figures of this JVM are added. Once for each registry. */
    public static MetricsPage withJvm(PrometheusRegistry registry) {
        JvmMetrics.builder().register(registry);
        return new MetricsPage(registry);
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
            writer.write(bytes, registry.scrape());
        } catch (IOException e) {
            throw new UncheckedIOException("memory takes what is written to it", e);
        }
        return new Page(writer.getContentType(), ByteString.fromArrayUnsafe(bytes.toByteArray()));
    }
}
