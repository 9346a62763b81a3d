package io.merklite.query.subscribe;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.testkit.Seeds;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Many subscriptions come and go; a row finds those whose terms it meets, and runs no other. */
class WatchIndexTest {
    private static final List<String> TERMS = List.of(
            "v = %1$d",
            "v IN (%1$d, %2$d)",
            "v BETWEEN %1$d AND %2$d",
            "v > %1$d",
            "v <= %1$d",
            "v > %1$d AND w = %2$d",
            "v <> %1$d",
            "v IS NOT %1$d",
            "v IS NULL AND w < %1$d",
            "v IS %1$d OR v IS NULL");

    @Test
    void exactlyTheConcernedAreRun() {
        Seeds.upTo(8)
                .forEach(seed -> Seeds.run(seed, random -> {
                    try (var watched = new Watched("CREATE TABLE t(id INTEGER PRIMARY KEY, v INT, w INT)")) {
                        Map<SubscriptionId, String> terms = new HashMap<>();
                        for (var step = 0; step < 600; step++) {
                            if (random.nextInt(3) > 0) {
                                var term = TERMS.get(random.nextInt(TERMS.size()))
                                        .formatted(random.nextInt(40), random.nextInt(40));
                                terms.put(watched.follow("SELECT id FROM t WHERE " + term), term);
                            } else if (!terms.isEmpty() && random.nextInt(2) == 0) {
                                var ended = terms.keySet().iterator().next();
                                watched.subscriptions.unsubscribe(ended);
                                terms.remove(ended);
                            }
                            var value = random.nextInt(8) == 0 ? "NULL" : String.valueOf(random.nextInt(45));
                            var insert = "INSERT INTO t VALUES (%d, %s, %d)".formatted(step, value, random.nextInt(45));
                            if (step % 10 == 0) {
                                assertRun(watched, terms, insert, step);
                            }
                        }
                    }
                }));
    }

    private static void assertRun(Watched watched, Map<SubscriptionId, String> terms, String insert, int id)
            throws SQLException {
        watched.after(insert);

        List<SubscriptionId> expected = new ArrayList<>();
        for (var term : terms.entrySet()) {
            try (var statement = watched.connection.createStatement();
                    var rows = statement.executeQuery(
                            "SELECT 1 FROM t WHERE id = " + id + " AND (" + term.getValue() + ")")) {
                if (rows.next()) {
                    expected.add(term.getKey());
                }
            }
        }
        assertThat(watched.reports.stream().map(Report::subscription)).containsExactlyInAnyOrderElementsOf(expected);
    }

    @Test
    void noQueryIsRunForRowsThatMeetNoTerm() throws SQLException {
        try (var watched = new Watched("CREATE TABLE t(id INTEGER PRIMARY KEY, v INT)")) {
            for (var i = 0; i < 2000; i++) {
                watched.subscriptions.subscribe("SELECT id FROM t WHERE v = " + (100 + i), report -> {});
            }
            watched.subscriptions.notifyTables(List.of());

            assertThat(watched.runsAfter("INSERT INTO t VALUES (1, 1), (2, 99), (3, 2100)"))
                    .isFalse();
            assertThat(watched.runsAfter("INSERT INTO t VALUES (4, 100)")).isTrue();
            assertThat(watched.subscriptions.evaluationCount()).isEqualTo(2001);
        }
    }
}
