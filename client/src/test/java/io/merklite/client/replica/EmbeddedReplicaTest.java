package io.merklite.client.replica;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.client.ClientException.ReplicaStopped;
import io.merklite.client.ClientSettings;
import io.merklite.client.FaultyProxy;
import io.merklite.client.MerkliteClient;
import io.merklite.client.RealNode;
import io.merklite.client.replica.ReplicaStatus.Phase;
import io.merklite.cluster.replica.DatabaseStatus;
import io.merklite.node.http.Access.Right;
import io.merklite.sync.database.QueryResult;
import io.merklite.sync.stamp.Stamp;
import io.merklite.sync.store.Conflicts;
import io.merklite.testkit.Seeds;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.random.RandomGenerator;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The embedded replica against real nodes, over a network that breaks. */
class EmbeddedReplicaTest {
    private static final String SCHEMA =
            "CREATE TABLE item(id INTEGER PRIMARY KEY, label TEXT UNIQUE, n INTEGER); CREATE TABLE note(k TEXT PRIMARY KEY, body BLOB)";
    private static final ReplicaOptions QUICK =
            ReplicaOptions.DEFAULTS.withPauses(Duration.ofMillis(10), Duration.ofMillis(200));

    @TempDir
    private Path folder;

    /** Keeps what it hears. */
    private static final class Heard implements ReplicaListener {
        private final LinkedBlockingQueue<Conflicts.Entry> conflicts = new LinkedBlockingQueue<>();

        @Override
        public void conflict(Conflicts.Entry entry) {
            conflicts.add(entry);
        }
    }

    private static <T> T join(CompletionStage<T> stage) {
        return stage.toCompletableFuture().join();
    }

    private EmbeddedReplica open(String file, ClientSettings settings) {
        return EmbeddedReplica.open(folder.resolve(file), settings, QUICK, ReplicaListener.SILENT);
    }

    private static void awaitPhase(EmbeddedReplica replica, Phase phase) {
        RealNode.await(
                "the replica is " + phase + ", it is " + replica.status(),
                () -> replica.status().phase() == phase);
    }

    private static DatabaseStatus status(RealNode node, String database) {
        return join(node.server().node().status(database));
    }

    /** Same transactions, same rows. */
    private static void awaitEqual(EmbeddedReplica replica, RealNode node, String database) {
        RealNode.await("replica and node are equal", () -> {
            var there = status(node, database);
            return join(replica.work(open ->
                    open.store().vector().equals(there.vector()) && open.store().root() == there.root()));
        });
        List<?> damage = join(replica.work(open -> open.store().scrub().run()));
        assertThat(damage).isEmpty();
    }

    private static long count(EmbeddedReplica replica, String table) {
        return join(replica.query("SELECT 1 FROM " + table)).rows().size();
    }

    @Test
    void fileGetsSchemaAndRowsAndSendsItsOwn() {
        var node = RealNode.shared();
        var database = node.newDatabase();
        var results = new LinkedBlockingQueue<QueryResult>();
        try (var client = MerkliteClient.of(database, node.address());
                var replica = open("a.db", ClientSettings.of(database, node.address()))) {
            client.blocking().script(SCHEMA);
            client.blocking().execute("INSERT INTO item VALUES (1, 'theirs', 0)");
            awaitPhase(replica, Phase.IN_SYNC);
            RealNode.await(
                    "the table is here",
                    () -> join(replica.query("SELECT 1 FROM sqlite_schema WHERE name = 'item'"))
                                    .rows()
                                    .size()
                            == 1);
            join(replica.subscribe("SELECT label FROM item ORDER BY id", results::add));

            join(replica.exec("INSERT INTO item VALUES (2, 'ours', 0)"));
            join(replica.exec("CREATE TABLE mine(id INTEGER PRIMARY KEY, v TEXT)"));
            join(replica.exec("INSERT INTO mine VALUES (1, 'x')"));
            awaitEqual(replica, node, database);

            assertThat(client.blocking()
                            .execute("SELECT label FROM item ORDER BY id")
                            .as(String.class))
                    .containsExactly("theirs", "ours");
            assertThat(client.blocking().execute("SELECT v FROM mine").as(String.class))
                    .containsExactly("x");
            RealNode.await(
                    "the subscription told of both",
                    () -> results.stream().anyMatch(result -> result.rows().size() == 2));
        }
    }

    @Test
    void programWhoseListenersAndTokensFailStaysInSync() {
        var node = RealNode.shared();
        var database = node.newDatabase();
        var asked = new AtomicInteger();
        var settings = ClientSettings.of(database, node.address()).withToken(() -> {
            if (asked.getAndIncrement() == 0) {
                throw new IllegalStateException("no token yet");
            }
            return Optional.empty();
        });
        ReplicaListener failing = new ReplicaListener() {
            @Override
            public void changed(ReplicaStatus status) {
                throw new IllegalStateException("a defect of the program");
            }
        };
        try (var client = MerkliteClient.of(database, node.address());
                var replica = EmbeddedReplica.open(folder.resolve("a.db"), settings, QUICK, failing)) {
            client.blocking().script(SCHEMA);
            RealNode.await(
                    "the table is here",
                    () -> join(replica.query("SELECT 1 FROM sqlite_schema WHERE name = 'item'"))
                                    .rows()
                                    .size()
                            == 1);
            join(replica.subscribe("SELECT label FROM item", result -> {
                throw new IllegalStateException("another");
            }));

            client.blocking().execute("INSERT INTO item VALUES (1, 'a', 1)");
            RealNode.await("the first row has come", () -> count(replica, "item") == 1);
            client.blocking().execute("INSERT INTO item VALUES (2, 'b', 1)");
            RealNode.await("the second row has come", () -> count(replica, "item") == 2);
        }
    }

    @Test
    void emptyPairIsInSync() {
        var node = RealNode.shared();
        var database = node.newDatabase();

        try (var replica = open("a.db", ClientSettings.of(database, node.address()))) {
            awaitPhase(replica, Phase.IN_SYNC);

            assertThat(replica.status().toReceiveCount()).isZero();
        }
    }

    @Test
    void severalReplicasOfOneDatabaseBecomeEqual() {
        var node = RealNode.shared();
        var database = node.newDatabase();
        var settings = ClientSettings.of(database, node.address());
        try (var client = MerkliteClient.of(database, node.address());
                var first = open("a.db", settings);
                var second = open("b.db", settings);
                var third = open("c.db", settings)) {
            client.blocking().script(SCHEMA);
            var replicas = List.of(first, second, third);
            replicas.forEach(replica -> awaitEqual(replica, node, database));

            for (var round = 0; round < 20; round++) {
                for (var index = 0; index < replicas.size(); index++) {
                    join(replicas.get(index).exec("INSERT INTO note VALUES ('k" + round + "-" + index + "', x'00')"));
                }
            }

            replicas.forEach(replica -> awaitEqual(replica, node, database));
            assertThat(count(third, "note")).isEqualTo(60);
        }
    }

    @Test
    void endsAreEqualAfterRandomDisconnectsWithWritesOnBothSides() {
        var disconnects = Seeds.count("merklite.disconnects", 100);
        Seeds.upTo(1)
                .forEach(seed -> Seeds.run(seed, random -> {
                    var node = RealNode.shared();
                    var database = node.newDatabase();
                    try (var proxy = new FaultyProxy(node.port());
                            var client = MerkliteClient.of(database, node.address());
                            var replica = open("r" + seed + ".db", ClientSettings.of(database, proxy.address()))) {
                        client.blocking().script(SCHEMA);
                        awaitEqual(replica, node, database);

                        for (var count = 0; count < disconnects; count++) {
                            for (var writes = random.nextInt(6); writes > 0; writes--) {
                                var sql = write(random);
                                if (random.nextBoolean()) {
                                    client.blocking().execute(sql);
                                } else {
                                    join(replica.exec(sql));
                                }
                            }
                            if (random.nextInt(4) == 0) {
                                awaitPhase(replica, Phase.IN_SYNC);
                            }
                            proxy.disconnect();
                        }
                        awaitEqual(replica, node, database);

                        assertThat(status(node, database).vector().seqs()).hasSizeGreaterThanOrEqualTo(2);
                        System.out.println(
                                "embedded replica, seed " + seed + ": " + disconnects + " disconnects, vector "
                                        + status(node, database).vector());
                    }
                }));
    }

    private static String write(RandomGenerator random) {
        var id = random.nextInt(60);
        return switch (random.nextInt(6)) {
            case 0 -> "INSERT OR REPLACE INTO item VALUES (" + id + ", 'l" + random.nextInt(80) + "', 0)";
            case 1 -> "UPDATE item SET n = n + 1 WHERE id = " + id;
            case 2 -> "UPDATE OR IGNORE item SET label = 'm" + random.nextInt(80) + "' WHERE id = " + id;
            case 3 -> "DELETE FROM item WHERE id = " + id;
            case 4 -> "INSERT OR REPLACE INTO note VALUES ('k" + id + "', randomblob(" + random.nextInt(300) + "))";
            default -> "DELETE FROM note WHERE k = 'k" + id + "'";
        };
    }

    @Test
    void writesMadeOfflineArriveAsTransactionsAfterTheProgramStartedAnew() {
        var node = RealNode.shared();
        var database = node.newDatabase();
        var settings = ClientSettings.of(database, node.address());
        try (var client = MerkliteClient.of(database, node.address())) {
            client.blocking().script(SCHEMA);
            try (var replica = open("a.db", settings)) {
                awaitEqual(replica, node, database);
            }
            var before = status(node, database).vector();
            try (var replica = open("a.db", ClientSettings.of(database, "http://127.0.0.1:1"))) {
                for (var id = 0; id < 50; id++) {
                    join(replica.exec("INSERT INTO item VALUES (" + id + ", 'l" + id + "', 0)"));
                }
                assertThat(replica.status().toSendCount()).isEqualTo(50);
            }
            client.blocking().execute("INSERT INTO note VALUES ('theirs', x'01')");

            try (var replica = open("a.db", settings)) {
                awaitEqual(replica, node, database);

                assertThat(count(replica, "note")).isEqualTo(1);
            }
            var sent = before.missingFrom(status(node, database).vector()).stream()
                    .mapToLong(range -> range.last() - range.first() + 1)
                    .max();
            assertThat(sent).hasValue(50);
        }
    }

    @Test
    void replicaAwayForLongerThanTombstonesAreKeptBringsNothingBackAndLosesNothing() {
        try (var node = RealNode.alone(
                folder.resolve("node"),
                Map.of(
                        "merklite.tombstone.retain", "1s",
                        "merklite.log.retain.count", "1",
                        "merklite.log.cut-interval", "100ms",
                        "merklite.replication.log-window", "1KiB"))) {
            var database = node.newDatabase();
            var settings = ClientSettings.of(database, node.address());
            try (var client = MerkliteClient.of(database, node.address())) {
                client.blocking().script(SCHEMA);
                client.blocking()
                        .execute("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200)"
                                + " INSERT INTO item SELECT i, 'l' || i, 0 FROM n");
                try (var replica = open("a.db", settings)) {
                    awaitEqual(replica, node, database);
                }

                try (var replica = open("a.db", ClientSettings.of(database, "http://127.0.0.1:1"))) {
                    join(replica.exec("UPDATE item SET n = 7 WHERE id = 5"));
                    join(replica.exec("UPDATE item SET n = 8 WHERE id = 150"));
                    join(replica.exec("INSERT INTO note VALUES ('offline', x'01')"));
                }
                client.blocking().execute("DELETE FROM item WHERE id <= 100");
                var deletedAt = InstantSource.system().millis();
                RealNode.await("tombstones are gone", () -> hasForgottenDeaths(database, deletedAt));

                try (var replica = open("a.db", settings)) {
                    awaitEqual(replica, node, database);

                    assertThat(count(replica, "item")).isEqualTo(100);
                    assertThat(client.blocking()
                                    .execute("SELECT n FROM item WHERE id = 150")
                                    .as(Long.class))
                            .containsExactly(8L);
                    assertThat(client.blocking().execute("SELECT k FROM note").as(String.class))
                            .containsExactly("offline");
                }
            }
        }
    }

    /** By the file itself: clients do not see these tables. */
    private boolean hasForgottenDeaths(String database, long deletedAt) {
        try (var connection = DriverManager.getConnection(
                        "jdbc:sqlite:" + folder.resolve("node/databases/" + database + ".db"));
                var statement = connection.createStatement();
                var rows = statement.executeQuery("SELECT horizon FROM _merklite_state")) {
            rows.next();
            return rows.getLong(1) > deletedAt << Stamp.COUNTER_BITS;
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void conflictIsToldToTheProgramThatLost() throws InterruptedException {
        var node = RealNode.shared();
        var database = node.newDatabase();
        var settings = ClientSettings.of(database, node.address());
        try (var client = MerkliteClient.of(database, node.address())) {
            client.blocking().script(SCHEMA);
            try (var replica = open("a.db", settings)) {
                awaitEqual(replica, node, database);
            }
            client.blocking().execute("INSERT INTO item VALUES (1, 'same', 1)");
            try (var replica = open("a.db", ClientSettings.of(database, "http://127.0.0.1:1"))) {
                join(replica.exec("INSERT INTO item VALUES (2, 'same', 2)"));
            }

            var heard = new Heard();
            try (var replica = EmbeddedReplica.open(folder.resolve("a.db"), settings, QUICK, heard)) {
                awaitEqual(replica, node, database);

                var told = heard.conflicts.poll(RealNode.PATIENCE.toSeconds(), TimeUnit.SECONDS);
                assertThat(told).isNotNull();
                assertThat(told.kind()).isEqualTo(Conflicts.Kind.UNIQUE);
                assertThat(join(replica.conflicts())).hasSize(1);
            }
        }
    }

    @Test
    void conflictsAreListedRestoredAndDiscardedOverRest() {
        var node = RealNode.shared();
        var database = node.newDatabase();
        var settings = ClientSettings.of(database, node.address());
        var conflicts = "v1/databases/" + database + "/conflicts";
        try (var client = MerkliteClient.of(database, node.address())) {
            client.blocking().script(SCHEMA);
            try (var replica = open("a.db", settings)) {
                awaitEqual(replica, node, database);
            }
            client.blocking().execute("INSERT INTO item VALUES (1, 'same', 1), (3, 'other', 3)");
            try (var replica = open("a.db", ClientSettings.of(database, "http://127.0.0.1:1"))) {
                join(replica.exec("INSERT INTO item VALUES (2, 'same', 2), (4, 'other', 4)"));
            }
            try (var replica = open("a.db", settings)) {
                awaitEqual(replica, node, database);
            }

            var listed = node.ask("GET", conflicts, "").body();
            var ids = Pattern.compile("\"id\":\"([^\"]+)\"")
                    .matcher(listed)
                    .results()
                    .map(found -> found.group(1))
                    .toList();
            assertThat(ids).as(listed).hasSize(2);
            assertThat(node.ask("POST", conflicts + "/" + ids.getFirst() + "/restore", "")
                            .body())
                    .contains("sync.still-clashing");

            assertThat(node.ask("POST", conflicts + "/" + ids.getFirst() + "/restore?replace", "")
                            .statusCode())
                    .isLessThan(300);
            assertThat(node.ask("DELETE", conflicts + "/" + ids.getLast(), "").statusCode())
                    .isLessThan(300);

            assertThat(node.ask("GET", conflicts, "").body()).doesNotContain(ids);
            assertThat(client.blocking().execute("SELECT count(*) FROM item").as(Long.class))
                    .containsExactly(2L);
            assertThat(client.blocking().execute("SELECT id FROM item").as(Long.class))
                    .as("one of the two that had lost is back")
                    .containsAnyOf(2L, 4L);
        }
    }

    @Test
    void readerGetsEverythingAndItsWritesStayWhereTheyAre() {
        try (var node = RealNode.secured(folder.resolve("node"))) {
            var database = node.newDatabase();
            var writer = ClientSettings.of(database, node.address()).withToken(node.token(database, Right.WRITE));
            var reader = ClientSettings.of(database, node.address()).withToken(node.token(database, Right.READ));
            try (var client = MerkliteClient.of(writer);
                    var replica = open("a.db", reader)) {
                client.blocking().script(SCHEMA);
                client.blocking().execute("INSERT INTO item VALUES (1, 'theirs', 0)");
                awaitEqual(replica, node, database);
                assertThat(replica.status().phase()).isEqualTo(Phase.IN_SYNC);

                join(replica.exec("INSERT INTO item VALUES (2, 'ours', 0)"));
                client.blocking().execute("INSERT INTO item VALUES (3, 'theirs too', 0)");
                RealNode.await("the reader has the third row", () -> count(replica, "item") == 3);

                assertThat(client.blocking()
                                .execute("SELECT id FROM item ORDER BY id")
                                .as(Long.class))
                        .containsExactly(1L, 3L);
                assertThat(replica.status().failure()).get().isInstanceOf(ReplicaStopped.class);
                assertThat(replica.status().toSendCount()).isEqualTo(1);
            }
            try (var replica =
                    open("b.db", ClientSettings.of(database, node.address()).withToken("none"))) {
                awaitPhase(replica, Phase.STOPPED);

                assertThat(replica.status().failure().orElseThrow().getMessage())
                        .contains("AUTH_");
            }
        }
    }

    @Test
    void replicaOfNoDatabaseStopsAndSaysSo() {
        var node = RealNode.shared();

        try (var replica = open("a.db", ClientSettings.of("nobody-made-this", node.address()))) {
            awaitPhase(replica, Phase.STOPPED);

            assertThat(replica.status().failure().orElseThrow().getMessage()).contains("DATABASE_NOT_FOUND");
        }
    }

    @Test
    void droppedDatabaseStopsItsReplicas() {
        var node = RealNode.shared();
        var database = node.newDatabase();
        try (var replica = open("a.db", ClientSettings.of(database, node.address()))) {
            awaitPhase(replica, Phase.IN_SYNC);

            node.drop(database);

            awaitPhase(replica, Phase.STOPPED);
            assertThat(replica.status().failure().orElseThrow().getMessage()).contains("DATABASE_NOT_FOUND");
        }
    }

    @Test
    void rowsLargerThanAMessageGoBothWays() {
        var node = RealNode.shared();
        var database = node.newDatabase();
        var settings = ClientSettings.of(database, node.address());
        try (var client = MerkliteClient.of(database, node.address());
                var replica = open("a.db", settings)) {
            client.blocking().script(SCHEMA);
            client.blocking().execute("INSERT INTO note VALUES ('theirs', randomblob(1000000))");
            awaitEqual(replica, node, database);

            join(replica.exec("INSERT INTO note VALUES ('ours', randomblob(1000000))"));

            awaitEqual(replica, node, database);
            assertThat(client.blocking()
                            .execute("SELECT sum(length(body)) FROM note")
                            .as(Long.class))
                    .containsExactly(2_000_000L);
        }
    }

    @Test
    void replicaGoesOnWhenTheWriterMovesToAnotherNode() {
        var nodes = RealNode.pair(folder, Map.of("merklite.replicas-per-dc", "2"));
        try (var survivor = nodes.get(1)) {
            var first = nodes.getFirst();
            List<String> names = List.of("one", "two", "three", "four");
            names.forEach(first::create);
            var replicas = names.stream()
                    .map(name -> open(name + ".db", ClientSettings.of(name, first.address(), survivor.address())))
                    .toList();
            for (var index = 0; index < names.size(); index++) {
                join(replicas.get(index).exec(SCHEMA));
                awaitEqual(replicas.get(index), survivor, names.get(index));
            }

            first.close();
            for (var index = 0; index < names.size(); index++) {
                join(replicas.get(index).exec("INSERT INTO item VALUES (1, 'after', 0)"));
            }

            for (var index = 0; index < names.size(); index++) {
                awaitEqual(replicas.get(index), survivor, names.get(index));
                replicas.get(index).close();
            }
        }
    }

    @Test
    void schemaAndRowsAreThereWithoutANetwork() {
        var node = RealNode.shared();
        var database = node.newDatabase();
        try (var replica = open("a.db", ClientSettings.of(database, node.address()))) {
            join(replica.exec(SCHEMA + "; INSERT INTO item VALUES (1, 'x', 2)"));
            awaitEqual(replica, node, database);
        }

        try (var again = open("a.db", ClientSettings.of(database, "http://127.0.0.1:1"))) {
            assertThat(count(again, "item")).isEqualTo(1);
        }
    }
}
