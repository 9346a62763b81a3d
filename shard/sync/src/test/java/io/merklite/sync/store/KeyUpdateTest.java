package io.merklite.sync.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.session.changeset.ChangeOp;
import io.merklite.testkit.Seeds;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/**
 * UPDATE of a row's key: the old row dies and another is born, whatever others do to either meanwhile. Two replicas, which
 * hear of each other in either order, and for every kind of key.
 */
final class KeyUpdateTest {
    private static final List<String> TABLES = List.of(
            "CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT, w TEXT)",
            "CREATE TABLE t(id TEXT PRIMARY KEY NOT NULL, v TEXT, w TEXT)",
            "CREATE TABLE t(id INTEGER, v TEXT, w TEXT, PRIMARY KEY (id)) WITHOUT ROWID");

    private final List<TestReplica> replicas = new ArrayList<>();
    private TestReplica anne;
    private TestReplica bob;

    private interface Scenario {
        void run() throws SQLException;
    }

    private void inEachOrder(Scenario writes, String... rows) throws SQLException {
        for (var table : TABLES) {
            for (var isReversed : List.of(false, true)) {
                open(table);
                writes.run();
                if (isReversed) {
                    Collections.reverse(replicas);
                }
                TestReplica.requireConvergence(replicas);
                assertThat(anne.query("SELECT * FROM t ORDER BY id")).containsExactly(rows);
                close();
            }
        }
    }

    private void open(String table) throws SQLException {
        anne = TestReplica.open("anne", 1, List.of(table));
        bob = TestReplica.open("bob", 2, List.of(table));
        replicas.addAll(List.of(anne, bob));
        anne.run("INSERT INTO t VALUES (1, 'one', 'x'), (2, 'two', 'y')");
        TestReplica.settle(replicas);
    }

    @AfterEach
    void close() {
        replicas.forEach(TestReplica::close);
        replicas.clear();
    }

    @Test
    void updatedKeyIsADeleteAndAnInsertThatIsBornNow() throws SQLException {
        open(TABLES.getFirst());

        var transaction = anne.run("UPDATE t SET id = 3 WHERE id = 1").orElseThrow();

        List<ChangeOp> changes = new ArrayList<>();
        var cursor = transaction.changes();
        while (cursor.next()) {
            changes.add(cursor.op());
        }
        assertThat(changes).containsExactlyInAnyOrder(ChangeOp.DELETE, ChangeOp.INSERT);
        assertThat(transaction.births().count()).isEqualTo(1);
        assertThat(transaction.births().asList().getFirst().stamp()).isLessThan(transaction.stamp());
    }

    @Test
    void rowIsUnderItsNewKeyEverywhere() throws SQLException {
        inEachOrder(() -> anne.run("UPDATE t SET id = 3 WHERE id = 1"), "2|two|y", "3|one|x");
    }

    @Test
    void concurrentUpdateOfTheRowUnderItsOldKeyIsOfARowThatDied() throws SQLException {
        inEachOrder(
                () -> {
                    anne.run("UPDATE t SET id = 3 WHERE id = 1");
                    bob.run("UPDATE t SET v = 'bob' WHERE id = 1");
                },
                "2|two|y",
                "3|one|x");
    }

    @Test
    void concurrentDeleteUnderTheOldKeyLeavesTheRowUnderItsNewOne() throws SQLException {
        inEachOrder(
                () -> {
                    anne.run("UPDATE t SET id = 3 WHERE id = 1");
                    bob.run("DELETE FROM t WHERE id = 1");
                },
                "2|two|y",
                "3|one|x");
    }

    @Test
    void ofARowThatGotAKeyAndOneThatWasInsertedUnderItTheLaterStays() throws SQLException {
        inEachOrder(
                () -> {
                    bob.run("INSERT INTO t VALUES (3, 'bob', 'b')");
                    othersComeAfter(bob);
                    anne.run("UPDATE t SET id = 3 WHERE id = 1");
                },
                "2|two|y",
                "3|one|x");
        inEachOrder(
                () -> {
                    anne.run("UPDATE t SET id = 3 WHERE id = 1");
                    othersComeAfter(anne);
                    bob.run("INSERT INTO t VALUES (3, 'bob', 'b')");
                },
                "2|two|y",
                "3|bob|b");
    }

    /** The next stamp of the other replica is later than all of this one's. */
    private void othersComeAfter(TestReplica writer) {
        var latest = writer.log(writer.store().origin()).getLast().stamp();
        (writer == anne ? bob : anne).store().clock().follow(latest.clock());
    }

    @Test
    void keyThatIsGivenToAnotherRowInTheSameTransactionIsThatRow() throws SQLException {
        inEachOrder(
                () -> {
                    anne.run("UPDATE t SET id = 3 WHERE id = 1", "UPDATE t SET id = 1 WHERE id = 2");
                    bob.run("UPDATE t SET w = 'bob' WHERE id = 2");
                },
                "1|two|y",
                "3|one|x");
    }

    @Test
    void twoNewKeysForOneRowMakeTwoRows() throws SQLException {
        inEachOrder(
                () -> {
                    anne.run("UPDATE t SET id = 3 WHERE id = 1");
                    bob.run("UPDATE t SET id = 4 WHERE id = 1");
                },
                "2|two|y",
                "3|one|x",
                "4|one|x");
    }

    @Test
    void rowThatGetsItsOldKeyBackIsBornAnew() throws SQLException {
        inEachOrder(
                () -> {
                    anne.run("UPDATE t SET id = 3 WHERE id = 1");
                    anne.run("UPDATE t SET id = 1 WHERE id = 3");
                    bob.run("UPDATE t SET v = 'bob' WHERE id = 1");
                },
                "1|one|x",
                "2|two|y");
    }

    @Property(tries = 60)
    void replicasThatUpdateKeysAtRandomEndWithTheSameRows(@ForAll long seed) throws SQLException {
        var random = Seeds.random(seed);
        open(TABLES.get(random.nextInt(TABLES.size())));
        for (var step = 0; step < 30; step++) {
            var replica = replicas.get(random.nextInt(2));
            var from = random.nextInt(6);
            var to = random.nextInt(6);
            replica.write(List.of(
                    switch (random.nextInt(5)) {
                        case 0, 1 -> "UPDATE t SET id = " + to + " WHERE id = " + from;
                        case 2 -> "UPDATE OR REPLACE t SET id = " + to + ", v = 'u" + step + "' WHERE id = " + from;
                        case 3 -> "INSERT OR REPLACE INTO t VALUES (" + to + ", 'i" + step + "', 'w')";
                        default ->
                            random.nextBoolean()
                                    ? "UPDATE t SET w = 'w" + step + "' WHERE id = " + from
                                    : "DELETE FROM t WHERE id = " + from;
                    }));
            if (random.nextInt(4) == 0) {
                replicas.get(random.nextInt(2)).catchUpPartly(replicas.get(random.nextInt(2)), random);
            }
        }
        TestReplica.requireConvergence(replicas);
        close();
    }
}
