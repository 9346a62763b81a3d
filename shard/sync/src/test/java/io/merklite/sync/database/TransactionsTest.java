package io.merklite.sync.database;

import static io.merklite.sync.database.TestDatabase.assertSound;
import static io.merklite.sync.database.TestDatabase.deliver;
import static io.merklite.sync.database.TestDatabase.inMemory;
import static io.merklite.sync.database.TestDatabase.options;
import static io.merklite.sync.database.TestDatabase.raw;
import static io.merklite.sync.database.TestDatabase.rows;
import static io.merklite.sync.database.TestDatabase.transactions;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.merklite.sync.SyncException.StatementFailure;
import io.merklite.sync.SyncException.StoreFailure;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever way a transaction is begun and ended, what it commits is stamped and announced, and nothing else. */
class TransactionsTest {
    private static final String ITEM = "CREATE TABLE item(id INTEGER PRIMARY KEY, label TEXT)";

    private Database database;
    private Database other;

    @BeforeEach
    void open() {
        database = inMemory(ITEM);
        other = inMemory(ITEM);
    }

    @AfterEach
    void close() {
        assertSound(database);
        assertSound(other);
        database.close();
        other.close();
    }

    @Test
    void releaseOfTheOutermostSavepointCommits() {
        var heard = transactions(database);

        database.exec("SAVEPOINT a; INSERT INTO item VALUES (1, 'x'); SAVEPOINT b; INSERT INTO item VALUES (2, 'y')");
        database.exec("RELEASE SAVEPOINT b");
        assertThat(heard).isEmpty();
        database.exec("RELEASE a");

        assertThat(heard).hasSize(1);
        assertThat(database.isTransactionOpen()).isFalse();
        deliver(heard, other);
        assertThat(rows(other, "SELECT * FROM item")).hasSize(2);
    }

    @Test
    void statementsAroundATransactionHaveTheirOwn() {
        var heard = transactions(database);

        database.exec("INSERT INTO item VALUES (1, 'a'); BEGIN IMMEDIATE; INSERT INTO item VALUES (2, 'b');"
                + "INSERT INTO item VALUES (3, 'c'); END TRANSACTION; INSERT INTO item VALUES (4, 'd')");

        assertThat(heard).hasSize(3);
        deliver(heard, other);
        assertThat(rows(other, "SELECT * FROM item")).hasSize(4);
    }

    @Test
    void whatWasCommittedBeforeAFailureIsAnnounced() {
        var heard = transactions(database);

        assertThatThrownBy(() -> database.exec("BEGIN; INSERT INTO item VALUES (1, 'a'); COMMIT; nonsense"))
                .isInstanceOf(StatementFailure.class);

        assertThat(heard).hasSize(1);
    }

    @Test
    void failureInsideTheUsersTransactionLeavesItOpen() {
        var heard = transactions(database);
        database.exec("BEGIN; INSERT INTO item VALUES (1, 'a')");

        assertThatThrownBy(() -> database.exec("INSERT INTO item VALUES (1, 'b')"))
                .isInstanceOf(StatementFailure.class);
        database.exec("INSERT INTO item VALUES (2, 'b'); COMMIT");

        assertThat(rows(database, "SELECT * FROM item")).hasSize(2);
        assertThat(heard).hasSize(1);
    }

    @Test
    void rollbackBySqliteItselfIsNoticed() {
        var heard = transactions(database);
        database.exec("BEGIN; INSERT INTO item VALUES (1, 'a')");

        assertThatThrownBy(() -> database.exec("INSERT OR ROLLBACK INTO item VALUES (1, 'b')"))
                .isInstanceOf(StatementFailure.class);
        assertThat(database.isTransactionOpen()).isFalse();
        assertThatThrownBy(() -> database.exec("COMMIT")).isInstanceOf(StatementFailure.class);
        database.exec("INSERT INTO item VALUES (2, 'b')");

        assertThat(heard).hasSize(1);
        assertThat(rows(database, "SELECT id FROM item")).containsExactly(List.of("2"));
    }

    @Test
    void nestedBeginIsRefusedAsBySqlite() {
        database.exec("BEGIN");

        assertThatThrownBy(() -> database.exec("BEGIN")).isInstanceOf(StatementFailure.class);

        database.exec("ROLLBACK");
        assertThatThrownBy(() -> database.exec("ROLLBACK")).isInstanceOf(StatementFailure.class);
    }

    @Test
    void commitThatFailsRollsBack() {
        database.exec("CREATE TABLE child(id INTEGER PRIMARY KEY,"
                + " item INTEGER REFERENCES item(id) DEFERRABLE INITIALLY DEFERRED); PRAGMA foreign_keys = ON");
        var heard = transactions(database);
        database.exec("BEGIN; INSERT INTO child VALUES (1, 99)");

        assertThatThrownBy(() -> database.exec("COMMIT")).isInstanceOf(StoreFailure.class);

        assertThat(database.isTransactionOpen()).isFalse();
        assertThat(heard).isEmpty();
        assertThat(rows(database, "SELECT * FROM child")).isEmpty();
    }

    @Test
    void transactionOfTheRawConnectionIsJoined() {
        var heard = transactions(database);
        raw(database, "BEGIN");

        database.exec("INSERT INTO item VALUES (1, 'a')");
        assertThat(heard).isEmpty();
        raw(database, "COMMIT");
        database.notifyChanged();

        assertThat(heard).hasSize(1);
    }

    @Test
    void changesBeforeAChangeOfSchemaAreKept() {
        var heard = transactions(database);

        database.exec("BEGIN; INSERT INTO item VALUES (1, 'a'); ALTER TABLE item ADD COLUMN price REAL DEFAULT 2.5;"
                + "UPDATE item SET price = 3; COMMIT");
        other.exec("ALTER TABLE item ADD COLUMN price REAL DEFAULT 2.5");
        deliver(heard, other);

        assertThat(rows(other, "SELECT * FROM item")).containsExactly(List.of("1", "'a'", "3.0"));
    }

    @Test
    void tableWithFreshChangesCanBeDropped() {
        var heard = transactions(database);

        database.exec("INSERT INTO item VALUES (1, 'a'); DROP TABLE item; CREATE TABLE tag(name TEXT PRIMARY KEY);"
                + "INSERT INTO tag VALUES ('red')");

        assertThat(heard).hasSize(2);
        assertThat(rows(database, "SELECT * FROM tag")).hasSize(1);
    }

    @Test
    void columnWithFreshChangesCanBeDropped() {
        var heard = transactions(database);
        database.exec("ALTER TABLE item ADD COLUMN price REAL");

        database.exec("INSERT INTO item VALUES (1, 'a', 2); ALTER TABLE item DROP COLUMN price;"
                + "INSERT INTO item VALUES (2, 'b')");

        assertThat(heard).hasSize(2);
        assertThat(rows(database, "SELECT * FROM item")).hasSize(2);
    }

    @Test
    void changeOfSchemaCanBeRolledBack() {
        var heard = transactions(database);

        database.exec("BEGIN; CREATE TABLE wide(id INTEGER PRIMARY KEY, a, b, c, d, e, f, g, h);"
                + "INSERT INTO wide(id) VALUES (1); ROLLBACK");
        database.exec("CREATE TABLE wide(id INTEGER PRIMARY KEY, a, b, c, d, e, f, g, h);"
                + "INSERT INTO wide(id, h) VALUES (1, 2)");
        database.exec("BEGIN; ALTER TABLE item ADD COLUMN price REAL; INSERT INTO item VALUES (1, 'a', 2); ROLLBACK");
        database.exec("INSERT INTO item VALUES (1, 'a')");
        database.exec("UPDATE wide SET h = 3");

        assertThat(heard).hasSize(3);
        other.exec("CREATE TABLE wide(id INTEGER PRIMARY KEY, a, b, c, d, e, f, g, h)");
        deliver(heard, other);
        assertThat(rows(other, "SELECT id, h FROM wide")).containsExactly(List.of("1", "3"));
        assertThat(rows(other, "SELECT * FROM item")).containsExactly(List.of("1", "'a'"));
    }

    @Test
    void changeOfSchemaCanBeRolledBackToASavepoint() {
        var heard = transactions(database);

        database.exec(
                "BEGIN; INSERT INTO item VALUES (1, 'a'); SAVEPOINT s; CREATE TABLE tag(name TEXT PRIMARY KEY);"
                        + "INSERT INTO tag VALUES ('red'); DROP TABLE tag; ROLLBACK TO s; INSERT INTO item VALUES (2, 'b'); COMMIT");

        deliver(heard, other);
        assertThat(rows(other, "SELECT * FROM item")).hasSize(2);
        assertThat(rows(database, "SELECT * FROM item")).hasSize(2);
    }

    @Test
    void tableMadeFromAQueryIsComplete() {
        var heard = transactions(database);

        database.exec("INSERT INTO item VALUES (1, 'a'), (2, 'b'); CREATE TABLE copy AS SELECT * FROM item;"
                + "INSERT INTO copy VALUES (3, 'c')");

        assertThat(rows(database, "SELECT * FROM copy")).hasSize(3);
        assertThat(heard).isNotEmpty();
    }

    @Test
    void statementsThatMustStandAloneDo() {
        database.exec("INSERT INTO item VALUES (1, 'a'); VACUUM; PRAGMA foreign_keys = ON; ATTACH ':memory:' AS side;"
                + "CREATE TABLE side.note(id INTEGER PRIMARY KEY); INSERT INTO side.note VALUES (1);"
                + "DETACH side; ANALYZE; REINDEX; INSERT INTO item VALUES (2, 'b')");

        assertThat(rows(database, "PRAGMA foreign_keys")).containsExactly(List.of("1"));
        assertThat(rows(database, "SELECT id FROM item")).hasSize(2);
    }

    @Test
    void openTransactionIsRolledBackByClose(@TempDir Path folder) {
        var path = folder.resolve("test.db").toString();
        try (var file = Database.open(path, options().withSchema(ITEM))) {
            file.exec("INSERT INTO item VALUES (1, 'a'); BEGIN; INSERT INTO item VALUES (2, 'b')");
        }

        try (var file = Database.open(path, options())) {
            assertThat(rows(file, "SELECT id FROM item")).containsExactly(List.of("1"));
            assertThat(file.store().wasUnclean()).isFalse();
            assertSound(file);
        }
    }

    @Test
    void rawWritesAreStampedByClose(@TempDir Path folder) {
        var path = folder.resolve("test.db").toString();
        try (var file = Database.open(path, options().withSchema(ITEM))) {
            raw(file, "INSERT INTO item VALUES (1, 'a')");
        }

        try (var file = Database.open(path, options())) {
            assertThat(file.store().wasUnclean()).isFalse();
            assertSound(file);
        }
    }
}
