package io.merklite.sync.store;

import io.merklite.session.changeset.ChangesetValue;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.IntStream;

/**
 * Re-reads rows against the merkle index, to find what bypassed it: a bit that flipped, a file edited by hand.
 *
 * <p>The index is what the rows were when they were last written properly. A part that differs is given as {@link
 * Damage}, to be mended with the rows of a peer ({@link ReplicaStore#restore}), or accepted as a local write ({@link
 * ReplicaStore#accept}).
 *
 * <p><b>Threading.</b> As its store. <b>Cost.</b> Reads every row, and blocks the store meanwhile.
 */
public final class Scrub {
    private final ReplicaStore store;
    private final TableRegistry registry;
    private final ShadowRows shadow;

    /** The clock of a birth that there never was. */
    private static final ChangesetValue BEFORE_ALL = new ChangesetValue.Integer(Long.MIN_VALUE);

    /** A range of a table, and whether rows are there that have no state. */
    private record Part(TrackedTable table, KeyRange range, boolean hasStrangers) {}

    /**
     * A range whose rows are not what the index says.
     *
     * @param table name of the table
     * @param range the keys
     * @param indexed the sum of digests that the index has
     * @param actual the sum of digests of what is there
     */
    public record Damage(String table, KeyRange range, long indexed, long actual) {}

    Scrub(ReplicaStore store, TableRegistry registry, ShadowRows shadow) {
        this.store = store;
        this.registry = registry;
        this.shadow = shadow;
    }

    /** Reads everything that is left; a transaction of the store must not be open. */
    public List<Damage> run() {
        store.settleSums();
        return store.inTransaction("scrubbing", () -> {
            List<Damage> found = new ArrayList<>();
            var heads = store.root();
            List<Part> unnamed = new ArrayList<>();
            for (var table : registry.tables().values()) {
                var strangers = strangers(table);
                var leaves = registry.sums(table).leaves();
                for (var leaf : leaves) {
                    var indexed = registry.sums(table).storedSum(leaf.from().orElseThrow());
                    heads -= indexed;
                    check(table, leaf, indexed, strangers).ifPresent(found::add);
                }
                var head = leaves.isEmpty()
                        ? KeyRange.ALL
                        : new KeyRange(Optional.empty(), leaves.getFirst().from());
                unnamed.add(new Part(table, head, hasAny(strangers, head)));
            }
            found.addAll(checkHeads(unnamed, heads));
            return found;
        });
    }

    private Optional<Damage> check(TrackedTable table, KeyRange range, long indexed, NavigableSet<RowKey> strangers)
            throws SQLException {
        var actual = registry.sums(table).actualSum(range);
        return actual == indexed && !hasAny(strangers, range)
                ? Optional.empty()
                : Optional.of(new Damage(table.name(), range, indexed, actual));
    }

    /** What comes before the first leaf of each table has no sum of its own; together they make up the rest of the root. */
    private List<Damage> checkHeads(List<Part> heads, long indexed) throws SQLException {
        var actual = 0L;
        for (var head : heads) {
            actual += registry.sums(head.table()).actualSum(head.range());
        }
        if (actual == indexed && heads.stream().noneMatch(Part::hasStrangers)) {
            return List.of();
        }
        List<Damage> found = new ArrayList<>();
        for (var head : heads) {
            found.add(new Damage(head.table().name(), head.range(), indexed, actual));
        }
        return found;
    }

    /**
     * Keys of rows of the user's table that have no state, found in one pass. Those of a table identified by births have no
     * key yet, so one that comes before all others stands for them: they count as damage of the head.
     */
    private NavigableSet<RowKey> strangers(TrackedTable table) throws SQLException {
        NavigableSet<RowKey> keys = new TreeSet<>(KeyOrder::compare);
        for (var row : shadow.strangers(table, KeyRange.ALL, Integer.MAX_VALUE)) {
            keys.add(
                    table.identity() == TrackedTable.Identity.BIRTH
                            ? RowKey.of(table.seed(), Collections.nCopies(table.keyCount(), BEFORE_ALL))
                            : RowKey.of(
                                    table.seed(),
                                    IntStream.of(table.changesetKeys())
                                            .mapToObj(row::get)
                                            .toList()));
        }
        return keys;
    }

    private static boolean hasAny(NavigableSet<RowKey> keys, KeyRange range) {
        var first = range.from().isPresent() ? keys.ceiling(range.from().get()) : keys.isEmpty() ? null : keys.first();
        return first != null
                && (range.to().isEmpty() || KeyOrder.compare(first, range.to().get()) < 0);
    }
}
