package io.merklite.sync.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.merklite.session.changeset.ChangesetValue;
import io.merklite.sync.SyncException.Unsupported;
import io.merklite.sync.row.MergePolicy;
import io.merklite.sync.row.ValueOrder;
import io.merklite.testkit.Seeds;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Merge policies and counters across replicas: whatever is written where, all end with the same row. */
final class MergePolicyTest {
    private static final List<String> SCHEMA =
            List.of("CREATE TABLE t(id INTEGER PRIMARY KEY, v, w)", "CREATE TABLE log(what)");
    private static final TableMerge MAX = new TableMerge(MergePolicy.MAX, Set.of());
    private static final TableMerge MIN = new TableMerge(MergePolicy.MIN, Set.of());
    private static final TableMerge COUNTER = TableMerge.LAST_WRITER_WINS.withCounters("V");

    /** The longest text, then the larger value, then the later one. */
    private static final MergePolicy LONGEST = (first, firstStamp, second, secondStamp) -> {
        var byLength = Integer.compare(length(first), length(second));
        var order = byLength != 0 ? byLength : ValueOrder.compare(first, second);
        return order != 0 ? order > 0 : firstStamp.compareTo(secondStamp) >= 0;
    };

    private static int length(ChangesetValue value) {
        return value instanceof ChangesetValue.Text text ? text.view().remaining() : 0;
    }

    private static List<TestReplica> replicas(TableMerge merge, String... more) throws SQLException {
        List<String> schema = new ArrayList<>(SCHEMA);
        schema.addAll(List.of(more));
        List<TestReplica> replicas = new ArrayList<>();
        for (var i = 0; i < 3; i++) {
            replicas.add(TestReplica.open("r" + i, 100 + i, schema, options -> options.withMerges(Map.of("t", merge))));
        }
        return replicas;
    }

    /** All replicas have row 1 with {@code value}; then each writes its update without knowing the others'. */
    private static List<String> concurrently(TableMerge merge, String value, String... updates) throws SQLException {
        var replicas = replicas(merge);
        replicas.getFirst().run("INSERT INTO t VALUES (1, " + value + ", 'w')");
        TestReplica.settle(replicas);
        for (var i = 0; i < updates.length; i++) {
            replicas.get(i).run(updates[i]);
        }
        TestReplica.requireConvergence(replicas);
        return replicas.getFirst().query("SELECT v, typeof(v), w FROM t");
    }

    @Test
    void largestOfConcurrentValuesSurvives() throws SQLException {
        var row = concurrently(MAX, "1", "UPDATE t SET v = 9", "UPDATE t SET v = 5", "UPDATE t SET v = 7, w = 'x'");

        assertThat(row).containsExactly("9|integer|x");
    }

    @Test
    void lowerValueWrittenLaterLeavesAMaximumAsItIs() throws SQLException {
        var replicas = replicas(MAX);
        replicas.getFirst().run("INSERT INTO t VALUES (1, 10, 0)");
        TestReplica.settle(replicas);

        replicas.get(1).run("UPDATE t SET v = 5, w = 3");

        assertThat(replicas.get(1).query("SELECT v, w FROM t")).containsExactly("10|3");
        TestReplica.requireConvergence(replicas);
    }

    @Test
    void rowThatIsInsertedAnewStartsItsMaximumAnew() throws SQLException {
        var replicas = replicas(MAX);
        replicas.getFirst().run("INSERT INTO t VALUES (1, 10, 0)");
        replicas.getFirst().run("DELETE FROM t");

        replicas.getFirst().run("INSERT INTO t VALUES (1, 5, 0)");

        TestReplica.requireConvergence(replicas);
        assertThat(replicas.get(2).query("SELECT v FROM t")).containsExactly("5");
    }

    @Test
    void smallestOfConcurrentValuesSurvivesAndNullNever() throws SQLException {
        var row = concurrently(MIN, "7", "UPDATE t SET v = 9", "UPDATE t SET v = NULL", "UPDATE t SET v = 5.5");

        assertThat(row).containsExactly("5.5|real|w");
    }

    @Test
    void customPolicyDecides() throws SQLException {
        var merge = new TableMerge(LONGEST, Set.of());

        var row = concurrently(
                merge, "'abc'", "UPDATE t SET v = 'abcd'", "UPDATE t SET v = 'zz'", "UPDATE t SET v = 'abxx'");

        assertThat(row).containsExactly("abxx|text|w");
    }

    @Test
    void valueThatIsPutRightFiresNoTrigger() throws SQLException {
        var replicas =
                replicas(MAX, "CREATE TRIGGER t_update AFTER UPDATE ON t BEGIN INSERT INTO log VALUES (new.v); END");
        replicas.getFirst().run("INSERT INTO t VALUES (1, 10, 0)");

        replicas.getFirst().run("UPDATE t SET v = 5");
        replicas.getFirst().run("UPDATE t SET v = 11");

        assertThat(replicas.getFirst().query("SELECT * FROM log")).containsExactly("5", "11");
        TestReplica.requireConvergence(replicas);
    }

    @Test
    void concurrentAdditionsAddUp() throws SQLException {
        var row = concurrently(
                COUNTER, "100", "UPDATE t SET v = v + 5", "UPDATE t SET v = v - 30, w = 'x'", "UPDATE t SET v = v + 1");

        assertThat(row).containsExactly("76|integer|x");
    }

    @Test
    void counterThatBeginsWithNullCountsFromZero() throws SQLException {
        var row = concurrently(COUNTER, "NULL", "UPDATE t SET v = 5", "UPDATE t SET v = 7");

        assertThat(row).containsExactly("12|integer|w");
    }

    @Test
    void nullWrittenToACounterTakesAwayWhatWasThere() throws SQLException {
        var row = concurrently(COUNTER, "5", "UPDATE t SET v = NULL", "UPDATE t SET v = v + 2");

        assertThat(row).containsExactly("2|integer|w");
    }

    @Test
    void realsAddUpToTheSameBitsEverywhere() throws SQLException {
        var replicas = replicas(COUNTER);
        replicas.getFirst().run("INSERT INTO t VALUES (1, 0.1, 0)");
        TestReplica.settle(replicas);
        for (var i = 0; i < 30; i++) {
            replicas.get(i % 3).run("UPDATE t SET v = v + " + (0.1 + i / 7.0));
        }

        TestReplica.requireConvergence(replicas);
        assertThat(replicas.getFirst().query("SELECT round(v, 6) FROM t")).containsExactly("65.242857");
    }

    @Test
    void additionsBeyond64BitsStopAtTheEnd() throws SQLException {
        var row = concurrently(
                COUNTER, "9223372036854775807", "UPDATE t SET v = -10", "UPDATE t SET v = -9223372036854775808");

        assertThat(row.getFirst()).endsWith("|integer|w");
    }

    @Test
    void additionsBeyondTheLargestRealStopAtTheEnd() throws SQLException {
        var row = concurrently(
                COUNTER, "9e999", "UPDATE t SET v = -9e999", "UPDATE t SET v = 1e308", "UPDATE t SET v = 0");

        assertThat(row.getFirst()).endsWith("|real|w");
    }

    /** A column of affinity INTEGER stores 2.0 as 2. */
    @Test
    void realsAddedToAColumnOfIntegersAddUp() throws SQLException {
        List<TestReplica> replicas = new ArrayList<>();
        for (var i = 0; i < 2; i++) {
            replicas.add(TestReplica.open(
                    "r" + i,
                    100 + i,
                    List.of("CREATE TABLE t(id INTEGER PRIMARY KEY, v INTEGER)"),
                    options -> options.withMerges(Map.of("t", COUNTER))));
        }
        replicas.getFirst().run("INSERT INTO t VALUES (1, 1)");
        replicas.getFirst().run("UPDATE t SET v = 1.5");
        TestReplica.requireConvergence(replicas);
        replicas.getFirst().run("UPDATE t SET v = v + 0.25");
        replicas.getLast().run("UPDATE t SET v = v + 0.25");

        TestReplica.requireConvergence(replicas);

        assertThat(replicas.getFirst().query("SELECT v FROM t")).containsExactly("2");
    }

    @Test
    void additionToARowThatDiedIsLost() throws SQLException {
        var row = concurrently(COUNTER, "1", "UPDATE t SET v = v + 5", "DELETE FROM t");

        assertThat(row).isEmpty();
    }

    @Test
    void rowThatIsInsertedAnewStartsItsCounterAnew() throws SQLException {
        var replicas = replicas(COUNTER);
        replicas.getFirst().run("INSERT INTO t VALUES (1, 10, 0)");
        TestReplica.settle(replicas);
        replicas.get(1).run("UPDATE t SET v = v + 5");
        replicas.getFirst().run("DELETE FROM t");
        replicas.getFirst().run("INSERT INTO t VALUES (1, 3, 0)");
        replicas.getFirst().run("UPDATE t SET v = v + 1");

        TestReplica.requireConvergence(replicas);
        assertThat(replicas.get(2).query("SELECT v FROM t")).containsExactly("4");
    }

    @Test
    void textInACounterIsRefusedAndNothingIsWritten() throws SQLException {
        var replica = replicas(COUNTER).getFirst();
        replica.run("INSERT INTO t VALUES (1, 10, 0)");

        assertThatThrownBy(() -> replica.run("UPDATE t SET v = 'many'")).isInstanceOf(Unsupported.class);

        assertThat(replica.query("SELECT v FROM t")).containsExactly("10");
        replica.requireConsistent();
    }

    @Test
    void everyPolicyConvergesOnRandomHistories() {
        var merges = List.of(
                MAX,
                MIN,
                new TableMerge(LONGEST, Set.of()),
                COUNTER,
                new TableMerge(MergePolicy.MAX, Set.of("w")),
                TableMerge.LAST_WRITER_WINS.withCounters("v", "w"));
        var values = List.of("NULL", "0", "-3", "2.5", "0.1", "1e17", "9223372036854775807");
        Seeds.upTo(Seeds.count("merklite.policy-histories", 30))
                .forEach(seed -> Seeds.run(seed, random -> {
                    var replicas = replicas(merges.get((int) (seed % merges.size())));
                    for (var step = 0; step < 30; step++) {
                        var replica = replicas.get(random.nextInt(3));
                        var value = values.get(random.nextInt(values.size()));
                        switch (random.nextInt(6)) {
                            case 0 ->
                                replica.write(List.of("INSERT OR REPLACE INTO t VALUES (" + random.nextInt(3) + ", "
                                        + value + ", " + value + ")"));
                            case 1 -> replica.write(List.of("DELETE FROM t WHERE id = " + random.nextInt(3)));
                            case 2 -> replica.write(List.of("UPDATE t SET v = v + " + value + ", w = " + value));
                            case 3 ->
                                replica.write(
                                        List.of("UPDATE t SET w = w + 0.7 WHERE id = 1", "UPDATE t SET v = " + value));
                            default -> replica.catchUpPartly(replicas.get(random.nextInt(3)), random);
                        }
                        replica.requireConsistent();
                    }

                    TestReplica.requireConvergence(replicas);
                    replicas.forEach(TestReplica::close);
                }));
    }
}
