package io.merklite.cluster.replica;

import java.util.Map;
import java.util.Set;
import org.apache.pekko.actor.typed.ActorRef;

/**
 * Who is there.
 *
 * @param nodes of the own datacenter, by id, the own one included
 * @param otherDatacenters names of those with at least one node
 */
record Hosts(Map<String, ActorRef<Replicas.Command>> nodes, Set<String> otherDatacenters) {
    static final Hosts NONE = new Hosts(Map.of(), Set.of());

    Hosts {
        nodes = Map.copyOf(nodes);
        otherDatacenters = Set.copyOf(otherDatacenters);
    }
}
