package io.merklite.sync.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.schema.structure.Schema;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * Changes of the schema that do not go together, or that rows of another replica stand against: two and three replicas,
 * which hear of each other in either order, end with one schema and the same rows.
 */
final class SchemaClashTest {
    private final List<TestReplica> replicas = new ArrayList<>();
    private TestReplica anne;
    private TestReplica bob;

    private interface Scenario {
        void run() throws SQLException;
    }

    /** Runs {@code writes} with two and three replicas, in either order, and {@code checks} after they have converged. */
    private void inEachOrder(Scenario writes, Scenario checks) throws SQLException {
        for (var count = 2; count <= 3; count++) {
            for (var isReversed : List.of(false, true)) {
                open(count);
                writes.run();
                if (isReversed) {
                    Collections.reverse(replicas);
                }
                converge();
                checks.run();
                close();
            }
        }
    }

    private void open(int count) throws SQLException {
        for (var seed = 1; seed <= count; seed++) {
            replicas.add(TestReplica.open("r" + seed, seed, List.of(), StoreOptions::withSchemaReplication));
        }
        anne = replicas.get(0);
        bob = replicas.get(1);
        anne.change("CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT, b TEXT)");
        anne.run("INSERT INTO t VALUES (1, 'one', 'x'), (2, 'two', 'y')");
        TestReplica.settle(replicas);
    }

    @AfterEach
    void close() {
        replicas.forEach(TestReplica::close);
        replicas.clear();
    }

    /** By transactions, and by the merkle path where there are none. */
    private void converge() {
        for (var round = 0; round < 4; round++) {
            TestReplica.settle(replicas);
            for (var one : replicas) {
                one.store().completeSchema();
                for (var other : replicas) {
                    if (!one.store().vector().covers(other.store().vector())) {
                        one.takeElements(other);
                        if (one.store().schemaFingerprint() == other.store().schemaFingerprint()) {
                            one.takeRows(other);
                        }
                    }
                }
            }
        }
        TestReplica.requireConvergence(replicas);
        for (var replica : replicas) {
            assertThat(replica.store().missingFromSchema()).isEmpty();
            assertThat(Schema.extract(replica.connection())).isEqualTo(Schema.extract(anne.connection()));
            replica.requireConsistent();
        }
    }

    /** Another definition for the same rows, in the way that SQLite's documentation gives for constraints. */
    private static void redefine(TestReplica replica, String sql) throws SQLException {
        replica.execute("PRAGMA writable_schema = ON");
        replica.execute("UPDATE sqlite_schema SET sql = '" + sql.replace("'", "''") + "' WHERE name = 't'");
        var version = replica.query("PRAGMA schema_version").getFirst();
        replica.execute("PRAGMA schema_version = " + (Long.parseLong(version) + 1));
        replica.execute("PRAGMA writable_schema = RESET");
        replica.run("SELECT 1");
    }

    @Test
    void rowWithoutAValueThatTheSchemaAsksForSinceGoesToTheLedger() throws SQLException {
        inEachOrder(
                () -> {
                    redefine(anne, "CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT NOT NULL, b TEXT)");
                    anne.run("UPDATE t SET b = 'anne' WHERE id = 1");
                    bob.run("INSERT INTO t VALUES (3, NULL, 'z')");
                },
                () -> {
                    assertThat(bob.query("SELECT * FROM t")).containsExactly("1|one|anne", "2|two|y");
                    assertThat(bob.query("SELECT DISTINCT kind FROM _merklite_conflicts"))
                            .containsExactly("not-null");
                });
    }

    @Test
    void defaultDoesNotStandInForAMissingValue() throws SQLException {
        inEachOrder(
                () -> {
                    redefine(anne, "CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT NOT NULL DEFAULT 'none', b TEXT)");
                    bob.run("INSERT INTO t VALUES (3, NULL, 'z')", "UPDATE t SET a = NULL WHERE id = 2");
                },
                () -> assertThat(bob.query("SELECT * FROM t")).containsExactly("1|one|x"));
    }

    @Test
    void rowThatANewCheckIsAgainstStaysAndIsListed() throws SQLException {
        inEachOrder(
                () -> {
                    redefine(anne, "CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT, b TEXT, CHECK (b <> 'z'))");
                    bob.run("INSERT INTO t VALUES (3, NULL, 'z')");
                },
                () -> {
                    assertThat(anne.query("SELECT * FROM t")).containsExactly("1|one|x", "2|two|y", "3|null|z");
                    assertThat(bob.query("SELECT DISTINCT kind FROM _merklite_conflicts"))
                            .containsExactly("check");
                });
    }

    @Test
    void ofTwoNamesForAColumnTheLaterStays() throws SQLException {
        inEachOrder(
                () -> {
                    bob.change("ALTER TABLE t RENAME COLUMN a TO bob");
                    bob.run("UPDATE t SET bob = 'by bob' WHERE id = 2", "INSERT INTO t VALUES (5, 'five', 'v')");
                    anne.run("UPDATE t SET b = 'z' WHERE id = 2");
                    anne.run("UPDATE t SET b = 'zz' WHERE id = 2");
                    anne.change("ALTER TABLE t RENAME COLUMN a TO anne");
                    anne.run("UPDATE t SET anne = 'by anne' WHERE id = 1");
                },
                () -> assertThat(bob.query("SELECT id, anne, b FROM t"))
                        .containsExactly("1|by anne|x", "2|by bob|zz", "5|five|v"));
    }

    @Test
    void ofTwoNamesForATableTheLaterStaysWithTheRowsOfBoth() throws SQLException {
        inEachOrder(
                () -> {
                    bob.change("ALTER TABLE t RENAME TO bob");
                    bob.run("INSERT INTO bob VALUES (8, 'eight', 'v')");
                    anne.run("UPDATE t SET b = 'z' WHERE id = 2");
                    anne.run("UPDATE t SET b = 'zz' WHERE id = 2");
                    anne.run("UPDATE t SET b = 'zzz' WHERE id = 2");
                    anne.change("ALTER TABLE t RENAME TO anne");
                    anne.run("INSERT INTO anne VALUES (7, 'seven', 'v')");
                },
                () -> assertThat(bob.query("SELECT * FROM anne"))
                        .containsExactly("1|one|x", "2|two|zzz", "7|seven|v", "8|eight|v"));
    }

    /** Its rows are taken for new by each replica: of two under one key the one stays that was taken over last. */
    @Test
    void anotherKeyUnderConcurrentWritesEndsInTheSameRows() throws SQLException {
        inEachOrder(
                () -> {
                    bob.run("UPDATE t SET b = 'bob' WHERE id = 2", "INSERT INTO t VALUES (4, 'four', 'v')");
                    anne.execute("CREATE TABLE next(id INTEGER, a TEXT PRIMARY KEY NOT NULL, b TEXT)");
                    anne.execute("INSERT INTO next SELECT * FROM t");
                    anne.execute("DROP TABLE t");
                    anne.execute("ALTER TABLE next RENAME TO t");
                    anne.run("INSERT INTO t VALUES (5, 'five', 'anne')");
                },
                () -> assertThat(bob.query("SELECT a FROM t ORDER BY a")).contains("five", "one", "two"));
    }
}
