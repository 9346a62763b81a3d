package io.merklite.client.replica;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.client.replica.ReplicaCore.Action;
import io.merklite.client.replica.ReplicaStatus.Phase;
import io.merklite.sync.database.Database;
import io.merklite.sync.database.DatabaseOptions;
import io.merklite.sync.link.LinkCodec;
import io.merklite.sync.link.LinkMessage.Refusal;
import io.merklite.sync.store.Conflicts;
import io.merklite.testkit.Seeds;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A replica and a node with a network between them that breaks as a seed decides; time is virtual. */
class ReplicaCoreTest {
    private static final String SCHEMA =
            "CREATE TABLE item(id INTEGER PRIMARY KEY, label TEXT, n INTEGER, UNIQUE(label));"
                    + "CREATE TABLE note(k TEXT PRIMARY KEY, body BLOB)";
    private static final int DISCONNECTS = Seeds.count("merklite.disconnects", 200);

    @TempDir
    private Path folder;

    /** Both ends, and what is under way between them. */
    private final class World implements AutoCloseable {
        private final RandomGenerator random;
        private final LinkCodec codec = new LinkCodec(NodeEnd.MAX_MESSAGE_BYTES);
        private final Deque<Runnable> toReplica = new ArrayDeque<>();
        private final Deque<Runnable> toNode = new ArrayDeque<>();
        private final List<Conflicts.Entry> conflicts = new ArrayList<>();
        private final Path file;
        private final NodeEnd node;
        private Database local;
        private ReplicaCore replica;
        private long nowMillis = 1_800_000_000_000L;
        private boolean isConnected;
        private boolean isReachable = true;
        private int disconnectCount;

        private World(RandomGenerator random, int logCount) {
            this(random, logCount, SCHEMA);
        }

        private World(RandomGenerator random, int logCount, String schema) {
            this.random = random;
            this.file = folder.resolve("replica" + random.nextInt(Integer.MAX_VALUE) + ".db");
            this.node = new NodeEnd(Database.open(Database.IN_MEMORY, options()), random, now(), logCount);
            node.database().exec(schema);
            openReplica();
        }

        private DatabaseOptions options() {
            return DatabaseOptions.of("shop", this::now, random).withSchemaReplication();
        }

        private Instant now() {
            return Instant.ofEpochMilli(nowMillis);
        }

        private void openReplica() {
            local = Database.open(file.toString(), options());
            replica = new ReplicaCore(
                    local,
                    Outbox.open(file + "-outbox", local.store()::origin),
                    "0123456789abcdef",
                    ReplicaOptions.DEFAULTS,
                    random,
                    now(),
                    new ReplicaListener() {
                        @Override
                        public void conflict(Conflicts.Entry entry) {
                            conflicts.add(entry);
                        }
                    });
        }

        private void closeReplica() {
            lose();
            replica.close();
            local.close();
        }

        private void perform(List<Action> actions) {
            for (var action : actions) {
                switch (action) {
                    case Action.Connect connect -> connect();
                    case Action.Send message -> {
                        var bytes = codec.encode(message.message());
                        toNode.add(() -> node.received(codec.decode(bytes)));
                    }
                    case Action.Disconnect disconnect -> lose();
                }
            }
        }

        private void connect() {
            if (!isReachable) {
                perform(replica.disconnected(now(), Optional.empty()));
                return;
            }
            isConnected = true;
            node.connected(message -> {
                var bytes = codec.encode(message);
                toReplica.add(() -> perform(replica.received(codec.decode(bytes), now())));
            });
            perform(replica.connected(now()));
        }

        private void lose() {
            isConnected = false;
            toNode.clear();
            toReplica.clear();
            node.disconnected();
        }

        private void disconnect() {
            if (isConnected) {
                disconnectCount++;
                lose();
                perform(replica.disconnected(now(), Optional.empty()));
            }
        }

        private void deliver(int count) {
            for (var i = 0; i < count && !(toNode.isEmpty() && toReplica.isEmpty()); i++) {
                var queue = toReplica.isEmpty() || (!toNode.isEmpty() && random.nextBoolean()) ? toNode : toReplica;
                queue.remove().run();
            }
        }

        private void pass(Duration time) {
            nowMillis += time.toMillis();
            perform(replica.tick(now()));
            node.tick(now());
        }

        private void write(Database database) {
            var id = random.nextInt(60);
            var sql = switch (random.nextInt(7)) {
                case 0 -> "INSERT OR REPLACE INTO item VALUES (" + id + ", 'l" + random.nextInt(80) + "', 0)";
                case 1 -> "UPDATE item SET n = n + 1 WHERE id = " + id;
                case 2 -> "UPDATE OR IGNORE item SET label = 'm" + random.nextInt(80) + "' WHERE id = " + id;
                case 3 -> "DELETE FROM item WHERE id = " + id;
                case 4 -> "INSERT OR REPLACE INTO note VALUES ('k" + id + "', randomblob(" + random.nextInt(300) + "))";
                case 5 -> "DELETE FROM note WHERE k = 'k" + id + "'";
                default -> "UPDATE item SET n = " + random.nextInt() + " WHERE id % 7 = " + id % 7;
            };
            database.exec(sql);
            perform(replica.settle());
        }

        private boolean hasSchema() {
            return !local.query("SELECT name FROM sqlite_master WHERE name = 'note'")
                    .rows()
                    .isEmpty();
        }

        private void heal() {
            isReachable = true;
            for (var round = 0; round < 60; round++) {
                pass(Duration.ofSeconds(7));
                deliver(100_000);
            }
        }

        private List<String> dump(Database database) {
            List<String> rows = new ArrayList<>();
            for (var table : database.store().tables()) {
                database.query("SELECT * FROM \"" + table + "\"").rows().stream()
                        .map(row -> table + row)
                        .sorted()
                        .forEach(rows::add);
            }
            return rows;
        }

        private void assertEqual() {
            assertThat(dump(local)).isEqualTo(dump(node.database()));
            assertThat(local.store().root()).isEqualTo(node.database().store().root());
            assertThat(local.store().vector()).isEqualTo(node.database().store().vector());
            assertThat(local.store().scrub().run()).isEmpty();
            assertThat(node.database().store().scrub().run()).isEmpty();
            assertThat(replica.status().phase()).isEqualTo(Phase.IN_SYNC);
        }

        @Override
        public void close() {
            closeReplica();
            node.database().close();
        }
    }

    @Test
    void endsAreEqualAfterManyDisconnectsWithWritesOnBothSides() {
        Seeds.upTo(1).forEach(seed -> {
            System.out.println("embedded replica, seed " + seed);
            Seeds.run(seed, random -> {
                try (var world = new World(random, random.nextBoolean() ? 5 : 1_000)) {
                    while (world.disconnectCount < DISCONNECTS) {
                        step(world);
                    }

                    world.heal();

                    world.assertEqual();
                    assertThat(world.disconnectCount).isGreaterThanOrEqualTo(DISCONNECTS);
                }
            });
        });
    }

    private static void step(World world) {
        switch (world.random.nextInt(8)) {
            case 0 -> world.write(world.node.database());
            case 1, 2 -> {
                if (world.hasSchema()) {
                    world.write(world.local);
                }
            }
            case 3, 4 -> world.deliver(world.random.nextInt(12));
            case 5 -> world.pass(Duration.ofMillis(world.random.nextInt(3_000)));
            case 6 -> {
                world.pass(Duration.ofSeconds(70));
                world.deliver(world.random.nextInt(6));
                world.disconnect();
            }
            default -> {
                if (world.random.nextInt(40) == 0) {
                    world.closeReplica();
                    world.openReplica();
                }
            }
        }
    }

    private World world(long seed) {
        var world = new World(Seeds.random(seed), 1_000);
        world.heal();
        return world;
    }

    @Test
    void newFileGetsTheSchemaAndTheRowsOfTheNode() {
        try (var world = new World(Seeds.random(7), 1_000)) {
            world.node.database().exec("INSERT INTO item VALUES (1, 'one', 1)");

            world.heal();

            world.assertEqual();
            assertThat(world.local.query("SELECT label FROM item").rows()).hasSize(1);
        }
    }

    @Test
    void writesOfMonthsOfflineArriveAsTransactionsAfterReopening() {
        try (var world = world(8)) {
            world.isReachable = false;
            world.disconnect();
            for (var i = 0; i < 20; i++) {
                world.local.exec("INSERT INTO item VALUES (" + i + ", 'l" + i + "', 0)");
                world.pass(Duration.ofDays(5));
            }
            assertThat(world.replica.status().toSendCount()).isEqualTo(20);
            world.node.database().exec("INSERT INTO note VALUES ('theirs', x'01')");
            world.closeReplica();
            world.openReplica();

            world.heal();

            world.assertEqual();
            assertThat(world.node.database().query("SELECT * FROM item").rows()).hasSize(20);
            assertThat(world.replica.status().toSendCount()).isZero();
        }
    }

    @Test
    void schemaOfTheNodeIsFollowedWhileItRuns() {
        try (var world = world(9)) {
            world.local.exec("INSERT INTO item VALUES (1, 'one', 1)");

            world.node.database().exec("ALTER TABLE item ADD COLUMN extra TEXT DEFAULT 'e'");
            world.heal();

            world.assertEqual();
            assertThat(world.local.query("SELECT extra FROM item").rows()).hasSize(1);
        }
    }

    @Test
    void rowWrittenWithAColumnThatTheNodeHasDroppedMeanwhileArrives() {
        try (var world = world(10)) {
            world.isReachable = false;
            world.disconnect();
            world.local.exec("INSERT INTO item VALUES (1, 'one', 1)");
            world.node.database().exec("ALTER TABLE item DROP COLUMN n");

            world.heal();

            world.assertEqual();
            assertThat(world.node.database().query("SELECT * FROM item").columns())
                    .containsExactly("id", "label");
            assertThat(world.node.database().query("SELECT * FROM item").rows()).hasSize(1);
        }
    }

    @Test
    void conflictIsToldOnce() {
        try (var world = world(11)) {
            world.isReachable = false;
            world.disconnect();
            world.local.exec("INSERT INTO item VALUES (1, 'same', 1)");
            world.pass(Duration.ofSeconds(1));
            world.node.database().exec("INSERT INTO item VALUES (2, 'same', 2)");

            world.heal();

            world.assertEqual();
            assertThat(world.conflicts).hasSize(1);
            assertThat(world.conflicts.getFirst().kind()).isEqualTo(Conflicts.Kind.UNIQUE);
        }
    }

    @Test
    void emptyPairIsInSync() {
        try (var world = new World(Seeds.random(14), 1_000, "")) {
            world.heal();

            assertThat(world.local.store().vector().isEmpty()).isTrue();
            assertThat(world.replica.status().phase()).isEqualTo(Phase.IN_SYNC);
        }
    }

    @Test
    void deadConnectionIsNoticedBySilenceAndPausesGrow() {
        try (var world = world(12)) {
            world.isReachable = false;
            world.toNode.clear();
            List<Duration> pauses = new ArrayList<>();
            world.nowMillis += Duration.ofMinutes(1).toMillis();
            var actions = world.replica.tick(world.now());
            assertThat(actions).contains(new Action.Disconnect());
            assertThat(world.replica.status().phase()).isEqualTo(Phase.OFFLINE);

            for (var attempt = 0; attempt < 12; attempt++) {
                var begun = world.nowMillis;
                while (!world.replica.tick(world.now()).contains(new Action.Connect())) {
                    world.nowMillis += 50;
                }
                pauses.add(Duration.ofMillis(world.nowMillis - begun));
                world.replica.disconnected(world.now(), Optional.empty());
            }

            assertThat(pauses.getFirst()).isLessThan(Duration.ofSeconds(1));
            assertThat(pauses.getLast()).isBetween(Duration.ofSeconds(30), Duration.ofSeconds(61));
        }
    }

    @Test
    void finalRefusalStopsItAndReadingGoesOn() {
        try (var world = world(13)) {
            world.perform(
                    world.replica.received(new Refusal("DATABASE_NOT_FOUND", "no such database", true), world.now()));

            assertThat(world.replica.status().phase()).isEqualTo(Phase.STOPPED);
            assertThat(world.replica.status().failure()).isPresent();
            assertThat(world.local.query("SELECT 1").rows()).hasSize(1);
        }
    }
}
