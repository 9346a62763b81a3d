package io.merklite.loadtest.demo;

import io.merklite.session.apply.ApplyOptions;
import io.merklite.session.apply.ChangesetApplier;
import io.merklite.session.apply.ConflictHandler;
import io.merklite.session.capture.Session;
import io.merklite.session.changeset.Changeset;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/**
 * Command: captures what happens in one database file, and replays it in another.
 *
 * <p>Exits with 0 if both hold the same rows at the end, with 1 otherwise.
 */
public final class SessionDemo {
    private static final List<String> SCHEMA = List.of(
            "CREATE TABLE customer(id INTEGER PRIMARY KEY, name TEXT NOT NULL, city TEXT)",
            "CREATE TABLE orders(id TEXT PRIMARY KEY, customer INTEGER REFERENCES customer ON DELETE CASCADE, total REAL)",
            "INSERT INTO customer VALUES (1, 'Ada', 'London'), (2, 'Grace', 'New York'), (3, 'Linus', 'Helsinki')",
            "INSERT INTO orders VALUES ('A-1', 1, 19.5), ('A-2', 2, 7.25), ('A-3', 3, 99)");
    private static final List<String> WORK = List.of(
            "INSERT INTO customer VALUES (4, 'Margaret', 'Boston')",
            "INSERT INTO orders VALUES ('A-4', 4, 12.75)",
            "UPDATE customer SET city = 'Paris' WHERE id = 1",
            "UPDATE orders SET total = total + 1 WHERE id = 'A-2'",
            "DELETE FROM customer WHERE id = 3");

    private SessionDemo() {}

    public static void main(String[] arguments) throws IOException, SQLException {
        var folder = Files.createTempDirectory("merklite-demo");
        try (var source = open(folder.resolve("source.db"));
                var target = open(folder.resolve("target.db"))) {
            var changeset = capture(source);
            System.out.println("Captured in " + folder.resolve("source.db") + ": " + changeset.sizeBytes() + " bytes");
            changeset
                    .statistics()
                    .tables()
                    .forEach(table -> System.out.println("  " + table.name() + ": " + table.inserts() + " inserts, "
                            + table.updates() + " updates, " + table.deletes() + " deletes"));
            try (var applier = new ChangesetApplier(target)) {
                // The target's own CASCADE deletes the order first; that its DELETE finds nothing left is no conflict.
                var outcome = applier.apply(
                        changeset.toByteArray(), ApplyOptions.DEFAULTS.ignoringNoOps(), ConflictHandler.ABORT);
                System.out.println("Applied in " + folder.resolve("target.db") + ": " + outcome.appliedCount()
                        + " changes, " + outcome.conflictCount() + " conflicts");
            }
            var same = rows(source).equals(rows(target));
            rows(target).forEach(row -> System.out.println("  " + row));
            System.out.println(same ? "Both files hold the same rows." : "The files differ!");
            System.exit(same ? 0 : 1);
        }
    }

    private static Connection open(Path file) throws SQLException {
        var connection = DriverManager.getConnection("jdbc:sqlite:" + file);
        execute(connection, List.of("PRAGMA journal_mode = WAL", "PRAGMA foreign_keys = ON"));
        execute(connection, SCHEMA);
        return connection;
    }

    private static Changeset capture(Connection source) throws SQLException {
        try (var session = Session.open(source, "main")) {
            session.attachAll();
            execute(source, WORK);
            return session.changeset();
        }
    }

    private static void execute(Connection connection, List<String> statements) throws SQLException {
        try (var statement = connection.createStatement()) {
            for (var sql : statements) {
                statement.execute(sql);
            }
        }
    }

    private static List<String> rows(Connection connection) throws SQLException {
        List<String> rows = new ArrayList<>();
        try (var statement = connection.createStatement();
                var result = statement.executeQuery("""
                        SELECT 'customer ' || id || ': ' || name || ', ' || city FROM customer
                        UNION ALL SELECT 'order ' || id || ': customer ' || customer || ', ' || total FROM orders
                        ORDER BY 1
                        """)) {
            while (result.next()) {
                rows.add(result.getString(1));
            }
        }
        return rows;
    }
}
