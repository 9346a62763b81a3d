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
 * <p><b>Invariant.</b> Nothing is written before what is kept in memory is that of the file: where SQLite has undone a transaction
 * by itself, as it does when a disk is full, or the file could not be read after a rollback, the next transaction begins
 * with reading it. Without this it, or the end of the session, would write what was undone.
 *
 * <p><b>Threading.</b> As its store.
 */
final class StoreTransactions {
    /** Of BEGIN: there is a transaction. Of ROLLBACK: there is none. */
    private static final int SQLITE_ERROR = 1;

    private final SqlStatements statements;
    private final List<Consumer<Commit>> listeners = new ArrayList<>();
    private final List<Commit> uncommitted = new ArrayList<>();
    private Optional<Cached> cached = Optional.empty();
    /** Whether one began here of which no end is known. */
    private boolean isOpen;
    /** Whether what is in memory may be of a transaction that was undone. */
    private boolean isBehind;

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
        if (!tryBeginBehind()) {
            return false;
        }
        if (isOpen || isBehind) {
            catchUp();
        }
        isOpen = true;
        return true;
    }

    /** As {@link #tryBegin}, for whoever makes what is in memory that of the file. */
    boolean tryBeginBehind() throws SQLException {
        try {
            statements.run("BEGIN IMMEDIATE");
            return true;
        } catch (SQLException e) {
            if (e.getErrorCode() == SQLITE_ERROR) {
                return false;
            }
            throw e;
        }
    }

    /** The transaction before ended without a word. */
    private void catchUp() throws SQLException {
        isOpen = false;
        uncommitted.clear();
        try {
            tellUndone();
        } catch (SQLException | RuntimeException e) {
            statements.run("ROLLBACK");
            throw e;
        }
    }

    /** Whether a transaction is open on the connection, whoever began it. */
    boolean isAnyOpen() throws SQLException {
        if (!tryBegin()) {
            return true;
        }
        statements.run("ROLLBACK");
        isOpen = false;
        return false;
    }

    /** What is stamped in a transaction that somebody else began may be undone like that of one that began here. */
    void entered() {
        isOpen = true;
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
        isOpen = false;
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
        try {
            statements.clear(); // the driver closes statements that fail
        } catch (SQLException e) {
            cause.addSuppressed(e);
        }
        try {
            undo();
        } catch (SQLException | SessionException e) {
            cause.addSuppressed(e);
        }
    }

    /** Undoes the open transaction; nothing but what is in memory if SQLite has done so already. */
    void rollback() {
        call("rolling back", () -> {
            undo();
            return true;
        });
    }

    private void undo() throws SQLException {
        uncommitted.clear();
        isOpen = false;
        isBehind = true;
        try {
            statements.run("ROLLBACK");
        } catch (SQLException e) {
            if (e.getErrorCode() != SQLITE_ERROR) {
                throw e;
            }
        }
        tellUndone();
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
        isBehind = true;
        if (cached.isPresent()) {
            cached.get().undone();
        }
        isBehind = false;
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
