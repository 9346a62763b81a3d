package io.merklite.sync.store;

import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

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

    /** A range of a table. */
    private record Part(TrackedTable table, KeyRange range) {}

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
        return store.inTransaction("scrubbing", () -> {
            List<Damage> found = new ArrayList<>();
            var heads = store.root();
            List<Part> unnamed = new ArrayList<>();
            for (var table : registry.tables().values()) {
                var leaves = registry.sums(table).leaves();
                for (var leaf : leaves) {
                    var indexed = registry.sums(table).storedSum(leaf.from().orElseThrow());
                    heads -= indexed;
                    check(table, leaf, indexed).ifPresent(found::add);
                }
                unnamed.add(new Part(
                        table,
                        leaves.isEmpty()
                                ? KeyRange.ALL
                                : new KeyRange(
                                        Optional.empty(), leaves.getFirst().from())));
            }
            found.addAll(checkHeads(unnamed, heads));
            return found;
        });
    }

    private Optional<Damage> check(TrackedTable table, KeyRange range, long indexed) throws SQLException {
        var actual = registry.sums(table).actualSum(range);
        return actual == indexed && strangers(table, range) == 0
                ? Optional.empty()
                : Optional.of(new Damage(table.name(), range, indexed, actual));
    }

    /** What comes before the first leaf of each table has no sum of its own; together they make up the rest of the root. */
    private List<Damage> checkHeads(List<Part> heads, long indexed) throws SQLException {
        var actual = 0L;
        var strangers = 0L;
        for (var head : heads) {
            actual += registry.sums(head.table()).actualSum(head.range());
            strangers += strangers(head.table(), head.range());
        }
        if (actual == indexed && strangers == 0) {
            return List.of();
        }
        List<Damage> found = new ArrayList<>();
        for (var head : heads) {
            found.add(new Damage(head.table().name(), head.range(), indexed, actual));
        }
        return found;
    }

    /** Rows of the user's table that have no state at all. */
    private long strangers(TrackedTable table, KeyRange range) throws SQLException {
        return shadow.strangers(table, range, 1).size();
    }
}
