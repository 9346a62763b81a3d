package io.merklite.cluster.replica;

import io.merklite.cluster.replica.ReplicaCore.Outbox;
import io.merklite.sync.message.SyncMessage;
import io.merklite.sync.replicate.Envelope;
import io.merklite.sync.replicate.Received;
import io.merklite.sync.replicate.Replicator;
import io.merklite.sync.transaction.Transaction;
import io.merklite.sync.vector.VersionVector.SeqRange;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The order of things between a replica's peers, its file and its log.
 *
 * <p>Messages are taken in one after the other. Some can only be answered when the log was read; what a message has changed
 * must be in the log before the answer goes. Both take time, in which messages queue up to a bound; what is beyond it is
 * dropped, and comes again by anti-entropy.
 *
 * <p><b>Invariant.</b> The log gets the transactions of an origin in their order, also those of this replica that merging has led
 * to: whoever else appends says {@link #appendFirst} before.
 *
 * <p><b>Threading.</b> Confined to the replica's actor.
 */
final class Exchange {
    private static final int MAX_QUEUED = 10_000;
    private static final int MAX_AT_ONCE = 256;

    private final ReplicaCore core;
    private final Log log;
    private final Consumer<List<Envelope>> sender;
    private final Deque<Inbound> inbound = new ArrayDeque<>();
    /** For each append that is on its way to the log, what may be sent when it is there. */
    private final Deque<List<Envelope>> held = new ArrayDeque<>();

    private Optional<Inbound> reading = Optional.empty();
    private Optional<Found> found = Optional.empty();
    private List<Transaction> unlogged = new ArrayList<>();
    private List<Envelope> unsent = new ArrayList<>();

    private record Inbound(String peer, SyncMessage message, Runnable taken) {}

    private record Found(List<Transaction> transactions, List<SeqRange> gone) {}

    /** The changeset log, as far as an exchange needs it. Answers come back as calls. */
    interface Log {
        /** Answered by {@link Exchange#appended}. */
        void append(List<Transaction> transactions);

        /** Answered by {@link Exchange#hold}. */
        void read(List<SeqRange> ranges);
    }

    /** @param sender sends what may be sent now */
    Exchange(ReplicaCore core, Log log, Consumer<List<Envelope>> sender) {
        this.core = core;
        this.log = log;
        this.sender = sender;
    }

    /** Takes a message in, to be handled by {@link #pump}; false if there are too many. */
    boolean offer(String peer, SyncMessage message) {
        return offer(peer, message, () -> {});
    }

    /** As {@link #offer(String, SyncMessage)}, with {@code taken} run when the message was handled. */
    boolean offer(String peer, SyncMessage message, Runnable taken) {
        if (inbound.size() >= MAX_QUEUED) {
            return false;
        }
        inbound.add(new Inbound(peer, message, taken));
        return true;
    }

    /** Whether there is something that {@link #pump} could handle now. */
    boolean isReady() {
        return found.isPresent() || (!inbound.isEmpty() && reading.isEmpty());
    }

    /** Whether nothing waits to be sent to the log. */
    boolean isLogged() {
        return unlogged.isEmpty();
    }

    /** Keeps what the log had of the ranges that were asked for, for {@link #pump}. */
    void hold(List<Transaction> transactions, List<SeqRange> gone) {
        found = Optional.of(new Found(transactions, gone));
    }

    /**
     * Handles queued messages, some at once: what was published is applied together, and what that has led to is logged and
     * answered together. Not while a transaction is open on the file.
     */
    void pump() {
        answerFound();
        List<Inbound> live = new ArrayList<>();
        for (var count = 0; count < MAX_AT_ONCE && isReady(); count++) {
            var next = inbound.remove();
            if (Replicator.isOfLiveFlow(next.message())) {
                live.add(next);
                continue;
            }
            receive(live);
            live.clear();
            var ranges = core.unloaded(next.message());
            if (ranges.isEmpty()) {
                receive(List.of(next));
            } else {
                reading = Optional.of(next);
                log.read(ranges);
            }
        }
        receive(live);
        appendUnlogged();
    }

    private void receive(List<Inbound> messages) {
        if (!messages.isEmpty()) {
            deliver(core.receive(messages.stream()
                    .map(message -> new Received(message.peer(), message.message()))
                    .toList()));
            messages.forEach(message -> message.taken().run());
        }
    }

    private void answerFound() {
        var pages = found;
        found = Optional.empty();
        var question = reading;
        reading = Optional.empty();
        if (pages.isPresent() && question.isPresent()) {
            deliver(core.receive(
                    question.get().peer(),
                    question.get().message(),
                    pages.get().transactions(),
                    pages.get().gone()));
            question.get().taken().run();
        }
    }

    /** Compares with a peer. Not while a transaction is open on the file. */
    void connect(String peer) {
        deliver(core.connect(peer));
        appendUnlogged();
    }

    /** As {@link #connect}, with a peer that may not write. */
    void connectReader(String peer) {
        deliver(core.connectReader(peer));
        appendUnlogged();
    }

    /** Time has come on. Not while a transaction is open on the file. */
    void tick(Instant now) {
        deliver(core.tick(now));
        appendUnlogged();
    }

    /** Logs and sends what some work on the file has led to. */
    void deliver(Outbox outbox) {
        unlogged.addAll(outbox.unlogged());
        unsent.addAll(outbox.envelopes());
        if (unlogged.isEmpty() && held.isEmpty()) {
            send(takeUnsent());
        }
    }

    /** The first of what was appended and is not on disk yet is there now. */
    void appended() {
        send(held.remove());
        appendUnlogged();
    }

    /**
     * Has what waits for the log go there at once, before what the caller appends next: that may be a transaction of this
     * replica which comes after one of those, as what a merge had to mend is one of its own.
     */
    void appendFirst() {
        if (!unlogged.isEmpty()) {
            append();
        }
    }

    private void appendUnlogged() {
        if (!held.isEmpty()) {
            return;
        }
        if (unlogged.isEmpty()) {
            send(takeUnsent());
        } else {
            append();
        }
    }

    private void append() {
        held.add(takeUnsent());
        var transactions = unlogged;
        unlogged = new ArrayList<>();
        log.append(transactions);
    }

    private List<Envelope> takeUnsent() {
        var taken = unsent;
        unsent = new ArrayList<>();
        return taken;
    }

    private void send(List<Envelope> envelopes) {
        if (!envelopes.isEmpty()) {
            sender.accept(envelopes);
        }
    }
}
