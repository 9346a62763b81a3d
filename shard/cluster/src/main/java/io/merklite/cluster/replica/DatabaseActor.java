package io.merklite.cluster.replica;

import io.merklite.cluster.catalog.Catalog;
import io.merklite.cluster.checkpoint.Checkpointer;
import io.merklite.cluster.journal.ChangesetLog;
import io.merklite.cluster.sql.RequestKey;
import io.merklite.cluster.sql.SqlError;
import io.merklite.cluster.sql.SqlRequest;
import io.merklite.cluster.sql.StreamOptions;
import io.merklite.sync.message.SyncMessage;
import io.merklite.sync.vector.VersionVector;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;

/**
 * A database in one datacenter: its writer. A sharded entity, so there is one of each name. Here is what it is told.
 *
 * <p>It acquires the file from its node's {@link Replicas}, takes back from the log what the file has lost, asks the
 * other copies what it has missed while somebody else was the writer ({@link OpeningDatabase}), and then serves: writes in the
 * order they come, many to a commit; reads beside them, on connections of their own; peers in between ({@link
 * ServingDatabase}).
 *
 * <p><b>A write</b> goes: SQL in a transaction, stamp, append to the changeset log, and when that is on disk COMMIT,
 * publication, answer. A process that dies before the COMMIT finds the transaction in its log.
 */
public final class DatabaseActor {
    private static final int MAX_STASHED = 10_000;

    /** What a database is told. */
    public sealed interface Command {}

    /**
     * From another replica: a follower of this datacenter, or the writer of another.
     *
     * @param peer its name
     * @param generation which of the databases of the name it speaks of
     * @param message what it says
     */
    record FromPeer(String peer, long generation, SyncMessage message) implements Command, ReplicaMessage {
        /** Of a name that was never made again. */
        FromPeer(String peer, SyncMessage message) {
            this(peer, Generations.FIRST, message);
        }
    }

    /**
     * From a client: requests of one stream. Answered by {@link SqlReply}.
     *
     * @param stream which
     * @param options how they run
     * @param requests in order
     * @param isLast whether the stream ends with them
     * @param continues whether the stream has a transaction open, as far as the client knows
     * @param key under which it is applied once; with no requests it asks what became of that
     */
    record RunSql(
            StreamId stream,
            StreamOptions options,
            List<SqlRequest> requests,
            boolean isLast,
            boolean continues,
            Optional<RequestKey> key,
            ActorRef<SqlReply> replyTo)
            implements Command, ReplicaMessage {
        RunSql {
            requests = List.copyOf(requests);
        }

        /** Without a key. */
        RunSql(
                StreamId stream,
                StreamOptions options,
                List<SqlRequest> requests,
                boolean isLast,
                boolean continues,
                ActorRef<SqlReply> replyTo) {
            this(stream, options, requests, isLast, continues, Optional.empty(), replyTo);
        }

        /** Whether it only asks what became of the request with its key. */
        boolean isRecall() {
            return key.isPresent() && requests.isEmpty();
        }
    }

    /**
     * From a client: the next entries of a stream's cursor. Answered by {@link SqlReply}.
     *
     * @param batch which the cursor is of: at its first fetch
     * @param maxEntryCount how many entries at most
     * @param maxSizeBytes how large they may be, about
     */
    record FetchSql(
            StreamId stream,
            StreamOptions options,
            Optional<SqlRequest.Batch> batch,
            int maxEntryCount,
            int maxSizeBytes,
            ActorRef<SqlReply> replyTo)
            implements Command, ReplicaMessage {}

    /** From a client: its cursor is not wanted any more, the stream goes on. */
    record CloseCursor(StreamId stream) implements Command, ReplicaMessage {}

    /** From a client: the stream is gone. */
    record CloseStream(StreamId stream) implements Command, ReplicaMessage {}

    /** From a follower without a file; answered by {@link SnapshotOffer}, or refused. */
    record WantSnapshot(String node, ActorRef<SnapshotReply> replyTo) implements Command, ReplicaMessage {}

    /** A copy of the file can be fetched. */
    record SnapshotOffer(ActorRef<SnapshotSource.Command> source) implements ReplicaMessage, SnapshotReply {}

    /** From a watcher: the result of a query, now and whenever it changes. Answered by {@link Watch}es. */
    record WatchQuery(String sql, ActorRef<Watch> watcher) implements Command, ReplicaMessage {}

    /** From a watcher: the transactions that {@code after} does not have. Answered by {@link Watch}es. */
    record WatchChanges(VersionVector after, ActorRef<Watch> watcher) implements Command, ReplicaMessage {}

    /**
     * From the node that a replica outside the cluster has called. Answered by {@link ReplicaLink}s.
     *
     * @param replica its name
     * @param mayWrite whether its writes are taken
     */
    record ConnectReplica(String replica, boolean mayWrite, ActorRef<ReplicaLink> link)
            implements Command, ReplicaMessage {}

    /** From a replica outside the cluster, by its link; answered by {@link ReplicaLink.Taken} when it was worked off. */
    record FromReplica(String replica, SyncMessage message, ActorRef<ReplicaLink> link)
            implements Command, ReplicaMessage {}

    // What follows comes from the actor itself, its children, and Pekko.

    record LinkGone(String replica, ActorRef<ReplicaLink> link) implements Command {}

    /**
     * From a watcher: how many transactions it has taken since it began, and that it still wants more. Answered, if nobody
     * knows it here, by {@link Watch.Ended}.
     */
    record WatchTaken(long count, ActorRef<Watch> watcher) implements Command, ReplicaMessage {}

    record FeedRead(ActorRef<Watch> watcher, Optional<ChangesetLog.Page> page) implements Command {}

    record WatcherGone(ActorRef<Watch> watcher) implements Command {}

    /**
     * From an operator: settles an entry of the conflict ledger. Answered by {@link ConflictSettled}.
     *
     * @param id of the entry
     * @param restores whether its row comes back, rather than being given up
     * @param replaces whether rows that clash with it go
     */
    record SettleConflict(String id, boolean restores, boolean replaces, ActorRef<ConflictSettled> replyTo)
            implements Command, ReplicaMessage {}

    /** What became of an entry; no error if it is settled. */
    record ConflictSettled(Optional<SqlError> error) implements ReplicaMessage {}

    /**
     * From an operator, once the catalog says that the database is dropped: its files go, on all nodes.
     *
     * @param generation which of the databases of the name: one that was made since stays
     */
    record Drop(long generation) implements Command, ReplicaMessage {}

    /** From anybody; answered by {@link DatabaseStatus}, or refused. */
    record Inspect(ActorRef<InspectReply> replyTo) implements Command, ReplicaMessage {}

    /** From the node's register: who is there has changed. */
    record HostsChanged(Hosts hosts) implements Command {}

    /** From the node's register: the nodes of another datacenter can be reached again. */
    record DatacenterIsBack(String datacenter) implements Command {}

    /** From the shard, or by itself when idle. */
    enum Stop implements Command {
        STOP
    }

    record LookedUp(Catalog.Known known) implements Command {}

    record LookUpFailed(String why) implements Command {}

    record FileAcquired(Replicas.Acquired acquired) implements Command {}

    record FromLog(LogLink.Answer answer) implements Command {}

    record FromReader(ReaderActor.Report report) implements Command {}

    record ReaderGone(ActorRef<ReaderActor.Command> reader) implements Command {}

    record LogCopied(Checkpointer.Outcome outcome) implements Command {}

    enum CheckpointerGone implements Command {
        CHECKPOINTER_GONE
    }

    enum Rested implements Command {
        RESTED
    }

    /** To itself, behind what clients have sent meanwhile: all of that shares a commit. */
    enum Turn implements Command {
        TURN
    }

    enum Tick implements Command {
        TICK
    }

    enum GiveUpWaiting implements Command {
        GIVE_UP_WAITING
    }

    /** From itself from time to time, and from the register when many are open: closes if nothing was done since the last. */
    enum Idle implements Command {
        IDLE
    }

    /** The ways to other replicas. */
    interface Peers {
        /** Tells a writer of another datacenter. */
        void tellDatacenter(String datacenter, String database, FromPeer message);
    }

    /** Whether a database is to be: what the catalog knows. */
    interface Existence {
        /** What is known of a name. */
        CompletionStage<Catalog.Known> look(String database);

        /** Enters a name that is not there. */
        CompletionStage<?> create(String database);
    }

    private DatabaseActor() {}

    /**
     * @param home what the node's replicas share
     * @param database its name
     * @param shard told when the database is idle
     * @param replicas the node's register
     * @param existence what the catalog knows
     * @param peers the ways to other replicas
     * @param logs opens changeset logs
     */
    static Behavior<Command> create(
            ReplicaHome home,
            String database,
            ActorRef<ClusterSharding.ShardCommand> shard,
            ActorRef<Replicas.Command> replicas,
            Existence existence,
            Peers peers,
            LogLink.Factory logs) {
        return Behaviors.setup(context -> Behaviors.withStash(
                MAX_STASHED,
                stash -> Behaviors.withTimers(timers -> {
                    var shell = new DatabaseShell(context, timers, stash, home, database, shard, replicas);
                    var log = logs.open(context, database, FromLog::new);
                    return new OpeningDatabase(shell, existence, peers, log).begin();
                })));
    }
}
