package io.merklite.cluster.replica;

import java.util.Optional;

/** What a replica calls the others: by place, so that a name outlives the actor behind it. */
final class PeerName {
    /** The writer of the own datacenter. */
    static final String WRITER = "writer";

    private static final String NODE = "node/";
    private static final String DATACENTER = "dc/";
    private static final String REPLICA = "replica/";

    private PeerName() {}

    /** The follower on a node of the own datacenter. */
    static String ofNode(String node) {
        return NODE + node;
    }

    /** The writer of another datacenter. */
    static String ofDatacenter(String datacenter) {
        return DATACENTER + datacenter;
    }

    /** A replica outside the cluster. */
    static String ofReplica(String replica) {
        return REPLICA + replica;
    }

    static boolean isReplica(String peer) {
        return peer.startsWith(REPLICA);
    }

    static boolean isNode(String peer) {
        return peer.startsWith(NODE);
    }

    static boolean isDatacenter(String peer) {
        return peer.startsWith(DATACENTER);
    }

    /** The node that a follower's name names. */
    static Optional<String> node(String peer) {
        return isNode(peer) ? Optional.of(peer.substring(NODE.length())) : Optional.empty();
    }

    /** The replica outside the cluster that a name names. */
    static Optional<String> replica(String peer) {
        return isReplica(peer) ? Optional.of(peer.substring(REPLICA.length())) : Optional.empty();
    }

    /** The datacenter that a writer's name names. */
    static Optional<String> datacenter(String peer) {
        return isDatacenter(peer) ? Optional.of(peer.substring(DATACENTER.length())) : Optional.empty();
    }
}
