package io.merklite.sync.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.merklite.sync.SyncException.StillClashing;
import io.merklite.sync.SyncException.Unsupported;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Rows that clash in ways that single tables and random histories hardly reach. */
final class UniqueClashTest {
    private static List<TestReplica> replicas(String... schema) throws SQLException {
        return List.of(TestReplica.open("anne", 1, List.of(schema)), TestReplica.open("bert", 2, List.of(schema)));
    }

    /** Each key is at another place of the changeset, so that the row comes before and after the one that is new. */
    @Test
    void rowThatMergesIntoAClashWithANewOneOfTheSameTransactionEvictsIt() throws SQLException {
        for (var id = 2; id < 20; id++) {
            var replicas = replicas("CREATE TABLE t(id INTEGER PRIMARY KEY, a, b, UNIQUE (a, b))");
            replicas.getFirst().run("INSERT INTO t VALUES (1, 0, 0)");
            TestReplica.settle(replicas);
            replicas.getLast().run("UPDATE t SET a = 5");
            replicas.getFirst().run("UPDATE t SET b = 5", "INSERT INTO t VALUES (" + id + ", 5, 5)");

            TestReplica.requireConvergence(replicas);

            assertThat(replicas.getLast().query("SELECT * FROM t")).containsExactly("1|5|5");
            assertThat(new Conflicts(replicas.getLast().store()).list()).hasSize(1);
            replicas.forEach(TestReplica::close);
        }
    }

    @Test
    void sameHoldsWithoutAKey() throws SQLException {
        for (var before = 3; before < 9; before++) {
            var replicas = replicas("CREATE TABLE t(a, b, UNIQUE (a, b))");
            replicas.getFirst().run("INSERT INTO t VALUES (0, 0)");
            TestReplica.settle(replicas);
            replicas.getLast().run("UPDATE t SET a = 5");
            for (var i = 0; i < before; i++) {
                replicas.getFirst().run("INSERT INTO t VALUES (100, " + i + ")");
            }
            replicas.getFirst().run("UPDATE t SET b = 5 WHERE a = 0", "INSERT INTO t VALUES (5, 5)");

            TestReplica.requireConvergence(replicas);

            assertThat(replicas.getLast().query("SELECT * FROM t WHERE a = 5")).containsExactly("5|5");
            assertThat(new Conflicts(replicas.getLast().store()).list()).hasSize(1);
            replicas.forEach(TestReplica::close);
        }
    }

    /** A clause in the schema must not decide by who comes first. */
    @ParameterizedTest
    @ValueSource(strings = {"ABORT", "FAIL", "ROLLBACK", "IGNORE", "REPLACE"})
    void conflictClauseOfTheSchemaDoesNotSettleAClash(String clause) throws SQLException {
        var replicas =
                replicas("CREATE TABLE t(id INTEGER PRIMARY KEY, u UNIQUE ON CONFLICT " + clause + ", v UNIQUE)");
        replicas.getFirst().run("INSERT INTO t VALUES (1, 'x', 'first'), (3, 'y', 'a')");
        replicas.getLast().run("INSERT INTO t VALUES (2, 'x', 'second'), (4, 'z', 'a')");
        TestReplica.requireConvergence(replicas);
        replicas.getFirst().run("UPDATE t SET u = 'w' WHERE id = 1");
        replicas.getLast().run("UPDATE t SET u = 'w' WHERE id = 3");

        TestReplica.requireConvergence(replicas);

        assertThat(replicas.getLast().query("SELECT id, u FROM t")).hasSize(1);
        assertThat(new Conflicts(replicas.getLast().store()).list()).hasSize(3);
        replicas.forEach(TestReplica::close);
    }

    @Test
    void restoredRowReplacesNothingUnlessToldSo() throws SQLException {
        var replicas = replicas("CREATE TABLE t(id INTEGER PRIMARY KEY, u UNIQUE ON CONFLICT REPLACE)");
        replicas.getFirst().run("INSERT INTO t VALUES (1, 'x')");
        replicas.getLast().run("INSERT INTO t VALUES (2, 'x')");
        TestReplica.requireConvergence(replicas);
        var conflicts = new Conflicts(replicas.getFirst().store());
        var id = conflicts.list().getFirst().id();

        assertThatThrownBy(() -> conflicts.restore(id, Conflicts.InTheWay.REFUSE))
                .isInstanceOf(StillClashing.class);

        assertThat(replicas.getFirst().query("SELECT id FROM t")).containsExactly("1");
        replicas.forEach(TestReplica::close);
    }

    /** The other replica's table is not STRICT yet, or its column was of another type. */
    @Test
    void valueThatAStrictTableDoesNotTakeGoesToTheLedger() throws SQLException {
        var replicas = List.of(
                TestReplica.open("anne", 1, List.of("CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT) STRICT")),
                TestReplica.open("bert", 2, List.of("CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT)")));
        replicas.getLast().run("INSERT INTO t VALUES (1, 'one'), (2, x'00ff')");

        TestReplica.requireConvergence(replicas);

        assertThat(replicas.getLast().query("SELECT * FROM t")).containsExactly("1|one");
        assertThat(new Conflicts(replicas.getLast().store()).list())
                .singleElement()
                .matches(entry -> entry.kind() == Conflicts.Kind.TYPE);
        replicas.forEach(TestReplica::close);
    }

    @Test
    void wholeRealInAKeyWithoutATypeIsRefused() throws SQLException {
        var anne = replicas("CREATE TABLE t(k PRIMARY KEY NOT NULL, v)", "CREATE TABLE r(k REAL PRIMARY KEY NOT NULL)")
                .getFirst();
        anne.run("INSERT INTO t VALUES (1, 'a'), (1.5, 'b'), ('1.0', 'c')", "INSERT INTO r VALUES (1.0), (2)");

        assertThatThrownBy(() -> anne.run("UPDATE t SET k = 1.0 WHERE k = 1")).isInstanceOf(Unsupported.class);

        anne.requireConsistent();
        assertThat(anne.query("SELECT typeof(k) FROM t WHERE v = 'a'")).containsExactly("integer");
    }
}
