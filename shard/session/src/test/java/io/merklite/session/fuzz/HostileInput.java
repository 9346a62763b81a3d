package io.merklite.session.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.merklite.session.SessionException;
import io.merklite.session.SessionException.MalformedChangeset;
import io.merklite.session.apply.ApplyOptions;
import io.merklite.session.apply.ChangesetApplier;
import io.merklite.session.apply.ConflictHandler;
import io.merklite.session.changeset.ChangeGroup;
import io.merklite.session.changeset.Changeset;
import io.merklite.session.changeset.ChangesetCursor;
import io.merklite.session.changeset.Inversion;
import io.merklite.session.changeset.Rebaser;
import java.lang.management.ManagementFactory;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * What must hold for any bytes whatever, checked against one small database.
 *
 * <p><b>Invariants.</b> (1) Nothing but a {@link SessionException} is thrown. (2) What the decoder refuses is refused by
 * inversion, concatenation and apply too. (3) Decoding allocates in proportion to the input, whatever lengths it states.
 * (4) An apply that throws leaves the rows, and the caller's transaction, as they were.
 */
final class HostileInput implements AutoCloseable {
    static final List<String> SCHEMA = List.of(
            "CREATE TABLE t(a INTEGER PRIMARY KEY, b, c)",
            "CREATE TABLE u(a TEXT, b INT, c UNIQUE, PRIMARY KEY(b, a)) WITHOUT ROWID",
            "CREATE TABLE t1(a PRIMARY KEY, b NOT NULL, c CHECK(c <> 3))",
            "CREATE TABLE t2(a INTEGER PRIMARY KEY, b REFERENCES t(a) ON DELETE CASCADE)",
            "INSERT INTO t VALUES(1, 'one', 1.5), (2, 2, NULL), (3, x'03', 3)",
            "INSERT INTO u VALUES('k', 1, 1), ('l', 2, 2)",
            "INSERT INTO t1 VALUES(1, 1, 1), ('x', 2, 2)",
            "INSERT INTO t2 VALUES(1, 1), (2, 2)",
            "PRAGMA foreign_keys = ON");
    private static final List<ConflictHandler> HANDLERS =
            List.of(ConflictHandler.ABORT, ConflictHandler.OMIT, ConflictHandler.REPLACE);

    /** Generous: a value of one byte becomes two references and some integers of the cursor. */
    private static final long ALLOCATION_PER_BYTE = 512;

    private static final long ALLOCATION_FLOOR_BYTES = 1 << 20;
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private final Connection connection;
    private final ChangesetApplier applier;
    private final List<String> initialRows;

    HostileInput() throws SQLException {
        connection = DriverManager.getConnection("jdbc:sqlite::memory:");
        for (var sql : SCHEMA) {
            run(sql);
        }
        applier = new ChangesetApplier(connection);
        initialRows = rows();
    }

    void check(byte[] bytes) throws SQLException {
        var wellFormed = decodes(bytes);
        var inverts = accepted(() -> Inversion.invert(bytes));
        var concatenates = accepted(() -> new ChangeGroup().add(bytes));
        accepted(() -> Changeset.copyOf(bytes).statistics());
        accepted(() -> new Rebaser().configure(bytes).rebase(bytes));
        if (!wellFormed) {
            assertThat(inverts).as("inverted what does not decode").isFalse();
            assertThat(concatenates).as("concatenated what does not decode").isFalse();
        }
        for (var handler : HANDLERS) {
            checkApply(bytes, ApplyOptions.DEFAULTS, handler, wellFormed);
        }
        checkApply(bytes, ApplyOptions.DEFAULTS.inverted(), ConflictHandler.OMIT, wellFormed);
        checkApply(bytes, ApplyOptions.DEFAULTS.recordingRebase().ignoringNoOps(), ConflictHandler.OMIT, wellFormed);
    }

    /** Decodes twice: what the first time loads and instruments is not the input's doing. */
    private static boolean decodes(byte[] bytes) {
        var wellFormed = decodesOnce(bytes);
        var before = THREADS.getCurrentThreadAllocatedBytes();
        assertThat(decodesOnce(bytes)).as("same answer again").isEqualTo(wellFormed);
        assertThat(THREADS.getCurrentThreadAllocatedBytes() - before)
                .as("bytes allocated for an input of " + bytes.length)
                .isLessThan(ALLOCATION_FLOOR_BYTES + ALLOCATION_PER_BYTE * bytes.length);
        return wellFormed;
    }

    private static boolean decodesOnce(byte[] bytes) {
        try {
            var cursor = new ChangesetCursor(bytes);
            while (cursor.next()) {
                cursor.row();
            }
            return true;
        } catch (MalformedChangeset e) {
            assertThat(e.offset()).as("offset of the first wrong byte").isBetween(0L, (long) bytes.length);
            return false;
        }
    }

    private static boolean accepted(Runnable operation) {
        try {
            operation.run();
            return true;
        } catch (SessionException e) {
            return false;
        }
    }

    private void checkApply(byte[] bytes, ApplyOptions options, ConflictHandler handler, boolean wellFormed)
            throws SQLException {
        run("BEGIN");
        try {
            if (accepted(() -> applier.apply(bytes, options, handler))) {
                assertThat(wellFormed).as("applied what does not decode").isTrue();
            } else {
                assertThat(rows()).as("rows after a refused apply").isEqualTo(initialRows);
            }
        } finally {
            run("ROLLBACK");
        }
        assertThat(rows()).as("rows after the caller's rollback").isEqualTo(initialRows);
    }

    private void run(String sql) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private List<String> rows() throws SQLException {
        List<String> rows = new ArrayList<>();
        try (var statement = connection.createStatement();
                var result = statement.executeQuery("""
                        SELECT 't', quote(a), quote(b), quote(c) FROM t
                        UNION ALL SELECT 'u', quote(a), quote(b), quote(c) FROM u
                        UNION ALL SELECT 't1', quote(a), quote(b), quote(c) FROM t1
                        UNION ALL SELECT 't2', quote(a), quote(b), NULL FROM t2
                        UNION ALL SELECT 'schema', name, sql, NULL FROM sqlite_schema ORDER BY 1, 2""")) {
            while (result.next()) {
                rows.add(result.getString(1) + "|" + result.getString(2) + "|" + result.getString(3) + "|"
                        + result.getString(4));
            }
        }
        return rows;
    }

    @Override
    public void close() throws SQLException {
        applier.close();
        connection.close();
    }
}
