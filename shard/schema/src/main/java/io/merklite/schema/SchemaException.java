package io.merklite.schema;

import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/**
 * What can fail in this module. Each variant has a stable {@link #code()} and a {@link #remedy()} for the reader. Whatever
 * fails, the database is as it was before the call.
 */
public abstract sealed class SchemaException extends RuntimeException {
    private final String code;
    private final String remedy;

    private SchemaException(String code, String what, String remedy, @Nullable Throwable cause) {
        super("[" + code + "] " + what + ". " + remedy + ".", cause);
        this.code = code;
        this.remedy = remedy;
    }

    /** Stable identifier, {@code schema.reason}. */
    public final String code() {
        return code;
    }

    /** What the user should do. */
    public final String remedy() {
        return remedy;
    }

    /** The text of the wanted schema is not SQL that SQLite accepts, or a rename directive in it makes no sense. */
    public static final class ParseFailed extends SchemaException {
        /** @param what the mistake */
        public ParseFailed(String what) {
            super("schema.parse-failed", what, "Correct the schema's text", null);
        }

        /**
         * @param what what was read
         * @param cause SQLite's complaint
         */
        public ParseFailed(String what, SQLException cause) {
            super("schema.parse-failed", what + ": " + cause.getMessage(), "Correct the schema's text", cause);
        }
    }

    /** The schema has an object that migration can't handle, such as a virtual table. */
    public static final class ExtractFailed extends SchemaException {
        /** @param what the object, and what it is */
        public ExtractFailed(String what) {
            super("schema.extract-failed", what, "Keep such objects in a database that is not migrated", null);
        }
    }

    /** There is no plan from one schema to the other, for instance because views refer to each other in a circle. */
    public static final class DiffFailed extends SchemaException {
        /** @param what what stands in the way */
        public DiffFailed(String what) {
            super("schema.diff-failed", what, "Break the circle in the schema's text", null);
        }
    }

    /** A table would have to be rebuilt, and the policy does not permit it. */
    public static final class RebuildRefused extends SchemaException {
        /**
         * @param what the operation
         * @param remedy which permission would do
         */
        public RebuildRefused(String what, String remedy) {
            super("schema.rebuild-refused", what, remedy, null);
        }
    }

    /** The outcome depends on the rows that are there, and the policy does not permit it. */
    public static final class BreakingChange extends SchemaException {
        /** @param what the operation, with the reasons */
        public BreakingChange(String what) {
            super("schema.breaking-change", what, "Check the rows, then permit DATA_DEPENDENT", null);
        }
    }

    /** Something would be lost, and the policy does not permit it. */
    public static final class DestructiveRefused extends SchemaException {
        /** @param what the operation, and what it would lose */
        public DestructiveRefused(String what) {
            super("schema.destructive-refused", what, "If it may be lost, permit DESTRUCTIVE", null);
        }
    }

    /** The database's schema is not the one that the last migration left. */
    public static final class Drifted extends SchemaException {
        /**
         * @param recorded the fingerprint that the last migration left
         * @param found the fingerprint now
         */
        public Drifted(String recorded, String found) {
            super(
                    "schema.drifted",
                    "the last migration left the schema " + recorded + ", found " + found,
                    "Find out who changed the schema, then restore it or accept it with acceptDrift",
                    null);
        }
    }

    /** The migrated database breaks a rule, so that it was rolled back. */
    public static final class ApplyFailed extends SchemaException {
        /**
         * @param what the rule, and where it is broken
         * @param remedy what to do before trying again
         */
        public ApplyFailed(String what, String remedy) {
            super("schema.apply-failed", what, remedy, null);
        }
    }

    /** The caller's open transaction keeps foreign key enforcement on, where it would delete or refuse rows. */
    public static final class TransactionOpen extends SchemaException {
        /** @param what the table that is at risk */
        public TransactionOpen(String what) {
            super(
                    "schema.transaction-open",
                    what,
                    "Commit first, or switch PRAGMA foreign_keys off before the transaction begins",
                    null);
        }
    }

    /** The text is not the JSON form of a plan or of a schema. */
    public static final class MalformedJson extends SchemaException {
        /** @param what what is wrong, and where */
        public MalformedJson(String what) {
            super("schema.malformed-json", what, "Make the plan again with this version", null);
        }

        /**
         * @param what what is wrong, and where
         * @param cause the reader's complaint
         */
        public MalformedJson(String what, Exception cause) {
            super("schema.malformed-json", what, "Make the plan again with this version", cause);
        }
    }

    /** The merged elements do not make a table that SQLite accepts. */
    public static final class Unmergeable extends SchemaException {
        /**
         * @param what the table
         * @param cause SQLite's complaint
         */
        public Unmergeable(String what, SQLException cause) {
            super("schema.unmergeable", what + ": " + cause.getMessage(), "Change the table on one side", cause);
        }
    }

    /** SQLite failed: the database is locked, full or read-only, or the rows break a constraint of the new schema. */
    public static final class DatabaseFailure extends SchemaException {
        private final int resultCode;

        /**
         * @param what what was being done
         * @param cause the driver's exception, with SQLite's result code
         */
        public DatabaseFailure(String what, SQLException cause) {
            super(
                    "schema.database-failure",
                    what + ": " + cause.getMessage(),
                    "Mend the cause that SQLite names, then try again; nothing was changed",
                    cause);
            this.resultCode = cause.getErrorCode() & 0xff;
        }

        /** The primary result code of SQLite, such as 19 for SQLITE_CONSTRAINT. */
        public int resultCode() {
            return resultCode;
        }
    }
}
