package io.merklite.sync.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.merklite.session.SessionException;
import io.merklite.sync.SyncException.DamagedStore;
import io.merklite.sync.SyncException.InvalidState;
import io.merklite.sync.SyncException.StoreFailure;
import io.merklite.sync.SyncException.Unsupported;
import io.merklite.sync.vector.VersionVector;
import io.merklite.testkit.Seeds;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.sqlite.SQLiteConnection;

/** What a store promises of its file: adoption, rollback, copies, triggers, tombstones. */
final class ReplicaStoreTest {
    private static final List<String> SCHEMA = List.of(
            "CREATE TABLE t(id INTEGER PRIMARY KEY, v UNIQUE)", "CREATE TABLE note(body)", "CREATE TABLE log(what)");

    private static TestReplica replica(int seed, String... more) throws SQLException {
        List<String> schema = new ArrayList<>(SCHEMA);
        schema.addAll(List.of(more));
        return TestReplica.open("r" + seed, seed, schema);
    }

    // ---- adoption ---------------------------------------------------------------------------------------------------

    @Test
    void rowsThatWereThereBeforeAreBornWhenTheStoreIsMade() throws SQLException {
        var anne = replica(1, "INSERT INTO t VALUES (1, 'a'), (2, 'b')", "INSERT INTO note VALUES ('x'), ('x')");
        var bert = replica(2, "INSERT INTO t VALUES (2, 'c'), (3, 'd')", "INSERT INTO note VALUES ('y')");
        assertThat(anne.store().vector().seq(anne.store().origin())).isEqualTo(1);
        anne.requireConsistent();

        anne.takeRows(bert);
        bert.takeRows(anne);

        bert.requireConsistent();
        assertThat(anne.dump()).isEqualTo(bert.dump());
        assertThat(anne.store().root()).isEqualTo(bert.store().root());
        assertThat(anne.query("SELECT id FROM t ORDER BY id")).containsExactly("1", "2", "3");
        assertThat(anne.query("SELECT body FROM note ORDER BY 1")).containsExactly("x", "x", "y");
    }

    @Test
    void adoptedRowsAreWrittenLikeOthers() throws SQLException {
        var anne = replica(1, "INSERT INTO t VALUES (1, 'a'), (2, 'b')", "INSERT INTO note VALUES ('x')");

        anne.run("UPDATE t SET v = 'c' WHERE id = 1", "DELETE FROM t WHERE id = 2", "UPDATE note SET body = 'z'");

        anne.requireConsistent();
    }

    @Test
    void fileOfTheFirstFormatIsUpgradedWhenItIsOpened() throws SQLException {
        var anne = replica(1);
        anne.run("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)"
                + " INSERT INTO t SELECT i, 'v' || i FROM n");
        anne.run("UPDATE t SET v = 'w' WHERE id = 7");
        var root = anne.store().root();
        var origin = anne.store().origin();
        anne.store().close();
        makeFirstFormat(anne.connection(), origin.bits());

        var again = TestReplica.over(anne.connection(), 2, options -> options);

        again.requireConsistent();
        assertThat(again.store().root()).isEqualTo(root);
        assertThat(again.store().vector().seq(origin)).isEqualTo(2);
        assertThat(again.query("SELECT format FROM _merklite_state")).containsExactly("2");
    }

    /** The seq of the own origin stood with the others, and the nodes of the index were fewer. */
    private static void makeFirstFormat(Connection connection, long origin) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute(
                    "UPDATE _merklite_origins SET (seq, clock) = (SELECT own_seq, own_clock FROM _merklite_state)"
                            + " WHERE bits = " + origin);
            for (var column : List.of("own_seq", "own_clock", "pending")) {
                statement.execute("ALTER TABLE _merklite_state DROP COLUMN " + column);
            }
            statement.execute("UPDATE _merklite_state SET format = 1");
            statement.execute("DELETE FROM _merklite_sums_" + tableNumber(connection));
        }
    }

    private static int tableNumber(Connection connection) throws SQLException {
        try (var query = connection.prepareStatement("SELECT number FROM _merklite_tables WHERE name = 't'");
                var rows = query.executeQuery()) {
            rows.next();
            return rows.getInt(1);
        }
    }

    @Test
    void whatIsPendingOfTheIndexSurvivesACrash() throws SQLException {
        var anne = replica(1);
        anne.run("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)"
                + " INSERT INTO t SELECT i, 'v' || i FROM n");
        for (var id = 1; id <= 20; id++) {
            anne.run("UPDATE t SET v = 'w' || id WHERE id = " + id * 9);
        }
        assertThat(anne.query("SELECT length(pending) > 0 FROM _merklite_state"))
                .containsExactly("1");

        var again = TestReplica.over(anne.connection(), 2, options -> options); // the first store was never closed

        assertThat(again.store().wasUnclean()).isTrue();
        assertThat(again.store().root()).isEqualTo(anne.store().root());
        again.requireConsistent();
    }

    // ---- rollback ---------------------------------------------------------------------------------------------------

    /** As when a disk is full: SQLite undoes everything, also what was stamped and is still known in memory. */
    private static TestReplica undoneBySqlite() throws SQLException {
        var anne = replica(1);
        anne.run("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)"
                + " INSERT INTO t SELECT i, 'v' || i FROM n");
        anne.run("UPDATE t SET v = 'w' WHERE id = 7"); // its sums are pending
        anne.store().beginOpen();
        anne.execute("INSERT INTO t VALUES (1000, 'lost')");
        anne.execute("DELETE FROM t WHERE id % 3 = 0");
        anne.store().stampInside();
        anne.execute("ROLLBACK");
        return anne;
    }

    private static void requireSameAsBefore(TestReplica anne) throws SQLException {
        assertThat(anne.query("SELECT count(*) FROM t")).containsExactly("200");
        anne.requireConsistent();
        assertThat(anne.store().scrub().run()).isEmpty();
        assertThat(anne.store().vector().seq(anne.store().origin())).isEqualTo(2);
        anne.run("INSERT INTO t VALUES (1000, 'kept')");
        anne.requireConsistent();
        assertThat(anne.store().vector().seq(anne.store().origin())).isEqualTo(3);
    }

    @Test
    void rollbackOfWhatSqliteHasUndoneAlreadyForgetsIt() throws SQLException {
        var anne = undoneBySqlite();

        anne.store().rollbackOpen();

        assertThat(anne.store().stamped()).isEmpty();
        requireSameAsBefore(anne);
    }

    @Test
    void whatSqliteHasUndoneUnnoticedIsForgottenByTheNextTransaction() throws SQLException {
        var anne = undoneBySqlite();

        assertThat(anne.store().isTransactionOpen()).isFalse();

        requireSameAsBefore(anne);
    }

    @Test
    void whatSqliteHasUndoneUnnoticedIsNotWrittenWhenTheStoreCloses() throws SQLException {
        var anne = undoneBySqlite();

        anne.store().close();

        requireSameAsBefore(TestReplica.over(anne.connection(), 2, options -> options));
    }

    @Test
    void writeThatFailsLeavesEverythingAsItWas() throws SQLException {
        var anne = replica(1);
        var bert = replica(2);
        anne.run("INSERT INTO t VALUES (1, 'a')");
        var dump = anne.dump();
        var root = anne.store().root();
        var vector = anne.store().vector();

        assertThatThrownBy(() -> anne.run(
                        "INSERT INTO t VALUES (2, 'b')", "DELETE FROM t WHERE id = 1", "INSERT INTO t VALUES (2, 'b')"))
                .isInstanceOf(StoreFailure.class)
                .hasMessageContaining("UNIQUE constraint failed");
        assertThatThrownBy(() -> anne.store().write(() -> {
                    anne.execute("INSERT INTO note VALUES ('lost')");
                    throw new IllegalStateException("changed my mind");
                }))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage("changed my mind");

        assertThat(anne.dump()).isEqualTo(dump);
        assertThat(anne.store().root()).isEqualTo(root);
        assertThat(anne.store().vector()).isEqualTo(vector);
        anne.run("INSERT INTO t VALUES (3, 'c')");
        TestReplica.requireConvergence(List.of(anne, bert));
    }

    @Test
    void openTransactionThatIsRolledBackLeavesEverythingAsItWas() throws SQLException {
        var anne = replica(1);
        var bert = replica(2);
        anne.run("INSERT INTO t WITH RECURSIVE s(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM s WHERE x < 300)"
                + " SELECT x, x FROM s");
        var dump = anne.dump();
        var root = anne.store().root();

        anne.store().beginOpen();
        anne.execute("DELETE FROM t WHERE id % 2 = 0");
        anne.execute("INSERT INTO note VALUES ('x')");
        anne.store().rollbackOpen();

        assertThat(anne.dump()).isEqualTo(dump);
        assertThat(anne.store().root()).isEqualTo(root);
        anne.run("DELETE FROM t WHERE id % 3 = 0");
        TestReplica.requireConvergence(List.of(anne, bert));
    }

    @Test
    void whatWasCommittedPastTheStoreIsStampedLater() throws SQLException {
        var anne = replica(1);
        var bert = replica(2);
        anne.execute("INSERT INTO t VALUES (1, 'a')");
        anne.execute("UPDATE t SET v = 'b'");

        anne.store().stampUnstamped().ifPresent(anne::keep);

        TestReplica.requireConvergence(List.of(anne, bert));
        assertThat(bert.query("SELECT * FROM t")).containsExactly("1|b");
        assertThat(anne.store().stampUnstamped()).isEmpty();
    }

    @Test
    void writeThatChangesNothingIsNoTransaction() throws SQLException {
        var anne = replica(1);

        assertThat(anne.run("UPDATE t SET v = 1")).isEmpty();
        assertThat(anne.run("INSERT INTO t VALUES (1, 'a')", "DELETE FROM t")).isEmpty();
        assertThat(anne.store().vector()).isEqualTo(VersionVector.EMPTY);
    }

    @Test
    void writeInsideAnOpenTransactionIsRefused() throws SQLException {
        var anne = replica(1);
        anne.execute("BEGIN");

        assertThatThrownBy(() -> anne.run("INSERT INTO t VALUES (1, 'a')")).isInstanceOf(InvalidState.class);

        assertThat(anne.store().stampUnstamped()).isEmpty();
        anne.execute("ROLLBACK");
        assertThat(anne.run("INSERT INTO t VALUES (1, 'a')")).isPresent();
        anne.requireConsistent();
    }

    @Test
    void transactionOutOfOrderIsRefused() throws SQLException {
        var anne = replica(1);
        var bert = replica(2);
        anne.run("INSERT INTO t VALUES (1, 'a')");
        var second = anne.run("INSERT INTO t VALUES (2, 'b')").orElseThrow();

        assertThatThrownBy(() -> bert.store().merge(second)).isInstanceOf(InvalidState.class);
        bert.catchUp(anne);
        assertThatThrownBy(() -> bert.store().merge(second)).isInstanceOf(InvalidState.class);

        bert.requireConsistent();
    }

    // ---- files ------------------------------------------------------------------------------------------------------

    private static byte[] image(TestReplica replica) throws SQLException {
        return replica.connection().unwrap(SQLiteConnection.class).serialize("main");
    }

    private static Connection opened(byte[] image) throws SQLException {
        var connection = DriverManager.getConnection("jdbc:sqlite::memory:");
        connection.unwrap(SQLiteConnection.class).deserialize("main", image);
        return connection;
    }

    @Test
    void fileThatWasCopiedWhileInUseGetsANewOrigin() throws SQLException {
        var anne = replica(1);
        anne.run("INSERT INTO t VALUES (1, 'a')");
        var image = image(anne);
        anne.run("INSERT INTO t VALUES (2, 'b')");

        var copy = TestReplica.over(opened(image), 7, options -> options);
        copy.run("INSERT INTO t VALUES (3, 'c')");

        assertThat(copy.store().originIsNew()).isTrue();
        assertThat(copy.store().wasUnclean()).isTrue();
        assertThat(copy.store().origin()).isNotEqualTo(anne.store().origin());
        copy.requireConsistent();
        anne.takeRows(copy);
        copy.takeRows(anne);
        assertThat(copy.dump()).isEqualTo(anne.dump());
        assertThat(copy.query("SELECT id FROM t ORDER BY id")).containsExactly("1", "2", "3");
    }

    @Test
    void fileThatWasClosedKeepsItsOrigin() throws SQLException {
        var anne = replica(1);
        anne.run("INSERT INTO t VALUES (1, 'a')");
        var origin = anne.store().origin();
        var root = anne.store().root();
        anne.store().close();

        var again = TestReplica.over(opened(image(anne)), 7, options -> options);

        assertThat(again.store().originIsNew()).isFalse();
        assertThat(again.store().origin()).isEqualTo(origin);
        assertThat(again.store().root()).isEqualTo(root);
        again.requireConsistent();
    }

    @Test
    void closedStoreIsClosedOnceMoreAndWritesNothing() throws SQLException {
        var anne = replica(1);
        anne.run("INSERT INTO t VALUES (1, 'a')");
        anne.store().close();

        anne.store().close();

        assertThatThrownBy(() -> anne.run("INSERT INTO t VALUES (2, 'b')"))
                .isInstanceOf(SessionException.Misuse.class)
                .hasMessageContaining("closed");
        assertThat(anne.query("SELECT id FROM t")).containsExactly("1");
        assertThat(TestReplica.over(opened(image(anne)), 7, options -> options)
                        .store()
                        .wasUnclean())
                .isFalse();
    }

    @Test
    void copyOfAClosedFileIsToldByItsIdentity() throws SQLException {
        var anne = replica(1);
        anne.run("INSERT INTO t VALUES (1, 'a')");
        anne.store().close();
        var image = image(anne);

        var named = TestReplica.over(opened(image), 7, options -> options.withFileIdentity("inode 17"));
        named.store().close();
        var same = TestReplica.over(opened(image(named)), 8, options -> options.withFileIdentity("inode 17"));
        var copy = TestReplica.over(opened(image(named)), 9, options -> options.withFileIdentity("inode 18"));

        assertThat(same.store().origin()).isEqualTo(named.store().origin());
        assertThat(copy.store().originIsNew()).isTrue();
        assertThat(copy.store().origin()).isNotEqualTo(named.store().origin());
    }

    @Test
    void fileOfAnotherDatabaseIsRefused() throws SQLException {
        var anne = replica(1);
        anne.store().close();

        assertThatThrownBy(() -> ReplicaStore.open(
                        anne.connection(), StoreOptions.of("other", () -> Instant.EPOCH, Seeds.random(1))))
                .isInstanceOf(DamagedStore.class)
                .hasMessageContaining("replica of test");
    }

    @Test
    void databaseInAnotherEncodingIsRefused() {
        assertThatThrownBy(() -> TestReplica.open("r", 1, List.of("PRAGMA encoding = 'UTF-16'", "CREATE TABLE t(a)")))
                .isInstanceOf(Unsupported.class)
                .hasMessageContaining("UTF-16");
    }

    @Test
    void crashAtAnyMomentLeavesAConsistentFile() throws SQLException {
        var anne = replica(1);
        var bert = replica(2);
        for (var i = 0; i < 20; i++) {
            anne.run("INSERT INTO t VALUES (" + i + ", 'a" + i + "')", "DELETE FROM t WHERE id = " + (i - 3));
            bert.catchUp(anne);
            var copy = TestReplica.over(opened(image(bert)), 50 + i, options -> options);

            copy.requireConsistent();
            assertThat(copy.store().root()).isEqualTo(bert.store().root());
            assertThat(copy.store().vector()).isEqualTo(bert.store().vector());
            copy.close();
        }
    }

    // ---- triggers ---------------------------------------------------------------------------------------------------

    @Test
    void triggersFireWhereSomebodyWritesAndNowhereElse() throws SQLException {
        var triggers = new String[] {
            "CREATE TRIGGER t_insert AFTER INSERT ON t BEGIN INSERT INTO log VALUES ('first ' || new.id); END",
            "CREATE TRIGGER \"the \"\"second\"\"\" AFTER INSERT ON t WHEN new.id > 1 BEGIN"
                    + " INSERT INTO log VALUES ('second ' || new.id); END",
            "CREATE TRIGGER t_update BEFORE UPDATE OF v ON t BEGIN SELECT RAISE(ABORT, 'not here'); END",
            "CREATE TRIGGER log_insert AFTER INSERT ON log BEGIN INSERT INTO note VALUES (new.what); END"
        };
        var anne = replica(1, triggers);
        var bert = replica(2, triggers);
        var definitions = bert.query("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'");

        anne.run("INSERT INTO t VALUES (1, 'a'), (2, 'b')");
        TestReplica.requireConvergence(List.of(anne, bert));
        bert.run("INSERT INTO t VALUES (3, 'c')");
        TestReplica.requireConvergence(List.of(anne, bert));

        assertThat(bert.query("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'"))
                .isEqualTo(definitions);
        assertThat(anne.query("SELECT * FROM log ORDER BY 1"))
                .containsExactly("first 1", "first 2", "first 3", "second 2", "second 3");
        assertThat(anne.query("SELECT count(*) FROM note")).containsExactly("5");
        assertThatThrownBy(() -> bert.run("UPDATE t SET v = 'x'")).hasMessageContaining("not here");
    }

    // ---- tombstones -------------------------------------------------------------------------------------------------

    @Test
    void collectingTombstonesChangesNoVisibleRow() {
        Seeds.upTo(Seeds.count("merklite.horizon-histories", 5))
                .forEach(seed -> Seeds.run(seed, random -> {
                    List<TestReplica> replicas = new ArrayList<>();
                    for (var i = 0; i < 3; i++) {
                        replicas.add(TestReplica.open("r" + i, seed * 31 + i, RandomWrites.SCHEMA));
                    }
                    var writes = new RandomWrites(random);
                    for (var round = 0; round < 3; round++) {
                        for (var step = 0; step < 12; step++) {
                            replicas.get(random.nextInt(3)).write(writes.next());
                        }
                        TestReplica.requireConvergence(replicas);
                        var clock = replicas.getFirst().store().clock().last();
                        for (var replica : replicas) {
                            var before = replica.dump();
                            replica.store().raiseHorizon(clock);

                            assertThat(replica.dump()).isEqualTo(before);
                            assertThat(replica.store().horizon()).isEqualTo(clock);
                            replica.requireConsistent();
                        }
                    }
                    TestReplica.requireConvergence(replicas);
                    replicas.forEach(TestReplica::close);
                }));
    }

    @Test
    void deathBehindTheHorizonLeavesNoTombstone() throws SQLException {
        var anne = replica(1);
        anne.run("INSERT INTO t VALUES (1, 'a'), (2, 'b')");
        var empty = replica(2).store().root();
        anne.run("DELETE FROM t");
        assertThat(anne.store().root()).isNotEqualTo(empty);

        anne.store().raiseHorizon(anne.store().clock().last());

        assertThat(anne.store().root()).isEqualTo(empty);
        assertThat(anne.store().ranges().count("t", KeyRange.ALL, 10)).isZero();
    }

    @Test
    void horizonNeverFalls() throws SQLException {
        var anne = replica(1);
        anne.run("INSERT INTO t VALUES (1, 'a')");
        var clock = anne.store().clock().last();

        anne.store().raiseHorizon(clock);
        anne.store().raiseHorizon(clock - 1);

        assertThat(anne.store().horizon()).isEqualTo(clock);
    }
}
