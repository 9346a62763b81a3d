package io.merklite.sync.store;

import io.merklite.session.statement.SqlStatements;
import io.merklite.sync.SyncException.DamagedStore;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
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
 * <p><b>Invariants.</b> (1) A node's sum, with what is {@linkplain PendingSums pending} in its range, is the sum (mod
 * 2^64) of the digests of the rows in its range. (2) There is a node of level n for every key of the shadow table whose
 * hash ends in 4n - 1 zero bits, and no other. (3) Both hold whenever a transaction ends.
 *
 * <p><b>Cost.</b> A few rows: nothing, until their sums are put into the nodes together with others. Many rows next to
 * each other: 0.1 µs a row, and half as much again for nodes that they begin. A sum over any range: O(16 · levels) nodes
 * and up to about 32 rows at its edges.
 */
final class MerkleSums {
    /** A node of level 1 has 2^3 rows: those are read where replicas differ. */
    static final int LEAF_BITS = 3;

    /** Each further level has a node for 2^4 of the level below. */
    static final int BITS_PER_LEVEL = 4;

    static final int MAX_LEVEL = 8;

    private static final int FIRST = 1;
    private static final int PAGE = 512;
    /** To go down to the nodes of level 1 a step earlier costs less than another step. */
    static final int LEAVES_PER_PART = 4;

    /** Changes of so many rows at once may wait. */
    private static final int WAITING_COUNT = 64;

    /** Level 1 has most nodes, and writes touch each of them seldom; those above are few, and every write touches some. */
    private static final int FIRST_KNOWN_LEVEL = 2;

    private static final int MAX_KNOWN_PER_LEVEL = 1024;

    private final SqlStatements statements;
    private final ShadowRows rows;
    private final TrackedTable table;
    private final PendingSums pending;

    /** The node of each level that was touched last; writes tend to come next to each other. */
    private final List<@Nullable Node> lastTouched = new ArrayList<>();
    /** By level, from {@link #FIRST_KNOWN_LEVEL} on: nodes by their start, which need not be read again. */
    private final List<NavigableMap<RowKey, Node>> nodesByStart = new ArrayList<>();
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

    MerkleSums(SqlStatements statements, ShadowRows rows, TrackedTable table, PendingSums pending) {
        this.statements = statements;
        this.rows = rows;
        this.table = table;
        this.pending = pending;
        for (var level = 0; level <= MAX_LEVEL; level++) {
            lastTouched.add(null);
            nodesByStart.add(new TreeMap<>(KeyOrder::compare));
        }
    }

    /** The highest level that a key with this hash begins a node of; 0 if none. */
    static int levelOf(long hash) {
        var bits = Long.numberOfTrailingZeros(hash) + BITS_PER_LEVEL - LEAF_BITS;
        return Math.min(bits / BITS_PER_LEVEL, MAX_LEVEL);
    }

    /** Forgets what is cached: a transaction was undone, or somebody else wrote. */
    void forget() {
        lastTouched.replaceAll(node -> null);
        nodesByStart.forEach(Map::clear);
        total = OptionalLong.empty();
    }

    /** Brings the index up to date after the rows and their states were written. Sorts {@code changes}. */
    void apply(List<Change> changes) throws SQLException {
        changes.sort((one, other) -> KeyOrder.compare(one.key(), other.key()));
        if (total.isPresent()) {
            total = OptionalLong.of(total.getAsLong()
                    + changes.stream().mapToLong(Change::delta).sum());
        }
        if (canWait(changes)) {
            changes.forEach(this::keepWaiting);
            return;
        }
        addDeltas(withPending(changes));
        for (var change : changes) {
            if (change.presence() == Presence.WENT) {
                dissolve(change.key());
            }
        }
        RowKey newFrom = null;
        for (var level = 1; level <= MAX_LEVEL; level++) {
            newFrom = begin(level, changes, newFrom);
        }
    }

    /** Whether these changes leave the nodes as they are, but for their sums, and are few. */
    private boolean canWait(List<Change> changes) {
        if (changes.size() > WAITING_COUNT || !pending.hasRoom(changes.size())) {
            return false;
        }
        for (var change : changes) {
            if (change.presence() != Presence.STAYED && levelOf(change.key().hash()) > 0) {
                return false;
            }
        }
        return true;
    }

    /** Rows of one node wait together, if that is known to be theirs. What comes before the first node is in no sum. */
    private void keepWaiting(Change change) {
        var leaf = lastTouched.get(1);
        if (leaf == null || !leaf.contains(change.key())) {
            pending.add(table, change.key(), change.delta());
        } else if (leaf.start() != null) {
            pending.add(table, leaf.start(), change.delta());
        }
    }

    /** Puts what is pending into the nodes. */
    void settle() throws SQLException {
        addDeltas(pending.take(table));
    }

    private List<Change> withPending(List<Change> changes) {
        var waiting = pending.take(table);
        if (waiting.isEmpty()) {
            return changes;
        }
        waiting.addAll(changes);
        waiting.sort((one, other) -> KeyOrder.compare(one.key(), other.key()));
        return waiting;
    }

    /** What lies in one node of a level lies in one of the next, so each level adds up what the one below has left. */
    private void addDeltas(List<Change> changes) throws SQLException {
        var rest = changes;
        for (var level = 1; level <= MAX_LEVEL; level++) {
            rest = addDeltas(level, rest);
        }
    }

    /** Adds to the nodes of a level; a change for each of them. */
    private List<Change> addDeltas(int level, List<Change> changes) throws SQLException {
        List<Node> grown = new ArrayList<>();
        List<Change> summed = new ArrayList<>();
        for (var i = 0; i < changes.size(); ) {
            var first = changes.get(i);
            var node = nodeAround(level, first.key());
            var delta = first.delta();
            for (i++; i < changes.size() && node.contains(changes.get(i).key()); i++) {
                delta += changes.get(i).delta();
            }
            if (delta != 0) {
                grown.add(node.plus(delta));
                summed.add(new Change(first.key(), delta, Presence.STAYED));
            }
        }
        write(level, grown);
        return summed;
    }

    /**
     * Makes the nodes of {@code level} that new keys begin; those of the level below are there already.
     *
     * @param newFrom from this key on all rows are known to be new
     * @return the same, if it is known by now
     */
    private @Nullable RowKey begin(int level, List<Change> changes, @Nullable RowKey newFrom) throws SQLException {
        var known = newFrom;
        for (var i = 0; i < changes.size(); ) {
            var first = changes.get(i);
            if (!begins(first, level)) {
                i++;
                continue;
            }
            var around = nodeAround(level, first.key());
            var end = around.next() == null ? changes.size() : i + 1;
            while (end < changes.size() && around.contains(changes.get(end).key())) {
                end++;
            }
            var inside = changes.subList(i, end);
            var isOfNewRows = isOfNewRows(around, inside, known);
            if (isOfNewRows && around.next() == null && known == null) {
                known = first.key();
            }
            split(level, around, inside, isOfNewRows);
            i = end;
        }
        return known;
    }

    private static boolean begins(Change change, int level) {
        return change.presence() == Presence.CAME && levelOf(change.key().hash()) >= level;
    }

    /** Whether all rows of a node are new from the first of {@code changes} on, and so among them. */
    private boolean isOfNewRows(Node around, List<Change> changes, @Nullable RowKey newFrom) throws SQLException {
        var first = changes.getFirst().key();
        if (newFrom != null && around.next() == null && KeyOrder.compare(first, newFrom) >= 0) {
            return true;
        }
        var newCount = 0;
        for (var change : changes) {
            newCount += change.presence() == Presence.CAME ? 1 : 0;
        }
        var range = new KeyRange(Optional.of(first), Optional.ofNullable(around.next()));
        return rows.count(table, range, newCount + 1) == newCount;
    }

    /** Splits a node where changes in it begin others: the first of them does. New rows need not be read. */
    private void split(int level, Node around, List<Change> changes, boolean isOfNewRows) throws SQLException {
        List<Node> begun = new ArrayList<>();
        var rest = around.sum();
        for (var i = 0; i < changes.size(); ) {
            var start = changes.get(i).key();
            var sum = 0L;
            do {
                sum += changes.get(i).presence() == Presence.CAME
                        ? changes.get(i).delta()
                        : 0;
                i++;
            } while (i < changes.size() && !begins(changes.get(i), level));
            var next = i < changes.size() ? changes.get(i).key() : around.next();
            if (!isOfNewRows) {
                sum = sumBelow(level - 1, new KeyRange(Optional.of(start), Optional.ofNullable(next)));
            }
            begun.add(new Node(start, next, sum));
            rest -= sum;
        }
        write(level, new Node(around.start(), begun.getFirst().start(), rest));
        write(level, begun);
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
            nodesByStart.get(level).remove(key);
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
        return rows.sumOfDigests(table, range);
    }

    private long sumOfNodes(int level, KeyRange range) throws SQLException {
        var query = statements.prepare(
                table.nodes(range.from().isPresent(), range.to().isPresent()));
        var sum = new long[] {pending.sum(table, range)};
        QueryParameters.ofRange(table)
                .add(level)
                .add(range)
                .forEachRow(query, row -> sum[0] += row.longAt(table.keyCount()));
        return sum[0];
    }

    /**
     * Parts of a range and what each sums up to.
     *
     * @param boundaries keys that begin the second and later parts
     * @param sums one more than boundaries
     */
    record Partition(List<RowKey> boundaries, List<Long> sums) {}

    /**
     * Splits a range into parts of about the same size, at most {@code limit}, or into its nodes of level 1 where those are
     * at most {@link #LEAVES_PER_PART} times as many; one part if there is nowhere to split.
     */
    Partition partition(KeyRange range, int limit) throws SQLException {
        for (var level = MAX_LEVEL; level > 0; level--) {
            var nodes = nodes(level, range);
            var inner =
                    !nodes.isEmpty() && startsRange(nodes.getFirst(), range) ? nodes.subList(1, nodes.size()) : nodes;
            if (inner.size() >= limit || (level == 1 && !inner.isEmpty())) {
                var boundaries = spread(inner, level == 1 ? limit * LEAVES_PER_PART : limit);
                return new Partition(boundaries, grouped(level, range, boundaries, nodes));
            }
        }
        return new Partition(List.of(), List.of(sum(range)));
    }

    private static boolean startsRange(Node node, KeyRange range) {
        return range.from().isPresent() && node.startsAt(range.from().get());
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
                return grouped(level, range, boundaries, nodes);
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

    /** Adds up nodes between boundaries, all of which begin one. */
    private List<Long> grouped(int level, KeyRange range, List<RowKey> boundaries, List<Node> nodes)
            throws SQLException {
        var sums = new long[boundaries.size() + 1];
        if (!startsRange(nodes.getFirst(), range)) {
            var head = new KeyRange(
                    range.from(), Optional.ofNullable(nodes.getFirst().start()));
            sums[0] = sumBelow(level - 1, head);
        }
        var part = 0;
        for (var i = 0; i < nodes.size(); i++) {
            var node = nodes.get(i);
            if (part < boundaries.size() && node.startsAt(boundaries.get(part))) {
                part++;
            }
            sums[part] += i == nodes.size() - 1 ? tail(level, node, range) : node.sum();
        }
        return LongStream.of(sums).boxed().toList();
    }

    /** The last node of a range may reach beyond its end. */
    private long tail(int level, Node node, KeyRange range) throws SQLException {
        return Optional.ofNullable(node.next()).equals(range.to())
                ? node.sum()
                : sumBelow(level - 1, new KeyRange(Optional.ofNullable(node.start()), range.to()));
    }

    /** The nodes of {@code level} that start in {@code range}, in order; what is pending is added. */
    private List<Node> nodes(int level, KeyRange range) throws SQLException {
        var query = statements.prepare(
                table.nodes(range.from().isPresent(), range.to().isPresent()));
        List<RowKey> starts = new ArrayList<>();
        List<Long> sums = new ArrayList<>();
        QueryParameters.ofRange(table).add(level).add(range).forEachRow(query, row -> {
            starts.add(ShadowRows.key(table, row));
            sums.add(row.longAt(table.keyCount()));
        });
        List<Node> nodes = new ArrayList<>(starts.size());
        for (var i = 0; i < starts.size(); i++) {
            var isLast = i == starts.size() - 1;
            var next = isLast ? nextStart(level, starts.get(i)) : Optional.of(starts.get(i + 1));
            nodes.add(withPending(new Node(starts.get(i), next.orElse(null), sums.get(i))));
        }
        return nodes;
    }

    private Node withPending(Node node) {
        return node.plus(
                pending.sum(table, new KeyRange(Optional.ofNullable(node.start()), Optional.ofNullable(node.next()))));
    }

    /** Starts of the nodes of {@code level} in {@code range}, in order, at most {@code limit}. */
    private List<RowKey> starts(int level, KeyRange range, int limit) throws SQLException {
        var query = statements.prepare(
                table.starts(range.from().isPresent(), range.to().isPresent()));
        List<RowKey> starts = new ArrayList<>();
        QueryParameters.ofRange(table)
                .add(level)
                .add(range)
                .add(limit)
                .forEachRow(query, row -> starts.add(ShadowRows.key(table, row)));
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

    /** What the index says of exactly this node of level 1, where nothing is pending. */
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
        pending.forget(table.number());
        statements.run("DELETE FROM " + table.sums());
        List<List<Node>> made = new ArrayList<>();
        for (var level = 0; level <= MAX_LEVEL; level++) {
            made.add(new ArrayList<>());
        }
        var starts = new @Nullable RowKey[MAX_LEVEL + 1];
        var sums = new long[MAX_LEVEL + 1];
        var total = 0L;
        var rest = KeyRange.ALL;
        while (true) {
            var page = rows.digests(table, rest, PAGE + 1);
            for (var row : page.subList(0, Math.min(PAGE, page.size()))) {
                for (var level = 1; level <= levelOf(row.key().hash()); level++) {
                    end(level, made.get(level), starts[level], row.key(), sums[level]);
                    starts[level] = row.key();
                    sums[level] = 0;
                }
                total += row.digest();
                for (var level = 1; level <= MAX_LEVEL; level++) {
                    sums[level] += row.digest();
                }
            }
            if (page.size() <= PAGE) {
                break;
            }
            rest = new KeyRange(Optional.of(page.getLast().key()), Optional.empty());
        }
        for (var level = 1; level <= MAX_LEVEL; level++) {
            end(level, made.get(level), starts[level], null, sums[level]);
            write(level, made.get(level));
        }
        forget();
        return total;
    }

    /** Notes a node that ends before {@code next}; many are written together. */
    private void end(int level, List<Node> made, @Nullable RowKey start, @Nullable RowKey next, long sum)
            throws SQLException {
        if (start == null) {
            return;
        }
        made.add(new Node(start, next, sum));
        if (made.size() >= PAGE) {
            write(level, made);
            made.clear();
        }
    }

    // ---- nodes ------------------------------------------------------------------------------------------------------

    /** The node of {@code level} that {@code key} is in, or what comes before the first. */
    private Node nodeAround(int level, RowKey key) throws SQLException {
        var cached = lastTouched.get(level);
        if (cached != null && cached.contains(key)) {
            return cached;
        }
        var before = nodesByStart.get(level).floorEntry(key);
        if (before != null && before.getValue().contains(key)) {
            return before.getValue();
        }
        var query = statements.prepare(table.nodeAround());
        List<RowKey> starts = new ArrayList<>(2);
        var sum = new long[1];
        QueryParameters.ofRange(table).add(level).add(key).forEachRow(query, row -> {
            if (starts.isEmpty()) {
                sum[0] = row.longAt(table.keyCount());
            }
            starts.add(ShadowRows.key(table, row));
        });
        var node = switch (starts.size()) {
            case 0 -> new Node(null, nextStart(level, key).orElse(null), 0);
            case 1 -> new Node(starts.getFirst(), null, sum[0]);
            default -> new Node(starts.getFirst(), starts.getLast(), sum[0]);
        };
        lastTouched.set(level, node);
        remember(level, node);
        return node;
    }

    private void remember(int level, Node node) {
        if (level >= FIRST_KNOWN_LEVEL && node.start() != null) {
            var ofLevel = nodesByStart.get(level);
            if (ofLevel.size() >= MAX_KNOWN_PER_LEVEL) {
                ofLevel.clear();
            }
            ofLevel.put(node.start(), node);
        }
    }

    private Optional<RowKey> nextStart(int level, RowKey key) throws SQLException {
        return start(table.nextStart(), level, key);
    }

    private Optional<RowKey> lastStart(int level, RowKey upTo) throws SQLException {
        return start(table.lastStart(), level, upTo);
    }

    private Optional<RowKey> firstStart(int level, KeyRange range) throws SQLException {
        var starts = starts(level, range, 1);
        return starts.isEmpty() ? Optional.empty() : Optional.of(starts.getFirst());
    }

    private Optional<RowKey> start(String sql, int level, RowKey key) throws SQLException {
        List<RowKey> found = new ArrayList<>(1);
        QueryParameters.ofRange(table)
                .add(level)
                .add(key)
                .forEachRow(statements.prepare(sql), row -> found.add(ShadowRows.key(table, row)));
        return found.isEmpty() ? Optional.empty() : Optional.of(found.getFirst());
    }

    private String equalsKey() {
        return table.keyTuple("") + " = " + table.keyParameters();
    }

    private void write(int level, Node node) throws SQLException {
        write(level, List.of(node));
    }

    /** Writes nodes, new ones or others. What comes before the first node of a level is not one, and has no sum. */
    private void write(int level, List<Node> nodes) throws SQLException {
        var done = 0;
        for (var size : ShadowRows.batches(nodes.size())) {
            while (nodes.size() - done >= size) {
                write(level, nodes, done, size);
                done += size;
            }
        }
        if (!nodes.isEmpty()) {
            lastTouched.set(level, nodes.getLast());
            nodes.forEach(node -> remember(level, node));
        }
    }

    private void write(int level, List<Node> nodes, int from, int count) throws SQLException {
        var first = nodes.get(from).start();
        if (first == null) {
            if (count > 1) {
                write(level, nodes, from + 1, count - 1);
            }
            return;
        }
        var put = statements.prepare(table.putSums(count));
        put.setInt(FIRST, level);
        var parameter = FIRST + 1;
        for (var node : nodes.subList(from, from + count)) {
            put.setLong(parameter, node.sum());
            parameter = ShadowRows.bindKey(put, parameter + 1, Objects.requireNonNull(node.start()));
        }
        put.executeUpdate();
    }
}
