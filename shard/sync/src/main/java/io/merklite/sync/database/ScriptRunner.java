package io.merklite.sync.database;

import io.merklite.schema.SchemaException;
import io.merklite.session.SessionException;
import io.merklite.session.catalog.Identifiers;
import io.merklite.sync.SyncException;
import io.merklite.sync.SyncException.RefusedMigration;
import io.merklite.sync.SyncException.StatementFailure;
import io.merklite.sync.database.SqlScript.Statement;
import io.merklite.sync.store.Commit;
import io.merklite.sync.store.ReplicaStore;
import io.merklite.sync.transaction.Transaction;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Runs statements one after the other, and follows the transactions that they begin and end, so that what was written is
 * stamped before it is committed.
 *
 * <p>Neighbouring statements outside a transaction make one of their own, which is rolled back if one of them fails.
 *
 * <p><b>Invariants.</b> (1) No COMMIT, and no RELEASE that commits, runs before what it commits is stamped. (2) What was
 * recorded is stamped before a change of schema. (3) {@link #takeCommitted} has what has been committed, and only that.
 */
final class ScriptRunner {
    /** SQLite's result code for a BEGIN inside a transaction. */
    private static final int SQLITE_ERROR = 1;

    private final Connection connection;
    private final ReplicaStore store;
    private final KeyGenerator keys;

    /** Savepoints that are open, outermost first, folded. */
    private final List<String> savepoints = new ArrayList<>();

    private final List<Transaction> committed = new ArrayList<>();
    private boolean beganBySavepoint;
    private boolean isOwn;
    private boolean isUsers;

    ScriptRunner(Connection connection, ReplicaStore store, KeyGenerator keys) {
        this.connection = connection;
        this.store = store;
        this.keys = keys;
    }

    /** What was committed since the last call, in order. */
    List<Transaction> takeCommitted() {
        var taken = List.copyOf(committed);
        committed.clear();
        return taken;
    }

    /** Whether a transaction is open on the connection. SQLite knows; JDBC doesn't say, so one is begun to see. */
    boolean isTransactionOpen() {
        try (var statement = connection.createStatement()) {
            statement.execute("BEGIN");
            statement.execute("ROLLBACK");
            return false;
        } catch (SQLException e) {
            if (e.getErrorCode() == SQLITE_ERROR) {
                return true;
            }
            throw new StatementFailure("looking for an open transaction", e);
        }
    }

    /** Whether a transaction was open when {@link #run} ended. */
    boolean hasLeftOpen() {
        return isUsers;
    }

    /**
     * Runs all of {@code statements}. What is not committed of them when one fails is undone, if it began here.
     *
     * @param isOpen whether a transaction is open
     */
    void run(List<Statement> statements, boolean isOpen) {
        collecting(() -> runAll(statements, isOpen));
    }

    /** Stamps what was written past this class and committed. Does nothing inside an open transaction. */
    void stampRaw() {
        collecting(store::stampUnstamped);
    }

    private void collecting(Runnable work) {
        Consumer<Commit> listener = commit -> {
            if (commit instanceof Commit.Written written) {
                committed.add(written.transaction());
            }
        };
        store.addListener(listener);
        try {
            work.run();
        } finally {
            store.removeListener(listener);
        }
    }

    private void runAll(List<Statement> statements, boolean isOpen) {
        if (!isOpen) {
            forgetTransaction();
        }
        isUsers = isOpen;
        try {
            for (var statement : statements) {
                step(statement);
            }
            commitOwn();
        } catch (SQLException e) {
            var failure = new StatementFailure("running a statement", e);
            recover(failure);
            throw failure;
        } catch (SessionException.DatabaseFailure e) {
            var failure =
                    e.getCause() instanceof SQLException cause ? new StatementFailure("running a statement", cause) : e;
            recover(failure);
            throw failure;
        } catch (SchemaException e) {
            var failure = new RefusedMigration(e);
            recover(failure);
            throw failure;
        } catch (RuntimeException e) {
            recover(e);
            throw e;
        }
    }

    private void forgetTransaction() {
        savepoints.clear();
        beganBySavepoint = false;
        isOwn = false;
        isUsers = false;
    }

    private void step(Statement statement) throws SQLException {
        switch (statement.kind()) {
            case READ -> execute(statement);
            case WRITE -> {
                beginOwn();
                execute(statement);
            }
            case SCHEMA -> {
                beginOwn();
                keys.save();
                store.changeSchema(statement.sql());
            }
            case OUTSIDE -> {
                commitOwn();
                execute(statement);
            }
            case BEGIN -> {
                commitOwn();
                execute(statement);
                isUsers = true;
            }
            case COMMIT -> onCommit(statement);
            case ROLLBACK -> onRollback(statement);
            case ROLLBACK_TO -> onRollbackTo(statement);
            case SAVEPOINT -> onSavepoint(statement);
            case RELEASE -> onRelease(statement);
        }
    }

    private void beginOwn() {
        if (!isOwn && !isUsers) {
            store.beginOpen();
            isOwn = true;
        }
    }

    private void commitOwn() {
        if (isOwn) {
            commit();
        }
    }

    private void commit() {
        keys.save();
        try {
            store.commitOpen();
        } catch (RuntimeException e) {
            keys.forgetSaved();
            throw e;
        } finally {
            forgetTransaction(); // one that fails to commit has been rolled back
        }
    }

    private void onCommit(Statement statement) throws SQLException {
        commitOwn();
        if (isUsers) {
            commit();
        } else {
            execute(statement);
        }
    }

    private void onRollback(Statement statement) throws SQLException {
        commitOwn();
        if (isUsers) {
            store.rollbackOpen();
            forgetTransaction();
        } else {
            execute(statement);
        }
    }

    private void onRollbackTo(Statement statement) throws SQLException {
        commitOwn();
        execute(statement);
        store.rolledBack();
        var index = savepoints.lastIndexOf(Identifiers.fold(statement.savepoint()));
        if (index >= 0) {
            savepoints.subList(index + 1, savepoints.size()).clear();
        }
    }

    private void onSavepoint(Statement statement) throws SQLException {
        commitOwn();
        execute(statement);
        beganBySavepoint |= !isUsers;
        isUsers = true;
        savepoints.add(Identifiers.fold(statement.savepoint()));
    }

    private void onRelease(Statement statement) throws SQLException {
        commitOwn();
        var index = savepoints.lastIndexOf(Identifiers.fold(statement.savepoint()));
        if (index == 0 && beganBySavepoint) {
            commit();
            return;
        }
        execute(statement);
        if (index >= 0) {
            savepoints.subList(index, savepoints.size()).clear();
        } else if (!isTransactionOpen()) {
            forgetTransaction(); // begun past this class; what it wrote is stamped like all raw writes
        }
    }

    /** A line break before it keeps the driver from taking "backup to" and "restore from" for commands of its own. */
    private void execute(Statement script) throws SQLException {
        try (var statement = connection.createStatement()) {
            if (statement.execute("\n" + script.sql())) {
                try (var rows = statement.getResultSet()) {
                    drain(rows);
                }
            }
        }
    }

    /** A query may fail at any row. */
    private static void drain(ResultSet rows) throws SQLException {
        var hasMore = true;
        while (hasMore) {
            hasMore = rows.next();
        }
    }

    /** SQLite may have rolled back by itself, as it does for ON CONFLICT ROLLBACK. */
    private void recover(RuntimeException failure) {
        try {
            if (!isTransactionOpen()) {
                store.rolledBack();
                forgetTransaction();
            } else if (isOwn) {
                store.rollbackOpen();
                forgetTransaction();
            }
        } catch (SyncException e) {
            failure.addSuppressed(e);
        }
    }
}
