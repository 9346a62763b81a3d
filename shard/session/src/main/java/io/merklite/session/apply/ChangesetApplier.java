package io.merklite.session.apply;

import io.merklite.session.SessionException.DatabaseFailure;
import io.merklite.session.changeset.ChangesetParts;
import io.merklite.session.statement.SqlStatements;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Iterator;
import java.util.List;

/**
 * Applies changesets and patchsets to the schema {@code main} of a connection.
 *
 * <p>It keeps prepared statements and table layouts between calls, so keep it as long as the connection. A change of the
 * schema is noticed at the next call, also one that was rolled back.
 *
 * <p><b>Atomicity.</b> Unless {@link ApplyOptions#withoutSavepoint} is used, an apply that throws has changed nothing;
 * an outer transaction and its earlier work stay. The target may rule otherwise: where a trigger does RAISE(ROLLBACK), or a
 * conflict clause says ROLLBACK, the whole transaction is gone, the caller's own included; the apply ends there, and throws.
 *
 * <p><b>Threading.</b> Not thread-safe: confined to the owner of the connection. Blocks on disk.
 *
 * <p><b>Cost.</b> Linear in the changes; 0.3 to 0.7 µs a row of three columns where nothing conflicts.
 */
public final class ChangesetApplier implements AutoCloseable {
    private final SqlStatements statements;
    private final TargetSchema schema;

    /** An applier for {@code connection}, which stays the caller's. */
    public ChangesetApplier(Connection connection) {
        this(connection, true);
    }

    private ChangesetApplier(Connection connection, boolean obeysConflictClauses) {
        statements = new SqlStatements(connection);
        schema = new TargetSchema(statements, obeysConflictClauses);
    }

    /**
     * One that asks the handler about every constraint, also where the target's ON CONFLICT clauses would ignore the row,
     * replace others, or roll back.
     */
    public static ChangesetApplier ignoringConflictClauses(Connection connection) {
        return new ChangesetApplier(connection, false);
    }

    /** Applies with {@link ApplyOptions#DEFAULTS}. */
    public ApplyOutcome apply(byte[] changeset, ConflictHandler handler) {
        return apply(changeset, ApplyOptions.DEFAULTS, handler);
    }

    /**
     * Applies a changeset or patchset.
     *
     * @param changeset the bytes; empty means no changes. They must not change meanwhile
     * @param options how
     * @param handler decides about conflicts
     * @return what was done
     * @throws io.merklite.session.SessionException.MalformedChangeset if the bytes are no changeset
     * @throws io.merklite.session.SessionException.WrongKind if a patchset is to be inverted
     * @throws io.merklite.session.SessionException.ApplyAborted if the handler answered ABORT
     * @throws io.merklite.session.SessionException.IllegalResolution if it gave an answer that is not legal
     * @throws DatabaseFailure if SQLite fails
     */
    public ApplyOutcome apply(byte[] changeset, ApplyOptions options, ConflictHandler handler) {
        return apply(List.of(changeset).iterator(), options, handler);
    }

    /** Applies the bytes between position and limit of {@code changeset}, and moves its position to the limit. */
    public ApplyOutcome apply(ByteBuffer changeset, ApplyOptions options, ConflictHandler handler) {
        var bytes = new byte[changeset.remaining()];
        changeset.get(bytes);
        return apply(bytes, options, handler);
    }

    /**
     * Applies a changeset that comes in parts, as one: each part is a changeset of its own, and one that begins with the
     * table that the part before ended with goes on with that table.
     *
     * @param parts taken one after the other, so that only one need be in memory
     */
    public ApplyOutcome apply(Iterator<byte[]> parts, ApplyOptions options, ConflictHandler handler) {
        try {
            return new ApplyRun(statements, schema, options, handler).run(parts);
        } catch (SQLException e) {
            throw new DatabaseFailure("applying a changeset", e);
        }
    }

    /**
     * Applies a changeset or patchset from a stream, which is read to its end and not closed; it need not fit into
     * memory.
     *
     * @throws io.merklite.session.SessionException.StreamFailure if reading fails: nothing is applied then
     */
    public ApplyOutcome apply(InputStream changeset, ApplyOptions options, ConflictHandler handler) {
        return apply(new ChangesetParts(changeset), options, handler);
    }

    @Override
    public void close() {
        statements.close();
    }
}
