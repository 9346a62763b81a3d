package io.merklite.schema.migrate;

/**
 * Hears of a migration's progress: before each statement, and after each chunk of rows that a rebuild copies. It is called
 * inside the transaction, on the caller's thread. To stop the migration it throws: everything is rolled back.
 */
@FunctionalInterface
public interface MigrationListener {
    /** Something has been done. */
    void onProgress(Progress progress);
}
