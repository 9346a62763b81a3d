package io.merklite.cluster.replica;

import com.typesafe.config.ConfigFactory;
import io.merklite.cluster.placement.Placement;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.Random;

/** What the replicas of node {@code a1}, in datacenter {@code a}, share in a test: two copies of each database. */
final class TestHome {
    static final Placement PLACEMENT = new Placement(16, 2);

    private TestHome() {}

    /** @param settings below {@code merklite}, each a line */
    static ReplicaHome of(Path directory, InstantSource clock, String... settings) {
        var merklite = ConfigFactory.parseString(String.join("\n", settings))
                .withFallback(ConfigFactory.defaultReference().getConfig("merklite"));
        return ReplicaHome.of(
                "a1",
                "a",
                directory,
                ReplicaSettings.from(merklite),
                PLACEMENT,
                clock,
                new Random(1),
                new PrometheusRegistry(),
                (database, event) -> {});
    }
}
