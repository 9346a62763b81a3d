package io.merklite.cluster.sql;

import java.time.Duration;

/**
 * What a stream may use.
 *
 * @param statementTime how long one statement may run before it is interrupted; pauses of a cursor don't count
 * @param responseBytes how large the rows of one request may be together; a cursor has no such limit
 * @param groupedCursorBytes how large the entries of a cursor may be that shares a commit with others, before it gets the
 *     connection for itself
 */
public record SqlLimits(Duration statementTime, long responseBytes, long groupedCursorBytes) {
    /** A minute, 64 MiB, 1 MiB. */
    public static final SqlLimits DEFAULTS = new SqlLimits(Duration.ofSeconds(60), 64L << 20, 1L << 20);

    public SqlLimits {
        if (statementTime.isNegative() || statementTime.isZero()) {
            throw new IllegalArgumentException("a statement time of " + statementTime + ", must be positive");
        }
        if (responseBytes < 1 || groupedCursorBytes < 1) {
            throw new IllegalArgumentException(
                    "limits of " + responseBytes + " and " + groupedCursorBytes + " bytes, must be at least 1");
        }
    }
}
