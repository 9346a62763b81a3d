package io.merklite.session;

import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/**
 * What can fail in this module. Each variant has a stable {@link #code()}, a {@link #remedy()} for the reader, and the
 * {@link #resultCode() result code} that SQLite's own session extension gives for the same failure.
 */
public abstract sealed class SessionException extends RuntimeException {
    private final String code;
    private final String remedy;
    private final int resultCode;

    private SessionException(String code, int resultCode, String what, String remedy, @Nullable Throwable cause) {
        super("[" + code + "] " + what + ". " + remedy + ".", cause);
        this.code = code;
        this.remedy = remedy;
        this.resultCode = resultCode;
    }

    /** Stable identifier, {@code session.reason}. */
    public final String code() {
        return code;
    }

    /** What the user should do. */
    public final String remedy() {
        return remedy;
    }

    /** The primary result code of SQLite, such as 11 for SQLITE_CORRUPT. */
    public final int resultCode() {
        return resultCode;
    }

    /** The bytes are not a changeset or patchset. SQLITE_CORRUPT. */
    public static final class MalformedChangeset extends SessionException {
        private final long offset;
        private final String found;
        private final boolean truncated;

        /**
         * @param offset from 0, of the first byte that is wrong
         * @param found what stands there and what was expected
         * @param truncated whether more bytes at the end could make it right
         */
        public MalformedChangeset(long offset, String found, boolean truncated) {
            super(
                    "session.malformed-changeset",
                    11,
                    "byte " + offset + ": " + found,
                    "Fetch the changeset again from its source",
                    null);
            this.offset = offset;
            this.found = found;
            this.truncated = truncated;
        }

        /** What stands at the offset, and what was expected. */
        public String found() {
            return found;
        }

        /** Offset of the first wrong byte, from 0. */
        public long offset() {
            return offset;
        }

        /** Whether the bytes end too early, and are right so far. */
        public boolean isTruncated() {
            return truncated;
        }
    }

    /** The operation is defined for changesets only, but got a patchset, or the two kinds were mixed. */
    public static final class WrongKind extends SessionException {
        /**
         * @param resultCode SQLITE_ERROR (1) or SQLITE_CORRUPT (11), as the reference has it for the operation
         * @param what what was asked of which kind
         */
        public WrongKind(int resultCode, String what) {
            super("session.wrong-kind", resultCode, what, "Use changesets, which carry the old values", null);
        }
    }

    /** Tables that should be alike are not: in a session, a diff, or a concatenation. SQLITE_SCHEMA. */
    public static final class SchemaMismatch extends SessionException {
        /**
         * @param what which table, and how the two sides differ
         * @param remedy what to do about it
         */
        public SchemaMismatch(String what, String remedy) {
            super("session.schema-mismatch", 17, what, remedy, null);
        }
    }

    /** The conflict handler answered ABORT: nothing was applied. SQLITE_ABORT, or SQLITE_CONSTRAINT for foreign keys. */
    public static final class ApplyAborted extends SessionException {
        /**
         * @param resultCode 4 (SQLITE_ABORT) or 19 (SQLITE_CONSTRAINT)
         * @param what the conflict that the handler refused
         */
        public ApplyAborted(int resultCode, String what) {
            super(
                    "session.apply-aborted",
                    resultCode,
                    what,
                    "Nothing was applied; resolve the conflict, or answer OMIT or REPLACE",
                    null);
        }
    }

    /** The conflict handler gave an answer that is not legal for this conflict: nothing was applied. SQLITE_MISUSE. */
    public static final class IllegalResolution extends SessionException {
        /** @param what the conflict and the answer */
        public IllegalResolution(String what) {
            super("session.illegal-resolution", 21, what, "Answer REPLACE for DATA and CONFLICT only", null);
        }
    }

    /** The object can't do this now: closed, in error, or called out of order. SQLITE_MISUSE. */
    public static final class Misuse extends SessionException {
        /**
         * @param what what was called, and in which state
         * @param remedy what to do instead
         */
        public Misuse(String what, String remedy) {
            super("session.misuse", 21, what, remedy, null);
        }
    }

    /** A feature of the reference that can't be had on this driver is refused, rather than silently left out. SQLITE_ERROR. */
    public static final class Unsupported extends SessionException {
        /**
         * @param what the feature, and where it was met
         * @param remedy what to do instead
         */
        public Unsupported(String what, String remedy) {
            super("session.unsupported", 1, what, remedy, null);
        }
    }

    /** SQLite failed: the database is locked, full, read-only, or a statement broke a constraint. */
    public static final class DatabaseFailure extends SessionException {
        /**
         * @param what what was being done
         * @param cause the driver's exception, with SQLite's result code
         */
        public DatabaseFailure(String what, SQLException cause) {
            super(
                    "session.database-failure",
                    cause.getErrorCode() & 0xff,
                    what + ": " + cause.getMessage(),
                    "Mend the cause that SQLite names, then try again; nothing was applied",
                    cause);
        }
    }

    /** A stream could not be read or written. SQLITE_IOERR. */
    public static final class StreamFailure extends SessionException {
        /**
         * @param what what was being done
         * @param cause the stream's exception
         */
        public StreamFailure(String what, java.io.IOException cause) {
            super(
                    "session.stream-failure",
                    10,
                    what + ": " + cause.getMessage(),
                    "Mend the stream, then start over",
                    cause);
        }
    }
}
