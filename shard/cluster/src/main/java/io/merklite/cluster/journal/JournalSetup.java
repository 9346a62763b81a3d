package io.merklite.cluster.journal;

import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.time.InstantSource;
import org.apache.pekko.actor.ActorSystem;
import org.apache.pekko.actor.setup.Setup;

/**
 * What the journal of an actor system takes from outside of its configuration. An actor system that is started without
 * one uses the default registry and the system's clock.
 */
public final class JournalSetup extends Setup {
    private final PrometheusRegistry registry;
    private final InstantSource clock;

    /**
     * @param registry where the metrics are registered; actor systems may share it, and then add to the same metrics
     * @param clock what time events and snapshots bear
     */
    public JournalSetup(PrometheusRegistry registry, InstantSource clock) {
        this.registry = registry;
        this.clock = clock;
    }

    static JournalSetup of(ActorSystem system) {
        return system.settings()
                .setup()
                .get(JournalSetup.class)
                .orElseGet(() -> new JournalSetup(PrometheusRegistry.defaultRegistry, InstantSource.system()));
    }

    PrometheusRegistry registry() {
        return registry;
    }

    InstantSource clock() {
        return clock;
    }
}
