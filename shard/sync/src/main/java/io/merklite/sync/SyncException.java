package io.merklite.sync;

import io.merklite.query.QueryException;
import io.merklite.schema.SchemaException;
import io.merklite.session.SessionException;
import java.sql.SQLException;

/** What can fail in this module. Each variant has a stable {@link #code()} and a {@link #remedy()} for the reader. */
public abstract sealed class SyncException extends RuntimeException {
    private final String code;
    private final String remedy;

    private SyncException(String code, String what, String remedy) {
        super("[" + code + "] " + what + ". " + remedy + ".");
        this.code = code;
        this.remedy = remedy;
    }

    /** Stable identifier, {@code sync.reason}. */
    public final String code() {
        return code;
    }

    /** The coarse kind, which programs decide by. */
    public final ErrorCode kind() {
        return ErrorCode.of(this);
    }

    /** What the user should do. */
    public final String remedy() {
        return remedy;
    }

    /** The bytes of a message or of a stored record are not what they should be. */
    public static final class Malformed extends SyncException {
        private final int offset;

        /**
         * @param what the kind of message
         * @param offset from 0, of the first byte that is wrong
         * @param found what stands there and what was expected
         */
        public Malformed(String what, int offset, String found) {
            super("sync.malformed", what + ", byte " + offset + ": " + found, "Fetch it again from another replica");
            this.offset = offset;
        }

        /** Offset of the first wrong byte, from 0. */
        public int offset() {
            return offset;
        }
    }

    /** The other side speaks a version of the format that this one does not know. */
    public static final class UnknownVersion extends SyncException {
        /**
         * @param what the kind of message
         * @param found the version found
         * @param known the highest version known here
         */
        public UnknownVersion(String what, int found, int known) {
            super(
                    "sync.unknown-version",
                    what + " of version " + found + ", known up to " + known,
                    "Upgrade this replica before its peers");
        }
    }

    /** Something is larger than the limit that both sides agreed on. */
    public static final class TooLarge extends SyncException {
        /**
         * @param what what is too large
         * @param size its size
         * @param limit the largest size allowed
         */
        public TooLarge(String what, long size, long limit) {
            super(
                    "sync.too-large",
                    what + " of " + size + ", allowed are " + limit,
                    "Split the transaction, or raise the limit on every replica");
        }
    }

    /** Two rows claim the same stamp with different content: an origin was used by two files. */
    public static final class ForkedOrigin extends SyncException {
        /** @param what the evidence */
        public ForkedOrigin(String what) {
            super(
                    "sync.forked-origin",
                    what,
                    "A database file was copied while in use: open the copy with a new origin and let it re-bootstrap");
        }
    }

    /** SQLite refused, or could not read or write the file. */
    public static final class StoreFailure extends SyncException {
        /**
         * @param doing what was being done
         * @param cause SQLite's answer
         */
        public StoreFailure(String doing, SQLException cause) {
            super(
                    "sync.store-failure",
                    doing + ": " + cause.getMessage(),
                    "Nothing of it was kept; mend the cause and try again");
            initCause(cause);
        }
    }

    /** SQLite refused a statement of the user: it is wrong, or breaks a rule, or the database is locked. */
    public static final class StatementFailure extends SyncException {
        /**
         * @param doing what was being done
         * @param cause SQLite's answer
         */
        public StatementFailure(String doing, SQLException cause) {
            super(
                    "sync.statement-failure",
                    doing + ": " + cause.getMessage(),
                    "Correct the statement, or mend the cause that SQLite names");
            initCause(cause);
        }
    }

    /** A text is not of the query dialect, or no query whose result can be followed. */
    public static final class RefusedQuery extends SyncException {
        /**
         * @param what what does not fit, with line and column of the place if there is one
         * @param remedy what to write instead
         */
        public RefusedQuery(String what, String remedy) {
            super("sync.refused-query", what, remedy);
        }

        /** Of a query that was refused elsewhere. */
        public RefusedQuery(QueryException cause) {
            this(String.valueOf(cause.getMessage()), "Correct the query");
            initCause(cause);
        }
    }

    /** The file could not be brought to the wanted schema; it has the one that it had. */
    public static final class RefusedMigration extends SyncException {
        /** @param cause why not */
        public RefusedMigration(SchemaException cause) {
            super(
                    "sync.refused-migration",
                    String.valueOf(cause.getMessage()),
                    "Correct the schema, or migrate the file beforehand");
            initCause(cause);
        }
    }

    /** What is stored contradicts itself. */
    public static final class DamagedStore extends SyncException {
        /** @param found the contradiction */
        public DamagedStore(String found) {
            super("sync.damaged-store", found, "Scrub the database, or bootstrap it again from another replica");
        }
    }

    /** Something that replication cannot carry. */
    public static final class Unsupported extends SyncException {
        /**
         * @param what what it is
         * @param remedy what to do instead
         */
        public Unsupported(String what, String remedy) {
            super("sync.unsupported", what, remedy);
        }
    }

    /** A call that does not fit the state of things. */
    public static final class InvalidState extends SyncException {
        /**
         * @param what what does not fit
         * @param remedy what to do first
         */
        public InvalidState(String what, String remedy) {
            super("sync.invalid-state", what, remedy);
        }
    }

    /** A row of the conflict ledger still has a constraint against it. */
    public static final class StillClashing extends SyncException {
        /**
         * @param what the entry and its table
         * @param cause what SQLite has against the row
         */
        public StillClashing(String what, SQLException cause) {
            super(
                    "sync.still-clashing",
                    what + ": " + cause.getMessage(),
                    "Restore it with other values, or let it replace the rows in its way");
            initCause(cause);
        }
    }

    /** The other side does not keep to the protocol, or a message of it was lost. */
    public static final class ProtocolViolation extends SyncException {
        /**
         * @param what what was seen
         * @param remedy what to do
         */
        public ProtocolViolation(String what, String remedy) {
            super("sync.protocol-violation", what, remedy);
        }
    }

    /** Changes of another schema than that of the tables here. */
    public static final class SchemaMismatch extends SyncException {
        /** @param what which */
        public SchemaMismatch(String what) {
            super("sync.schema-mismatch", what, "Bring both sides to the same schema, then shake hands again");
        }
    }

    /** A changeset met a conflict, and nobody wanted it resolved. */
    public static final class ConflictAborted extends SyncException {
        /**
         * @param what which changes
         * @param cause which conflict
         */
        public ConflictAborted(String what, SessionException cause) {
            super(
                    "sync.conflict-aborted",
                    what + ": " + cause.getMessage(),
                    "Nothing was applied; resolve such conflicts in a handler, or converge");
            initCause(cause);
        }
    }
}
