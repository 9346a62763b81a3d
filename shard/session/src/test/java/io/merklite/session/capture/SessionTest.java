package io.merklite.session.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.merklite.session.SessionException;
import io.merklite.session.apply.ChangesetApplier;
import io.merklite.session.apply.ConflictHandler;
import io.merklite.session.changeset.ChangeDump;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SessionTest {
    private Connection connection;

    @BeforeEach
    void open() throws SQLException {
        connection = DriverManager.getConnection("jdbc:sqlite::memory:");
        run(
                "CREATE TABLE t(a INTEGER PRIMARY KEY, b UNIQUE, c)",
                "INSERT INTO t VALUES (1, 'one', 10), (2, 'two', 20)");
    }

    @AfterEach
    void close() throws SQLException {
        connection.close();
    }

    private void run(String... statements) throws SQLException {
        try (var statement = connection.createStatement()) {
            for (var sql : statements) {
                statement.execute(sql);
            }
        }
    }

    private List<String> column(String sql) throws SQLException {
        List<String> values = new ArrayList<>();
        try (var statement = connection.createStatement();
                var rows = statement.executeQuery(sql)) {
            while (rows.next()) {
                values.add(rows.getString(1));
            }
        }
        return values;
    }

    private Session session() {
        var session = Session.open(connection, "main");
        session.attachAll();
        return session;
    }

    @Test
    void sessionsOnOneConnectionAreIndependent() throws SQLException {
        try (var first = session();
                var second = session()) {
            run("UPDATE t SET c = 11 WHERE a = 1");
            first.enable(false);

            run("UPDATE t SET c = 21 WHERE a = 2");

            assertThat(ChangeDump.text(first.changeset())).isEqualTo("table t\n  UPDATE 0*=1 2=10->11\n");
            assertThat(second.changeset().statistics().changes()).isEqualTo(2);
        }
    }

    @Test
    void closeLeavesNoTrace() throws SQLException {
        try (var session = session()) {
            run("DELETE FROM t");
        }

        assertThat(column("SELECT name FROM temp.sqlite_schema")).isEmpty();
        run("INSERT INTO t VALUES (3, 3, 3)");
    }

    @Test
    void closedSessionSaysSo() {
        var session = session();
        session.close();
        session.close();

        assertThatThrownBy(session::changeset)
                .isInstanceOf(SessionException.Misuse.class)
                .hasMessageContaining("closed");
    }

    @Test
    void takeForgetsWhatItGave() throws SQLException {
        try (var session = session()) {
            run("UPDATE t SET c = 11 WHERE a = 1");

            assertThat(session.takeChangeset().statistics().changes()).isEqualTo(1);

            assertThat(session.isEmpty()).isTrue();
            run("UPDATE t SET c = 12 WHERE a = 1");
            assertThat(ChangeDump.text(session.takePatchset())).isEqualTo("table t\n  UPDATE 0*=1 2=12\n");
        }
    }

    @Test
    void takeInsideATransactionIsRolledBackWithIt() throws SQLException {
        try (var session = session()) {
            run("UPDATE t SET c = 11 WHERE a = 1", "BEGIN", "UPDATE t SET c = 21 WHERE a = 2");
            session.takeChangeset();

            run("ROLLBACK");

            assertThat(ChangeDump.text(session.changeset())).isEqualTo("table t\n  UPDATE 0*=1 2=10->11\n");
        }
    }

    @Test
    void countersOfTheApplicationStayAsTheyWere() throws SQLException {
        run(
                "CREATE TABLE log(x)",
                "CREATE TRIGGER tr AFTER INSERT ON t BEGIN INSERT INTO log VALUES (NEW.a), (0); END");
        try (var session = session()) {
            run("INSERT INTO t VALUES (77, 'x', 1)");

            assertThat(column("SELECT last_insert_rowid()")).containsExactly("77");
            assertThat(column("SELECT changes()")).containsExactly("1");
            assertThat(column("INSERT INTO t VALUES (78, 'y', 1) RETURNING a")).containsExactly("78");
            assertThat(column("SELECT count(*) FROM log")).containsExactly("4");
        }
    }

    @Test
    void tableCreatedMeanwhileCountsAsInserted() throws SQLException {
        try (var session = session()) {
            run("CREATE TABLE fresh(k TEXT PRIMARY KEY, v)", "INSERT INTO fresh VALUES ('x', 1)");

            assertThat(ChangeDump.text(session.changeset())).isEqualTo("table fresh\n  INSERT 0*='x' 1=1\n");
            run("UPDATE fresh SET v = 2");
            assertThat(ChangeDump.text(session.changeset())).isEqualTo("table fresh\n  INSERT 0*='x' 1=2\n");
        }
    }

    @Test
    void tableDroppedAndMadeAgainKeepsRecording() throws SQLException {
        try (var session = session()) {
            run("DROP TABLE t", "CREATE TABLE t(a INTEGER PRIMARY KEY, b, c)", "INSERT INTO t VALUES (9, 'nine', 9)");

            assertThat(ChangeDump.text(session.changeset())).isEqualTo("table t\n  INSERT 0*=9 1='nine' 2=9\n");
        }
    }

    @Test
    void columnDropsGoThroughTheSession() throws SQLException {
        run("CREATE TABLE wide(k INTEGER PRIMARY KEY, v, w)", "INSERT INTO wide VALUES (1, 2, 3)");
        try (var session = session()) {
            session.executeSchemaChange("ALTER TABLE wide DROP COLUMN w");
            run("UPDATE wide SET v = 5");

            assertThat(ChangeDump.text(session.changeset())).isEqualTo("table wide\n  UPDATE 0*=1 1=2->5\n");
        }
    }

    @Test
    void lostColumnsOfATouchedTableAreAnError() throws SQLException {
        run("CREATE TABLE wide(k INTEGER PRIMARY KEY, v, w)", "INSERT INTO wide VALUES (1, 2, 3)");
        try (var session = session()) {
            run("UPDATE wide SET w = 4");
            session.executeSchemaChange("ALTER TABLE wide DROP COLUMN w");

            assertThatThrownBy(session::changeset).isInstanceOf(SessionException.SchemaMismatch.class);
            assertThatThrownBy(session::changeset).isInstanceOf(SessionException.SchemaMismatch.class);
        }
    }

    @Test
    void untouchedTableMayBeRenamed() throws SQLException {
        try (var session = session()) {
            run("ALTER TABLE t RENAME TO u");
            assertThat(session.changeset().isEmpty()).isTrue();

            run("UPDATE u SET c = 11 WHERE a = 1");

            assertThat(ChangeDump.text(session.changeset())).isEqualTo("table u\n  UPDATE 0*=1 2=10->11\n");
        }
    }

    @Test
    void sessionOpenedInARolledBackTransactionSaysThatItIsLost() throws SQLException {
        run("BEGIN");
        try (var session = session()) {
            run("ROLLBACK", "UPDATE t SET c = 11 WHERE a = 1");

            assertThatThrownBy(session::changeset)
                    .isInstanceOf(SessionException.Misuse.class)
                    .hasMessageContaining("rolled back");
        }
    }

    @Test
    void textThatIsNotUtf8IsKept() throws SQLException {
        try (var session = session();
                var replica = DriverManager.getConnection("jdbc:sqlite::memory:");
                var statement = replica.createStatement();
                var applier = new ChangesetApplier(replica)) {
            statement.execute("CREATE TABLE t(a INTEGER PRIMARY KEY, b UNIQUE, c)");
            statement.execute("INSERT INTO t VALUES (1, 'one', 10), (2, 'two', 20)");
            run(
                    "UPDATE t SET c = CAST(x'ff41' AS TEXT) WHERE a = 1",
                    "INSERT INTO t VALUES (3, CAST(x'80' AS TEXT), '')");

            applier.apply(session.changeset().toByteArray(), ConflictHandler.ABORT);

            try (var rows = statement.executeQuery("SELECT group_concat(typeof(c) || hex(c)) FROM t WHERE a <> 2")) {
                rows.next();
                assertThat(rows.getString(1)).isEqualTo("textFF41,text");
            }
        }
    }

    @Test
    void everyEncodingGivesUtf8() throws SQLException {
        for (var encoding : List.of("UTF-16le", "UTF-16be")) {
            try (var utf16 = DriverManager.getConnection("jdbc:sqlite::memory:");
                    var statement = utf16.createStatement()) {
                statement.execute("PRAGMA encoding = '" + encoding + "'");
                statement.execute("CREATE TABLE t(a TEXT PRIMARY KEY, b)");
                try (var session = Session.open(utf16, "main")) {
                    session.attach("t");
                    statement.execute("INSERT INTO t VALUES ('é', '😀')");

                    assertThat(ChangeDump.text(session.changeset())).isEqualTo("table t\n  INSERT 0*='é' 1='😀'\n");
                }
            }
        }
    }

    @Test
    void sizesAreEstimated() throws SQLException {
        try (var session = session()) {
            assertThat(session.memoryUsedBytes()).isZero();

            run("UPDATE t SET c = 'longer text'");

            assertThat(session.memoryUsedBytes()).isPositive();
            assertThat(session.changesetSizeBytes())
                    .isEqualTo(session.changeset().sizeBytes());
        }
    }

    @Test
    void updateOfAUniqueValueThatDisplacesARowIsCaptured() throws SQLException {
        try (var session = session()) {
            run("UPDATE OR REPLACE t SET b = 'two' WHERE a = 1");

            assertThat(ChangeDump.text(session.changeset()))
                    .contains("UPDATE 0*=1 1='one'->'two'")
                    .contains("DELETE 0*=2 1='two' 2=20");
        }
    }

    @Test
    void driverTransactionsAreCapturedToo() throws SQLException {
        connection.setAutoCommit(false);
        try (var session = session()) {
            run("UPDATE t SET c = 11 WHERE a = 1");
            connection.commit();
            run("UPDATE t SET c = 21 WHERE a = 2");
            connection.rollback();

            assertThat(ChangeDump.text(session.changeset())).isEqualTo("table t\n  UPDATE 0*=1 2=10->11\n");
        }
    }

    @Test
    void columnSeenInsideSavepointIsRecordedAfterItWasRolledBack() throws SQLException {
        try (var session = session()) {
            run("ALTER TABLE t ADD COLUMN d", "BEGIN", "SAVEPOINT s");
            assertThat(session.isEmpty()).isTrue();
            run("ROLLBACK TO s", "INSERT INTO t VALUES (3, 'three', 30, 'four')");

            assertThat(ChangeDump.text(session.changeset())).contains("3='four'");
        }
    }
}
