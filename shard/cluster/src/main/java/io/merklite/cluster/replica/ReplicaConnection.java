package io.merklite.cluster.replica;

import io.merklite.cluster.sql.SqlError;
import io.merklite.sync.message.SyncMessage;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.apache.pekko.actor.typed.ActorRef;

/**
 * The link of a replica outside the cluster to a database, at the node that the replica talks with.
 *
 * <p>Each message that is {@linkplain #send sent} is answered to the listener by one {@link ReplicaLink.Taken}, when the
 * database has worked it off; whoever sends the next only then bounds what waits.
 *
 * <p><b>Threading.</b> Thread-safe; nothing blocks.
 */
public final class ReplicaConnection implements AutoCloseable {
    private static final ReplicaLink.Ended CANCELLED =
            new ReplicaLink.Ended(new SqlError("CANCELLED", "the replica has gone"));

    private final String replica;
    private final AtomicReference<Optional<ActorRef<DatabaseActor.Command>>> writer =
            new AtomicReference<>(Optional.empty());
    private final AtomicReference<Optional<ActorRef<ReplicaLink>>> link = new AtomicReference<>(Optional.empty());

    ReplicaConnection(String replica) {
        this.replica = replica;
    }

    /** The listener that the link's actor has: {@code listener}, once the writer is known here. */
    Consumer<ReplicaLink> hearing(Consumer<ReplicaLink> listener) {
        return said -> {
            if (said instanceof ReplicaLink.Connected connected) {
                writer.set(Optional.of(connected.writer()));
            }
            listener.accept(said);
        };
    }

    void linkedBy(ActorRef<ReplicaLink> actor) {
        link.set(Optional.of(actor));
    }

    /**
     * Tells the database what the replica says.
     *
     * @throws IllegalStateException before {@link ReplicaLink.Connected}
     */
    public void send(SyncMessage message) {
        var database =
                writer.get().orElseThrow(() -> new IllegalStateException("replica is not connected: " + replica));
        database.tell(new DatabaseActor.FromReplica(replica, message, link.get().orElseThrow()));
    }

    /** The replica is gone. The listener is told of an end. */
    @Override
    public void close() {
        link.get().ifPresent(actor -> actor.tell(CANCELLED));
    }
}
