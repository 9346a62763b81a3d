package io.merklite.schema.migrate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.merklite.schema.SchemaException;
import io.merklite.schema.plan.MigrationPlan;
import io.merklite.schema.structure.Rename;
import io.merklite.schema.structure.Schema;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SchemaMigratorTest {
    private static final String EMP = "CREATE TABLE emp(id INTEGER PRIMARY KEY, name TEXT, pay INT);";

    private Connection connection;
    private SchemaMigrator migrator;

    @BeforeEach
    void open() throws SQLException {
        connection = DriverManager.getConnection("jdbc:sqlite::memory:");
        migrator = new SchemaMigrator(connection);
    }

    @AfterEach
    void close() throws SQLException {
        connection.close();
    }

    @Test
    void declaredRenamesKeepValuesAndNeedNoPermission() throws SQLException {
        migrate(EMP + "CREATE INDEX ix ON emp(pay); CREATE VIEW vw AS SELECT name FROM emp;"
                + "CREATE TABLE kid(e INT REFERENCES emp(id));");
        run("INSERT INTO emp VALUES (7, 'Ann', 50)");
        var wanted = Schema.parse("""
                -- merklite:rename table emp -> staff
                -- merklite:rename column staff.pay -> "the salary"
                CREATE TABLE staff(id INTEGER PRIMARY KEY, name TEXT, "the salary" INT);
                CREATE INDEX ix ON staff("the salary");
                CREATE VIEW vw AS SELECT name FROM staff;
                CREATE TABLE kid(e INT REFERENCES staff(id));
                """);

        migrator.migrate(wanted, Set.of());

        assertThat(migrator.schema()).isEqualTo(wanted);
        assertThat(rows("SELECT id, name, \"the salary\" FROM staff")).containsExactly("7|Ann|50");
        assertThat(migrator.plan(wanted).isEmpty()).isTrue();
    }

    @Test
    void renameAndOtherChangesOfOneTableGoTogether() throws SQLException {
        migrate(EMP);
        run("INSERT INTO emp VALUES (7, 'Ann', 50)");
        var wanted = Schema.parse("CREATE TABLE emp(salary TEXT NOT NULL, id INTEGER PRIMARY KEY, name TEXT)")
                .withRenames(List.of(Rename.ofColumn("emp", "pay", "salary")));

        migrator.migrate(wanted, Set.of(Allow.REBUILD, Allow.DATA_DEPENDENT));

        assertThat(rows("SELECT id, name, salary FROM emp")).containsExactly("7|Ann|50");
    }

    @Test
    void chainOfRenamesIsFollowedBackwards() throws SQLException {
        migrate("CREATE TABLE a(x); CREATE TABLE b(y);");
        run("INSERT INTO a VALUES ('from a')");
        run("INSERT INTO b VALUES ('from b')");

        migrate("-- merklite:rename table b -> c\n-- merklite:rename table a -> b\n"
                + "CREATE TABLE b(x); CREATE TABLE c(y);");

        assertThat(rows("SELECT x FROM b")).containsExactly("from a");
        assertThat(rows("SELECT y FROM c")).containsExactly("from b");
    }

    @Test
    void renameToANameThatTheSchemaDoesNotHaveIsRefused() {
        assertThatThrownBy(() -> Schema.parse("-- merklite:rename table a -> b\nCREATE TABLE c(x);"))
                .isInstanceOf(SchemaException.ParseFailed.class);
        assertThatThrownBy(() -> Schema.parse("-- merklite:rename table a\nCREATE TABLE c(x);"))
                .isInstanceOf(SchemaException.ParseFailed.class);
        assertThatThrownBy(() -> Schema.parse("/* merklite:rename column t.a -> b */ CREATE TABLE t(a, b);"))
                .isInstanceOf(SchemaException.ParseFailed.class);
    }

    @Test
    void namesThatChangePlacesAreRefused() {
        assertThatThrownBy(() -> Schema.parse("-- merklite:rename table a -> b\n-- merklite:rename table b -> a\n"
                        + "CREATE TABLE a(x); CREATE TABLE b(x);"))
                .isInstanceOf(SchemaException.ParseFailed.class)
                .hasMessageContaining("third name");
    }

    @Test
    void temporaryTableThatHidesAnotherIsRefused() throws SQLException {
        migrate(EMP);
        run("INSERT INTO emp VALUES (1, 'Ann', 5)");
        run("CREATE TEMP TABLE Emp(id)");

        assertThatThrownBy(() -> migrate(EMP.replace("pay INT", "pay TEXT")))
                .isInstanceOf(SchemaException.ApplyFailed.class);

        assertThat(rows("SELECT count(*) FROM main.emp")).containsExactly("1");
    }

    @Test
    void tableWhoseColumnsHideItsRowidIsRebuilt() throws SQLException {
        migrate("CREATE TABLE t(rowid INT, _rowid_ INT, oid INT, a INT);");
        run("INSERT INTO t VALUES (3, 2, 1, 0), (6, 5, 4, 0)");

        migrate("CREATE TABLE t(a TEXT, rowid INT, _rowid_ INT, oid INT);");

        assertThat(rows("SELECT * FROM t")).containsExactly("0|3|2|1", "0|6|5|4");
    }

    @Test
    void changeOfCaseKeepsValuesAndNeedsNoPermission() throws SQLException {
        migrate(EMP + "CREATE VIEW vw AS SELECT name FROM emp; CREATE TABLE kid(e INT REFERENCES emp(id));");
        run("INSERT INTO emp VALUES (7, 'Ann', 50)");
        var wanted = Schema.parse("CREATE TABLE EMP(id INTEGER PRIMARY KEY, NAME TEXT, pay INT);"
                + "CREATE VIEW vw AS SELECT name FROM emp; CREATE TABLE kid(e INT REFERENCES emp(id));");

        migrator.migrate(wanted, Set.of());

        assertThat(migrator.schema()).isEqualTo(wanted);
        assertThat(rows("SELECT NAME FROM EMP")).containsExactly("Ann");
    }

    @Test
    void rebuildKeepsRowidsAndTheHighestIdEverGiven() throws SQLException {
        migrate("CREATE TABLE plain(a INT); CREATE TABLE auto(id INTEGER PRIMARY KEY AUTOINCREMENT, a INT);");
        run("INSERT INTO plain(rowid, a) VALUES (5, 1), (9, 2)");
        run("INSERT INTO auto VALUES (100, 1)");
        run("DELETE FROM auto");

        migrate("CREATE TABLE plain(a TEXT); CREATE TABLE auto(id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT);");
        run("INSERT INTO auto(a) VALUES ('next')");

        assertThat(rows("SELECT rowid, a FROM plain")).containsExactly("5|1", "9|2");
        assertThat(rows("SELECT id FROM auto")).containsExactly("101");
    }

    @Test
    void rebuildSucceedsUnderViewsAndTriggersOfOtherTables() throws SQLException {
        var code = "CREATE TABLE log(m); CREATE VIEW vw AS SELECT name FROM emp;"
                + "CREATE TRIGGER tg AFTER INSERT ON log BEGIN UPDATE emp SET name = new.m; END;"
                + "CREATE TRIGGER tv INSTEAD OF INSERT ON vw BEGIN INSERT INTO emp(name) VALUES (new.name); END;";
        migrate(EMP + code);
        run("CREATE TEMP VIEW tempv AS SELECT * FROM main.emp");
        run("CREATE TEMP TABLE heard(n)");
        run("CREATE TEMP TRIGGER hear AFTER INSERT ON main.emp BEGIN INSERT INTO heard VALUES (new.name); END");

        migrate(EMP.replace("pay INT", "pay TEXT") + code);
        run("INSERT INTO vw VALUES ('Bo')");
        run("INSERT INTO log VALUES ('changed')");

        assertThat(rows("SELECT name FROM tempv")).containsExactly("changed");
        assertThat(rows("SELECT n FROM heard")).containsExactly("Bo");
    }

    @Test
    void internalTriggersAndTablesNeverTakePart() throws SQLException {
        migrate(EMP);
        run("CREATE TABLE _sqlpipe_meta(x)");
        run("CREATE TABLE _merklite_log(x)");
        run("CREATE TRIGGER _merklite_capture AFTER INSERT ON emp BEGIN INSERT INTO _merklite_log VALUES (1); END");

        migrate(EMP.replace("pay INT", "pay TEXT"));
        run("INSERT INTO emp(name) VALUES ('Bo')");

        assertThat(rows("SELECT count(*) FROM _merklite_log")).containsExactly("1");
        assertThat(rows("SELECT count(*) FROM _sqlpipe_meta")).containsExactly("0");
    }

    @Test
    void openTransactionWithEnforcementIsRefusedBeforeAnythingChanges() throws SQLException {
        var kid = "CREATE TABLE kid(id INTEGER PRIMARY KEY, e INT REFERENCES emp(id) ON DELETE CASCADE);";
        migrate(EMP + kid);
        run("PRAGMA foreign_keys=ON");
        run("INSERT INTO emp VALUES (1, 'Ann', 5)");
        run("INSERT INTO kid VALUES (1, 1)");
        run("BEGIN");

        assertThatThrownBy(() -> migrate(EMP.replace("pay INT", "pay TEXT") + kid))
                .isInstanceOf(SchemaException.TransactionOpen.class);

        run("COMMIT");
        assertThat(rows("SELECT count(*) FROM kid")).containsExactly("1");
        migrate(EMP.replace("pay INT", "pay TEXT") + kid);
        assertThat(rows("SELECT count(*) FROM kid")).containsExactly("1");
        assertThat(rows("PRAGMA foreign_keys")).containsExactly("1");
    }

    @Test
    void openTransactionWithEnforcementDoesNotLoseChildrenOfARenamedTable() throws SQLException {
        var kid = "CREATE TABLE kid(id INTEGER PRIMARY KEY, e INT REFERENCES staff(id) ON DELETE CASCADE);";
        migrate(EMP + kid.replace("staff", "emp"));
        run("PRAGMA foreign_keys=ON");
        run("INSERT INTO emp VALUES (1, 'Ann', 5)");
        run("INSERT INTO kid VALUES (1, 1)");
        run("BEGIN");

        assertThatThrownBy(() -> migrate("-- merklite:rename table emp -> staff\n"
                        + EMP.replace("emp", "staff").replace("pay INT", "pay TEXT") + kid))
                .isInstanceOf(SchemaException.TransactionOpen.class);

        assertThat(rows("SELECT count(*) FROM kid")).containsExactly("1");
        assertThat(rows("SELECT count(*) FROM emp")).containsExactly("1");
    }

    @Test
    void tableThatNobodyRefersToIsRebuiltInsideAnOpenTransaction() throws SQLException {
        migrate(EMP + "CREATE TABLE kid(id INTEGER PRIMARY KEY, e INT REFERENCES emp(id));");
        run("PRAGMA foreign_keys=ON");
        run("BEGIN");

        migrate(EMP + "CREATE TABLE kid(id INTEGER PRIMARY KEY, e INTEGER REFERENCES emp(id));");
        migrate("");
        run("COMMIT");

        assertThat(migrator.schema()).isEqualTo(Schema.EMPTY);
    }

    @Test
    void migrationInsideTheCallersTransactionIsUndoneWithIt() throws SQLException {
        migrate(EMP);
        connection.setAutoCommit(false);

        migrate(EMP.replace("pay INT", "pay TEXT"));
        connection.rollback();
        connection.setAutoCommit(true);

        assertThat(migrator.schema()).isEqualTo(Schema.parse(EMP));
        assertThat(migrator.version()).isEqualTo(1);
    }

    @Test
    void parentThatIsStillReferredToIsNotDroppedUnderEnforcement() throws SQLException {
        var kid = "CREATE TABLE kid(id INTEGER PRIMARY KEY, e INT REFERENCES emp(id) ON DELETE CASCADE);";
        migrate(EMP + kid);
        run("PRAGMA foreign_keys=ON");
        run("INSERT INTO emp VALUES (1, 'Ann', 5)");
        run("INSERT INTO kid VALUES (1, 1)");

        assertThatThrownBy(() -> migrate(kid)).isInstanceOf(SchemaException.ApplyFailed.class);

        assertThat(rows("SELECT count(*) FROM kid")).containsExactly("1");
        assertThat(rows("SELECT count(*) FROM emp")).containsExactly("1");
        migrate("");
        assertThat(migrator.schema()).isEqualTo(Schema.EMPTY);
    }

    @Test
    void driftIsFoundAndCanBeAccepted() throws SQLException {
        migrate(EMP);
        run("CREATE INDEX hand ON emp(name)");
        assertThat(migrator.isDrifted()).isTrue();
        assertThatThrownBy(() -> migrate(EMP + "CREATE TABLE t(a);")).isInstanceOf(SchemaException.Drifted.class);

        migrator.acceptDrift();

        assertThat(migrator.isDrifted()).isFalse();
        assertThat(migrator.version()).isEqualTo(1);
        migrate(EMP + "CREATE TABLE t(a);");
        assertThat(migrator.version()).isEqualTo(2);
    }

    @Test
    void refusalSaysWhatWouldBeLost() throws SQLException {
        migrate(EMP);
        run("INSERT INTO emp VALUES (1, 'Ann', 5), (2, 'Bo', NULL)");

        assertThatThrownBy(() -> migrator.migrate(Schema.EMPTY, Set.of()))
                .isInstanceOf(SchemaException.DestructiveRefused.class)
                .hasMessageContaining("2 rows");
        assertThatThrownBy(() -> migrator.migrate(
                        Schema.parse("CREATE TABLE emp(id INTEGER PRIMARY KEY, name TEXT)"), Set.of(Allow.REBUILD)))
                .isInstanceOf(SchemaException.DestructiveRefused.class)
                .hasMessageContaining("1 values of pay");
    }

    @Test
    void stalePlanIsRolledBack() throws SQLException {
        migrate(EMP);
        var plan = migrator.plan(Schema.parse(EMP + "CREATE TABLE t(a);"));
        run("CREATE TABLE other(a)");
        migrator.acceptDrift();

        assertThatThrownBy(() -> migrator.apply(plan, Set.of())).isInstanceOf(SchemaException.ApplyFailed.class);

        assertThat(migrator.schema().table("t")).isEmpty();
    }

    @Test
    void rehearsalFindsWhatWouldFailAndChangesNothing() throws SQLException {
        migrate(EMP);
        run("INSERT INTO emp VALUES (1, NULL, 5)");
        var before = migrator.schema();

        assertThatThrownBy(() ->
                        migrator.rehearse(migrator.plan(Schema.parse(EMP.replace("name TEXT", "name TEXT NOT NULL")))))
                .isInstanceOf(SchemaException.DatabaseFailure.class);
        migrator.rehearse(migrator.plan(Schema.EMPTY));

        assertThat(migrator.schema()).isEqualTo(before);
        assertThat(migrator.version()).isEqualTo(1);
        assertThat(rows("SELECT count(*) FROM emp")).containsExactly("1");
    }

    @Test
    void planSurvivesJsonAndIsApplied() throws SQLException {
        migrate(EMP + "CREATE INDEX ix ON emp(name);"
                + "CREATE TRIGGER tg AFTER INSERT ON emp BEGIN UPDATE emp SET pay = CASE WHEN 1 THEN 2 END; END;");
        run("INSERT INTO emp VALUES (1, 'Ann', 5)");
        var wanted = Schema.parse(EMP.replace("pay INT", "pay TEXT") + "CREATE INDEX ix ON emp(name);"
                + "CREATE TRIGGER tg AFTER INSERT ON emp BEGIN UPDATE emp SET pay = CASE WHEN 1 THEN 2 END; END;");

        var plan = MigrationPlan.fromJson(migrator.plan(wanted).toJson());
        migrator.apply(plan, Set.of(Allow.REBUILD));

        assertThat(migrator.schema()).isEqualTo(wanted);
        assertThat(rows("SELECT * FROM emp")).containsExactly("1|Ann|2");
    }

    @Test
    void scriptOfAPlanDoesTheSameInPlainSql() throws SQLException {
        var code = "CREATE VIEW vw AS SELECT name FROM emp;"
                + "CREATE TRIGGER tg AFTER INSERT ON emp BEGIN UPDATE emp SET pay = 1; END;";
        run(EMP + code);
        run("INSERT INTO emp VALUES (1, 'Ann', 5)");
        var wanted = Schema.parse(EMP.replace("pay INT", "pay TEXT") + code);

        run(migrator.plan(wanted).sql());

        assertThat(migrator.schema()).isEqualTo(wanted);
        assertThat(rows("SELECT * FROM emp")).containsExactly("1|Ann|1");
    }

    @Test
    void listenerHearsOfChunksAndCanStopTheMigration() throws SQLException {
        migrate("CREATE TABLE big(a INT); CREATE TABLE keyed(k TEXT PRIMARY KEY, a INT) WITHOUT ROWID;");
        run("WITH RECURSIVE n(i) AS (SELECT -1000 UNION ALL SELECT i + 1 FROM n WHERE i < 119999)"
                + " INSERT INTO big(rowid, a) SELECT i, i FROM n");
        run("INSERT INTO big(rowid, a) VALUES (9223372036854775807, 1), (-9223372036854775808, 2), (5000000000, 3)");
        run("INSERT INTO keyed VALUES ('x', 1), ('y', 2)");
        List<Long> copied = new ArrayList<>();
        var wanted =
                Schema.parse("CREATE TABLE big(a TEXT); CREATE TABLE keyed(k TEXT PRIMARY KEY, a TEXT) WITHOUT ROWID;");
        var stopping = new SchemaMigrator(connection, progress -> {
            if (progress.rowsCopied() > 60_000) {
                throw new IllegalStateException("stop");
            }
        });

        assertThatThrownBy(() -> stopping.migrate(wanted, Allow.everything())).hasMessage("stop");
        assertThat(rows("SELECT count(*) FROM big WHERE typeof(a) = 'integer'")).containsExactly("121003");
        new SchemaMigrator(connection, progress -> {
                    if (progress.operation().objectName().equals("big") && progress.rowsCopied() > 0) {
                        copied.add(progress.rowsCopied());
                        assertThat(progress.rowCount()).isEqualTo(121_003);
                    }
                })
                .migrate(wanted, Allow.everything());

        assertThat(copied).hasSizeGreaterThan(3).isSorted().endsWith(121_003L);
        assertThat(rows("SELECT count(*), max(rowid), min(rowid) FROM big WHERE typeof(a) = 'text'"))
                .containsExactly("121003|9223372036854775807|-9223372036854775808");
    }

    @Test
    void conflictClausesOfTheNewTableLoseNoRows() throws SQLException {
        migrate("CREATE TABLE t(a INT, b INT);");
        run("INSERT INTO t VALUES (1, 1), (1, 2)");

        assertThatThrownBy(() -> migrate("CREATE TABLE t(a INT UNIQUE ON CONFLICT REPLACE, b INT);"))
                .isInstanceOf(SchemaException.DatabaseFailure.class);

        assertThat(rows("SELECT count(*) FROM t")).containsExactly("2");
    }

    @Test
    void foreignKeyToAKeyThatTheSamePlanMakesIsChecked() throws SQLException {
        migrate("CREATE TABLE kid(p INT); CREATE TABLE par(code INT);");
        run("INSERT INTO par VALUES (1)");
        run("INSERT INTO kid VALUES (1)");

        migrate("CREATE TABLE kid(p INT REFERENCES par(code)); CREATE TABLE par(code INT UNIQUE);");

        assertThat(rows("PRAGMA foreign_key_check")).isEmpty();
    }

    @Test
    void foreignKeyToColumnsThatAreNotUniqueIsCheckedAllTheSame() throws SQLException {
        migrate("CREATE TABLE kid(p INT, q INT); CREATE TABLE par(code INT);");
        run("INSERT INTO par VALUES (1), (1)");
        run("INSERT INTO kid VALUES (1, NULL)");
        var wanted = "CREATE TABLE kid(p INT REFERENCES par(code), q INT REFERENCES gone(x));"
                + "CREATE TABLE par(code INT);";

        migrate(wanted);
        run("INSERT INTO kid VALUES (2, NULL)");

        assertThatThrownBy(() -> migrate(wanted.replace("q INT", "q TEXT")))
                .isInstanceOf(SchemaException.ApplyFailed.class)
                .hasMessageContaining("row 2 of kid refers to a row of par");
        run("UPDATE kid SET p = NULL, q = 7 WHERE p = 2");
        assertThatThrownBy(() -> migrate(wanted.replace("q INT", "q TEXT")))
                .hasMessageContaining("row 2 of kid refers to a row of gone");
    }

    @Test
    void checksThatNameTheirOwnTableSurviveARebuild() throws SQLException {
        migrate("CREATE TABLE t(a INT, b INT, CHECK (t.a > 0));");
        var wanted = Schema.parse("CREATE TABLE t(a INT, b TEXT, CHECK (t.a > 0 AND \"t\".b <> 't.b'))");

        migrator.migrate(wanted, Allow.everything());

        assertThat(migrator.schema()).isEqualTo(wanted);
        assertThat(migrator.plan(wanted).operations()).isEmpty();
        assertThatThrownBy(() -> run("INSERT INTO t VALUES (0, 1)")).isInstanceOf(SQLException.class);
    }

    @Test
    void lockedDatabaseIsReportedAndLeftAlone(@TempDir Path folder) throws SQLException {
        var url = "jdbc:sqlite:" + folder.resolve("db");
        try (var writer = DriverManager.getConnection(url);
                var other = DriverManager.getConnection(url);
                var statement = writer.createStatement();
                var settings = other.createStatement()) {
            statement.executeUpdate("PRAGMA journal_mode=WAL");
            settings.executeUpdate("PRAGMA busy_timeout=0");
            statement.executeUpdate("BEGIN IMMEDIATE");

            assertThatThrownBy(() -> new SchemaMigrator(other).migrate(Schema.parse(EMP), Set.of()))
                    .isInstanceOfSatisfying(
                            SchemaException.DatabaseFailure.class,
                            failure -> assertThat(failure.resultCode()).isEqualTo(5));

            statement.executeUpdate("COMMIT");
            assertThat(new SchemaMigrator(other)
                            .migrate(Schema.parse(EMP), Set.of())
                            .operations())
                    .hasSize(1);
        }
    }

    private void migrate(String ddl) {
        migrator.migrate(Schema.parse(ddl), Allow.everything());
    }

    private void run(String sql) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.executeUpdate(sql);
        }
    }

    private List<String> rows(String sql) throws SQLException {
        try (var statement = connection.createStatement();
                var result = statement.executeQuery(sql)) {
            List<String> rows = new ArrayList<>();
            while (result.next()) {
                var row = new StringBuilder(result.getString(1));
                for (var i = 2; i <= result.getMetaData().getColumnCount(); i++) {
                    row.append('|').append(result.getString(i));
                }
                rows.add(row.toString());
            }
            return rows;
        }
    }
}
