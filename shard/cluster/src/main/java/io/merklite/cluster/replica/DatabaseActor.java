package io.merklite.cluster.replica;

import io.merklite.cluster.catalog.Catalog;
import io.merklite.cluster.journal.ChangesetLog;
import io.merklite.cluster.replica.ReplicaCore.Outbox;
import io.merklite.cluster.replica.SqlReply.Refusal;
import io.merklite.cluster.sql.RequestKey;
import io.merklite.cluster.sql.SqlError;
import io.merklite.cluster.sql.SqlPlan;
import io.merklite.cluster.sql.SqlRequest;
import io.merklite.cluster.sql.SqlResponse;
import io.merklite.cluster.sql.StreamOptions;
import io.merklite.sync.SyncException;
import io.merklite.sync.message.SyncMessage;
import io.merklite.sync.replicate.Envelope;
import io.merklite.sync.stamp.Origin;
import io.merklite.sync.store.Conflicts;
import io.merklite.sync.transaction.Transaction;
import io.merklite.sync.vector.VersionVector;
import io.merklite.sync.vector.VersionVector.SeqRange;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.StashBuffer;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;
import org.apache.pekko.actor.typed.pubsub.Topic;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;

/**
 * A database in one datacenter: its writer. A sharded entity, so there is one of each name.
 *
 * <p>It acquires the file from its node's {@link Replicas}, takes back from the log what the file has lost, asks the
 * other copies what it has missed while somebody else was the writer, and then serves: writes in the order they come,
 * many to a commit; reads beside them, on connections of their own; peers in between.
 *
 * <p><b>A write</b> goes: SQL in a transaction, stamp, append to the changeset log, and when that is on disk COMMIT,
 * publication, answer. A process that dies before the COMMIT finds the transaction in its log.
 */
public final class DatabaseActor {
    private static final int MAX_STASHED = 10_000;
    private static final Duration FEED_PATIENCE = Duration.ofSeconds(30);
    private static final String ROLE = "writer";
    private static final SqlError WATCH_AGAIN =
            new SqlError("UNAVAILABLE", "the database moves or closes; watch it again");
    private static final String MOVES = "the writer moves to another node";

    /** What a database is told. */
    public sealed interface Command {}

    /**
     * From another replica: a follower of this datacenter, or the writer of another.
     *
     * @param peer its name
     * @param message what it says
     */
    record FromPeer(String peer, SyncMessage message) implements Command, ReplicaMessage {}

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

    private record LinkGone(String replica, ActorRef<ReplicaLink> link) implements Command {}

    /**
     * From a watcher: how many transactions it has taken since it began, and that it still wants more. Answered, if nobody
     * knows it here, by {@link Watch.Ended}.
     */
    record WatchTaken(long count, ActorRef<Watch> watcher) implements Command, ReplicaMessage {}

    private record FeedRead(ActorRef<Watch> watcher, Optional<ChangesetLog.Page> page) implements Command {}

    private record WatcherGone(ActorRef<Watch> watcher) implements Command {}

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

    /** From an operator, once the catalog says that the database is dropped: its files go, on all nodes. */
    enum Drop implements Command, ReplicaMessage {
        DROP
    }

    /** From anybody; answered by {@link DatabaseStatus}, or refused. */
    record Inspect(ActorRef<InspectReply> replyTo) implements Command, ReplicaMessage {}

    /** From the node's register: who is there has changed. */
    record HostsChanged(Hosts hosts) implements Command {}

    /** From the shard, or by itself when idle. */
    enum Stop implements Command {
        STOP
    }

    private record LookedUp(Catalog.State state) implements Command {}

    private record LookUpFailed(String why) implements Command {}

    private record FileAcquired(Replicas.Acquired acquired) implements Command {}

    private record FromLog(LogLink.Answer answer) implements Command {}

    private record FromReader(ReaderActor.Report report) implements Command {}

    private record ReaderGone(ActorRef<ReaderActor.Command> reader) implements Command {}

    private enum Rested implements Command {
        RESTED
    }

    /** Requests that must see what is not here yet. */
    private record Behind(RunSql sql, Instant until) {}

    /** To itself, behind what clients have sent meanwhile: all of that shares a commit. */
    private enum Turn implements Command {
        TURN
    }

    private enum Tick implements Command {
        TICK
    }

    private enum GiveUpWaiting implements Command {
        GIVE_UP_WAITING
    }

    private enum Idle implements Command {
        IDLE
    }

    private final ActorContext<Command> context;
    private final TimerScheduler<Command> timers;
    private final StashBuffer<Command> stash;
    private final ReplicaHome home;
    private final String database;
    private final ActorRef<ClusterSharding.ShardCommand> shard;
    private final ActorRef<Replicas.Command> replicas;
    private final Peers peers;
    private final Existence existence;
    private final LogLink log;
    private final Acknowledgements acknowledgements = new Acknowledgements();
    private final ClientStreams streams = new ClientStreams();
    private final Set<String> heard = new HashSet<>();
    private Optional<ReplicaCore> core = Optional.empty();
    private Optional<Exchange> exchange = Optional.empty();
    private Optional<WriterLane> writer = Optional.empty();
    private Optional<ReaderPool> readers = Optional.empty();
    private Optional<ActorRef<Topic.Command<Replicas.Command>>> topic = Optional.empty();
    private Hosts hosts = Hosts.NONE;
    private Optional<Watchers> watchers = Optional.empty();
    private Optional<ReplicaLinks> links = Optional.empty();
    private final Deque<Runnable> tasks = new ArrayDeque<>();
    private final List<Behind> behind = new ArrayList<>();
    private boolean isTurnQueued;
    /** Requests whose key is that of one that runs. */
    private final List<Behind> repeated = new ArrayList<>();

    private Optional<AppliedRequests> applied = Optional.empty();
    private boolean isActive = true;
    private boolean isStopping;
    private boolean endsWell;
    private long snapshotCount;
    private final ClientNodes clients = new ClientNodes();

    /** The ways to other replicas. */
    interface Peers {
        /** Tells a writer of another datacenter. */
        void tellDatacenter(String datacenter, String database, FromPeer message);
    }

    /** Whether a database is to be: what the catalog knows. */
    interface Existence {
        /** What is known of a name. */
        CompletionStage<Catalog.State> look(String database);

        /** Enters a name that is not there. */
        CompletionStage<?> create(String database);
    }

    private DatabaseActor(
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            StashBuffer<Command> stash,
            ReplicaHome home,
            String database,
            ActorRef<ClusterSharding.ShardCommand> shard,
            ActorRef<Replicas.Command> replicas,
            Existence existence,
            Peers peers,
            LogLink.Factory logs) {
        this.context = context;
        this.timers = timers;
        this.stash = stash;
        this.home = home;
        this.database = database;
        this.shard = shard;
        this.replicas = replicas;
        this.existence = existence;
        this.peers = peers;
        this.log = logs.open(context, database, FromLog::new);
    }

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
                    var actor = new DatabaseActor(
                            context, timers, stash, home, database, shard, replicas, existence, peers, logs);
                    var pause = home.setbacks().pause(database);
                    return pause.isZero() ? actor.lookUp() : actor.rest(pause);
                })));
    }

    // ---- before it serves -------------------------------------------------------------------------------------------

    /** After a failure: who asks is refused at once, and the file is not opened for each message. */
    private Behavior<Command> rest(Duration pause) {
        timers.startSingleTimer(Rested.RESTED, pause);
        return Behaviors.receive(Command.class)
                .onMessage(Rested.class, rested -> lookUp())
                .onMessage(Stop.class, stop -> stop())
                .onAnyMessage(command -> {
                    refuse(
                            command,
                            Refusal.UNAVAILABLE,
                            "it failed and is opened again in a while: see the node's log");
                    return Behaviors.same();
                })
                .build();
    }

    /** Asking for a database makes one only if the settings say so; a peer that speaks of it has it. */
    private Behavior<Command> lookUp() {
        ask(existence.look(database));
        return Behaviors.receive(Command.class)
                .onMessage(LookedUp.class, looked -> switch (looked.state()) {
                    case EXISTS -> acquire();
                    case DROPPED -> isToBeMade() ? make() : refuseAll(Refusal.NO_DATABASE, "it was dropped");
                    case UNKNOWN -> {
                        if (isKnownHere()) {
                            yield acquire();
                        }
                        yield isToBeMade() ? make() : refuseAll(Refusal.NO_DATABASE, "the catalog does not have it");
                    }
                })
                .onMessage(LookUpFailed.class, failed -> {
                    context.getLog().warn("catalog does not answer why={}", failed.why());
                    return isKnownHere() ? acquire() : refuseAll(Refusal.UNAVAILABLE, failed.why());
                })
                .onMessage(Stop.class, stop -> stopBeforeServing())
                .onAnyMessage(this::stash)
                .build();
    }

    private void ask(CompletionStage<Catalog.State> question) {
        context.pipeToSelf(
                question,
                (state, failure) ->
                        failure == null ? new LookedUp(state) : new LookUpFailed(String.valueOf(failure.getMessage())));
    }

    /** What replicas and operators ask does not make a database, only what clients do. */
    private boolean isToBeMade() {
        return home.settings().isAutoCreating()
                && Transaction.DATABASE_NAME.matcher(database).matches()
                && !database.startsWith(Catalog.RESERVED)
                && stash.anyMatch(command -> command instanceof RunSql
                        || command instanceof FetchSql
                        || command instanceof WatchQuery
                        || command instanceof WatchChanges);
    }

    private Behavior<Command> make() {
        context.getLog().info("database is made for its first request");
        ask(existence.create(database).thenApply(made -> Catalog.State.EXISTS));
        return Behaviors.same();
    }

    private boolean isKnownHere() {
        return Files.exists(home.file(database)) || stash.anyMatch(FromPeer.class::isInstance);
    }

    /** Refuses what has come, and what comes until the shard lets this actor stop. */
    private Behavior<Command> refuseAll(Refusal refusal, String why) {
        shard.tell(new ClusterSharding.Passivate<>(context.getSelf()));
        return stash.unstashAll(Behaviors.receive(Command.class)
                .onMessage(Stop.class, stop -> stop())
                .onMessage(Drop.class, drop -> {
                    replicas.tell(new Replicas.ForgetEverywhere(database));
                    return Behaviors.same();
                })
                .onAnyMessage(command -> {
                    refuse(command, refusal, why);
                    return Behaviors.same();
                })
                .build());
    }

    private Behavior<Command> acquire() {
        replicas.tell(new Replicas.Acquire(
                database, context.getSelf(), context.messageAdapter(Replicas.Acquired.class, FileAcquired::new)));
        return acquiring();
    }

    private Behavior<Command> acquiring() {
        return Behaviors.receive(Command.class)
                .onMessage(FileAcquired.class, acquired -> {
                    topic = Optional.of(acquired.acquired().topic());
                    hosts = acquired.acquired().hosts();
                    return recover();
                })
                .onMessage(Stop.class, stop -> stopBeforeServing())
                .onSignal(PostStop.class, stopped -> close())
                .onAnyMessage(this::stash)
                .build();
    }

    private Behavior<Command> stash(Command command) {
        if (stash.isFull()) {
            refuse(command, Refusal.OVERLOADED, "too many requests wait for the database to open");
        } else {
            stash.stash(command);
        }
        return Behaviors.same();
    }

    private Behavior<Command> stop() {
        endsWell = true;
        return Behaviors.stopped();
    }

    /** What waited for the database to open asks its successor. */
    private Behavior<Command> stopBeforeServing() {
        stash.forEach(command -> {
            if (command instanceof Drop) {
                replicas.tell(new Replicas.ForgetEverywhere(database));
            } else {
                refuse(command, Refusal.MOVING, MOVES);
            }
        });
        return stop();
    }

    private static void refuse(Command command, Refusal refusal, String what) {
        var refused = new SqlReply.Refused(refusal, what);
        if (command instanceof RunSql sql) {
            sql.replyTo().tell(refused);
        } else if (command instanceof FetchSql fetch) {
            fetch.replyTo().tell(refused);
        } else if (command instanceof WatchQuery watch) {
            watch.watcher().tell(new Watch.Ended(new SqlError(refusal.name(), what)));
        } else if (command instanceof WatchChanges watch) {
            watch.watcher().tell(new Watch.Ended(new SqlError(refusal.name(), what)));
        } else if (command instanceof ConnectReplica connect) {
            connect.link().tell(new ReplicaLink.Ended(new SqlError(refusal.name(), what)));
        } else if (command instanceof WatchTaken taken) {
            taken.watcher().tell(new Watch.Ended(new SqlError(refusal.name(), what)));
        } else if (command instanceof SettleConflict settle) {
            settle.replyTo().tell(new ConflictSettled(Optional.of(new SqlError(refusal.name(), what))));
        } else if (command instanceof Inspect inspect) {
            inspect.replyTo().tell(refused);
        } else if (command instanceof WantSnapshot want) {
            want.replyTo().tell(refused);
        }
    }

    private Behavior<Command> recover() {
        ReplicaCore opened;
        try {
            opened = home.open(database);
        } catch (SyncException | UncheckedIOException e) {
            context.getLog().error("database cannot be opened: see the cause, and the disk", e);
            home.setbacks().failed(database);
            return closeAndRefuse(Refusal.UNAVAILABLE, "it cannot be opened: see the node's log");
        }
        core = Optional.of(opened);
        exchange = Optional.of(new Exchange(opened, log.forPeers(), this::send));
        log.recover(opened.vector());
        return Behaviors.receive(Command.class)
                .onMessage(FromLog.class, answer -> onRecovered(answer.answer()))
                .onMessage(Stop.class, stop -> stopBeforeServing())
                .onSignal(PostStop.class, stopped -> close())
                .onAnyMessage(this::stash)
                .build();
    }

    private Behavior<Command> onRecovered(LogLink.Answer answer) {
        switch (answer) {
            case LogLink.Answer.Recovered recovered -> {
                exchange().deliver(core().recover(recovered.transactions()));
                if (recovered.isComplete()) {
                    return catchUp();
                }
                log.recover(core().vector());
            }
            case LogLink.Answer.Appended appended -> exchange().appended();
            case LogLink.Answer.Failed failed -> {
                return failed(failed);
            }
            case LogLink.Answer.Read read -> {
                return Behaviors.unhandled();
            }
        }
        return Behaviors.same();
    }

    /** A new writer first has what a majority of the other copies have; without them it goes on after a while. */
    private Behavior<Command> catchUp() {
        followers().forEach(peer -> exchange().connect(peer));
        datacenters().forEach(peer -> exchange().connect(peer));
        if (hasCaughtUp()) {
            return serve();
        }
        timers.startSingleTimer(GiveUpWaiting.GIVE_UP_WAITING, home.settings().takeOverTimeout());
        return Behaviors.receive(Command.class)
                .onMessage(FromPeer.class, message -> {
                    exchange().offer(message.peer(), message.message());
                    exchange().pump();
                    hear(message);
                    return hasCaughtUp() ? serve() : Behaviors.same();
                })
                .onMessage(WantSnapshot.class, want -> {
                    heard.add(PeerName.ofNode(want.node()));
                    stash(want);
                    return hasCaughtUp() ? serve() : Behaviors.same();
                })
                .onMessage(FromLog.class, answer -> {
                    switch (answer.answer()) {
                        case LogLink.Answer.Appended appended -> exchange().appended();
                        case LogLink.Answer.Read read -> exchange().hold(read.found(), read.gone());
                        case LogLink.Answer.Failed failed -> {
                            return failed(failed);
                        }
                        case LogLink.Answer.Recovered recovered -> {
                            return Behaviors.unhandled();
                        }
                    }
                    exchange().pump();
                    return hasCaughtUp() ? serve() : Behaviors.same();
                })
                .onMessage(HostsChanged.class, changed -> {
                    hosts = changed.hosts();
                    return hasCaughtUp() ? serve() : Behaviors.same();
                })
                .onMessage(GiveUpWaiting.class, giveUp -> {
                    context.getLog()
                            .warn(
                                    "writer goes on without a majority of its copies heard={} expected={}",
                                    heard,
                                    followers());
                    return serve();
                })
                .onMessage(Stop.class, stop -> stopBeforeServing())
                .onSignal(PostStop.class, stopped -> close())
                .onAnyMessage(this::stash)
                .build();
    }

    private boolean hasCaughtUp() {
        var followers = followers();
        var known = followers.stream().filter(heard::contains).toList();
        return 1 + known.size() > (1 + followers.size()) / 2
                && known.stream()
                        .allMatch(peer ->
                                core().vector().covers(core().replicator().vectorOf(peer)));
    }

    // ---- serving ----------------------------------------------------------------------------------------------------

    private Behavior<Command> serve() {
        var settings = home.settings();
        timers.cancel(GiveUpWaiting.GIVE_UP_WAITING);
        timers.startTimerWithFixedDelay(Tick.TICK, settings.tickInterval());
        timers.startTimerWithFixedDelay(Idle.IDLE, settings.idleTimeout());
        applied = Optional.of(new AppliedRequests(core().requests(), home.clock()));
        writer = Optional.of(new WriterLane(core(), streams, home, new LaneOwner()));
        readers = Optional.of(ReaderPool.create(
                context,
                home.file(database),
                settings.readerCount(),
                core()::commitCount,
                home.clock(),
                context.messageAdapter(ReaderActor.Report.class, FromReader::new),
                ReaderGone::new));
        var told = new Watchers(core(), new FeedLog());
        core().onCommitted(transaction -> {
            home.metrics().committed();
            told.wake();
        });
        watchers = Optional.of(told);
        links = Optional.of(new ReplicaLinks(core(), exchange(), home.metrics()));
        home.metrics().opened(ROLE);
        home.metrics().writerStarted();
        context.getLog().info("writer serves vector={} peers={}", core().vector(), followers());
        return stash.unstashAll(Behaviors.receive(Command.class)
                .onMessage(RunSql.class, this::onRunSql)
                .onMessage(FetchSql.class, this::onFetchSql)
                .onMessage(CloseCursor.class, close -> {
                    readers().closeCursor(close.stream());
                    return Behaviors.same();
                })
                .onMessage(FromPeer.class, this::onFromPeer)
                .onMessage(FromLog.class, answer -> onLog(answer.answer()))
                .onMessage(FromReader.class, this::onFromReader)
                .onMessage(ReaderGone.class, gone -> {
                    readers().failed(gone.reader()).forEach(streams::forget);
                    return turn();
                })
                .onMessage(Turn.class, turn -> {
                    isTurnQueued = false;
                    return turn();
                })
                .onMessage(Tick.class, tick -> onTick())
                .onMessage(CloseStream.class, close -> {
                    readers().close(close.stream());
                    writer().close(close.stream());
                    return turn();
                })
                .onMessage(WantSnapshot.class, this::onWantSnapshot)
                .onMessage(
                        WatchQuery.class,
                        watch -> onTask(() -> {
                            watchers().watchQuery(watch.sql(), watch.watcher());
                            context.watchWith(watch.watcher(), new WatcherGone(watch.watcher()));
                        }))
                .onMessage(
                        WatchChanges.class,
                        watch -> onTask(() -> {
                            watchers().watchChanges(watch.after(), watch.watcher());
                            context.watchWith(watch.watcher(), new WatcherGone(watch.watcher()));
                        }))
                .onMessage(ConnectReplica.class, this::onConnectReplica)
                .onMessage(FromReplica.class, from -> {
                    isActive = true;
                    links().receive(from);
                    return turn();
                })
                .onMessage(LinkGone.class, gone -> onTask(() -> links().gone(gone.replica(), gone.link())))
                .onMessage(WatchTaken.class, this::onWatchTaken)
                .onMessage(FeedRead.class, read -> {
                    watchers().read(read.watcher(), read.page());
                    return turn();
                })
                .onMessage(WatcherGone.class, gone -> onTask(() -> watchers().forget(gone.watcher())))
                .onMessage(SettleConflict.class, settle -> onTask(() -> settleConflict(settle)))
                .onMessage(Drop.class, drop -> drop())
                .onMessage(Inspect.class, inspect -> {
                    inspect.replyTo().tell(status());
                    return Behaviors.same();
                })
                .onMessage(HostsChanged.class, this::onHostsChanged)
                .onMessage(Idle.class, idle -> onIdle())
                .onMessage(Stop.class, stop -> onStop())
                .onSignal(PostStop.class, stopped -> close())
                .build());
    }

    /** What is on its way to the log is finished and answered first. */
    private Behavior<Command> onStop() {
        isStopping = true;
        writer().refuseWaiting(Refusal.MOVING, MOVES);
        behind.forEach(waiting -> refuse(waiting.sql(), Refusal.MOVING, MOVES));
        behind.clear();
        return turn();
    }

    private Behavior<Command> onRunSql(RunSql sql) {
        isActive = true;
        clients.saw(sql.stream(), sql.replyTo());
        if (isStopping) {
            refuse(sql, Refusal.MOVING, MOVES);
            return Behaviors.same();
        }
        if (sql.key().isPresent()) {
            return onKeyed(sql, sql.key().get());
        }
        return admit(sql);
    }

    /** A request that was applied is answered as then; one that is under way is waited for, by whoever asks again. */
    private Behavior<Command> onKeyed(RunSql sql, RequestKey key) {
        if (writer().has(key)) {
            repeated.add(
                    new Behind(sql, home.clock().instant().plus(home.settings().queueTimeout())));
            return turn();
        }
        switch (applied().find(key).orElse(null)) {
            case AppliedRequests.Known.Answered known ->
                answerWhenAcknowledged(
                        sql,
                        new SqlReply.Answered(known.responses(), core().vector(), true),
                        core().origin(),
                        core().vector().seq(core().origin()));
            case AppliedRequests.Known.Other other ->
                refuse(sql, Refusal.KEY_REUSED, "key " + key.text() + " is that of another request");
            case AppliedRequests.Known.Barred barred ->
                refuse(sql, Refusal.NOT_APPLIED, "it was said that this request was not applied");
            case null -> {
                if (!sql.isRecall()) {
                    return admit(sql);
                }
                applied().bar(key);
                refuse(sql, Refusal.NOT_APPLIED, "no request of key " + key.text() + " was applied");
            }
        }
        return turn();
    }

    /** Answers when what was written up to there is where the request wants it. */
    private void answerWhenAcknowledged(RunSql sql, SqlReply.Answered answered, Origin origin, long seq) {
        var level = sql.options().acknowledgement();
        if (level == StreamOptions.Acknowledgement.LOCAL) {
            sql.replyTo().tell(answered);
            return;
        }
        Instant until = home.clock().instant().plus(home.settings().acknowledgeTimeout());
        acknowledgements.await(
                origin,
                seq,
                level,
                until,
                () -> sql.replyTo().tell(answered),
                () -> sql.replyTo()
                        .tell(new SqlReply.Refused(
                                Refusal.UNKNOWN_OUTCOME,
                                "committed here, not acknowledged in time at level " + level + "; bookmark "
                                        + answered.bookmark())));
        settle();
    }

    /** Looks again at requests that waited for another one of their key. */
    private void dispatchRepeated() {
        var ready = repeated.stream()
                .filter(waiting -> !writer().has(waiting.sql().key().orElseThrow()))
                .toList();
        repeated.removeAll(ready);
        ready.forEach(waiting -> context.getSelf().tell(waiting.sql()));
    }

    private Behavior<Command> admit(RunSql sql) {
        if (sql.continues() && !streams.has(sql.stream())) {
            refuse(sql, Refusal.TRANSACTION_LOST, "the writer started anew, and the transaction is undone");
            return Behaviors.same();
        }
        if (!hasSeen(sql.options())) {
            var until = home.clock().instant().plus(home.settings().queueTimeout());
            behind.add(new Behind(sql, until));
            return turn();
        }
        dispatch(sql);
        if (!isTurnQueued && !writer().isIdle()) {
            isTurnQueued = true;
            context.getSelf().tell(Turn.TURN);
        }
        return Behaviors.same();
    }

    /** Whether what a request must see is here. */
    private boolean hasSeen(StreamOptions options) {
        return options.after().isEmpty()
                || core().vector().covers(options.after().get());
    }

    /** Runs requests that waited for what they must see. */
    private void dispatchBehind() {
        for (var iterator = behind.iterator(); iterator.hasNext(); ) {
            var waiting = iterator.next();
            if (hasSeen(waiting.sql().options())) {
                iterator.remove();
                dispatch(waiting.sql());
            }
        }
    }

    private void dispatch(RunSql sql) {
        var stream = streams.of(sql.stream());
        if (SqlPlan.of(sql.requests(), stream, sql.options().isReadOnly()).kind() == SqlPlan.Kind.READ) {
            readers().run(sql, stream);
        } else {
            writer().offer(sql, stream);
        }
    }

    private Behavior<Command> onFetchSql(FetchSql fetch) {
        isActive = true;
        clients.saw(fetch.stream(), fetch.replyTo());
        var stream = streams.of(fetch.stream());
        var isNew = fetch.batch().isPresent();
        if (isNew
                && SqlPlan.of(
                                        List.of(fetch.batch().get()),
                                        stream,
                                        fetch.options().isReadOnly())
                                .kind()
                        != SqlPlan.Kind.READ) {
            fetch.replyTo().tell(new SqlReply.NoCursor());
        } else if (!isNew && !readers().keepsFor(fetch.stream())) {
            fetch.replyTo().tell(new SqlReply.Refused(Refusal.UNAVAILABLE, "the cursor is gone"));
        } else {
            readers().fetch(fetch, stream);
        }
        return Behaviors.same();
    }

    private Behavior<Command> onFromReader(FromReader from) {
        var report = from.report();
        if (!readers().returned(report)) {
            return turn();
        }
        if (!report.isForWriter()) {
            home.metrics().readAtWriter();
        }
        switch (report.work()) {
            case ReaderActor.Run run when report.isForWriter() -> writer().offer(run.sql(), run.stream());
            case ReaderActor.Run run ->
                streams.ran(run.sql().stream(), run.stream(), run.sql().isLast());
            case ReaderActor.Fetch fetch -> streams.ran(fetch.sql().stream(), fetch.stream(), false);
        }
        return turn();
    }

    private Behavior<Command> onFromPeer(FromPeer message) {
        if (!(message.message() instanceof SyncMessage.Status)) {
            isActive = true;
        }
        if (!exchange().offer(message.peer(), message.message())) {
            home.metrics().dropped();
        }
        hear(message);
        return turn();
    }

    private Behavior<Command> onConnectReplica(ConnectReplica connect) {
        if (isStopping) {
            refuse(connect, Refusal.MOVING, MOVES);
            return Behaviors.same();
        }
        return onTask(() -> {
            links().connect(connect, context.getSelf());
            context.watchWith(connect.link(), new LinkGone(connect.replica(), connect.link()));
        });
    }

    private void hear(FromPeer message) {
        heard.add(message.peer());
        switch (message.message()) {
            case SyncMessage.Acknowledge acknowledge -> {
                acknowledgements.reached(message.peer(), acknowledge.origin(), acknowledge.seq());
                settle();
            }
            case SyncMessage.Status status -> {
                acknowledgements.reached(message.peer(), status.vector());
                settle();
            }
            default -> {}
        }
    }

    private void settle() {
        if (acknowledgements.waitingCount() > 0) {
            var followers = followers();
            acknowledgements.settle(followers, 1 + followers.size(), datacenters());
        }
    }

    private Behavior<Command> onLog(LogLink.Answer answer) {
        switch (answer) {
            case LogLink.Answer.Appended appended -> {
                if (appended.owner() == LogLink.Owner.WRITER) {
                    writer().appended();
                } else {
                    exchange().appended();
                }
            }
            case LogLink.Answer.Read read -> {
                // the file may be in a transaction: the answer waits like any other message
                exchange().hold(read.found(), read.gone());
            }
            case LogLink.Answer.Failed failed -> {
                return failed(failed);
            }
            case LogLink.Answer.Recovered recovered -> {
                return Behaviors.unhandled();
            }
        }
        return turn();
    }

    /**
     * Does what can be done now: peers and clients in turn while no transaction is open, else what the client goes on with
     * whose transaction it is.
     */
    private Behavior<Command> turn() {
        if (isStopping && writer().isSettled() && acknowledgements.waitingCount() == 0) {
            return stop();
        }
        if (!behind.isEmpty()) {
            dispatchBehind();
        }
        if (!repeated.isEmpty()) {
            dispatchRepeated();
        }
        boolean isDone;
        do {
            if (writer().isFree()) {
                while (!tasks.isEmpty()) {
                    tasks.remove().run();
                }
                if (exchange().isReady()) {
                    exchange().pump();
                }
                watchers().advance();
            }
            isDone = !writer().next() && !(writer().isFree() && exchange().isReady());
        } while (!isDone);
        return Behaviors.same();
    }

    /** Work on the file that is no client's request. */
    private Behavior<Command> onTask(Runnable task) {
        isActive = true;
        tasks.add(task);
        return turn();
    }

    /** In turn, behind the beginning of the watch. */
    private Behavior<Command> onWatchTaken(WatchTaken taken) {
        tasks.add(() -> {
            if (!watchers().taken(taken.watcher(), taken.count())) {
                taken.watcher().tell(new Watch.Ended(WATCH_AGAIN));
            }
        });
        return turn();
    }

    private void settleConflict(SettleConflict settle) {
        try {
            var inTheWay = settle.replaces() ? Conflicts.InTheWay.REPLACE : Conflicts.InTheWay.REFUSE;
            exchange()
                    .deliver(core().settleConflict(
                                    settle.id(), settle.restores() ? Optional.of(inTheWay) : Optional.empty()));
            exchange().pump();
            settle.replyTo().tell(new ConflictSettled(Optional.empty()));
        } catch (SyncException e) {
            settle.replyTo()
                    .tell(new ConflictSettled(Optional.of(new SqlError(e.code(), String.valueOf(e.getMessage())))));
        }
    }

    private Behavior<Command> drop() {
        hosts.nodes().values().forEach(node -> node.tell(new Replicas.Forget(database)));
        return closeAndRefuse(Refusal.NO_DATABASE, "it was dropped");
    }

    private Behavior<Command> onTick() {
        var now = home.clock().instant();
        writer().tick(now);
        watchers().wake();
        acknowledgements.expire(now);
        readers().expire(home.settings().streamIdle()).forEach((id, state) -> streams.ran(id, state, false));
        repeated.removeIf(waiting -> {
            var isLate = !waiting.until().isAfter(now);
            if (isLate) {
                refuse(waiting.sql(), Refusal.BUSY, "the request of this key is under way still");
            }
            return isLate;
        });
        behind.removeIf(waiting -> {
            var isLate = !waiting.until().isAfter(now);
            if (isLate) {
                refuse(waiting.sql(), Refusal.BUSY, "what the bookmark names has not come here yet");
            }
            return isLate;
        });
        if ((isActive || !links().isEmpty()) && writer().isFree()) {
            exchange().tick(now);
        }
        return turn();
    }

    private Behavior<Command> onHostsChanged(HostsChanged changed) {
        var before = followers();
        clients.gone(hosts, changed.hosts()).forEach(node -> {
            context.getLog().info("streams of a node that is gone are closed");
            readers().closeAll(node);
            writer().closeAll(node);
        });
        hosts = changed.hosts();
        var after = followers();
        var gone = before.stream().filter(peer -> !after.contains(peer)).toList();
        gone.forEach(acknowledgements::forget);
        settle();
        var come = after.stream().filter(peer -> !before.contains(peer)).toList();
        return onTask(() -> {
            var now = followers(); // they may have changed again while a transaction was open
            gone.stream().filter(peer -> !now.contains(peer)).forEach(core()::forget);
            come.stream().filter(now::contains).forEach(exchange()::connect);
        });
    }

    private Behavior<Command> onWantSnapshot(WantSnapshot want) {
        snapshotCount++;
        isActive = true;
        var copy = Path.of(home.file(database) + ".copy-" + snapshotCount);
        var source = context.spawn(
                SnapshotSource.create(
                        home.file(database),
                        copy,
                        home.settings().takeOverTimeout().multipliedBy(4)),
                "snapshot-" + snapshotCount,
                Dispatchers.BLOCKING);
        want.replyTo().tell(new SnapshotOffer(source));
        return Behaviors.same();
    }

    private Behavior<Command> onIdle() {
        var isBusy = isActive
                || !writer().isIdle()
                || readers().isBusy()
                || !streams.isEmpty()
                || !watchers().isEmpty()
                || !links().isEmpty()
                || acknowledgements.waitingCount() > 0
                || !behind.isEmpty()
                || !repeated.isEmpty()
                || !core().replicator().waiting().isEmpty();
        isActive = false;
        if (writer().isFree()) {
            core().replicator().forgetSilent(PeerName::isReplica);
        }
        if (!isBusy) {
            shard.tell(new ClusterSharding.Passivate<>(context.getSelf()));
        }
        return Behaviors.same();
    }

    /** What the log has is not known: nothing may be committed. The file is opened again, and compared with it. */
    private Behavior<Command> failed(LogLink.Answer.Failed failed) {
        context.getLog()
                .error(
                        "changeset log failed, database closes: free disk space or replace the disk why={}",
                        failed.why());
        writer.ifPresent(lane -> lane.refuseAll(Refusal.UNAVAILABLE, failed.why()));
        home.setbacks().failed(database);
        return closeAndRefuse(Refusal.UNAVAILABLE, "it failed, and is opened again in a while: see the node's log");
    }

    /** Who asks is answered until the shard keeps what comes for the successor; whoever just stopped would leave them waiting. */
    private Behavior<Command> closeAndRefuse(Refusal refusal, String why) {
        endsWell = true;
        timers.cancelAll();
        close();
        return refuseAll(refusal, why);
    }

    private Behavior<Command> close() {
        if (!endsWell) {
            home.setbacks().failed(database);
        }
        readers.ifPresent(pool -> pool.refuseAll(Refusal.UNAVAILABLE, "the database closes"));
        acknowledgements.giveUpAll();
        behind.forEach(waiting -> refuse(waiting.sql(), Refusal.UNAVAILABLE, "the database closes"));
        repeated.forEach(waiting -> refuse(waiting.sql(), Refusal.MOVING, MOVES));
        repeated.clear();
        behind.clear();
        links.ifPresent(told -> told.end(new SqlError("MOVING", "the database moves or closes; connect again")));
        watchers.ifPresent(told -> told.end(WATCH_AGAIN));
        writer.ifPresent(lane -> lane.refuseAll(Refusal.UNAVAILABLE, "the database closes"));
        writer.ifPresent(lane -> {
            lane.close();
            home.metrics().closed(ROLE);
        });
        core.ifPresent(ReplicaCore::close);
        core = Optional.empty();
        return Behaviors.same();
    }

    // ---- other replicas ---------------------------------------------------------------------------------------------

    /** Names of the followers of this datacenter. */
    private List<String> followers() {
        var placement = home.placement();
        return placement.hosts(placement.shardOf(database), hosts.nodes().keySet()).stream()
                .filter(node -> !node.equals(home.node()))
                .map(PeerName::ofNode)
                .toList();
    }

    private List<String> datacenters() {
        return hosts.otherDatacenters().stream().map(PeerName::ofDatacenter).toList();
    }

    /** Sends messages; what is published to followers goes once, by topic. */
    private void send(List<Envelope> envelopes) {
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
                            .ifPresent(node -> node.tell(new Replicas.Deliver(database, message)));
                }
            } else if (PeerName.isReplica(envelope.peer())) {
                PeerName.replica(envelope.peer())
                        .ifPresent(replica -> links.ifPresent(linked -> linked.tell(replica, message)));
            } else {
                PeerName.datacenter(envelope.peer())
                        .ifPresent(datacenter -> peers.tellDatacenter(
                                datacenter, database, new FromPeer(PeerName.ofDatacenter(home.datacenter()), message)));
            }
        }
    }

    /** Beyond the window of what is not acknowledged only the position is told: followers ask for the rest. */
    private void publish(SyncMessage message) {
        var told = message;
        if (message instanceof SyncMessage.Publish publish) {
            var transaction = publish.transaction();
            var best = followers().stream()
                    .mapToLong(peer -> acknowledgements.of(peer).seq(transaction.origin()))
                    .max()
                    .orElse(transaction.seq());
            if (transaction.seq() - best > home.settings().windowCount()) {
                told = new SyncMessage.Announce(transaction.origin(), transaction.seq());
            }
        }
        var delivery = new Replicas.Deliver(database, told);
        topic.ifPresent(open -> open.tell(Topic.publish(delivery)));
    }

    private DatabaseStatus status() {
        var replicator = core().replicator();
        List<DatabaseStatus.Copy> copies = new ArrayList<>();
        for (var peer : followers()) {
            copies.add(new DatabaseStatus.Copy(peer, replicator.vectorOf(peer)));
        }
        for (var peer : datacenters()) {
            copies.add(new DatabaseStatus.Copy(peer, replicator.vectorOf(peer)));
        }
        return new DatabaseStatus(
                database,
                home.node(),
                home.datacenter(),
                core().vector(),
                core().root(),
                core().schemaFingerprint(),
                sizeBytes(),
                replicator.waiting().size(),
                copies);
    }

    private long sizeBytes() {
        try {
            return Files.size(home.file(database));
        } catch (java.io.IOException e) {
            throw new UncheckedIOException("reading the size of " + home.file(database), e);
        }
    }

    /** What watchers want to know of the log. */
    private final class FeedLog implements Watchers.Log {
        @Override
        public boolean isComplete() {
            return exchange().isLogged();
        }

        @Override
        public void read(ActorRef<Watch> watcher, List<SeqRange> ranges, long maxSizeBytes) {
            context.ask(
                    ChangesetLog.ReadOutcome.class,
                    log.log(),
                    FEED_PATIENCE,
                    (ActorRef<ChangesetLog.ReadOutcome> replyTo) ->
                            new ChangesetLog.Read(ranges, maxSizeBytes, replyTo),
                    (outcome, failure) -> new FeedRead(
                            watcher, outcome instanceof ChangesetLog.Page page ? Optional.of(page) : Optional.empty()));
        }
    }

    /** What the writer's lane asks of the actor. */
    private final class LaneOwner implements WriterLane.Owner {
        @Override
        public void append(List<Transaction> transactions) {
            log.append(transactions, LogLink.Owner.WRITER);
        }

        @Override
        public void committed(Outbox outbox) {
            exchange().deliver(outbox);
        }

        @Override
        public void answer(RunSql sql, SqlReply.Answered answered, Optional<Transaction> last) {
            if (last.isPresent()) {
                answerWhenAcknowledged(
                        sql, answered, last.get().origin(), last.get().seq());
            } else {
                sql.replyTo().tell(answered);
            }
        }

        @Override
        public void applies(RunSql sql, List<SqlResponse> responses) {
            applied().record(sql, responses);
        }

        @Override
        public VersionVector bookmark() {
            return core().vector();
        }
    }

    private ReplicaCore core() {
        return core.orElseThrow();
    }

    private Exchange exchange() {
        return exchange.orElseThrow();
    }

    private WriterLane writer() {
        return writer.orElseThrow();
    }

    private Watchers watchers() {
        return watchers.orElseThrow();
    }

    private AppliedRequests applied() {
        return applied.orElseThrow();
    }

    private ReplicaLinks links() {
        return links.orElseThrow();
    }

    private ReaderPool readers() {
        return readers.orElseThrow();
    }
}
