package io.merklite.cluster.sql;

import java.sql.SQLException;
import java.util.List;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

/**
 * Errors as clients of libSQL know them.
 *
 * <p>SQLite's result code decides; only for plain SQLITE_ERROR, which says nothing, the text does: libSQL tells errors
 * with a place in the text from others, and the driver does not tell the place.
 */
final class SqlErrors {
    static final SqlError NO_STATEMENT = new SqlError("SQL_NO_STATEMENT", "the text has no statement");
    static final SqlError MANY_STATEMENTS =
            new SqlError("SQL_MANY_STATEMENTS", "the text has more than one statement; none was run");
    static final SqlError NUL_IN_TEXT =
            new SqlError("SQL_PARSE_ERROR", "the text holds U+0000, where SQLite would end it; pass it as an argument");
    static final SqlError BOTH_KINDS_OF_ARGUMENTS = new SqlError(
            "ARGS_BOTH_POSITIONAL_AND_NAMED",
            "the statement has positional and named arguments; only one kind is possible");
    static final SqlError TAKEN_AWAY = new SqlError(
            "TRANSACTION_TIMEOUT",
            "the transaction was rolled back because others waited for it for too long; begin it again");
    static final SqlError STALE = new SqlError(
            "SQLITE_BUSY",
            "SQLite error: database is locked: the transaction has read what others have since"
                    + " changed, and can't write any more; roll it back and begin it again");
    static final SqlError READ_ONLY =
            new SqlError("SQLITE_READONLY", "SQLite error: attempt to write a readonly database");
    static final SqlError NESTED_BEGIN = unknown("cannot start a transaction within a transaction");
    static final SqlError NOTHING_TO_COMMIT = unknown("cannot commit - no transaction is active");
    static final SqlError NOTHING_TO_ROLL_BACK = unknown("cannot rollback - no transaction is active");
    static final SqlError DEFERRED_FOREIGN_KEY =
            new SqlError("SQLITE_CONSTRAINT", "SQLite error: FOREIGN KEY constraint failed");

    /** What an error says, or how it begins, that has a place in the text. */
    private static final List<String> PLACED = List.of(
            "no such column",
            "no such function",
            "ambiguous column name",
            "wrong number of arguments to function",
            "misuse of aggregate",
            "misuse of window function",
            "misuse of aliased",
            "row value misused",
            "near \"",
            "unrecognized token",
            "incomplete input",
            "DISTINCT is not supported",
            "FILTER may not be used",
            "ORDER BY may not be used",
            "unsafe use of",
            "sub-select returns",
            "variable number must be");

    private static final List<String> SYNTAX = List.of("near \"", "unrecognized token", "incomplete input");
    private static final int PRIMARY_CODE = 0xff;

    private SqlErrors() {}

    static SqlError arguments(String what) {
        return new SqlError("ARGS_INVALID", what);
    }

    static SqlError unknown(String sqliteText) {
        return new SqlError("SQLITE_UNKNOWN", "SQLite error: " + sqliteText);
    }

    static SqlError tooLarge(long limitBytes) {
        return new SqlError(
                "RESPONSE_TOO_LARGE",
                "the response is larger than " + limitBytes + " bytes; ask for less, or use a cursor");
    }

    static SqlError notAllowed(String what) {
        return new SqlError("SQL_PARSE_ERROR", what);
    }

    static SqlError notAuthorized(String what) {
        return new SqlError("SQLITE_AUTH", what);
    }

    static int primaryCode(SQLException failure) {
        return failure instanceof SQLiteException sqlite ? sqlite.getResultCode().code & PRIMARY_CODE : 1;
    }

    static boolean isReadOnly(SQLException failure) {
        return primaryCode(failure) == SQLiteErrorCode.SQLITE_READONLY.code;
    }

    /** What SQLite says of a statement that it prepared or ran. */
    static SqlError of(SQLException failure, boolean isDescribing) {
        var text = sqliteText(failure);
        var primary = primaryCode(failure);
        if (primary != SQLiteErrorCode.SQLITE_ERROR.code) {
            return new SqlError(SQLiteErrorCode.getErrorCode(primary).name(), "SQLite error: " + text);
        }
        if (!isDescribing && SYNTAX.stream().anyMatch(text::startsWith)) {
            return new SqlError("SQL_PARSE_ERROR", "SQL parse error: " + text);
        }
        return PLACED.stream().anyMatch(text::startsWith)
                ? new SqlError("SQL_INPUT_ERROR", "SQL input error: " + text)
                : unknown(text);
    }

    /** The driver puts the code and a description before SQLite's text, which stands in brackets. */
    private static String sqliteText(SQLException failure) {
        var message = failure.getMessage() == null ? "" : failure.getMessage();
        if (failure instanceof SQLiteException sqlite) {
            var prefix = sqlite.getResultCode() + " (";
            if (message.startsWith(prefix) && message.endsWith(")")) {
                return message.substring(prefix.length(), message.length() - 1);
            }
        }
        return message;
    }
}
