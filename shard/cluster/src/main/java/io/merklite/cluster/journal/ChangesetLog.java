package io.merklite.cluster.journal;

import io.merklite.cluster.ClusterException.LogDamaged;
import io.merklite.sync.stamp.Origin;
import io.merklite.sync.transaction.Transaction;
import io.merklite.sync.vector.VersionVector;
import io.merklite.sync.vector.VersionVector.SeqRange;
import io.prometheus.metrics.core.datapoints.Timer;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.Terminated;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.persistence.typed.RecoveryCompleted;
import org.apache.pekko.persistence.typed.SnapshotAdapter;
import org.apache.pekko.persistence.typed.SnapshotCompleted;
import org.apache.pekko.persistence.typed.SnapshotFailed;
import org.apache.pekko.persistence.typed.javadsl.CommandHandler;
import org.apache.pekko.persistence.typed.javadsl.Effect;
import org.apache.pekko.persistence.typed.javadsl.EffectBuilder;
import org.apache.pekko.persistence.typed.javadsl.EventHandler;
import org.apache.pekko.persistence.typed.javadsl.EventSourcedBehavior;
import org.apache.pekko.persistence.typed.javadsl.RetentionCriteria;
import org.apache.pekko.persistence.typed.javadsl.SignalHandler;

/**
 * The changeset log of one replica: every transaction that it applied, its own and others', until retention cuts it.
 *
 * <p>{@link Appended} means that the transactions are on disk, in that order, all of one command or none. A log that
 * cannot persist <em>stops</em> without an answer: its parent watches it, takes the outcome of what is unanswered as
 * unknown, and starts it again; {@link Unapplied} then says what is there.
 *
 * <p><b>Invariants.</b> (1) Transactions of an origin are logged in rising seq; what would go back is refused. (2) At most
 * one batch is being persisted; what comes meanwhile is the next batch. (3) Events are removed only behind a snapshot that
 * knows of it.
 * <p><b>Cost.</b> Recovery reads one snapshot and at most {@code snapshot-every} events. Memory: see {@code LogIndex}.
 */
public final class ChangesetLog extends EventSourcedBehavior<ChangesetLog.Command, LogEvent, LogIndex> {
    /*
     * Batches form in the mailbox. While events are persisted, Pekko stashes commands, and unstashes them one by one when
     * it is done; so an append does not persist, it waits and sends Flush, which arrives behind all that was stashed. What
     * waits is at most one batch (at its limit it is persisted at once) and `max-waiting` commands in the stash. Beyond
     * that Pekko drops commands, and says so on the event stream (Dropped): whoever sent one has a deadline. A replica
     * has one append under way and never gets there.
     *
     * The state is mutable, because a copy of the index per event would cost more than the event. That is safe: commands
     * see it only between two batches, a failed batch stops the actor, and snapshots are copies (snapshotAdapter).
     *
     * A cut is an event, and a snapshot is taken with it; when that stands, what was cut is removed (LogRemoval).
     */
    public sealed interface Command {}

    /**
     * From the replica, before it commits them: to be answered with {@link Appended} or {@link AppendFailed}, in the order
     * in which they were sent.
     *
     * @param transactions in the order in which they are applied, at least one
     */
    public record Append(List<Transaction> transactions, ActorRef<AppendOutcome> replyTo) implements Command {
        public Append {
            transactions = List.copyOf(transactions);
            if (transactions.isEmpty()) {
                throw new IllegalArgumentException("an append of no transactions");
            }
        }
    }

    /**
     * From the replica or for a peer: to be answered with a {@link Page} or {@link ReadFailed}.
     *
     * @param ranges what is wanted, in any order
     * @param maxSizeBytes how large the page may be, about; one transaction always fits
     */
    public record Read(List<SeqRange> ranges, long maxSizeBytes, ActorRef<ReadOutcome> replyTo) implements Command {
        public Read {
            ranges = List.copyOf(ranges);
        }
    }

    /**
     * From the replica when it opens its file: what does the log have that the file lost? Answered like {@link Read}.
     *
     * @param applied what the file has
     * @param maxSizeBytes how large the page may be, about; one transaction always fits
     */
    public record Unapplied(VersionVector applied, long maxSizeBytes, ActorRef<ReadOutcome> replyTo)
            implements Command {}

    /** From anyone. */
    public record Describe(ActorRef<Description> replyTo) implements Command {}

    /** From the log's own timer, or from one who wants retention to happen now. No answer. */
    public enum Cut implements Command {
        INSTANCE
    }

    /** From the parent: stops when what was asked before is done. */
    public enum Stop implements Command {
        INSTANCE
    }

    private enum Flush implements Command {
        INSTANCE
    }

    private enum RemovalEnded implements Command {
        INSTANCE
    }

    private record ReadDone(ActorRef<ReadOutcome> replyTo, ReadOutcome outcome, Timer timer) implements Command {}

    /** What comes of an {@link Append}. */
    public sealed interface AppendOutcome {}

    /**
     * The transactions are on disk.
     *
     * @param lastSequenceNr the event of the last one
     */
    public record Appended(long lastSequenceNr) implements AppendOutcome {}

    /**
     * The transactions were refused, none of them is in the log.
     *
     * @param code {@code log.known}: the log has the seq of one of them, or a later one of its origin; {@code
     *     log.too-large}: one is larger than {@code max-transaction-size}
     * @param reason which
     */
    public record AppendFailed(String code, String reason) implements AppendOutcome {}

    /** What comes of a {@link Read} or {@link Unapplied}. */
    public sealed interface ReadOutcome {}

    /**
     * What was found.
     *
     * @param transactions in the order in which they were appended
     * @param gone what is not in the log: it was cut, or never was there
     * @param rest what is there and did not fit; empty if this is all
     */
    public record Page(List<Transaction> transactions, List<SeqRange> gone, List<SeqRange> rest)
            implements ReadOutcome {
        public Page {
            transactions = List.copyOf(transactions);
            gone = List.copyOf(gone);
            rest = List.copyOf(rest);
        }
    }

    /**
     * Nothing was found out.
     *
     * @param code {@code log.busy}: as many reads are under way as may be; {@code log.read-failed}: the journal did not
     *     answer, or is damaged
     * @param reason more of it
     */
    public record ReadFailed(String code, String reason) implements ReadOutcome {}

    /**
     * What the log has.
     *
     * @param heads the highest seq of each origin that was ever logged
     * @param count how many transactions it has
     * @param sizeBytes how large they are
     * @param lastSequenceNr its last event
     */
    public record Description(VersionVector heads, long count, long sizeBytes, long lastSequenceNr) {}

    private static final int SNAPSHOTS_KEPT = 2;
    private static final String REMOVAL = "removal";
    /** More than the header of a transaction, a birth, and an entry of a version vector take. */
    private static final long HEADER_BYTES = 256;

    private static final long BIRTH_BYTES = 48;
    private static final long VECTOR_ENTRY_BYTES = 20;

    private final ActorContext<Command> context;
    private final LogId id;
    private final LogSettings settings;
    private final InstantSource clock;
    private final JournalMetrics metrics;
    private final LogQuery query;
    private final List<Append> waiting = new ArrayList<>();
    private long waitingCount;
    private long waitingSizeBytes;
    private boolean isFlushQueued;
    private int reads;
    /** Up to here a snapshot that stands has given the events up. */
    private long givenUpSequenceNr;
    /** Up to here a removal was begun. */
    private long removedSequenceNr;

    private ChangesetLog(
            ActorContext<Command> context,
            LogId id,
            LogSettings settings,
            InstantSource clock,
            JournalMetrics metrics) {
        super(id.persistenceId());
        this.context = context;
        this.id = id;
        this.settings = settings;
        this.clock = clock;
        this.metrics = metrics;
        this.query = new LogQuery(context.getSystem(), id, settings);
    }

    /**
     * The log of one replica. One at a time may run for an id.
     *
     * @param id whose log
     * @param settings from {@code merklite.log}
     * @param clock by which transactions age
     */
    public static Behavior<Command> create(LogId id, LogSettings settings, InstantSource clock) {
        Behavior<Command> log = Behaviors.setup(context -> Behaviors.withTimers(timers -> {
            var registry = JournalSetup.of(context.getSystem().classicSystem()).registry();
            timers.startTimerWithFixedDelay(Cut.INSTANCE, settings.cutInterval());
            return new ChangesetLog(context, id, settings, clock, JournalMetrics.in(registry));
        }));
        return Behaviors.withMdc(Command.class, Map.of("database", id.database(), "node", id.node()), log);
    }

    /**
     * Removes all of a log whose replica is gone: the database was dropped, or its file was made anew. It must not run.
     *
     * @param id whose log
     * @param settings from {@code merklite.log}
     * @return a behavior that stops when it is done; a failure is logged, and what is left takes room and nothing else
     */
    public static Behavior<Void> discard(LogId id, LogSettings settings) {
        return Behaviors.setup(context -> {
            context.watch(Adapter.toTyped(Adapter.actorOf(context, LogRemoval.everything(id, settings), REMOVAL)));
            return Behaviors.<Void>receiveSignal(
                    (ignored, signal) -> signal instanceof Terminated ? Behaviors.stopped() : Behaviors.unhandled());
        });
    }

    @Override
    public LogIndex emptyState() {
        return new LogIndex(settings.retain());
    }

    @Override
    public CommandHandler<Command, LogEvent, LogIndex> commandHandler() {
        return (index, command) -> switch (command) {
            case Append append -> onAppend(index, append);
            case Flush flush -> {
                isFlushQueued = false;
                yield persist(index);
            }
            case Read read -> onRead(index, read.ranges(), read.maxSizeBytes(), read.replyTo());
            case Unapplied unapplied ->
                onRead(
                        index,
                        unapplied.applied().missingFrom(index.heads()),
                        unapplied.maxSizeBytes(),
                        unapplied.replyTo());
            case ReadDone done -> onReadDone(done);
            case Describe describe -> {
                describe.replyTo()
                        .tell(new Description(index.heads(), index.count(), index.sizeBytes(), index.lastSequenceNr()));
                yield Effect().none();
            }
            case Cut cut -> onCut(index);
            case RemovalEnded ended -> {
                remove();
                yield Effect().none();
            }
            case Stop stop -> persist(index).thenStop();
        };
    }

    @Override
    public EventHandler<LogIndex, LogEvent> eventHandler() {
        return (index, event) -> {
            switch (event) {
                case LogEvent.Logged logged -> {
                    var transaction = logged.transaction();
                    index.logged(
                            transaction.origin(),
                            transaction.seq(),
                            transaction.sizeBytes(),
                            logged.at().toEpochMilli());
                }
                case LogEvent.Cut cut -> index.cut(cut.lastSequenceNr());
            }
            return index;
        };
    }

    @Override
    public SignalHandler<LogIndex> signalHandler() {
        return newSignalHandlerBuilder()
                .onSignal(RecoveryCompleted.class, (index, completed) -> onRecovered(index))
                .onSignal(
                        SnapshotCompleted.class,
                        (index, completed) ->
                                onSnapshot(index, completed.metadata().sequenceNr()))
                .onSignal(
                        SnapshotFailed.class,
                        (index, failed) -> context.getLog()
                                .warn("log took no snapshot, nothing is cut log={}", id, failed.failure()))
                .build();
    }

    @Override
    public SnapshotAdapter<LogIndex> snapshotAdapter() {
        return new SnapshotAdapter<>() {
            @Override
            public Object toJournal(LogIndex index) {
                return index.snapshot();
            }

            @Override
            public LogIndex fromJournal(Object stored) {
                if (stored instanceof LogSnapshot snapshot) {
                    return new LogIndex(settings.retain(), snapshot);
                }
                throw new LogDamaged(
                        id + " has a snapshot that is a " + stored.getClass().getName(), null);
            }
        };
    }

    @Override
    public RetentionCriteria retentionCriteria() {
        return RetentionCriteria.snapshotEvery(settings.snapshotEvery(), SNAPSHOTS_KEPT);
    }

    @Override
    public boolean shouldSnapshot(LogIndex index, LogEvent event, long sequenceNr) {
        return event instanceof LogEvent.Cut;
    }

    @Override
    public String journalPluginId() {
        return settings.journalPlugin();
    }

    @Override
    public String snapshotPluginId() {
        return settings.snapshotPlugin();
    }

    @Override
    public Optional<Integer> stashCapacity() {
        return Optional.of(settings.maxWaiting());
    }

    private void onRecovered(LogIndex index) {
        var journalHas = lastSequenceNumber(context);
        if (index.lastSequenceNr() != journalHas) {
            throw new LogDamaged(
                    id + " has " + index.lastSequenceNr() + " events, and its journal " + journalHas, null);
        }
        context.getLog().debug("log recovered count={} bytes={} last={}", index.count(), index.sizeBytes(), journalHas);
    }

    private Effect<LogEvent, LogIndex> onAppend(LogIndex index, Append append) {
        waiting.add(append);
        waitingCount += append.transactions().size();
        waitingSizeBytes +=
                append.transactions().stream().mapToLong(Transaction::sizeBytes).sum();
        if (waitingCount >= settings.maxBatchCount() || waitingSizeBytes >= settings.maxBatchSizeBytes()) {
            return persist(index);
        }
        if (!isFlushQueued) {
            isFlushQueued = true;
            context.getSelf().tell(Flush.INSTANCE);
        }
        return Effect().none();
    }

    /** Persists what waits, as one; without events, only the answers are given. */
    private EffectBuilder<LogEvent, LogIndex> persist(LogIndex index) {
        var batch = takeBatch(index);
        return Effect().persist(batch.events()).thenRun(logged -> onPersisted(logged, batch));
    }

    private void onPersisted(LogIndex index, Batch batch) {
        metrics.logged(batch.events().size());
        batch.answers().forEach(answer -> answer.replyTo().tell(answer.outcome()));
        if (index.excess(clock.millis()).isPresent()) {
            context.getSelf().tell(Cut.INSTANCE);
        }
    }

    /** What is persisted at once, and who is to be told. */
    private record Batch(List<LogEvent> events, List<Answer> answers) {}

    private record Answer(ActorRef<AppendOutcome> replyTo, AppendOutcome outcome) {}

    private Batch takeBatch(LogIndex index) {
        List<LogEvent> events = new ArrayList<>();
        List<Answer> answers = new ArrayList<>();
        Map<Origin, Long> heads = new HashMap<>();
        var now = clock.instant();
        for (var append : waiting) {
            var raised = new HashMap<>(heads);
            var refusal = append.transactions().stream()
                    .flatMap(transaction -> refusal(index, raised, transaction).stream())
                    .findFirst();
            if (refusal.isPresent()) {
                metrics.refused(refusal.get().code());
                answers.add(new Answer(append.replyTo(), refusal.get()));
                continue;
            }
            heads = raised;
            append.transactions().forEach(transaction -> events.add(new LogEvent.Logged(transaction, now)));
            answers.add(new Answer(append.replyTo(), new Appended(index.lastSequenceNr() + events.size())));
        }
        waiting.clear();
        waitingCount = 0;
        waitingSizeBytes = 0;
        return new Batch(events, answers);
    }

    /** Why the log does not take {@code transaction}; if it does, it becomes the head of its origin in {@code heads}. */
    private Optional<AppendFailed> refusal(LogIndex index, Map<Origin, Long> heads, Transaction transaction) {
        var size = maxSizeBytes(transaction);
        if (size > settings.maxTransactionSizeBytes()) {
            return Optional.of(new AppendFailed(
                    "log.too-large",
                    transaction + " takes up to " + size + " bytes, allowed are "
                            + settings.maxTransactionSizeBytes()));
        }
        var head = heads.getOrDefault(transaction.origin(), index.head(transaction.origin()));
        if (transaction.seq() <= head) {
            return Optional.of(new AppendFailed("log.known", transaction + ", and the log is at " + head));
        }
        heads.put(transaction.origin(), transaction.seq());
        return Optional.empty();
    }

    /** How large a transaction is at most, as the log counts it against {@code max-transaction-size}. */
    public static long maxSizeBytes(Transaction transaction) {
        return HEADER_BYTES
                + transaction.changeset().remaining()
                + BIRTH_BYTES * transaction.births().count()
                + VECTOR_ENTRY_BYTES * transaction.dependencies().seqs().size();
    }

    private Effect<LogEvent, LogIndex> onRead(
            LogIndex index, List<SeqRange> ranges, long maxSizeBytes, ActorRef<ReadOutcome> replyTo) {
        if (reads >= settings.maxReads()) {
            metrics.refused("log.busy");
            replyTo.tell(new ReadFailed("log.busy", reads + " reads are under way"));
            return Effect().none();
        }
        reads++;
        var timer = metrics.logReadBegan();
        context.pipeToSelf(
                query.read(index.locate(ranges), Math.min(maxSizeBytes, settings.maxReadSizeBytes())),
                (page, failure) -> new ReadDone(
                        replyTo,
                        failure == null
                                ? page
                                : new ReadFailed("log.read-failed", String.valueOf(failure.getMessage())),
                        timer));
        return Effect().none();
    }

    private Effect<LogEvent, LogIndex> onReadDone(ReadDone done) {
        reads--;
        done.timer().observeDuration();
        if (done.outcome() instanceof ReadFailed failed) {
            metrics.refused(failed.code());
            context.getLog().warn("log cannot be read log={} reason={}", id, failed.reason());
        }
        done.replyTo().tell(done.outcome());
        return Effect().none();
    }

    private Effect<LogEvent, LogIndex> onCut(LogIndex index) {
        var excess = index.excess(clock.millis());
        if (excess.isEmpty()) {
            return Effect().none();
        }
        var before = index.count();
        return Effect().persist(new LogEvent.Cut(excess.getAsLong())).thenRun(cut -> {
            metrics.cut(before - cut.count());
            context.getLog()
                    .info("log cut count={} kept={} bytes={}", before - cut.count(), cut.count(), cut.sizeBytes());
        });
    }

    /** Whatever was cut before the snapshot is not needed any more. */
    private void onSnapshot(LogIndex index, long snapshotSequenceNr) {
        if (index.cutRecordedAt() <= snapshotSequenceNr) {
            givenUpSequenceNr = Math.max(givenUpSequenceNr, index.cutSequenceNr());
            remove();
        }
    }

    /** One removal runs at a time; what was given up meanwhile goes with the next. */
    private void remove() {
        if (givenUpSequenceNr > removedSequenceNr && context.getChild(REMOVAL).isEmpty()) {
            removedSequenceNr = givenUpSequenceNr;
            var removal = Adapter.actorOf(context, LogRemoval.events(id, settings, removedSequenceNr), REMOVAL);
            context.watchWith(Adapter.<Object>toTyped(removal), RemovalEnded.INSTANCE);
        }
    }
}
