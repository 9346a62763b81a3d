package io.merklite.cluster.sql;

import io.merklite.cluster.sql.SqlStreamState.Facts;
import io.merklite.cluster.sql.SqlStreamState.Phase;
import java.sql.SQLException;
import java.util.function.LongSupplier;

/**
 * Transactions that read: the snapshot is taken by the first read. A statement that writes fails on this connection, and
 * the run moves to the writer.
 */
final class ReaderTransactions extends StreamTransactions {
    private final LongSupplier commitCount;
    private final SqlPlan.Kind writingKind;

    ReaderTransactions(
            SqlStatements statements,
            Facts facts,
            LongSupplier commitCount,
            SqlPlan.Kind writingKind,
            boolean isReadOnly) {
        super(statements, facts, isReadOnly);
        this.commitCount = commitCount;
        this.writingKind = writingKind;
    }

    @Override
    void start() {}

    @Override
    void before(AnalysedStatement statement) throws LaneLeft, SQLException {
        if (statement.kind().writes()) {
            move();
        }
        if (facts.phase() == Phase.DEFERRED) {
            // Counted before the snapshot: a commit between the two makes a later write fail, never succeed wrongly.
            var count = commitCount.getAsLong();
            statements.run("BEGIN");
            facts = facts.reading(count);
        }
    }

    @Override
    void changeSchema(AnalysedStatement statement) {
        throw new IllegalStateException("a change of schema on a reader's connection");
    }

    @Override
    Next succeeded(AnalysedStatement statement) {
        return Next.GO_ON;
    }

    @Override
    void consider(SQLException failure) throws LaneLeft {
        if (SqlErrors.isReadOnly(failure) && !isReadOnly()) {
            move();
        }
    }

    private void move() throws LaneLeft {
        throw new LaneLeft(new SqlRun.Progress.Moves(writingKind));
    }

    @Override
    Next failed(Failure failure, boolean isMarked) throws SQLException {
        if (facts.phase() == Phase.READING && !statements.isTransactionOpen()) {
            facts = facts.ended(); // SQLite has ended it for a failure of the disk
        }
        return Next.GO_ON;
    }

    @Override
    void finish() {}

    @Override
    void undo() throws SQLException {
        if (facts.phase() == Phase.READING) {
            statements.run("ROLLBACK");
        }
    }

    @Override
    boolean isShared() {
        return true;
    }

    @Override
    boolean mayPause() {
        return true;
    }

    @Override
    void runOnSavepoint(String verb, String quotedName) {
        throw new IllegalStateException("a savepoint of a transaction that writes, on a reader's connection");
    }

    @Override
    void begin(boolean isImmediate) throws LaneLeft {
        if (isImmediate) {
            move();
        }
        facts = facts.with(Phase.DEFERRED);
    }

    @Override
    Next commit() throws SQLException {
        rollback();
        facts = facts.ended();
        return Next.GO_ON;
    }

    @Override
    void rollback() throws SQLException {
        if (facts.phase() == Phase.READING) {
            statements.run("COMMIT");
        }
    }
}
