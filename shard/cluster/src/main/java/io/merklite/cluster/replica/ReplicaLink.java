package io.merklite.cluster.replica;

import io.merklite.cluster.sql.SqlError;
import io.merklite.sync.message.SyncMessage;
import org.apache.pekko.actor.typed.ActorRef;

/** What a replica outside the cluster is told by the database that it syncs with. {@link Ended} is the last of it. */
public sealed interface ReplicaLink extends ReplicaMessage {
    /** The database knows the replica, and listens to it. */
    record Connected(ActorRef<DatabaseActor.Command> writer) implements ReplicaLink {}

    /** For the replica. */
    record Said(SyncMessage message) implements ReplicaLink {}

    /** A message of the replica was worked off: another one may come in its place. */
    enum Taken implements ReplicaLink {
        TAKEN
    }

    /** It is over: there is no such database, another link of the same name has come, or the writer moves: connect again. */
    record Ended(SqlError error) implements ReplicaLink {}
}
