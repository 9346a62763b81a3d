package io.merklite.cluster.sql;

import java.util.List;
import java.util.Optional;

/**
 * One statement as far as its tokens tell.
 *
 * @param sql what SQLite gets: without the semicolon, and with Merklite's own tables out of sight
 * @param kind what it asks of the transaction around it
 * @param explained the same without EXPLAIN
 * @param parameters names of its parameters with their signs, by number from 1; none where a number has no name
 * @param isInsert whether it is an INSERT or REPLACE
 * @param isCounted whether rows that it changes are counted
 * @param mayRollBack whether it asks SQLite to roll back the whole transaction when it fails
 * @param name of the savepoint or PRAGMA that it means; empty for others
 * @param isImmediate whether a BEGIN wants to write at once
 * @param isSwitchedOn what a PRAGMA of the kinds with foreign keys sets; none if it only asks
 * @param refusal why nobody may run it
 */
record AnalysedStatement(
        String sql,
        Kind kind,
        String explained,
        List<Optional<String>> parameters,
        boolean isInsert,
        boolean isCounted,
        boolean mayRollBack,
        String name,
        boolean isImmediate,
        Optional<Boolean> isSwitchedOn,
        Optional<SqlError> refusal) {
    private static final String READ_ONLY = " READONLY";

    /** What a statement asks of the transaction around it. */
    enum Kind {
        READ,
        WRITE,
        SCHEMA,
        /** A PRAGMA that only tells something. */
        PRAGMA,
        FOREIGN_KEYS,
        DEFER_FOREIGN_KEYS,
        BEGIN,
        COMMIT,
        ROLLBACK,
        SAVEPOINT,
        RELEASE,
        ROLLBACK_TO;

        boolean isAboutTransactions() {
            return switch (this) {
                case BEGIN, COMMIT, ROLLBACK, SAVEPOINT, RELEASE, ROLLBACK_TO -> true;
                case READ, WRITE, SCHEMA, PRAGMA, FOREIGN_KEYS, DEFER_FOREIGN_KEYS -> false;
            };
        }

        boolean writes() {
            return this == WRITE || this == SCHEMA || this == DEFER_FOREIGN_KEYS;
        }
    }

    AnalysedStatement {
        parameters = List.copyOf(parameters);
    }

    /** Whether it is an EXPLAIN, of which nothing runs. */
    boolean isExplain() {
        return explained.length() < sql.length();
    }

    /** Whether it begins a transaction that will not write. SQLite takes the word for a name; clients of libSQL mean it. */
    boolean isReadOnlyBegin() {
        return kind == Kind.BEGIN
                && sql.regionMatches(true, sql.length() - READ_ONLY.length(), READ_ONLY, 0, READ_ONLY.length());
    }

    boolean isAlter() {
        return kind == Kind.SCHEMA && sql.regionMatches(true, 0, "ALTER", 0, "ALTER".length());
    }
}
