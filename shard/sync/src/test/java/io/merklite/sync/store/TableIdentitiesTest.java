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
 * Tables that have one name one after the other, while a third replica writes to the first of them: by transactions and by
 * the merkle path, every write ends in the table that it was written to, whatever that is called now.
 */
final class TableIdentitiesTest {
    private static final String NEW = "CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT, b TEXT)";

    private final List<TestReplica> replicas = new ArrayList<>();
    private TestReplica anne;
    private TestReplica bob;
    private TestReplica carl;

    private interface Scenario {
        void run() throws SQLException;
    }

    private void inEachWay(Scenario writes, Scenario checks) throws SQLException {
        for (var isByRows : List.of(false, true)) {
            for (var isReversed : List.of(false, true)) {
                open();
                writes.run();
                if (isReversed) {
                    Collections.reverse(replicas);
                }
                if (isByRows) {
                    exchangeRows();
                }
                converge();
                checks.run();
                close();
            }
        }
    }

    private void open() throws SQLException {
        for (var seed = 1; seed <= 3; seed++) {
            replicas.add(TestReplica.open("r" + seed, seed, List.of(), StoreOptions::withSchemaReplication));
        }
        anne = replicas.get(0);
        bob = replicas.get(1);
        carl = replicas.get(2);
        anne.change(NEW);
        anne.run("INSERT INTO t VALUES (1, 'one', 'x'), (2, 'two', 'y')");
        TestReplica.settle(replicas);
    }

    @AfterEach
    void close() {
        replicas.forEach(TestReplica::close);
        replicas.clear();
    }

    /** All elements at once, then rows; nobody hears of changes one after the other. */
    private void exchangeRows() {
        for (var round = 0; round < 3; round++) {
            for (var one : replicas) {
                for (var other : replicas) {
                    if (one != other) {
                        one.takeElements(other);
                    }
                }
            }
        }
        for (var round = 0; round < 2; round++) {
            for (var one : replicas) {
                for (var other : replicas) {
                    if (one != other
                            && one.store().schemaFingerprint() == other.store().schemaFingerprint()) {
                        one.reconcile(other);
                    }
                }
            }
        }
    }

    private void converge() {
        for (var round = 0; round < 4; round++) {
            TestReplica.settle(replicas);
            for (var one : replicas) {
                for (var other : replicas) {
                    if (!one.store().vector().covers(other.store().vector())) {
                        one.takeElements(other);
                    }
                    var isSameSchema =
                            one.store().schemaFingerprint() == other.store().schemaFingerprint();
                    if (isSameSchema && one.store().root() != other.store().root()) {
                        one.reconcile(other);
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

    @Test
    void rowsForARenamedTableDoNotLandInTheNewOneOfItsName() throws SQLException {
        inEachWay(
                () -> {
                    anne.change("ALTER TABLE t RENAME TO u");
                    anne.change(NEW);
                    anne.run("INSERT INTO t VALUES (1, 'new', 'n')");
                    carl.run("INSERT INTO t VALUES (3, 'three', 'z')", "UPDATE t SET b = 'carl' WHERE id = 1");
                    carl.run("DELETE FROM t WHERE id = 2");
                },
                () -> {
                    assertThat(carl.query("SELECT * FROM u")).containsExactly("1|one|carl", "3|three|z");
                    assertThat(carl.query("SELECT * FROM t")).containsExactly("1|new|n");
                    assertThat(carl.query("SELECT * FROM _merklite_conflicts")).isEmpty();
                });
    }

    @Test
    void newTableOfAReplicaThatHeardOfTheRenameIsOfItsOwn() throws SQLException {
        inEachWay(
                () -> {
                    anne.change("ALTER TABLE t RENAME TO u");
                    bob.catchUp(anne);
                    bob.change(NEW);
                    bob.run("INSERT INTO t VALUES (1, 'new', 'n')");
                    carl.run("INSERT INTO t VALUES (3, 'three', 'z')");
                },
                () -> {
                    assertThat(carl.query("SELECT * FROM u")).containsExactly("1|one|x", "2|two|y", "3|three|z");
                    assertThat(carl.query("SELECT * FROM t")).containsExactly("1|new|n");
                });
    }

    @Test
    void twoWhoMakeANameAgainHaveMadeOneTable() throws SQLException {
        inEachWay(
                () -> {
                    anne.change("ALTER TABLE t RENAME TO u");
                    bob.catchUp(anne);
                    bob.change("CREATE TABLE t(id INTEGER PRIMARY KEY, c TEXT)");
                    bob.run("INSERT INTO t VALUES (4, 'bob')");
                    anne.change("CREATE TABLE t(id INTEGER PRIMARY KEY, d TEXT)");
                    anne.run("INSERT INTO t VALUES (5, 'anne')");
                    carl.run("INSERT INTO t VALUES (3, 'three', 'z')");
                },
                () -> {
                    assertThat(carl.query("SELECT id, c, d FROM t")).containsExactly("4|bob|null", "5|null|anne");
                    assertThat(carl.query("SELECT id FROM u")).containsExactly("1", "2", "3");
                });
    }

    @Test
    void tableThatIsMadeAgainWithoutKnowingOfTheRenameIsTheRenamedOne() throws SQLException {
        inEachWay(
                () -> {
                    anne.change("ALTER TABLE t RENAME TO u");
                    anne.run("INSERT INTO u VALUES (4, 'four', 'anne')");
                    bob.run("UPDATE t SET b = 'z' WHERE id = 1");
                    bob.change("DROP TABLE t");
                    bob.change("CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT, b TEXT, c TEXT)");
                    bob.run("INSERT INTO t VALUES (5, 'five', 'bob', 'c')");
                    carl.run("INSERT INTO t VALUES (3, 'three', 'z')");
                },
                () -> {
                    assertThat(carl.query("SELECT id, a, b, c FROM u")).contains("4|four|anne|null", "5|five|bob|c");
                    assertThat(carl.query("SELECT name FROM sqlite_schema WHERE name = 't'"))
                            .isEmpty();
                });
    }

    @Test
    void tablesThatChangeNamesKeepTheirRows() throws SQLException {
        inEachWay(
                () -> {
                    anne.change("CREATE TABLE s(id INTEGER PRIMARY KEY, a TEXT, b TEXT)");
                    anne.run("INSERT INTO s VALUES (7, 'seven', 's')");
                    TestReplica.settle(replicas);
                    anne.change("ALTER TABLE t RENAME TO passing");
                    anne.change("ALTER TABLE s RENAME TO t");
                    anne.change("ALTER TABLE passing RENAME TO s");
                    carl.run("INSERT INTO t VALUES (3, 'three', 'z')", "INSERT INTO s VALUES (8, 'eight', 's')");
                },
                () -> {
                    assertThat(carl.query("SELECT * FROM s")).containsExactly("1|one|x", "2|two|y", "3|three|z");
                    assertThat(carl.query("SELECT * FROM t")).containsExactly("7|seven|s", "8|eight|s");
                });
    }

    @Test
    void tableThatGetsItsNameBackKeepsWhatWasWrittenMeanwhile() throws SQLException {
        inEachWay(
                () -> {
                    anne.change("ALTER TABLE t RENAME TO u");
                    anne.change("ALTER TABLE u RENAME TO t");
                    anne.change("CREATE TABLE other(id INTEGER PRIMARY KEY)");
                    carl.run("INSERT INTO t VALUES (3, 'three', 'z')");
                },
                () -> assertThat(carl.query("SELECT * FROM t")).containsExactly("1|one|x", "2|two|y", "3|three|z"));
    }

    @Test
    void twoTablesOfAFileThatAreOneForOthersJoinTheirRows() throws SQLException {
        inEachWay(
                () -> {
                    carl.change("CREATE TABLE u(a TEXT, id INTEGER PRIMARY KEY, c DEFAULT 5)");
                    carl.run("INSERT INTO u VALUES ('carl', 9, 6)", "INSERT INTO t VALUES (3, 'three', 'z')");
                    anne.change("ALTER TABLE t RENAME TO u");
                    anne.run("UPDATE u SET b = 'anne' WHERE id = 2");
                },
                () -> assertThat(carl.query("SELECT id, a, b, c FROM u"))
                        .containsExactly("1|one|x|5", "2|two|anne|5", "3|three|z|5", "9|carl|null|6"));
    }

    @Test
    void severalTablesOfAFileThatAreOneForOthersJoinOneRow() throws SQLException {
        inEachWay(
                () -> {
                    carl.change("CREATE TABLE u(id INTEGER PRIMARY KEY, a TEXT, b TEXT)");
                    carl.change("CREATE TABLE v(id INTEGER PRIMARY KEY, a TEXT, b TEXT)");
                    carl.run("INSERT INTO u VALUES (1, 'later', 'u'), (3, 'three', 'u')");
                    anne.change("ALTER TABLE t RENAME TO u");
                    anne.change("ALTER TABLE u RENAME TO v");
                },
                () -> assertThat(carl.query("SELECT * FROM v")).containsExactly("1|later|u", "2|two|y", "3|three|u"));
    }

    @Test
    void deathsInATableThatJoinsAnotherAreKnownThere() throws SQLException {
        open();
        carl.change("CREATE TABLE u(id INTEGER PRIMARY KEY, a TEXT, b TEXT)");
        carl.run("DELETE FROM t WHERE id = 2");
        anne.change("ALTER TABLE t RENAME TO u");

        TestReplica.settle(replicas);

        assertThat(carl.query("SELECT id FROM u")).containsExactly("1");
        TestReplica.requireConvergence(replicas);
    }

    @Test
    void tableThatWasRenamedInACircleLivesUnderOneOfItsNames() throws SQLException {
        inEachWay(this::renameInACircle, () -> {
            var name = nameOfTheOneTable();
            assertThat(carl.query("SELECT id, a FROM " + name)).contains("3|three", "5|bob", "6|dora", "7|anne");
        });
    }

    @Test
    void tableThatWasRenamedInACircleCanBeDropped() throws SQLException {
        inEachWay(
                () -> {
                    renameInACircle();
                    converge();
                    carl.change("DROP TABLE " + nameOfTheOneTable());
                },
                () -> assertThat(tables(carl)).isEmpty());
    }

    /** Carl gives up {@code t}, hearing of one rename; bob, hearing of both, gives up {@code u}. */
    private void renameInACircle() throws SQLException {
        var dora = TestReplica.open("r4", 4, List.of(), StoreOptions::withSchemaReplication);
        replicas.add(dora);
        TestReplica.settle(replicas);
        dora.change("DROP TABLE t");
        dora.change("CREATE TABLE u(id INTEGER PRIMARY KEY, a TEXT, b TEXT)");
        dora.change("ALTER TABLE u RENAME TO t");
        dora.run("INSERT INTO t VALUES (6, 'dora', 'd')");
        anne.change("ALTER TABLE t RENAME TO u");
        anne.run("INSERT INTO u VALUES (7, 'anne', 'n')");
        bob.change("DROP TABLE t");
        bob.change(NEW);
        bob.run("INSERT INTO t VALUES (5, 'bob', 'o')");
        carl.catchUp(anne);
        carl.catchUp(bob);
        carl.run("INSERT INTO " + nameOfTheOneTable() + " VALUES (3, 'three', 'z')");
        bob.catchUp(dora);
        bob.catchUp(anne);
    }

    private String nameOfTheOneTable() throws SQLException {
        var names = tables(carl);
        assertThat(names).hasSize(1);
        return names.getFirst();
    }

    private static List<String> tables(TestReplica replica) throws SQLException {
        return replica.query("SELECT name FROM sqlite_schema WHERE name IN ('t', 'u')");
    }

    @Test
    void rowsOfATableThatWasDroppedAndMadeAgainStayGone() throws SQLException {
        inEachWay(
                () -> {
                    anne.change("ALTER TABLE t RENAME TO u");
                    anne.change(NEW);
                    anne.run("INSERT INTO t VALUES (1, 'first', 'n')");
                    TestReplica.settle(replicas);
                    anne.change("DROP TABLE t");
                    anne.change(NEW);
                    anne.run("INSERT INTO t VALUES (2, 'second', 'n')");
                    carl.run("INSERT INTO u VALUES (3, 'three', 'z')");
                },
                () -> {
                    assertThat(carl.query("SELECT * FROM t")).containsExactly("2|second|n");
                    assertThat(carl.query("SELECT id FROM u")).containsExactly("1", "2", "3");
                });
    }

    @Test
    void fileThatIsOpenedAgainKnowsWhichTableItHas() throws SQLException {
        open();
        anne.change("ALTER TABLE t RENAME TO u");
        anne.change(NEW);
        anne.run("INSERT INTO t VALUES (1, 'new', 'n')");
        var fingerprint = anne.store().schemaFingerprint();
        anne.store().close();
        var again = TestReplica.over(anne.connection(), 1, StoreOptions::withSchemaReplication);
        carl.run("INSERT INTO t VALUES (3, 'three', 'z')");

        carl.takeElements(again);
        again.catchUp(carl);

        assertThat(again.store().schemaFingerprint()).isEqualTo(fingerprint);
        assertThat(carl.store().schemaFingerprint()).isEqualTo(fingerprint);
        assertThat(again.query("SELECT id FROM u")).containsExactly("1", "2", "3");
        assertThat(carl.query("SELECT id FROM u")).containsExactly("1", "2", "3");
        again.store().close();
        replicas.remove(anne);
    }
}
