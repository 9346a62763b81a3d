package io.merklite.cluster.journal;

import io.merklite.cluster.ClusterException;
import io.merklite.cluster.ClusterException.JournalDamaged;
import io.merklite.cluster.ClusterException.JournalFailure;
import io.merklite.cluster.ClusterException.JournalFull;
import java.nio.file.Path;
import java.sql.SQLException;
import org.sqlite.SQLiteException;

/**
 * What an error of SQLite means for the journal.
 *
 * @param error what callers are told
 * @param isFinal whether nothing may be written any more before the node has been restarted
 */
record SqliteFailure(ClusterException error, boolean isFinal) {
    static SqliteFailure of(Path file, String doing, SQLException cause) {
        return switch (cause instanceof SQLiteException sqlite ? sqlite.getResultCode() : null) {
            case SQLITE_FULL -> new SqliteFailure(new JournalFull(file, cause), false);
            case SQLITE_CORRUPT,
                    SQLITE_CORRUPT_VTAB,
                    SQLITE_CORRUPT_SEQUENCE,
                    SQLITE_CORRUPT_INDEX,
                    SQLITE_NOTADB,
                    SQLITE_IOERR_CORRUPTFS,
                    SQLITE_IOERR_SHORT_READ ->
                new SqliteFailure(new JournalDamaged(file.toString(), doing + ": " + cause.getMessage(), cause), true);
            // After a failed sync the system may have dropped what it could not write, and a second sync of the same
            // pages succeeds without writing them: what follows would stand on frames that are not there.
            case SQLITE_IOERR_FSYNC, SQLITE_IOERR_DIR_FSYNC, SQLITE_IOERR_CLOSE ->
                new SqliteFailure(failure(file, doing, cause), true);
            case null, default -> new SqliteFailure(failure(file, doing, cause), false);
        };
    }

    private static JournalFailure failure(Path file, String doing, SQLException cause) {
        return new JournalFailure(file + ", " + doing + ": " + cause.getMessage(), cause);
    }
}
