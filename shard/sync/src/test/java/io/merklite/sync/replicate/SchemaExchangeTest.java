package io.merklite.sync.replicate;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.schema.structure.Schema;
import io.merklite.session.SessionException;
import io.merklite.sync.SyncException;
import io.merklite.sync.log.MemoryLog;
import io.merklite.sync.store.KeyRange;
import io.merklite.sync.store.ReplicaStore;
import io.merklite.sync.store.StoreOptions;
import io.merklite.testkit.Seeds;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Replicas in conversation come to one schema, whatever the log still has. */
final class SchemaExchangeTest {
    private final Map<String, Node> nodes = new TreeMap<>();
    private Instant now = Instant.parse("2026-01-01T00:00:00Z");

    private final class Node {
        private final String name;
        private final Connection connection;
        private final ReplicaStore store;
        private final Replicator replicator;
        private final Deque<Runnable> inbox = new ArrayDeque<>();

        private Node(String name, int logCount, String... schema) throws SQLException {
            this.name = name;
            this.connection = DriverManager.getConnection("jdbc:sqlite::memory:");
            execute("PRAGMA foreign_keys = ON");
            for (var sql : schema) {
                execute(sql);
            }
            var random = Seeds.random(name.hashCode());
            this.store = ReplicaStore.open(
                    connection, StoreOptions.of("test", () -> now, random).withSchemaReplication());
            this.replicator = new Replicator(
                    store, new MemoryLog(logCount, 1 << 20), ReplicatorOptions.DEFAULTS, random, now, event -> {});
            nodes.put(name, this);
        }

        private void execute(String sql) throws SQLException {
            try (var statement = connection.createStatement()) {
                statement.execute(sql);
            }
        }

        private void change(String sql) {
            publish(store.write(() -> {
                store.changeSchema(sql);
                return true;
            }));
        }

        private void write(String sql) {
            publish(store.write(() -> {
                execute(sql);
                return true;
            }));
        }

        /** A transaction that no message and no log brings to others. */
        private void writeWithoutTelling(String sql) {
            store.write(() -> {
                execute(sql);
                return true;
            });
        }

        /** Not every schema allows for it. */
        private void tryChange(String sql) {
            try {
                change(sql);
            } catch (SessionException.DatabaseFailure refused) {
                assertThat(refused.getCause()).isInstanceOf(SQLException.class);
            }
        }

        private void tryWrite(String sql) {
            try {
                write(sql);
            } catch (SyncException.StoreFailure refused) {
                assertThat(refused.getCause()).isInstanceOf(SQLException.class);
            }
        }

        private void publish(ReplicaStore.Written<Boolean> written) {
            written.transactions().forEach(transaction -> send(replicator.written(transaction)));
        }

        private void send(List<Envelope> envelopes) {
            for (var envelope : envelopes) {
                var target = nodes.get(envelope.peer());
                if (target != null) {
                    target.inbox.add(() -> target.send(target.replicator.receive(name, envelope.message())));
                }
            }
        }

        private List<String> query(String sql) throws SQLException {
            List<String> found = new ArrayList<>();
            try (var statement = connection.createStatement();
                    var rows = statement.executeQuery(sql)) {
                while (rows.next()) {
                    found.add(rows.getString(1));
                }
            }
            return found;
        }
    }

    @AfterEach
    void close() throws SQLException {
        for (var node : nodes.values()) {
            node.connection.close();
        }
    }

    private void settle(int rounds) {
        for (var round = 0; round < rounds; round++) {
            now = now.plus(Duration.ofSeconds(15));
            nodes.values().forEach(node -> node.send(node.replicator.tick(now)));
            while (nodes.values().stream().anyMatch(node -> !node.inbox.isEmpty())) {
                nodes.values().stream()
                        .filter(node -> !node.inbox.isEmpty())
                        .forEach(node -> node.inbox.remove().run());
            }
        }
    }

    private void requireConvergence() {
        settle(8);
        var first = nodes.values().iterator().next();
        // Roots count tombstones, and compare only where the same ones are forgotten.
        for (var round = 0;
                round < 40 && nodes.values().stream().anyMatch(node -> node.store.horizon() != first.store.horizon());
                round++) {
            settle(1);
        }
        for (var node : nodes.values()) {
            assertThat(Schema.extract(node.connection)).as(node.name).isEqualTo(Schema.extract(first.connection));
            assertThat(node.store.root()).as(node.name).isEqualTo(first.store.root());
            assertThat(node.store.vector()).as(node.name).isEqualTo(first.store.vector());
            assertThat(node.store.scrub().run()).isEmpty();
        }
    }

    private static void connect(Node one, Node other) {
        one.send(one.replicator.connect(other.name));
        other.send(other.replicator.connect(one.name));
    }

    @Test
    void transactionOnANewSchemaFollowsIt() throws SQLException {
        var anne = new Node("anne", 100);
        var bob = new Node("bob", 100);
        connect(anne, bob);
        anne.change("CREATE TABLE t(id INTEGER PRIMARY KEY, a)");
        anne.write("INSERT INTO t VALUES (1, 'one')");

        requireConvergence();

        assertThat(bob.query("SELECT a FROM t")).containsExactly("one");
    }

    @Test
    void replicaThatMissedTheChangeCatchesUpAlthoughTheLogIsCut() throws SQLException {
        var anne = new Node("anne", 2);
        anne.change("CREATE TABLE t(id INTEGER PRIMARY KEY, a)");
        anne.change("ALTER TABLE t ADD COLUMN b DEFAULT 3");
        for (var i = 0; i < 10; i++) {
            anne.write("INSERT INTO t(id, a) VALUES (" + i + ", 'a')");
        }
        var bob = new Node("bob", 100);
        bob.change("CREATE TABLE u(x)");
        bob.write("INSERT INTO u VALUES (5)");
        connect(anne, bob);

        requireConvergence();

        assertThat(bob.query("SELECT count(*) FROM t WHERE b = 3")).containsExactly("10");
        assertThat(anne.query("SELECT x FROM u")).containsExactly("5");
    }

    /** Neither has what it takes to go on: one waits for rows on its schema, the other one sees nothing to fetch. */
    @Test
    void schemaOfReplicaThatIsGoneComesFromOneThatHasNothingElse() throws SQLException {
        var table = "CREATE TABLE t(id INTEGER PRIMARY KEY, a)";
        var anne = new Node("anne", 100, table);
        anne.change("ALTER TABLE t ADD COLUMN b DEFAULT 3");
        var elements = anne.store.ranges().rows(ReplicaStore.SCHEMA_ELEMENTS, KeyRange.ALL, 99);
        var reach = anne.store.reach();
        anne.connection.close();
        nodes.remove("anne");
        var bob = new Node("bob", 2, table);
        var carl = new Node("carl", 2, table);
        connect(bob, carl);
        settle(2);
        bob.store.mergeRows(ReplicaStore.SCHEMA_ELEMENTS, elements.rows(), reach);
        for (var i = 0; i < 10; i++) {
            carl.writeWithoutTelling("INSERT INTO t(id, a) VALUES (" + i + ", 'a')");
        }

        requireConvergence();

        assertThat(bob.query("SELECT count(*) FROM t WHERE b = 3")).containsExactly("10");
        assertThat(carl.query("SELECT count(*) FROM t WHERE b = 3")).containsExactly("10");
    }

    @Test
    void filesWithOtherTablesBecomeOneDatabase() throws SQLException {
        var anne = new Node("anne", 100, "CREATE TABLE t(id INTEGER PRIMARY KEY, a)", "INSERT INTO t VALUES (1, 2)");
        var bob = new Node("bob", 100, "CREATE TABLE u(id TEXT PRIMARY KEY, a)", "INSERT INTO u VALUES (NULL, 4)");
        var carl = new Node("carl", 100);
        connect(anne, bob);
        connect(bob, carl);

        requireConvergence();

        assertThat(carl.query("SELECT a FROM t UNION ALL SELECT a FROM u")).containsExactly("2", "4");
    }

    /** Whatever three replicas do to their schemas without knowing of each other, they end with the same one and the same rows. */
    @Test
    void anyChangesEndInOneSchema() {
        Seeds.upTo(Seeds.count("merklite.schema-histories", 12))
                .forEach(seed -> Seeds.run(seed, random -> {
                    nodes.clear();
                    var all = List.of(
                            new Node("anne", random.nextInt(3) == 0 ? 3 : 100),
                            new Node("bob", 100),
                            new Node("carl", random.nextInt(3) == 0 ? 3 : 100));
                    connect(all.get(0), all.get(1));
                    connect(all.get(1), all.get(2));
                    for (var sql : BEGINNING) {
                        all.getFirst().change(sql);
                    }
                    settle(2);
                    for (var step = 0; step < 40; step++) {
                        var node = all.get(random.nextInt(all.size()));
                        if (random.nextInt(3) == 0) {
                            node.tryChange(filled(CHANGES.get(random.nextInt(CHANGES.size())), random));
                        } else {
                            node.tryWrite(filled(WRITES.get(random.nextInt(WRITES.size())), random));
                        }
                        if (random.nextInt(12) == 0) {
                            settle(1);
                        }
                    }
                    requireConvergence();
                    close();
                }));
    }

    private static final List<String> BEGINNING = List.of(
            "CREATE TABLE t(id INTEGER PRIMARY KEY, a TEXT, b)",
            "CREATE TABLE u(k TEXT PRIMARY KEY, t INTEGER REFERENCES t(id) ON DELETE CASCADE)");

    private static final List<String> CHANGES = List.of(
            "ALTER TABLE t ADD COLUMN c$n DEFAULT $n",
            "ALTER TABLE t DROP COLUMN c$n",
            "ALTER TABLE t RENAME COLUMN c$n TO d$n",
            "ALTER TABLE u ADD COLUMN c$n TEXT NOT NULL DEFAULT 'x'",
            "CREATE TABLE v$n(id INTEGER PRIMARY KEY, x UNIQUE)",
            "CREATE TABLE IF NOT EXISTS w$n(x, y)",
            "ALTER TABLE w$n RENAME TO z$n",
            "DROP TABLE v$n",
            "CREATE INDEX i$n ON t(a, b)",
            "CREATE UNIQUE INDEX j$n ON t(b) WHERE b > $n",
            "DROP INDEX i$n",
            "CREATE INDEX l$n ON t(c$n)",
            "CREATE VIEW s$n AS SELECT a FROM t",
            "DROP VIEW s$n",
            "CREATE TRIGGER r$n AFTER INSERT ON t BEGIN UPDATE t SET b = $n WHERE id = new.id; END",
            "DROP TRIGGER r$n");

    private static final List<String> WRITES = List.of(
            "INSERT OR REPLACE INTO t(id, a, b) VALUES ($n, 'a', $n)",
            "INSERT OR REPLACE INTO t(id, a, b) VALUES ($n, 'b', 7)",
            "UPDATE t SET c$n = 'c' WHERE id > 1",
            "UPDATE t SET d$n = 'd'",
            "DELETE FROM t WHERE id = $n",
            "INSERT INTO u(k, t) VALUES (NULL, $n)",
            "INSERT OR REPLACE INTO u(k, t) VALUES ('$n', $n)",
            "INSERT OR REPLACE INTO v$n(id, x) VALUES ($n, $n)",
            "INSERT INTO w$n VALUES ($n, 1)",
            "INSERT INTO z$n VALUES ($n, 2)",
            "UPDATE w$n SET y = $n");

    private static String filled(String sql, RandomGenerator random) {
        return sql.replace("$n", "" + random.nextInt(4));
    }

    @Test
    void changesMadeAtTheSameTimeMeet() throws SQLException {
        var anne = new Node("anne", 100);
        var bob = new Node("bob", 2);
        var carl = new Node("carl", 2);
        connect(anne, bob);
        anne.change("CREATE TABLE t(id INTEGER PRIMARY KEY, a)");
        anne.write("INSERT INTO t VALUES (1, 1)");
        settle(12);
        connect(bob, carl);
        anne.change("ALTER TABLE t ADD COLUMN b");
        bob.change("ALTER TABLE t RENAME COLUMN a TO c");
        anne.write("UPDATE t SET b = 2, a = 5");
        bob.write("INSERT INTO t VALUES (2, 2)");
        for (var i = 0; i < 5; i++) {
            bob.write("UPDATE t SET c = " + i + " WHERE id = 2");
        }

        requireConvergence();

        assertThat(carl.query("SELECT id || '/' || c || '/' || coalesce(b, '') FROM t"))
                .containsExactly("1/5/2", "2/4/");
    }
}
