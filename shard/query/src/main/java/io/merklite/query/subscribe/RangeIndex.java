package io.merklite.query.subscribe;

import io.merklite.query.subscribe.Condition.Range;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Finds the watches whose range holds a value, in O(log n + found).
 *
 * <p>An interval tree laid out in an array: ranges sorted by their low end, the middle of each part being its root, with
 * the highest end of each part beside it. New ranges wait in a list beside the tree, and ended ones stay in it. It is built
 * anew, in O(n log n), when a value is looked for and more than a few wait, or half of it has ended: once for any number
 * of subscriptions made in a row.
 */
final class RangeIndex {
    private static final int FEW = 16;

    /** An end that is open: below every key as a low end, above every key as a high one. */
    private static final SqlValue OPEN = SqlValue.NULL;

    private List<Entry> tree = List.of();

    /** By the middle of a part of the tree, its highest end. */
    private SqlValue[] highest = new SqlValue[0];

    private final List<Entry> waiting = new ArrayList<>();
    private int gone;

    /** A range. Ends count as part of it. */
    private record Entry(SqlValue low, SqlValue high, Watch watch) {
        boolean holds(SqlValue key) {
            return !isAbove(low, key) && !isBelow(high, key);
        }
    }

    void add(Range range, Watch watch) {
        waiting.add(new Entry(
                range.low().map(Condition.Bound::key).orElse(OPEN),
                range.high().map(Condition.Bound::key).orElse(OPEN),
                watch));
    }

    /** Notes that one of the watches has ended. */
    void noteEnd() {
        gone++;
    }

    /** Hands the watches whose range holds {@code key}, which is not NULL, to {@code found}. */
    void find(SqlValue key, Consumer<Watch> found) {
        if (waiting.size() > FEW || gone > FEW + tree.size() / 2) {
            rebuild();
        }
        find(0, tree.size(), key, found);
        for (var entry : waiting) {
            if (entry.holds(key)) {
                found.accept(entry.watch());
            }
        }
    }

    private void find(int from, int to, SqlValue key, Consumer<Watch> found) {
        var end = to;
        while (from < end) {
            var middle = (from + end) >>> 1;
            if (isBelow(highest[middle], key)) {
                return;
            }
            var entry = tree.get(middle);
            if (!isAbove(entry.low(), key)) {
                if (entry.holds(key)) {
                    found.accept(entry.watch());
                }
                find(middle + 1, end, key, found);
            }
            end = middle;
        }
    }

    private static boolean isOpen(SqlValue end) {
        return end instanceof SqlValue.Null;
    }

    private static boolean isAbove(SqlValue low, SqlValue key) {
        return ValueOrder.compareKeys(low, key) > 0;
    }

    private static boolean isBelow(SqlValue high, SqlValue key) {
        return !isOpen(high) && ValueOrder.compareKeys(high, key) < 0;
    }

    private void rebuild() {
        List<Entry> entries = new ArrayList<>(tree);
        entries.addAll(waiting);
        entries.removeIf(entry -> entry.watch().isGone());
        entries.sort((left, right) -> ValueOrder.compareKeys(left.low(), right.low()));
        waiting.clear();
        gone = 0;
        tree = entries;
        highest = new SqlValue[entries.size()];
        if (!entries.isEmpty()) {
            raise(0, entries.size());
        }
    }

    /** Sets the highest end of a part, and gives it. */
    private SqlValue raise(int from, int to) {
        var middle = (from + to) >>> 1;
        var high = tree.get(middle).high();
        if (from < middle) {
            high = higher(high, raise(from, middle));
        }
        if (middle + 1 < to) {
            high = higher(high, raise(middle + 1, to));
        }
        highest[middle] = high;
        return high;
    }

    private static SqlValue higher(SqlValue left, SqlValue right) {
        return isOpen(left) || (!isOpen(right) && ValueOrder.compareKeys(left, right) >= 0) ? left : right;
    }
}
