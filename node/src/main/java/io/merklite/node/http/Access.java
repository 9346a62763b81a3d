package io.merklite.node.http;

import java.time.Instant;
import java.util.Optional;

/** Who may do what with which database. Thread-safe; nothing blocks. */
public interface Access {
    /** What one may do with a database; each right has those before it. */
    enum Right {
        /** Statements that write nothing. */
        READ,
        /** All statements. */
        WRITE,
        /** Creating, dropping, restoring. */
        ADMIN
    }

    /** The answer to a bearer of a token. */
    sealed interface Decision {
        /**
         * What was asked for is allowed.
         *
         * @param right the highest right that the token gives, at least the one that was asked for
         * @param expiresAt when the token ends; never if there is none
         */
        record Allowed(Right right, Optional<Instant> expiresAt) implements Decision {}

        /**
         * The token is missing, malformed, expired, or signed by someone else.
         *
         * @param code such as {@code AUTH_JWT_INVALID}
         * @param message for people; no part of the token is in it
         */
        record Unauthenticated(String code, String message) implements Decision {}

        /** The token is good, but not for this database or not for this right. */
        record Forbidden(String message) implements Decision {}
    }

    /** Nobody needs a token, and everybody may do everything. */
    Access OPEN = new Access() {
        private static final Decision ALL = new Decision.Allowed(Right.ADMIN, Optional.empty());

        @Override
        public Decision authorize(Optional<String> token, String database, Right needed) {
            return ALL;
        }

        @Override
        public Optional<String> onlyDatabase(Optional<String> token) {
            return Optional.empty();
        }
    };

    /**
     * Whether {@code token} gives the right {@code needed} on {@code database}.
     *
     * @param token as it came, without the word {@code Bearer}; none if none came or it was empty
     */
    Decision authorize(Optional<String> token, String database, Right needed);

    /** The database that {@code token} is for, if it is a good token for exactly one. */
    Optional<String> onlyDatabase(Optional<String> token);
}
