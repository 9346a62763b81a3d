package io.merklite.session.capture;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.session.apply.ChangesetApplier;
import io.merklite.session.apply.ConflictHandler;
import io.merklite.session.changeset.Changeset;
import io.merklite.session.changeset.ChangesetValue;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** With rowid keys, rows that have NULL in the key of their table are recorded in a group of their own. */
final class KeylessRowsTest {
    private static final String SCHEMA = "CREATE TABLE t(a TEXT, v, b INTEGER, PRIMARY KEY (b, a))";

    private Connection connection;
    private Session session;

    @BeforeEach
    void open() throws SQLException {
        connection = DriverManager.getConnection("jdbc:sqlite::memory:");
        execute(SCHEMA);
        session = Session.openWithRowidKeys(connection, "main");
        session.attachAll();
    }

    @AfterEach
    void close() throws SQLException {
        session.close();
        connection.close();
    }

    @Test
    void insertUpdateAndDeleteAreRecordedByRowid() throws SQLException {
        execute("INSERT INTO t VALUES (NULL, 1, 2), ('a', 2, NULL), ('a', 3, 3)");
        var inserted = session.takeChangeset();
        execute("UPDATE t SET v = 9 WHERE b IS NULL");
        execute("DELETE FROM t WHERE a IS NULL");
        var changed = session.takeChangeset();

        assertThat(groups(inserted)).containsExactly("_merklite_keyless_t", "t");
        assertThat(applied(inserted)).containsExactly("1|null|1|2", "2|a|2|null", "3|a|3|3");
        assertThat(applied(inserted, changed)).containsExactly("2|a|9|null", "3|a|3|3");
    }

    @Test
    void rowThatGetsOrLosesItsKeyChangesGroups() throws SQLException {
        execute("INSERT INTO t VALUES (NULL, 1, 2), ('a', 2, 3)");
        session.discard();
        execute("UPDATE t SET a = 'b' WHERE a IS NULL");
        execute("UPDATE t SET a = NULL WHERE a = 'a'");

        assertThat(ops(session.changeset()))
                .containsExactlyInAnyOrder(
                        "_merklite_keyless_t DELETE", "_merklite_keyless_t INSERT", "t INSERT", "t DELETE");
    }

    @Test
    void replacedRowIsDeleted() throws SQLException {
        execute("INSERT INTO t VALUES (NULL, 1, 2)");
        execute("CREATE UNIQUE INDEX t_v ON t(v)");
        var inserted = session.takeChangeset();
        execute("INSERT OR REPLACE INTO t VALUES ('a', 1, 1)");
        var replaced = session.takeChangeset();

        assertThat(ops(inserted)).containsExactly("_merklite_keyless_t INSERT");
        assertThat(ops(replaced)).containsExactly("_merklite_keyless_t DELETE", "t INSERT");
    }

    @Test
    void rollbackForgetsThem() throws SQLException {
        execute("BEGIN");
        execute("INSERT INTO t VALUES (NULL, 1, 2)");
        execute("ROLLBACK");

        assertThat(session.changeset().isEmpty()).isTrue();
    }

    @Test
    void columnAddedMeanwhileHadItsDefault() throws SQLException {
        execute("INSERT INTO t VALUES (NULL, 1, 2)");
        session.discard();
        execute("DELETE FROM t");
        execute("ALTER TABLE t ADD COLUMN w DEFAULT 7");

        var cursor = session.changeset().cursor();

        assertThat(cursor.next()).isTrue();
        assertThat(cursor.row().oldValues()).last().isEqualTo(new ChangesetValue.Integer(7));
    }

    @Test
    void tableCreatedInATransactionThatIsRolledBackIsFollowed() throws SQLException {
        execute("BEGIN");
        execute("CREATE TABLE u(id TEXT PRIMARY KEY, v)");
        execute("INSERT INTO u VALUES (NULL, 1)");
        assertThat(groups(session.changeset())).containsExactly("_merklite_keyless_u");
        execute("ROLLBACK");
        session.rolledBack();

        execute("INSERT INTO t VALUES (NULL, 1, 2)");

        assertThat(groups(session.changeset())).containsExactly("_merklite_keyless_t");
    }

    @Test
    void uniqueIndexThatIsCreatedLaterIsSeen() throws SQLException {
        execute("CREATE TABLE u(id INTEGER PRIMARY KEY, v)");
        execute("INSERT INTO u VALUES (1, 1)");
        session.takeChangeset();
        execute("CREATE UNIQUE INDEX u_v ON u(v)");
        session.takeChangeset();
        execute("INSERT OR REPLACE INTO u VALUES (2, 1)");

        assertThat(ops(session.changeset())).containsExactlyInAnyOrder("u DELETE", "u INSERT");
    }

    @Test
    void ordinarySessionLeavesThemOut() throws SQLException {
        try (var ordinary = Session.open(connection, "main")) {
            ordinary.attachAll();
            execute("INSERT INTO t VALUES (NULL, 1, 2)");

            assertThat(ordinary.changeset().isEmpty()).isTrue();
        }
    }

    private static List<String> groups(Changeset changeset) {
        List<String> names = new ArrayList<>();
        changeset.tables().forEach(table -> names.add(table.table().name()));
        return names;
    }

    private static List<String> ops(Changeset changeset) {
        List<String> ops = new ArrayList<>();
        var cursor = changeset.cursor();
        while (cursor.next()) {
            ops.add(cursor.table().name() + " " + cursor.op());
        }
        return ops;
    }

    private static List<String> applied(Changeset... changesets) throws SQLException {
        try (var target = DriverManager.getConnection("jdbc:sqlite::memory:");
                var statement = target.createStatement()) {
            statement.execute(SCHEMA);
            try (var applier = new ChangesetApplier(target)) {
                for (var changeset : changesets) {
                    applier.apply(changeset.toByteArray(), ConflictHandler.ABORT);
                }
            }
            List<String> rows = new ArrayList<>();
            try (var found = statement.executeQuery("SELECT rowid, * FROM t ORDER BY rowid")) {
                while (found.next()) {
                    rows.add(found.getString(1) + "|" + found.getString(2) + "|" + found.getString(3) + "|"
                            + found.getString(4));
                }
            }
            return rows;
        }
    }

    private void execute(String sql) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
