package io.merklite.session.apply;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.session.SessionException;
import io.merklite.testkit.Seeds;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The fast way and the slow way end alike, whatever meets them. A filter for changes forces the slow way. */
class ApplyWindowPropertiesTest {
    private record End(String outcome, List<String> calls, List<String> rows) {}

    @Test
    void windowAndSingleChangesEndAlike() {
        Seeds.upTo(1000)
                .forEach(seed -> Seeds.run(seed, random -> {
                    var messy = new MessyChanges(random);
                    var sql = messy.target();
                    var changes = messy.changes(false);
                    var policy = random.nextInt(3);

                    var fast = apply(sql, changes, policy, ApplyOptions.DEFAULTS.recordingRebase());
                    var slow = apply(
                            sql,
                            changes,
                            policy,
                            ApplyOptions.DEFAULTS.recordingRebase().filteringChanges((table, change) -> true));

                    assertThat(fast).isEqualTo(slow);
                }));
    }

    private static End apply(List<String> sql, byte[] changes, int policy, ApplyOptions options) throws SQLException {
        List<String> calls = new ArrayList<>();
        ConflictHandler handler = conflict -> {
            calls.add(conflict.toString());
            return switch (policy) {
                case 0 -> Resolution.OMIT;
                case 1 -> ConflictHandler.REPLACE.resolve(conflict);
                default -> calls.size() > 3 ? Resolution.ABORT : Resolution.OMIT;
            };
        };
        try (var connection = DriverManager.getConnection("jdbc:sqlite::memory:");
                var applier = new ChangesetApplier(connection)) {
            for (var one : sql) {
                Applied.run(connection, one);
            }
            String outcome;
            try {
                outcome = applier.apply(changes, options, handler).toString();
            } catch (SessionException e) {
                outcome = e.code();
            }
            return new End(outcome, calls, rows(connection));
        }
    }

    private static List<String> rows(Connection connection) throws SQLException {
        List<String> rows = new ArrayList<>();
        try (var statement = connection.createStatement();
                var result = statement.executeQuery("SELECT quote(a) || quote(b) || quote(c) FROM t ORDER BY 1")) {
            while (result.next()) {
                rows.add(result.getString(1));
            }
        }
        return rows;
    }
}
