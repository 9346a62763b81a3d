package io.merklite.node.health;

import io.prometheus.metrics.core.metrics.GaugeWithCallback;
import io.prometheus.metrics.core.metrics.Info;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;
import org.apache.pekko.actor.typed.ActorSystem;
import org.apache.pekko.cluster.typed.Cluster;

/**
 * Figures of the node as a whole: {@code merklite_node_ready}, {@code merklite_node_info}, {@code merklite_cluster_nodes}
 * by state and {@code merklite_cluster_unreachable_nodes}, as this node sees its cluster.
 */
public final class NodeMetrics {
    /** States of a member that an operator tells apart. */
    private enum State {
        UP,
        JOINING,
        LEAVING
    }

    private NodeMetrics() {}

    /** A registry with these figures, read when the page is rendered. */
    public static PrometheusRegistry of(ActorSystem<?> system, Health health, String version) {
        var registry = new PrometheusRegistry();
        Info.builder()
                .name("merklite_node")
                .help("Version of the node.")
                .labelNames("version")
                .register(registry)
                .setLabelValues(version);
        GaugeWithCallback.builder()
                .name("merklite_node_ready")
                .help("Whether the node serves requests: 1 or 0.")
                .callback(gauge -> gauge.call(health.ready().isGood() ? 1 : 0))
                .register(registry);
        var cluster = Cluster.get(system);
        GaugeWithCallback.builder()
                .name("merklite_cluster_nodes")
                .help("Nodes of all datacenters, by state.")
                .labelNames("state")
                .callback(gauge -> count(cluster)
                        .forEach(
                                (state, count) -> gauge.call(count, state.name().toLowerCase(Locale.ROOT))))
                .register(registry);
        GaugeWithCallback.builder()
                .name("merklite_cluster_unreachable_nodes")
                .help("Nodes of all datacenters that this node does not reach.")
                .callback(gauge -> gauge.call(cluster.state().getUnreachable().size()))
                .register(registry);
        return registry;
    }

    private static Map<State, Integer> count(Cluster cluster) {
        Map<State, Integer> counts = new EnumMap<>(State.class);
        for (var state : State.values()) {
            counts.put(state, 0);
        }
        cluster.state()
                .getMembers()
                .forEach(member -> counts.merge(stateOf(member.status().toString()), 1, Integer::sum));
        return counts;
    }

    private static State stateOf(String status) {
        return switch (status) {
            case "Up" -> State.UP;
            case "Joining", "WeaklyUp" -> State.JOINING;
            default -> State.LEAVING;
        };
    }
}
