package io.merklite.loadtest.subscribe;

import io.merklite.loadtest.Bar;
import io.merklite.query.subscribe.Subscriptions;
import io.merklite.session.apply.ChangesetApplier;
import io.merklite.session.apply.ConflictHandler;
import io.merklite.session.capture.Session;
import io.merklite.session.changeset.Changeset;
import io.merklite.sync.database.ChangesetRows;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Command: a replica takes transactions of 500 rows, with 0, 1,000 and 10,000 subscriptions that none of the rows matches.
 *
 * <p>Measured is what a replica does with a changeset: apply it, and notify the subscriptions of its rows. The replicas
 * take the same changesets in turn. Table and rows are those of the measurements of the reference, which needs 873 µs
 * without subscriptions, 100,933 µs with 1,000, and on an update of 500 rows 573 µs and 116,851 µs.
 */
public final class SubscriptionBars {
    private static final int ROWS = 500;
    private static final int WARM_UP_ROUNDS = 250;
    private static final int ROUNDS = 41;
    private static final List<Integer> COUNTS = List.of(0, 1_000, 10_000);
    private static final double MOST_TIMES = 2;
    private static final String TABLE =
            "CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT NOT NULL, qty INTEGER NOT NULL, price REAL NOT NULL, note TEXT)";

    private SubscriptionBars() {}

    public static void main(String[] arguments) throws Exception {
        measure("equal", "SELECT id, name FROM item WHERE qty = %d ORDER BY id");
        measure("range", "SELECT id, name FROM item WHERE qty BETWEEN %1$d AND 1%1$d ORDER BY id");
    }

    private static void measure(String kind, String query) throws Exception {
        List<Follower> followers = new ArrayList<>();
        try (var master = new Master()) {
            for (var count : COUNTS) {
                followers.add(new Follower(count, query));
            }
            for (var round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
                var insert = master.insert();
                var update = master.update();
                for (var follower : followers) {
                    follower.take(insert, update, round);
                }
            }
        }
        var without = followers.getFirst();
        for (var follower : followers) {
            System.out.printf(
                    Locale.ROOT,
                    "# %s: %d subscriptions made in %.0f ms; insert of %d rows %.0f us, update %.0f us%n",
                    kind,
                    follower.count,
                    follower.subscribeMillis,
                    ROWS,
                    Bar.median(follower.inserts),
                    Bar.median(follower.updates));
            if (follower.count > 0) {
                print(kind + ".insert", follower.count, follower.inserts, without.inserts);
            }
            follower.close();
        }
    }

    private static void print(String name, int count, double[] with, double[] without) {
        System.out.println(
                new Bar("subscribe." + name + "." + count, Bar.median(with) / Bar.median(without), "x", MOST_TIMES));
    }

    /** Makes the changesets. */
    private static final class Master implements AutoCloseable {
        private final Connection connection = DriverManager.getConnection("jdbc:sqlite::memory:");
        private final Session session;
        private int lastId;

        Master() throws SQLException {
            execute(connection, TABLE);
            session = Session.open(connection, "main");
            session.attachAll();
        }

        Changeset insert() throws SQLException {
            connection.setAutoCommit(false);
            try (var insert = connection.prepareStatement("INSERT INTO item VALUES (?, ?, ?, ?, ?)")) {
                for (var i = 0; i < ROWS; i++) {
                    var id = ++lastId;
                    insert.setInt(1, id);
                    insert.setString(2, String.format(Locale.ROOT, "name-%07d", id));
                    insert.setInt(3, id * 7919 % 1000);
                    insert.setDouble(4, id * 0.25);
                    insert.setString(
                            5, Long.toHexString(id * 0x9E3779B97F4A7C15L).repeat(4));
                    insert.executeUpdate();
                }
            }
            connection.commit();
            connection.setAutoCommit(true);
            return session.takeChangeset();
        }

        /** Changes the names of the last rows; the subscriptions read them, and their terms are on another column. */
        Changeset update() throws SQLException {
            execute(connection, "UPDATE item SET name = name || '!' WHERE id > " + (lastId - ROWS));
            return session.takeChangeset();
        }

        @Override
        public void close() throws SQLException {
            session.close();
            connection.close();
        }
    }

    /** A replica with its subscriptions and times. */
    private static final class Follower implements AutoCloseable {
        private final int count;
        private final double subscribeMillis;
        private final double[] inserts = new double[ROUNDS];
        private final double[] updates = new double[ROUNDS];
        private final Connection connection = DriverManager.getConnection("jdbc:sqlite::memory:");
        private final ChangesetApplier applier;
        private final Subscriptions subscriptions;

        Follower(int count, String query) throws SQLException {
            this.count = count;
            execute(connection, TABLE);
            applier = new ChangesetApplier(connection);
            subscriptions = new Subscriptions(connection);
            var begin = System.nanoTime();
            for (var i = 0; i < count; i++) {
                subscriptions.subscribe(String.format(Locale.ROOT, query, 5000 + i), report -> {});
            }
            subscriptions.notifyTables(Set.of());
            subscribeMillis = (System.nanoTime() - begin) / 1e6;
        }

        void take(Changeset insert, Changeset update, int round) {
            var insertMicros = timed(insert);
            var updateMicros = timed(update);
            if (round >= 0) {
                inserts[round] = insertMicros;
                updates[round] = updateMicros;
            }
            if (subscriptions.evaluationCount() != count) {
                throw new IllegalStateException("a query was run that no row matches");
            }
        }

        private double timed(Changeset changeset) {
            var bytes = changeset.toByteArray();
            var begin = System.nanoTime();
            applier.apply(bytes, ConflictHandler.ABORT);
            subscriptions.notifyChanges(() -> new ChangesetRows(List.of(Changeset.copyOf(bytes)), table -> false));
            return (System.nanoTime() - begin) / 1e3;
        }

        @Override
        public void close() throws SQLException {
            subscriptions.close();
            applier.close();
            connection.close();
        }
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
