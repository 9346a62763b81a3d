package io.merklite.cluster.sql;

import io.merklite.cluster.sql.SqlStreamState.Facts;
import io.merklite.cluster.sql.SqlStreamState.Phase;
import io.merklite.schema.text.SqlNames;
import java.sql.SQLException;

/**
 * Transactions that have the writer's connection for themselves: real ones, committed by the owner. A statement that
 * writes outside of one gets one of its own.
 */
final class ExclusiveTransactions extends StreamTransactions {
    private final WriterTransaction transaction;
    /** Whether the transaction that is open belongs to one statement. */
    private boolean isOwn;

    ExclusiveTransactions(SqlStatements statements, Facts facts, WriterTransaction transaction, boolean isReadOnly) {
        super(statements, facts, isReadOnly);
        this.transaction = transaction;
    }

    @Override
    void start() throws SQLException {
        statements.followSchema();
    }

    @Override
    void before(AnalysedStatement statement) throws SqlFailure, SQLException {
        if (facts.isAutocommit()) {
            if (statement.kind().writes()) {
                transaction.begin(facts.foreignKeys());
                isOwn = true;
            }
            return;
        }
        beginForReal();
        if (statement.kind() == AnalysedStatement.Kind.DEFER_FOREIGN_KEYS) {
            facts = facts.deferringForeignKeys(statement.isSwitchedOn().orElse(false));
        }
    }

    /** A transaction that was begun elsewhere, or not for real yet, goes on here. */
    private void beginForReal() throws SqlFailure, SQLException {
        if (facts.phase() == Phase.WRITING) {
            return;
        }
        transaction.begin(facts.foreignKeys());
        if (facts.phase() == Phase.READING && transaction.commitCount() != facts.snapshot()) {
            transaction.rollback();
            facts = facts.with(Phase.STALE);
            throw new SqlFailure(SqlErrors.STALE);
        }
        facts = facts.with(Phase.WRITING);
        for (var savepoint : facts.savepoints()) {
            statements.run("SAVEPOINT " + SqlNames.quote(savepoint));
        }
    }

    @Override
    void changeSchema(AnalysedStatement statement) throws SQLException {
        statements.clear();
        try {
            transaction.changeSchema(statement.sql(), statement.isAlter());
        } finally {
            statements.followSchema();
        }
    }

    @Override
    Next succeeded(AnalysedStatement statement) throws SqlFailure, SQLException {
        if (!isOwn) {
            return Next.GO_ON;
        }
        refuseOrphans();
        return Next.COMMIT;
    }

    @Override
    Next failed(Failure failure, boolean isMarked) throws SQLException {
        if (facts.phase() != Phase.WRITING && !isOwn) {
            return Next.GO_ON;
        }
        if (!statements.isTransactionOpen()) {
            transaction.rolledBack();
            isOwn = false;
            facts = facts.ended();
        } else if (isOwn) {
            // A conflict of the kind FAIL keeps the rows before it, and SQLite would commit them now.
            if (failure == Failure.BY_SQLITE && !hasOrphans()) {
                return Next.COMMIT;
            }
            isOwn = false;
            transaction.rollback();
        } else if (isMarked) {
            unmark(failure);
            transaction.rolledBack();
        }
        statements.followSchema();
        return Next.GO_ON;
    }

    @Override
    void finish() {}

    @Override
    void undo() throws SQLException {
        if (isOwn || facts.phase() == Phase.WRITING) {
            isOwn = false;
            transaction.rollback();
            facts = facts.ended();
        }
    }

    @Override
    void committed() {
        isOwn = false;
        facts = facts.ended();
    }

    @Override
    boolean isShared() {
        return false;
    }

    @Override
    boolean mayPause() {
        return true;
    }

    @Override
    void runOnSavepoint(String verb, String quotedName) throws SQLException {
        statements.run(verb + quotedName);
        if (verb.startsWith("ROLLBACK")) {
            transaction.rolledBack();
            statements.followSchema();
        }
    }

    @Override
    void begin(boolean isImmediate) throws SQLException {
        if (isImmediate) {
            transaction.begin(facts.foreignKeys());
        }
        facts = facts.with(isImmediate ? Phase.WRITING : Phase.DEFERRED);
    }

    @Override
    Next commit() throws SqlFailure, SQLException {
        if (facts.phase() != Phase.WRITING) {
            facts = facts.ended();
            return Next.GO_ON;
        }
        refuseOrphans();
        return Next.COMMIT;
    }

    private void refuseOrphans() throws SqlFailure, SQLException {
        refuseIf(hasOrphans(), SqlErrors.DEFERRED_FOREIGN_KEY);
    }

    /** SQLite would find them at COMMIT, but then the log has the transaction already. */
    private boolean hasOrphans() throws SQLException {
        var isDeferred = facts.defersForeignKeys() || statements.hasDeferredForeignKeys();
        return facts.foreignKeys() && isDeferred && statements.violatesForeignKeys();
    }

    @Override
    void rollback() throws SQLException {
        if (facts.phase() == Phase.WRITING) {
            transaction.rollback();
            statements.followSchema();
        }
    }
}
