package io.merklite.sync.store;

import io.merklite.session.SessionException;
import io.merklite.session.statement.SqlStatements;
import io.merklite.sync.SyncException.InvalidState;
import io.merklite.sync.SyncException.StoreFailure;
import io.merklite.sync.store.ReplicaStore.Work;
import io.merklite.sync.transaction.Transaction;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * The transactions of one store: what is told of a commit, and what is taken back with a rollback.
 *
 * <p><b>Threading.</b> As its store.
 */
final class StoreTransactions {
    private static final int BUSY_OR_IN_TRANSACTION = 1;

    private final SqlStatements statements;
    private final List<Consumer<Commit>> listeners = new ArrayList<>();
    private final List<Commit> uncommitted = new ArrayList<>();
    private Optional<Cached> cached = Optional.empty();

    /** What is kept in memory of the file. */
    interface Cached {
        /** It stands. */
        void committed();

        /** It was undone with the transaction. */
        void undone() throws SQLException;
    }

    StoreTransactions(SqlStatements statements) {
        this.statements = statements;
    }

    /** What to tell from now on of commits and rollbacks. */
    void keep(Cached kept) {
        cached = Optional.of(kept);
    }

    void addListener(Consumer<Commit> listener) {
        listeners.add(listener);
    }

    void removeListener(Consumer<Commit> listener) {
        listeners.remove(listener);
    }

    /** Has listeners told of something when the open transaction has been committed. */
    void note(Commit commit) {
        uncommitted.add(commit);
    }

    /** The transactions that were stamped in the one that is open, in order. */
    List<Transaction> stamped() {
        List<Transaction> stamped = new ArrayList<>(1);
        for (var commit : uncommitted) {
            if (commit instanceof Commit.Written written) {
                stamped.add(written.transaction());
            }
        }
        return stamped;
    }

    void begin() throws SQLException {
        if (!tryBegin()) {
            throw new InvalidState("a transaction is open on the connection", "Commit it or roll it back first");
        }
    }

    /** False if there is a transaction already. */
    boolean tryBegin() throws SQLException {
        try {
            statements.run("BEGIN IMMEDIATE");
            return true;
        } catch (SQLException e) {
            if (e.getErrorCode() == BUSY_OR_IN_TRANSACTION) {
                return false;
            }
            throw e;
        }
    }

    /** As {@link #begin}, for callers outside of one. */
    void open() {
        call("beginning a transaction", () -> {
            begin();
            return true;
        });
    }

    void commit() throws SQLException {
        statements.run("COMMIT");
        cached.ifPresent(Cached::committed);
    }

    /** Runs {@code work} in a transaction of its own. */
    <T> T run(String doing, Work<T> work) {
        open();
        return finish(doing, work);
    }

    /** Ends the open transaction with {@code work}: commits, or undoes it all. */
    <T> T finish(String doing, Work<T> work) {
        T result;
        try {
            result = work.run();
            commit();
        } catch (SQLException e) {
            rollback(e);
            throw new StoreFailure(doing, e);
        } catch (RuntimeException e) {
            rollback(e);
            throw e;
        }
        tellListeners();
        return result;
    }

    private void tellListeners() {
        var commits = List.copyOf(uncommitted);
        uncommitted.clear();
        for (var listener : List.copyOf(listeners)) {
            commits.forEach(listener);
        }
    }

    /** Undoes the open transaction because of {@code cause}. */
    void rollback(Exception cause) {
        uncommitted.clear();
        try {
            statements.clear(); // the driver closes statements that fail
            statements.run("ROLLBACK");
        } catch (SQLException e) {
            cause.addSuppressed(e); // SQLite has rolled back by itself already
        }
        try {
            tellUndone();
        } catch (SQLException | SessionException e) {
            cause.addSuppressed(e);
        }
    }

    /** Undoes the open transaction. */
    void rollback() {
        call("rolling back", () -> {
            statements.run("ROLLBACK");
            uncommitted.clear();
            tellUndone();
            return true;
        });
    }

    /** Takes note that SQLite went back to a savepoint; {@code isLost} tells what is no longer told of. */
    void wentBack(Predicate<Commit> isLost) {
        call("reading the state", () -> {
            tellUndone();
            return true;
        });
        uncommitted.removeIf(isLost);
    }

    private void tellUndone() throws SQLException {
        if (cached.isPresent()) {
            cached.get().undone();
        }
    }

    /** Runs {@code work}, outside or inside a transaction. */
    static <T> T call(String doing, Work<T> work) {
        try {
            return work.run();
        } catch (SQLException e) {
            throw new StoreFailure(doing, e);
        }
    }
}
