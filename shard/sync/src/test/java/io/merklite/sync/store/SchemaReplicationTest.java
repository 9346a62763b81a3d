package io.merklite.sync.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.merklite.schema.structure.Schema;
import io.merklite.session.SessionException;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Changes of the schema replicate, those made at the same time too. */
final class SchemaReplicationTest {
    private TestReplica anne;
    private TestReplica bob;

    @BeforeEach
    void openBoth() throws SQLException {
        anne = open("anne", 1, List.of());
        bob = open("bob", 2, List.of());
        anne.change("CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT, b)");
        anne.run("INSERT INTO t VALUES (1, 'one', 1), (2, 'two', 2)");
        requireConvergence();
    }

    private static TestReplica open(String name, long seed, List<String> schema) throws SQLException {
        return TestReplica.open(name, seed, schema, StoreOptions::withSchemaReplication);
    }

    private void requireConvergence() {
        TestReplica.requireConvergence(List.of(anne, bob));
        assertThat(schema(bob)).isEqualTo(schema(anne));
        assertThat(bob.store().schemaFingerprint()).isEqualTo(anne.store().schemaFingerprint());
    }

    private static Schema schema(TestReplica replica) {
        return Schema.extract(replica.connection());
    }

    @Test
    void tableIsCreatedElsewhere() {
        assertThat(bob.query("SELECT * FROM t")).containsExactly("1|one|1", "2|two|2");
    }

    @Test
    void columnOfOneAndIndexAndTableOfTheOtherAllSurvive() {
        anne.change("ALTER TABLE t ADD COLUMN c INTEGER NOT NULL DEFAULT 7");
        anne.run("UPDATE t SET c = 8 WHERE id = 1", "INSERT INTO t VALUES (3, 'three', 3, 3)");
        bob.change("CREATE INDEX t_a ON t(a)", "CREATE TABLE u(x TEXT PRIMARY KEY, y) WITHOUT ROWID");
        bob.run("INSERT INTO u VALUES ('x', 'y')", "INSERT INTO t VALUES (4, 'four', 4)");

        requireConvergence();

        assertThat(anne.query("SELECT * FROM t"))
                .containsExactly("1|one|1|8", "2|two|2|7", "3|three|3|3", "4|four|4|7");
        assertThat(anne.query("SELECT * FROM u")).containsExactly("x|y");
        assertThat(bob.query("SELECT name FROM pragma_index_list('t')")).containsExactly("t_a");
    }

    @Test
    void columnsAddedAtTheSameTimeComeInOneOrder() {
        anne.change("ALTER TABLE t ADD COLUMN z DEFAULT 1");
        anne.run("UPDATE t SET z = 'anne'");
        bob.change("ALTER TABLE t ADD COLUMN m DEFAULT 2");
        bob.run("UPDATE t SET m = 'bob' WHERE id = 1");

        requireConvergence();

        assertThat(anne.query("SELECT id, z, m FROM t")).containsExactly("1|anne|bob", "2|anne|2");
    }

    @Test
    void dropOfAColumnLosesAConcurrentUpdateOfItAlone() {
        anne.change("ALTER TABLE t DROP COLUMN b");
        bob.run("UPDATE t SET b = 9, a = 'uno' WHERE id = 1");

        requireConvergence();

        assertThat(bob.query("SELECT * FROM t")).containsExactly("1|uno", "2|two");
    }

    @Test
    void renamedTableAndColumnKeepRowsAndConcurrentWrites() {
        anne.change("ALTER TABLE t RENAME TO v", "ALTER TABLE v RENAME COLUMN a TO label");
        anne.run("UPDATE v SET label = 'dos' WHERE id = 2");
        bob.run("UPDATE t SET a = 'uno', b = 11 WHERE id = 1", "INSERT INTO t VALUES (3, 'tres', 3)");

        requireConvergence();

        assertThat(bob.query("SELECT id, label, b FROM v")).containsExactly("1|uno|11", "2|dos|2", "3|tres|3");
    }

    @Test
    void renamedKeyColumnKeepsTheStatesOfRows() {
        var before = anne.store().vector();
        anne.change("ALTER TABLE t RENAME COLUMN id TO key");
        bob.run("UPDATE t SET b = 12 WHERE id = 2");

        requireConvergence();

        assertThat(anne.query("SELECT \"key\", b FROM t")).containsExactly("1|1", "2|12");
        assertThat(anne.store().vector().seq(anne.store().origin()))
                .isEqualTo(before.seq(anne.store().origin()) + 1);
    }

    @Test
    void tableWithoutKeyIsRenamedWithoutDoublingItsRows() {
        anne.change("CREATE TABLE log(what)");
        anne.run("INSERT INTO log VALUES ('a'), ('b')");
        requireConvergence();
        anne.change("ALTER TABLE log RENAME TO journal");
        bob.run("INSERT INTO log VALUES ('c')");

        requireConvergence();

        assertThat(bob.query("SELECT what FROM journal ORDER BY what")).containsExactly("a", "b", "c");
    }

    @Test
    void tableIsCreatedWhileTheOtherWrites() {
        bob.run("INSERT INTO t VALUES (3, 'three', 3)");
        anne.change("CREATE TABLE u AS SELECT id, a FROM t");
        bob.run("UPDATE t SET a = 'drei' WHERE id = 3");
        anne.run("INSERT INTO u VALUES (9, 'nine')");

        requireConvergence();

        assertThat(bob.query("SELECT id FROM u ORDER BY id")).containsExactly("1", "2", "9");
        assertThat(anne.query("SELECT a FROM t WHERE id = 3")).containsExactly("drei");
    }

    @Test
    void dropOfATableReplicates() {
        anne.change("DROP TABLE t");
        bob.run("UPDATE t SET a = 'uno' WHERE id = 1");

        requireConvergence();

        assertThat(bob.query("SELECT name FROM sqlite_schema WHERE name = 't'")).isEmpty();
    }

    @Test
    void tableThatGetsAColumnAfterItsDropLivesOn() {
        bob.run("INSERT INTO t VALUES (3, 'three', 3)");
        anne.change("DROP TABLE t");
        bob.change("CREATE TABLE later(x)");
        bob.change("ALTER TABLE t ADD COLUMN c");

        TestReplica.settle(List.of(anne, bob));
        anne.takeRows(bob);
        bob.takeRows(anne);

        assertThat(anne.query("SELECT * FROM t ORDER BY id")).isEqualTo(bob.query("SELECT * FROM t ORDER BY id"));
        assertThat(anne.query("SELECT count(*) FROM t")).containsExactly("3");
        assertThat(anne.store().root()).isEqualTo(bob.store().root());
    }

    @Test
    void viewsAndTriggersReplicate() {
        anne.change(
                "CREATE VIEW w AS SELECT a FROM t WHERE b > 1",
                "CREATE TRIGGER t_insert AFTER INSERT ON t BEGIN UPDATE t SET b = 100 WHERE id = new.id; END");
        bob.change("CREATE VIEW x AS SELECT b FROM t");
        requireConvergence();
        bob.run("INSERT INTO t(id, a) VALUES (3, 'three')");

        requireConvergence();

        assertThat(anne.query("SELECT a FROM w")).containsExactly("two", "three");
        anne.change("DROP VIEW x", "DROP TRIGGER t_insert");
        requireConvergence();
        assertThat(bob.query("SELECT count(*) FROM sqlite_schema WHERE type IN ('view', 'trigger')"))
                .containsExactly("1");
    }

    @Test
    void changeThatIsRolledBackIsNone() {
        var root = anne.store().root();
        var fingerprint = anne.store().schemaFingerprint();
        anne.store().beginOpen();
        anne.store().changeSchema("ALTER TABLE t ADD COLUMN c");
        anne.store().rollbackOpen();

        assertThat(anne.store().root()).isEqualTo(root);
        assertThat(anne.store().schemaFingerprint()).isEqualTo(fingerprint);
        anne.run("INSERT INTO t VALUES (3, 'three', 3)");
        requireConvergence();
        assertThat(bob.query("SELECT * FROM t WHERE id = 3")).containsExactly("3|three|3");
    }

    @Test
    void changeThatSqliteRefusesIsNone() {
        assertThatThrownBy(() -> anne.change("ALTER TABLE missing ADD COLUMN c"))
                .isInstanceOf(SessionException.DatabaseFailure.class);

        anne.run("INSERT INTO t VALUES (3, 'three', 3)");
        requireConvergence();
    }

    @Test
    void uniqueIndexWaitsUntilRowsAreUnique() {
        bob.run("INSERT INTO t VALUES (3, 'two', 3)");
        anne.change("CREATE UNIQUE INDEX t_a ON t(a)");
        bob.merge(anne.log(anne.store().origin()).getLast());

        assertThat(bob.store().missingFromSchema()).containsExactly("index \"\" \"t_a\"");

        TestReplica.settle(List.of(anne, bob));
        bob.store().completeSchema();
        requireConvergence();
        assertThat(bob.store().missingFromSchema()).isEmpty();
        assertThat(bob.query("SELECT id, a FROM t")).containsExactly("1|one", "2|two");
        assertThat(new Conflicts(bob.store()).list()).hasSize(1);
    }

    @Test
    void oneReplicaDropsTheColumnThatTheOtherIndexes() {
        anne.change("ALTER TABLE t DROP COLUMN b");
        bob.change("CREATE INDEX t_b ON t(b)");

        requireConvergence();

        assertThat(anne.store().missingFromSchema()).isEqualTo(bob.store().missingFromSchema());
        bob.change("CREATE INDEX t_a ON t(a)");
        requireConvergence();
        anne.change("ALTER TABLE t ADD COLUMN b");
        requireConvergence();
    }

    @Test
    void changeMadePastTheStoreReplicatesToo() throws SQLException {
        anne.execute("ALTER TABLE t ADD COLUMN c DEFAULT 5");
        anne.run("INSERT INTO t VALUES (3, 'three', 3, 6)");

        requireConvergence();

        assertThat(bob.query("SELECT id, c FROM t")).containsExactly("1|5", "2|5", "3|6");
    }

    @Test
    void replicasThatBeginWithTheSameTablesAreEqualAtOnce() throws SQLException {
        var schema = List.of("CREATE TABLE x(a INTEGER PRIMARY KEY, b)", "CREATE INDEX x_b ON x(b)");
        var carl = open("carl", 3, schema);
        var dora = open("dora", 4, schema);

        assertThat(carl.store().root()).isEqualTo(dora.store().root()).isNotZero();
    }

    @Test
    void replicasThatBeginWithOtherTablesGetBoth() throws SQLException {
        var carl = open("carl", 3, List.of("CREATE TABLE x(a INTEGER PRIMARY KEY, b)", "INSERT INTO x VALUES (1, 2)"));
        var dora =
                open("dora", 4, List.of("CREATE TABLE y(a INTEGER PRIMARY KEY)", "CREATE VIEW z AS SELECT * FROM y"));

        carl.takeElements(dora);
        dora.takeElements(carl);

        assertThat(schema(carl)).isEqualTo(schema(dora));
        assertThat(schema(carl).tables()).hasSize(2);
        assertThat(carl.store().schemaFingerprint()).isEqualTo(dora.store().schemaFingerprint());
        dora.takeRows(carl);
        assertThat(dora.query("SELECT * FROM x")).containsExactly("1|2");
    }

    @Test
    void tablesThatDoNotReplicateAreLeftAlone() throws SQLException {
        TestReplica.StoreChoice choice =
                options -> options.withSchemaReplication().withTables(table -> !table.startsWith("local"));
        var carl = TestReplica.open("carl", 3, List.of("CREATE TABLE local_a(x)"), choice);
        var dora = TestReplica.open(
                "dora", 4, List.of("CREATE TABLE local_b(x)", "CREATE VIRTUAL TABLE words USING fts5(body)"), choice);
        carl.change("CREATE TABLE x(a INTEGER PRIMARY KEY)", "CREATE INDEX local_i ON local_a(x)");

        TestReplica.requireConvergence(List.of(carl, dora));

        assertThat(dora.query("SELECT name FROM sqlite_schema WHERE name IN ('x', 'local_a', 'local_b', 'words')"))
                .containsExactlyInAnyOrder("x", "local_b", "words");
        assertThat(carl.query("SELECT name FROM sqlite_schema WHERE name IN ('local_a', 'local_i')"))
                .hasSize(2);
    }

    @Test
    void replicaThatNeverHadAColumnReadsTransactionsThatWroteIt() throws SQLException {
        anne.run("UPDATE t SET b = 5 WHERE id = 1");
        anne.change("ALTER TABLE t DROP COLUMN b");
        var carl = open("carl", 3, List.of());

        TestReplica.requireConvergence(List.of(anne, bob, carl));

        assertThat(carl.query("SELECT * FROM t")).containsExactly("1|one", "2|two");
    }
}
