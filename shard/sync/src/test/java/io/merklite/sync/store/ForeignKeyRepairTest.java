package io.merklite.sync.store;

import static org.assertj.core.api.Assertions.assertThat;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Children that a merge leaves without their parent: each constraint's own action, and what stands against that. */
final class ForeignKeyRepairTest {
    private final List<TestReplica> replicas = new ArrayList<>();

    private void open(String... schema) throws SQLException {
        List<String> all = new ArrayList<>(List.of("PRAGMA foreign_keys = ON"));
        all.addAll(List.of(schema));
        replicas.add(TestReplica.open("anne", 1, all));
        replicas.add(TestReplica.open("bert", 2, all));
    }

    @AfterEach
    void close() {
        replicas.forEach(TestReplica::close);
    }

    private TestReplica anne() {
        return replicas.getFirst();
    }

    private TestReplica bert() {
        return replicas.getLast();
    }

    private void requireNoOrphans() {
        TestReplica.requireConvergence(replicas);
        for (var replica : replicas) {
            assertThat(replica.query("PRAGMA foreign_key_check")).isEmpty();
        }
    }

    private List<Conflicts.Entry> ledger() {
        return new Conflicts(anne().store()).list();
    }

    /** The leaf is looked at first, while its parent is still there. */
    @Test
    void childOfAChildThatIsEvictedGoesInTheSameMerge() throws SQLException {
        open("CREATE TABLE node(id INTEGER PRIMARY KEY, up INTEGER REFERENCES node)");
        anne().run("INSERT INTO node VALUES (9, NULL)");
        TestReplica.settle(replicas);
        anne().run("DELETE FROM node");
        bert().run("INSERT INTO node VALUES (5, 9), (1, 5), (7, 1)");

        anne().catchUp(bert());

        assertThat(anne().query("PRAGMA foreign_key_check")).isEmpty();
        requireNoOrphans();

        assertThat(anne().query("SELECT * FROM node")).isEmpty();
        assertThat(ledger()).hasSize(3);
    }

    @Test
    void childThatMayNotLoseItsParentIsEvicted() throws SQLException {
        open(
                "CREATE TABLE parent(id INTEGER PRIMARY KEY)",
                "CREATE TABLE child(id INTEGER PRIMARY KEY, p INTEGER NOT NULL REFERENCES parent ON DELETE SET NULL)");
        anne().run("INSERT INTO parent VALUES (1)");
        TestReplica.settle(replicas);
        anne().run("DELETE FROM parent");
        bert().run("INSERT INTO child VALUES (7, 1)");

        requireNoOrphans();

        assertThat(anne().query("SELECT * FROM child")).isEmpty();
        assertThat(ledger()).singleElement().matches(entry -> entry.kind() == Conflicts.Kind.FOREIGN_KEY);
    }

    @Test
    void childWhoseDefaultIsTakenIsEvicted() throws SQLException {
        open(
                "CREATE TABLE parent(id INTEGER PRIMARY KEY)",
                "CREATE TABLE child(id INTEGER PRIMARY KEY,"
                        + " p INTEGER DEFAULT 0 UNIQUE REFERENCES parent ON DELETE SET DEFAULT)");
        anne().run("INSERT INTO parent VALUES (0), (1)", "INSERT INTO child VALUES (6, 0)");
        TestReplica.settle(replicas);
        anne().run("DELETE FROM parent WHERE id = 1");
        bert().run("INSERT INTO child VALUES (7, 1)");

        requireNoOrphans();

        assertThat(anne().query("SELECT * FROM child")).containsExactly("6|0");
        assertThat(ledger()).singleElement().matches(entry -> entry.kind() == Conflicts.Kind.FOREIGN_KEY);
    }

    @Test
    void childThatACheckHoldsToItsParentIsEvicted() throws SQLException {
        open(
                "CREATE TABLE parent(id INTEGER PRIMARY KEY)",
                "CREATE TABLE child(id INTEGER PRIMARY KEY, p INTEGER REFERENCES parent ON DELETE SET NULL, loose,"
                        + " CHECK (p IS NOT NULL OR loose))");
        anne().run("INSERT INTO parent VALUES (1)");
        TestReplica.settle(replicas);
        anne().run("DELETE FROM parent");
        bert().run("INSERT INTO child VALUES (7, 1, 0), (8, 1, 1)");

        requireNoOrphans();

        assertThat(anne().query("SELECT id, p FROM child")).containsExactly("8|null");
        assertThat(ledger()).singleElement().matches(entry -> entry.kind() == Conflicts.Kind.FOREIGN_KEY);
    }

    /** SQLite compares with the parent's collation. */
    @Test
    void childThatSpellsItsParentOtherwiseIsFound() throws SQLException {
        open(
                "CREATE TABLE land(id INTEGER PRIMARY KEY)",
                "CREATE TABLE city(name TEXT COLLATE NOCASE PRIMARY KEY NOT NULL,"
                        + " land INTEGER REFERENCES land ON DELETE CASCADE)",
                "CREATE TABLE street(id INTEGER PRIMARY KEY, city TEXT REFERENCES city ON DELETE CASCADE)");
        anne().run("INSERT INTO land VALUES (1)");
        TestReplica.settle(replicas);
        anne().run("DELETE FROM land");
        bert().run("INSERT INTO city VALUES ('Lisbon', 1)", "INSERT INTO street VALUES (2, 'LISBON')");

        requireNoOrphans();

        assertThat(anne().query("SELECT * FROM street")).isEmpty();
    }

    /** SQLite calls a rowid of NULL a mismatch of types, which is no constraint. */
    @Test
    void childWhoseKeyIsItsParentIsEvicted() throws SQLException {
        open(
                "CREATE TABLE parent(id INTEGER PRIMARY KEY)",
                "CREATE TABLE child(id INTEGER PRIMARY KEY REFERENCES parent ON DELETE SET NULL, v)");
        anne().run("INSERT INTO parent VALUES (1)");
        TestReplica.settle(replicas);
        anne().run("DELETE FROM parent");
        bert().run("INSERT INTO child VALUES (1, 'v')");

        requireNoOrphans();

        assertThat(anne().query("SELECT * FROM child")).isEmpty();
        assertThat(ledger()).singleElement().matches(entry -> entry.kind() == Conflicts.Kind.FOREIGN_KEY);
    }

    /** It may come back, or come for the first time: until then nobody can say that children are without it. */
    @Test
    void tableThatIsNotThereIsNobodysParent() throws SQLException {
        open(
                "CREATE TABLE child(id INTEGER PRIMARY KEY, p INTEGER REFERENCES parent(id) ON DELETE CASCADE)",
                "CREATE TABLE column_gone(id INTEGER PRIMARY KEY, p INTEGER REFERENCES child(absent))");
        bert().execute("PRAGMA foreign_keys = OFF");
        bert().run("INSERT INTO child VALUES (7, 1)", "INSERT INTO column_gone VALUES (8, 1)");

        TestReplica.requireConvergence(replicas);

        assertThat(anne().query("SELECT * FROM child")).containsExactly("7|1");
        assertThat(anne().query("SELECT * FROM column_gone")).containsExactly("8|1");
    }

    @Test
    void repairFiresNoTriggersOfTheUser() throws SQLException {
        open(
                "CREATE TABLE parent(id INTEGER PRIMARY KEY)",
                "CREATE TABLE child(id INTEGER PRIMARY KEY, p INTEGER REFERENCES parent ON DELETE CASCADE)",
                "CREATE TABLE audit(what)",
                "CREATE TRIGGER note AFTER DELETE ON child BEGIN INSERT INTO audit VALUES (old.id); END");
        anne().run("INSERT INTO parent VALUES (1)");
        TestReplica.settle(replicas);
        anne().run("DELETE FROM parent");
        bert().run("INSERT INTO child VALUES (7, 1)");

        requireNoOrphans();

        assertThat(anne().query("SELECT * FROM child")).isEmpty();
        assertThat(anne().query("SELECT * FROM audit")).isEmpty();
    }

    /** Each side leaves the generated column a value; together they leave it none. */
    @Test
    void rowWhoseGeneratedColumnLosesItsValueIsEvicted() throws SQLException {
        open("CREATE TABLE t(id INTEGER PRIMARY KEY, a, b, c GENERATED ALWAYS AS (coalesce(a, b)) NOT NULL)");
        anne().run("INSERT INTO t(id, a, b) VALUES (1, 'a', 'b'), (2, 'a', 'b')");
        TestReplica.settle(replicas);
        anne().run("UPDATE t SET a = NULL WHERE id = 1");
        bert().run("UPDATE t SET b = NULL WHERE id = 1");

        TestReplica.requireConvergence(replicas);

        assertThat(anne().query("SELECT id FROM t")).containsExactly("2");
        assertThat(ledger()).singleElement().matches(entry -> entry.kind() == Conflicts.Kind.NOT_NULL);
    }
}
