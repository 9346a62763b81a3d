package io.merklite.query;

import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/** What can fail in this module. Each variant has a stable {@link #code()} and a {@link #remedy()} for the reader. */
public abstract sealed class QueryException extends RuntimeException {
    private final String code;
    private final String remedy;

    private QueryException(String code, String what, String remedy, @Nullable Throwable cause) {
        super("[" + code + "] " + what + ". " + remedy + ".", cause);
        this.code = code;
        this.remedy = remedy;
    }

    /** Stable identifier, {@code query.reason}. */
    public final String code() {
        return code;
    }

    /** What the user should do. */
    public final String remedy() {
        return remedy;
    }

    /** The text is not of the query dialect: nothing was run. */
    public static final class MalformedQuery extends QueryException {
        private final int line;
        private final int column;
        private final String found;

        /**
         * @param line from 1, or 0 for an error that has no place in the text, such as a missing foreign key
         * @param column from 1, counted in bytes of UTF-8; 0 where {@code line} is 0
         * @param found what stands there and what was expected
         * @param hint what to write instead
         */
        public MalformedQuery(int line, int column, String found, String hint) {
            super(
                    "query.malformed",
                    line == 0 ? found : "line " + line + ", column " + column + ": " + found,
                    hint,
                    null);
            this.line = line;
            this.column = column;
            this.found = found;
        }

        /** Line of the first wrong byte, from 1; 0 if the error has no place in the text. */
        public int line() {
            return line;
        }

        /** Column of the first wrong byte, from 1 and counted in bytes; 0 if the error has no place in the text. */
        public int column() {
            return column;
        }

        /** What stands there, and what was expected. */
        public String found() {
            return found;
        }
    }

    /** Changes of this statement's result can't be followed. */
    public static final class UnwatchableQuery extends QueryException {
        /**
         * @param what the statement, and why it can't be followed
         * @param remedy what to subscribe to instead
         */
        public UnwatchableQuery(String what, String remedy) {
            super("query.unwatchable", what, remedy, null);
        }
    }

    /** SQLite failed: the connection is closed, the database is locked, or a statement broke a constraint. */
    public static final class DatabaseFailure extends QueryException {
        /**
         * @param what what was being done
         * @param cause the driver's exception, with SQLite's result code
         */
        public DatabaseFailure(String what, SQLException cause) {
            super(
                    "query.database-failure",
                    what + ": " + cause.getMessage(),
                    "Mend the cause that SQLite names, then try again",
                    cause);
        }
    }
}
