package io.merklite.sync.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.session.changeset.ChangesetValue;
import io.merklite.testkit.Seeds;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.random.RandomGenerator;
import java.util.stream.IntStream;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.ShrinkingMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Laws of the merkle index, on tables large enough for several levels: any sum is the sum of the rows. */
final class MerkleSumsPropertiesTest {
    private static final int ROWS = 3000;
    private static final int RANGES = 40;

    /** A kind of key: the table, and the key of row {@code x}. */
    enum Keyed {
        INTEGER("id INTEGER PRIMARY KEY, v", "x * 37 - 9000"),
        TEXT("id TEXT PRIMARY KEY NOT NULL, v", "printf('%x', x * 7919 % 65521) || x"),
        WITHOUT_ROWID("id BLOB PRIMARY KEY, v", "CAST(printf('%x', x * 7919 % 65521) || x AS BLOB)"),
        COMPOSITE("id TEXT, n INTEGER, v, PRIMARY KEY (n, id)", "'k' || x % 13, x % 97 * x"),
        KEYLESS("id, v", "x");

        private final String columns;
        private final String key;

        Keyed(String columns, String key) {
            this.columns = columns;
            this.key = key;
        }

        private String create() {
            return "CREATE TABLE t(" + columns + ")" + (this == WITHOUT_ROWID ? " WITHOUT ROWID" : "");
        }

        private String insert(int from, int count) {
            return "INSERT OR IGNORE INTO t WITH RECURSIVE s(x) AS (SELECT " + from
                    + " UNION ALL SELECT x + 1 FROM s WHERE x < " + (from + count - 1) + ") SELECT " + key
                    + ", 'v' || x FROM s";
        }
    }

    @Property(tries = 1, shrinking = ShrinkingMode.OFF)
    void sumsAreThoseOfTheRowsAndOfARebuiltIndex(@ForAll long seed) throws SQLException {
        for (var keyed : Keyed.values()) {
            var random = Seeds.random(seed);
            var replica = TestReplica.open("r", seed, List.of(keyed.create()));
            replica.run(keyed.insert(1, ROWS));
            requireSeveralLevels(replica);
            for (var step = 0; step < 4; step++) {
                change(replica, keyed, random);
                requireRightSums(replica, random);
                replica.requireConsistent();
            }
            replica.close();
        }
    }

    private static void requireSeveralLevels(TestReplica replica) {
        var table = replica.query("SELECT number FROM _merklite_tables WHERE name = 't'");
        var levels = replica.query("SELECT DISTINCT l FROM _merklite_sums_" + table.getFirst());
        assertThat(levels).contains("1", "2");
    }

    private static void change(TestReplica replica, Keyed keyed, RandomGenerator random) {
        var from = random.nextInt(ROWS);
        switch (random.nextInt(7)) {
            case 0 -> replica.run(keyed.insert(ROWS + from, 1 + random.nextInt(300)));
            case 1 -> replica.run("DELETE FROM t WHERE (substr(v, 2) * 5 + " + from + ") % 17 = 3");
            case 2 ->
                replica.run("UPDATE t SET v = 'w" + from + "' WHERE v > 'v" + from + "' AND v < 'v" + from + "9'");
            case 3 -> {
                replica.run("DELETE FROM t WHERE v > 'v" + from % 10 + "' AND v < 'v" + from % 10 + "5'");
                replica.store().raiseHorizon(replica.store().clock().last());
            }
            case 4 -> changeSingleRows(replica, keyed, from);
            case 5 -> changeScatteredRows(replica, from);
            default -> replica.run("DELETE FROM t WHERE v LIKE '%" + from % 100 + "'", keyed.insert(1, from));
        }
    }

    /** Each in a transaction of its own: what they add to the index waits. */
    private static void changeSingleRows(TestReplica replica, Keyed keyed, int from) {
        for (var i = 0; i < 40; i++) {
            var row = "v = 'v" + (from + i * 7) % ROWS + "'";
            switch (i % 4) {
                case 0 -> replica.run("DELETE FROM t WHERE " + row);
                case 1 -> replica.run(keyed.insert(2 * ROWS + from + i, 1));
                default -> replica.run("UPDATE t SET v = v || 'x' WHERE " + row);
            }
        }
    }

    /** Some at once, far from each other: what they add waits too, and is read again after a rollback. */
    private static void changeScatteredRows(TestReplica replica, int from) {
        for (var i = 0; i < 12; i++) {
            replica.run("UPDATE t SET v = v || 'y' WHERE (substr(v, 2) + " + (from + i) + ") % " + ROWS / 30 + " = 1");
            replica.store().beginOpen();
            replica.store().rollbackOpen();
        }
    }

    private static void requireRightSums(TestReplica replica, RandomGenerator random) throws SQLException {
        var store = replica.store();
        var rows = store.ranges().digests("t", KeyRange.ALL, Integer.MAX_VALUE);
        for (var i = 0; i < RANGES; i++) {
            var cuts = new TreeSet<Integer>();
            for (var j = 0; j < 2 + random.nextInt(6); j++) {
                cuts.add(random.nextInt(rows.size() + 1));
            }
            var from = cuts.removeFirst();
            var to = cuts.isEmpty() ? from : cuts.removeLast();
            var range = new KeyRange(bound(rows, from, random), bound(rows, to, random));
            var first = range.from().isEmpty() ? 0 : from;
            var last = range.to().isEmpty() ? rows.size() : to;
            var total = bruteForce(rows, first, last);

            assertThat(store.ranges().sum("t", range)).isEqualTo(total);
            assertThat(store.ranges().count("t", range, Integer.MAX_VALUE)).isEqualTo(Math.max(0, last - first));
            requireRightSplit(store, rows, range, total, 2 + random.nextInt(40));
            var inner = cuts.stream()
                    .filter(cut -> cut > first && cut < last)
                    .map(cut -> rows.get(cut).key())
                    .toList();
            assertThat(store.ranges().sums("t", range, inner)).isEqualTo(bruteForce(rows, range, inner));
        }
    }

    /** The key at {@code index}; at times none, for an end that is open. */
    private static Optional<RowKey> bound(List<RowRanges.KeyDigest> rows, int index, RandomGenerator random) {
        return index >= rows.size() || random.nextInt(6) == 0
                ? Optional.empty()
                : Optional.of(rows.get(index).key());
    }

    private static void requireRightSplit(
            ReplicaStore store, List<RowRanges.KeyDigest> rows, KeyRange range, long total, int limit) {
        var parts = store.ranges().split("t", range, limit);

        assertThat(parts.sums())
                .hasSize(parts.boundaries().size() + 1)
                .hasSizeLessThanOrEqualTo(limit * MerkleSums.LEAVES_PER_PART);
        assertThat(parts.boundaries()).isSortedAccordingTo(KeyOrder::compare).doesNotHaveDuplicates();
        assertThat(parts.sums()).isEqualTo(bruteForce(rows, range, parts.boundaries()));
        assertThat(store.ranges().sums("t", range, parts.boundaries())).isEqualTo(parts.sums());
    }

    private static List<Long> bruteForce(List<RowRanges.KeyDigest> rows, KeyRange range, List<RowKey> boundaries) {
        List<RowKey> keys = rows.stream().map(RowRanges.KeyDigest::key).toList();
        List<Integer> cuts = new ArrayList<>();
        cuts.add(range.from().map(keys::indexOf).orElse(0));
        boundaries.forEach(key -> cuts.add(keys.indexOf(key)));
        cuts.add(range.to().map(keys::indexOf).orElse(rows.size()));
        return IntStream.range(1, cuts.size())
                .mapToObj(i -> bruteForce(rows, cuts.get(i - 1), cuts.get(i)))
                .toList();
    }

    private static long bruteForce(List<RowRanges.KeyDigest> rows, int from, int to) {
        return rows.subList(from, Math.max(from, to)).stream()
                .mapToLong(RowRanges.KeyDigest::digest)
                .sum();
    }

    @ParameterizedTest
    @EnumSource(Keyed.class)
    void boundsNeedNotBeKeysThatAreThere(Keyed keyed) throws SQLException {
        var replica = TestReplica.open("r", 1, List.of(keyed.create()));
        replica.run(keyed.insert(1, ROWS));
        var store = replica.store();
        var count = store.ranges().keyCount("t");
        var low = store.ranges().key("t", Collections.nCopies(count, new ChangesetValue.Integer(-99_999)));
        var high = store.ranges().key("t", Collections.nCopies(count, new ChangesetValue.Integer(Long.MAX_VALUE)));
        var all = keyed == Keyed.INTEGER || keyed == Keyed.KEYLESS; // others begin with text or a blob
        var expected = all ? store.ranges().sum("t", KeyRange.ALL) : 0L;

        assertThat(store.ranges().sum("t", new KeyRange(Optional.of(low), Optional.of(high))))
                .isEqualTo(expected);
        replica.close();
    }
}
