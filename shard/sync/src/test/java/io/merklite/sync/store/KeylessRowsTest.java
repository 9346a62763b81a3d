package io.merklite.sync.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.session.changeset.ChangesetValue;
import io.merklite.sync.store.Conflicts.InTheWay;
import java.sql.SQLException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Rows with NULL in the primary key replicate: by their birth, beside the rows of their table that have a key. */
final class KeylessRowsTest {
    /** As Drizzle makes it, and fills it without ids. */
    private static final List<String> MIGRATIONS = List.of(
            "CREATE TABLE __drizzle_migrations(" + "id SERIAL PRIMARY KEY, hash TEXT NOT NULL, created_at NUMERIC)");

    private static final List<String> PAIRS = List.of("CREATE TABLE t(a TEXT, b INTEGER, v, PRIMARY KEY (a, b))");

    @Test
    void rowWithNullKeyIsInsertedUpdatedAndDeletedElsewhere() throws SQLException {
        var one = TestReplica.open("one", 1, MIGRATIONS);
        var other = TestReplica.open("other", 2, MIGRATIONS);
        one.run(
                "INSERT INTO __drizzle_migrations(hash, created_at) VALUES ('a', 1)",
                "INSERT INTO __drizzle_migrations(hash, created_at) VALUES ('b', 2)");
        other.catchUp(one);
        other.run(
                "UPDATE __drizzle_migrations SET created_at = 3 WHERE hash = 'a'",
                "DELETE FROM __drizzle_migrations WHERE hash = 'b'");

        TestReplica.requireConvergence(List.of(one, other));

        assertThat(one.query("SELECT * FROM __drizzle_migrations")).containsExactly("null|a|3");
    }

    @Test
    void rowsThatWereThereBeforeAreAdopted() throws SQLException {
        var one = TestReplica.open(
                "one",
                1,
                List.of(PAIRS.getFirst(), "INSERT INTO t VALUES (NULL, 1, 'x'), ('a', NULL, 'y'), ('a', 1, 'z')"));
        var other = TestReplica.open("other", 2, PAIRS);

        other.takeRows(one);

        assertThat(other.query("SELECT * FROM t ORDER BY v")).containsExactly("null|1|x", "a|null|y", "a|1|z");
        assertThat(other.store().root()).isEqualTo(one.store().root());
    }

    @Test
    void concurrentUpdatesOfDifferentColumnsBothSurvive() throws SQLException {
        var one = TestReplica.open("one", 1, MIGRATIONS);
        var other = TestReplica.open("other", 2, MIGRATIONS);
        one.run("INSERT INTO __drizzle_migrations(hash, created_at) VALUES ('a', 1)");
        other.catchUp(one);
        one.run("UPDATE __drizzle_migrations SET hash = 'b'");
        other.run("UPDATE __drizzle_migrations SET created_at = 9");

        TestReplica.requireConvergence(List.of(one, other));

        assertThat(one.query("SELECT hash, created_at FROM __drizzle_migrations"))
                .containsExactly("b|9");
    }

    @Test
    void rowsThatHaveAKeyMergeByIt() throws SQLException {
        var one = TestReplica.open("one", 1, PAIRS);
        var other = TestReplica.open("other", 2, PAIRS);
        one.run("INSERT INTO t VALUES ('a', 1, 'one')");
        other.run("INSERT INTO t VALUES ('a', 1, 'other')", "INSERT INTO t VALUES ('a', NULL, 'more')");

        TestReplica.requireConvergence(List.of(one, other));

        assertThat(one.query("SELECT * FROM t WHERE b = 1")).hasSize(1);
        assertThat(one.query("SELECT count(*) FROM _merklite_conflicts")).containsExactly("0");
    }

    @Test
    void rowThatGetsAKeyIsAnotherRow() throws SQLException {
        var one = TestReplica.open("one", 1, PAIRS);
        var other = TestReplica.open("other", 2, PAIRS);
        one.run("INSERT INTO t VALUES ('a', NULL, 'x')", "INSERT INTO t VALUES ('b', 2, 'y')");
        other.catchUp(one);
        one.run("UPDATE t SET b = 1 WHERE a = 'a'", "UPDATE t SET b = NULL WHERE a = 'b'");
        other.run("UPDATE t SET v = 'z' WHERE a = 'a'");

        TestReplica.requireConvergence(List.of(one, other));

        assertThat(one.query("SELECT * FROM t ORDER BY a")).containsExactly("a|1|x", "b|null|y");
    }

    @Test
    void keyThatReplicasCompleteTogetherGoesToTheLedger() throws SQLException {
        var one = TestReplica.open("one", 1, PAIRS);
        var other = TestReplica.open("other", 2, PAIRS);
        one.run("INSERT INTO t VALUES (NULL, NULL, 'x')");
        other.catchUp(one);
        one.run("UPDATE t SET a = 'a'");
        other.run("UPDATE t SET b = 1");

        TestReplica.requireConvergence(List.of(one, other));

        assertThat(one.query("SELECT * FROM t")).isEmpty();
        var conflicts = new Conflicts(other.store());
        var entry = conflicts.list().getFirst();
        assertThat(entry.kind()).isEqualTo(Conflicts.Kind.KEY);
        assertThat(entry.row())
                .containsAllEntriesOf(Map.of("a", ChangesetValue.Text.of("a"), "b", new ChangesetValue.Integer(1)));
        other.keep(conflicts.restore(entry.id(), InTheWay.REFUSE));
        TestReplica.requireConvergence(List.of(one, other));
        assertThat(one.query("SELECT * FROM t")).containsExactly("a|1|x");
    }

    @Test
    void uniqueValueOfARowWithoutKeyIsContestedByOneWithAKey() throws SQLException {
        var schema = List.of("CREATE TABLE t(id TEXT PRIMARY KEY, email TEXT UNIQUE)");
        var one = TestReplica.open("one", 1, schema);
        var other = TestReplica.open("other", 2, schema);
        one.run("INSERT INTO t VALUES (NULL, 'm')");
        other.run("INSERT INTO t VALUES ('x', 'm')", "INSERT INTO t VALUES ('y', 'n')");

        TestReplica.requireConvergence(List.of(one, other));

        assertThat(one.query("SELECT count(*) FROM t WHERE email = 'm'")).containsExactly("1");
        assertThat(new Conflicts(one.store()).list())
                .singleElement()
                .extracting(Conflicts.Entry::kind, Conflicts.Entry::table)
                .containsExactly(Conflicts.Kind.UNIQUE, "t");
    }

    @Test
    void rowsComeAlongTheMerklePath() throws SQLException {
        var one = TestReplica.open("one", 1, MIGRATIONS);
        var other = TestReplica.open("other", 2, MIGRATIONS);
        for (var i = 0; i < 200; i++) {
            one.run("INSERT INTO __drizzle_migrations(hash, created_at) VALUES ('h" + i + "', " + i + ")");
        }

        other.takeRows(one);

        assertThat(other.dump()).isEqualTo(one.dump());
        assertThat(other.store().root()).isEqualTo(one.store().root());
        other.requireConsistent();
    }

    @Test
    void scrubFindsARowThatWasWrittenPastTheStore() throws SQLException {
        var replica = TestReplica.open("one", 1, MIGRATIONS);
        replica.run("INSERT INTO __drizzle_migrations(hash, created_at) VALUES ('a', 1)");
        var session = replica.store().session();
        session.enable(false);
        replica.execute("INSERT INTO __drizzle_migrations(hash, created_at) VALUES ('b', 2)");
        session.enable(true);

        var damages = replica.store().scrub().run();

        assertThat(damages).isNotEmpty();
        replica.store().accept(damages).ifPresent(replica::keep);
        replica.requireConsistent();
        var other = TestReplica.open("other", 2, MIGRATIONS);
        other.takeRows(replica);
        assertThat(other.dump()).isEqualTo(replica.dump());
    }

    @Test
    void tableThatLosesNotNullBeginsToHaveSuchRows() throws SQLException {
        var replica = TestReplica.open("one", 1, List.of("CREATE TABLE t(id TEXT PRIMARY KEY NOT NULL, v)"));
        replica.run("INSERT INTO t VALUES ('a', 1)");
        replica.execute("CREATE TABLE u(id TEXT PRIMARY KEY, v)");
        replica.execute("INSERT INTO u SELECT * FROM t");
        replica.store().stampUnstamped().ifPresent(replica::keep);
        replica.execute("DROP TABLE t");
        replica.execute("ALTER TABLE u RENAME TO t");
        replica.store().stampUnstamped().ifPresent(replica::keep);

        var transaction = replica.run("INSERT INTO t VALUES (NULL, 2)");

        assertThat(transaction).isPresent();
        replica.requireConsistent();
    }
}
