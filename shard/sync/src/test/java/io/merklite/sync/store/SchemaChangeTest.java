package io.merklite.sync.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.merklite.sync.SyncException.StoreFailure;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Changes of the schema under a store: states and index follow, and replicas that change alike stay equal. */
final class SchemaChangeTest {
    private static final List<String> SCHEMA = List.of("CREATE TABLE t(id INTEGER PRIMARY KEY, a, b TEXT DEFAULT 'd')");

    private TestReplica anne;
    private TestReplica bert;

    @BeforeEach
    void openTwoReplicasWithRows() throws SQLException {
        anne = TestReplica.open("anne", 1, SCHEMA);
        bert = TestReplica.open("bert", 2, SCHEMA);
        for (var id = 0; id < 100; id++) {
            anne.run("INSERT INTO t VALUES (" + id + ", " + id * id + ", 'b" + id + "')");
        }
        settle();
        anne.run("UPDATE t SET a = -a WHERE id % 3 = 0");
        bert.run("UPDATE t SET b = upper(b) WHERE id % 5 = 0", "DELETE FROM t WHERE id % 7 = 0");
        settle();
    }

    private void settle() {
        TestReplica.requireConvergence(List.of(anne, bert));
    }

    private void change(TestReplica replica, String... sql) {
        for (var one : sql) {
            replica.store().session().executeSchemaChange(one);
        }
        replica.store().schemaChanged();
        replica.requireConsistent();
    }

    private void changeBoth(String... sql) {
        change(anne, sql);
        change(bert, sql);
        assertThat(anne.store().schemaFingerprint()).isEqualTo(bert.store().schemaFingerprint());
    }

    @Test
    void indexFitsAfterAFailedWriteOnATableWhoseTriggersAMergeSetAside() throws SQLException {
        var schema = List.of(
                "CREATE TABLE x(id INTEGER PRIMARY KEY, v UNIQUE)",
                "CREATE TRIGGER x_insert AFTER INSERT ON x BEGIN UPDATE x SET v = v + 1 WHERE id = new.id; END");
        var one = TestReplica.open("one", 11, schema);
        var other = TestReplica.open("other", 12, schema);
        one.run("INSERT INTO x VALUES (1, 10), (2, 20)");
        other.catchUp(one);
        assertThatThrownBy(() -> other.run("UPDATE x SET v = 11")).isInstanceOf(StoreFailure.class);

        other.run("UPDATE x SET v = 30 WHERE id = 2", "DELETE FROM x WHERE id = 1");

        other.requireConsistent();
        TestReplica.requireConvergence(List.of(one, other));
    }

    @Test
    void addedColumnWithoutDefaultChangesNoRoot() {
        var root = anne.store().root();

        changeBoth("ALTER TABLE t ADD COLUMN c");

        assertThat(anne.store().root()).isEqualTo(root);
        anne.run("UPDATE t SET c = id WHERE id < 50");
        settle();
    }

    @Test
    void addedColumnWithDefaultIsInEveryDigest() {
        changeBoth("ALTER TABLE t ADD COLUMN c DEFAULT 7");

        bert.run("UPDATE t SET c = 8 WHERE id < 50");
        settle();
        assertThat(anne.query("SELECT sum(c) FROM t")).isEqualTo(bert.query("SELECT sum(c) FROM t"));
    }

    @Test
    void transactionFromBeforeAColumnWasAddedHasItsDefault() {
        bert.run("INSERT INTO t VALUES (500, 1, 'old')", "UPDATE t SET a = 0 WHERE id = 1");
        changeBoth("ALTER TABLE t ADD COLUMN c DEFAULT 7");

        settle();

        assertThat(anne.query("SELECT * FROM t WHERE id = 500")).containsExactly("500|1|old|7");
    }

    @Test
    void droppedColumnLeavesNoTrace() {
        changeBoth("ALTER TABLE t DROP COLUMN a");

        anne.run("UPDATE t SET b = 'x' WHERE id = 9");
        settle();
        assertThat(bert.query("SELECT * FROM t WHERE id = 9")).containsExactly("9|x");
    }

    @Test
    void transactionFromBeforeAColumnWasDroppedIsReadByItsNames() {
        bert.run("INSERT INTO t VALUES (500, 1, 'old')", "UPDATE t SET a = 0, b = 'new' WHERE id = 1");
        changeBoth("ALTER TABLE t DROP COLUMN a");

        settle();

        assertThat(anne.query("SELECT * FROM t WHERE id IN (1, 500)")).containsExactly("1|new", "500|old");
    }

    @Test
    void renamedColumnKeepsItsValues() {
        changeBoth("ALTER TABLE t RENAME COLUMN a TO \"the a\"");

        anne.run("UPDATE t SET \"the a\" = 'x' WHERE id = 9");
        settle();
        assertThat(bert.query("SELECT \"the a\" FROM t WHERE id IN (8, 9)")).containsExactly("64", "x");
    }

    @Test
    void columnThatIsDroppedAndAddedAgainStartsAnew() {
        changeBoth("ALTER TABLE t DROP COLUMN a", "ALTER TABLE t ADD COLUMN a");

        assertThat(anne.query("SELECT count(a) FROM t")).containsExactly("0");
        bert.run("UPDATE t SET a = 1 WHERE id = 2");
        settle();
    }

    @Test
    void droppedTableIsOutOfTheRoot() {
        var before = anne.store().root();
        changeBoth("CREATE TABLE u(id INTEGER PRIMARY KEY)");
        anne.run("INSERT INTO u VALUES (1), (2)");
        settle();
        assertThat(anne.store().root()).isNotEqualTo(before);

        changeBoth("DROP TABLE u");

        assertThat(anne.store().root()).isEqualTo(before);
        assertThat(anne.store().tables()).containsExactly("_merklite_conflicts", "t");
    }

    @Test
    void transactionOfATableThatIsGoneHereChangesNothing() {
        changeBoth("CREATE TABLE u(id INTEGER PRIMARY KEY)");
        anne.run("INSERT INTO u VALUES (1)", "UPDATE t SET a = 0 WHERE id = 1");
        change(bert, "DROP TABLE u");

        bert.catchUp(anne);

        bert.requireConsistent();
        assertThat(bert.query("SELECT a FROM t WHERE id = 1")).containsExactly("0");
    }

    @Test
    void tableCreatedAndFilledInOneTransactionIsAdopted() {
        anne.run("CREATE TABLE u(id INTEGER PRIMARY KEY, v)", "INSERT INTO u VALUES (1, 'x'), (2, 'y')");
        anne.requireConsistent();
        change(bert, "CREATE TABLE u(id INTEGER PRIMARY KEY, v)");

        bert.takeRows(anne);

        assertThat(bert.dump()).isEqualTo(anne.dump());
        assertThat(bert.store().root()).isEqualTo(anne.store().root());
    }

    @Test
    void tableWithAnotherKeyIsAdoptedAnew() {
        String[] rekey = {
            "CREATE TABLE n(id INTEGER, a, b TEXT, PRIMARY KEY (b, id))",
            "INSERT INTO n SELECT id, a, b FROM t",
            "DROP TABLE t",
            "ALTER TABLE n RENAME TO t"
        };
        changeBoth(rekey);

        anne.takeRows(bert);
        bert.takeRows(anne);

        assertThat(bert.dump()).isEqualTo(anne.dump());
        assertThat(bert.store().root()).isEqualTo(anne.store().root());
    }

    @Test
    void renamedTableIsAnotherTable() {
        changeBoth("ALTER TABLE t RENAME TO u");

        anne.takeRows(bert);
        bert.takeRows(anne);

        assertThat(bert.dump()).isEqualTo(anne.dump());
        assertThat(bert.store().root()).isEqualTo(anne.store().root());
    }

    @Test
    void schemaChangeThatIsRolledBackLeavesEverythingAsItWas() {
        var root = anne.store().root();
        var fingerprint = anne.store().schemaFingerprint();

        anne.store().beginOpen();
        anne.query("SELECT 1");
        try (var statement = anne.connection().createStatement()) {
            statement.execute("CREATE TABLE u(id INTEGER PRIMARY KEY)");
            statement.execute("INSERT INTO u VALUES (1)");
            statement.execute("UPDATE t SET a = 0");
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
        anne.store().rollbackOpen();

        assertThat(anne.store().root()).isEqualTo(root);
        anne.run("UPDATE t SET a = 1 WHERE id = 1");
        assertThat(anne.store().schemaFingerprint()).isEqualTo(fingerprint);
        settle();
    }
}
