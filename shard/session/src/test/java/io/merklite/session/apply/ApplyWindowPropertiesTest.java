package io.merklite.session.apply;

import static io.merklite.session.apply.WrittenChanges.NONE;
import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.session.SessionException;
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
    private static final List<String> TABLES = List.of(
            "CREATE TABLE t(a INTEGER PRIMARY KEY, b, c)",
            "CREATE TABLE t(a INTEGER PRIMARY KEY, b UNIQUE, c)",
            "CREATE TABLE t(a TEXT PRIMARY KEY, b NOT NULL, c CHECK (c < 90)) WITHOUT ROWID",
            "CREATE TABLE t(a TEXT COLLATE NOCASE PRIMARY KEY, b UNIQUE, c)",
            "CREATE TABLE t(a NUMERIC PRIMARY KEY, b, c)",
            "CREATE TABLE t(a REAL PRIMARY KEY, b, c) WITHOUT ROWID",
            "CREATE TABLE t(a PRIMARY KEY, b UNIQUE, c)",
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
            var text = random.nextBoolean() && !schema.contains("INTEGER PRIMARY");
            for (var i = 0; i < 40; i++) {
                var key = random.nextInt(60);
                statement.execute("INSERT OR IGNORE INTO t VALUES (" + (text ? "'k" + key + "'" : key) + ", "
                        + random.nextInt(80) + ", " + random.nextInt(90) + ")");
            }
            if (trigger) {
                statement.execute(
                        "CREATE TRIGGER tr AFTER DELETE ON t BEGIN UPDATE t SET c = 1 WHERE a = OLD.a + 1; END");
            }
        }
    }

    /** Keys may come twice, in the same or in other spellings, within a group or not. */
    private static byte[] changes(RandomGenerator random) {
        var spelling = random.nextInt(3);
        var keys = 10 + random.nextInt(60);
        var patchset = random.nextBoolean();
        var changes = new WrittenChanges().group(patchset, "t", 1, 0, 0);
        for (var i = 0; i < 1 + random.nextInt(60); i++) {
            if (random.nextInt(20) == 0) {
                patchset = random.nextBoolean();
                changes.group(patchset, "t", 1, 0, 0);
            }
            var key = spelt(random.nextInt(keys), spelling == 2 ? random.nextInt(4) : spelling);
            var before = random.nextInt(80);
            var after = random.nextInt(100);
            switch (random.nextInt(5)) {
                case 0 -> delete(changes, patchset, key, before, after);
                case 1 -> update(changes, patchset, key, new Object[] {before, NONE}, new Object[] {after, NONE});
                case 2 -> update(changes, patchset, key, new Object[] {NONE, NONE}, new Object[] {after, before});
                default -> changes.insert(key, before, after);
            }
        }
        return changes.bytes();
    }

    private static Object spelt(int key, int spelling) {
        return switch (spelling) {
            case 0 -> key;
            case 1 -> "k" + key;
            case 2 -> (double) key;
            default -> key % 2 == 0 ? "K" + key : String.valueOf(key);
        };
    }

    private static void delete(WrittenChanges changes, boolean patchset, Object key, int before, int after) {
        if (patchset) {
            changes.delete(key);
        } else {
            changes.delete(key, before, after);
        }
    }

    private static void update(WrittenChanges changes, boolean patchset, Object key, Object[] before, Object[] after) {
        if (patchset) {
            changes.update(key, after[0], after[1]);
        } else {
            changes.update(key, before[0], before[1], NONE, after[0], after[1]);
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
