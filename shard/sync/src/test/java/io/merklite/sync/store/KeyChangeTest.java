package io.merklite.sync.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.schema.structure.Schema;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * A table gets another key while others write to it. Rows keep their states under the new one, so that nothing comes back
 * that was overwritten or deleted: whichever replica migrates first, by transactions and by the merkle path.
 */
final class KeyChangeTest {
    private static final String BY_NAME = "CREATE TABLE t(id INTEGER, a TEXT PRIMARY KEY NOT NULL, b TEXT)";
    private static final String BY_NAME_AND_ID =
            "CREATE TABLE t(id INTEGER NOT NULL, a TEXT NOT NULL, b TEXT, PRIMARY KEY (a, id))";

    private final List<TestReplica> replicas = new ArrayList<>();
    private TestReplica anne;
    private TestReplica bob;
    private TestReplica carl;

    private interface Scenario {
        void run() throws SQLException;
    }

    /** How replicas hear of each other, in the end. */
    private enum Way {
        TRANSACTIONS_IN_ORDER,
        TRANSACTIONS_REVERSED,
        SCHEMA_FIRST
    }

    private void inEachWay(String table, Scenario writes, Scenario checks) throws SQLException {
        for (var way : Way.values()) {
            open(table);
            writes.run();
            converge(way);
            checks.run();
            close();
        }
    }

    private void open(String table) throws SQLException {
        for (var seed = 1; seed <= 3; seed++) {
            replicas.add(TestReplica.open("r" + seed, seed, List.of(), StoreOptions::withSchemaReplication));
        }
        anne = replicas.get(0);
        bob = replicas.get(1);
        carl = replicas.get(2);
        anne.change(table);
        anne.run("INSERT INTO t VALUES (1, 'one', 'x'), (2, 'two', 'y'), (3, 'three', 'z')");
        TestReplica.settle(replicas);
    }

    private void openById() throws SQLException {
        open("CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT, b TEXT)");
    }

    @AfterEach
    void close() {
        replicas.forEach(TestReplica::close);
        replicas.clear();
    }

    private void converge(Way way) {
        if (way == Way.SCHEMA_FIRST) {
            for (var one : replicas) {
                for (var other : replicas) {
                    one.takeElements(other);
                    one.requireConsistent();
                }
            }
        }
        var order = way == Way.TRANSACTIONS_REVERSED ? replicas.reversed() : replicas;
        for (var round = 0; round < 4; round++) {
            TestReplica.settle(order);
            for (var one : order) {
                one.store().completeSchema();
                for (var other : order) {
                    one.takeElements(other);
                    if (one.store().schemaFingerprint() == other.store().schemaFingerprint()) {
                        one.reconcile(other);
                    }
                }
            }
        }
        for (var replica : replicas) {
            assertThat(replica.store().missingFromSchema()).isEmpty();
            replica.requireConsistent();
            assertThat(Schema.extract(replica.connection())).isEqualTo(Schema.extract(anne.connection()));
            assertThat(replica.dump()).isEqualTo(anne.dump());
            assertThat(replica.store().root()).isEqualTo(anne.store().root());
        }
    }

    /** As tools do it that know nothing of replication. */
    private static void rebuild(TestReplica replica, String table, String columns) throws SQLException {
        replica.execute("BEGIN");
        replica.execute(table.replace("TABLE t(", "TABLE _sqlift_t("));
        replica.execute("INSERT INTO _sqlift_t SELECT " + columns + " FROM t");
        replica.execute("DROP TABLE t");
        replica.execute("ALTER TABLE _sqlift_t RENAME TO t");
        replica.execute("COMMIT");
        replica.run("SELECT 1");
    }

    private void byId(Scenario writes, Scenario checks) throws SQLException {
        inEachWay("CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT, b TEXT)", writes, checks);
    }

    private List<String> rows() {
        return bob.query("SELECT * FROM t ORDER BY a");
    }

    @Test
    void rowThatWasDeletedElsewhereStaysDeleted() throws SQLException {
        byId(
                () -> {
                    bob.run("DELETE FROM t WHERE id = 1");
                    rebuild(anne, BY_NAME, "*");
                },
                () -> assertThat(rows()).containsExactly("3|three|z", "2|two|y"));
    }

    @Test
    void valueThatWasWrittenElsewhereIsThere() throws SQLException {
        byId(
                () -> {
                    bob.run("UPDATE t SET b = 'bob' WHERE id = 1");
                    rebuild(anne, BY_NAME, "*");
                    anne.run("UPDATE t SET b = 'anne' WHERE a = 'two'");
                },
                () -> assertThat(rows()).containsExactly("1|one|bob", "3|three|z", "2|two|anne"));
    }

    @Test
    void replicaThatMigratesLastBringsNoOldValueBack() throws SQLException {
        byId(
                () -> {
                    anne.run("UPDATE t SET b = 'anne' WHERE id = 1", "DELETE FROM t WHERE id = 2");
                    carl.catchUp(anne);
                    rebuild(anne, BY_NAME, "*");
                    bob.takeElements(anne); // it has not heard of the writes yet
                },
                () -> assertThat(rows()).containsExactly("1|one|anne", "3|three|z"));
    }

    @Test
    void rowThatWasInsertedElsewhereIsThere() throws SQLException {
        byId(
                () -> {
                    bob.run("INSERT INTO t VALUES (4, 'four', 'v')");
                    rebuild(anne, BY_NAME, "*");
                    anne.run("INSERT INTO t VALUES (4, 'five', 'w')");
                },
                () -> assertThat(rows()).containsExactly("4|five|w", "4|four|v", "1|one|x", "3|three|z", "2|two|y"));
    }

    @Test
    void rowWhoseNewKeyWasWrittenElsewhereMoves() throws SQLException {
        byId(
                () -> {
                    bob.run("UPDATE t SET a = 'uno' WHERE id = 1");
                    carl.run("UPDATE t SET b = 'carl' WHERE id = 1");
                    rebuild(anne, BY_NAME, "*");
                    anne.run("UPDATE t SET b = 'anne' WHERE a = 'two'");
                },
                () -> assertThat(rows()).containsExactly("3|three|z", "2|two|anne", "1|uno|carl"));
    }

    @Test
    void rowsThatSwappedWhatIsTheirKeyNowAreBothThere() throws SQLException {
        byId(
                () -> {
                    bob.run(
                            "UPDATE t SET a = 'tmp' WHERE id = 1",
                            "UPDATE t SET a = 'one' WHERE id = 2",
                            "UPDATE t SET a = 'two' WHERE id = 1");
                    rebuild(anne, BY_NAME, "*");
                },
                () -> assertThat(rows()).containsExactly("2|one|y", "3|three|z", "1|two|x"));
    }

    @Test
    void keyThatGrowsKeepsWhatWasWrittenElsewhere() throws SQLException {
        byId(
                () -> {
                    bob.run("UPDATE t SET b = 'bob' WHERE id = 1", "DELETE FROM t WHERE id = 2");
                    bob.run("UPDATE t SET a = 'drei' WHERE id = 3", "INSERT INTO t VALUES (4, 'four', 'v')");
                    rebuild(anne, BY_NAME_AND_ID, "*");
                },
                () -> assertThat(rows()).containsExactly("3|drei|z", "4|four|v", "1|one|bob"));
    }

    @Test
    void columnOfTheOldKeyMayGoInTheNextChange() throws SQLException {
        byId(
                () -> {
                    carl.run("DELETE FROM t WHERE id = 1", "INSERT INTO t VALUES (4, 'four', 'v')");
                    rebuild(anne, BY_NAME, "*");
                    anne.change("ALTER TABLE t DROP COLUMN id");
                },
                () -> assertThat(rows()).containsExactly("four|v", "three|z", "two|y"));
    }

    @Test
    void ofRowsUnderOneNewKeyTheLaterBornStaysAndTheOtherIsListed() throws SQLException {
        byId(
                () -> {
                    bob.run("INSERT INTO t VALUES (4, 'one', 'later')");
                    rebuild(anne, BY_NAME, "*");
                },
                () -> assertThat(rows()).containsExactly("4|one|later", "3|three|z", "2|two|y"));
    }

    @Test
    void rowThatTheNewKeyDoesNotTellGoesToTheLedger() throws SQLException {
        byId(
                () -> {
                    bob.run("INSERT INTO t VALUES (4, NULL, 'nameless')");
                    rebuild(anne, BY_NAME, "*");
                },
                () -> {
                    assertThat(rows()).containsExactly("1|one|x", "3|three|z", "2|two|y");
                    var conflicts = new Conflicts(bob.store()).list();
                    assertThat(conflicts).hasSize(1);
                    assertThat(conflicts.getFirst().kind()).isEqualTo(Conflicts.Kind.KEY);
                    assertThat(conflicts.getFirst().row()).containsKeys("id", "a", "b");
                });
    }

    @Test
    void keyOfAnotherTypeKeepsTheStatesOfItsRows() throws SQLException {
        inEachWay(
                "CREATE TABLE t(id TEXT PRIMARY KEY NOT NULL, a TEXT, b TEXT)",
                () -> {
                    bob.run("UPDATE t SET b = 'bob' WHERE id = '1'", "DELETE FROM t WHERE id = '2'");
                    bob.run("INSERT INTO t VALUES ('4', 'four', 'v'), ('x', 'ex', 'w')");
                    rebuild(anne, "CREATE TABLE t(id INT PRIMARY KEY NOT NULL, a TEXT, b TEXT)", "*");
                    anne.run("UPDATE t SET a = 'drei' WHERE id = 3");
                },
                () -> assertThat(bob.query("SELECT typeof(id), * FROM t ORDER BY id"))
                        .containsExactly("integer|1|one|bob", "integer|3|drei|z", "integer|4|four|v", "text|x|ex|w"));
    }

    @Test
    void numbersBecomeTextAsKeysToo() throws SQLException {
        byId(
                () -> {
                    bob.run("UPDATE t SET b = 'bob' WHERE id = 1", "DELETE FROM t WHERE id = 2");
                    rebuild(anne, "CREATE TABLE t(id TEXT PRIMARY KEY NOT NULL, a TEXT, b TEXT)", "*");
                    anne.run("UPDATE t SET b = 'anne' WHERE id = '3'");
                },
                () -> assertThat(bob.query("SELECT typeof(id), * FROM t ORDER BY id"))
                        .containsExactly("text|1|one|bob", "text|3|three|anne"));
    }

    @Test
    void rowsThatTheChangeOfTheKeyAltersAreNewOnes() throws SQLException {
        byId(
                () -> {
                    bob.run("INSERT INTO t VALUES (4, 'four', 'v')");
                    rebuild(anne, BY_NAME, "id, upper(a), b");
                },
                () -> assertThat(rows()).contains("1|ONE|x", "3|THREE|z", "2|TWO|y", "4|four|v"));
    }

    @Test
    void rowsKeepTheirStatesWhenTheirKeyChanges() throws SQLException {
        openById();
        anne.run("UPDATE t SET a = 'uno' WHERE id = 1");
        bob.catchUp(anne);
        rebuild(anne, BY_NAME, "*");
        anne.requireConsistent();

        bob.catchUp(anne);

        bob.requireConsistent();
        assertThat(bob.store().root()).isEqualTo(anne.store().root());
        assertThat(bob.store().vector()).isEqualTo(anne.store().vector());
    }
}
