package io.merklite.sync.database;

import io.merklite.sync.store.Merged;
import io.merklite.sync.store.ReplicaStore;
import io.merklite.sync.transaction.Transaction;
import java.sql.Connection;
import java.util.Collection;
import java.util.List;
import java.util.function.Consumer;

/** Skeleton. */
@SuppressWarnings("DoNotCallSuggester") // skeleton
public final class Database implements AutoCloseable {

    /** Opens a file, or {@code :memory:}. */
    public static Database open(String path, DatabaseOptions options) {
        throw new UnsupportedOperationException("skeleton");
    }

    /** The plan, as JSON, from one schema to another. Touches no database. */
    public static String migration(String from, String to) {
        throw new UnsupportedOperationException("skeleton");
    }

    /** Runs all statements of a text; stamped, and listeners and subscriptions told, when committed. */
    public void exec(String sql) {
        throw new UnsupportedOperationException("skeleton");
    }

    /** Runs the first statement of a text, which must not write. */
    public QueryResult query(String sql) {
        throw new UnsupportedOperationException("skeleton");
    }

    /** Reports the result of a query now and whenever it has changed. */
    public Registration subscribe(String sql, Consumer<QueryResult> listener) {
        throw new UnsupportedOperationException("skeleton");
    }

    /** Stamps what was written on the raw connection, and runs every subscription. */
    public void notifyChanged() {
        throw new UnsupportedOperationException("skeleton");
    }

    /** Stamps what was written on the raw connection, and runs the subscriptions that read these tables. */
    public void notifyChanged(Collection<String> tables) {
        throw new UnsupportedOperationException("skeleton");
    }

    /** Stamps what was written on the raw connection and committed; subscriptions hear of it at the next notification. */
    public void stampRawWrites() {
        throw new UnsupportedOperationException("skeleton");
    }

    /** Tells subscriptions and row listeners what a merge changed, and transaction listeners of its repair. */
    public void merged(Merged merged) {
        throw new UnsupportedOperationException("skeleton");
    }

    /** Several merges as one: each subscription runs at most once. */
    public void merged(List<Merged> merges) {
        throw new UnsupportedOperationException("skeleton");
    }

    /** Calls back with each transaction committed here, after its commit and before subscriptions run. */
    public Registration onTransaction(Consumer<Transaction> listener) {
        throw new UnsupportedOperationException("skeleton");
    }

    /** Calls back with the rows that a transaction or a merge changed. */
    public Registration onRows(Consumer<List<RowEvent>> listener) {
        throw new UnsupportedOperationException("skeleton");
    }

    /** Whether a transaction is open on the connection, whoever began it. */
    public boolean isTransactionOpen() {
        throw new UnsupportedOperationException("skeleton");
    }

    /** The connection that everything runs on. */
    public Connection connection() {
        throw new UnsupportedOperationException("skeleton");
    }

    /** The replica in the file. */
    public ReplicaStore store() {
        throw new UnsupportedOperationException("skeleton");
    }

    /** How it was opened. */
    public DatabaseOptions options() {
        throw new UnsupportedOperationException("skeleton");
    }

    /** Where it is: a path, or {@code :memory:}. */
    public String path() {
        throw new UnsupportedOperationException("skeleton");
    }

    @Override
    public void close() {
        throw new UnsupportedOperationException("skeleton");
    }
}
