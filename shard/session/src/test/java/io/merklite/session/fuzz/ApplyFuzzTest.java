package io.merklite.session.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.merklite.session.SessionException;
import io.merklite.session.apply.ApplyOptions;
import io.merklite.session.apply.ChangesetApplier;
import io.merklite.session.apply.ConflictHandler;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.Tag;

/** Any bytes at all are applied whole, or not at all; each is tried on the same database, which is put back after. */
@Tag("fuzz")
class ApplyFuzzTest {
    private static final List<String> SCHEMA = List.of(
            "CREATE TABLE t(a INTEGER PRIMARY KEY, b, c UNIQUE)",
            "CREATE TABLE u(k TEXT, l, v REAL NOT NULL DEFAULT 0, PRIMARY KEY(l, k)) WITHOUT ROWID",
            "INSERT INTO t VALUES (1, 'one', 10), (2, 'two', 20), (3, 'three', 30)",
            "INSERT INTO u VALUES ('x', 1, 1.5), ('y', 2, 2.5)");
    private static final Connection CONNECTION = open();
    private static final ChangesetApplier APPLIER = new ChangesetApplier(CONNECTION);

    private static Connection open() {
        try {
            var connection = DriverManager.getConnection("jdbc:sqlite::memory:");
            try (var statement = connection.createStatement()) {
                for (var sql : SCHEMA) {
                    statement.execute(sql);
                }
            }
            return connection;
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    @FuzzTest
    void anyBytesAreAppliedWholeOrNotAtAll(byte[] bytes) throws SQLException {
        try (var statement = CONNECTION.createStatement()) {
            for (var handler : List.of(ConflictHandler.ABORT, ConflictHandler.REPLACE, ConflictHandler.OMIT)) {
                statement.execute("SAVEPOINT fuzz");
                var before = content(statement);
                try {
                    APPLIER.apply(bytes, ApplyOptions.DEFAULTS.recordingRebase(), handler);
                } catch (SessionException e) {
                    assertThat(content(statement)).isEqualTo(before);
                }
                statement.execute("ROLLBACK TO fuzz");
                statement.execute("RELEASE fuzz");
            }
        }
    }

    private static String content(Statement statement) throws SQLException {
        try (var rows = statement.executeQuery("""
                SELECT (SELECT group_concat(quote(a) || quote(b) || quote(c)) FROM t)
                    || (SELECT group_concat(quote(k) || quote(l) || quote(v)) FROM u)
                    || (SELECT count(*) FROM sqlite_schema)
                """)) {
            rows.next();
            return rows.getString(1);
        }
    }
}
