package io.merklite.query.subscribe;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The example in the Javadoc of {@link Subscriptions}, and in its page. */
class ExampleTest {
    @Test
    void exampleReportsTwice() throws SQLException {
        List<List<List<SqlValue>>> shown = new ArrayList<>();
        try (var connection = DriverManager.getConnection("jdbc:sqlite::memory:");
                var statement = connection.createStatement()) {
            statement.execute("CREATE TABLE item(id INTEGER PRIMARY KEY, grp INT, label TEXT)");

            var subscriptions = new Subscriptions(connection);
            subscriptions.subscribe(
                    "SELECT id, label FROM item WHERE grp = 1 ORDER BY id", report -> shown.add(report.rows()));
            subscriptions.notifyTables(Set.of());
            statement.execute("INSERT INTO item(id, grp, label) VALUES (7, 1, 'seven')");
            subscriptions.notifyTables(Set.of("item"));
        }

        assertThat(shown).containsExactly(List.of(), List.of(List.of(SqlValue.of(7), SqlValue.of("seven"))));
    }
}
