package io.merklite.client.jdbc;

import io.merklite.client.ClientException;
import java.sql.SQLDataException;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.sql.SQLIntegrityConstraintViolationException;
import java.sql.SQLInvalidAuthorizationSpecException;
import java.sql.SQLNonTransientConnectionException;
import java.sql.SQLNonTransientException;
import java.sql.SQLSyntaxErrorException;
import java.sql.SQLTimeoutException;
import java.sql.SQLTransactionRollbackException;
import java.sql.SQLTransientConnectionException;
import java.sql.SQLTransientException;

/** Failures in JDBC's words: subclass, SQLState, and SQLite's primary result code as the vendor's. */
final class SqlStates {
    static final String CONNECTION_REFUSED = "08004";
    static final String CONNECTION_CLOSED = "08003";
    static final String TRANSACTION_FAILED = "25000";
    static final String READ_ONLY = "25006";
    static final String CANCELLED = "57014";
    static final String WRONG_PARAMETER = "07009";
    static final String WRONG_VALUE = "22018";
    private static final String ROLLED_BACK = "40001";

    private SqlStates() {}

    static SQLException of(ClientException failure) {
        var text = failure.getMessage();
        return switch (failure) {
            case ClientException.StatementFailed failed -> statement(failed);
            case ClientException.Refused refused ->
                switch (refused.status()) {
                    case 401, 403 -> new SQLInvalidAuthorizationSpecException(text, "28000", failure);
                    case 429 -> new SQLTransientConnectionException(text, CONNECTION_REFUSED, failure);
                    case 404 -> new SQLNonTransientConnectionException(text, CONNECTION_REFUSED, failure);
                    default -> new SQLNonTransientConnectionException(text, "08P01", failure);
                };
            case ClientException.Unreachable unreachable -> new SQLTransientConnectionException(text, "08001", failure);
            case ClientException.OutcomeUnknown unknown ->
                new SQLNonTransientConnectionException(text, "08007", failure);
            case ClientException.TransactionLost lost ->
                new SQLTransactionRollbackException(text, ROLLED_BACK, failure);
            case ClientException.Malformed malformed -> new SQLNonTransientConnectionException(text, "08P01", failure);
            case ClientException.Unmappable unmappable -> new SQLDataException(text, WRONG_VALUE, failure);
            case ClientException.FeedGap gap -> new SQLNonTransientException(text, "HY000", failure);
            case ClientException.ReplicaStopped stopped -> new SQLNonTransientException(text, "HY000", failure);
        };
    }

    private static SQLException statement(ClientException.StatementFailed failed) {
        var text = failed.sqlMessage();
        var vendor = vendorCode(failed.sqlCode());
        return switch (failed.sqlCode()) {
            case "SQLITE_CONSTRAINT" ->
                new SQLIntegrityConstraintViolationException(text, constraint(text), vendor, failed);
            case "SQLITE_BUSY", "SQLITE_LOCKED", "TRANSACTION_BUSY", "NO_WRITER" ->
                new SQLTransientException(text, ROLLED_BACK, vendor, failed);
            case "TRANSACTION_TIMEOUT" -> new SQLTransactionRollbackException(text, ROLLED_BACK, vendor, failed);
            case "SQLITE_INTERRUPT" -> new SQLTimeoutException(text, CANCELLED, vendor, failed);
            case "SQLITE_READONLY" -> new SQLNonTransientException(text, READ_ONLY, vendor, failed);
            case "SQLITE_AUTH", "BLOCKED" -> new SQLNonTransientException(text, "42501", vendor, failed);
            case "SQLITE_MISMATCH", "SQLITE_TOOBIG", "RESPONSE_TOO_LARGE" ->
                new SQLDataException(text, "22000", vendor, failed);
            case "SQLITE_FULL" -> new SQLNonTransientException(text, "53100", vendor, failed);
            case "SQLITE_NOMEM" -> new SQLNonTransientException(text, "53200", vendor, failed);
            case "SQLITE_IOERR", "SQLITE_CORRUPT", "SQLITE_NOTADB", "SQLITE_CANTOPEN" ->
                new SQLNonTransientException(text, "58030", vendor, failed);
            case "ARGS_INVALID", "SQLITE_RANGE" -> new SQLSyntaxErrorException(text, "07001", vendor, failed);
            case "SQLITE_ERROR",
                    "SQLITE_UNKNOWN",
                    "SQL_INPUT_ERROR",
                    "SQL_PARSE_ERROR",
                    "SQL_NO_STATEMENT",
                    "SQL_MANY_STATEMENTS" -> new SQLSyntaxErrorException(text, "42000", vendor, failed);
            default -> new SQLException(failed.sqlCode() + ": " + text, "HY000", vendor, failed);
        };
    }

    /**
     * Which constraint it was. The protocol has only the primary code; SQLite's text is all that tells more, and if it
     * should ever change, the class of the state and the type of the exception are still right.
     */
    private static String constraint(String text) {
        if (text.contains("UNIQUE constraint failed") || text.contains("PRIMARY KEY")) {
            return "23505";
        }
        if (text.contains("NOT NULL constraint failed")) {
            return "23502";
        }
        if (text.contains("FOREIGN KEY constraint failed")) {
            return "23503";
        }
        return text.contains("CHECK constraint failed") ? "23514" : "23000";
    }

    private static int vendorCode(String sqlCode) {
        return switch (sqlCode) {
            case "SQLITE_BUSY", "TRANSACTION_BUSY", "TRANSACTION_TIMEOUT", "NO_WRITER" -> 5;
            case "SQLITE_LOCKED" -> 6;
            case "SQLITE_NOMEM" -> 7;
            case "SQLITE_READONLY" -> 8;
            case "SQLITE_INTERRUPT" -> 9;
            case "SQLITE_IOERR" -> 10;
            case "SQLITE_CORRUPT" -> 11;
            case "SQLITE_FULL" -> 13;
            case "SQLITE_CANTOPEN" -> 14;
            case "SQLITE_TOOBIG" -> 18;
            case "SQLITE_CONSTRAINT" -> 19;
            case "SQLITE_MISMATCH" -> 20;
            case "SQLITE_AUTH", "BLOCKED" -> 23;
            case "SQLITE_RANGE" -> 25;
            case "SQLITE_NOTADB" -> 26;
            default -> 1;
        };
    }

    static SQLException closed(String what) {
        return new SQLNonTransientConnectionException("the " + what + " is closed", CONNECTION_CLOSED);
    }

    static SQLFeatureNotSupportedException unsupported(String what) {
        return new SQLFeatureNotSupportedException(what + ": SQLite has no such thing", "0A000");
    }
}
