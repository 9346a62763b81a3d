package io.merklite.session.apply;

import io.merklite.session.SessionException.ApplyAborted;
import io.merklite.session.SessionException.DatabaseFailure;
import io.merklite.session.SessionException.Unsupported;
import io.merklite.session.statement.SqlStatements;
import java.sql.SQLException;
import java.util.Optional;
import java.util.function.LongFunction;

/**
 * The transaction or savepoint around an apply, and the check of foreign keys at its end.
 *
 * <p>SQLite's own apply asks the connection how many deferred violations are outstanding. That counter can't be reached
 * through the driver, so: outside a transaction, COMMIT is tried, which fails exactly if there are some. Inside one,
 * violations are listed before and after, and new ones count; the same where enforcement is switched off on purpose.
 *
 * <p><b>Invariants.</b> (1) Whatever {@link #open} has done when it throws, {@link #undo} takes back: no transaction, no
 * savepoint, no switch of the connection stays. (2) If the target rolls the transaction back, no change is applied after
 * that: every failed constraint of a table that could do it goes to {@link #requireTransaction}.
 */
final class ApplyFrame {
    private static final int SQLITE_CONSTRAINT = 19;
    private static final String NAME = "merklite_apply";

    private enum Kind {
        TRANSACTION,
        SAVEPOINT,
        NONE
    }

    private final SqlStatements statements;
    private final boolean foreignKeys;
    private final boolean suspends;
    private final boolean savepoint;
    private Kind kind = Kind.NONE;
    private boolean inTransaction;
    private boolean deferring;
    private boolean suspended;
    private Optional<ForeignKeyCheck> check = Optional.empty();

    /** @param foreignKeys whether the connection enforces foreign keys */
    ApplyFrame(SqlStatements statements, ApplyOptions options, boolean foreignKeys) {
        this.statements = statements;
        this.foreignKeys = foreignKeys;
        this.suspends = foreignKeys && options.noForeignKeyActions();
        this.savepoint = options.savepoint();
    }

    /** Begins, and has {@code schema} forget what is not so any more. */
    void open(TargetSchema schema) throws SQLException {
        // Before BEGIN: a transaction that has read may not be let write, if others have written meanwhile.
        var versions = schema.currentVersions();
        if (suspends) {
            suspended = true;
            statements.run("PRAGMA foreign_keys = OFF");
            if (statements.number("PRAGMA foreign_keys") != 0) {
                throw new Unsupported(
                        "foreign key actions can't be switched off inside a transaction",
                        "Apply outside a transaction, or leave the option out");
            }
        }
        schema.refresh(versions, !begin());
        if (suspends || (foreignKeys && kind != Kind.TRANSACTION)) {
            check = Optional.of(new ForeignKeyCheck(statements, schema));
            // The caller may have switched it on; as with SQLite's own apply it is off afterwards.
            deferring = !suspends && statements.number("PRAGMA defer_foreign_keys") != 0;
        }
    }

    /** Returns whether there was no transaction before. */
    private boolean begin() throws SQLException {
        if (!begins()) {
            inTransaction = true;
            if (savepoint) {
                statements.run("SAVEPOINT " + NAME);
                kind = Kind.SAVEPOINT;
            }
            return false;
        }
        if (savepoint) {
            inTransaction = true;
            kind = Kind.TRANSACTION;
        } else {
            statements.run("ROLLBACK");
        }
        return true;
    }

    /** Begins a transaction; false if there is one already, the only way in which a deferred BEGIN can fail. */
    private boolean begins() {
        try {
            statements.run("BEGIN");
            return true;
        } catch (SQLException e) {
            return false;
        }
    }

    /**
     * To be called before a table is written for the first time. Foreign keys are deferred only when that can matter:
     * the switch makes SQLite prepare every statement of the connection anew.
     */
    void enterTable(String table, TargetSchema schema) throws SQLException {
        if (!foreignKeys) {
            return;
        }
        var keys = schema.foreignKeysWrittenBy(table, !suspends);
        if (!suspends && !deferring && (!keys.isEmpty() || schema.hasTriggers(table))) {
            statements.run("PRAGMA defer_foreign_keys = ON");
            deferring = true;
        }
        if (check.isPresent()) {
            check.get().enter(keys);
        }
    }

    /**
     * After a failed constraint: RAISE(ROLLBACK) of a trigger, or a conflict clause, may have taken the whole transaction
     * with it.
     *
     * @throws DatabaseFailure if so
     */
    void requireTransaction(SQLException constraint) throws SQLException {
        if (inTransaction && begins()) {
            statements.run("ROLLBACK");
            kind = Kind.NONE;
            throw new DatabaseFailure("the target rolled the whole transaction back", constraint);
        }
    }

    /**
     * Ends the frame: what was applied stays.
     *
     * @param resolve asked with the number of violations if foreign keys are violated
     */
    void close(LongFunction<Resolution> resolve) throws SQLException {
        if (check.isPresent()) {
            var violations = check.get().newViolations();
            if (violations > 0) {
                settle(resolve.apply(violations));
            }
        }
        switch (kind) {
            case TRANSACTION -> commit(resolve);
            case SAVEPOINT -> {
                endDeferring();
                statements.run("RELEASE " + NAME);
            }
            case NONE -> endDeferring();
        }
        kind = Kind.NONE;
        deferring = false;
        restoreEnforcement();
    }

    private void commit(LongFunction<Resolution> resolve) throws SQLException {
        try {
            statements.run("COMMIT");
        } catch (SQLException e) {
            if (!SqlStatements.isConstraint(e)) {
                throw e;
            }
            settle(resolve.apply(1));
            endDeferring();
            statements.run("COMMIT");
        }
    }

    private static void settle(Resolution resolution) {
        if (resolution != Resolution.OMIT) {
            throw new ApplyAborted(
                    SQLITE_CONSTRAINT, "the changes violate foreign keys, which was answered with " + resolution);
        }
    }

    /** Also forgets the violations that are outstanding. */
    private void endDeferring() throws SQLException {
        if (deferring) {
            statements.run("PRAGMA defer_foreign_keys = OFF");
        }
    }

    private void restoreEnforcement() throws SQLException {
        if (suspended) {
            statements.run("PRAGMA foreign_keys = ON");
            suspended = false;
        }
    }

    /**
     * After a failure: nothing that was applied stays, unless there is no savepoint. SQLite itself rolls back on some
     * failures, such as a full disk; then there is nothing to undo, and what fails here is noted with the cause.
     */
    void undo(Throwable cause) {
        try {
            undo();
        } catch (SQLException e) {
            cause.addSuppressed(e);
        }
    }

    private void undo() throws SQLException {
        try {
            switch (kind) {
                case TRANSACTION -> statements.run("ROLLBACK");
                case SAVEPOINT -> {
                    statements.run("ROLLBACK TO " + NAME);
                    endDeferring();
                    statements.run("RELEASE " + NAME);
                }
                case NONE -> endDeferring();
            }
        } finally {
            restoreEnforcement();
        }
    }
}
