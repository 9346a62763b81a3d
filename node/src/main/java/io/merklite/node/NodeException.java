package io.merklite.node;

import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What can fail in this module. Each variant has a stable {@link #code()} and a {@link #remedy()} for the reader. */
public abstract sealed class NodeException extends RuntimeException {
    private final String code;
    private final String remedy;

    private NodeException(String code, String what, String remedy, @Nullable Throwable cause) {
        super("[" + code + "] " + what + ". " + remedy + ".", cause);
        this.code = code;
        this.remedy = remedy;
    }

    /** Stable identifier, {@code node.reason}. */
    public final String code() {
        return code;
    }

    /** What the user should do. */
    public final String remedy() {
        return remedy;
    }

    /** Settings that are unknown or have values that they can't have. */
    public static final class InvalidConfiguration extends NodeException {
        private final transient List<String> problems;

        /**
         * @param problems all of them, each with path, value found and values allowed
         */
        public InvalidConfiguration(List<String> problems) {
            super(
                    "node.invalid-configuration",
                    problems.size() + " settings are wrong:\n  " + String.join("\n  ", problems) + "\n",
                    "Correct them; reference.conf describes every setting",
                    null);
            this.problems = List.copyOf(problems);
        }

        /** One line for each. */
        public List<String> problems() {
            return problems;
        }
    }

    /** A file that is needed cannot be read, written, or understood. */
    public static final class UnusableFile extends NodeException {
        /**
         * @param file which one
         * @param what what is wrong with it
         * @param remedy what to do about it
         * @param cause if there is one
         */
        public UnusableFile(Path file, String what, String remedy, @Nullable Throwable cause) {
            super("node.unusable-file", file + ": " + what, remedy, cause);
        }
    }

    /** A key, certificate, or claim that a command was given is of no use. */
    public static final class UnusableKey extends NodeException {
        /**
         * @param what what is wrong with it; never the key itself
         * @param cause if there is one
         */
        public UnusableKey(String what, @Nullable Throwable cause) {
            super("node.unusable-key", what, "Make a new pair with: merklite token keys", cause);
        }
    }

    /** No node answers at the address given. */
    public static final class Unreachable extends NodeException {
        /**
         * @param address of the node
         * @param cause what the connection said
         */
        public Unreachable(String address, Throwable cause) {
            super(
                    "node.unreachable",
                    "no answer from " + address + " (" + reason(cause) + ")",
                    "Check that the node runs and name its address with --url",
                    cause);
        }

        private static String reason(Throwable cause) {
            return cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
        }
    }

    /** The node answered that it will not do what it was asked for. */
    public static final class Refused extends NodeException {
        private final int status;

        /**
         * @param status of HTTP
         * @param reason the node's code and message
         */
        public Refused(int status, String reason) {
            super("node.refused", "the node refuses with status " + status + ": " + reason, remedyFor(status), null);
            this.status = status;
        }

        /** Status of HTTP. */
        public int status() {
            return status;
        }

        private static String remedyFor(int status) {
            return switch (status) {
                case 401 -> "Give a valid token with --token-file or MERKLITE_TOKEN";
                case 403 -> "Use a token that has this right";
                case 404 -> "Check the name; merklite status lists the databases";
                case 503 -> "Wait until the node is ready, or ask another one";
                default -> "Change the request as the message says";
            };
        }
    }

    /** The answer is not one of a Merklite node. */
    public static final class UnexpectedAnswer extends NodeException {
        /**
         * @param address of what answered
         * @param what what is wrong with the answer
         * @param cause if there is one
         */
        public UnexpectedAnswer(String address, String what, @Nullable Throwable cause) {
            super(
                    "node.unexpected-answer",
                    address + ": " + what,
                    "Check that the address is that of a Merklite node, and that versions fit",
                    cause);
        }
    }

    /** SQL that the database refused. */
    public static final class StatementFailed extends NodeException {
        private final String sqlCode;

        /**
         * @param sqlCode the code of the error, such as {@code SQLITE_CONSTRAINT}
         * @param message SQLite's own
         */
        public StatementFailed(String sqlCode, String message) {
            super("node.statement-failed", sqlCode + ": " + message, "Correct the statement", null);
            this.sqlCode = sqlCode;
        }

        /** The code of the error, such as {@code SQLITE_CONSTRAINT}. */
        public String sqlCode() {
            return sqlCode;
        }
    }

    /** Nodes or copies that were waited for did not come. */
    public static final class StartFailed extends NodeException {
        /**
         * @param what what did not happen
         * @param remedy where to look
         * @param cause if there is one
         */
        public StartFailed(String what, String remedy, @Nullable Throwable cause) {
            super("node.start-failed", what, remedy, cause);
        }
    }
}
