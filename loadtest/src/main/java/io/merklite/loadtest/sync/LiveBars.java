package io.merklite.loadtest.sync;

import io.merklite.loadtest.Bar;
import io.merklite.sync.database.Database;
import io.merklite.sync.database.DatabaseOptions;
import io.merklite.sync.role.Master;
import io.merklite.sync.role.Replica;
import io.merklite.sync.role.RoleMessage;
import io.merklite.sync.role.RoleMessageCodec;
import io.merklite.sync.role.RoleOptions;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.SplittableRandom;

/**
 * From an insert to its acknowledgement by the other side, every message through its bytes: between two masters, and
 * from a master to its replica, whose subscriptions must not cost anything unless a row concerns them.
 */
final class LiveBars {
    private static final int MANY_ROWS = 500;
    private static final int SUBSCRIPTIONS = 1000;

    private LiveBars() {}

    static void run() throws SQLException {
        peers(1, 300);
        peers(MANY_ROWS, 4000);
        roles(1, 300);
        roles(MANY_ROWS, 4000);
        subscriptions();
    }

    private static int rounds(int rows) {
        return rows == 1 ? 2000 : 500;
    }

    private static void peers(int rows, double mostMicros) throws SQLException {
        try (var pair = new Pair(Items.IN_MEMORY, Items.IN_MEMORY, 1000, List.of(Items.SCHEMA))) {
            pair.converge();
            var insert = Items.prepare(pair.first().connection());
            var rounds = rounds(rows);
            var micros = new double[rounds];
            for (var round = -rounds; round < rounds; round++) {
                var first = (round + rounds) * rows + 1;
                var items = Items.items(first, first + rows - 1);
                var start = Stopwatch.nanos();
                var written = pair.first().store().write(() -> {
                    Items.insert(insert, items);
                    return true;
                });
                pair.publish(written.transaction().orElseThrow());
                if (round >= 0) {
                    micros[round] = (Stopwatch.nanos() - start) / 1e3;
                }
            }
            System.out.println(new Bar("sync.live.insert." + rows, Bar.median(micros), "us", mostMicros));
        }
    }

    private static void roles(int rows, double mostMicros) throws SQLException {
        try (var flow = new RoleFlow()) {
            var replica = flow.replica(0);
            flow.greet(replica);
            var rounds = rounds(rows);
            var micros = new double[rounds];
            for (var round = -rounds; round < rounds; round++) {
                var items = flow.next(rows);
                var start = Stopwatch.nanos();
                for (var message : flow.insert(items)) {
                    flow.deliver(replica, message);
                }
                if (round >= 0) {
                    micros[round] = (Stopwatch.nanos() - start) / 1e3;
                }
            }
            System.out.println(new Bar("sync.roles.insert." + rows, Bar.median(micros), "us", mostMicros));
        }
    }

    private static void subscriptions() throws SQLException {
        try (var flow = new RoleFlow()) {
            var bare = flow.replica(0);
            var followed = flow.replica(SUBSCRIPTIONS);
            flow.greet(bare);
            flow.greet(followed);
            var rounds = rounds(MANY_ROWS);
            var without = new double[rounds];
            var with = new double[rounds];
            for (var round = -rounds; round < rounds; round++) {
                var messages = flow.insert(flow.next(MANY_ROWS));
                var start = Stopwatch.nanos();
                for (var message : messages) {
                    flow.deliver(bare, message);
                }
                var middle = Stopwatch.nanos();
                for (var message : messages) {
                    flow.deliver(followed, message);
                }
                if (round >= 0) {
                    without[round] = middle - start;
                    with[round] = Stopwatch.nanos() - middle;
                }
            }
            System.out.println(
                    new Bar("sync.roles.subscriptions.1000", Bar.median(with) / Bar.median(without), "x", 2));
        }
    }

    /** A master, and replicas of it. */
    private static final class RoleFlow implements AutoCloseable {
        private final SplittableRandom random = new SplittableRandom(1);
        private final RoleMessageCodec codec = new RoleMessageCodec();
        private final Deque<Database> databases = new ArrayDeque<>();
        private final Database source;
        private final Master master;
        private final PreparedStatement insert;
        private int rowCount;

        private RoleFlow() throws SQLException {
            source = database();
            insert = Items.prepare(source.connection());
            master = Master.open(source, RoleOptions.of("items", random));
        }

        private Database database() {
            var options =
                    DatabaseOptions.of("bench", InstantSource.system(), random).withSchema(Items.SCHEMA);
            var database = Database.open(Database.IN_MEMORY, options);
            databases.push(database);
            return database;
        }

        private Replica replica(int subscriptions) {
            var replica = Replica.open(database(), RoleOptions.of("items", random));
            for (var i = 0; i < subscriptions; i++) {
                replica.subscribe("SELECT id, name FROM item WHERE qty = " + (5000 + i) + " ORDER BY id", report -> {});
            }
            return replica;
        }

        private void greet(Replica replica) {
            deliverToMaster(replica, replica.hello());
        }

        private List<Items.Item> next(int rows) {
            rowCount += rows;
            return Items.items(rowCount - rows + 1, rowCount);
        }

        private List<RoleMessage> insert(List<Items.Item> items) throws SQLException {
            Items.run(source.connection(), "BEGIN");
            Items.insert(insert, items);
            Items.run(source.connection(), "COMMIT");
            return master.flush();
        }

        private void deliver(Replica replica, RoleMessage message) {
            var answers =
                    replica.handleMessage(codec.decode(codec.encode(message))).answers();
            answers.forEach(answer -> deliverToMaster(replica, answer));
        }

        private void deliverToMaster(Replica replica, RoleMessage message) {
            for (var answer : master.handleMessage(codec.decode(codec.encode(message)))) {
                deliver(replica, answer);
            }
        }

        @Override
        public void close() throws SQLException {
            insert.close();
            databases.forEach(Database::close);
        }
    }
}
