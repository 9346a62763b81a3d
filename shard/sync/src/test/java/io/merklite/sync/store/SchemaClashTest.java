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

    @Test
    void columnUnderANameThatLosesKeepsItsValues() throws SQLException {
        inEachOrder(
                () -> {
                    bob.change("ALTER TABLE t RENAME TO bob");
                    bob.change("ALTER TABLE bob ADD COLUMN c TEXT DEFAULT 'none'");
                    bob.run("UPDATE bob SET c = 'by bob' WHERE id = 2", "INSERT INTO bob VALUES (8, 'h', 'v', 'w')");
                    anne.run("UPDATE t SET b = 'z' WHERE id = 1");
                    anne.run("UPDATE t SET b = 'zz' WHERE id = 1");
                    anne.run("UPDATE t SET b = 'zzz' WHERE id = 1");
                    anne.change("ALTER TABLE t RENAME TO anne");
                },
                () -> assertThat(bob.query("SELECT id, b, c FROM anne"))
                        .containsExactly("1|zzz|none", "2|y|by bob", "8|v|w"));
    }

    @Test
    void columnUnderANameThatHasLostKeepsItsValues() throws SQLException {
        inEachOrder(
                () -> {
                    bob.change("ALTER TABLE t RENAME TO bob");
                    anne.run("UPDATE t SET b = 'z' WHERE id = 1");
                    anne.run("UPDATE t SET b = 'zz' WHERE id = 1");
                    anne.change("ALTER TABLE t RENAME TO anne");
                    anne.catchUp(bob);
                    assertThat(anne.query("SELECT id FROM anne")).hasSize(2);
                    bob.change("ALTER TABLE bob ADD COLUMN c TEXT DEFAULT 'none'");
                    bob.run("UPDATE bob SET c = 'by bob' WHERE id = 2", "INSERT INTO bob VALUES (8, 'h', 'v', 'w')");
                },
                () -> assertThat(bob.query("SELECT id, b, c FROM anne"))
                        .containsExactly("1|zz|none", "2|y|by bob", "8|v|w"));
    }

    @Test
    void columnThatIsAddedWhileTheTableIsRenamedKeepsItsValues() throws SQLException {
        for (var isLate : List.of(false, true)) {
            inEachOrder(
                    () -> {
                        if (isLate) {
                            bob.run("UPDATE t SET b = 'z' WHERE id = 1");
                            bob.run("UPDATE t SET b = 'zz' WHERE id = 1");
                        }
                        bob.change("ALTER TABLE t ADD COLUMN c TEXT DEFAULT 'none'");
                        bob.run("UPDATE t SET c = 'by bob' WHERE id = 2", "INSERT INTO t VALUES (8, 'h', 'v', 'w')");
                        anne.change("ALTER TABLE t RENAME TO anne");
                        anne.run("UPDATE anne SET a = 'by anne' WHERE id = 2");
                    },
                    () -> {
                        assertThat(bob.query("SELECT id, a, c FROM anne"))
                                .containsExactly("1|one|none", "2|by anne|by bob", "8|h|w");
                        assertThat(bob.query("SELECT name FROM sqlite_schema WHERE name = 't'"))
                                .isEmpty();
                    });
        }
    }

    /** By the merkle path alone: nobody hears of the renames one after the other. */
    @Test
    void columnUnderANameThatLosesIsThereWhenElementsComeAtOnce() throws SQLException {
        open(2);
        bob.change("ALTER TABLE t RENAME TO bob");
        anne.run("UPDATE t SET b = 'y' WHERE id = 1");
        anne.run("UPDATE t SET b = 'z' WHERE id = 1");
        anne.change("ALTER TABLE t RENAME TO anne");
        anne.catchUp(bob);
        bob.change("ALTER TABLE bob ADD COLUMN c TEXT DEFAULT 'none'");
        bob.run("UPDATE bob SET c = 'by bob' WHERE id = 2");

        bob.takeElements(anne);
        anne.takeElements(bob);
        bob.takeRows(anne);
        anne.takeRows(bob);

        assertThat(bob.query("SELECT id, b, c FROM anne")).containsExactly("1|z|none", "2|y|by bob");
        assertThat(anne.query("SELECT id, b, c FROM anne")).containsExactly("1|z|none", "2|y|by bob");
        assertThat(anne.query("SELECT name FROM sqlite_schema WHERE name = 'bob'"))
                .isEmpty();
    }

    @Test
    void columnsOfATableUnderAFormerNameAreItsOwn() throws SQLException {
        inEachOrder(
                () -> {
                    anne.change("ALTER TABLE t RENAME TO anne");
                    anne.change("CREATE TABLE t(id INTEGER PRIMARY KEY, other TEXT)");
                    anne.change("DROP TABLE t");
                    bob.change("ALTER TABLE t ADD COLUMN c TEXT");
                },
                () -> assertThat(bob.query("SELECT name FROM pragma_table_info('anne') ORDER BY name"))
                        .containsExactly("a", "b", "c", "id"));
    }

    @Test
    void tableUnderAFormerNameLivesBesideTheRenamedOne() throws SQLException {
        inEachOrder(
                () -> {
                    anne.change("ALTER TABLE t RENAME TO anne");
                    anne.change("CREATE TABLE t(id INTEGER PRIMARY KEY, other TEXT)");
                    anne.run("INSERT INTO t VALUES (1, 'new')");
                    bob.run("UPDATE t SET b = 'bob' WHERE id = 1");
                    bob.run("UPDATE t SET b = 'bobby' WHERE id = 1");
                },
                () -> {
                    assertThat(bob.query("SELECT * FROM t")).containsExactly("1|new");
                    assertThat(anne.query("SELECT * FROM anne")).containsExactly("1|one|bobby", "2|two|y");
                });
    }

    @Test
    void columnOfAnotherTypeHasConcurrentValuesAsThatTypeHasThem() throws SQLException {
        inEachOrder(
                () -> {
                    redefine(anne, "CREATE TABLE t(id INTEGER PRIMARY KEY, a INTEGER, b TEXT)");
                    anne.run("UPDATE t SET b = 'anne' WHERE id = 1");
                    bob.run("INSERT INTO t VALUES (3, '7', 'z')", "UPDATE t SET a = '8' WHERE id = 2");
                },
                () -> assertThat(bob.query("SELECT id, a, typeof(a), b FROM t"))
                        .containsExactly("1|one|text|anne", "2|8|integer|y", "3|7|integer|z"));
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
