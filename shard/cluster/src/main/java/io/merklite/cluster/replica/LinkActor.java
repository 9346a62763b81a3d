package io.merklite.cluster.replica;

import io.merklite.cluster.sql.SqlError;
import java.time.Duration;
import java.util.function.Consumer;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/**
 * A node's end of the link to a replica outside the cluster: hands what the database says to a listener, and stops with the
 * last of it. The database stops telling when this actor stops; when the database's actor stops, wherever that was, this one
 * tells of the end.
 */
final class LinkActor {
    private static final ReplicaLink.Ended UNANSWERED =
            new ReplicaLink.Ended(new SqlError("UNAVAILABLE", "the writer does not answer; connect again"));
    private static final ReplicaLink.Ended GONE =
            new ReplicaLink.Ended(new SqlError("MOVING", "the writer moves or closes; connect again"));

    private static final ReplicaLink.Ended LOST =
            new ReplicaLink.Ended(new SqlError("MOVING", "a part of what was told is lost; connect again"));

    private LinkActor() {}

    /**
     * @param patience how long the database may take to answer
     * @param connect tells the database of this actor
     * @param listener must not block
     */
    static Behavior<ReplicaLink> create(
            Duration patience, Consumer<ActorRef<ReplicaLink>> connect, Consumer<ReplicaLink> listener) {
        return ParcelReceiver.inOrderBefore(linked(patience, connect, listener), LOST);
    }

    private static Behavior<ReplicaLink> linked(
            Duration patience, Consumer<ActorRef<ReplicaLink>> connect, Consumer<ReplicaLink> listener) {
        return Behaviors.setup(context -> Behaviors.withTimers(timers -> {
            connect.accept(context.getSelf());
            timers.startSingleTimer(UNANSWERED, patience);
            return Behaviors.receiveMessage(said -> {
                if (said instanceof ReplicaLink.Connected connected) {
                    timers.cancel(UNANSWERED);
                    context.watchWith(connected.writer(), GONE);
                }
                listener.accept(said);
                return said instanceof ReplicaLink.Ended ? Behaviors.stopped() : Behaviors.same();
            });
        }));
    }
}
