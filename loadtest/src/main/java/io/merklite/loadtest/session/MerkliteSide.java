package io.merklite.loadtest.session;

import io.merklite.session.apply.ChangesetApplier;
import io.merklite.session.apply.ConflictHandler;
import io.merklite.session.capture.Session;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;

/** Our side: a source with a session, a target with an applier, and a plain database, all kept. */
final class MerkliteSide implements AutoCloseable {
    private static final String TABLE = "CREATE TABLE users(id INTEGER PRIMARY KEY, name TEXT, value REAL)";

    private final Database source;
    private final Database target;
    private final Database plain;
    private final Session session;
    private final ChangesetApplier applier;

    /** A connection with the statements of the work. */
    private record Database(
            Connection connection, PreparedStatement insert, PreparedStatement update, PreparedStatement delete) {
        static Database open(String store, Path folder, String name) throws SQLException {
            var connection = DriverManager.getConnection(
                    store.equals("mem") ? "jdbc:sqlite::memory:" : "jdbc:sqlite:" + folder.resolve(name + ".db"));
            execute(connection, "PRAGMA journal_mode = WAL");
            execute(connection, "PRAGMA synchronous = NORMAL");
            execute(connection, TABLE);
            return new Database(
                    connection,
                    connection.prepareStatement("INSERT INTO users VALUES (?, ?, ?)"),
                    connection.prepareStatement("UPDATE users SET value = ? WHERE id = ?"),
                    connection.prepareStatement("DELETE FROM users WHERE id = ?"));
        }

        void insert(int id) throws SQLException {
            insert.setInt(1, id);
            insert.setString(2, "user-" + id);
            insert.setDouble(3, id * 0.5);
            insert.executeUpdate();
        }

        void insertBatch(int rows) throws SQLException {
            execute(connection, "BEGIN");
            for (var id = 0; id < rows; id++) {
                insert.setInt(1, id);
                insert.setString(2, "user-" + id);
                insert.setDouble(3, id * 0.5);
                insert.addBatch();
            }
            insert.executeBatch();
            execute(connection, "COMMIT");
        }

        void update(int id) throws SQLException {
            update.setDouble(1, id * 0.25 + 1);
            update.setInt(2, id);
            update.executeUpdate();
        }

        void delete(int id) throws SQLException {
            delete.setInt(1, id);
            delete.executeUpdate();
        }

        void fill(int rows) throws SQLException {
            execute(connection, "BEGIN");
            execute(connection, "DELETE FROM users");
            for (var id = 0; id < rows; id++) {
                insert(id);
            }
            execute(connection, "COMMIT");
        }

        void work(Workload workload) throws SQLException {
            var rows = workload.rows();
            execute(connection, "BEGIN");
            for (var id = 0; id < (workload.operation().equals("mixed") ? rows / 3 : rows); id++) {
                switch (workload.operation()) {
                    case "insert" -> insert(id);
                    case "update" -> update(id);
                    case "delete" -> delete(id);
                    default -> {
                        insert(rows + id);
                        update(id);
                        delete(rows / 3 + id);
                    }
                }
            }
            execute(connection, "COMMIT");
        }
    }

    MerkliteSide(String store, Path folder) throws SQLException {
        source = Database.open(store, folder, "source");
        target = Database.open(store, folder, "target");
        plain = Database.open(store, folder, "plain");
        session = Session.open(source.connection(), "main");
        session.attach("users");
        applier = new ChangesetApplier(target.connection());
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /** One round of work; its times. */
    SessionTimes run(Workload workload) throws SQLException {
        var before = workload.operation().equals("insert") ? 0 : workload.rows();
        source.fill(before);
        target.fill(before);
        plain.fill(before);
        session.takeChangeset();
        var start = System.nanoTime();
        plain.work(workload);
        var untracked = microsecondsSince(start);
        start = System.nanoTime();
        source.work(workload);
        var tracked = microsecondsSince(start);
        start = System.nanoTime();
        var changeset = session.changeset();
        var changesetTime = microsecondsSince(start);
        start = System.nanoTime();
        session.patchset();
        var patchset = microsecondsSince(start);
        var bytes = changeset.toByteArray();
        start = System.nanoTime();
        applier.apply(bytes, ConflictHandler.ABORT);
        var apply = microsecondsSince(start);
        return new SessionTimes(untracked, 0, tracked, changesetTime, patchset, apply, bytes.length);
    }

    /** Rows written under a session in a JDBC batch, the patchset, and its apply, all in one. */
    double endToEnd(int rows) throws SQLException {
        source.fill(0);
        target.fill(0);
        session.takeChangeset();
        var start = System.nanoTime();
        source.insertBatch(rows);
        applier.apply(session.takePatchset().toByteArray(), ConflictHandler.ABORT);
        return microsecondsSince(start);
    }

    /** A session with one table on a connection that has just been opened. */
    static double createSession() throws SQLException {
        try (var connection = DriverManager.getConnection("jdbc:sqlite::memory:")) {
            execute(connection, TABLE);
            var start = System.nanoTime();
            try (var fresh = Session.open(connection, "main")) {
                fresh.attach("users");
                return microsecondsSince(start);
            }
        }
    }

    private static double microsecondsSince(long start) {
        return (System.nanoTime() - start) / 1000.0;
    }

    @Override
    public void close() throws SQLException {
        applier.close();
        session.close();
        source.connection().close();
        target.connection().close();
        plain.connection().close();
    }
}
