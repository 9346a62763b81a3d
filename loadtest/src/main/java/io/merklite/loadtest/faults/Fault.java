package io.merklite.loadtest.faults;

import io.merklite.loadtest.local.LocalNode;
import io.merklite.loadtest.local.LocalNodes;
import io.merklite.loadtest.local.Waiting;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Collectors;

/** What may happen to nodes. */
sealed interface Fault {
    /** Does it, waits, and undoes it. */
    void happen(LocalNodes cluster);

    /** A node is killed, and comes back after a while. */
    record Kill(LocalNode node, Duration away) implements Fault {
        @Override
        public void happen(LocalNodes cluster) {
            cluster.kill(node);
            Waiting.pause(away);
            cluster.start(node);
        }
    }

    /** A node's threads stand still for a while, as in a long collection or on a machine that is moved. */
    record Pause(LocalNode node, Duration length) implements Fault {
        @Override
        public void happen(LocalNodes cluster) {
            cluster.pause(node);
            Waiting.pause(length);
            cluster.resume(node);
        }
    }

    /** No bytes go between one side and the rest for a while. */
    record Partition(Set<LocalNode> side, Duration length) implements Fault {
        public Partition {
            side = Set.copyOf(side);
        }

        @Override
        public void happen(LocalNodes cluster) {
            cluster.isolate(side);
            Waiting.pause(length);
            cluster.mend();
        }
    }

    /** All of a datacenter against the rest. */
    static Fault betweenDatacenters(LocalNodes cluster, String datacenter, Duration length) {
        return new Partition(
                cluster.nodes().stream()
                        .filter(node -> node.datacenter().equals(datacenter))
                        .collect(Collectors.toSet()),
                length);
    }

    /** Any of them, to any of {@code victims}. */
    static Fault any(LocalNodes cluster, List<LocalNode> victims, SplittableRandom random) {
        var victim = victims.get(random.nextInt(victims.size()));
        var length = Duration.ofMillis(random.nextLong(1_000, 12_000));
        return switch (random.nextInt(4)) {
            case 0 -> new Kill(victim, length);
            case 1 -> new Pause(victim, length);
            case 2 -> new Partition(Set.of(victim), length);
            default ->
                betweenDatacenters(
                        cluster,
                        cluster.datacenters()
                                .get(random.nextInt(cluster.datacenters().size())),
                        length);
        };
    }
}
