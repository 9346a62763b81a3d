package io.merklite.loadtest.schema;

import io.merklite.loadtest.Bar;
import io.merklite.schema.migrate.Allow;
import io.merklite.schema.migrate.SchemaMigrator;
import io.merklite.schema.structure.Schema;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Locale;
import java.util.Set;

/**
 * Command: the rebuild of a table of a million rows, beside what SQLite itself needs to copy the rows into the new table.
 *
 * <p>Both sides work on a copy of the same file with the same settings, in one transaction, and turn about. The rival
 * creates the wanted table and runs one {@code INSERT … SELECT} with the column names; it drops nothing, checks nothing, and
 * renames nothing. A listener costs a count of the rows beforehand.
 */
public final class SchemaBars {
    private static final int ROWS = 1_000_000;
    private static final int ROUNDS = 7;
    private static final String OLD = "CREATE TABLE users(id INTEGER PRIMARY KEY, name TEXT, email TEXT, pay INT)";
    private static final String WANTED =
            "CREATE TABLE users(id INTEGER PRIMARY KEY, name TEXT, email TEXT, pay REAL, at TEXT)";

    private SchemaBars() {}

    public static void main(String[] arguments) throws Exception {
        var folder = Files.createTempDirectory("merklite-schema-bars");
        var original = folder.resolve("original.db");
        fill(original);
        var wanted = Schema.parse(WANTED);
        var ours = new double[ROUNDS];
        var watched = new double[ROUNDS];
        var theirs = new double[ROUNDS];
        for (var round = 0; round < ROUNDS; round++) {
            theirs[round] = onCopy(original, folder, SchemaBars::copyRows);
            ours[round] = onCopy(
                    original,
                    folder,
                    connection -> new SchemaMigrator(connection).migrate(wanted, Set.of(Allow.REBUILD)));
            watched[round] = onCopy(
                    original,
                    folder,
                    connection ->
                            new SchemaMigrator(connection, progress -> {}).migrate(wanted, Set.of(Allow.REBUILD)));
        }
        var our = Bar.median(ours);
        var their = Bar.median(theirs);
        System.out.printf(
                Locale.ROOT,
                "# rebuild of %d rows: %.0f ms, %.0f rows/s; INSERT ... SELECT: %.0f ms, %.0f rows/s%n",
                ROWS,
                our,
                ROWS / our * 1000,
                their,
                ROWS / their * 1000);
        System.out.println(new Bar("schema.rebuild.1000000", our / their, "x", 1.3));
        System.out.println(new Bar("schema.rebuild.1000000.with-progress", Bar.median(watched) / their, "x", 1.4));
        Files.delete(original);
        Files.delete(folder);
    }

    /** What is measured. */
    @FunctionalInterface
    private interface Work {
        void run(Connection connection) throws SQLException;
    }

    /** Milliseconds. */
    private static double onCopy(Path original, Path folder, Work work) throws Exception {
        var copy = Files.copy(original, folder.resolve("copy.db"));
        try (var connection = open(copy)) {
            var start = System.nanoTime();
            work.run(connection);
            return (System.nanoTime() - start) / 1e6;
        } finally {
            Files.delete(copy);
        }
    }

    private static void copyRows(Connection connection) throws SQLException {
        execute(connection, "BEGIN IMMEDIATE");
        execute(connection, WANTED.replace("users", "copy"));
        execute(connection, "INSERT INTO copy(id, name, email, pay) SELECT id, name, email, pay FROM users");
        execute(connection, "COMMIT");
    }

    private static void fill(Path file) throws SQLException {
        try (var connection = open(file)) {
            execute(connection, OLD);
            execute(
                    connection,
                    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " + ROWS + ")"
                            + " INSERT INTO users SELECT i, 'name ' || i, 'user' || i || '@example.org', i % 1000 FROM n");
        }
    }

    private static Connection open(Path file) throws SQLException {
        var connection = DriverManager.getConnection("jdbc:sqlite:" + file);
        execute(connection, "PRAGMA journal_mode=WAL");
        execute(connection, "PRAGMA synchronous=NORMAL");
        return connection;
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.executeUpdate(sql);
        }
    }
}
