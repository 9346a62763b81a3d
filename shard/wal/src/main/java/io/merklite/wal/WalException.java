package io.merklite.wal;

/**
 * What can go wrong in physical replication. Every failure has a stable {@link #code} and a {@link #remedy} that says
 * what the user should do; callers decide by type, never by text.
 */
public abstract sealed class WalException extends RuntimeException {
    private final String code;
    private final String remedy;

    private WalException(String code, String what, String remedy, Throwable cause) {
        super("[" + code + "] " + what + ". " + remedy + ".", cause);
        this.code = code;
        this.remedy = remedy;
    }

    private WalException(String code, String what, String remedy) {
        super("[" + code + "] " + what + ". " + remedy + ".");
        this.code = code;
        this.remedy = remedy;
    }

    /** The stable name of this failure, {@code wal.reason}; all are listed in {@code docs/wal.md}. */
    public String code() {
        return code;
    }

    /** What the user should do. */
    public String remedy() {
        return remedy;
    }

    /** The bytes are not a snapshot or a log, or no longer the ones that were written. */
    public static final class Malformed extends WalException {
        public Malformed(String what, long offset, String found) {
            super("wal.malformed", what + ", byte " + offset + ": " + found, "Fetch it again from where it was saved");
        }
    }

    /** The bytes are of a later version of the format. */
    public static final class UnsupportedVersion extends WalException {
        public UnsupportedVersion(String what, int found, int supported) {
            super(
                    "wal.unsupported-version",
                    what + " has format version " + found + ", this release reads " + supported,
                    "Upgrade this side first");
        }
    }

    /** A log of another database. */
    public static final class ForeignLog extends WalException {
        public ForeignLog(String expected, String found) {
            super(
                    "wal.foreign-log",
                    "the log belongs to " + found + ", this database is " + expected,
                    "Apply logs of the same database only");
        }
    }

    /** A log that follows a position this database has not reached: one before it is missing. */
    public static final class LogGap extends WalException {
        public LogGap(long reached, long follows) {
            super(
                    "wal.log-gap",
                    "the log follows frame " + follows + ", this database is at frame " + reached,
                    "Apply the logs between them first");
        }
    }

    /** A log that starts before the position of this database. */
    public static final class LogAlreadyApplied extends WalException {
        public LogAlreadyApplied(long reached, long follows) {
            super(
                    "wal.log-already-applied",
                    "the log follows frame " + follows + ", this database is already at frame " + reached,
                    "Skip it, and go on with the log that follows frame " + reached);
        }
    }

    /** Two histories with the same frame numbers: two primaries have written to copies of one database. */
    public static final class Forked extends WalException {
        public Forked(long frameNumber) {
            super(
                    "wal.forked",
                    "frame " + frameNumber + " here is not frame " + frameNumber + " there",
                    "Two primaries have written: choose one history, and open the other again from snapshot and logs");
        }
    }

    /** SQLite's write-ahead log is not as this primary left it, so frames may be lost to replication. */
    public static final class Interference extends WalException {
        public Interference(String found) {
            super(
                    "wal.interference",
                    found,
                    "Keep other programs from checkpointing or replacing the file, and open the primary again from its"
                            + " snapshot and saved logs");
        }
    }

    /** The files on disk cannot be continued: what they hold cannot be tied to what was saved. */
    public static final class NotResumable extends WalException {
        public NotResumable(String why) {
            super("wal.not-resumable", why, "Open it again from the snapshot and the saved logs");
        }
    }

    /** The request needs all writes saved, and some are not. */
    public static final class UnacknowledgedWrites extends WalException {
        public UnacknowledgedWrites(long savedFrame, long writtenFrame) {
            super(
                    "wal.unacknowledged-writes",
                    "frames up to " + writtenFrame + " are written, saved and given out are those up to " + savedFrame,
                    "Checkpoint, read or close the captures, then ask again");
        }
    }

    /** The function given to save a log has failed; nothing of it is acknowledged. */
    public static final class SaveFailed extends WalException {
        public SaveFailed(long followsFrame, long lastFrame, Throwable cause) {
            super(
                    "wal.save-failed",
                    "frames " + (followsFrame + 1) + " to " + lastFrame + " could not be saved: " + cause.getMessage(),
                    "Checkpoint again once the storage works; the frames are kept until then",
                    cause);
        }
    }

    /**
     * The primary was closed before the write was saved: it is in the local file, and not known to be anywhere else.
     */
    public static final class ClosedBeforeSaved extends WalException {
        public ClosedBeforeSaved(long frameNumber) {
            super(
                    "wal.closed-before-saved",
                    "frame " + frameNumber + " was not saved when the primary was closed",
                    "Resume the primary on its files and checkpoint, or treat the write as lost");
        }
    }

    /** The files are in use by another primary or replica. */
    public static final class AlreadyOpen extends WalException {
        public AlreadyOpen(String database) {
            super("wal.already-open", database + " is open elsewhere", "Close the other one, or use another path");
        }
    }

    /** The archive already holds another log at this place: a second primary saves into it. */
    public static final class PositionTaken extends WalException {
        public PositionTaken(String name) {
            super(
                    "wal.position-taken",
                    "the archive already has a different " + name,
                    "Stop this primary: another one has continued the history; open it again from the archive");
        }
    }

    /** The archive cannot produce the state asked for. */
    public static final class NoSuchPoint extends WalException {
        public NoSuchPoint(String what) {
            super("wal.no-such-point", what, "Ask for a point between the oldest snapshot and the newest log");
        }
    }

    /** The disk, the object store or SQLite has failed. */
    public static final class Storage extends WalException {
        public Storage(String doing, Throwable cause) {
            super(
                    "wal.storage",
                    doing + ": " + cause.getMessage(),
                    "Repair the storage; what was acknowledged is in the snapshot and the saved logs",
                    cause);
        }
    }
}
