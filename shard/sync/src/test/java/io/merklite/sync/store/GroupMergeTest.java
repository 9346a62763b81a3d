package io.merklite.sync.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.merklite.sync.SyncException.InvalidState;
import io.merklite.sync.transaction.Transaction;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sqlite.Function;

/** Transactions that are merged in one commit. */
class GroupMergeTest {
    private static final List<String> SCHEMA = List.of(
            "CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT, email TEXT UNIQUE, n INTEGER)",
            "CREATE TABLE note(body TEXT)");

    private static TestReplica replica(long seed) throws SQLException {
        return TestReplica.open("r" + seed, seed, SCHEMA);
    }

    private static List<Transaction> written(TestReplica writer) {
        return writer.log(writer.store().origin());
    }

    /** Merges all at once in one replica, and one by one in another: both must have what the writer has. */
    private static void requireSameTogetherAndApart(TestReplica writer) throws SQLException {
        var together = replica(8);
        var apart = replica(9);

        var merged = together.merge(written(writer));
        written(writer).forEach(apart::merge);

        assertThat(merged.repair()).isEmpty();
        for (var replica : List.of(together, apart)) {
            replica.requireConsistent();
            assertThat(replica.dump()).isEqualTo(writer.dump());
            assertThat(replica.store().root()).isEqualTo(writer.store().root());
            assertThat(replica.store().vector()).isEqualTo(writer.store().vector());
        }
    }

    @Test
    void rowThatWasWrittenBySeveralIsWhatTheLastMadeOfIt() throws SQLException {
        var writer = replica(1);
        writer.run("INSERT INTO item VALUES (1, 'a', 'a@x', 1), (2, 'b', 'b@x', 1)");
        writer.run("UPDATE item SET name = 'aa' WHERE id = 1");
        writer.run("UPDATE item SET n = n + 1");
        writer.run("DELETE FROM item WHERE id = 2");

        requireSameTogetherAndApart(writer);
    }

    @Test
    void rowThatDiedAndWasBornAgainLives() throws SQLException {
        var writer = replica(1);
        writer.run("INSERT INTO item VALUES (1, 'a', 'a@x', 1)");
        writer.run("DELETE FROM item WHERE id = 1");
        writer.run("INSERT INTO item VALUES (1, 'b', 'b@x', 2)");
        writer.run("UPDATE item SET name = 'c' WHERE id = 1");

        requireSameTogetherAndApart(writer);
    }

    @Test
    void rowsWithoutAKeyAreTheSame() throws SQLException {
        var writer = replica(1);
        writer.run("INSERT INTO note VALUES ('a'), ('b')");
        writer.run("UPDATE note SET body = 'aa' WHERE body = 'a'");
        writer.run("DELETE FROM note WHERE body = 'b'");
        writer.run("INSERT INTO note VALUES ('b')");

        requireSameTogetherAndApart(writer);
    }

    @Test
    void uniqueValueThatGoesFromRowToRowEvictsNobody() throws SQLException {
        var writer = replica(1);
        writer.run("INSERT INTO item VALUES (5, 'a', 'one@x', 1)");
        writer.run("UPDATE item SET email = 'two@x' WHERE id = 5");
        writer.run("INSERT INTO item VALUES (1, 'b', 'one@x', 1)");
        writer.run("DELETE FROM item WHERE id = 5");
        writer.run("INSERT INTO item VALUES (2, 'c', 'two@x', 1)");

        requireSameTogetherAndApart(writer);
    }

    @Test
    void clashInAGroupConvergesWithAReplicaThatMergesOneByOne() throws SQLException {
        var anne = replica(1);
        var bert = replica(2);
        anne.run("INSERT INTO item VALUES (1, 'a', 'same@x', 1)");
        anne.run("UPDATE item SET n = 2 WHERE id = 1");
        anne.run("INSERT INTO item VALUES (3, 'a', 'anne@x', 1)");
        bert.run("INSERT INTO item VALUES (2, 'b', 'same@x', 1)");
        bert.run("UPDATE item SET name = 'bb' WHERE id = 2");

        anne.catchUpTogether(bert, 9);
        bert.catchUp(anne);

        TestReplica.requireConvergence(List.of(anne, bert));
    }

    @Test
    void countersAddUp() throws SQLException {
        TestReplica.StoreChoice counting =
                options -> options.withMerges(Map.of("item", TableMerge.LAST_WRITER_WINS.withCounters("n")));
        var writer = TestReplica.open("w", 1, SCHEMA, counting);
        writer.run("INSERT INTO item VALUES (1, 'a', 'a@x', 1)");
        writer.run("UPDATE item SET n = n + 10 WHERE id = 1");
        writer.run("UPDATE item SET n = n + 100 WHERE id = 1");
        var together = TestReplica.open("t", 2, SCHEMA, counting);

        together.merge(written(writer));

        assertThat(together.query("SELECT n FROM item")).containsExactly("111");
        assertThat(together.store().root()).isEqualTo(writer.store().root());
    }

    @Test
    void groupWithOneThatIsNotReadyIsRefusedAsAWhole() throws SQLException {
        var writer = replica(1);
        writer.run("INSERT INTO item VALUES (1, 'a', 'a@x', 1)");
        writer.run("INSERT INTO item VALUES (2, 'b', 'b@x', 1)");
        writer.run("INSERT INTO item VALUES (3, 'c', 'c@x', 1)");
        var all = written(writer);
        var reader = replica(2);

        assertThatThrownBy(() -> reader.merge(List.of(all.getFirst(), all.getLast())))
                .isInstanceOf(InvalidState.class);
        assertThatThrownBy(() -> reader.merge(List.of(all.getFirst(), all.getFirst())))
                .isInstanceOf(InvalidState.class);

        assertThat(reader.dump()).isEmpty();
        assertThat(reader.store().vector().isEmpty()).isTrue();
        reader.requireConsistent();
    }

    @Test
    void groupOverAChangeOfSchemaIsRefused() throws SQLException {
        var writer = TestReplica.open("w", 1, SCHEMA, StoreOptions::withSchemaReplication);
        writer.run("INSERT INTO note VALUES ('a')");
        writer.change("ALTER TABLE note ADD COLUMN more TEXT");
        var reader = TestReplica.open("r", 2, SCHEMA, StoreOptions::withSchemaReplication);

        assertThatThrownBy(() -> reader.merge(written(writer))).isInstanceOf(InvalidState.class);
    }

    /** SQLite calls a function of the test while the third row goes in: what a power cut there would leave is opened. */
    @Test
    void cutInTheMiddleOfAGroupLeavesNothingOfIt(@TempDir Path folder) throws SQLException {
        var writer = replica(1);
        for (var id = 1; id <= 6; id++) {
            writer.run("INSERT INTO item VALUES (" + id + ", 'n', 'e" + id + "', 1)");
        }
        var file = folder.resolve("replica.db");
        var left = folder.resolve("left.db");
        var all = written(writer);
        var calls = new ArrayList<Long>();
        try (var connection = DriverManager.getConnection("jdbc:sqlite:" + file);
                var statement = connection.createStatement()) {
            statement.execute("PRAGMA journal_mode = WAL");
            statement.execute("PRAGMA cache_spill = 1");
            statement.execute("PRAGMA cache_size = 1");
            for (var sql : SCHEMA) {
                statement.execute(sql);
            }
            var seen = new Function() {
                @Override
                protected void xFunc() throws SQLException {
                    calls.add(value_long(0));
                    if (value_long(0) == 5) {
                        copy(file, left);
                    }
                    result(1);
                }
            };
            Function.create(connection, "seen", seen, 1, Function.FLAG_DETERMINISTIC);
            var reader = TestReplica.over(connection, 3, options -> options);
            reader.merge(all.subList(0, 2));
            statement.execute("CREATE INDEX item_seen ON item(id) WHERE seen(id)");

            reader.merge(all.subList(2, 6));
            assertThat(calls).contains(3L, 5L, 6L);
        }

        try (var connection = DriverManager.getConnection("jdbc:sqlite:" + left);
                var statement = connection.createStatement()) {
            statement.execute("DROP INDEX item_seen");
            var reopened = TestReplica.over(connection, 4, options -> options);

            assertThat(reopened.query("SELECT id FROM item ORDER BY id")).containsExactly("1", "2");
            assertThat(reopened.store().vector().seq(writer.store().origin())).isEqualTo(2);
            reopened.requireConsistent();
            reopened.merge(all.subList(2, 6));
            assertThat(reopened.dump()).isEqualTo(writer.dump());
        }
    }

    private static void copy(Path file, Path target) {
        try {
            for (var suffix : List.of("", "-wal")) {
                Files.copy(Path.of(file + suffix), Path.of(target + suffix), StandardCopyOption.REPLACE_EXISTING);
            }
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** A disk that is full while a group is merged, say. */
    @Test
    void groupThatFailsLeavesVectorAndRowsAsTheyWere() throws SQLException {
        var writer = replica(1);
        writer.run("INSERT INTO item VALUES (1, 'a', 'a@x', 1)");
        writer.run("INSERT INTO item VALUES (2, '" + "b".repeat(200_000) + "', 'b@x', 1)");
        var reader = replica(2);
        var pages = reader.query("PRAGMA page_count").getFirst();
        reader.execute("PRAGMA max_page_count = " + (Integer.parseInt(pages) + 3));
        var root = reader.store().root();

        assertThatThrownBy(() -> reader.merge(written(writer))).isInstanceOf(RuntimeException.class);

        assertThat(reader.dump()).isEmpty();
        assertThat(reader.store().root()).isEqualTo(root);
        assertThat(reader.store().vector().isEmpty()).isTrue();
        reader.execute("PRAGMA max_page_count = 100000");
        reader.merge(written(writer));
        assertThat(reader.dump()).isEqualTo(writer.dump());
    }
}
