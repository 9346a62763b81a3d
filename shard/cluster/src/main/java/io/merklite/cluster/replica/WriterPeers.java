package io.merklite.cluster.replica;

import io.merklite.sync.message.SyncMessage;
import io.merklite.sync.replicate.Envelope;
import io.merklite.sync.stamp.Origin;
import io.merklite.sync.vector.VersionVector;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.pubsub.Topic;

/**
 * The other replicas of a database, as its writer sees them: who they are now, and how they are told something.
 *
 * <p>What is published to followers goes once, by topic. Beyond the window of what is not acknowledged only the position is
 * told: followers ask for the rest.
 *
 * <p><b>Threading.</b> Confined to the database's actor.
 */
final class WriterPeers {
    private final ReplicaHome home;
    private final String database;
    private final LongSupplier generation;
    private final ActorRef<Topic.Command<Replicas.Command>> topic;
    private final DatabaseActor.Peers remote;
    private final Acknowledgements acknowledgements;
    private Hosts hosts = Hosts.NONE;
    private List<String> followers = List.of();
    private List<String> datacenters = List.of();

    /** The way to replicas outside the cluster. */
    interface Outside {
        void tell(String replica, SyncMessage message);
    }

    private Outside outside = (replica, message) -> {};

    /**
     * @param generation which of the databases of the name this is
     * @param topic that followers listen to
     * @param remote the way to other datacenters
     * @param acknowledgements how far each is
     */
    WriterPeers(
            ReplicaHome home,
            String database,
            LongSupplier generation,
            ActorRef<Topic.Command<Replicas.Command>> topic,
            DatabaseActor.Peers remote,
            Acknowledgements acknowledgements) {
        this.home = home;
        this.database = database;
        this.generation = generation;
        this.topic = topic;
        this.remote = remote;
        this.acknowledgements = acknowledgements;
    }

    /** From now on replicas outside the cluster are told like this. */
    void reachOutside(Outside way) {
        outside = way;
    }

    /** Who is there has changed. */
    void become(Hosts now) {
        hosts = now;
        var placement = home.placement();
        followers = placement.hosts(placement.shardOf(database), now.nodes().keySet()).stream()
                .filter(node -> !node.equals(home.node()))
                .map(PeerName::ofNode)
                .toList();
        datacenters =
                now.otherDatacenters().stream().map(PeerName::ofDatacenter).toList();
    }

    Hosts hosts() {
        return hosts;
    }

    /** Names of the followers of this datacenter. */
    List<String> followers() {
        return followers;
    }

    /** Names of the writers of the others. */
    List<String> datacenters() {
        return datacenters;
    }

    /** Answers writes whose acknowledgements have come. */
    void settle() {
        if (acknowledgements.waitingCount() > 0) {
            acknowledgements.settle(followers, 1 + followers.size(), datacenters);
        }
    }

    /** A peer has said something, perhaps how far it is. */
    void heard(String peer, SyncMessage message) {
        switch (message) {
            case SyncMessage.Acknowledge acknowledge -> {
                acknowledgements.reached(peer, acknowledge.origin(), acknowledge.seq());
                settle();
            }
            case SyncMessage.Status status -> {
                acknowledgements.reached(peer, status.vector());
                settle();
            }
            default -> {}
        }
    }

    /** Has the followers that lack something of {@code vector} say directly to {@code writer}, which is to stop, what they have. */
    void handOver(ActorRef<DatabaseActor.Command> writer, VersionVector vector) {
        followers.stream()
                .filter(peer -> !acknowledgements.of(peer).covers(vector))
                .flatMap(peer -> PeerName.node(peer).stream())
                .flatMap(node -> Optional.ofNullable(hosts.nodes().get(node)).stream())
                .forEach(node -> node.tell(new Replicas.HandOver(database, writer)));
    }

    /** A peer speaks of a generation that is gone: it learns that from what it is told. Not while a transaction is open. */
    void correct(String peer, Exchange exchange) {
        if (followers.contains(peer) || datacenters.contains(peer)) {
            exchange.connect(peer);
        }
    }

    /** Sends messages. */
    void send(List<Envelope> envelopes) {
        Set<SyncMessage> published = new HashSet<>();
        for (var envelope : envelopes) {
            var message = envelope.message();
            home.metrics().sent(message);
            if (PeerName.isNode(envelope.peer())) {
                if (message instanceof SyncMessage.Publish || message instanceof SyncMessage.Announce) {
                    if (published.add(message)) {
                        publish(message);
                    }
                } else {
                    PeerName.node(envelope.peer())
                            .map(hosts.nodes()::get)
                            .ifPresent(
                                    node -> node.tell(new Replicas.Deliver(database, generation.getAsLong(), message)));
                }
            } else if (PeerName.isReplica(envelope.peer())) {
                PeerName.replica(envelope.peer()).ifPresent(replica -> outside.tell(replica, message));
            } else {
                PeerName.datacenter(envelope.peer())
                        .ifPresent(datacenter -> remote.tellDatacenter(
                                datacenter,
                                database,
                                new DatabaseActor.FromPeer(
                                        PeerName.ofDatacenter(home.datacenter()), generation.getAsLong(), message)));
            }
        }
    }

    private void publish(SyncMessage message) {
        if (message instanceof SyncMessage.Publish publish) {
            Map<Origin, Long> last = new TreeMap<>();
            publish.transactions().forEach(transaction -> last.put(transaction.origin(), transaction.seq()));
            if (last.entrySet().stream().anyMatch(entry -> isBeyondWindow(entry.getKey(), entry.getValue()))) {
                last.forEach((origin, seq) -> toFollowers(new SyncMessage.Announce(origin, seq)));
                return;
            }
        }
        toFollowers(message);
    }

    /** Whether no follower has come far enough to be sent the transaction with this seq. */
    private boolean isBeyondWindow(Origin origin, long seq) {
        var best = followers.stream()
                .mapToLong(peer -> acknowledgements.of(peer).seq(origin))
                .max()
                .orElse(seq);
        return seq - best > home.settings().windowCount();
    }

    private void toFollowers(SyncMessage message) {
        topic.tell(Topic.publish(new Replicas.Deliver(database, generation.getAsLong(), message)));
    }
}
