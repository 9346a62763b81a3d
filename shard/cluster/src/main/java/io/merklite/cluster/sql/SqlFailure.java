package io.merklite.cluster.sql;

/** A statement is refused, or has failed: an answer for its client, not a fault of ours. Never leaves this package. */
@SuppressWarnings("serial") // never serialised
final class SqlFailure extends Exception {
    private final SqlError error;

    SqlFailure(SqlError error) {
        super(error.code() + ": " + error.message(), null, false, false);
        this.error = error;
    }

    SqlError error() {
        return error;
    }
}
