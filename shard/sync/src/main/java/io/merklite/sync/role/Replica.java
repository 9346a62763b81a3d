package io.merklite.sync.role;

import io.merklite.query.QueryException;
import io.merklite.query.subscribe.Report;
import io.merklite.query.subscribe.SubscriptionId;
import io.merklite.query.subscribe.Subscriptions;
import io.merklite.query.transpile.Transpiler;
import io.merklite.schema.SchemaException;
import io.merklite.session.SessionException;
import io.merklite.session.apply.Conflict;
import io.merklite.session.apply.ConflictHandler;
import io.merklite.session.apply.ConflictType;
import io.merklite.session.apply.Resolution;
import io.merklite.session.changeset.ChangeOp;
import io.merklite.session.changeset.Changeset;
import io.merklite.sync.ErrorCode;
import io.merklite.sync.SyncException;
import io.merklite.sync.SyncException.ConflictAborted;
import io.merklite.sync.SyncException.InvalidState;
import io.merklite.sync.SyncException.ProtocolViolation;
import io.merklite.sync.SyncException.SchemaMismatch;
import io.merklite.sync.database.ChangesetRows;
import io.merklite.sync.database.Database;
import io.merklite.sync.database.LogListener.Level;
import io.merklite.sync.message.SyncMessage;
import io.merklite.sync.replicate.Descent;
import io.merklite.sync.role.Progress.Phase;
import io.merklite.sync.role.RoleMessage.Acknowledged;
import io.merklite.sync.role.RoleMessage.Answer;
import io.merklite.sync.role.RoleMessage.Ask;
import io.merklite.sync.role.RoleMessage.Changes;
import io.merklite.sync.role.RoleMessage.Failed;
import io.merklite.sync.role.RoleMessage.Segment;
import io.merklite.sync.role.RoleMessage.Standing;
import io.merklite.sync.store.Commit;
import io.merklite.sync.store.FollowStep;
import io.merklite.sync.store.ReplicaStore;
import io.merklite.sync.vector.VersionVector;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * The side that follows a master.
 *
 * <pre>{@code
 * var replica = Replica.open(store, RoleOptions.of("items", random));
 * send(replica.hello());
 * // for each message that comes:
 * var outcome = replica.handleMessage(message);
 * outcome.answers().forEach(this::send);
 * }</pre>
 *
 * <p><b>Invariants.</b> (1) The number in the file is that of the last changes applied, and is written with them. (2) Up to
 * {@code ahead} rows may be newer than the number says: changes up to there are applied as a redo log. (3) An answer counts
 * only in the round that asked for it. (4) If the redo log did not fit, the number in the file is 0 until all
 * rows have been compared again.
 *
 * <p><b>Threading.</b> Not thread-safe: confined to the owner of the connection, which it borrows. Blocks on disk.
 */
public final class Replica implements AutoCloseable {
    private final Host host;
    private final ReplicaStore store;
    private final RoleOptions options;
    private final RoleTables tables;
    private final RoleNumbers numbers;
    private final Subscriptions subscriptions;
    private final Prediction prediction;
    private final Consumer<Commit> listener;
    private final List<Changeset> unnoticed = new ArrayList<>();
    private State state = State.INIT;
    private Optional<Round> round = Optional.empty();
    private Optional<Failed> failure = Optional.empty();
    private boolean mayDifferAnywhere;
    private int suspicionCount;
    private int settledCount;
    private long seq;
    private long ahead;

    /** Where a replica stands. */
    public enum State {
        /** Nothing has been said. */
        INIT,
        /** The master was greeted, or asked to converge. */
        HANDSHAKE,
        /** Sums are being compared. */
        COMPARING,
        /** Rows are being fetched. */
        FETCHING,
        /** Changes are applied as they come; a comparison may be going on. */
        LIVE,
        /** Something went wrong: greet, converge or reset. */
        ERROR
    }

    /**
     * A handshake or comparison.
     *
     * @param id chance, so that answers to an older one are known
     * @param isComparing whether rows are to be compared whatever the numbers say
     * @param askedSeq the number when it began
     * @param target the master's number when it was answered
     * @param suspicionCount how many there were when it began: those are settled when it ends
     * @param descent what is being compared, once it is
     */
    private record Round(
            long id, boolean isComparing, long askedSeq, long target, int suspicionCount, Optional<Descent> descent) {
        private Round answered(long number, Optional<Descent> begun) {
            return new Round(id, isComparing, askedSeq, number, suspicionCount, begun);
        }
    }

    private Replica(Host host, RoleOptions options, Predicate<String> accepted) {
        this.host = host;
        this.store = host.store();
        this.options = options;
        this.tables = new RoleTables(store, accepted, options.log());
        this.numbers = new RoleNumbers(store, options.name());
        this.subscriptions = new Subscriptions(store.connection());
        this.prediction = new Prediction(store);
        this.listener = this::notice;
        host.settle();
        store.addListener(listener);
        readNumbers();
    }

    /** A replica in {@code store}, which stays the caller's. */
    public static Replica open(ReplicaStore store, RoleOptions options) {
        return open(Host.of(store), options, RoleTables.filter(options));
    }

    /** A replica in {@code database}, which stays the caller's and whose subscriptions hear of changes as well. */
    public static Replica open(Database database, RoleOptions options) {
        return open(Host.of(database), options, RoleTables.filter(options));
    }

    /** A replica of those tables that {@code accepted} accepts by their folded name. */
    static Replica open(Host host, RoleOptions options, Predicate<String> accepted) {
        return new Replica(host, options, accepted);
    }

    private void readNumbers() {
        var stored = numbers.read();
        seq = stored.seq();
        ahead = stored.mark();
    }

    private void notice(Commit commit) {
        switch (commit) {
            case Commit.Written written ->
                notice(Changeset.copyOf(written.transaction().changeset()));
            case Commit.Followed followed -> notice(followed.changes());
            case Commit.Copied copied -> notice(copied.changes());
            case Commit.Untold untold -> mayDifferAnywhere = true;
        }
    }

    /** Tables without a key have a rowid before their columns, and are not told by row. */
    private void notice(Changeset changes) {
        var cursor = changes.cursor();
        while (!mayDifferAnywhere && cursor.next()) {
            mayDifferAnywhere =
                    cursor.newGroup() && !tables.hasKey(new String(cursor.tableName(), StandardCharsets.UTF_8));
        }
        unnoticed.add(changes);
    }

    public State state() {
        return state;
    }

    /** Number of the last changes applied. */
    public long currentSeq() {
        return seq;
    }

    /** Fingerprint of the tables: equal for equal structure. */
    public int schemaVersion() {
        return tables.fingerprint();
    }

    /** What the master said went wrong last. */
    public Optional<Failed> failure() {
        return failure;
    }

    // ---- what is asked ----------------------------------------------------------------------------------------------

    /** Greets the master, which answers with what was missed, or begins a comparison. Ends being live. */
    public RoleMessage hello() {
        state = State.HANDSHAKE;
        return new RoleMessage.Hello(RoleMessage.PROTOCOL, beginRound(false), tables.fingerprint(), seq);
    }

    /**
     * Asks the master to compare, in any state; a live replica stays live meanwhile. If an answer was lost, call it again.
     */
    public RoleMessage converge() {
        if (state != State.LIVE) {
            state = State.HANDSHAKE;
        }
        return new RoleMessage.Converge(RoleMessage.PROTOCOL, beginRound(true), tables.fingerprint(), seq);
    }

    private long beginRound(boolean isComparing) {
        var id = options.random().nextLong();
        round = Optional.of(new Round(id, isComparing, seq, seq, suspicionCount, Optional.empty()));
        return id;
    }

    /** Begins anew: takes a prediction back and reads the number in the file. Subscriptions stay. */
    public void reset() {
        mayDifferAnywhere |= prediction.isActive();
        prediction.undo();
        round = Optional.empty();
        failure = Optional.empty();
        state = State.INIT;
        readNumbers();
    }

    // ---- what comes -------------------------------------------------------------------------------------------------

    /**
     * Handles a message of the master.
     *
     * @throws ProtocolViolation if changes before these are missing: ask for them by {@link #converge}, or deliver them
     * @throws SchemaMismatch if changes are of another schema
     * @throws ConflictAborted if a conflict was not resolved; nothing is applied
     * @throws InvalidState if a transaction is open on the connection
     */
    public Outcome handleMessage(RoleMessage message) {
        var outcome = handleMessages(List.of(message));
        if (outcome.failure().isPresent()) {
            throw outcome.failure().get();
        }
        return outcome;
    }

    /** Handles messages in order up to the first that fails, and tells subscriptions once at the end. */
    public Outcome handleMessages(List<RoleMessage> messages) {
        List<RoleMessage> answers = new ArrayList<>();
        List<Changeset> changes = new ArrayList<>();
        Optional<RuntimeException> failed = Optional.empty();
        mayDifferAnywhere |= prediction.isActive();
        var resume = prediction.suspend();
        var wasLive = state == State.LIVE;
        try {
            for (var message : messages) {
                answers.addAll(handle(message, changes));
            }
        } catch (SyncException | SchemaException | SessionException e) {
            failed = Optional.of(e);
        } finally {
            resume.run();
        }
        var untold = tellSubscriptions(wasLive);
        host.applied(changes);
        return new Outcome(answers, changes, failed.isPresent() ? failed : untold);
    }

    private List<RoleMessage> handle(RoleMessage message, List<Changeset> changed) {
        return switch (message) {
            case Changes changes -> onChanges(changes, changed);
            case RoleMessage.Skipped skipped -> onSkipped(skipped);
            case Standing standing -> onStanding(standing);
            case Answer answer -> onAnswer(answer, changed);
            case Failed failed -> onFailed(failed);
            default -> List.of(Master.invalid("a replica does not expect " + RoleMessages.name(message)));
        };
    }

    private Optional<RuntimeException> tellSubscriptions(boolean wasLive) {
        if (state != State.LIVE) {
            unnoticed.clear();
            mayDifferAnywhere = true;
            return Optional.empty();
        }
        var changes = List.copyOf(unnoticed);
        var everything = mayDifferAnywhere || !wasLive;
        unnoticed.clear();
        mayDifferAnywhere = false;
        try {
            if (everything) {
                subscriptions.notifyEverything();
            } else if (!changes.isEmpty()) {
                subscriptions.notifyChanges(() -> new ChangesetRows(changes, table -> false));
            }
            return Optional.empty();
        } catch (QueryException e) {
            options.log().log(Level.ERROR, "a subscription failed: " + e.code());
            return Optional.of(e);
        }
    }

    // ---- live flow --------------------------------------------------------------------------------------------------

    private List<RoleMessage> onChanges(Changes changes, List<Changeset> changed) {
        if (state != State.LIVE) {
            fail("changes " + changes.seq() + " came in state " + state);
            return List.of(Master.invalid("the replica is not live"));
        }
        if (changes.seq() <= seq) {
            return List.of(new Acknowledged(seq));
        }
        if (changes.seq() != seq + 1) {
            throw new ProtocolViolation(
                    "changes " + changes.seq() + " came after " + seq, "Deliver those between, or converge");
        }
        if (changes.schema() != tables.fingerprint()) {
            throw new SchemaMismatch("changes %d are of schema %08x, here is %08x"
                    .formatted(changes.seq(), changes.schema(), tables.fingerprint()));
        }
        var applied = apply(changes);
        seq = changes.seq();
        if (!applied.isEmpty()) {
            changed.add(applied);
        }
        return acknowledging();
    }

    /** Compares again, once the redo log is at its end, if it could not be applied as it was. */
    private List<RoleMessage> acknowledging() {
        var done = new Acknowledged(seq);
        return isSuspect() && round.isEmpty() && seq >= ahead ? List.of(done, converge()) : List.of(done);
    }

    private boolean isSuspect() {
        return suspicionCount != settledCount;
    }

    /** A row that UNIQUE keeps out, or has pushed out while rows of different moments met, is not found again by redoing. */
    private Resolution redo(Conflict conflict) {
        var isMissing = conflict instanceof Conflict.OfChange of
                && of.type() == ConflictType.NOT_FOUND
                && of.change().op() == ChangeOp.UPDATE;
        if (isMissing || conflict.type() == ConflictType.CONSTRAINT) {
            suspicionCount++;
        }
        return ConflictHandler.REPLACE.resolve(conflict);
    }

    private Changeset apply(Changes changes) {
        ConflictHandler handler = changes.seq() <= ahead ? this::redo : options.onConflict();
        Set<String> touched = new HashSet<>();
        List<FollowStep> steps = new ArrayList<>();
        for (var segment : changes.segments()) {
            steps.add(step(segment, touched));
        }
        try {
            return store.follow(touched, steps, handler, () -> numbers.put(isSuspect() ? 0 : changes.seq(), ahead));
        } catch (SessionException e) {
            throw new ConflictAborted("changes " + changes.seq(), e);
        }
    }

    private FollowStep step(Segment segment, Set<String> touched) {
        switch (segment) {
            case Segment.Written written -> {
                var cursor = written.changes().cursor();
                while (cursor.next()) {
                    if (cursor.newGroup()) {
                        var table = new String(cursor.tableName(), StandardCharsets.UTF_8);
                        requireReplicated(table);
                        touched.add(table);
                    }
                }
                return new FollowStep.Apply(written.stamp(), written.changes());
            }
            case Segment.Copied copied -> {
                requireReplicated(copied.table());
                touched.add(copied.table());
                return new FollowStep.Copy(
                        copied.table(),
                        copied.rows(),
                        copied.gone().stream()
                                .map(values -> store.ranges().key(copied.table(), values))
                                .toList());
            }
        }
    }

    private void requireReplicated(String table) {
        if (!tables.has(table)) {
            throw new SchemaMismatch("changes of table " + table + ", which does not replicate here");
        }
    }

    private List<RoleMessage> onSkipped(RoleMessage.Skipped skipped) {
        return state == State.LIVE && skipped.seq() > seq ? List.of(converge()) : List.of();
    }

    // ---- handshake and comparison -----------------------------------------------------------------------------------

    private List<RoleMessage> onStanding(Standing standing) {
        if (round.isEmpty() || round.get().id() != standing.round()) {
            options.log().log(Level.DEBUG, "an answer of an older round is passed over");
            return List.of();
        }
        var current = round.get();
        if (standing.isCurrent()) {
            return onCurrent(standing, current);
        }
        settleLocalWrites();
        if (standing.horizon() > store.horizon()) {
            store.raiseHorizon(standing.horizon());
        }
        if (tables.scope().sum() == standing.sum()) {
            return finish(current.answered(standing.seq(), Optional.empty()));
        }
        return compare(standing, current);
    }

    /** What was missed follows. In a handshake that is all; a comparison goes on, so conflicts are settled by it. */
    private List<RoleMessage> onCurrent(Standing standing, Round current) {
        if (standing.seq() != seq) {
            return List.of();
        }
        state = State.LIVE;
        if (current.isComparing()) {
            raiseAhead(standing.latest());
            return List.of();
        }
        round = Optional.empty();
        failure = Optional.empty();
        return List.of(new Acknowledged(seq));
    }

    /** Local writes have states before anything is compared. */
    private void settleLocalWrites() {
        if (store.isTransactionOpen()) {
            throw new InvalidState("a transaction is open on the replica", "Commit it or roll it back first");
        }
        store.stampUnstamped();
    }

    private List<RoleMessage> compare(Standing standing, Round current) {
        for (var table : tables.names()) {
            report(Phase.COMPUTING_BUCKETS, table, 1, 1);
        }
        var target = new SyncMessage.Status(
                VersionVector.EMPTY,
                Map.of(),
                0,
                standing.horizon(),
                standing.sum(),
                tables.fingerprint(),
                false,
                true);
        var descent = new Descent(tables.scope(), current.id(), target, true, (table, merged) -> {});
        round = Optional.of(current.answered(standing.seq(), Optional.of(descent)));
        return goOn(descent, descent.begin());
    }

    private List<RoleMessage> onAnswer(Answer answer, List<Changeset> changed) {
        var current = round.flatMap(Round::descent);
        if (current.isEmpty()) {
            options.log().log(Level.DEBUG, "an answer that nobody waits for is passed over");
            return List.of();
        }
        settleLocalWrites();
        raiseAhead(answer.seq());
        var descent = current.get();
        var from = unnoticed.size();
        var questions = switch (answer.answer()) {
            case SyncMessage.Inspected inspected -> descent.onInspected(inspected);
            case SyncMessage.Rows rows -> {
                report(
                        Phase.APPLYING_PATCHSET,
                        rows.table(),
                        descent.rowCount() + rows.rows().size(),
                        0);
                yield descent.onRows(rows);
            }
            default -> List.<SyncMessage>of();
        };
        changed.addAll(unnoticed.subList(from, unnoticed.size()));
        return goOn(descent, questions);
    }

    private List<RoleMessage> goOn(Descent descent, List<SyncMessage> questions) {
        if (descent.hasFailed()) {
            round = Optional.empty();
            fail("the master's tables or what it has forgotten changed while they were compared");
            return List.of();
        }
        if (descent.isComplete()) {
            return finish(round.orElseThrow());
        }
        if (state != State.LIVE && !questions.isEmpty()) {
            state = questions.stream().anyMatch(SyncMessage.Inspect.class::isInstance)
                    ? State.COMPARING
                    : State.FETCHING;
        }
        List<RoleMessage> asks = new ArrayList<>();
        for (var question : questions) {
            if (question instanceof SyncMessage.Fetch fetch) {
                report(
                        Phase.COMPUTING_ROW_HASHES,
                        fetch.table(),
                        fetch.keys().size(),
                        fetch.keys().size());
            }
            asks.add(new Ask(question));
        }
        return asks;
    }

    /** The rows are those of the master. A live replica may have gone on meanwhile; a master that was put back counts. */
    private List<RoleMessage> finish(Round done) {
        var isPutBack = done.target() < done.askedSeq();
        var reached = state == State.LIVE && !isPutBack ? Math.max(seq, done.target()) : done.target();
        if (isPutBack) {
            ahead = Math.min(ahead, reached);
        }
        var wasSuspect = isSuspect();
        settledCount = done.suspicionCount();
        if (reached != seq || isPutBack || wasSuspect) {
            numbers.save(isSuspect() ? 0 : reached, ahead);
            seq = reached;
        }
        round = Optional.empty();
        failure = Optional.empty();
        state = State.LIVE;
        return acknowledging();
    }

    /** Kept in the file before the rows are, so that a crash in between is harmless. */
    private void raiseAhead(long number) {
        if (number > ahead && number > seq) {
            ahead = number;
            numbers.save(isSuspect() ? 0 : seq, ahead);
        }
    }

    private void report(Phase phase, String table, long done, long total) {
        options.progress().progressed(new Progress(phase, table, done, total));
    }

    // ---- errors -----------------------------------------------------------------------------------------------------

    private void fail(String what) {
        options.log().log(Level.WARN, what);
        failure = Optional.of(Master.invalid(what));
        state = State.ERROR;
    }

    private List<RoleMessage> onFailed(Failed failed) {
        options.log().log(Level.WARN, "the master answers " + failed.code() + ": " + failed.text());
        failure = Optional.of(failed);
        round = Optional.empty();
        if (failed.code() == ErrorCode.SCHEMA_MISMATCH) {
            state = mend(failed) ? State.INIT : State.ERROR;
        } else if (failed.code() != ErrorCode.INVALID_STATE || state != State.LIVE) {
            state = State.ERROR;
        }
        return List.of();
    }

    /** Whether it is worth greeting the master again. */
    private boolean mend(Failed mismatch) {
        mayDifferAnywhere = true;
        if (options.onSchemaMismatch().isPresent()) {
            var isMended = options.onSchemaMismatch()
                    .get()
                    .onMismatch(mismatch.schema(), tables.fingerprint(), mismatch.ddl());
            store.schemaChanged();
            return isMended;
        }
        if (mismatch.ddl().isEmpty()) {
            return false;
        }
        try {
            new SchemaAdoption(store, options).adopt(mismatch.ddl());
            return true;
        } catch (SchemaException e) {
            options.log().log(Level.ERROR, "the master's schema can't be taken over: " + e.getMessage());
            return false;
        }
    }

    // ---- subscriptions ----------------------------------------------------------------------------------------------

    /**
     * Follows the result of a query: reported once when the replica is live, and whenever a message has changed it.
     *
     * @param sql in the dialect of {@link Transpiler}
     * @throws QueryException if it does not compile, or writes; nothing is run
     */
    public SubscriptionId subscribe(String sql, Consumer<Report> subscriber) {
        return subscriptions.subscribe(Transpiler.toSql(sql), subscriber);
    }

    /** Ends a subscription. Harmless if there is none of this id. */
    public void unsubscribe(SubscriptionId id) {
        subscriptions.unsubscribe(id);
    }

    // ---- predictions ------------------------------------------------------------------------------------------------

    /**
     * Begins to write what the master is expected to say; the connection is inside a transaction from now on.
     *
     * @throws InvalidState if there is a prediction already
     */
    public void beginPrediction() {
        prediction.begin();
    }

    /**
     * Ends drafting. The next message, whatever it is, takes the prediction back first.
     *
     * @throws InvalidState if none is being drafted
     */
    public void commitPrediction() {
        prediction.commit();
    }

    /**
     * Takes the prediction back.
     *
     * @throws InvalidState if there is none
     */
    public void rollbackPrediction() {
        prediction.rollback();
        mayDifferAnywhere = true;
    }

    /** Ends the role, and takes a prediction back. */
    @Override
    public void close() {
        prediction.undo();
        store.removeListener(listener);
        subscriptions.close();
    }
}
