package io.merklite.cluster.sql;

import io.merklite.cluster.sql.AnalysedStatement.Kind;
import io.merklite.cluster.sql.StreamTransactions.Failure;
import io.merklite.cluster.sql.StreamTransactions.Next;
import io.merklite.query.subscribe.SqlValue;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Requests of a stream under way on a connection. It stops wherever its owner has something to do, and is advanced again
 * after that: so nothing waits inside of it.
 *
 * <pre>{@code
 * while (true) {
 *     switch (run.advance()) {
 *         case Finished finished -> { answer(finished.responses()); return; }
 *         case Committing committing -> { log(stamp()); commit(); run.committed(); }
 *         case Moves moves -> …   // run the requests anew in that lane
 *         case Lost lost -> …     // run all requests of the group anew, each exclusively
 *         case Fetched page -> …  // only after fetch
 *     }
 * }
 * }</pre>
 *
 * <p>A single batch may be read as a cursor instead, by {@link #fetch}; then its entries are not gathered.
 *
 * <p><b>Invariants.</b> (1) No statement runs between {@code Committing} and {@link #committed} or {@link #commitFailed}.
 * (2) The stream's state changes when the run has finished, and only then. (3) A run that moved has left nothing behind.
 *
 * <p><b>Threading.</b> Not thread-safe: confined to the owner of the connection. Blocks on disk.
 */
public final class SqlRun {
    private static final SqlStatement NO_ARGUMENTS = new SqlStatement("", List.of(), List.of(), false);

    /** Where a run has stopped. */
    public sealed interface Progress {
        /**
         * It is done.
         *
         * @param responses one for each request
         */
        record Finished(List<SqlResponse> responses) implements Progress {
            public Finished {
                responses = List.copyOf(responses);
            }
        }

        /** Entries of a cursor. If they are the last, the run is done. */
        record Fetched(SqlCursor.Page page) implements Progress {}

        /** The owner must commit the writer's transaction, and say how that went. */
        enum Committing implements Progress {
            COMMITTING
        }

        /**
         * It belongs into another lane. What it did is undone, and the stream is as it was.
         *
         * @param kind where it must run, from the start
         */
        record Moves(SqlPlan.Kind kind) implements Progress {}

        /** SQLite has rolled back the transaction of the whole group. */
        enum Lost implements Progress {
            LOST
        }
    }

    private enum Phase {
        NEW,
        RUNNING,
        COMMITTING,
        ENDED
    }

    private final List<SqlPlan.Planned> requests;
    private final SqlStreamState state;
    private final SqlStatements statements;
    private final StreamTransactions transactions;
    private final SqlLimits limits;
    private final InstantSource clock;
    private final List<SqlResponse> responses = new ArrayList<>();
    private final boolean wasTakenAway;
    private Phase phase = Phase.NEW;
    private @Nullable CursorPages pages;

    // The request that is under way.
    private int item;
    private final List<StepOutcome> outcomes = new ArrayList<>();
    private long responseBytes;
    private boolean hasToldTakenAway;

    // The statement that is under way.
    private @Nullable AnalysedStatement statement;
    private @Nullable RunningStatement running;
    private boolean wantsRows;
    private boolean isMarked;
    private final List<List<SqlValue>> rows = new ArrayList<>();
    private Instant begun = Instant.EPOCH;
    private Duration used = Duration.ZERO;
    private boolean hasRun;
    private @Nullable StepOutcome uncommitted;

    SqlRun(
            SqlPlan plan,
            SqlStreamState state,
            SqlStatements statements,
            StreamTransactions transactions,
            SqlLimits limits,
            InstantSource clock) {
        this.requests = plan.requests();
        this.state = state;
        this.statements = statements;
        this.transactions = transactions;
        this.limits = limits;
        this.clock = clock;
        this.wasTakenAway = state.facts().wasTakenAway();
    }

    /** Goes on. Gives {@code Finished}, {@code Committing}, {@code Moves} or {@code Lost}. */
    public Progress advance() {
        if (pages != null) {
            throw new IllegalStateException("advance of a run that is a cursor");
        }
        return proceed();
    }

    /**
     * Goes on as a cursor, which the requests must be one batch for. Gives {@code Fetched}, {@code Committing}, {@code
     * Moves} or {@code Lost}.
     *
     * <p>In a group it does not stop between rows: all entries are gathered by the first call, or it moves; later calls,
     * also after the group has been committed, hand them out.
     *
     * @param maxEntryCount at least 1
     * @param maxSizeBytes the entry that reaches it is the last of its page
     */
    public Progress fetch(int maxEntryCount, int maxSizeBytes) {
        if (pages == null) {
            if (phase != Phase.NEW || requests.size() != 1 || !(requests.getFirst() instanceof SqlPlan.Planned.Batch)) {
                throw new IllegalStateException("a cursor of a run that has begun, or is no single batch");
            }
            pages = new CursorPages();
        }
        pages.limit(maxEntryCount, maxSizeBytes);
        if (phase == Phase.ENDED) {
            return new Progress.Fetched(pages.take(true));
        }
        return proceed();
    }

    /** The owner has committed. */
    public void committed() {
        var outcome = endCommit();
        transactions.committed();
        settle(outcome);
    }

    /** The owner could not commit, and has rolled back. */
    public void commitFailed(SqlError error) {
        endCommit();
        transactions.committed(); // either way it is over
        settle(new StepOutcome.Failed(error));
    }

    /**
     * While it is {@code Committing}: the responses, if the commit succeeds and what is left of the requests does nothing.
     */
    public List<SqlResponse> responsesIfCommitted() {
        var commit = uncommitted;
        if (phase != Phase.COMMITTING || commit == null) {
            throw new IllegalStateException("a run that is " + phase + ", not committing");
        }
        List<SqlResponse> all = new ArrayList<>(responses);
        for (var request : requests.subList(responses.size(), requests.size())) {
            var isUnderWay = all.size() == responses.size();
            all.add(
                    switch (request) {
                        case SqlPlan.Planned.Batch batch -> {
                            List<StepOutcome> steps = new ArrayList<>(isUnderWay ? outcomes : List.of());
                            if (isUnderWay) {
                                steps.add(commit);
                            }
                            while (steps.size() < batch.steps().size()) {
                                steps.add(StepOutcome.Skipped.SKIPPED);
                            }
                            yield new SqlResponse.BatchDone(steps);
                        }
                        case SqlPlan.Planned.Sequence sequence -> SqlResponse.SequenceDone.SEQUENCE_DONE;
                        case SqlPlan.Planned.Autocommit autocommit -> new SqlResponse.AutocommitIs(true);
                        case SqlPlan.Planned.Describe describe ->
                            new SqlResponse.Refused(
                                    new SqlError("SQL_NOT_RECORDED", "descriptions are not recorded; ask again"));
                    });
        }
        return all;
    }

    private StepOutcome endCommit() {
        var outcome = uncommitted;
        if (phase != Phase.COMMITTING || outcome == null) {
            throw new IllegalStateException("the end of a commit that nobody asked for");
        }
        phase = Phase.RUNNING;
        uncommitted = null;
        return outcome;
    }

    /**
     * Ends it wherever it is: what it did and is not committed is undone, and the stream has no transaction any more.
     * Does nothing after its end.
     */
    public void abandon() throws SQLException {
        if (phase == Phase.ENDED) {
            return;
        }
        phase = Phase.ENDED;
        try {
            if (running != null) {
                running.close();
            }
        } finally {
            statements.disarm();
            transactions.undo();
            state.become(state.facts().ended());
        }
    }

    // ---- the loop ---------------------------------------------------------------------------------------------------

    private Progress proceed() {
        if (phase == Phase.COMMITTING || phase == Phase.ENDED) {
            throw new IllegalStateException("a run that is " + phase + " was advanced");
        }
        try {
            if (phase == Phase.NEW) {
                phase = Phase.RUNNING;
                transactions.start();
            }
            return loop();
        } catch (LaneLeft e) {
            return leave(e.progress());
        } catch (SQLException e) {
            phase = Phase.ENDED;
            throw new SqlFault("running requests", e);
        } finally {
            statements.disarm();
        }
    }

    private Progress loop() throws LaneLeft, SQLException {
        while (true) {
            if (phase == Phase.COMMITTING) {
                return Progress.Committing.COMMITTING;
            }
            if (pages != null && pages.isFull()) {
                if (transactions.mayPause()) {
                    return new Progress.Fetched(pages.take(false));
                }
                if (pages.sizeBytes() > limits.groupedCursorBytes()) {
                    throw new LaneLeft(new Progress.Moves(SqlPlan.Kind.EXCLUSIVE));
                }
            }
            if (running != null) {
                read(running);
            } else if (!startNext()) {
                return finish();
            }
        }
    }

    private Progress finish() throws LaneLeft, SQLException {
        transactions.finish();
        phase = Phase.ENDED;
        var facts = transactions.facts();
        state.become(hasToldTakenAway ? facts.takenAway(false) : facts);
        return pages == null ? new Progress.Finished(responses) : new Progress.Fetched(pages.take(true));
    }

    private Progress leave(Progress progress) {
        phase = Phase.ENDED;
        try {
            if (running != null) {
                running.close();
            }
            if (progress instanceof Progress.Moves) {
                transactions.undo();
            }
            return progress;
        } catch (SQLException e) {
            throw new SqlFault("undoing requests that move to another lane", e);
        }
    }

    // ---- requests ---------------------------------------------------------------------------------------------------

    /** Begins the next statement, or ends a request; false if there are no more requests. */
    private boolean startNext() throws LaneLeft, SQLException {
        if (responses.size() == requests.size()) {
            return false;
        }
        switch (requests.get(responses.size())) {
            case SqlPlan.Planned.Batch batch -> nextStep(batch.steps());
            case SqlPlan.Planned.Sequence sequence -> nextOfSequence(sequence.text());
            case SqlPlan.Planned.Describe describe -> respond(describe(describe.text()));
            case SqlPlan.Planned.Autocommit autocommit ->
                respond(new SqlResponse.AutocommitIs(transactions.facts().isAutocommit()));
        }
        return true;
    }

    private void respond(SqlResponse response) {
        responses.add(response);
        outcomes.clear();
        item = 0;
        responseBytes = 0;
    }

    private void nextStep(List<SqlPlan.Planned.Step> steps) throws LaneLeft, SQLException {
        if (item == steps.size()) {
            respond(new SqlResponse.BatchDone(outcomes));
            return;
        }
        var step = steps.get(item);
        if (!step.step().condition().map(this::holds).orElse(true)) {
            settle(StepOutcome.Skipped.SKIPPED);
            return;
        }
        AnalysedStatement single;
        try {
            single = step.text().single();
        } catch (SqlFailure e) {
            settle(new StepOutcome.Failed(e.error()));
            return;
        }
        start(single, step.step().statement());
    }

    private boolean holds(StepCondition condition) {
        return switch (condition) {
            case StepCondition.Succeeded succeeded -> outcome(succeeded.step()) instanceof StepOutcome.Done;
            case StepCondition.Failed failed -> outcome(failed.step()) instanceof StepOutcome.Failed;
            case StepCondition.Not not -> !holds(not.condition());
            case StepCondition.All all -> all.conditions().stream().allMatch(this::holds);
            case StepCondition.Any any -> any.conditions().stream().anyMatch(this::holds);
            case StepCondition.IsAutocommit isAutocommit -> transactions.facts().isAutocommit();
        };
    }

    private StepOutcome outcome(int step) {
        return step >= 0 && step < outcomes.size() ? outcomes.get(step) : StepOutcome.Skipped.SKIPPED;
    }

    private void nextOfSequence(AnalysedText text) throws LaneLeft, SQLException {
        if (text.refusal().isPresent()) {
            respond(new SqlResponse.Refused(text.refusal().get()));
        } else if (item == text.statements().size()) {
            respond(SqlResponse.SequenceDone.SEQUENCE_DONE);
        } else {
            start(text.statements().get(item), NO_ARGUMENTS);
        }
    }

    private SqlResponse describe(AnalysedText text) throws LaneLeft, SQLException {
        try {
            return new StatementDescription(statements, transactions).of(text.single());
        } catch (SqlFailure e) {
            return new SqlResponse.Refused(e.error());
        }
    }

    // ---- one statement ----------------------------------------------------------------------------------------------

    private void start(AnalysedStatement next, SqlStatement arguments) throws LaneLeft, SQLException {
        statement = next;
        wantsRows = arguments.wantRows();
        begun = clock.instant();
        used = Duration.ZERO;
        hasRun = false;
        try {
            refuse(next);
            switch (next.kind()) {
                case BEGIN, COMMIT, ROLLBACK, SAVEPOINT, RELEASE, ROLLBACK_TO -> control(next);
                case FOREIGN_KEYS -> switchForeignKeys(next);
                case SCHEMA -> changeSchema(next, arguments);
                case PRAGMA, READ, WRITE, DEFER_FOREIGN_KEYS -> execute(next, arguments);
            }
        } catch (SqlFailure e) {
            fail(e.error(), Failure.NOT_RUN);
        } catch (SQLException e) {
            transactions.consider(e);
            fail(SqlErrors.of(e, false), hasRun ? Failure.BY_SQLITE : Failure.NOT_RUN);
        }
    }

    /** What may not run at all. */
    private void refuse(AnalysedStatement next) throws SqlFailure {
        if (wasTakenAway) {
            hasToldTakenAway = true;
            throw new SqlFailure(SqlErrors.TAKEN_AWAY);
        }
        if (next.refusal().isPresent()) {
            throw new SqlFailure(next.refusal().get());
        }
        StreamTransactions.refuseIf(
                transactions.facts().phase() == SqlStreamState.Phase.STALE
                        && next.kind() != Kind.ROLLBACK
                        && next.kind() != Kind.COMMIT,
                SqlErrors.STALE);
        StreamTransactions.refuseIf(
                transactions.isReadOnly() && !next.isExplain() && next.kind().writes(), SqlErrors.READ_ONLY);
    }

    private void control(AnalysedStatement next) throws SqlFailure, LaneLeft, SQLException {
        announce(List.of());
        complete(transactions.control(next), nothing());
    }

    private StatementResult nothing() {
        return new StatementResult(List.of(), List.of(), 0, OptionalLong.empty(), 0, 0, micros());
    }

    /** It has no effect inside a transaction. */
    private void switchForeignKeys(AnalysedStatement next) {
        var facts = transactions.facts();
        if (next.isSwitchedOn().isPresent()) {
            if (facts.isAutocommit()) {
                transactions.become(facts.withForeignKeys(next.isSwitchedOn().get()));
            }
            announce(List.of());
            complete(Next.GO_ON, nothing());
            return;
        }
        var columns = List.of(new ResultColumn(next.name(), Optional.empty()));
        announce(columns);
        var row = List.of(SqlValue.of(facts.foreignKeys() ? 1L : 0L));
        collect(row);
        complete(Next.GO_ON, result(columns, 1, 0, OptionalLong.empty()));
    }

    private void changeSchema(AnalysedStatement next, SqlStatement arguments)
            throws SqlFailure, LaneLeft, SQLException {
        SqlParameters.values(next, arguments, next.parameters().size());
        StreamTransactions.refuseIf(
                !next.parameters().isEmpty(), SqlErrors.arguments("a change of schema takes no parameters"));
        transactions.before(next);
        announce(List.of());
        transactions.changeSchema(next);
        complete(transactions.succeeded(next), nothing());
    }

    private void execute(AnalysedStatement next, SqlStatement arguments) throws SqlFailure, LaneLeft, SQLException {
        transactions.before(next);
        statements.arm(limits.statementTime());
        var hasColumns = !statements.prepare(next.sql()).columns().isEmpty();
        if (next.kind() == Kind.WRITE && hasColumns) {
            transactions.mark();
            isMarked = true;
        }
        hasRun = true;
        statements.functions().tellOf(transactions.facts());
        var started = RunningStatement.start(statements, next, arguments, transactions.isShared());
        announce(started.columns());
        running = started;
    }

    /** Reads rows until there are no more, or the page is full. */
    private void read(RunningStatement reading) throws LaneLeft, SQLException {
        var resumed = clock.instant();
        statements.arm(limits.statementTime().minus(used));
        try {
            while (reading.next()) {
                if (wantsRows) {
                    var row = reading.row();
                    count(reading.rowBytes());
                    collect(row);
                    if (pages != null && pages.isFull()) {
                        used = used.plus(Duration.between(resumed, clock.instant()));
                        return;
                    }
                }
            }
            running = null;
            reading.close();
            var changed = reading.affectedRowCount();
            var rowid = reading.lastInsertRowid();
            if (current().isCounted()) {
                transactions.become(transactions.facts().writing(changed, rowid));
            }
            if (isMarked) {
                isMarked = false;
                transactions.release();
            }
            var next = transactions.succeeded(current());
            complete(next, result(reading.columns(), reading.rowCount(), changed, rowid));
        } catch (SqlFailure e) {
            running = null;
            reading.close();
            fail(e.error(), Failure.BY_US);
        } catch (SQLException e) {
            running = null;
            transactions.consider(e);
            fail(SqlErrors.of(e, false), Failure.BY_SQLITE);
        }
    }

    private AnalysedStatement current() {
        if (statement == null) {
            throw new IllegalStateException("no statement is under way");
        }
        return statement;
    }

    private void count(long rowBytes) throws SqlFailure {
        responseBytes += rowBytes;
        StreamTransactions.refuseIf(
                pages == null && responseBytes > limits.responseBytes(), SqlErrors.tooLarge(limits.responseBytes()));
    }

    private void announce(List<ResultColumn> columns) {
        if (pages != null) {
            pages.add(new CursorEntry.StepBegun(item, columns));
        }
    }

    private void collect(List<SqlValue> row) {
        if (!wantsRows) {
            return;
        }
        if (pages != null) {
            pages.add(new CursorEntry.Row(row));
        } else {
            rows.add(row);
        }
    }

    private StatementResult result(List<ResultColumn> columns, long rowCount, long changed, OptionalLong rowid) {
        return new StatementResult(columns, rows, changed, rowid, rowCount, changed, micros());
    }

    private long micros() {
        return Duration.between(begun, clock.instant()).toNanos() / 1_000;
    }

    private void complete(Next next, StatementResult result) {
        end(next, new StepOutcome.Done(result));
    }

    private void fail(SqlError error, Failure failure) throws LaneLeft, SQLException {
        statements.disarm();
        var wasMarked = isMarked;
        isMarked = false;
        end(transactions.failed(failure, wasMarked), new StepOutcome.Failed(error));
    }

    private void end(Next next, StepOutcome outcome) {
        switch (next) {
            case GO_ON -> settle(outcome);
            case COMMIT -> {
                uncommitted = outcome;
                phase = Phase.COMMITTING;
            }
        }
    }

    // ---- outcomes ---------------------------------------------------------------------------------------------------

    private void settle(StepOutcome outcome) {
        rows.clear();
        if (isBatch()) {
            outcomes.add(outcome);
            tell(outcome);
            item++;
            return;
        }
        switch (outcome) {
            case StepOutcome.Failed failed -> respond(new SqlResponse.Refused(failed.error()));
            case StepOutcome.Done done -> item++;
            case StepOutcome.Skipped skipped -> item++;
        }
    }

    private void tell(StepOutcome outcome) {
        if (pages == null) {
            return;
        }
        switch (outcome) {
            case StepOutcome.Done done ->
                pages.add(new CursorEntry.StepEnded(
                        done.result().affectedRowCount(), done.result().lastInsertRowid()));
            case StepOutcome.Failed failed -> pages.add(new CursorEntry.StepFailed(item, failed.error()));
            case StepOutcome.Skipped skipped -> {} // nothing is told of it
        }
    }

    private boolean isBatch() {
        return requests.get(responses.size()) instanceof SqlPlan.Planned.Batch;
    }
}
