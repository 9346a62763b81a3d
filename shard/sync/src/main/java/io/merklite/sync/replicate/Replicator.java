package io.merklite.sync.replicate;

import io.merklite.sync.SyncException.Malformed;
import io.merklite.sync.SyncException.TooLarge;
import io.merklite.sync.SyncException.UnknownVersion;
import io.merklite.sync.log.TransactionLog;
import io.merklite.sync.message.SyncMessage;
import io.merklite.sync.message.SyncMessage.Acknowledge;
import io.merklite.sync.message.SyncMessage.Announce;
import io.merklite.sync.message.SyncMessage.Fetch;
import io.merklite.sync.message.SyncMessage.FetchRange;
import io.merklite.sync.message.SyncMessage.Found;
import io.merklite.sync.message.SyncMessage.Inspect;
import io.merklite.sync.message.SyncMessage.Inspected;
import io.merklite.sync.message.SyncMessage.Part;
import io.merklite.sync.message.SyncMessage.Publish;
import io.merklite.sync.message.SyncMessage.Rows;
import io.merklite.sync.message.SyncMessage.Schema;
import io.merklite.sync.message.SyncMessage.Status;
import io.merklite.sync.message.SyncMessage.Want;
import io.merklite.sync.message.SyncMessage.WantPart;
import io.merklite.sync.message.SyncMessage.WantSchema;
import io.merklite.sync.stamp.Origin;
import io.merklite.sync.store.Merged;
import io.merklite.sync.store.ReplicaStore;
import io.merklite.sync.transaction.Transaction;
import io.merklite.sync.vector.Inbox;
import io.merklite.sync.vector.VersionVector;
import io.merklite.sync.vector.VersionVector.SeqRange;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;

/**
 * One replica in conversation with its peers.
 *
 * <p>Three paths lead to the same rows: transactions as they are published; the log, for what was missed; the merkle
 * index, for what no log has. Each message may be lost, repeated, reordered or late.
 *
 * <p>What is published is applied in groups: whatever has come, and is ready, shares a commit, and is acknowledged by one
 * message.
 *
 * <p><b>Invariants.</b> (1) Transactions of one origin apply in the order of their seqs, each once, and after everything
 * they were written on. (2) A vector is adopted only after every row it stands for is here. (3) Roots are compared only
 * between replicas of the same schema that have forgotten the same deaths.
 *
 * <p><b>Threading.</b> Not thread-safe: confined to the owner of the store. Blocks on disk.
 */
public final class Replicator {
    /** A peer that was silent for so many rounds is not heard of any more. */
    private static final int ROUNDS_HEARD = 5;

    private final ReplicaStore store;
    private final TransactionLog log;
    private final ReplicatorOptions options;
    private final RandomGenerator random;
    private final Consumer<Event> listener;
    private final IncomingTransactions incoming;
    private final MerkleAnswers answers;
    private final LargeTransactions large;
    private final Tombstones tombstones;
    private final Map<String, Peer> peers = new TreeMap<>();
    private final List<Envelope> out = new ArrayList<>();
    private Instant now;

    /** What is known of a peer. */
    private static final class Peer {
        private final String name;
        private Optional<Status> status = Optional.empty();
        private Optional<Descent> descent = Optional.empty();
        /** Whether the descent is one of the schema's elements alone, since schemas differ. */
        private boolean isDescentOfSchema;

        private Instant nextRound;
        private Optional<Instant> wantedUntil = Optional.empty();
        private Instant descentUntil = Instant.MAX;
        /** The root when the descent began. */
        private long rootBefore;
        /** After a descent that changed nothing although roots differ there is none for a while: time must tell. */
        private Instant fruitlessUntil = Instant.MIN;

        /** What it has passed on to here, and so has. */
        private VersionVector told = VersionVector.EMPTY;

        private long reportedSchema;
        /** Whether it only receives: what it has of its own is not asked for, and not taken. */
        private boolean isReader;

        private Peer(String name, Instant nextRound) {
            this.name = name;
            this.nextRound = nextRound;
        }

        private boolean has(Transaction transaction) {
            return told.seq(transaction.origin()) >= transaction.seq()
                    || status.map(said -> said.vector().seq(transaction.origin()) >= transaction.seq())
                            .orElse(false);
        }
    }

    /**
     * @param store the replica's file
     * @param log what catch-up reads; gets every transaction that is applied
     * @param options how it talks
     * @param random spreads the moments of comparisons, and numbers descents
     * @param now the time, until the first {@link #tick}
     * @param listener hears of what happens, inside the calls that make it happen
     */
    public Replicator(
            ReplicaStore store,
            TransactionLog log,
            ReplicatorOptions options,
            RandomGenerator random,
            Instant now,
            Consumer<Event> listener) {
        this.store = store;
        this.log = log;
        this.options = options;
        this.random = random;
        this.now = now;
        this.listener = listener;
        this.incoming = new IncomingTransactions(store, options, listener, this::applied);
        this.answers = new MerkleAnswers(MerkleScope.everything(store), options.maxMessageBytes());
        this.large = new LargeTransactions(log, options.maxMessageBytes());
        this.tombstones = new Tombstones(
                store, options.tombstoneRetention(), options.interval().multipliedBy(ROUNDS_HEARD));
    }

    public ReplicaStore store() {
        return store;
    }

    /** Transactions that wait, and for what. */
    public List<Inbox.Waiting<Transaction>> waiting() {
        return incoming.waiting();
    }

    /** Names of the peers it is connected with. */
    public Set<String> peers() {
        return Set.copyOf(peers.keySet());
    }

    /** What {@code peer} last said it has applied; empty before it said anything. */
    public VersionVector vectorOf(String peer) {
        return Optional.ofNullable(peers.get(peer))
                .flatMap(known -> known.status)
                .map(Status::vector)
                .orElse(VersionVector.EMPTY);
    }

    /** Whether {@code peer} has said what it has since it was last connected. */
    public boolean hasHeardOf(String peer) {
        return Optional.ofNullable(peers.get(peer))
                .flatMap(known -> known.status)
                .isPresent();
    }

    // ---- what the owner does ----------------------------------------------------------------------------------------

    /** A peer can be reached: compares with it at once. */
    public List<Envelope> connect(String peer) {
        var known = peers.computeIfAbsent(peer, name -> new Peer(name, now));
        known.isReader = false;
        return compareAnew(known);
    }

    /** As {@link #connect}, with a peer that may read and not write: it gets everything, and nothing of its own is taken. */
    public List<Envelope> connectReader(String peer) {
        var known = peers.computeIfAbsent(peer, name -> new Peer(name, now));
        known.isReader = true;
        return compareAnew(known);
    }

    private List<Envelope> compareAnew(Peer known) {
        known.wantedUntil = Optional.empty();
        known.descent = Optional.empty();
        known.told = VersionVector.EMPTY;
        send(known, status(false));
        return takeOut();
    }

    /** A peer is away, and will be back: it is not spoken with, and tombstones wait for it. */
    public void disconnect(String peer) {
        peers.remove(peer);
    }

    /**
     * Forgets peers of which nothing was heard for longer than the retention of tombstones.
     *
     * @param which of them may be forgotten
     */
    public void forgetSilent(Predicate<String> which) {
        tombstones.silent(now).stream().filter(which).forEach(this::forget);
    }

    /** A peer is gone for good, or is not to be spoken with: tombstones no longer wait for it. */
    public void forget(String peer) {
        peers.remove(peer);
        tombstones.forget(peer);
    }

    /** Publishes a transaction that was written here. */
    public List<Envelope> written(Transaction transaction) {
        return written(List.of(transaction));
    }

    /** Publishes transactions that were written here, and committed together. */
    public List<Envelope> written(List<Transaction> transactions) {
        publish(transactions);
        return takeOut();
    }

    /** The schema has changed: what waited for it may go on. */
    public List<Envelope> schemaChanged() {
        store.schemaChanged();
        incoming.drain();
        peers.values().forEach(peer -> send(peer, status(false)));
        return takeOut();
    }

    /** Releases transactions whose stamps are too far ahead of the clock. */
    public List<Envelope> release(Origin origin, long seq) {
        incoming.release(origin, seq);
        incoming.drain();
        return takeOut();
    }

    /** Time has come on: compares where it is due, gives up what was not answered, forgets old tombstones. */
    public List<Envelope> tick(Instant time) {
        now = time;
        for (var peer : peers.values()) {
            peer.wantedUntil = peer.wantedUntil.filter(until -> until.isAfter(now));
            if (!peer.descentUntil.isAfter(now)) {
                peer.descent = Optional.empty();
                peer.descentUntil = Instant.MAX;
            }
            if (!peer.nextRound.isAfter(now)) {
                peer.nextRound = now.plus(nextInterval());
                send(peer, status(false));
            }
        }
        incoming.drain();
        tombstones.tick(now);
        return takeOut();
    }

    private Duration nextInterval() {
        var spread = 1 + options.jitter() * (2 * random.nextDouble() - 1);
        return Duration.ofNanos((long) (options.interval().toNanos() * spread));
    }

    // ---- what peers say ---------------------------------------------------------------------------------------------

    /**
     * Takes a message in.
     *
     * @param from name of the peer that sent it; one that was never {@linkplain #connect connected} is from now on
     */
    public List<Envelope> receive(String from, SyncMessage message) {
        return receive(List.of(new Received(from, message)));
    }

    /**
     * Takes messages in, in their order. Transactions that were published are applied together, as far as nothing else
     * that was said comes between them.
     */
    public List<Envelope> receive(List<Received> messages) {
        var live = new LiveFlow(options.groups());
        for (var received : messages) {
            var peer = peers.computeIfAbsent(received.peer(), name -> new Peer(name, now.plus(nextInterval())));
            if (!peer.isReader || isOfReader(received.message())) {
                on(peer, received.message(), live);
            }
        }
        apply(live);
        return takeOut();
    }

    private void on(Peer peer, SyncMessage message, LiveFlow live) {
        if (!isOfLiveFlow(message)) {
            apply(live);
        }
        switch (message) {
            case Publish publish -> onPublish(peer, publish, live);
            case Announce announce -> onAnnounce(peer, announce);
            case Acknowledge acknowledge -> onAcknowledge(peer, acknowledge);
            case Status status -> onStatus(peer, status);
            case Want want -> send(peer, large.find(want));
            case Found found -> onFound(peer, found);
            case WantPart want -> large.part(want).ifPresent(part -> send(peer, part));
            case Part part -> onPart(peer, part);
            case WantSchema want -> onWantSchema(peer, want);
            case Schema schema -> onSchema(schema);
            case Inspect inspect -> send(peer, answers.answer(inspect));
            case Inspected inspected -> onDescent(peer, descent -> descent.onInspected(inspected));
            case Fetch fetch -> send(peer, answers.answer(fetch));
            case FetchRange fetch -> send(peer, answers.answer(fetch));
            case Rows rows -> onDescent(peer, descent -> descent.onRows(rows));
        }
    }

    /** Whether a message can be taken in before what was published earlier is applied. */
    public static boolean isOfLiveFlow(SyncMessage message) {
        return message instanceof Publish || message instanceof Acknowledge;
    }

    /** Whether a peer that may not write may say this: questions, and where it stands. */
    private static boolean isOfReader(SyncMessage message) {
        return switch (message) {
            case Acknowledge acknowledge -> true;
            case Status status -> true;
            case Want want -> true;
            case WantPart want -> true;
            case WantSchema want -> true;
            case Inspect inspect -> true;
            case Fetch fetch -> true;
            case FetchRange fetch -> true;
            case Publish publish -> false;
            case Announce announce -> false;
            case Found found -> false;
            case Part part -> false;
            case Schema schema -> false;
            case Inspected inspected -> false;
            case Rows rows -> false;
        };
    }

    /** Takes in what was published, and applies it as soon as it is enough for a commit. */
    private void onPublish(Peer peer, Publish publish, LiveFlow live) {
        for (var transaction : publish.transactions()) {
            offer(peer, transaction);
            live.add(peer.name, transaction);
            if (live.isEnough()) {
                apply(live);
            }
        }
    }

    /** Applies what was published, says how far that has come, and asks for what is missing. */
    private void apply(LiveFlow live) {
        if (live.isEmpty()) {
            return;
        }
        incoming.drain();
        live.answers(store.vector())
                .forEach(
                        (name, answer) -> Optional.ofNullable(peers.get(name)).ifPresent(peer -> answer(peer, answer)));
        live.clear();
    }

    private void answer(Peer peer, LiveFlow.Answer answer) {
        answer.acknowledged().seqs().forEach((origin, seq) -> send(peer, new Acknowledge(origin, seq)));
        if (!answer.missing().isEmpty()) {
            wantMissing(peer, answer.missing());
            wantSchemas(peer);
        }
    }

    private void onAnnounce(Peer peer, Announce announce) {
        wantMissing(peer, VersionVector.EMPTY.with(announce.origin(), announce.seq()));
    }

    private void onAcknowledge(Peer peer, Acknowledge acknowledge) {
        tombstones.acknowledged(peer.name, acknowledge.origin(), acknowledge.seq());
    }

    private void onStatus(Peer peer, Status status) {
        peer.status = Optional.of(status);
        if (peer.isReader) {
            if (!status.isAnswer()) {
                send(peer, status(true));
            }
            return; // tombstones do not wait for it either: what it says of itself must not hold anything up
        }
        tombstones.reported(peer.name, status, now);
        tombstones.follow(status, now);
        recogniseFork(peer, status);
        if (status.schema() != store.schemaFingerprint() && peer.reportedSchema != status.schema()) {
            peer.reportedSchema = status.schema();
            listener.accept(new Event.SchemaDiffers(peer.name, store.schemaFingerprint(), status.schema()));
        }
        if (!store.vector().covers(status.vector()) && !wantMissing(peer, status.vector()) && !waitsForItself(status)) {
            // All of it is held, and waits for what this peer does not have either.
            descend(peer, status);
        }
        wantSchemas(peer);
        store.completeSchema();
        if (!status.isAnswer()) {
            send(peer, status(true));
        }
        compare(peer, status);
    }

    /** The same transactions must make the same rows. */
    private void compare(Peer peer, Status status) {
        var comparable = status.schema() == store.schemaFingerprint() && status.horizon() == store.horizon();
        if (!comparable) {
            // A peer that is ahead may have elements of the schema whose transactions it lacks: its vector says nothing
            // of
            // them, and as long as they are not here, it gets no rows from here either.
            if (status.schema() != store.schemaFingerprint()
                    && (status.isAhead() || store.vector().equals(status.vector()))) {
                descend(peer, status);
            }
            return;
        }
        var sameVector = store.vector().equals(status.vector());
        if (status.root() == store.root()) {
            // Equal rows: whatever the other one has seen has the effect here that it has there.
            store.adopt(status.vector(), status.clocks());
        } else if (sameVector && peer.descent.isEmpty() && !peer.fruitlessUntil.isAfter(now)) {
            if (!store.isAhead() && !status.isAhead()) {
                listener.accept(new Event.RootsDiffer(peer.name, store.vector(), store.root(), status.root()));
            }
            descend(peer, status);
        }
    }

    /** Somebody has more of this origin than the file: it was copied, or has lost its end. Never write under it again. */
    private void recogniseFork(Peer peer, Status status) {
        var own = store.origin();
        if (status.vector().seq(own) > store.vector().seq(own)) {
            store.forkOrigin();
            listener.accept(new Event.OriginForked(own, store.origin(), peer.name));
        }
    }

    private void onFound(Peer peer, Found found) {
        peer.wantedUntil = Optional.empty();
        var before = progress();
        found.transactions().forEach(transaction -> offer(peer, transaction));
        incoming.drain();
        var next = found.large().stream()
                .filter(range -> range.first() == store.vector().seq(range.origin()) + 1)
                .findFirst();
        if (next.isPresent()) {
            send(peer, large.begin(next.get().origin(), next.get().first()));
            peer.wantedUntil = Optional.of(now.plus(options.timeout()));
            return;
        }
        wantSchemas(peer);
        var gone = found.gone().stream().anyMatch(range -> store.vector().seq(range.origin()) < range.last());
        goOn(peer, !gone && !before.equals(progress()));
    }

    /** What has come so far: applied, and held. */
    private List<Object> progress() {
        return List.of(store.vector(), incoming.count());
    }

    /** Asks for more, or takes the merkle path where the log does not help any further. */
    private void goOn(Peer peer, boolean logHelps) {
        peer.status.filter(status -> !store.vector().covers(status.vector())).ifPresent(status -> {
            if (logHelps) {
                wantMissing(peer, status.vector());
            } else if (!waitsForItself(status)) {
                descend(peer, status);
            }
        });
    }

    /** Whether something that the peer has is here already, and waits for a clock or a schema. */
    private boolean waitsForItself(Status status) {
        return incoming.waiting().stream()
                .filter(waiting -> waiting.transaction().seq()
                        <= status.vector().seq(waiting.transaction().origin()))
                .anyMatch(waiting -> waiting.reason() == Inbox.Reason.DRIFT || waiting.reason() == Inbox.Reason.SCHEMA);
    }

    private void onPart(Peer peer, Part part) {
        try {
            var whole = large.add(part);
            if (whole.isPresent()) {
                peer.wantedUntil = Optional.empty();
                var before = progress();
                offer(peer, whole.get());
                incoming.drain();
                goOn(peer, !before.equals(progress()));
                return;
            }
        } catch (Malformed | TooLarge | UnknownVersion e) {
            // The parts did not come from one transaction: it is asked for again at the next comparison.
            large.forget(part);
            throw e;
        }
        large.next(part).ifPresent(want -> {
            peer.wantedUntil = Optional.of(now.plus(options.timeout()));
            send(peer, want);
        });
    }

    private void onWantSchema(Peer peer, WantSchema want) {
        var columns = store.describeSchema(want.fingerprint());
        if (!columns.isEmpty()) {
            send(peer, new Schema(want.fingerprint(), columns));
        }
    }

    private void onSchema(Schema schema) {
        store.learnSchema(schema.fingerprint(), schema.columns());
        incoming.drain();
    }

    /** Asks what the schemas were that transactions wait for. */
    private void wantSchemas(Peer peer) {
        incoming.waiting().stream()
                .filter(waiting -> waiting.reason() == Inbox.Reason.SCHEMA)
                .map(waiting -> waiting.transaction().schemaFingerprint())
                .distinct()
                .forEach(fingerprint -> wantSchema(peer, fingerprint));
    }

    private void wantSchema(Peer peer, long fingerprint) {
        if (!store.knowsSchema(fingerprint) && store.describeSchema(fingerprint).isEmpty()) {
            send(peer, new WantSchema(fingerprint));
        }
    }

    // ---- the merkle path --------------------------------------------------------------------------------------------

    private void descend(Peer peer, Status status) {
        if (peer.descent.isPresent()) {
            return;
        }
        var isOfSchema = status.schema() != store.schemaFingerprint();
        if (isOfSchema && (!store.isSchemaReplicated() || peer.fruitlessUntil.isAfter(now))) {
            return;
        }
        var scope = isOfSchema ? MerkleScope.ofSchema(store, status.schema()) : MerkleScope.everything(store);
        var descent = new Descent(scope, random.nextLong(), status, false, (table, merged) -> {
            listener.accept(new Event.RowsMerged(table, merged.changes()));
            repaired(merged);
        });
        peer.descent = Optional.of(descent);
        peer.rootBefore = store.root();
        peer.isDescentOfSchema = isOfSchema;
        peer.descentUntil = now.plus(options.timeout());
        descent.begin().forEach(question -> send(peer, question));
        finishDescent(peer, descent);
    }

    private interface DescentStep {
        List<SyncMessage> run(Descent descent);
    }

    private void onDescent(Peer peer, DescentStep step) {
        peer.descent.ifPresent(descent -> {
            var questions = step.run(descent);
            if (!questions.isEmpty()) {
                peer.descentUntil = now.plus(options.timeout());
            }
            questions.forEach(question -> send(peer, question));
            finishDescent(peer, descent);
        });
    }

    private void finishDescent(Peer peer, Descent descent) {
        if (descent.hasFailed()) {
            peer.descent = Optional.empty();
            return;
        }
        if (!descent.isComplete()) {
            return;
        }
        peer.descent = Optional.empty();
        peer.descentUntil = Instant.MAX;
        // Also where rows came that are older than those here: a peer that is behind would be asked again and again.
        var isFruitless = descent.rowCount() == 0 || store.root() == peer.rootBefore;
        if (isFruitless) {
            peer.fruitlessUntil = now.plus(options.interval().dividedBy(2));
        }
        if (peer.isDescentOfSchema) {
            finishDescentOfSchema(descent);
            return;
        }
        store.adopt(descent.target().vector(), descent.target().clocks());
        // Tombstones that the peer has forgotten did not come; to keep others of that age would tell the two apart.
        tombstones.follow(descent.target(), now);
        listener.accept(new Event.Descended(peer.name, descent.rowCount()));
        incoming.drain();
        send(peer, status(false));
    }

    /** The schema is the peer's now, or what both make together: transactions may go on, and rows compare. */
    private void finishDescentOfSchema(Descent descent) {
        incoming.drain();
        if (descent.rowCount() > 0) {
            peers.values().forEach(each -> send(each, status(false)));
        }
    }

    // ---- transactions -----------------------------------------------------------------------------------------------

    private void offer(Peer peer, Transaction transaction) {
        if (transaction.database().equals(store.database())) {
            peer.told = peer.told.with(transaction.origin(), transaction.seq());
            incoming.offer(transaction);
        }
    }

    private void applied(List<Transaction> group, Merged merged) {
        group.forEach(log::append);
        listener.accept(new Event.Applied(group, merged.changes()));
        if (options.forwarding()) {
            forward(group);
        }
        repaired(merged);
    }

    private void repaired(Merged merged) {
        merged.repair().ifPresent(repair -> {
            listener.accept(new Event.Repaired(repair));
            publish(List.of(repair));
        });
    }

    private void publish(List<Transaction> transactions) {
        transactions.forEach(log::append);
        forward(transactions);
    }

    /** Tells each peer what it does not have; all who have nothing of it get the same messages. */
    private void forward(List<Transaction> transactions) {
        var toAll = large.publish(transactions);
        for (var peer : peers.values()) {
            var unknown = transactions.stream()
                    .filter(transaction -> !peer.has(transaction))
                    .toList();
            var messages = unknown.size() == transactions.size() ? toAll : large.publish(unknown);
            messages.forEach(message -> send(peer, message));
        }
    }

    /** Asks {@code peer} for what is missing up to {@code target} and not held; whether there was anything to ask for. */
    private boolean wantMissing(Peer peer, VersionVector target) {
        if (peer.wantedUntil.isPresent()) {
            return true;
        }
        List<SeqRange> ranges = new ArrayList<>();
        for (var range : store.vector().missingFrom(target)) {
            var first = incoming.heldUpTo(range.origin()) + 1;
            if (first <= range.last()) {
                ranges.add(new SeqRange(range.origin(), first, range.last()));
            }
        }
        if (ranges.isEmpty()) {
            return false;
        }
        peer.wantedUntil = Optional.of(now.plus(options.timeout()));
        send(peer, new Want(ranges, options.maxMessageBytes()));
        return true;
    }

    private Status status(boolean isAnswer) {
        return new Status(
                store.vector(),
                store.clocks(),
                store.clock().last(),
                store.horizon(),
                store.root(),
                store.schemaFingerprint(),
                store.isAhead(),
                isAnswer);
    }

    private void send(Peer peer, SyncMessage message) {
        out.add(new Envelope(peer.name, message));
    }

    private List<Envelope> takeOut() {
        var taken = List.copyOf(out);
        out.clear();
        return taken;
    }

    /** Peers that have said that they have applied this transaction. */
    public Collection<String> peersWith(Transaction transaction) {
        return tombstones.peersWith(transaction.origin(), transaction.seq());
    }
}
