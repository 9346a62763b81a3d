package io.merklite.cluster.replica;

import io.merklite.sync.SyncException;
import io.merklite.sync.message.SyncMessage;
import io.merklite.sync.replicate.Envelope;
import io.merklite.sync.vector.VersionVector;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.Props;
import org.apache.pekko.actor.typed.Terminated;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;

/**
 * A replica that follows its datacenter's writer.
 *
 * <p>Without a file it fetches a copy first. Then it takes in what the writer publishes, asks for what it missed, compares
 * itself with the writer now and then, and closes the file when nothing has happened for a while.
 *
 * <p>Messages come from its {@link Replicas}, in whose name it is reachable; answers go to the writer's entity.
 */
public final class FollowerActor {
    private static final int MAX_RETRY_DOUBLINGS = 5;
    private static final String ROLE = "follower";

    /** What a follower is told. */
    public sealed interface Command {}

    /**
     * From the writer.
     *
     * @param generation which of the databases of the name it speaks of
     */
    record Deliver(long generation, SyncMessage message) implements Command {}

    /**
     * From a writer that is about to stop, so that another takes over: what is said to the database's shard waits for that one.
     *
     * @param writer takes what it is told until then
     */
    record WriterLeaves(ActorRef<DatabaseActor.Command> writer) implements Command {}

    private record WriterLeft(ActorRef<DatabaseActor.Command> writer) implements Command {}

    /** The node's writer wants the file: closes it and stops. */
    enum Yield implements Command {
        YIELD
    }

    /** Comes after what waits in the mailbox: that is taken in together. */
    private enum Turn implements Command {
        TURN
    }

    private record FromLog(LogLink.Answer answer) implements Command {}

    private record Offered(SnapshotReply reply) implements Command {}

    /** From the reads beside this follower: they are used. */
    enum WasRead implements Command {
        WAS_READ
    }

    private record Fenced(InspectReply reply) implements Command {}

    private enum AskForFence implements Command {
        ASK_FOR_FENCE
    }

    private enum Rested implements Command {
        RESTED
    }

    private record Fetched(SnapshotSink.Outcome outcome) implements Command {}

    private enum SinkGone implements Command {
        SINK_GONE
    }

    private enum Tick implements Command {
        TICK
    }

    private enum Retry implements Command {
        RETRY
    }

    /** From itself from time to time, and from the register when many are open: closes if nothing was done since the last. */
    enum Idle implements Command {
        IDLE
    }

    private final ActorContext<Command> context;
    private final TimerScheduler<Command> timers;
    private final ReplicaHome home;
    private final String database;
    private final WriterLink shard;
    private final LogLink log;
    private Optional<ReplicaCore> core = Optional.empty();
    private Optional<Exchange> exchange = Optional.empty();
    private Optional<LocalCopies.Copy> readable = Optional.empty();
    private Optional<ActorRef<DatabaseActor.Command>> leaving = Optional.empty();
    private VersionVector told = VersionVector.EMPTY;
    private Optional<VersionVector> fence = Optional.empty();
    private boolean isTurnQueued;
    private boolean isActive = true;
    private boolean isFollowing;
    private boolean endsWell;
    private Optional<ActorRef<SnapshotSink.Command>> sink = Optional.empty();
    private int attempts;

    private FollowerActor(
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            ReplicaHome home,
            String database,
            WriterLink shard,
            LogLink.Factory logs) {
        this.context = context;
        this.timers = timers;
        this.home = home;
        this.database = database;
        this.shard = shard;
        this.log = logs.open(context, database, FromLog::new);
    }

    /**
     * @param home what the node's replicas share
     * @param database its name
     * @param shard the way to the writer, wherever it is
     * @param logs opens changeset logs
     */
    static Behavior<Command> create(ReplicaHome home, String database, WriterLink shard, LogLink.Factory logs) {
        return Behaviors.setup(context -> Behaviors.withTimers(timers -> {
            var follower = new FollowerActor(context, timers, home, database, shard, logs);
            var pause = home.setbacks().pause(database);
            return pause.isZero() ? follower.begin() : follower.rest(pause);
        }));
    }

    /** After a failure: what is published meanwhile is asked for afterwards. */
    private Behavior<Command> rest(Duration pause) {
        timers.startSingleTimer(Rested.RESTED, pause);
        return Behaviors.receive(Command.class)
                .onMessage(Rested.class, rested -> begin())
                .onMessage(Yield.class, yield -> stop())
                .onAnyMessage(command -> Behaviors.same())
                .build();
    }

    private Behavior<Command> begin() {
        return Files.exists(home.file(database)) ? recover() : askForSnapshot();
    }

    private Behavior<Command> stop() {
        endsWell = true;
        return Behaviors.stopped();
    }

    // ---- without a file ---------------------------------------------------------------------------------------------

    private Behavior<Command> askForSnapshot() {
        writer().wantSnapshot(home.node(), context.messageAdapter(SnapshotReply.class, Offered::new));
        timers.startSingleTimer(Retry.RETRY, retryDelay());
        return fetching();
    }

    private Duration retryDelay() {
        var doublings = Math.min(attempts, MAX_RETRY_DOUBLINGS);
        attempts++;
        var millis = home.settings().takeOverTimeout().toMillis() << doublings;
        return Duration.ofMillis(millis / 2 + home.random().nextLong(millis / 2 + 1));
    }

    private Behavior<Command> fetching() {
        return Behaviors.receive(Command.class)
                .onMessage(Deliver.class, deliver -> Behaviors.same()) // what the copy lacks is asked for afterwards
                .onMessage(Offered.class, offered -> switch (offered.reply()) {
                    case DatabaseActor.SnapshotOffer offer -> fetch(offer);
                    case SqlReply.Refused refused when refused.refusal() == SqlReply.Refusal.NO_DATABASE -> stop();
                    case SqlReply.Refused refused -> Behaviors.same(); // until the timer asks again
                })
                .onMessage(Fetched.class, fetched -> switch (fetched.outcome()) {
                    case SnapshotSink.Outcome.Fetched done -> onFetched();
                    case SnapshotSink.Outcome.Failed failed -> {
                        context.getLog().warn("snapshot failed why={}", failed.why());
                        yield Behaviors.same();
                    }
                })
                .onMessage(SinkGone.class, gone -> {
                    sink = Optional.empty();
                    timers.startSingleTimer(Retry.RETRY, retryDelay());
                    return Behaviors.same();
                })
                .onMessage(Retry.class, retry -> askForSnapshot())
                .onMessage(
                        WriterLeaves.class,
                        leaves -> noteLeaving(leaves) && sink.isEmpty() ? askForSnapshot() : Behaviors.same())
                .onMessage(WriterLeft.class, this::onWriterLeft)
                .onMessage(Yield.class, yield -> stop())
                .onMessage(FromLog.class, answer -> Behaviors.same())
                .onSignal(PostStop.class, stopped -> close())
                .build();
    }

    private Behavior<Command> onFetched() throws IOException {
        if (home.generationOf(database) < home.generations().newest(database)) {
            context.getLog().warn("copy is of a generation that is gone, the writer has not heard of that: asks again");
            home.delete(database); // it has nothing that its source has not
            return Behaviors.same();
        }
        sink.ifPresent(context::unwatch);
        log.renew();
        return recover();
    }

    private Behavior<Command> fetch(DatabaseActor.SnapshotOffer offer) {
        if (sink.isPresent()) {
            offer.source().tell(SnapshotSource.Done.DONE); // it was asked twice, and the first answer was late
            return Behaviors.same();
        }
        timers.cancel(Retry.RETRY);
        var fetching = context.spawn(
                SnapshotSink.create(
                        offer.source(),
                        home.file(database),
                        home.settings().takeOverTimeout(),
                        context.messageAdapter(SnapshotSink.Outcome.class, Fetched::new)),
                "sink-" + attempts,
                Dispatchers.BLOCKING);
        context.watchWith(fetching, SinkGone.SINK_GONE); // whether it has failed, or a full disk has broken it
        sink = Optional.of(fetching);
        return Behaviors.same();
    }

    // ---- following --------------------------------------------------------------------------------------------------

    /** Opens the file, and has the log give back what it lacks. */
    private Behavior<Command> recover() {
        ReplicaCore opened;
        try {
            opened = home.open(database);
        } catch (SyncException | UncheckedIOException e) {
            context.getLog().error("replica cannot be opened: see the cause, and the disk", e);
            close(); // no behaviour may be there yet that would be told of the end
            return stop();
        }
        core = Optional.of(opened);
        exchange = Optional.of(new Exchange(opened, log.forPeers(), this::send));
        log.recover(opened.vector());
        return Behaviors.receive(Command.class)
                .onMessage(Deliver.class, deliver -> {
                    if (deliver.generation() == core().generation()) {
                        offer(deliver.message());
                    }
                    home.generations().heard(database, deliver.generation());
                    return Behaviors.same();
                })
                .onMessage(FromLog.class, answer -> onRecovered(answer.answer()))
                .onMessage(WriterLeaves.class, leaves -> {
                    noteLeaving(leaves);
                    return Behaviors.same();
                })
                .onMessage(WriterLeft.class, this::onWriterLeft)
                .onMessage(Yield.class, yield -> stop())
                .onSignal(PostStop.class, stopped -> close())
                .build();
    }

    private Behavior<Command> onRecovered(LogLink.Answer answer) {
        return switch (answer) {
            case LogLink.Answer.Recovered recovered -> {
                exchange().deliver(core().recover(recovered.transactions()));
                if (recovered.isComplete()) {
                    yield core().belongsTo(home.generations().newest(database)) ? follow() : outdated();
                }
                log.recover(core().vector());
                yield Behaviors.same();
            }
            case LogLink.Answer.Failed failed -> failed(failed);
            case LogLink.Answer.Appended appended -> {
                exchange().appended();
                yield Behaviors.same();
            }
            case LogLink.Answer.Read read -> Behaviors.same();
        };
    }

    private Behavior<Command> follow() {
        var settings = home.settings();
        timers.startTimerWithFixedDelay(Tick.TICK, settings.tickInterval());
        timers.startTimerWithFixedDelay(Idle.IDLE, settings.idleTimeout());
        home.metrics().opened(ROLE);
        isFollowing = true;
        exchange().connect(PeerName.WRITER);
        exchange().pump();
        if (settings.reads() == Reads.NEAREST) {
            openReads();
        }
        return Behaviors.receive(Command.class)
                .onMessage(Deliver.class, this::onDeliver)
                .onMessage(Turn.class, turn -> {
                    isTurnQueued = false;
                    return turn();
                })
                .onMessage(FromLog.class, answer -> onLog(answer.answer()))
                .onMessage(Tick.class, tick -> {
                    if (isActive) {
                        exchange().tick(home.clock().instant());
                        tellReads();
                    }
                    return Behaviors.same();
                })
                .onMessage(WasRead.class, read -> {
                    isActive = true;
                    return Behaviors.same();
                })
                .onMessage(AskForFence.class, ask -> {
                    askForFence();
                    return Behaviors.same();
                })
                .onMessage(Fenced.class, this::onFenced)
                .onMessage(WriterLeaves.class, leaves -> {
                    if (noteLeaving(leaves)) {
                        exchange().connect(PeerName.WRITER);
                    }
                    return Behaviors.same();
                })
                .onMessage(WriterLeft.class, this::onWriterLeft)
                .onMessage(Idle.class, idle -> onIdle())
                .onMessage(Yield.class, yield -> stop())
                .onSignal(
                        Terminated.class,
                        terminated -> Behaviors.stopped()) // of the reads: a new follower opens new ones
                .onSignal(PostStop.class, stopped -> close())
                .build();
    }

    /** The file is what was dropped: it is set aside when this actor has stopped, and another one fetches a copy. */
    private Behavior<Command> outdated() {
        home.generations().markOutdated(database);
        return stop();
    }

    private Behavior<Command> onDeliver(Deliver deliver) {
        if (deliver.generation() > core().generation()) {
            home.generations().heard(database, deliver.generation());
            return outdated();
        }
        if (deliver.generation() < core().generation()) {
            exchange().connect(PeerName.WRITER); // what it is told says that it was dropped
            return Behaviors.same();
        }
        if (!(deliver.message() instanceof SyncMessage.Status)) {
            isActive = true;
        }
        offer(deliver.message());
        queueTurn();
        return Behaviors.same();
    }

    private void offer(SyncMessage message) {
        if (!exchange().offer(PeerName.WRITER, message)) {
            home.metrics().dropped();
        }
    }

    /** Takes in what has come, in one commit if it can be. */
    private Behavior<Command> turn() {
        exchange().pump();
        tellReads();
        if (exchange().isReady()) {
            queueTurn();
        }
        return Behaviors.same();
    }

    private void queueTurn() {
        if (!isTurnQueued) {
            isTurnQueued = true;
            context.getSelf().tell(Turn.TURN);
        }
    }

    private Behavior<Command> onLog(LogLink.Answer answer) {
        switch (answer) {
            case LogLink.Answer.Appended appended -> exchange().appended();
            case LogLink.Answer.Read read -> exchange().hold(read.found(), read.gone());
            case LogLink.Answer.Failed failed -> {
                return failed(failed);
            }
            case LogLink.Answer.Recovered recovered -> {
                return Behaviors.unhandled();
            }
        }
        return turn();
    }

    // ---- the writer -------------------------------------------------------------------------------------------------

    private WriterLink writer() {
        return leaving.map(writer -> WriterLink.of(writer::tell)).orElse(shard);
    }

    /** Says whether this is news. */
    private boolean noteLeaving(WriterLeaves leaves) {
        var isNew = !leaving.equals(Optional.of(leaves.writer()));
        if (isNew) {
            leaving.ifPresent(context::unwatch);
            leaving = Optional.of(leaves.writer());
            context.watchWith(leaves.writer(), new WriterLeft(leaves.writer()));
        }
        return isNew;
    }

    private Behavior<Command> onWriterLeft(WriterLeft left) {
        leaving = leaving.filter(writer -> !writer.equals(left.writer()));
        return Behaviors.same();
    }

    // ---- reads beside it --------------------------------------------------------------------------------------------

    /** Entered first, fenced then: between the two no write is acknowledged that a read could miss. */
    private void openReads() {
        var reads = context.getSystem()
                .systemActorOf(
                        FollowerReads.create(home, database, core().vector(), core()::commitCount, context.getSelf()),
                        home.copies().nextName(database),
                        Props.empty());
        told = core().vector();
        context.watch(reads);
        readable = Optional.of(home.copies().opened(database, reads));
        askForFence();
    }

    private void askForFence() {
        writer().inspect(context.messageAdapter(InspectReply.class, Fenced::new));
        timers.startSingleTimer(
                AskForFence.ASK_FOR_FENCE, home.settings().replicator().timeout());
    }

    private Behavior<Command> onFenced(Fenced fenced) {
        if (fenced.reply() instanceof DatabaseStatus status && status.generation() > core().generation()) {
            home.generations().heard(database, status.generation());
            return outdated();
        }
        if (fenced.reply() instanceof DatabaseStatus status && status.generation() == core().generation()) {
            timers.cancel(AskForFence.ASK_FOR_FENCE);
            readable.ifPresent(copy -> copy.reads().tell(new FollowerReads.MayServe(status.vector())));
            fence = Optional.of(status.vector());
            noteCaughtUp();
        }
        return Behaviors.same();
    }

    private void tellReads() {
        if (readable.isPresent() && !core().vector().equals(told)) {
            told = core().vector();
            readable.get().reads().tell(new FollowerReads.Advanced(told));
            noteCaughtUp();
        }
    }

    private void noteCaughtUp() {
        if (fence.filter(core().vector()::covers).isPresent()) {
            readable.ifPresent(LocalCopies.Copy::caughtUp);
        }
    }

    private void closeReads() {
        readable.ifPresent(copy -> {
            home.copies().closed(database, copy);
            copy.reads().tell(FollowerReads.Close.CLOSE);
        });
        readable = Optional.empty();
    }

    // ---- the end ----------------------------------------------------------------------------------------------------

    /** What the log has is not known: the file is opened again, and compared with it. */
    private Behavior<Command> failed(LogLink.Answer.Failed failed) {
        context.getLog()
                .error(
                        "changeset log failed, replica closes: free disk space or replace the disk why={}",
                        failed.why());
        return Behaviors.stopped();
    }

    private Behavior<Command> onIdle() {
        if (!isActive && core().replicator().waiting().isEmpty()) {
            return stop();
        }
        isActive = false;
        return Behaviors.same();
    }

    private void send(List<Envelope> envelopes) {
        for (var envelope : envelopes) {
            home.metrics().sent(envelope.message());
            writer().tell(PeerName.ofNode(home.node()), core().generation(), envelope.message());
        }
    }

    private Behavior<Command> close() {
        if (!endsWell) {
            home.setbacks().failed(database);
        }
        closeReads();
        core.ifPresent(ReplicaCore::close);
        core = Optional.empty();
        if (isFollowing) {
            isFollowing = false;
            home.metrics().closed(ROLE);
        }
        return Behaviors.same();
    }

    private ReplicaCore core() {
        return core.orElseThrow();
    }

    private Exchange exchange() {
        return exchange.orElseThrow();
    }

    /** The way to a database's writer. */
    interface WriterLink {
        /** @param writer takes commands of a writer */
        static WriterLink of(Consumer<DatabaseActor.Command> writer) {
            return new WriterLink() {
                @Override
                public void tell(String from, long generation, SyncMessage message) {
                    writer.accept(new DatabaseActor.FromPeer(from, generation, message));
                }

                @Override
                public void wantSnapshot(String node, ActorRef<SnapshotReply> replyTo) {
                    writer.accept(new DatabaseActor.WantSnapshot(node, replyTo));
                }

                @Override
                public void inspect(ActorRef<InspectReply> replyTo) {
                    writer.accept(new DatabaseActor.Inspect(replyTo));
                }
            };
        }

        void tell(String from, long generation, SyncMessage message);

        void wantSnapshot(String node, ActorRef<SnapshotReply> replyTo);

        void inspect(ActorRef<InspectReply> replyTo);
    }
}
