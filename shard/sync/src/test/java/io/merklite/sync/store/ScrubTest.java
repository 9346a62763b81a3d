package io.merklite.sync.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A file that somebody else writes to is found out, and mended from a peer or accepted. */
final class ScrubTest {
    private static final String KEYED = "id INTEGER PRIMARY KEY, v UNIQUE, w";
    private static final String COMPOSITE = "v TEXT, w, id INTEGER, PRIMARY KEY (v, id)";
    private static final String KEYLESS = "id, v, w";

    @TempDir
    Path directory;

    private TestReplica anne;
    private TestReplica bert;
    private Connection intruder;

    private void open(String columns) throws SQLException {
        open(columns, options -> options);
    }

    private void open(String columns, TestReplica.StoreChoice choice) throws SQLException {
        var file = "jdbc:sqlite:" + directory.resolve("anne.db");
        var connection = DriverManager.getConnection(file);
        try (var statement = connection.createStatement()) {
            statement.execute("PRAGMA journal_mode = WAL");
            statement.execute("CREATE TABLE t(" + columns + ")");
        }
        anne = TestReplica.over(connection, 1, choice);
        bert = TestReplica.open("bert", 2, List.of("CREATE TABLE t(" + columns + ")"), choice);
        anne.run("INSERT INTO t(id, v, w) WITH RECURSIVE s(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM s WHERE x < 400)"
                + " SELECT x, 'v' || x, x * x FROM s");
        anne.run("DELETE FROM t WHERE id % 50 = 0");
        TestReplica.requireConvergence(List.of(anne, bert));
        intruder = DriverManager.getConnection(file);
    }

    @AfterEach
    void closeFiles() throws SQLException {
        intruder.close();
        anne.close();
        bert.close();
    }

    private List<Scrub.Damage> damagesAfter(String... sql) throws SQLException {
        try (var statement = intruder.createStatement()) {
            for (var one : sql) {
                statement.execute(one);
            }
        }
        var damages = anne.store().scrub().run();
        assertThat(damages).isNotEmpty();
        return damages;
    }

    private void restoreAll(List<Scrub.Damage> damages) {
        for (var damage : damages) {
            var rows = bert.store()
                    .ranges()
                    .rows(damage.table(), damage.range(), Integer.MAX_VALUE - 1)
                    .rows();
            var merged = anne.store().restore(damage, rows);
            assertThat(merged.repair()).isEmpty();
        }
        anne.requireConsistent();
        assertThat(anne.dump()).isEqualTo(bert.dump());
        assertThat(anne.store().root()).isEqualTo(bert.store().root());
    }

    private void acceptAll(List<Scrub.Damage> damages) {
        var before = anne.query("SELECT * FROM t ORDER BY _rowid_");
        anne.store().accept(damages).ifPresent(anne::keep);
        anne.requireConsistent();
        assertThat(anne.query("SELECT * FROM t ORDER BY _rowid_")).isEqualTo(before);
        TestReplica.requireConvergence(List.of(anne, bert));
        assertThat(bert.query("SELECT count(*) FROM t")).containsExactly("" + before.size());
    }

    @ParameterizedTest
    @ValueSource(strings = {KEYED, COMPOSITE, KEYLESS})
    void changedValueIsRestored(String columns) throws SQLException {
        open(columns);

        restoreAll(damagesAfter("UPDATE t SET w = w + 1 WHERE id = 77"));
    }

    private void openCounters() throws SQLException {
        var merges = Map.of("t", TableMerge.LAST_WRITER_WINS.withCounters("w"));
        open(KEYED, options -> options.withMerges(merges));
        anne.run("UPDATE t SET w = w + 5");
        bert.run("UPDATE t SET w = w + 0.5");
        TestReplica.requireConvergence(List.of(anne, bert));
    }

    @Test
    void changedCounterIsRestored() throws SQLException {
        openCounters();

        restoreAll(damagesAfter("UPDATE t SET w = w + 1 WHERE id = 77"));
    }

    @Test
    void changedCounterIsAccepted() throws SQLException {
        openCounters();

        acceptAll(damagesAfter("UPDATE t SET w = w + 1 WHERE id = 77"));
    }

    @ParameterizedTest
    @ValueSource(strings = {KEYED, COMPOSITE, KEYLESS})
    void removedRowIsRestored(String columns) throws SQLException {
        open(columns);

        restoreAll(damagesAfter("DELETE FROM t WHERE id IN (3, 301)"));
    }

    @ParameterizedTest
    @ValueSource(strings = {KEYED, COMPOSITE, KEYLESS})
    void rowThatCameFromNowhereIsRemoved(String columns) throws SQLException {
        open(columns);

        restoreAll(damagesAfter(
                "INSERT INTO t(id, v, w) VALUES (50, 'revenant', 1), (-5, 'a', 1), (1000, 'stranger', 2)"));
    }

    @ParameterizedTest
    @ValueSource(strings = {KEYED, COMPOSITE, KEYLESS})
    void everythingAtOnceIsRestored(String columns) throws SQLException {
        open(columns);

        restoreAll(damagesAfter(
                "DELETE FROM t WHERE id % 9 = 0",
                "UPDATE t SET w = NULL WHERE id % 5 = 1",
                "INSERT INTO t(id, v, w) VALUES (450, 'x', 1), (451, 'y', 2), (100, 'z', 3)"));
    }

    @ParameterizedTest
    @ValueSource(strings = {KEYED, COMPOSITE, KEYLESS})
    void changedValueIsAccepted(String columns) throws SQLException {
        open(columns);

        acceptAll(damagesAfter("UPDATE t SET w = w + 1 WHERE id = 77"));
    }

    @ParameterizedTest
    @ValueSource(strings = {KEYED, COMPOSITE, KEYLESS})
    void everythingAtOnceIsAccepted(String columns) throws SQLException {
        open(columns);

        acceptAll(damagesAfter(
                "DELETE FROM t WHERE id % 9 = 0",
                "UPDATE t SET w = NULL WHERE id % 5 = 1",
                "INSERT INTO t(id, v, w) VALUES (450, 'x', 1), (451, 'y', 2), (100, 'z', 3)"));
    }

    @ParameterizedTest
    @ValueSource(strings = {KEYED, COMPOSITE, KEYLESS})
    void damageIsToldByItsRange(String columns) throws SQLException {
        open(columns);

        var damages = damagesAfter("UPDATE t SET w = -1 WHERE id = 251");

        List<String> wrong = new ArrayList<>();
        for (var damage : damages) {
            anne.store().ranges().rows("t", damage.range(), Integer.MAX_VALUE - 1).rows().stream()
                    .map(Object::toString)
                    .filter(row -> row.contains("value=-1"))
                    .forEach(wrong::add);
        }
        assertThat(damages).hasSizeLessThan(3);
        assertThat(wrong).hasSize(1);
    }
}
