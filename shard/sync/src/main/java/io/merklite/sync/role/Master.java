package io.merklite.sync.role;

import io.merklite.sync.ErrorCode;
import io.merklite.sync.SyncException.InvalidState;
import io.merklite.sync.database.Database;
import io.merklite.sync.database.LogListener.Level;
import io.merklite.sync.message.SyncMessage;
import io.merklite.sync.replicate.MerkleAnswers;
import io.merklite.sync.role.Progress.Phase;
import io.merklite.sync.role.RoleMessage.Changes;
import io.merklite.sync.role.RoleMessage.Converge;
import io.merklite.sync.role.RoleMessage.Failed;
import io.merklite.sync.role.RoleMessage.Hello;
import io.merklite.sync.role.RoleMessage.Skipped;
import io.merklite.sync.role.RoleMessage.Standing;
import io.merklite.sync.stamp.Stamp;
import io.merklite.sync.store.Commit;
import io.merklite.sync.store.ReplicaStore;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * The side whose rows count: it numbers what is committed in its tables, and answers what replicas ask.
 *
 * <p>It keeps nothing of any replica, so any number of them may be at any stage, and a message of theirs may come twice,
 * late or never.
 *
 * <pre>{@code
 * var master = Master.open(store, RoleOptions.of("items", random));
 * master.exec("INSERT INTO item VALUES (1, 'one')");
 * for (var message : master.flush()) {
 *     send(message);
 * }
 * }</pre>
 *
 * <p><b>Invariants.</b> (1) Numbers grow by one. (2) Nothing uncommitted is sent. (3) What is told of rows has a number:
 * before it answers, the master numbers what is committed. (4) A number is confirmed only if nothing can have been missed:
 * the file keeps the sum of all digests at the last number, and a master that finds another one skips a number.
 *
 * <p><b>Threading.</b> Not thread-safe: confined to the owner of the connection, which it borrows. Blocks on disk.
 */
public final class Master implements AutoCloseable {
    private static final int MAX_UNSENT = 4096;
    private static final long MAX_QUEUE_BYTES = 64L << 20;

    private final Host host;
    private final ReplicaStore store;
    private final RoleOptions options;
    private final RoleTables tables;
    private final RoleNumbers numbers;
    private final MerkleAnswers answers;
    private final PendingChanges pending;
    private final Consumer<Commit> listener;
    private final Deque<Queued> queue = new ArrayDeque<>();
    private final Deque<RoleMessage> unsent = new ArrayDeque<>();
    private Optional<Consumer<RoleMessage>> onFlush = Optional.empty();
    private long queuedBytes;
    private long seq;

    /** Changes that replicas may have missed. */
    private record Queued(Changes changes, long sizeBytes) {}

    private Master(Host host, RoleOptions options, Predicate<String> accepted) {
        this.host = host;
        this.store = host.store();
        this.options = options;
        this.tables = new RoleTables(store, accepted, options.log());
        this.numbers = new RoleNumbers(store, options.name());
        this.answers = new MerkleAnswers(tables.scope(), options.maxAnswerBytes());
        this.pending = new PendingChanges(store, tables);
        this.listener = pending::add;
        host.settle();
        continueNumbers();
        store.addListener(listener);
    }

    /** A master of the tables in {@code store}, which stays the caller's. */
    public static Master open(ReplicaStore store, RoleOptions options) {
        return open(Host.of(store), options, RoleTables.filter(options));
    }

    /** A master of the tables in {@code database}, which stays the caller's. */
    public static Master open(Database database, RoleOptions options) {
        return open(Host.of(database), options, RoleTables.filter(options));
    }

    /** A master of those tables that {@code accepted} accepts by their folded name. */
    static Master open(Host host, RoleOptions options, Predicate<String> accepted) {
        return new Master(host, options, accepted);
    }

    private void continueNumbers() {
        var stored = numbers.read();
        seq = stored.seq();
        var sum = tables.scope().sum();
        if (seq > 0 && sum != stored.mark()) {
            seq++;
            numbers.save(seq, sum);
            options.log().log(Level.INFO, "changes were not sent before the last end: skipped to number " + seq);
        }
    }

    /** The number of the last changes, 0 if there were none. */
    public long currentSeq() {
        return seq;
    }

    /** Fingerprint of the tables: equal for equal structure. */
    public int schemaVersion() {
        return tables.fingerprint();
    }

    /** Has changes delivered to {@code callback} as soon as they have a number, rather than by {@link #flush}. */
    public void onFlush(Consumer<RoleMessage> callback) {
        onFlush = Optional.of(callback);
    }

    /**
     * Runs statements, and delivers what they committed if there is a callback to deliver to.
     *
     * @throws io.merklite.sync.SyncException.StatementFailure if SQLite refuses them
     */
    public void exec(String sql) {
        host.exec(sql);
        if (onFlush.isPresent()) {
            number();
        }
    }

    /**
     * What is to be sent to every live replica: usually one message if anything was committed, none otherwise. More if
     * the schema changed in between, or if changes got their number when a replica asked. Nothing inside an open
     * transaction, and nothing if there is a callback.
     */
    public List<RoleMessage> flush() {
        if (!number()) {
            return List.of();
        }
        var taken = List.copyOf(unsent);
        unsent.clear();
        return taken;
    }

    /** Gives numbers to what is committed; false inside an open transaction. */
    private boolean number() {
        var isDone = new boolean[1];
        store.stampUnstamped(() -> {
            isDone[0] = true;
            return true;
        });
        if (!isDone[0]) {
            return false;
        }
        for (var batch : pending.takeOut()) {
            seq++;
            numbers.save(seq, tables.scope().sum());
            publish(batch);
        }
        return true;
    }

    private void publish(PendingChanges.Batch batch) {
        RoleMessage message;
        if (batch.isSkipped()) {
            message = new Skipped(seq);
            queue.clear();
            queuedBytes = 0;
            options.log().log(Level.WARN, "number " + seq + " can't be sent as changes: replicas converge");
        } else {
            var changes = new Changes(seq, batch.schema(), batch.segments());
            message = changes;
            enqueue(new Queued(changes, sizeOf(changes)));
        }
        if (onFlush.isPresent()) {
            onFlush.get().accept(message);
            return;
        }
        unsent.add(message);
        if (unsent.size() > MAX_UNSENT) {
            unsent.clear();
            unsent.add(new Skipped(seq));
        }
    }

    private static long sizeOf(Changes changes) {
        var size = 0L;
        for (var segment : changes.segments()) {
            size += switch (segment) {
                case RoleMessage.Segment.Written written -> written.changes().sizeBytes();
                case RoleMessage.Segment.Copied copied ->
                    copied.rows().stream().mapToLong(MerkleAnswers::sizeOf).sum();
            };
        }
        return size;
    }

    private void enqueue(Queued queued) {
        queue.add(queued);
        queuedBytes += queued.sizeBytes();
        while (!queue.isEmpty() && (queue.size() > options.changesetQueueSize() || queuedBytes > MAX_QUEUE_BYTES)) {
            queuedBytes -= queue.remove().sizeBytes();
        }
    }

    /**
     * Answers a message of a replica. An error of the replica's is an answer as well; failures of the file are thrown.
     *
     * @return to be sent to that replica, in order
     */
    public List<RoleMessage> handleMessage(RoleMessage message) {
        return switch (message) {
            case Hello hello -> numbered(() -> onHello(hello));
            case Converge converge -> numbered(() -> onConverge(converge));
            case RoleMessage.Ask ask -> numbered(() -> onAsk(ask.question()));
            case RoleMessage.Acknowledged done -> List.of();
            case RoleMessage.Failed failed -> {
                options.log().log(Level.WARN, "a replica failed: " + failed.code() + " " + failed.text());
                yield List.of();
            }
            default -> List.of(invalid("a master does not expect " + RoleMessages.name(message)));
        };
    }

    /** Something that is answered. */
    private interface Answering {
        List<RoleMessage> answer();
    }

    private List<RoleMessage> numbered(Answering answering) {
        return number()
                ? answering.answer()
                : List.of(invalid("a transaction is open on the master; ask again when it has ended"));
    }

    static Failed invalid(String what) {
        return new Failed(ErrorCode.INVALID_STATE, what, 0, List.of());
    }

    private List<RoleMessage> onHello(Hello hello) {
        var refusal = refusal(hello.protocol(), hello.schema());
        if (refusal.isPresent()) {
            return List.of(refusal.get());
        }
        if (isCovered(hello.seq())) {
            List<RoleMessage> replay = new ArrayList<>();
            replay.add(standing(hello.round(), hello.seq(), true));
            replay.addAll(missed(hello.seq()));
            return replay;
        }
        return List.of(standing(hello.round(), seq, false));
    }

    private List<RoleMessage> onConverge(Converge converge) {
        var refusal = refusal(converge.protocol(), converge.schema());
        if (refusal.isPresent()) {
            return List.of(refusal.get());
        }
        List<RoleMessage> replies = new ArrayList<>();
        if (converge.seq() < seq && isCovered(converge.seq())) {
            replies.add(standing(converge.round(), converge.seq(), true));
            replies.addAll(missed(converge.seq()));
        }
        replies.add(standing(converge.round(), seq, false));
        return replies;
    }

    private Standing standing(long round, long standingSeq, boolean isCurrent) {
        return new Standing(
                round, standingSeq, seq, store.horizon(), tables.scope().sum(), isCurrent);
    }

    private Optional<RoleMessage> refusal(int protocol, int schema) {
        if (protocol != RoleMessage.PROTOCOL) {
            return Optional.of(new Failed(
                    ErrorCode.PROTOCOL_ERROR,
                    "protocol " + protocol + ", known is " + RoleMessage.PROTOCOL,
                    0,
                    List.of()));
        }
        var local = tables.fingerprint();
        if (schema == local
                || (options.onSchemaMismatch().isPresent()
                        && options.onSchemaMismatch().get().onMismatch(schema, local, List.of())
                        && schema == followedSchema())) {
            return Optional.empty();
        }
        return Optional.of(new Failed(
                ErrorCode.SCHEMA_MISMATCH,
                "schema %08x here, %08x there".formatted(tables.fingerprint(), schema),
                tables.fingerprint(),
                tables.ddl()));
    }

    private int followedSchema() {
        store.schemaChanged();
        return tables.fingerprint();
    }

    /** Whether a replica that has everything up to {@code known} can get the rest from the queue. */
    private boolean isCovered(long known) {
        if (known <= 0 || known > seq) {
            return false;
        }
        return known == seq
                || (!queue.isEmpty()
                        && queue.getFirst().changes().seq() <= known + 1
                        && missed(known).stream().allMatch(changes -> changes.schema() == tables.fingerprint()));
    }

    private List<Changes> missed(long known) {
        return queue.stream()
                .map(Queued::changes)
                .filter(changes -> changes.seq() > known)
                .toList();
    }

    private List<RoleMessage> onAsk(SyncMessage question) {
        return switch (question) {
            case SyncMessage.Inspect inspect -> {
                var done = 0;
                for (var range : inspect.ranges()) {
                    report(
                            Phase.COMPARING_BUCKETS,
                            range.range().table(),
                            ++done,
                            inspect.ranges().size());
                }
                yield List.of(new RoleMessage.Answer(seq, answers.answer(inspect)));
            }
            case SyncMessage.Fetch fetch -> {
                report(
                        Phase.BUILDING_PATCHSET,
                        fetch.table(),
                        fetch.keys().size(),
                        fetch.keys().size());
                yield List.of(new RoleMessage.Answer(seq, answers.answer(fetch)));
            }
            case SyncMessage.FetchRange fetch -> {
                report(Phase.BUILDING_PATCHSET, fetch.range().table(), 0, 0);
                yield List.of(new RoleMessage.Answer(seq, answers.answer(fetch)));
            }
            default -> List.of(invalid("a question of another kind"));
        };
    }

    private void report(Phase phase, String table, long done, long total) {
        options.progress().progressed(new Progress(phase, table, done, total));
    }

    /**
     * Forgets that rows deleted before {@code moment} ever were, which saves space. Replicas do the same at their next
     * comparison; one that was away loses such rows all the same, since what a master lacks is removed.
     *
     * @throws InvalidState if a transaction is open
     */
    public void forgetDeletions(Instant moment) {
        if (!number()) {
            throw new InvalidState("a transaction is open on the master", "Commit it or roll it back first");
        }
        store.raiseHorizon(moment.toEpochMilli() << Stamp.COUNTER_BITS);
        if (seq > 0) {
            numbers.save(seq, tables.scope().sum());
        }
    }

    /** Ends the role; what was committed and not flushed is found by the next one. */
    @Override
    public void close() {
        store.removeListener(listener);
    }
}
