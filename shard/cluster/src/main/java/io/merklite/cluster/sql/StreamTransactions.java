package io.merklite.cluster.sql;

import io.merklite.cluster.sql.SqlStreamState.Facts;
import io.merklite.cluster.sql.SqlStreamState.Phase;
import io.merklite.schema.text.SqlNames;
import java.sql.SQLException;

/**
 * What the transactions of a stream are in one lane. What a client may say about them is the same everywhere, and is
 * answered from what we keep track of; only how it is done differs.
 *
 * <p><b>Invariant.</b> {@link #facts} says at each moment what the client must believe, whatever SQLite's own flag is.
 */
abstract sealed class StreamTransactions permits ReaderTransactions, GroupTransactions, ExclusiveTransactions {
    /** What is to be done after a statement. */
    enum Next {
        GO_ON,
        /** The owner must commit. */
        COMMIT
    }

    /** How a statement has failed. */
    enum Failure {
        /** Before it did anything. */
        NOT_RUN,
        /** SQLite has undone it, or what of it must be undone. */
        BY_SQLITE,
        /** It has run, and all of it must be undone. */
        BY_US
    }

    private final boolean isReadOnly;
    protected final SqlStatements statements;
    protected Facts facts;

    StreamTransactions(SqlStatements statements, Facts facts, boolean isReadOnly) {
        this.statements = statements;
        this.facts = facts;
        this.isReadOnly = isReadOnly;
    }

    final Facts facts() {
        return facts;
    }

    final void become(Facts next) {
        facts = next;
    }

    final boolean isReadOnly() {
        return isReadOnly;
    }

    /** Before the first statement of a run. */
    abstract void start() throws SQLException;

    /** Before a statement that is not about transactions. */
    abstract void before(AnalysedStatement statement) throws SqlFailure, LaneLeft, SQLException;

    /** Runs a change of schema. */
    abstract void changeSchema(AnalysedStatement statement) throws LaneLeft, SQLException;

    /** After a statement that has run to its end. */
    abstract Next succeeded(AnalysedStatement statement) throws SqlFailure, SQLException;

    /**
     * After a statement that has failed.
     *
     * @param isMarked whether it was {@linkplain #mark marked}
     */
    abstract Next failed(Failure failure, boolean isMarked) throws LaneLeft, SQLException;

    /** Whether a failure means that the statement belongs into another lane. */
    void consider(SQLException failure) throws LaneLeft {}

    /** After the last statement of a run. */
    abstract void finish() throws LaneLeft, SQLException;

    /** Takes back what the run did, which moves to another lane or is given up. */
    abstract void undo() throws SQLException;

    /** The owner has committed. */
    void committed() {
        throw new IllegalStateException("committed, and nothing was to be");
    }

    /** Whether others commit while a run is under way. */
    abstract boolean isShared();

    /** Whether a run may pause between two rows. */
    abstract boolean mayPause();

    /** The statement that runs can be taken back alone. */
    final void mark() throws SQLException {
        statements.run("SAVEPOINT _merklite_statement");
    }

    final void release() throws SQLException {
        statements.run("RELEASE _merklite_statement");
    }

    /** Ends the mark of a statement that has failed. */
    final void unmark(Failure failure) throws SQLException {
        if (failure == Failure.BY_US) {
            statements.run("ROLLBACK TO _merklite_statement");
        }
        release();
    }

    // ---- statements about transactions ------------------------------------------------------------------------------

    /** Does what a statement about transactions says. */
    final Next control(AnalysedStatement statement) throws SqlFailure, LaneLeft, SQLException {
        return switch (statement.kind()) {
            case BEGIN -> {
                refuseIf(!facts.isAutocommit(), SqlErrors.NESTED_BEGIN);
                refuseIf(statement.isImmediate() && isReadOnly, SqlErrors.READ_ONLY);
                begin(statement.isImmediate());
                yield Next.GO_ON;
            }
            case COMMIT -> {
                refuseIf(facts.isAutocommit(), SqlErrors.NOTHING_TO_COMMIT);
                yield commit();
            }
            case ROLLBACK -> {
                refuseIf(facts.isAutocommit(), SqlErrors.NOTHING_TO_ROLL_BACK);
                rollback();
                facts = facts.ended();
                yield Next.GO_ON;
            }
            case SAVEPOINT -> {
                if (facts.isAutocommit()) {
                    begin(false);
                    facts = facts.begunBySavepoint();
                }
                onSavepoint("SAVEPOINT ", statement.name());
                facts = facts.pushing(statement.name());
                yield Next.GO_ON;
            }
            case RELEASE -> {
                var index = savepoint(statement.name());
                if (index == 0 && facts.isBegunBySavepoint()) {
                    yield commit();
                }
                onSavepoint("RELEASE ", statement.name());
                facts = facts.keeping(index);
                yield Next.GO_ON;
            }
            case ROLLBACK_TO -> {
                var index = savepoint(statement.name());
                onSavepoint("ROLLBACK TO ", statement.name());
                facts = facts.keeping(index + 1);
                yield Next.GO_ON;
            }
            case READ, WRITE, SCHEMA, PRAGMA, FOREIGN_KEYS, DEFER_FOREIGN_KEYS ->
                throw new IllegalArgumentException("not about transactions: " + statement.kind());
        };
    }

    private int savepoint(String name) throws SqlFailure {
        var index = facts.savepoints().lastIndexOf(name);
        refuseIf(index < 0, SqlErrors.unknown("no such savepoint: " + name));
        return index;
    }

    static void refuseIf(boolean isWrong, SqlError error) throws SqlFailure {
        if (isWrong) {
            throw new SqlFailure(error);
        }
    }

    private void onSavepoint(String verb, String name) throws SQLException {
        if (facts.phase() == Phase.WRITING) {
            runOnSavepoint(verb, SqlNames.quote(name));
        }
    }

    /** Runs a statement about a savepoint of a transaction that is open for real. */
    abstract void runOnSavepoint(String verb, String quotedName) throws SQLException;

    /** Begins a transaction. */
    abstract void begin(boolean isImmediate) throws LaneLeft, SQLException;

    /** Ends the transaction; {@link #facts} too, unless the owner must commit. */
    abstract Next commit() throws SqlFailure, SQLException;

    /** Undoes the transaction. */
    abstract void rollback() throws SQLException;
}
