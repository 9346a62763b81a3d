package io.merklite.cluster.replica;

import io.merklite.cluster.checkpoint.Checkpointer;
import io.merklite.cluster.journal.ChangesetLog;
import io.merklite.cluster.replica.DatabaseActor.CheckpointerGone;
import io.merklite.cluster.replica.DatabaseActor.CloseCursor;
import io.merklite.cluster.replica.DatabaseActor.CloseStream;
import io.merklite.cluster.replica.DatabaseActor.Command;
import io.merklite.cluster.replica.DatabaseActor.ConflictSettled;
import io.merklite.cluster.replica.DatabaseActor.ConnectReplica;
import io.merklite.cluster.replica.DatabaseActor.DatacenterIsBack;
import io.merklite.cluster.replica.DatabaseActor.Drop;
import io.merklite.cluster.replica.DatabaseActor.FeedRead;
import io.merklite.cluster.replica.DatabaseActor.FetchSql;
import io.merklite.cluster.replica.DatabaseActor.FromLog;
import io.merklite.cluster.replica.DatabaseActor.FromPeer;
import io.merklite.cluster.replica.DatabaseActor.FromReader;
import io.merklite.cluster.replica.DatabaseActor.FromReplica;
import io.merklite.cluster.replica.DatabaseActor.HostsChanged;
import io.merklite.cluster.replica.DatabaseActor.Idle;
import io.merklite.cluster.replica.DatabaseActor.Inspect;
import io.merklite.cluster.replica.DatabaseActor.LinkGone;
import io.merklite.cluster.replica.DatabaseActor.LogCopied;
import io.merklite.cluster.replica.DatabaseActor.ReaderGone;
import io.merklite.cluster.replica.DatabaseActor.RunSql;
import io.merklite.cluster.replica.DatabaseActor.SettleConflict;
import io.merklite.cluster.replica.DatabaseActor.SnapshotOffer;
import io.merklite.cluster.replica.DatabaseActor.Stop;
import io.merklite.cluster.replica.DatabaseActor.Tick;
import io.merklite.cluster.replica.DatabaseActor.Turn;
import io.merklite.cluster.replica.DatabaseActor.WantSnapshot;
import io.merklite.cluster.replica.DatabaseActor.WatchChanges;
import io.merklite.cluster.replica.DatabaseActor.WatchQuery;
import io.merklite.cluster.replica.DatabaseActor.WatchTaken;
import io.merklite.cluster.replica.DatabaseActor.WatcherGone;
import io.merklite.cluster.replica.ReplicaCore.Outbox;
import io.merklite.cluster.replica.SqlReply.Refusal;
import io.merklite.cluster.sql.RequestKey;
import io.merklite.cluster.sql.SqlError;
import io.merklite.cluster.sql.SqlPlan;
import io.merklite.cluster.sql.SqlResponse;
import io.merklite.sync.SyncException;
import io.merklite.sync.message.SyncMessage;
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
import java.util.List;
import java.util.Optional;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.BehaviorInterceptor;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.TypedActorContext;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/**
 * A database's actor while it serves: clients, peers, watchers and links take turns on one file.
 *
 * <p>Each message leads to a {@link #turn}: what can be done now is done, in an order that starves nobody. While a transaction
 * is open, or on its way to the log, only what belongs to it is done.
 *
 * <p><b>Threading.</b> Confined to the actor. Blocks on disk.
 */
final class ServingDatabase {
    private static final Duration FEED_PATIENCE = Duration.ofSeconds(30);
    private static final String ROLE = "writer";
    private static final String SNAPSHOT = "snapshot-";
    private static final SqlError WATCH_AGAIN =
            new SqlError("UNAVAILABLE", "the database moves or closes; watch it again");

    private final DatabaseShell shell;
    private final ActorContext<Command> context;
    private final ReplicaHome home;
    private final String database;
    private final ReplicaCore core;
    private final Exchange exchange;
    private final WriterPeers peers;
    private final Acknowledgements acknowledgements;
    private final LogLink log;
    private final ClientStreams streams = new ClientStreams();
    private final ClientNodes clients = new ClientNodes();
    private final Deque<Task> tasks = new ArrayDeque<>();
    private final WriterLane writer;
    private final ReaderPool readers;
    private final ActorRef<Checkpointer.Command> checkpointer;
    private final WriteAheadLog writeAhead;
    private final Admission admission;
    private final Watchers watchers;
    private final ReplicaLinks links;
    private boolean isTurnQueued;
    private boolean isActive = true;
    private boolean isStopping;
    private Instant handOverUntil = Instant.MAX;
    private boolean isClosed;
    private long snapshotCount;

    ServingDatabase(
            DatabaseShell shell,
            ReplicaCore core,
            Exchange exchange,
            WriterPeers peers,
            Acknowledgements acknowledgements,
            LogLink log) {
        this.shell = shell;
        this.context = shell.context();
        this.home = shell.home();
        this.database = shell.database();
        this.core = core;
        this.exchange = exchange;
        this.peers = peers;
        this.acknowledgements = acknowledgements;
        this.log = log;
        this.admission = new Admission(core, home, streams, new Lanes(), acknowledgements, peers::settle);
        this.writer = new WriterLane(core, streams, home, new LaneOwner());
        this.readers = ReaderPool.create(
                context,
                home,
                database,
                core::commitCount,
                context.messageAdapter(ReaderActor.Report.class, FromReader::new),
                ReaderGone::new);
        this.checkpointer = context.spawn(
                Checkpointer.create(
                        () -> ReplicaCore.checkpointing(home.file(database)),
                        Optional.empty(),
                        home.metrics().checkpoints()),
                "checkpointer",
                Dispatchers.BLOCKING);
        context.watchWith(checkpointer, CheckpointerGone.CHECKPOINTER_GONE);
        this.writeAhead = new WriteAheadLog(
                core,
                home.settings(),
                home.metrics(),
                checkpointer,
                context.messageAdapter(Checkpointer.Outcome.class, LogCopied::new));
        this.watchers = new Watchers(core, new FeedLog());
        this.links = new ReplicaLinks(core, exchange, home.metrics());
    }

    Behavior<Command> begin() {
        var settings = home.settings();
        shell.timers().startTimerWithFixedDelay(Tick.TICK, settings.tickInterval());
        shell.timers().startTimerWithFixedDelay(Idle.IDLE, settings.idleTimeout());
        core.onCommitted(transaction -> {
            home.metrics().committed();
            watchers.wake();
        });
        peers.reachOutside(links::tell);
        home.metrics().opened(ROLE);
        home.metrics().writerStarted();
        context.getLog().info("writer serves vector={} peers={}", core.vector(), peers.followers());
        return shell.unstashAll(Behaviors.intercept(Guard::new, serving()));
    }

    private Behavior<Command> serving() {
        return Behaviors.receive(Command.class)
                .onMessage(RunSql.class, this::onRunSql)
                .onMessage(FromLog.class, answer -> onLog(answer.answer()))
                .onMessage(Turn.class, turn -> {
                    isTurnQueued = false;
                    return turn();
                })
                .onMessage(FromPeer.class, this::onFromPeer)
                .onMessage(FetchSql.class, this::onFetchSql)
                .onMessage(CloseCursor.class, close -> {
                    readers.closeCursor(close.stream());
                    return Behaviors.same();
                })
                .onMessage(FromReader.class, this::onFromReader)
                .onMessage(ReaderGone.class, gone -> {
                    readers.failed(gone.reader()).forEach(streams::forget);
                    return turn();
                })
                .onMessage(Tick.class, tick -> onTick())
                .onMessage(LogCopied.class, copied -> {
                    tasks.add(new Task(copied, () -> writeAhead.copied(copied.outcome())));
                    return turn();
                })
                .onMessage(CheckpointerGone.class, gone -> {
                    throw new IllegalStateException("the checkpointer has failed: see its error above");
                })
                .onMessage(CloseStream.class, close -> {
                    readers.close(close.stream());
                    writer.close(close.stream());
                    return turn();
                })
                .onMessage(WantSnapshot.class, this::onWantSnapshot)
                .onMessage(
                        WatchQuery.class,
                        watch -> onTask(watch, () -> {
                            watchers.watchQuery(watch.sql(), watch.watcher());
                            context.watchWith(watch.watcher(), new WatcherGone(watch.watcher()));
                        }))
                .onMessage(
                        WatchChanges.class,
                        watch -> onTask(watch, () -> {
                            watchers.watchChanges(watch.after(), watch.watcher());
                            context.watchWith(watch.watcher(), new WatcherGone(watch.watcher()));
                        }))
                .onMessage(WatchTaken.class, this::onWatchTaken)
                .onMessage(FeedRead.class, read -> {
                    watchers.read(read.watcher(), read.page());
                    return turn();
                })
                .onMessage(WatcherGone.class, gone -> onTask(gone, () -> watchers.forget(gone.watcher())))
                .onMessage(ConnectReplica.class, this::onConnectReplica)
                .onMessage(FromReplica.class, from -> {
                    isActive = true;
                    links.receive(from);
                    return turn();
                })
                .onMessage(LinkGone.class, gone -> onTask(gone, () -> links.gone(gone.replica(), gone.link())))
                .onMessage(SettleConflict.class, settle -> onTask(settle, () -> settleConflict(settle)))
                .onMessage(Drop.class, this::drop)
                .onMessage(Inspect.class, inspect -> {
                    inspect.replyTo().tell(status());
                    return Behaviors.same();
                })
                .onMessage(HostsChanged.class, this::onHostsChanged)
                .onMessage(DatacenterIsBack.class, back -> onTask(back, () -> compareWith(back.datacenter())))
                .onMessage(Idle.class, idle -> onIdle())
                .onMessage(Stop.class, stop -> onStop())
                .onSignal(PostStop.class, stopped -> {
                    close();
                    shell.stopped();
                    return Behaviors.same();
                })
                .build();
    }

    // ---- turns ------------------------------------------------------------------------------------------------------

    /**
     * Does what can be done now: peers and clients in turn while no transaction is open, else what the client goes on with
     * whose transaction it is.
     */
    private Behavior<Command> turn() {
        if (isStopping && writer.isSettled() && acknowledgements.waitingCount() == 0 && isHandedOver()) {
            close(); // this actor stops when its readers have, and these when what they read is cancelled
            return shell.stop();
        }
        admission.admitReady();
        boolean isDone;
        do {
            if (writer.isFree()) {
                while (!tasks.isEmpty()) {
                    tasks.remove().work().run();
                }
                writeAhead.glance();
                if (writeAhead.isFull()) {
                    return Behaviors.same(); // until the log is copied, whose answer takes the next turn
                }
                if (exchange.isReady()) {
                    exchange.pump();
                }
                watchers.advance();
            }
            isDone = !writer.next() && !(writer.isFree() && exchange.isReady());
        } while (!isDone);
        return Behaviors.same();
    }

    /** Work on the file that is no client's request: if it is never done, whoever sent the command is told. */
    private record Task(Command command, Runnable work) {}

    private Behavior<Command> onTask(Command command, Runnable work) {
        isActive = true;
        tasks.add(new Task(command, work));
        return turn();
    }

    private Behavior<Command> onTick() {
        var now = home.clock().instant();
        if (isStopping) {
            peers.handOver(context.getSelf(), core.vector()); // a follower may have started only now
        }
        writer.tick(now);
        watchers.wake();
        admission.expire(now);
        readers.expire().forEach((id, state) -> streams.ran(id, state, false));
        if ((isActive || !links.isEmpty()) && writer.isFree()) {
            exchange.tick(now);
            writeAhead.look();
        }
        return turn();
    }

    private Behavior<Command> onIdle() {
        var isBusy = isActive
                || !writer.isIdle()
                || readers.isBusy()
                || !streams.isEmpty()
                || !watchers.isEmpty()
                || !links.isEmpty()
                || isCopied()
                || !admission.isEmpty()
                || !core.replicator().waiting().isEmpty();
        isActive = false;
        if (writer.isFree()) {
            core.replicator().forgetSilent(PeerName::isReplica);
        }
        if (!isBusy) {
            shell.passivate();
        }
        return Behaviors.same();
    }

    /** Whether a copy of the file is on its way to somebody: that ends with this actor. */
    private boolean isCopied() {
        return context.getChildren().stream()
                .anyMatch(child -> child.path().name().startsWith(SNAPSHOT));
    }

    // ---- clients ----------------------------------------------------------------------------------------------------

    private Behavior<Command> onRunSql(RunSql sql) {
        isActive = true;
        clients.saw(sql.stream(), sql.replyTo());
        if (isStopping) {
            DatabaseShell.refuseAsMoving(sql);
            return Behaviors.same();
        }
        admission.take(sql);
        if (!isTurnQueued && !writer.isIdle()) {
            isTurnQueued = true;
            context.getSelf().tell(Turn.TURN);
        }
        return Behaviors.same();
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
        } else if (!isNew && !readers.keepsFor(fetch.stream())) {
            DatabaseShell.refuse(fetch, Refusal.UNAVAILABLE, "the cursor is gone");
        } else if (isNew) {
            admission.take(fetch, () -> readers.fetch(fetch, streams.of(fetch.stream())));
        } else {
            readers.fetch(fetch, stream);
        }
        return Behaviors.same();
    }

    private Behavior<Command> onFromReader(FromReader from) {
        var report = from.report();
        if (!readers.returned(report)) {
            return turn();
        }
        if (!report.isForWriter()) {
            home.metrics().readAtWriter();
        }
        switch (report.work()) {
            case ReaderActor.Run run
            when report.isForWriter() ->
                admission.takeFromReader(
                        run.sql(),
                        () -> writer.offer(
                                run.sql(), run.stream(), SqlPlan.of(run.sql().requests(), run.stream())));
            case ReaderActor.Run run ->
                streams.ran(run.sql().stream(), run.stream(), run.sql().isLast());
            case ReaderActor.Fetch fetch when report.keeps() -> streams.reads(fetch.sql().stream(), fetch.stream());
            case ReaderActor.Fetch fetch -> streams.ran(fetch.sql().stream(), fetch.stream(), false);
        }
        return turn();
    }

    // ---- other replicas ---------------------------------------------------------------------------------------------

    private Behavior<Command> onFromPeer(FromPeer message) {
        if (message.generation() > core.generation()) {
            home.generations().heard(database, message.generation());
            home.generations().markOutdated(database);
            return closeAndRefuse(Refusal.UNAVAILABLE, "it was dropped and made again: the new one opens");
        }
        if (message.generation() < core.generation()) {
            return onTask(message, () -> peers.correct(message.peer(), exchange));
        }
        if (!(message.message() instanceof SyncMessage.Status)) {
            isActive = true;
        }
        if (!exchange.offer(message.peer(), message.message())) {
            home.metrics().dropped();
        }
        peers.heard(message.peer(), message.message());
        return turn();
    }

    private Behavior<Command> onLog(LogLink.Answer answer) {
        switch (answer) {
            case LogLink.Answer.Appended appended -> {
                if (appended.owner() == LogLink.Owner.WRITER) {
                    writer.appended();
                } else {
                    exchange.appended();
                }
            }
            case LogLink.Answer.Read read -> {
                // the file may be in a transaction: the answer waits like any other message
                exchange.hold(read.found(), read.gone());
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

    private Behavior<Command> onHostsChanged(HostsChanged changed) {
        var before = peers.followers();
        clients.gone(peers.hosts(), changed.hosts()).forEach(node -> {
            context.getLog().info("streams of a node that is gone are closed");
            readers.closeAll(node);
            writer.closeAll(node);
        });
        peers.become(changed.hosts());
        var after = peers.followers();
        var gone = before.stream().filter(peer -> !after.contains(peer)).toList();
        gone.forEach(acknowledgements::forget);
        peers.settle();
        var come = after.stream().filter(peer -> !before.contains(peer)).toList();
        return onTask(changed, () -> {
            var now = peers.followers(); // they may have changed again while a transaction was open
            gone.stream().filter(peer -> !now.contains(peer)).forEach(core::forget);
            come.stream().filter(now::contains).forEach(exchange::connect);
        });
    }

    /** What was written on both sides of a partition does not wait for the next comparison that is due. */
    private void compareWith(String datacenter) {
        var peer = PeerName.ofDatacenter(datacenter);
        if (peers.datacenters().contains(peer)) {
            exchange.connect(peer);
        }
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
                SNAPSHOT + snapshotCount,
                Dispatchers.BLOCKING);
        want.replyTo().tell(new SnapshotOffer(source));
        return Behaviors.same();
    }

    private Behavior<Command> onConnectReplica(ConnectReplica connect) {
        if (isStopping) {
            DatabaseShell.refuseAsMoving(connect);
            return Behaviors.same();
        }
        return onTask(connect, () -> {
            links.connect(connect, context.getSelf());
            context.watchWith(connect.link(), new LinkGone(connect.replica(), connect.link()));
        });
    }

    /** In turn, behind the beginning of the watch. */
    private Behavior<Command> onWatchTaken(WatchTaken taken) {
        tasks.add(new Task(taken, () -> {
            if (!watchers.taken(taken.watcher(), taken.count())) {
                taken.watcher().tell(new Watch.Ended(WATCH_AGAIN));
            }
        }));
        return turn();
    }

    // ---- operators --------------------------------------------------------------------------------------------------

    private void settleConflict(SettleConflict settle) {
        try {
            var inTheWay = settle.replaces() ? Conflicts.InTheWay.REPLACE : Conflicts.InTheWay.REFUSE;
            exchange.deliver(
                    core.settleConflict(settle.id(), settle.restores() ? Optional.of(inTheWay) : Optional.empty()));
            exchange.pump();
            settle.replyTo().tell(new ConflictSettled(Optional.empty()));
        } catch (SyncException e) {
            settle.replyTo()
                    .tell(new ConflictSettled(Optional.of(new SqlError(e.code(), String.valueOf(e.getMessage())))));
        }
    }

    private DatabaseStatus status() {
        var replicator = core.replicator();
        List<String> others = new ArrayList<>(peers.followers());
        others.addAll(peers.datacenters());
        return new DatabaseStatus(
                database,
                home.node(),
                home.datacenter(),
                core.vector(),
                core.root(),
                core.schemaFingerprint(),
                sizeBytes(),
                replicator.waiting().size(),
                core.generation(),
                others.stream()
                        .map(peer -> new DatabaseStatus.Copy(peer, replicator.vectorOf(peer)))
                        .toList());
    }

    private long sizeBytes() {
        try {
            return Files.size(home.file(database));
        } catch (java.io.IOException e) {
            throw new UncheckedIOException("reading the size of " + home.file(database), e);
        }
    }

    // ---- the end ----------------------------------------------------------------------------------------------------

    /** What is on its way to the log is finished and answered first, and another copy gets what it has not yet. */
    private Behavior<Command> onStop() {
        if (!isStopping) {
            isStopping = true;
            handOverUntil = home.clock().instant().plus(home.settings().takeOverTimeout());
            peers.handOver(context.getSelf(), core.vector());
        }
        writer.refuseWaiting();
        admission.refuseWaiting();
        return turn();
    }

    /**
     * Whether another copy has everything, or did not get it for a while: the successor asks the others, and this node may be
     * gone then.
     */
    private boolean isHandedOver() {
        var followers = peers.followers();
        return followers.isEmpty()
                || followers.stream().map(acknowledgements::of).anyMatch(reached -> reached.covers(core.vector()))
                || !home.clock().instant().isBefore(handOverUntil);
    }

    private Behavior<Command> drop(Drop drop) {
        if (drop.generation() < core.generation()) {
            return Behaviors.same(); // it was made again meanwhile
        }
        peers.hosts().nodes().values().forEach(node -> node.tell(new Replicas.Forget(database, drop.generation())));
        return closeAndRefuse(Refusal.NO_DATABASE, "it was dropped");
    }

    /** What the log has is not known: nothing may be committed. The file is opened again, and compared with it. */
    private Behavior<Command> failed(LogLink.Answer.Failed failed) {
        context.getLog()
                .error(
                        "changeset log failed, database closes: free disk space or replace the disk why={}",
                        failed.why());
        writer.refuseAll(Refusal.UNAVAILABLE, failed.why());
        home.setbacks().failed(database);
        return closeAndRefuse(Refusal.UNAVAILABLE, "it failed, and is opened again in a while: see the node's log");
    }

    /** A disk that fails closes the database: what has come meanwhile is answered, which an end at once would leave waiting. */
    private final class Guard extends BehaviorInterceptor<Command, Command> {
        private Guard() {
            super(Command.class);
        }

        @Override
        public Behavior<Command> aroundReceive(
                TypedActorContext<Command> typed, Command command, ReceiveTarget<Command> target) {
            try {
                return target.apply(typed, command);
            } catch (SyncException | UncheckedIOException e) {
                context.getLog().error("database closes: see the cause, and the disk", e);
                home.setbacks().failed(database);
                var refusing = closeAndRefuse(Refusal.UNAVAILABLE, "it failed: see the node's log");
                DatabaseShell.refuse(command, Refusal.UNAVAILABLE, "it failed: see the node's log");
                return refusing;
            }
        }
    }

    /** Who asks is answered until the shard keeps what comes for the successor; whoever just stopped would leave them waiting. */
    private Behavior<Command> closeAndRefuse(Refusal refusal, String why) {
        close();
        return shell.refuseAll(refusal, why);
    }

    private void close() {
        if (isClosed) {
            return;
        }
        isClosed = true;
        // A read that runs is asked of the successor, if there is one at once.
        readers.refuseAll(isStopping ? Refusal.MOVING : Refusal.UNAVAILABLE, "the database closes");
        admission.giveUp();
        tasks.forEach(task -> DatabaseShell.refuse(
                task.command(), isStopping ? Refusal.MOVING : Refusal.UNAVAILABLE, "the database closes"));
        tasks.clear();
        links.end(new SqlError("MOVING", "the database moves or closes; connect again"));
        watchers.end(WATCH_AGAIN);
        writer.refuseAll(Refusal.UNAVAILABLE, "the database closes");
        writer.close();
        context.stop(checkpointer);
        home.metrics().closed(ROLE);
        core.close();
    }

    // ---- what others ask of it --------------------------------------------------------------------------------------

    /** The lanes that requests are admitted to. */
    private final class Lanes implements Admission.Lanes {
        @Override
        public void read(RunSql sql) {
            readers.run(sql, streams.of(sql.stream()));
        }

        @Override
        public void write(RunSql sql, SqlPlan plan) {
            writer.offer(sql, streams.of(sql.stream()), plan);
        }

        @Override
        public boolean isWriting(RequestKey key) {
            return writer.has(key);
        }
    }

    /** What watchers want to know of the log. */
    private final class FeedLog implements Watchers.Log {
        @Override
        public boolean isComplete() {
            return exchange.isLogged();
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
            exchange.appendFirst();
            log.append(transactions, LogLink.Owner.WRITER);
        }

        @Override
        public void committed(Outbox outbox) {
            exchange.deliver(outbox);
        }

        @Override
        public void answer(RunSql sql, SqlReply.Answered answered, Optional<Transaction> last) {
            admission.answer(sql, answered, last);
        }

        @Override
        public void applies(RunSql sql, List<SqlResponse> responses) {
            admission.applies(sql, responses);
        }

        @Override
        public VersionVector bookmark() {
            return core.vector();
        }
    }
}
