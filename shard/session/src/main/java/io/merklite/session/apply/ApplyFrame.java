package io.merklite.session.apply;

import io.merklite.session.SessionException.ApplyAborted;
import io.merklite.session.SessionException.Unsupported;
import java.sql.SQLException;
import java.util.HashSet;
import java.util.Set;
import java.util.function.LongFunction;

/**
 * The transaction or savepoint around an apply, and the check of foreign keys at its end.
 *
 * <p>SQLite's own apply asks the connection how many deferred violations are outstanding. That counter can't be reached
 * through the driver, so: outside a transaction, COMMIT is tried, which fails exactly if there are some. Inside one,
 * violations are listed before and after, and new ones count; the same where enforcement is switched off on purpose.
 */
final class ApplyFrame {
    private static final int SQLITE_CONSTRAINT = 19;

    private enum Kind {
        TRANSACTION,
        SAVEPOINT,
        NONE
    }

    private final SqlStatements statements;
    private final Kind kind;
    private final boolean enforcementSuspended;
    private final boolean deferring;
    private final boolean comparing;
    private final Set<String> violationsBefore;
    private boolean closed;

    private ApplyFrame(
            SqlStatements statements,
            Kind kind,
            boolean enforcementSuspended,
            boolean deferring,
            boolean comparing,
            Set<String> violationsBefore) {
        this.statements = statements;
        this.kind = kind;
        this.enforcementSuspended = enforcementSuspended;
        this.deferring = deferring;
        this.comparing = comparing;
        this.violationsBefore = violationsBefore;
    }

    static ApplyFrame open(SqlStatements statements, ApplyOptions options, boolean foreignKeys) throws SQLException {
        var suspends = foreignKeys && options.noForeignKeyActions();
        if (suspends) {
            statements.run("PRAGMA foreign_keys = OFF");
            if (statements.number("PRAGMA foreign_keys") != 0) {
                throw new Unsupported(
                        "foreign key actions can't be switched off inside a transaction",
                        "Apply outside a transaction, or leave the option out");
            }
        }
        var kind = !options.savepoint() ? Kind.NONE : begins(statements) ? Kind.TRANSACTION : Kind.SAVEPOINT;
        if (kind == Kind.SAVEPOINT) {
            statements.run("SAVEPOINT merklite_apply");
        }
        var comparing = suspends || (foreignKeys && kind != Kind.TRANSACTION);
        if (foreignKeys && !suspends) {
            statements.run("PRAGMA defer_foreign_keys = ON");
        }
        return new ApplyFrame(
                statements,
                kind,
                suspends,
                foreignKeys && !suspends,
                comparing,
                comparing ? violations(statements) : Set.of());
    }

    /** Begins a transaction; false if there is one already, the only way in which a deferred BEGIN can fail. */
    private static boolean begins(SqlStatements statements) {
        try {
            statements.prepare("BEGIN").execute();
            return true;
        } catch (SQLException e) {
            return false;
        }
    }

    private static Set<String> violations(SqlStatements statements) throws SQLException {
        Set<String> violations = new HashSet<>();
        try (var rows = statements.prepare("PRAGMA main.foreign_key_check").executeQuery()) {
            var unnamed = 0;
            while (rows.next()) {
                var rowid = rows.getString(2);
                violations.add(rows.getString(1) + "/" + (rowid == null ? "#" + unnamed++ : rowid) + "/"
                        + rows.getString(3) + "/" + rows.getString(4));
            }
        }
        return violations;
    }

    /**
     * Ends the frame: what was applied stays.
     *
     * @param resolve asked with the number of violations if foreign keys are violated
     */
    void close(LongFunction<Resolution> resolve) throws SQLException {
        if (comparing) {
            var added = violations(statements);
            added.removeAll(violationsBefore);
            if (!added.isEmpty()) {
                settle(resolve.apply(added.size()));
            }
        }
        switch (kind) {
            case TRANSACTION -> commit(resolve);
            case SAVEPOINT -> {
                endDeferring();
                statements.run("RELEASE merklite_apply");
            }
            case NONE -> endDeferring();
        }
        closed = true;
        restoreEnforcement();
    }

    private void commit(LongFunction<Resolution> resolve) throws SQLException {
        try {
            statements.prepare("COMMIT").execute();
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
    private void endDeferring() {
        if (deferring) {
            statements.run("PRAGMA defer_foreign_keys = OFF");
        }
    }

    private void restoreEnforcement() {
        if (enforcementSuspended) {
            statements.run("PRAGMA foreign_keys = ON");
        }
    }

    /** After a failure: nothing that was applied stays, unless there is no savepoint. Does nothing once closed. */
    void undoUnlessClosed() {
        if (closed) {
            return;
        }
        closed = true;
        switch (kind) {
            case TRANSACTION -> statements.run("ROLLBACK");
            case SAVEPOINT -> {
                statements.run("ROLLBACK TO merklite_apply");
                endDeferring();
                statements.run("RELEASE merklite_apply");
            }
            case NONE -> endDeferring();
        }
        restoreEnforcement();
    }
}
