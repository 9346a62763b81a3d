package io.merklite.session.oracle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.merklite.session.SessionException;
import io.merklite.session.apply.ApplyOptions;
import io.merklite.session.apply.ChangesetApplier;
import io.merklite.session.apply.ConflictType;
import io.merklite.session.apply.MessyChanges;
import io.merklite.session.apply.Resolution;
import io.merklite.testkit.Seeds;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The same messy changes applied by us and by SQLite's own extension. */
class RealApplyTest {
    private static final int RUNS = Seeds.count("merklite.applies", 1000);
    private static final String ROWS = "SELECT quote(a) || quote(b) || quote(c) FROM t ORDER BY 1";
    /** By the number that SQLite gives them. */
    private static final List<ConflictType> TYPES = List.of(
            ConflictType.DATA,
            ConflictType.NOT_FOUND,
            ConflictType.CONFLICT,
            ConflictType.CONSTRAINT,
            ConflictType.FOREIGN_KEY);

    /**
     * How an apply ended.
     *
     * @param resultCode SQLite's
     * @param calls what the handler was asked about
     * @param rows the table afterwards
     */
    private record End(int resultCode, List<ConflictType> calls, List<String> rows) {}

    @BeforeAll
    static void needsTheExtension() {
        assumeTrue(
                NativeSqlite.isAvailable(),
                "libsqlite3.so.0 with the session extension is not on this machine; Debian's libsqlite3-0 has it");
    }

    @Test
    void messyChangesEndAlike() {
        Seeds.upTo(RUNS)
                .forEach(seed -> Seeds.run(seed, random -> {
                    var messy = new MessyChanges(random);
                    var sql = messy.target();
                    var changes = messy.changes(true);
                    var callsBeforeAbort = random.nextInt(4) == 0 ? random.nextInt(6) : Integer.MAX_VALUE;
                    var replaces = random.nextBoolean() && sql.getFirst().endsWith("PRIMARY KEY, b, c)");

                    var ours = ours(sql, changes, callsBeforeAbort, replaces);
                    var theirs = theirs(sql, changes, callsBeforeAbort, replaces);

                    assertThat(ours).as(String.join(";\n", sql)).isEqualTo(theirs);
                }));
    }

    private static Resolution resolve(ConflictType type, int call, int callsBeforeAbort, boolean replaces) {
        if (call > callsBeforeAbort) {
            return Resolution.ABORT;
        }
        return replaces && (type == ConflictType.DATA || type == ConflictType.CONFLICT)
                ? Resolution.REPLACE
                : Resolution.OMIT;
    }

    private static End ours(List<String> sql, byte[] changes, int callsBeforeAbort, boolean replaces)
            throws SQLException {
        try (var connection = DriverManager.getConnection("jdbc:sqlite::memory:");
                var statement = connection.createStatement();
                var applier = new ChangesetApplier(connection)) {
            for (var one : sql) {
                statement.execute(one);
            }
            List<ConflictType> calls = new ArrayList<>();
            var resultCode = 0;
            try {
                applier.apply(changes, ApplyOptions.DEFAULTS.withoutResolvingUpdateLoops(), conflict -> {
                    calls.add(conflict.type());
                    return resolve(conflict.type(), calls.size(), callsBeforeAbort, replaces);
                });
            } catch (SessionException e) {
                resultCode = e.resultCode();
            }
            List<String> rows = new ArrayList<>();
            try (var result = statement.executeQuery(ROWS)) {
                while (result.next()) {
                    rows.add(result.getString(1));
                }
            }
            return new End(resultCode, calls, rows);
        }
    }

    private static End theirs(List<String> sql, byte[] changes, int callsBeforeAbort, boolean replaces) {
        try (var database = new NativeSqlite()) {
            sql.forEach(database::run);
            List<ConflictType> calls = new ArrayList<>();
            var resultCode = database.apply(changes, number -> {
                var type = TYPES.get(number - 1);
                calls.add(type);
                return switch (resolve(type, calls.size(), callsBeforeAbort, replaces)) {
                    case OMIT -> 0;
                    case REPLACE -> 1;
                    case ABORT -> 2;
                };
            });
            return new End(resultCode, calls, database.column(ROWS));
        }
    }
}
