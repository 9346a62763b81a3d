package io.merklite.query.subscribe;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.testkit.Seeds;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

/** What was reported last is what the query gives, after every step of random histories. */
class SubscriptionPropertiesTest {
    private static final int HISTORIES = 125;
    private static final int STEPS = 40;
    private static final int QUERIES = 16;

    private long steps;
    private long runs;
    private long changed;
    private long possible;

    @Test
    void reportedResultsAreThoseOfRunningTheQueryAgain() {
        var histories = Seeds.count("merklite.histories", HISTORIES);

        Seeds.upTo(histories).forEach(seed -> Seeds.run(seed, this::history));

        System.out.printf(
                "%d steps, %d times a query of %d was run, %d times the result was another one%n",
                steps, runs, possible, changed);
        if (histories >= HISTORIES && System.getProperty("merklite.seed", "").isBlank()) {
            assertThat(steps).isGreaterThanOrEqualTo(5000);
            assertThat(runs).as("skipping happens").isLessThan(possible / 2);
            assertThat(changed).as("results change").isGreaterThan(steps / 2);
        }
    }

    /** A subscription and the last that it reported. */
    private static final class Follower {
        private final String sql;
        private Optional<QueryResult> last = Optional.empty();
        private int reports;

        Follower(String sql) {
            this.sql = sql;
        }

        void accept(Report report) {
            var before = last.map(QueryResult::rows).orElse(List.of());
            assertThat(report.difference().applyTo(before))
                    .as("difference of %s", sql)
                    .isEqualTo(report.rows());
            assertThat(last).as("reported again: %s", sql).isNotEqualTo(Optional.of(report.result()));
            last = Optional.of(report.result());
            reports++;
        }
    }

    private void history(RandomGenerator random) throws SQLException {
        try (var connection = DriverManager.getConnection("jdbc:sqlite::memory:");
                var subscriptions = new Subscriptions(connection)) {
            var database = new RandomDatabase(random, connection);
            var queries = new RandomQueries(random, database);
            List<Follower> followers = new ArrayList<>();
            while (followers.size() < QUERIES) {
                var follower = new Follower(queries.query());
                if (compiles(connection, follower.sql)) {
                    subscriptions.subscribe(follower.sql, follower::accept);
                    followers.add(follower);
                }
            }
            subscriptions.notifyTables(List.of());
            assertAllCurrent(connection, followers, "the beginning");
            for (var step = 0; step < STEPS; step++) {
                step(random, connection, subscriptions, database, followers);
            }
        }
    }

    private static boolean compiles(Connection connection, String sql) {
        try (var statement = connection.prepareStatement(sql)) {
            return statement.getMetaData().getColumnCount() > 0;
        } catch (SQLException e) {
            return false;
        }
    }

    private void step(
            RandomGenerator random,
            Connection connection,
            Subscriptions subscriptions,
            RandomDatabase database,
            List<Follower> followers)
            throws SQLException {
        var runsBefore = subscriptions.evaluationCount();
        var reportsBefore = subscriptions.reportCount();
        var netted = random.nextBoolean();
        var before = TableSnapshot.of(connection);
        List<RowChange> changes = new ArrayList<>();
        for (var count = 1 + random.nextInt(3); count > 0; count--) {
            database.change();
            if (!netted || count == 1) {
                var now = TableSnapshot.of(connection);
                changes.addAll(before.changesTo(now));
                before = now;
            }
        }
        if (random.nextInt(20) == 0) {
            subscriptions.notifyTables(
                    changes.stream().map(RowChange::table).distinct().toList());
        } else {
            subscriptions.notifyChanges(changes);
        }
        steps++;
        possible += followers.size();
        runs += subscriptions.evaluationCount() - runsBefore;
        changed += subscriptions.reportCount() - reportsBefore;
        assertAllCurrent(connection, followers, changes.toString());
    }

    private static void assertAllCurrent(Connection connection, List<Follower> followers, String after)
            throws SQLException {
        for (var follower : followers) {
            try (var statement = connection.createStatement();
                    var rows = statement.executeQuery(follower.sql)) {
                assertThat(follower.last.orElseThrow())
                        .as("%s after %s", follower.sql, after)
                        .isEqualTo(QueryResult.read(rows));
            }
        }
    }
}
