package io.merklite.sync.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.session.catalog.Identifiers;
import io.merklite.session.changeset.ChangesetValue;
import io.merklite.sync.stamp.Origin;
import io.merklite.sync.stamp.Stamp;
import io.merklite.sync.transaction.Transaction;
import io.merklite.sync.vector.VersionVector;
import io.merklite.testkit.Seeds;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;

/** A replica in memory with a complete log, and a view into its file. */
final class TestReplica {
    private final Connection connection;
    private final ReplicaStore store;
    private final Map<Origin, TreeMap<Long, Transaction>> log = new TreeMap<>();
    private long nowMillis = Instant.parse("2026-01-01T00:00:00Z").toEpochMilli();

    private TestReplica(Connection connection, long seed, StoreChoice choice) {
        this.connection = connection;
        this.store = ReplicaStore.open(
                connection,
                choice.apply(StoreOptions.of("test", () -> Instant.ofEpochMilli(nowMillis++), Seeds.random(seed))));
    }

    /** What differs from the usual options. */
    interface StoreChoice {
        StoreOptions apply(StoreOptions options);
    }

    static TestReplica open(String name, long seed, List<String> schema) throws SQLException {
        return open(name, seed, schema, options -> options);
    }

    static TestReplica open(String name, long seed, List<String> schema, StoreChoice choice) throws SQLException {
        var connection = DriverManager.getConnection("jdbc:sqlite::memory:");
        try (var statement = connection.createStatement()) {
            for (var sql : schema) {
                statement.execute(sql);
            }
        }
        return new TestReplica(connection, seed, choice);
    }

    /** A replica in what {@code connection} has open. */
    static TestReplica over(Connection connection, long seed, StoreChoice choice) {
        return new TestReplica(connection, seed, choice);
    }

    /** Catches up with each other until nobody has anything new. */
    static void settle(List<TestReplica> replicas) {
        for (var round = 0; round < 20; round++) {
            var moved = false;
            for (var one : replicas) {
                for (var other : replicas) {
                    moved |= one.catchUp(other);
                    one.requireConsistent();
                }
            }
            if (!moved) {
                return;
            }
        }
        throw new AssertionError("replicas never came to rest");
    }

    /** Settles, and holds all replicas to the same rows, digests and root. */
    static void requireConvergence(List<TestReplica> replicas) {
        settle(replicas);
        var first = replicas.getFirst();
        for (var replica : replicas) {
            assertThat(replica.store().vector()).isEqualTo(first.store().vector());
            assertThat(replica.dump()).isEqualTo(first.dump());
            assertThat(replica.store().root()).isEqualTo(first.store().root());
        }
    }

    ReplicaStore store() {
        return store;
    }

    Connection connection() {
        return connection;
    }

    /** Executes all in one transaction; statements that a constraint refuses are left out. */
    void write(List<String> sql) {
        store.write(() -> {
                    for (var one : sql) {
                        tryExecute(one);
                    }
                    return true;
                })
                .transactions()
                .forEach(this::keep);
    }

    /** Changes the schema as the owner of a store does. */
    List<Transaction> change(String... sql) {
        var transactions = store.write(() -> {
                    for (var one : sql) {
                        store.changeSchema(one);
                    }
                    return true;
                })
                .transactions();
        transactions.forEach(this::keep);
        return transactions;
    }

    /** Executes all in one transaction; a statement that fails undoes it. */
    Optional<Transaction> run(String... sql) {
        var written = store.write(() -> {
            for (var one : sql) {
                execute(one);
            }
            return true;
        });
        written.transactions().forEach(this::keep);
        return written.transaction();
    }

    /** Executes past the store. */
    void execute(String sql) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private void tryExecute(String sql) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            if ((e.getErrorCode() & 0xff) != 19) {
                throw new SQLException(sql, e);
            }
        }
    }

    /** Adds a transaction of this replica to its log. */
    void keep(Transaction transaction) {
        log.computeIfAbsent(transaction.origin(), origin -> new TreeMap<>()).put(transaction.seq(), transaction);
    }

    /** Merges everything that {@code other} has and is ready, one by one; whether there was anything. */
    boolean catchUp(TestReplica other) {
        var moved = false;
        while (mergeSome(other, 1)) {
            moved = true;
        }
        return moved;
    }

    /** As {@link #catchUp}, up to {@code count} transactions in one commit. */
    void catchUpTogether(TestReplica other, int count) {
        while (mergeSome(other, count)) {
            requireConsistent();
        }
    }

    void catchUpPartly(TestReplica other, RandomGenerator random) {
        while (random.nextInt(4) > 0 && mergeSome(other, 1 + random.nextInt(4))) {
            requireConsistent();
        }
    }

    private boolean mergeSome(TestReplica other, int count) {
        List<Transaction> group = new ArrayList<>();
        var reached = store.vector();
        for (var next = next(other, reached); next.isPresent() && group.size() < count; next = next(other, reached)) {
            if (!group.isEmpty() && !store.mayMergeTogether(next.get())) {
                break;
            }
            group.add(next.get());
            reached = reached.with(next.get().origin(), next.get().seq());
            if (!store.mayMergeTogether(next.get())) {
                break;
            }
        }
        if (!group.isEmpty()) {
            merge(group);
        }
        return !group.isEmpty();
    }

    /** What {@code other} has and can be merged once {@code reached} is. */
    private Optional<Transaction> next(TestReplica other, VersionVector reached) {
        for (var origin : List.copyOf(other.log.keySet())) {
            var next = other.log.get(origin).get(reached.seq(origin) + 1);
            if (next != null && reached.covers(next.dependencies()) && knowsSchemaOf(next, other)) {
                return Optional.of(next);
            }
        }
        return Optional.empty();
    }

    private boolean knowsSchemaOf(Transaction transaction, TestReplica other) {
        var fingerprint = transaction.schemaFingerprint();
        if (!store.knowsSchema(fingerprint)) {
            store.learnSchema(fingerprint, other.store.describeSchema(fingerprint));
        }
        return store.knowsSchema(fingerprint);
    }

    Merged merge(Transaction transaction) {
        return merge(List.of(transaction));
    }

    /** Merges transactions in one commit. */
    Merged merge(List<Transaction> transactions) {
        var merged = store.merge(transactions);
        transactions.forEach(this::keep);
        merged.repair().ifPresent(this::keep);
        return merged;
    }

    /** Takes all rows of {@code other} by the merkle path, and what it has seen. */
    void takeRows(TestReplica other) {
        for (var table : other.store.indexedTables()) {
            var range = KeyRange.ALL;
            while (true) {
                var page = other.store.ranges().rows(table, range, 100);
                store.mergeRows(table, page.rows(), other.store.reach())
                        .repair()
                        .ifPresent(this::keep);
                if (page.next().isEmpty()) {
                    break;
                }
                range = new KeyRange(page.next(), Optional.empty());
            }
        }
        store.adopt(other.store.vector(), other.store.clocks());
    }

    /** Takes all rows of {@code other} as a descent does: what is missing there although its birth was seen has died. */
    void reconcile(TestReplica other) {
        for (var table : store.indexedTables()) {
            var theirs = other.keys(table);
            var dead = store.ranges().rows(table, KeyRange.ALL, Integer.MAX_VALUE - 1).rows().stream()
                    .filter(row -> row.version().isAlive() && !theirs.contains(row.key()))
                    .filter(row -> other.hasSeen(row.version().birth()))
                    .map(row -> store.ranges().key(table, row.key()))
                    .toList();
            store.forgetRows(table, dead, other.store.reach());
        }
        takeRows(other);
    }

    private Set<List<ChangesetValue>> keys(String table) {
        return store.ranges().rows(table, KeyRange.ALL, Integer.MAX_VALUE - 1).rows().stream()
                .map(RemoteRow::key)
                .collect(Collectors.toSet());
    }

    private boolean hasSeen(Stamp stamp) {
        return store.clocks().getOrDefault(stamp.origin(), 0L) >= stamp.clock();
    }

    /** Takes the elements of the schema of {@code other} by the merkle path. */
    void takeElements(TestReplica other) {
        var rows = other.store.ranges().rows(ReplicaStore.SCHEMA_ELEMENTS, KeyRange.ALL, Integer.MAX_VALUE - 1);
        store.mergeRows(ReplicaStore.SCHEMA_ELEMENTS, rows.rows(), other.store.reach());
    }

    List<Transaction> log(Origin origin) {
        return List.copyOf(log.getOrDefault(origin, new TreeMap<>()).values());
    }

    /** Invariants 1 and 2 of the store: the index is what a new one would be. */
    void requireConsistent() {
        assertThat(store.scrub().run()).isEmpty();
        var root = store.root();
        var sums = sums();
        store.rebuildIndex();
        assertThat(store.root()).isEqualTo(root);
        assertThat(sums()).isEqualTo(sums);
    }

    private List<String> sums() {
        List<String> all = new ArrayList<>();
        for (var table : query("SELECT name FROM sqlite_schema WHERE name GLOB '_merklite_sums_*' ORDER BY name")) {
            all.addAll(query("SELECT * FROM " + table));
        }
        return all;
    }

    /** Every row of every replicated table, in an order of its own; rowids that are local are left out. */
    List<String> dump() {
        List<String> all = new ArrayList<>();
        for (var table : store.tables()) {
            query("SELECT * FROM " + Identifiers.quote(table)).stream()
                    .map(row -> table + ": " + row)
                    .sorted()
                    .forEach(all::add);
        }
        return all;
    }

    List<String> query(String sql) {
        List<String> found = new ArrayList<>();
        try (var statement = connection.createStatement();
                var rows = statement.executeQuery(sql)) {
            var count = rows.getMetaData().getColumnCount();
            while (rows.next()) {
                List<String> row = new ArrayList<>();
                for (var i = 1; i <= count; i++) {
                    var value = rows.getObject(i);
                    row.add(value instanceof byte[] bytes ? HexFormat.of().formatHex(bytes) : "" + value);
                }
                found.add(String.join("|", row));
            }
        } catch (SQLException e) {
            throw new AssertionError(sql, e);
        }
        return found;
    }

    void close() {
        store.close();
        try {
            connection.close();
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }
}
