package io.merklite.cluster.sql;

import io.merklite.cluster.sql.SqlStreamState.Facts;
import io.merklite.cluster.sql.SqlStreamState.Phase;
import java.sql.SQLException;

/**
 * Transactions inside of one that the owner commits for many: each is a savepoint.
 *
 * <p>Savepoints, from the outside: that of the run, if it has several statements; that of the client's transaction; the
 * client's own.
 */
final class GroupTransactions extends StreamTransactions {
    private final boolean needsUndo;
    private boolean hasStarted;

    GroupTransactions(SqlStatements statements, Facts facts, boolean needsUndo, boolean isReadOnly) {
        super(statements, facts, isReadOnly);
        this.needsUndo = needsUndo;
    }

    @Override
    void start() throws SQLException {
        if (needsUndo) {
            statements.run("SAVEPOINT _merklite_run");
            hasStarted = true;
        }
    }

    @Override
    void before(AnalysedStatement statement) throws LaneLeft {
        var writesRows = statement.kind() == AnalysedStatement.Kind.WRITE;
        var isAlone = (statement.kind().writes() && !writesRows)
                || statement.mayRollBack()
                // What is enforced only at COMMIT would fail the whole group there.
                || (writesRows && (!facts.foreignKeys() || statements.hasDeferredForeignKeys()));
        if (isAlone) {
            throw new LaneLeft(new SqlRun.Progress.Moves(SqlPlan.Kind.EXCLUSIVE));
        }
    }

    @Override
    void changeSchema(AnalysedStatement statement) {
        throw new IllegalStateException("a change of schema in a group");
    }

    @Override
    Next succeeded(AnalysedStatement statement) {
        return Next.GO_ON;
    }

    @Override
    Next failed(Failure failure, boolean isMarked) throws LaneLeft, SQLException {
        if (!statements.isTransactionOpen()) {
            throw new LaneLeft(SqlRun.Progress.Lost.LOST);
        }
        if (isMarked) {
            unmark(failure);
        }
        return Next.GO_ON;
    }

    @Override
    void finish() throws LaneLeft, SQLException {
        if (!facts.isAutocommit()) {
            throw new LaneLeft(new SqlRun.Progress.Moves(SqlPlan.Kind.EXCLUSIVE));
        }
        if (hasStarted) {
            statements.run("RELEASE _merklite_run");
        }
    }

    @Override
    void undo() throws SQLException {
        if (hasStarted) {
            statements.run("ROLLBACK TO _merklite_run");
            statements.run("RELEASE _merklite_run");
        }
    }

    @Override
    boolean isShared() {
        return false;
    }

    @Override
    boolean mayPause() {
        return false;
    }

    @Override
    void runOnSavepoint(String verb, String quotedName) throws SQLException {
        statements.run(verb + quotedName);
    }

    @Override
    void begin(boolean isImmediate) throws SQLException {
        statements.run("SAVEPOINT _merklite_transaction");
        facts = facts.with(Phase.WRITING);
    }

    @Override
    Next commit() throws SQLException {
        statements.run("RELEASE _merklite_transaction");
        facts = facts.ended();
        return Next.GO_ON;
    }

    @Override
    void rollback() throws SQLException {
        statements.run("ROLLBACK TO _merklite_transaction");
        statements.run("RELEASE _merklite_transaction");
    }
}
