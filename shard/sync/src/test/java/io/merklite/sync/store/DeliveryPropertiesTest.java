package io.merklite.sync.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.sync.transaction.Transaction;
import io.merklite.sync.vector.GroupLimits;
import io.merklite.sync.vector.Inbox;
import io.merklite.testkit.Seeds;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.random.RandomGenerator;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import net.jqwik.api.constraints.IntRange;

/**
 * Laws of delivery: however transactions or rows come, in any order, more than once, alone or many at a time, the file ends
 * with the same rows, digests and root.
 *
 * <p>The tables have no constraints that concern several rows: what those make lose is a transaction of whoever finds it.
 */
class DeliveryPropertiesTest {
    private static final int WRITERS = 3;
    private static final int STEPS = 24;
    private static final List<String> SCHEMA = List.of(
            "CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT, size)",
            "CREATE TABLE pair(a TEXT NOT NULL, b INTEGER NOT NULL, v, PRIMARY KEY (a, b)) WITHOUT ROWID",
            "CREATE TABLE note(body TEXT, n)");

    /** Replicas that wrote at the same time, and heard of each other now and then. */
    private static List<TestReplica> writers(long seed) throws SQLException {
        var random = Seeds.random(seed);
        List<TestReplica> writers = new ArrayList<>();
        for (var i = 0; i < WRITERS; i++) {
            writers.add(TestReplica.open("w" + i, seed * 31 + i, SCHEMA));
        }
        for (var step = 0; step < STEPS; step++) {
            var writer = writers.get(random.nextInt(WRITERS));
            if (random.nextInt(3) > 0) {
                writer.write(List.of(statement(random), statement(random)));
            } else {
                writer.catchUpPartly(writers.get(random.nextInt(WRITERS)), random);
            }
        }
        return writers;
    }

    private static String statement(RandomGenerator random) {
        var key = random.nextInt(6);
        var value = random.nextInt(100);
        return switch (random.nextInt(9)) {
            case 0 -> "INSERT OR REPLACE INTO item VALUES (" + key + ", 'n" + value + "', NULL)";
            case 1 -> "UPDATE item SET name = 'u" + value + "' WHERE id = " + key;
            case 2 -> "UPDATE item SET size = " + value + " WHERE id > " + key;
            case 3 -> "DELETE FROM item WHERE id = " + key;
            case 4 -> "INSERT OR REPLACE INTO pair VALUES ('k" + key + "', " + key % 2 + ", " + value + ")";
            case 5 -> "UPDATE pair SET v = " + value + " WHERE b = " + key % 2;
            case 6 -> "DELETE FROM pair WHERE a = 'k" + key + "'";
            case 7 -> "INSERT INTO note VALUES ('b" + key + "', " + value + ")";
            default ->
                random.nextBoolean()
                        ? "DELETE FROM note WHERE body = 'b" + key + "'"
                        : "UPDATE note SET n = " + value + " WHERE body = 'b" + key + "'";
        };
    }

    @Property(tries = 25, shrinking = ShrinkingMode.OFF)
    void transactionsInAnyOrderRepeatedAndInBatchesGiveTheSameRowsDigestsAndRoot(
            @ForAll long seed, @ForAll @IntRange(min = 1, max = 40) int batchCount) throws SQLException {
        var writers = writers(seed);
        List<Transaction> delivery = new ArrayList<>();
        writers.forEach(writer -> delivery.addAll(writer.log(writer.store().origin())));
        delivery.addAll(List.copyOf(delivery.subList(delivery.size() / 3, delivery.size())));
        Collections.shuffle(delivery, new Random(seed));
        TestReplica.requireConvergence(writers);
        var reference = writers.getFirst();

        var receiver = TestReplica.open("r", seed * 31 + WRITERS, SCHEMA);
        deliver(delivery, batchCount, receiver);

        requireEqual(receiver, reference);
        receiver.close();
        writers.forEach(TestReplica::close);
    }

    private static void deliver(List<Transaction> delivery, int batchCount, TestReplica receiver) {
        var store = receiver.store();
        Inbox<Transaction> inbox = new Inbox<>(store.clock(), store::knowsSchema, delivery.size(), Long.MAX_VALUE);
        for (var from = 0; from < delivery.size(); from += batchCount) {
            for (var transaction : delivery.subList(from, Math.min(delivery.size(), from + batchCount))) {
                assertThat(inbox.offer(transaction, store.vector())).isNotEqualTo(Inbox.Offer.FULL);
            }
            var limits = new GroupLimits(1 + batchCount / 2, Long.MAX_VALUE);
            var ready = inbox.takeGroup(store.vector(), limits, store::mayMergeTogether);
            while (!ready.isEmpty()) {
                assertThat(receiver.merge(ready).repair()).isEmpty();
                receiver.requireConsistent();
                ready = inbox.takeGroup(store.vector(), limits, store::mayMergeTogether);
            }
        }
        assertThat(inbox.count()).isZero();
    }

    @Property(tries = 15, shrinking = ShrinkingMode.OFF)
    void wholeRowsInAnyOrderAndRepeatedGiveTheSameRowsDigestsAndRoot(@ForAll long seed) throws SQLException {
        var writers = writers(seed);
        var one = TestReplica.open("one", seed * 31 + WRITERS, SCHEMA);
        var other = TestReplica.open("other", seed * 31 + WRITERS + 1, SCHEMA);
        List<TestReplica> order = new ArrayList<>(writers);
        order.addAll(writers);

        Collections.shuffle(order, new Random(seed));
        order.forEach(one::takeRows);
        Collections.shuffle(order, new Random(seed + 1));
        order.forEach(other::takeRows);

        requireEqual(one, other);
        TestReplica.requireConvergence(writers);
        requireEqual(one, writers.getFirst());
        one.close();
        other.close();
        writers.forEach(TestReplica::close);
    }

    private static void requireEqual(TestReplica one, TestReplica other) {
        assertThat(one.store().vector()).isEqualTo(other.store().vector());
        assertThat(one.dump()).isEqualTo(other.dump());
        for (var table : other.store().indexedTables()) {
            assertThat(one.store().ranges().digests(table, KeyRange.ALL, Integer.MAX_VALUE))
                    .isEqualTo(other.store().ranges().digests(table, KeyRange.ALL, Integer.MAX_VALUE));
        }
        assertThat(one.store().root()).isEqualTo(other.store().root());
        one.requireConsistent();
    }
}
