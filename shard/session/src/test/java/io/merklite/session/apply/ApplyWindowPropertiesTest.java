package io.merklite.session.apply;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.session.SessionException;
import io.merklite.session.changeset.ChangesetBuilder;
import io.merklite.session.changeset.ChangesetValue;
import io.merklite.session.changeset.TableInfo;
import io.merklite.testkit.Seeds;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/** The fast way and the slow way end alike, whatever meets them. A filter for changes forces the slow way. */
class ApplyWindowPropertiesTest {
    private static final TableInfo TABLE = new TableInfo("t", List.of(1, 0, 0));
    private static final List<String> TABLES = List.of(
            "CREATE TABLE t(a INTEGER PRIMARY KEY, b, c)",
            "CREATE TABLE t(a INTEGER PRIMARY KEY, b UNIQUE, c)",
            "CREATE TABLE t(a TEXT PRIMARY KEY, b NOT NULL, c CHECK (c < 90)) WITHOUT ROWID",
            "CREATE TABLE t(a INTEGER PRIMARY KEY, b UNIQUE ON CONFLICT IGNORE, c)",
            "CREATE TABLE t(a INTEGER PRIMARY KEY, b UNIQUE ON CONFLICT REPLACE, c)");

    private record End(String outcome, List<String> calls, List<String> rows) {}

    @Test
    void windowAndSingleChangesEndAlike() {
        Seeds.upTo(1000)
                .forEach(seed -> Seeds.run(seed, random -> {
                    var schema = TABLES.get(random.nextInt(TABLES.size()));
                    var trigger = random.nextInt(6) == 0;
                    var setup = random.nextLong();
                    var changes = changes(random);
                    var policy = random.nextInt(3);

                    var fast = apply(schema, trigger, setup, changes, policy, ApplyOptions.DEFAULTS.recordingRebase());
                    var slow = apply(
                            schema,
                            trigger,
                            setup,
                            changes,
                            policy,
                            ApplyOptions.DEFAULTS.recordingRebase().filteringChanges((table, change) -> true));

                    assertThat(fast).isEqualTo(slow);
                }));
    }

    private static End apply(
            String schema, boolean trigger, long setup, byte[] changes, int policy, ApplyOptions options)
            throws SQLException {
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
            prepare(connection, schema, trigger, Seeds.random(setup));
            String outcome;
            try {
                outcome = applier.apply(changes, options, handler).toString();
            } catch (SessionException e) {
                outcome = e.code();
            }
            return new End(outcome, calls, rows(connection));
        }
    }

    private static void prepare(Connection connection, String schema, boolean trigger, RandomGenerator random)
            throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute(schema);
            for (var i = 0; i < 40; i++) {
                statement.execute("INSERT OR IGNORE INTO t VALUES (" + random.nextInt(60) + ", " + random.nextInt(80)
                        + ", " + random.nextInt(90) + ")");
            }
            if (trigger) {
                statement.execute(
                        "CREATE TRIGGER tr AFTER DELETE ON t BEGIN UPDATE t SET c = 1 WHERE a = OLD.a + 1; END");
            }
        }
    }

    private static byte[] changes(RandomGenerator random) {
        var builder = new ChangesetBuilder();
        for (var i = 0; i < 1 + random.nextInt(60); i++) {
            ChangesetValue key = new ChangesetValue.Integer(random.nextInt(60));
            ChangesetValue before = new ChangesetValue.Integer(random.nextInt(80));
            ChangesetValue after = new ChangesetValue.Integer(random.nextInt(100));
            var table = builder.table(TABLE);
            switch (random.nextInt(4)) {
                case 0 -> table.delete(List.of(key, before, after));
                case 1 ->
                    table.update(
                            List.of(key, before, ChangesetValue.UNDEFINED),
                            List.of(ChangesetValue.UNDEFINED, after, ChangesetValue.UNDEFINED));
                default -> table.insert(List.of(key, before, after));
            }
        }
        var changeset = builder.build();
        return random.nextBoolean() ? changeset.toPatchset().toByteArray() : changeset.toByteArray();
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
