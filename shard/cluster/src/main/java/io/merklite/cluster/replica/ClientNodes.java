package io.merklite.cluster.replica;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.pekko.actor.Address;
import org.apache.pekko.actor.typed.ActorRef;

/**
 * On which nodes the clients of a database are: what the streams of a node have open ends with the node.
 *
 * <p><b>Threading.</b> Confined to the database's actor.
 */
final class ClientNodes {
    private final Map<Long, Address> addresses = new HashMap<>();

    /** A stream has asked something, and wants the answer there. */
    void saw(StreamId stream, ActorRef<SqlReply> replyTo) {
        if (!addresses.containsKey(
                stream.node())) { // who asks for the path of a question has it registered until its end
            addresses.put(stream.node(), replyTo.path().address());
        }
    }

    /** Which {@linkplain StreamId#node nodes} had asked, and are not among the hosts any more. */
    List<Long> gone(Hosts before, Hosts after) {
        var lost = new HashSet<>(before.nodes().values());
        lost.removeAll(new HashSet<>(after.nodes().values()));
        var lostAddresses = lost.stream()
                .map(node -> node.path().address())
                .filter(address -> !address.hasLocalScope())
                .collect(Collectors.toSet());
        var nodes = addresses.entrySet().stream()
                .filter(entry -> lostAddresses.contains(entry.getValue()))
                .map(Map.Entry::getKey)
                .toList();
        nodes.forEach(addresses::remove);
        return nodes;
    }
}
