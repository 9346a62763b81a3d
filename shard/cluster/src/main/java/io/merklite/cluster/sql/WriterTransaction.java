package io.merklite.cluster.sql;

import java.sql.SQLException;

/**
 * The transaction of the writer's connection, which its owner keeps: what is written must be stamped, and logged, before
 * it is committed.
 *
 * <p>COMMIT is no method here: {@link SqlRun.Progress.Committing} announces it, and the owner commits.
 */
public interface WriterTransaction {
    /**
     * Begins a transaction, {@code BEGIN IMMEDIATE}.
     *
     * @param foreignKeys whether foreign keys are enforced in it
     */
    void begin(boolean foreignKeys) throws SQLException;

    /**
     * Runs a statement that changes the schema, inside the transaction.
     *
     * @param isAlter whether it is an ALTER
     * @throws SQLException as SQLite gave it
     */
    void changeSchema(String sql, boolean isAlter) throws SQLException;

    /** Takes note that the transaction went back to a savepoint, or that SQLite has rolled it back by itself. */
    void rolledBack();

    /** Undoes the transaction. */
    void rollback();

    /**
     * How many transactions have been committed on the database, by clients or replication; counted after COMMIT. A read
     * transaction may begin to write only if it is the same as before its first read.
     */
    long commitCount();
}
