package io.merklite.sync.replicate;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.schema.structure.Schema;
import io.merklite.sync.log.MemoryLog;
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

    private void settle() {
        for (var round = 0; round < 12; round++) {
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
        settle();
        var first = nodes.values().iterator().next();
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

    @Test
    void changesMadeAtTheSameTimeMeet() throws SQLException {
        var anne = new Node("anne", 100);
        var bob = new Node("bob", 2);
        var carl = new Node("carl", 2);
        connect(anne, bob);
        anne.change("CREATE TABLE t(id INTEGER PRIMARY KEY, a)");
        anne.write("INSERT INTO t VALUES (1, 1)");
        settle();
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
