package io.merklite.client.jdbc;

import io.merklite.client.ClientException;
import io.merklite.client.Result;
import io.merklite.client.SqlStatement;
import io.merklite.client.TransactionMode;
import io.merklite.client.hrana.AtomicBatch;
import io.merklite.client.hrana.SqlStream;
import io.merklite.client.hrana.SqlStream.Effect;
import io.merklite.client.hrana.StreamAnswer;
import io.merklite.client.hrana.StreamRequest;
import io.merklite.client.hrana.StreamRequest.Autocommit;
import io.merklite.client.hrana.StreamRequest.Batch;
import io.merklite.client.hrana.StreamRequest.Close;
import io.merklite.client.hrana.StreamRequest.Describe;
import io.merklite.client.hrana.StreamRequest.Execute;
import io.merklite.client.hrana.StreamRequest.Sequence;
import io.merklite.client.hrana.StreamRequest.Step;
import io.merklite.client.http.NodeHttp;
import io.merklite.client.sql.SqlText;
import io.merklite.client.sql.SqlText.Kind;
import java.sql.SQLException;
import java.sql.SQLNonTransientException;
import java.sql.SQLTransactionRollbackException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a connection has at a node: nothing, or a stream with a transaction.
 *
 * <p><b>Invariants.</b> (1) With autocommit off, BEGIN goes along with the first statement, and nothing runs outside of a
 * transaction but PRAGMA. (2) When a transaction is lost, every statement fails until a rollback, so that none of its rest
 * is committed alone. (3) A stream is kept only for a transaction. (4) A value of {@code PRAGMA
 * foreign_keys} that was set holds for every stream after it. (5) {@code last_insert_rowid()} and {@code changes()} tell of the
 * connection's last write, wherever it ran.
 *
 * <p><b>Threading.</b> For one thread at a time. Blocks on the network.
 */
final class Session {
    private final NodeHttp http;
    private final JdbcUrl.Beginning beginning;
    private SqlStream stream;
    private Optional<RowSource.Streamed> reading = Optional.empty();
    private Optional<SqlStatement> foreignKeys = Optional.empty();
    private boolean isAutoCommit = true;
    private boolean isReadOnly;
    private boolean isInTransaction;
    private boolean isLost;
    private LastWrite lastWrite = LastWrite.NONE;

    Session(NodeHttp http, JdbcUrl.Beginning beginning) {
        this.http = http;
        this.beginning = beginning;
        this.stream = new SqlStream(http);
    }

    boolean isAutoCommit() {
        return isAutoCommit;
    }

    boolean isReadOnly() {
        return isReadOnly;
    }

    void setReadOnly(boolean readOnly) throws SQLException {
        if (isInTransaction && readOnly != isReadOnly) {
            throw new SQLException("read-only can't be changed within a transaction", SqlStates.TRANSACTION_FAILED);
        }
        isReadOnly = readOnly;
    }

    // ---- statements -------------------------------------------------------------------------------------------------

    /** Runs a statement, and has all of its result. */
    Result execute(SqlStatement statement, SqlText text, Running running) throws SQLException {
        prepare(text);
        var begin = begin(text);
        var keeps = keeps(text, begin);
        var known = keeps ? Optional.<Result>empty() : lastWrite.asked(statement.sql());
        if (known.isPresent()) {
            return known.get();
        }
        var resolved = keeps || text.kind() == Kind.OTHER ? statement : lastWrite.resolved(statement, text);
        var requests = opening();
        requests.add(begin.<StreamRequest>map(sql -> new Batch(List.of(Step.always(sql), Step.after(0, statement))))
                .orElseGet(() -> new Execute(resolved)));
        var answers = run(requests, keeps, effect(text, begin), text, running);
        var answer = answers.get(requests.size() - 2);
        var result = begin.isPresent() ? second(answer) : checked(() -> AtomicBatch.executed(answer));
        if (text.kind() == Kind.WRITE) {
            lastWrite = lastWrite.then(result);
        }
        if (text.isSetting("FOREIGN_KEYS")) {
            foreignKeys = Optional.of(statement);
        }
        return result;
    }

    private static Result second(StreamAnswer answer) throws SQLException {
        return checked(() -> {
            var outcomes = AtomicBatch.outcomes(answer);
            AtomicBatch.ran(outcomes.getFirst(), 0);
            return AtomicBatch.ran(outcomes.getLast(), 0);
        });
    }

    private interface Reading<T> {
        T read();
    }

    private static <T> T checked(Reading<T> reading) throws SQLException {
        try {
            return reading.read();
        } catch (ClientException e) {
            throw SqlStates.of(e);
        }
    }

    /** Runs a statement whose rows are read as they come. */
    RowSource.Streamed open(SqlStatement statement, SqlText text, Running running) throws SQLException {
        prepare(text);
        var begin = begin(text);
        var keeps = keeps(text, begin);
        List<Step> steps = new ArrayList<>();
        if (!stream.isOpen()) {
            foreignKeys.ifPresent(pragma -> steps.add(new Step(pragma, Optional.empty())));
        }
        begin.ifPresent(sql -> steps.add(Step.always(sql)));
        steps.add(begin.map(sql -> Step.after(steps.size() - 1, statement))
                .orElseGet(() -> new Step(statement, Optional.empty())));
        var used = stream;
        try {
            var cursor = running.await(used.open(new Batch(steps), effect(text, begin)));
            isInTransaction |= begin.isPresent();
            var rows = new RowSource.Streamed(used, cursor, running, steps.size() - 1, keeps);
            reading = keeps ? Optional.of(rows) : Optional.empty();
            rows.begin();
            return rows;
        } catch (SQLException e) {
            lostIf(e);
            throw e;
        } finally {
            if (!keeps) {
                stream = new SqlStream(http);
            }
        }
    }

    /** Runs all statements of a text; rows are thrown away. */
    void sequence(String sql, SqlText text, Running running) throws SQLException {
        prepare(text);
        var begin = begin(text);
        var requests = opening();
        begin.ifPresent(statement -> requests.add(new Execute(SqlStatement.of(statement))));
        requests.add(new Sequence(sql));
        var effect = isInTransaction || begin.isPresent() ? Effect.UNCOMMITTED : Effect.COMMITS_SEVERAL;
        // Whether it leaves a transaction open is known only afterwards, so the stream is kept until then.
        var answers = run(requests, true, effect, text, running);
        for (var answer : answers) {
            if (answer instanceof StreamAnswer.Failed failed) {
                throw SqlStates.of(failed.error().at(0));
            }
        }
    }

    /**
     * Runs statements in order, up to the first that fails; with autocommit on, in a transaction of their own.
     *
     * @param done gets the results of those that have run
     */
    void batch(List<SqlStatement> statements, SqlText text, Running running, List<Result> done) throws SQLException {
        prepare(text);
        if (isReadOnly) {
            for (var statement : statements) {
                requireReading(SqlText.of(statement.sql()));
            }
        }
        var chunks = BatchChunks.of(statements);
        if (isAutoCommit && !isInTransaction && chunks.size() == 1) {
            var batch = new AtomicBatch(TransactionMode.WRITE.sql(), statements);
            var requests = opening();
            requests.add(batch.request());
            var answers = run(requests, false, Effect.COMMITS_ONCE, text, running);
            done.addAll(checked(() -> batch.results(answers.get(requests.size() - 2))));
            return;
        }
        var isOwn = isAutoCommit && !isInTransaction;
        if (isOwn) {
            execute(SqlStatement.of(TransactionMode.WRITE.sql()), SqlText.of("BEGIN"), running);
        }
        try {
            for (var chunk : chunks) {
                chunk(chunk, text, running, done);
            }
        } catch (SQLException e) {
            if (isOwn && isInTransaction) {
                rollback(running);
            }
            throw e;
        }
        if (isOwn) {
            commit(running);
        }
    }

    private void chunk(List<SqlStatement> statements, SqlText text, Running running, List<Result> done)
            throws SQLException {
        List<Step> steps = new ArrayList<>();
        var begin = begin(text);
        begin.ifPresent(sql -> steps.add(Step.always(sql)));
        for (var statement : statements) {
            steps.add(
                    steps.isEmpty() ? new Step(statement, Optional.empty()) : Step.after(steps.size() - 1, statement));
        }
        var requests = opening();
        requests.add(new Batch(steps));
        var answers = run(requests, true, Effect.UNCOMMITTED, text, running);
        var outcomes = checked(() -> AtomicBatch.outcomes(answers.get(requests.size() - 2)));
        for (var step = 0; step < steps.size(); step++) {
            var index = step;
            var result = checked(() -> AtomicBatch.ran(outcomes.get(index), index));
            if (begin.isEmpty() || step > 0) {
                done.add(result);
            }
        }
    }

    /** What a statement is; nothing is run. */
    StreamAnswer.Described describe(String sql, Running running) throws SQLException {
        requireNoReading();
        List<StreamRequest> requests = new ArrayList<>(List.of(new Describe(sql)));
        var answers = stream.isOpen()
                ? run(requests, true, Effect.NONE, SqlText.of(sql), running)
                : running.await(new SqlStream(http).run(List.of(new Describe(sql), Close.CLOSE), Effect.NONE));
        return switch (answers.getFirst()) {
            case StreamAnswer.Described described -> described;
            case StreamAnswer.Failed failed -> throw SqlStates.of(failed.error().at(0));
            default -> throw SqlStates.of(new ClientException.Malformed("no description of a statement"));
        };
    }

    /** Reads beside what the connection does: within its transaction if there is one, which it does not begin. */
    Result look(SqlStatement statement, Running running) throws SQLException {
        if (isInTransaction) {
            return execute(statement, SqlText.of(statement.sql()), running);
        }
        var answers = running.await(new SqlStream(http).run(List.of(new Execute(statement), Close.CLOSE), Effect.NONE));
        return checked(() -> AtomicBatch.executed(answers.getFirst()));
    }

    // ---- the stream -------------------------------------------------------------------------------------------------

    private void prepare(SqlText text) throws SQLException {
        if (isLost) {
            throw new SQLNonTransientException(
                    "the transaction was lost: roll back before anything else", SqlStates.TRANSACTION_FAILED);
        }
        requireReading(text);
        requireNoReading();
    }

    private void requireReading(SqlText text) throws SQLException {
        if (isReadOnly && (text.kind() == Kind.WRITE || text.kind() == Kind.OTHER)) {
            throw new SQLNonTransientException("the connection is read-only", SqlStates.READ_ONLY);
        }
    }

    private void requireNoReading() throws SQLException {
        if (reading.isPresent()) {
            var rows = reading.get();
            reading = Optional.empty();
            rows.buffer();
        }
    }

    private List<StreamRequest> opening() {
        List<StreamRequest> requests = new ArrayList<>();
        if (!stream.isOpen()) {
            foreignKeys.ifPresent(pragma -> requests.add(new Execute(pragma)));
        }
        return requests;
    }

    /** The BEGIN that is due before a statement. */
    private Optional<String> begin(SqlText text) {
        if (isAutoCommit || isInTransaction) {
            return Optional.empty();
        }
        return switch (text.kind()) {
            case PRAGMA, BEGIN, COMMIT, ROLLBACK, EMPTY -> Optional.empty();
            case READ, WRITE, SAVEPOINT, OTHER -> Optional.of(mode(text).sql());
        };
    }

    private TransactionMode mode(SqlText text) {
        if (isReadOnly) {
            return TransactionMode.READ;
        }
        return switch (beginning) {
            case IMMEDIATE -> TransactionMode.WRITE;
            case DEFERRED -> TransactionMode.DEFERRED;
            case AUTO -> text.kind() == Kind.READ ? TransactionMode.DEFERRED : TransactionMode.WRITE;
        };
    }

    private boolean keeps(SqlText text, Optional<String> begin) {
        return isInTransaction || begin.isPresent() || text.kind() == Kind.BEGIN || text.kind() == Kind.SAVEPOINT;
    }

    private Effect effect(SqlText text, Optional<String> begin) {
        var endsTransaction = text.kind() == Kind.COMMIT || text.hasWord("RELEASE");
        if ((isInTransaction || begin.isPresent()) && !endsTransaction) {
            return Effect.UNCOMMITTED;
        }
        return text.isReading() ? Effect.NONE : Effect.COMMITS_ONCE;
    }

    private List<StreamAnswer> run(
            List<StreamRequest> requests, boolean keeps, Effect effect, SqlText text, Running running)
            throws SQLException {
        requests.add(keeps ? Autocommit.AUTOCOMMIT : Close.CLOSE);
        var wasInTransaction = isInTransaction;
        try {
            var answers = running.await(stream.run(requests, effect));
            if (keeps && answers.getLast() instanceof StreamAnswer.AutocommitIs state) {
                isInTransaction = !state.isAutocommit();
            }
            var wasEnded = text.kind() == Kind.COMMIT || text.kind() == Kind.ROLLBACK || text.hasWord("RELEASE");
            if (wasInTransaction && !isInTransaction && !wasEnded && !isAutoCommit) {
                isLost = true;
            }
            if (!isInTransaction) {
                release();
            }
            return answers;
        } catch (SQLException e) {
            lostIf(e);
            throw e;
        }
    }

    /** A stream that failed is over, and its transaction with it. */
    private void lostIf(SQLException failure) {
        if (failure.getCause() instanceof ClientException.StatementFailed && stream.isOpen()) {
            return;
        }
        if (isInTransaction && !isAutoCommit) {
            isLost = true;
        }
        isInTransaction = false;
        reading = Optional.empty();
        stream = new SqlStream(http);
    }

    /** Gives the stream back to the node, without waiting for that. */
    private void release() {
        if (stream.isOpen()) {
            var unused = stream.close();
        }
        stream = new SqlStream(http);
    }

    // ---- transactions -----------------------------------------------------------------------------------------------

    void setAutoCommit(boolean autoCommit, Running running) throws SQLException {
        if (autoCommit && !isAutoCommit) {
            commit(running);
        }
        isAutoCommit = autoCommit;
    }

    void commit(Running running) throws SQLException {
        if (isLost) {
            isLost = false;
            throw new SQLTransactionRollbackException("the transaction was lost, nothing of it is committed", "40001");
        }
        requireNoReading();
        if (!isInTransaction) {
            return;
        }
        var commit = SqlText.of("COMMIT");
        List<StreamRequest> requests = new ArrayList<>();
        requests.add(new Execute(SqlStatement.of("COMMIT")));
        try {
            var answers = run(requests, false, Effect.COMMITS_ONCE, commit, running);
            checked(() -> AtomicBatch.executed(answers.getFirst()));
        } finally {
            // With the stream closed a COMMIT that failed is rolled back.
            isLost = false;
            isInTransaction = false;
            release();
        }
    }

    void rollback(Running running) throws SQLException {
        isLost = false;
        requireNoReading();
        if (!isInTransaction) {
            return;
        }
        var requests = new ArrayList<StreamRequest>();
        requests.add(new Execute(SqlStatement.of("ROLLBACK")));
        try {
            run(requests, false, Effect.UNCOMMITTED, SqlText.of("ROLLBACK"), running);
        } catch (SQLTransactionRollbackException e) {
            // That it was undone by the node is what was wanted.
            isLost = false;
        } finally {
            isInTransaction = false;
            release();
        }
    }

    /** Rolls back, and forgets what was set. */
    void close() {
        if (stream.isOpen()) {
            var unused = stream.close();
        }
        stream = new SqlStream(http);
    }
}
