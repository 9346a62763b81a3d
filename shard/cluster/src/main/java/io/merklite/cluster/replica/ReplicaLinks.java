package io.merklite.cluster.replica;

import io.merklite.cluster.sql.SqlError;
import io.merklite.sync.message.SyncMessage;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.pekko.actor.typed.ActorRef;

/**
 * The replicas outside the cluster that a writer is linked with, each a peer of its own kind.
 *
 * <p>Their file names them, so a replica that comes back is known again. While it is away it stays a peer that tombstones wait
 * for, until it was silent for longer than those are kept.
 *
 * <p><b>Invariants.</b> (1) One link for each name: a second one replaces the first. (2) What comes by a link that was
 * replaced is not taken in.
 *
 * <p><b>Threading.</b> Confined to the database's actor.
 */
final class ReplicaLinks {
    private final ReplicaCore core;
    private final Exchange exchange;
    private final ReplicaMetrics metrics;
    private final Map<String, ActorRef<ReplicaLink>> links = new HashMap<>();

    ReplicaLinks(ReplicaCore core, Exchange exchange, ReplicaMetrics metrics) {
        this.core = core;
        this.exchange = exchange;
        this.metrics = metrics;
    }

    boolean isEmpty() {
        return links.isEmpty();
    }

    /** Links a replica, and compares with it. Not while a transaction is open on the file. */
    void connect(DatabaseActor.ConnectReplica connect, ActorRef<DatabaseActor.Command> writer) {
        var before = links.put(connect.replica(), connect.link());
        if (before == null) {
            metrics.linked(1);
        } else {
            before.tell(new ReplicaLink.Ended(
                    new SqlError("REPLACED", "another link of replica " + connect.replica() + " has come")));
        }
        connect.link().tell(new ReplicaLink.Connected(writer));
        var peer = PeerName.ofReplica(connect.replica());
        if (connect.mayWrite()) {
            exchange.connect(peer);
        } else {
            exchange.connectReader(peer);
        }
    }

    /** Takes in what a replica says; it is worked off in turn, and then said to be taken. */
    void receive(DatabaseActor.FromReplica from) {
        var link = from.link();
        if (!link.equals(links.get(from.replica()))) {
            return;
        }
        if (!exchange.offer(
                PeerName.ofReplica(from.replica()), from.message(), () -> link.tell(ReplicaLink.Taken.TAKEN))) {
            metrics.dropped();
            link.tell(ReplicaLink.Taken.TAKEN);
        }
    }

    /** The link is gone; the replica stays known. */
    void gone(String replica, ActorRef<ReplicaLink> link) {
        if (links.remove(replica, link)) {
            metrics.linked(-1);
            core.replicator().disconnect(PeerName.ofReplica(replica));
        }
    }

    /** Tells a replica something. */
    void tell(String replica, SyncMessage message) {
        var link = links.get(replica);
        if (link != null) {
            link.tell(new ReplicaLink.Said(message));
        }
    }

    /** Tells all that it is over. */
    void end(SqlError why) {
        List.copyOf(links.values()).forEach(link -> link.tell(new ReplicaLink.Ended(why)));
        metrics.linked(-links.size());
        links.clear();
    }
}
