package io.merklite.cluster.sql;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.InstantSource;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.LongSupplier;

/**
 * A connection on which requests of many streams run, one run after the other.
 *
 * <p><b>Threading.</b> Not thread-safe: confined to the owner of the connection. Blocks on disk.
 */
public final class SqlLane implements AutoCloseable {
    private final SqlStatements statements;
    private final SqlLimits limits;
    private final InstantSource clock;
    private final Owner owner;

    /** Whose connection it is. */
    private sealed interface Owner {
        record Reader(LongSupplier commitCount) implements Owner {}

        record Writer(WriterTransaction transaction) implements Owner {}
    }

    private SqlLane(Connection connection, SqlLimits limits, InstantSource clock, Owner owner) throws SQLException {
        this.statements = new SqlStatements(connection, clock);
        this.limits = limits;
        this.clock = clock;
        this.owner = owner;
    }

    /**
     * The writer's connection.
     *
     * @param connection in autocommit mode; it stays the caller's
     */
    public static SqlLane writing(
            Connection connection, WriterTransaction transaction, SqlLimits limits, InstantSource clock)
            throws SQLException {
        return new SqlLane(connection, limits, clock, new Owner.Writer(transaction));
    }

    /**
     * A connection that reads beside the writer.
     *
     * @param connection in autocommit mode, with {@code PRAGMA query_only} on; it stays the caller's
     * @param commitCount as {@link WriterTransaction#commitCount}; thread-safe
     */
    public static SqlLane reading(
            Connection connection, LongSupplier commitCount, SqlLimits limits, InstantSource clock)
            throws SQLException {
        return new SqlLane(connection, limits, clock, new Owner.Reader(commitCount));
    }

    /**
     * Requests that only read. A stream that {@linkplain SqlStreamState#isReading reads} in a transaction must come back
     * to the connection that it began on.
     *
     * @param isReadOnly whether a statement that writes fails, rather than moves
     */
    public SqlRun read(List<SqlRequest> requests, SqlStreamState state, boolean isReadOnly) {
        if (!(owner instanceof Owner.Reader reader)) {
            throw new IllegalStateException("requests that only read, on the writer's connection");
        }
        var plan = SqlPlan.of(requests, state);
        var transactions =
                new ReaderTransactions(statements, state.facts(), reader.commitCount(), plan.writingKind(), isReadOnly);
        return new SqlRun(plan, state, statements, transactions, limits, clock);
    }

    /**
     * To be called when the owner has begun the transaction of a group, before the first {@link #group} in it: the schema does
     * not change in there.
     */
    public void beginGroup() {
        writer();
        try {
            statements.followSchema();
        } catch (SQLException e) {
            throw new SqlFault("following the schema", e);
        }
    }

    /**
     * Requests that share a transaction of the writer with others, which the owner has begun and will commit. The stream is
     * in autocommit. If COMMIT fails, or the run is {@linkplain SqlRun.Progress.Lost lost}, all runs of the group run
     * again, each exclusively.
     *
     * @param plan of the requests
     */
    public SqlRun group(SqlPlan plan, SqlStreamState state, boolean isReadOnly) {
        writer();
        var transactions = new GroupTransactions(statements, state.facts(), plan.statementCount() > 1, isReadOnly);
        return new SqlRun(plan, state, statements, transactions, limits, clock);
    }

    /**
     * Requests that have the writer's connection for themselves, until the run has finished and, if the stream is {@linkplain
     * SqlStreamState#isWriting writing} then, until its transaction has ended.
     */
    public SqlRun exclusive(List<SqlRequest> requests, SqlStreamState state, boolean isReadOnly) {
        var transactions = new ExclusiveTransactions(statements, state.facts(), writer(), isReadOnly);
        return new SqlRun(SqlPlan.of(requests, state), state, statements, transactions, limits, clock);
    }

    private WriterTransaction writer() {
        if (!(owner instanceof Owner.Writer writer)) {
            throw new IllegalStateException("requests that may write, on a reader's connection");
        }
        return writer.transaction();
    }

    /**
     * From now on statements are interrupted when {@code isCancelled} says so.
     *
     * @param isCancelled asked often while a statement runs, on its thread
     */
    public void cancelWhen(BooleanSupplier isCancelled) {
        statements.cancelWhen(isCancelled);
    }

    /** Closes what was prepared; the connection stays open. */
    @Override
    public void close() throws SQLException {
        statements.close();
    }
}
