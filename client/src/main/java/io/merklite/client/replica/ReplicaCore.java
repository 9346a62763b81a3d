package io.merklite.client.replica;

import io.merklite.client.ClientException;
import io.merklite.client.ClientException.ReplicaStopped;
import io.merklite.client.ClientException.Unreachable;
import io.merklite.client.replica.ReplicaStatus.Phase;
import io.merklite.session.changeset.Changeset;
import io.merklite.sync.SyncException;
import io.merklite.sync.database.Database;
import io.merklite.sync.database.Registration;
import io.merklite.sync.link.LinkMessage;
import io.merklite.sync.link.LinkMessage.Carried;
import io.merklite.sync.link.LinkMessage.Hello;
import io.merklite.sync.link.LinkMessage.Refusal;
import io.merklite.sync.link.LinkMessage.Welcome;
import io.merklite.sync.message.SyncMessage;
import io.merklite.sync.replicate.Envelope;
import io.merklite.sync.replicate.Event;
import io.merklite.sync.replicate.Replicator;
import io.merklite.sync.store.Conflicts;
import io.merklite.sync.transaction.Transaction;
import io.merklite.sync.vector.VersionVector;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;

/**
 * A replica's conversation with its node: what happens goes in, what is to be done comes out.
 *
 * <p><b>Invariants.</b> (1) One attempt to connect, or one connection, at a time. (2) Messages go out only on a connection
 * that was welcomed; what is lost with it is asked for again after the next welcome. (3) Nothing is taken from the outbox before
 * the node has said that it has it.
 *
 * <p><b>Threading.</b> Not thread-safe: confined to the owner of the database. Blocks on disk.
 */
final class ReplicaCore implements AutoCloseable {
    private static final String NODE = "node";

    private final Database database;
    private final Outbox outbox;
    private final ReplicaOptions options;
    private final RandomGenerator random;
    private final ReplicaListener listener;
    private final Conflicts conflicts;
    private final Set<String> knownConflicts = new HashSet<>();
    private final List<Changeset> applied = new ArrayList<>();
    private final List<Action> actions = new ArrayList<>();
    private final Registration writes;
    private final String name;
    private Replicator replicator;
    private State state;
    private Instant now;
    /** What the node is known to have beside what it last said of itself. */
    private VersionVector acknowledged = VersionVector.EMPTY;
    /** What the node had when it was last heard of: what others wrote came from it, the rest is in the outbox. */
    private VersionVector presumed;

    private Optional<Instant> inSyncAt = Optional.empty();
    private Optional<ClientException> failure = Optional.empty();
    private Optional<ReplicaStatus> reported = Optional.empty();
    private int failureCount;

    private sealed interface State {}

    private record Waiting(Instant until) implements State {}

    private record Connecting() implements State {}

    private record Greeting(Instant heardAt) implements State {}

    private record Live(Instant heardAt, boolean isWritable) implements State {}

    private record Stopped() implements State {}

    /** What is to be done. */
    sealed interface Action {
        /** Open a connection, and tell of {@link #connected} or {@link #disconnected}. */
        record Connect() implements Action {}

        /** Send a message. */
        record Send(LinkMessage message) implements Action {}

        /** Close the connection; nothing needs to be told of it. */
        record Disconnect() implements Action {}
    }

    /** @param name of the replica, the same whenever the file is opened */
    ReplicaCore(
            Database database,
            Outbox outbox,
            String name,
            ReplicaOptions options,
            RandomGenerator random,
            Instant now,
            ReplicaListener listener) {
        this.database = database;
        this.outbox = outbox;
        this.name = name;
        this.options = options;
        this.random = random;
        this.listener = listener;
        this.now = now;
        this.state = new Waiting(now);
        this.conflicts = new Conflicts(database.store());
        conflicts.list().forEach(entry -> knownConflicts.add(entry.id()));
        this.presumed = outbox.without(database.store().vector());
        this.replicator = replicator(Integer.MAX_VALUE);
        this.writes = database.onTransaction(this::written);
    }

    private Replicator replicator(int nodeMaxMessageBytes) {
        return new Replicator(
                database.store(), outbox, options.replicator(nodeMaxMessageBytes), random, now, this::happened);
    }

    // ---- what happens -----------------------------------------------------------------------------------------------

    /** Time has come on. */
    List<Action> tick(Instant time) {
        now = time;
        database.stampRawWrites();
        switch (state) {
            case Waiting waiting
            when !waiting.until().isAfter(now) -> {
                state = new Connecting();
                actions.add(new Action.Connect());
            }
            case Greeting greeting when isSilent(greeting.heardAt()) -> silent();
            case Live live when isSilent(live.heardAt()) -> silent();
            case Live live -> send(replicator.tick(now));
            case Waiting waiting -> {
                // until later
            }
            case Connecting connecting -> {
                // until the connection has an answer
            }
            case Greeting greeting -> {
                // until the welcome
            }
            case Stopped stopped -> {
                // for good
            }
        }
        return settle();
    }

    private boolean isSilent(Instant heardAt) {
        return heardAt.plus(options.silence()).isBefore(now);
    }

    private void silent() {
        actions.add(new Action.Disconnect());
        pause(Optional.of(new Unreachable(
                "the node has said nothing for " + options.silence(), new IllegalStateException("silence"))));
    }

    /** The connection is open. */
    List<Action> connected(Instant time) {
        now = time;
        if (state instanceof Connecting) {
            state = new Greeting(now);
            actions.add(new Action.Send(new Hello(name, options.maxFrameBytes())));
        }
        return settle();
    }

    /** The connection is closed, or could not be opened. */
    List<Action> disconnected(Instant time, Optional<ClientException> why) {
        now = time;
        if (!(state instanceof Stopped || state instanceof Waiting)) {
            pause(why);
        }
        return settle();
    }

    /** The network seems to be there: the next attempt is made now. */
    List<Action> wakeUp(Instant time) {
        if (state instanceof Waiting) {
            failureCount = 0;
            state = new Waiting(time);
        }
        return tick(time);
    }

    /** Twice as long each time, less up to a half of it by chance, so that a fleet does not come back as one. */
    private void pause(Optional<ClientException> why) {
        failure = why;
        var most = options.firstPause().multipliedBy(1L << Math.min(failureCount, 20));
        var pause = most.compareTo(options.lastPause()) > 0 ? options.lastPause() : most;
        failureCount++;
        state = new Waiting(now.plus(Duration.ofNanos((long) (pause.toNanos() * (1 - random.nextDouble() / 2)))));
    }

    /**
     * A message has come.
     *
     * @throws SyncException if what it says can't be, or the file fails
     */
    List<Action> received(LinkMessage message, Instant time) {
        now = time;
        switch (message) {
            case Welcome welcome when state instanceof Greeting -> welcomed(welcome);
            case Refusal refusal -> refused(refusal);
            case Carried carried when state instanceof Live live -> heard(live, carried.message());
            case Welcome late -> {
                // of a connection that is over
            }
            case Carried late -> {
                // of a connection that is over
            }
            case Hello hello -> {
                // the node has no business to say that
            }
        }
        return settle();
    }

    private void welcomed(Welcome welcome) {
        failureCount = 0;
        failure = Optional.empty();
        state = new Live(now, welcome.isWritable());
        presumed = nodeVector();
        acknowledged = VersionVector.EMPTY;
        replicator = replicator(welcome.maxMessageBytes());
        database.stampRawWrites();
        send(replicator.connect(NODE));
    }

    private void heard(Live live, SyncMessage message) {
        state = new Live(now, live.isWritable());
        database.stampRawWrites();
        switch (message) {
            case SyncMessage.Acknowledge done -> acknowledged = acknowledged.with(done.origin(), done.seq());
            case SyncMessage.Announce announce -> acknowledged = acknowledged.with(announce.origin(), announce.seq());
            case SyncMessage.Publish publish -> publish.transactions().forEach(this::nodeHas);
            case SyncMessage.Found found -> found.transactions().forEach(this::nodeHas);
            default -> {
                // says nothing of what the node has applied
            }
        }
        send(replicator.receive(NODE, message));
    }

    private void refused(Refusal refusal) {
        actions.add(new Action.Disconnect());
        var why = new ReplicaStopped(
                "the node refuses: " + refusal.code() + ": " + refusal.message(),
                refusal.isFinal() ? "Change what the node names, then open the replica again" : "Wait");
        pause(Optional.of(why));
        if (refusal.isFinal()) {
            state = new Stopped();
        }
    }

    private void nodeHas(Transaction transaction) {
        acknowledged = acknowledged.with(transaction.origin(), transaction.seq());
    }

    /** Nothing helps but that somebody changes something: it tries no more. */
    List<Action> stop(ReplicaStopped why) {
        actions.add(new Action.Disconnect());
        failure = Optional.of(why);
        state = new Stopped();
        return settle();
    }

    /** A transaction was committed here, perhaps in the middle of another call. */
    private void written(Transaction transaction) {
        send(replicator.written(transaction));
    }

    private void send(List<Envelope> envelopes) {
        if (state instanceof Live) {
            envelopes.forEach(envelope -> actions.add(new Action.Send(new Carried(envelope.message()))));
        }
    }

    private void happened(Event event) {
        switch (event) {
            case Event.Applied done -> applied.add(done.changes());
            case Event.RowsMerged merged -> applied.add(merged.changes());
            case Event.GroupFailed failed -> {
                // each is applied by itself, and fails by itself
            }
            case Event.Repaired repaired -> {
                // its changes are among those of the merge
            }
            case Event.RootsDiffer differ -> {
                // the descent that follows mends it
            }
            case Event.OriginForked forked -> {
                // the new origin writes from now on
            }
            case Event.SchemaDiffers differs -> {
                // the messages that follow bring the node's
            }
            case Event.Quarantined waiting -> {
                // it waits for the clock
            }
            case Event.Descended descended -> {
                // seen in the status
            }
        }
    }

    // ---- after each of them -----------------------------------------------------------------------------------------

    /** Tells the program what has changed, and gives out what is to be done. */
    List<Action> settle() {
        if (!applied.isEmpty()) {
            var changes = List.copyOf(applied);
            applied.clear();
            database.applied(changes);
            tellConflicts();
        }
        var status = status();
        if (state instanceof Live && status.toSendCount() == 0) {
            outbox.settled(nodeVector());
        }
        if (!reported.equals(Optional.of(status))) {
            reported = Optional.of(status);
            listener.changed(status);
        }
        var taken = List.copyOf(actions);
        actions.clear();
        return taken;
    }

    private void tellConflicts() {
        for (var entry : conflicts.list()) {
            if (knownConflicts.add(entry.id())) {
                listener.conflict(entry);
            }
        }
    }

    private VersionVector nodeVector() {
        return (replicator.hasHeardOf(NODE) ? replicator.vectorOf(NODE) : presumed).join(acknowledged);
    }

    ReplicaStatus status() {
        var own = database.store().vector();
        var node = nodeVector();
        var toSend = count(node, own);
        var toReceive = count(own, node);
        var hasAll = state instanceof Live live
                && replicator.hasHeardOf(NODE)
                && toReceive == 0
                && (toSend == 0 || !live.isWritable());
        if (hasAll) {
            inSyncAt = inSyncAt.filter(
                            at -> reported.isPresent() && reported.get().phase() == Phase.IN_SYNC)
                    .or(() -> Optional.of(now));
        }
        var phase = switch (state) {
            case Waiting waiting -> Phase.OFFLINE;
            case Connecting connecting -> Phase.CONNECTING;
            case Greeting greeting -> Phase.CONNECTING;
            case Live live -> hasAll ? Phase.IN_SYNC : Phase.SYNCING;
            case Stopped stopped -> Phase.STOPPED;
        };
        return new ReplicaStatus(phase, toSend, toReceive, inSyncAt, failure.or(() -> unsendable(toSend)));
    }

    private Optional<ClientException> unsendable(long toSendCount) {
        return state instanceof Live live && !live.isWritable() && toSendCount > 0
                ? Optional.of(new ReplicaStopped(
                        "the token allows reading only: what was written here stays here",
                        "Use a token with the right to write"))
                : Optional.empty();
    }

    private static long count(VersionVector has, VersionVector wanted) {
        return has.missingFrom(wanted).stream()
                .mapToLong(range -> range.last() - range.first() + 1)
                .sum();
    }

    @Override
    public void close() {
        writes.close();
        outbox.close();
    }
}
