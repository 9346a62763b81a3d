package io.merklite.cluster.checkpoint;

import java.sql.PreparedStatement;
import java.sql.SQLException;

/**
 * How long a write-ahead log is.
 *
 * @param count frames in it, each a page
 * @param copiedCount how many of these are in the file
 */
public record LogFrames(long count, long copiedCount) {
    /** What SQLite adds to a page in the log, and the usual size of a page. */
    public static final int FRAME_SIZE_BYTES = 4096 + 24;

    /** Copies what can be copied without waiting for anybody; none if another connection does so. */
    public static final String COPY = "PRAGMA main.wal_checkpoint(PASSIVE)";

    /** Copies nothing. */
    public static final String LOOK = "PRAGMA main.wal_checkpoint(NOOP)";

    /** Copies everything and empties the log: waits for those who write or read. */
    static final String EMPTY = "PRAGMA main.wal_checkpoint(TRUNCATE)";

    /** Runs one of these statements, outside of a transaction; what it leaves. */
    public static LogFrames after(PreparedStatement checkpoint) throws SQLException {
        try (var rows = checkpoint.executeQuery()) {
            rows.next();
            return new LogFrames(Math.max(0, rows.getLong(2)), Math.max(0, rows.getLong(3)));
        }
    }

    /** How many are not in the file. */
    long leftCount() {
        return count - copiedCount;
    }

    /** About how many bytes the log takes. */
    public long sizeBytes() {
        return count * FRAME_SIZE_BYTES;
    }

    /** About how many bytes of it are not in the file. */
    public long leftBytes() {
        return leftCount() * FRAME_SIZE_BYTES;
    }
}
