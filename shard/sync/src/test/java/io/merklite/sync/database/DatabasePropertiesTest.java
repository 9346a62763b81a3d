package io.merklite.sync.database;

import static io.merklite.sync.database.TestDatabase.assertSound;
import static io.merklite.sync.database.TestDatabase.options;
import static io.merklite.sync.database.TestDatabase.raw;
import static io.merklite.sync.database.TestDatabase.rows;
import static io.merklite.sync.database.TestDatabase.transactions;
import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.sync.SyncException.StatementFailure;
import io.merklite.sync.SyncException.StoreFailure;
import io.merklite.sync.transaction.Transaction;
import io.merklite.testkit.Seeds;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;

/**
 * Random scripts, over one or several calls, with transactions and savepoints that begin and end anywhere, statements
 * that fail, changes of schema, and raw writes.
 *
 * <p>Whenever no transaction is open: what each subscription reported last is what its query gives, and states and sums
 * are those of the rows. Without changes of schema, another replica that merges all transactions is equal at the end.
 */
class DatabasePropertiesTest {
    private static final int STEPS = 60;
    private static final List<String> TABLES = List.of("a", "b", "c", "d", "e");
    private static final String SCHEMA = """
            CREATE TABLE a(id INTEGER PRIMARY KEY, grp INTEGER, x TEXT UNIQUE);
            CREATE TABLE b(id TEXT PRIMARY KEY, grp INTEGER, x TEXT);
            CREATE TABLE c(id INTEGER, grp INTEGER, x TEXT, PRIMARY KEY (grp, id)) WITHOUT ROWID;
            CREATE TABLE d(id INTEGER, grp INTEGER, x TEXT);
            CREATE TABLE e(id INTEGER PRIMARY KEY REFERENCES a(id) ON DELETE CASCADE, grp INTEGER, x TEXT);
            CREATE TRIGGER spill AFTER INSERT ON a WHEN new.grp = 3 BEGIN INSERT INTO d VALUES (new.id, 1, 'spilt'); END;
            """;

    /** A database under test, with what it reported. */
    private static final class Run {
        private final RandomGenerator random;
        private final boolean changesSchema;
        private final Database database;
        private final List<Transaction> committed;
        private final List<String> queries = new ArrayList<>();
        private final List<QueryResult> reported = new ArrayList<>();
        private final List<String> script = new ArrayList<>();
        private int added;

        Run(RandomGenerator random, boolean changesSchema, Database database) {
            this.random = random;
            this.changesSchema = changesSchema;
            this.database = database;
            this.committed = transactions(database);
            for (var table : TABLES) {
                follow("SELECT * FROM " + table + " ORDER BY 1, 2, 3");
                follow("SELECT id, x FROM " + table + " WHERE grp = 1 ORDER BY id, x");
                follow("SELECT count(*) FROM " + table + " JOIN a USING (grp) WHERE a.grp > 1");
            }
        }

        private void follow(String sql) {
            var index = queries.size();
            queries.add(sql);
            reported.add(new QueryResult(0, List.of(), List.of()));
            database.subscribe(sql, result -> reported.set(index, result));
        }

        void step() {
            if (random.nextInt(8) == 0) {
                rawWrite();
                return;
            }
            List<String> statements = new ArrayList<>();
            for (var i = random.nextInt(4); i >= 0; i--) {
                statements.add(statement());
            }
            var text = String.join("; ", statements);
            script.add(text);
            try {
                database.exec(text);
            } catch (StatementFailure | StoreFailure e) {
                script.add("-- " + e.getMessage());
            }
        }

        private void rawWrite() {
            var text = write();
            script.add("raw: " + text);
            try (var statement = database.connection().createStatement()) {
                statement.executeUpdate(text);
            } catch (SQLException e) {
                script.add("-- " + e.getMessage());
            }
            database.notifyChanged();
        }

        private String statement() {
            return switch (random.nextInt(changesSchema ? 20 : 15)) {
                case 0 -> "BEGIN";
                case 1, 2 -> "COMMIT";
                case 3 -> "ROLLBACK";
                case 4 -> "SAVEPOINT s" + random.nextInt(2);
                case 5 -> "RELEASE s" + random.nextInt(2);
                case 6 -> "ROLLBACK TO s" + random.nextInt(2);
                case 15 -> "ALTER TABLE " + table() + " ADD COLUMN n" + added++ + " DEFAULT 5";
                case 16 -> "ALTER TABLE " + table() + " DROP COLUMN n" + random.nextInt(added + 1);
                case 17 -> "CREATE TABLE t" + random.nextInt(3) + " AS SELECT * FROM " + table();
                case 18 -> "DROP TABLE t" + random.nextInt(3);
                case 19 -> "INSERT INTO t" + random.nextInt(3) + "(id, grp) VALUES (" + random.nextInt(20) + ", 1)";
                default -> write();
            };
        }

        private String write() {
            var table = table();
            var id = random.nextInt(8) == 0 && table.equals("b") ? "NULL" : Integer.toString(random.nextInt(12));
            var grp = Integer.toString(random.nextInt(4));
            var x = random.nextInt(5) == 0 ? "NULL" : "'" + random.nextInt(6) + "'";
            var or =
                    List.of("", "", "OR REPLACE ", "OR IGNORE ", "OR ROLLBACK ").get(random.nextInt(5));
            return switch (random.nextInt(6)) {
                case 0, 1, 2 ->
                    "INSERT " + or + "INTO " + table + "(id, grp, x) VALUES (" + id + ", " + grp + ", " + x + ")";
                case 3 -> "UPDATE " + or + table + " SET x = " + x + " WHERE grp = " + grp;
                case 4 -> "UPDATE " + or + table + " SET id = id + 1, grp = " + grp + " WHERE id = " + id;
                default -> "DELETE FROM " + table + (random.nextInt(4) == 0 ? "" : " WHERE id = " + id);
            };
        }

        private String table() {
            return TABLES.get(random.nextInt(TABLES.size()));
        }

        void check() {
            if (database.isTransactionOpen()) {
                return;
            }
            for (var i = 0; i < queries.size(); i++) {
                var now = database.query(queries.get(i));
                assertThat(reported.get(i).rows()).as(queries.get(i)).isEqualTo(now.rows());
                assertThat(reported.get(i).columns()).isEqualTo(now.columns());
            }
            assertSound(database);
        }
    }

    private static void run(RandomGenerator random, boolean changesSchema) {
        var seeded = DatabaseOptions.of("test", TestDatabase.clock(), random);
        try (var database = Database.open(Database.IN_MEMORY, seeded.withSchema(SCHEMA));
                var other = Database.open(Database.IN_MEMORY, options().withSchema(SCHEMA))) {
            if (random.nextBoolean()) {
                database.exec("PRAGMA foreign_keys = ON");
            }
            var run = new Run(random, changesSchema, database);
            try {
                for (var i = 0; i < STEPS; i++) {
                    run.step();
                    run.check();
                }
                finish(run, other);
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError(String.join("\n", run.script), e);
            }
        }
    }

    private static void finish(Run run, Database other) {
        if (run.database.isTransactionOpen()) {
            raw(run.database, "ROLLBACK");
            run.database.notifyChanged();
        }
        if (!run.changesSchema) {
            TestDatabase.deliver(run.committed, other);
            for (var table : TABLES) {
                var query = "SELECT * FROM " + table + " WHERE id IS NOT NULL ORDER BY 1, 2, 3";
                assertThat(rows(other, query)).isEqualTo(rows(run.database, query));
            }
            assertThat(other.store().root()).isEqualTo(run.database.store().root());
            assertSound(other);
        }
    }

    @Property(tries = 8, shrinking = ShrinkingMode.OFF)
    void anyScriptIsStampedReportedAndReplicated(@ForAll long seed) {
        run(Seeds.random(seed), false);
    }

    @Property(tries = 8, shrinking = ShrinkingMode.OFF)
    void anyScriptMayChangeTheSchema(@ForAll long seed) {
        run(Seeds.random(seed), true);
    }
}
