package io.merklite.client;

import java.util.Optional;

/**
 * What can fail in this module. Each variant has a stable {@link #code()} and a {@link #remedy()} for the reader.
 *
 * <p>Three questions matter after a failed write: was it applied ({@link StatementFailed}, {@link Refused}, {@link
 * Unreachable}, {@link TransactionLost}: no), can that be known at all ({@link OutcomeUnknown}: no), and is it worth
 * another try ({@link #isTransient()}).
 */
public abstract sealed class ClientException extends RuntimeException {
    private final String code;
    private final String remedy;

    private ClientException(String code, String what, String remedy) {
        super("[" + code + "] " + what + ". " + remedy + ".");
        this.code = code;
        this.remedy = remedy;
    }

    private ClientException(String code, String what, String remedy, Throwable cause) {
        this(code, what, remedy);
        initCause(cause);
    }

    /** Stable identifier, {@code client.reason}. */
    public final String code() {
        return code;
    }

    /** What the user should do. */
    public final String remedy() {
        return remedy;
    }

    /** Whether the same again, whole transaction included, may well succeed. */
    public boolean isTransient() {
        return false;
    }

    /** The database refused a statement: it is wrong, breaks a constraint, or somebody else was faster. */
    public static final class StatementFailed extends ClientException {
        private final String sqlCode;
        private final String sqlMessage;
        private final int step;

        /**
         * @param sqlCode SQLite's primary result code by name, such as {@code SQLITE_CONSTRAINT}, or one of the node's
         * @param sqlMessage the node's text, which holds SQLite's verbatim
         * @param step index of the statement among those of its call, from 0
         */
        public StatementFailed(String sqlCode, String sqlMessage, int step) {
            super(
                    "client.statement-failed",
                    sqlCode + ": " + sqlMessage,
                    isTransient(sqlCode) ? "Run the transaction again" : "Correct the statement or its values");
            this.sqlCode = sqlCode;
            this.sqlMessage = sqlMessage;
            this.step = step;
        }

        /** SQLite's primary result code by name, or one of the node's. */
        public String sqlCode() {
            return sqlCode;
        }

        /** The node's text. */
        public String sqlMessage() {
            return sqlMessage;
        }

        /** Index of the statement among those of its call, from 0. */
        public int step() {
            return step;
        }

        /** What is to be thrown for it, as the failure of statement {@code index} of a call. */
        public ClientException at(int index) {
            return sqlCode.equals("OUTCOME_UNKNOWN")
                    ? new OutcomeUnknown("the node could not tell in time: " + sqlMessage, this)
                    : new StatementFailed(sqlCode, sqlMessage, index);
        }

        @Override
        public boolean isTransient() {
            return isTransient(sqlCode);
        }

        private static boolean isTransient(String sqlCode) {
            return switch (sqlCode) {
                case "SQLITE_BUSY", "SQLITE_LOCKED", "TRANSACTION_TIMEOUT", "TRANSACTION_BUSY", "NO_WRITER" -> true;
                default -> false;
            };
        }
    }

    /** The node did not take the request: token, database name, limits, or a protocol that does not fit. */
    public static final class Refused extends ClientException {
        private final int status;
        private final Optional<String> nodeCode;

        /**
         * @param status of HTTP
         * @param nodeCode the node's code, such as {@code DATABASE_NOT_FOUND}
         * @param message the node's text
         */
        public Refused(int status, Optional<String> nodeCode, String message) {
            super(
                    "client.refused",
                    "HTTP " + status + nodeCode.map(code -> " " + code).orElse("") + ": " + message,
                    remedy(status));
            this.status = status;
            this.nodeCode = nodeCode;
        }

        /** Of HTTP. */
        public int status() {
            return status;
        }

        /** The node's code, if it sent one. */
        public Optional<String> nodeCode() {
            return nodeCode;
        }

        private static String remedy(int status) {
            return switch (status) {
                case 401 -> "Give a token that is valid and has not expired";
                case 403 -> "Ask for a token that allows this";
                case 404 -> "Check the address and the name of the database";
                case 413 -> "Send less at once";
                case 429 -> "Open fewer streams at once";
                default -> "Check that the address is that of a Merklite node, of a version that fits this client";
            };
        }
    }

    /** No node could be reached or would take the request in time; it was applied nowhere. */
    public static final class Unreachable extends ClientException {
        /**
         * @param what how it was tried
         * @param cause the last failure
         */
        public Unreachable(String what, Throwable cause) {
            super("client.unreachable", what, "Check addresses and network, or try again later", cause);
        }

        @Override
        public boolean isTransient() {
            return true;
        }
    }

    /** An answer got lost: whether the write was applied can't be known from here. */
    public static final class OutcomeUnknown extends ClientException {
        /**
         * @param what which write
         * @param cause what was lost
         */
        public OutcomeUnknown(String what, Throwable cause) {
            super("client.outcome-unknown", what, "Read whether it is there before you write it again", cause);
        }
    }

    /** A transaction ended before its COMMIT was sent: everything in it is undone. */
    public static final class TransactionLost extends ClientException {
        /** @param what why */
        public TransactionLost(String what) {
            super("client.transaction-lost", what, "Run the transaction again, without pauses in it");
        }

        /**
         * @param what why
         * @param cause what was seen of it
         */
        public TransactionLost(String what, Throwable cause) {
            super("client.transaction-lost", what, "Run the transaction again, without pauses in it", cause);
        }

        @Override
        public boolean isTransient() {
            return true;
        }
    }

    /** What came back is not what the protocol says. */
    public static final class Malformed extends ClientException {
        /** @param found what was found and what was expected */
        public Malformed(String found) {
            super("client.malformed", found, "Check that the address is that of a Merklite node");
        }

        /**
         * @param found what was found and what was expected
         * @param cause the parser's words
         */
        public Malformed(String found, Throwable cause) {
            super("client.malformed", found, "Check that the address is that of a Merklite node", cause);
        }
    }

    /** A row does not fit the type that it was to become. */
    public static final class Unmappable extends ClientException {
        /** @param what which column and type */
        public Unmappable(String what) {
            super("client.unmappable", what, "Give the column an alias, or change the record's component");
        }

        /**
         * @param what which column and type
         * @param cause what the conversion said
         */
        public Unmappable(String what, Throwable cause) {
            super("client.unmappable", what, "Give the column an alias, or change the record's component", cause);
        }
    }

    /** A feed's place is behind what the node still has. */
    public static final class FeedGap extends ClientException {
        /** @param what which place */
        public FeedGap(String what) {
            super("client.feed-gap", what, "Read the tables anew, then follow from there");
        }
    }

    /** An embedded replica can't go on. */
    public static final class ReplicaStopped extends ClientException {
        /**
         * @param what why
         * @param remedy what to do
         */
        public ReplicaStopped(String what, String remedy) {
            super("client.replica-stopped", what, remedy);
        }

        /**
         * @param what why
         * @param remedy what to do
         * @param cause what was seen of it
         */
        public ReplicaStopped(String what, String remedy, Throwable cause) {
            super("client.replica-stopped", what, remedy, cause);
        }
    }
}
