package io.merklite.sync.store;

import io.merklite.session.statement.SqlStatements;
import io.merklite.sync.SyncException.DamagedStore;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/**
 * The merkle index of one table: sums of row digests over ranges of keys, on levels of growing width.
 *
 * <p>A key whose hash ends in 5 zero bits begins a node of level 1, one that ends in 10 a node of level 2, and so on; a
 * node reaches to before the next of its level. So replicas with the same keys have the same nodes, whatever they did to
 * get there, and neighbouring rows share a node: writing rows next to each other touches few pages. What comes before
 * the first node of a level belongs to the level below, in the end to the rows themselves.
 *
 * <p>Content-defined boundaries are those of Merkle search trees (Auvolat, Taïani 2019); sums that can be asked for any
 * range, and ranges that are split where they differ, are those of range-based set reconciliation (Meyer 2022).
 *
 * <p><b>Invariants.</b> (1) A node's sum is the sum (mod 2^64) of the digests of the rows in its range. (2) There is a
 * node of level n for every key of the shadow table whose hash ends in 5n zero bits, and no other. (3) Both hold
 * whenever a transaction ends.
 *
 * <p><b>Cost.</b> A change of rows next to each other: one statement a level for each node touched. A sum over any range:
 * O(32 · levels) nodes and up to about 64 rows at its edges.
 */
final class MerkleSums {
    /** Each level has a node for 2^5 of the level below. */
    static final int BITS_PER_LEVEL = 5;

    static final int MAX_LEVEL = 6;

    /** Children of a node, on average. */
    static final int FANOUT = 1 << BITS_PER_LEVEL;

    private static final int FIRST = 1;
    private static final int PAGE = 512;

    private final SqlStatements statements;
    private final ShadowRows rows;
    private final TrackedTable table;

    /** The node of each level that was touched last; writes tend to come next to each other. */
    private final List<@Nullable Node> lastTouched = new ArrayList<>();
    /** The sum of all rows, once it was asked for. */
    private OptionalLong total = OptionalLong.empty();

    /** A node; without a start it is what comes before the first node of a level, which has no sum of its own. */
    private record Node(@Nullable RowKey start, @Nullable RowKey next, long sum) {
        boolean contains(RowKey key) {
            return (start == null || KeyOrder.compare(start, key) <= 0)
                    && (next == null || KeyOrder.compare(key, next) < 0);
        }

        boolean startsAt(RowKey key) {
            return start != null && start.equals(key);
        }

        Node plus(long delta) {
            return new Node(start, next, sum + delta);
        }
    }

    /** What became of a row: by how much its digest grew, and whether its key came, stayed or went. */
    record Change(RowKey key, long delta, Presence presence) {}

    /** Whether a key is in the shadow table before and after a change. */
    enum Presence {
        CAME,
        STAYED,
        WENT
    }

    MerkleSums(SqlStatements statements, ShadowRows rows, TrackedTable table) {
        this.statements = statements;
        this.rows = rows;
        this.table = table;
        for (var level = 0; level <= MAX_LEVEL; level++) {
            lastTouched.add(null);
        }
    }

    /** The highest level that a key with this hash begins a node of; 0 if none. */
    static int levelOf(long hash) {
        return Math.min(Long.numberOfTrailingZeros(hash) / BITS_PER_LEVEL, MAX_LEVEL);
    }

    /** Forgets what is cached: a transaction was undone, or somebody else wrote. */
    void forget() {
        lastTouched.replaceAll(node -> null);
        total = OptionalLong.empty();
    }

    /** Brings the index up to date after the rows and their states were written. Sorts {@code changes}. */
    void apply(List<Change> changes) throws SQLException {
        changes.sort((one, other) -> KeyOrder.compare(one.key(), other.key()));
        if (total.isPresent()) {
            total = OptionalLong.of(total.getAsLong()
                    + changes.stream().mapToLong(Change::delta).sum());
        }
        for (var level = 1; level <= MAX_LEVEL; level++) {
            addDeltas(level, changes);
        }
        for (var change : changes) {
            if (change.presence() == Presence.WENT) {
                dissolve(change.key());
            }
        }
        for (var i = changes.size() - 1; i >= 0; i--) {
            if (changes.get(i).presence() == Presence.CAME) {
                begin(changes, i);
            }
        }
    }

    private void addDeltas(int level, List<Change> changes) throws SQLException {
        Node node = null;
        var delta = 0L;
        for (var change : changes) {
            if (node == null || !node.contains(change.key())) {
                add(level, node, delta);
                delta = 0;
                node = nodeAround(level, change.key());
            }
            delta += change.delta();
        }
        add(level, node, delta);
    }

    private void add(int level, @Nullable Node node, long delta) throws SQLException {
        if (node != null && delta != 0) {
            write(level, node.plus(delta));
        }
    }

    /** Makes the nodes that a new key begins, the lowest level first since higher ones are summed up from it. */
    private void begin(List<Change> changes, int index) throws SQLException {
        var key = changes.get(index).key();
        var levels = levelOf(key.hash());
        for (var level = 1; level <= levels; level++) {
            var before = nodeAround(level, key);
            var range = new KeyRange(Optional.of(key), Optional.ofNullable(before.next()));
            var sum = level == 1 ? sumOfRows(range, changes, index) : sumBelow(level - 1, range);
            write(level, new Node(before.start(), key, before.sum() - sum));
            insert(level, key, before.next(), sum);
        }
    }

    /** The sum of a range of rows; without reading them if all of them are new, and so among the changes. */
    private long sumOfRows(KeyRange range, List<Change> changes, int index) throws SQLException {
        var sum = 0L;
        var count = 0;
        for (var i = index; i < changes.size(); i++) {
            var change = changes.get(i);
            if (range.to().isPresent()
                    && KeyOrder.compare(change.key(), range.to().get()) >= 0) {
                break;
            }
            if (change.presence() == Presence.CAME) {
                sum += change.delta();
                count++;
            }
        }
        return rows.count(table, range, count + 1) == count ? sum : sumBelow(0, range);
    }

    /** Takes away the nodes of a key that has gone: what is left of them belongs to the nodes before. */
    private void dissolve(RowKey key) throws SQLException {
        for (var level = 1; level <= levelOf(key.hash()); level++) {
            var node = nodeAround(level, key);
            if (!node.startsAt(key)) {
                throw new DamagedStore(
                        "the merkle index of " + table + " has no node of level " + level + " for a key");
            }
            var delete = statements.prepare("DELETE FROM " + table.sums() + " WHERE l = ? AND " + equalsKey());
            delete.setInt(FIRST, level);
            ShadowRows.bindKey(delete, FIRST + 1, key);
            delete.executeUpdate();
            lastTouched.set(level, null);
            var before = nodeAround(level, key);
            write(level, before.plus(node.sum()));
        }
    }

    // ---- sums -------------------------------------------------------------------------------------------------------

    /** The sum of the digests of the rows in {@code range}; of all rows it is known. */
    long sum(KeyRange range) throws SQLException {
        if (range.from().isPresent() || range.to().isPresent()) {
            return sumBelow(MAX_LEVEL, range);
        }
        if (total.isEmpty()) {
            total = OptionalLong.of(sumBelow(MAX_LEVEL, range));
        }
        return total.getAsLong();
    }

    /** By nodes of {@code level} and below; by reading rows at level 0. */
    private long sumBelow(int level, KeyRange range) throws SQLException {
        if (level == 0) {
            return sumByReading(range);
        }
        // Whole nodes lie between the first start in the range and the last start up to its end.
        var first = firstStart(level, range);
        if (first.isEmpty()) {
            return sumBelow(level - 1, range);
        }
        var last = range.to().isEmpty()
                ? Optional.<RowKey>empty()
                : lastStart(level, range.to().get());
        var sum = sumOfNodes(level, new KeyRange(first, last));
        if (!range.from().equals(first)) {
            sum += sumBelow(level - 1, new KeyRange(range.from(), first));
        }
        if (last.isPresent() && !last.equals(range.to())) {
            sum += sumBelow(level - 1, new KeyRange(last, range.to()));
        }
        return sum;
    }

    private long sumByReading(KeyRange range) throws SQLException {
        var sum = 0L;
        var rest = range;
        while (true) {
            var page = rows.range(table, rest, PAGE + 1);
            for (var row : page.subList(0, Math.min(PAGE, page.size()))) {
                sum += row.digest(table);
            }
            if (page.size() <= PAGE) {
                return sum;
            }
            rest = new KeyRange(Optional.of(page.getLast().key()), range.to());
        }
    }

    private long sumOfNodes(int level, KeyRange range) throws SQLException {
        var query = statements.prepare("SELECT s FROM " + table.sums()
                + table.whereRange(
                        "", "l = ?", range.from().isPresent(), range.to().isPresent()));
        query.setInt(FIRST, level);
        ShadowRows.bindRange(query, FIRST + 1, range);
        var sum = 0L;
        try (var found = query.executeQuery()) {
            while (found.next()) {
                sum += found.getLong(FIRST);
            }
        }
        return sum;
    }

    /**
     * Parts of a range and what each sums up to.
     *
     * @param boundaries keys that begin the second and later parts
     * @param sums one more than boundaries
     */
    record Partition(List<RowKey> boundaries, List<Long> sums) {}

    /**
     * Splits a range into parts of about the same size, at most {@code limit}; one part if there is nowhere to split.
     *
     * @param total the sum of the range
     */
    Partition partition(KeyRange range, long total, int limit) throws SQLException {
        for (var level = MAX_LEVEL; level > 0; level--) {
            var nodes = nodes(level, range);
            if (nodes.size() >= limit || (level == 1 && !nodes.isEmpty())) {
                var boundaries = spread(nodes, limit);
                return new Partition(boundaries, grouped(level, range, total, boundaries, nodes));
            }
        }
        return new Partition(List.of(), List.of(total));
    }

    private static List<RowKey> spread(List<Node> nodes, int limit) {
        var count = Math.min(nodes.size(), limit - 1);
        List<RowKey> boundaries = new ArrayList<>();
        for (var i = 0; i < count; i++) {
            boundaries.add(Objects.requireNonNull(
                    nodes.get((int) ((long) i * nodes.size() / count)).start()));
        }
        return boundaries;
    }

    /** What the parts of a range between {@code boundaries} sum up to; quick where they are nodes here too. */
    List<Long> sums(KeyRange range, List<RowKey> boundaries) throws SQLException {
        if (boundaries.isEmpty()) {
            return List.of(sum(range));
        }
        var level =
                boundaries.stream().mapToInt(key -> levelOf(key.hash())).min().orElse(0);
        if (level > 0) {
            var nodes = nodes(level, range);
            Set<RowKey> starts = new HashSet<>();
            nodes.forEach(node -> starts.add(node.start()));
            if (starts.containsAll(boundaries)) {
                return grouped(level, range, sum(range), boundaries, nodes);
            }
        }
        List<Long> sums = new ArrayList<>();
        for (var i = 0; i <= boundaries.size(); i++) {
            sums.add(sum(new KeyRange(
                    i == 0 ? range.from() : Optional.of(boundaries.get(i - 1)),
                    i == boundaries.size() ? range.to() : Optional.of(boundaries.get(i)))));
        }
        return sums;
    }

    /** Adds up nodes between boundaries; what comes before the first boundary is what is left of the total. */
    private List<Long> grouped(int level, KeyRange range, long total, List<RowKey> boundaries, List<Node> nodes)
            throws SQLException {
        var sums = new long[boundaries.size() + 1];
        var part = 0;
        for (var i = 0; i < nodes.size(); i++) {
            var node = nodes.get(i);
            if (part < boundaries.size() && node.startsAt(boundaries.get(part))) {
                part++;
            }
            var isLast = i == nodes.size() - 1;
            sums[part] += isLast ? tail(level, node, range) : node.sum();
        }
        sums[0] = total;
        for (var i = 1; i < sums.length; i++) {
            sums[0] -= sums[i];
        }
        return LongStream.of(sums).boxed().toList();
    }

    /** The last node of a range may reach beyond its end. */
    private long tail(int level, Node node, KeyRange range) throws SQLException {
        var start = Optional.ofNullable(node.start());
        var next = nextStart(level, start.orElseThrow());
        return next.equals(range.to()) ? node.sum() : sum(new KeyRange(start, range.to()));
    }

    /** The nodes of {@code level} that start in {@code range}, the one that starts it left out. */
    private List<Node> nodes(int level, KeyRange range) throws SQLException {
        var query = statements.prepare("SELECT " + table.keys("") + ", s FROM " + table.sums()
                + table.whereRange(
                        "", "l = ?", range.from().isPresent(), range.to().isPresent())
                + " ORDER BY " + table.keys(""));
        query.setInt(FIRST, level);
        ShadowRows.bindRange(query, FIRST + 1, range);
        List<Node> nodes = new ArrayList<>();
        try (var found = query.executeQuery()) {
            while (found.next()) {
                var start = ShadowRows.key(table, found);
                if (!Optional.of(start).equals(range.from())) {
                    nodes.add(new Node(start, null, found.getLong(FIRST + table.keyCount())));
                }
            }
        }
        return nodes;
    }

    /** Starts of the nodes of {@code level} in {@code range}, in order, at most {@code limit}. */
    private List<RowKey> starts(int level, KeyRange range, int limit) throws SQLException {
        var query = statements.prepare("SELECT " + table.keys("") + " FROM " + table.sums()
                + table.whereRange(
                        "", "l = ?", range.from().isPresent(), range.to().isPresent())
                + " ORDER BY " + table.keys("") + " LIMIT ?");
        query.setInt(FIRST, level);
        query.setInt(ShadowRows.bindRange(query, FIRST + 1, range), limit);
        List<RowKey> starts = new ArrayList<>();
        try (var found = query.executeQuery()) {
            while (found.next()) {
                starts.add(ShadowRows.key(table, found));
            }
        }
        return starts;
    }

    /** The start and stored sum of each node of level 1 in {@code range}, in order. */
    List<KeyRange> leaves() throws SQLException {
        var starts = starts(1, KeyRange.ALL, Integer.MAX_VALUE);
        List<KeyRange> leaves = new ArrayList<>();
        for (var i = 0; i < starts.size(); i++) {
            leaves.add(new KeyRange(
                    Optional.of(starts.get(i)),
                    i + 1 < starts.size() ? Optional.of(starts.get(i + 1)) : Optional.empty()));
        }
        return leaves;
    }

    /** What the index says of exactly this node of level 1. */
    long storedSum(RowKey start) throws SQLException {
        var node = nodeAround(1, start);
        if (!node.startsAt(start)) {
            throw new DamagedStore("the merkle index of " + table + " lost a node");
        }
        return node.sum();
    }

    /** What the rows themselves say. */
    long actualSum(KeyRange range) throws SQLException {
        return sumByReading(range);
    }

    /** Makes the whole index anew from the rows; the sum of all. Reads every row. */
    long rebuild() throws SQLException {
        forget();
        statements.run("DELETE FROM " + table.sums());
        var pending = new @Nullable RowKey[MAX_LEVEL + 1];
        var sums = new long[MAX_LEVEL + 1];
        var total = 0L;
        var rest = KeyRange.ALL;
        while (true) {
            var page = rows.range(table, rest, PAGE + 1);
            for (var row : page.subList(0, Math.min(PAGE, page.size()))) {
                for (var level = 1; level <= levelOf(row.key().hash()); level++) {
                    insertPending(level, pending, sums);
                    pending[level] = row.key();
                    sums[level] = 0;
                }
                var digest = row.digest(table);
                total += digest;
                for (var level = 1; level <= MAX_LEVEL; level++) {
                    sums[level] += digest;
                }
            }
            if (page.size() <= PAGE) {
                break;
            }
            rest = new KeyRange(Optional.of(page.getLast().key()), Optional.empty());
        }
        for (var level = 1; level <= MAX_LEVEL; level++) {
            insertPending(level, pending, sums);
        }
        forget();
        return total;
    }

    private void insertPending(int level, @Nullable RowKey[] pending, long[] sums) throws SQLException {
        var start = pending[level];
        if (start != null) {
            insert(level, start, null, sums[level]);
        }
    }

    // ---- nodes ------------------------------------------------------------------------------------------------------

    /** The node of {@code level} that {@code key} is in, or what comes before the first. */
    private Node nodeAround(int level, RowKey key) throws SQLException {
        var cached = lastTouched.get(level);
        if (cached != null && cached.contains(key)) {
            return cached;
        }
        var query = statements.prepare("SELECT " + table.keys("") + ", s FROM " + table.sums() + " WHERE l = ? AND "
                + table.keyTuple("") + " <= " + table.keyParameters() + " ORDER BY "
                + table.keys("").replace(",", " DESC,") + " DESC LIMIT 1");
        query.setInt(FIRST, level);
        ShadowRows.bindKey(query, FIRST + 1, key);
        RowKey start = null;
        var sum = 0L;
        try (var found = query.executeQuery()) {
            if (found.next()) {
                start = ShadowRows.key(table, found);
                sum = found.getLong(FIRST + table.keyCount());
            }
        }
        var node = new Node(start, nextStart(level, key).orElse(null), sum);
        lastTouched.set(level, node);
        return node;
    }

    private Optional<RowKey> nextStart(int level, RowKey key) throws SQLException {
        return start(level, " > ", key, "");
    }

    private Optional<RowKey> lastStart(int level, RowKey upTo) throws SQLException {
        return start(level, " <= ", upTo, " DESC");
    }

    private Optional<RowKey> firstStart(int level, KeyRange range) throws SQLException {
        var starts = starts(level, range, 1);
        return starts.isEmpty() ? Optional.empty() : Optional.of(starts.getFirst());
    }

    private Optional<RowKey> start(int level, String comparison, RowKey key, String direction) throws SQLException {
        var query = statements.prepare("SELECT " + table.keys("") + " FROM " + table.sums() + " WHERE l = ? AND "
                + table.keyTuple("") + comparison + table.keyParameters() + " ORDER BY "
                + table.keys("").replace(",", direction + ",") + direction + " LIMIT 1");
        query.setInt(FIRST, level);
        ShadowRows.bindKey(query, FIRST + 1, key);
        try (var found = query.executeQuery()) {
            return found.next() ? Optional.of(ShadowRows.key(table, found)) : Optional.empty();
        }
    }

    private String equalsKey() {
        return table.keyTuple("") + " = " + table.keyParameters();
    }

    private void write(int level, Node node) throws SQLException {
        lastTouched.set(level, node);
        if (node.start() == null) {
            return;
        }
        var update = statements.prepare("UPDATE " + table.sums() + " SET s = ? WHERE l = ? AND " + equalsKey());
        update.setLong(FIRST, node.sum());
        update.setInt(FIRST + 1, level);
        bindAndRun(update, FIRST + 2, node.start());
    }

    private void insert(int level, RowKey start, @Nullable RowKey next, long sum) throws SQLException {
        var insert = statements.prepare("INSERT INTO " + table.sums() + "(s, l, " + table.keys("") + ") VALUES (?, ?, "
                + table.keyParameters().replace("(", "").replace(")", "") + ")");
        insert.setLong(FIRST, sum);
        insert.setInt(FIRST + 1, level);
        bindAndRun(insert, FIRST + 2, start);
        lastTouched.set(level, new Node(start, next, sum));
    }

    private static void bindAndRun(PreparedStatement statement, int first, RowKey key) throws SQLException {
        ShadowRows.bindKey(statement, first, key);
        statement.executeUpdate();
    }
}
