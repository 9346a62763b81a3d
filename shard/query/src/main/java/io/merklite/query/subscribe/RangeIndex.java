package io.merklite.query.subscribe;

import io.merklite.query.subscribe.Condition.Range;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Finds the watches whose range holds a value, in O(log n + found).
 *
 * <p>An interval tree laid out in an array: ranges sorted by their low end, the middle of each part being its root, with
 * the highest end of each part beside it. New ranges wait in a short list beside the tree, and ended ones stay in it, until
 * they are an eighth, or half, of it; then it is built anew, so a change costs O(log n) on average.
 */
final class RangeIndex {
    private static final int FEW = 16;

    private List<Entry> tree = List.of();
    private List<Optional<SqlValue>> highest = List.of();
    private final List<Entry> waiting = new ArrayList<>();
    private int gone;

    /** A range; an end that is missing is open. Ends count as part of it. */
    private record Entry(Optional<SqlValue> low, Optional<SqlValue> high, Watch watch) {}

    void add(Range range, Watch watch) {
        waiting.add(
                new Entry(range.low().map(Condition.Bound::key), range.high().map(Condition.Bound::key), watch));
        if (waiting.size() > FEW + tree.size() / 8) {
            rebuild();
        }
    }

    /** Notes that one of the watches has ended. */
    void noteEnd() {
        gone++;
        if (gone > FEW + (tree.size() + waiting.size()) / 2) {
            rebuild();
        }
    }

    /** Hands the watches whose range holds {@code key}, which is not NULL, to {@code found}. */
    void find(SqlValue key, Consumer<Watch> found) {
        find(0, tree.size(), key, found);
        for (var entry : waiting) {
            offer(entry, key, found);
        }
    }

    private void find(int from, int to, SqlValue key, Consumer<Watch> found) {
        if (from >= to) {
            return;
        }
        var middle = (from + to) >>> 1;
        if (isBelow(highest.get(middle), key)) {
            return;
        }
        find(from, middle, key, found);
        var entry = tree.get(middle);
        offer(entry, key, found);
        if (!isAbove(entry.low(), key)) {
            find(middle + 1, to, key, found);
        }
    }

    private static void offer(Entry entry, SqlValue key, Consumer<Watch> found) {
        if (!isAbove(entry.low(), key) && !isBelow(entry.high(), key)) {
            found.accept(entry.watch());
        }
    }

    private static boolean isAbove(Optional<SqlValue> low, SqlValue key) {
        return low.isPresent() && ValueOrder.compareKeys(low.get(), key) > 0;
    }

    private static boolean isBelow(Optional<SqlValue> high, SqlValue key) {
        return high.isPresent() && ValueOrder.compareKeys(high.get(), key) < 0;
    }

    private void rebuild() {
        List<Entry> entries = new ArrayList<>(tree);
        entries.addAll(waiting);
        entries.removeIf(entry -> entry.watch().isGone());
        entries.sort(Comparator.comparing(
                Entry::low,
                (left, right) -> left.isEmpty() || right.isEmpty()
                        ? Boolean.compare(left.isPresent(), right.isPresent())
                        : ValueOrder.compareKeys(left.get(), right.get())));
        waiting.clear();
        gone = 0;
        tree = entries;
        highest = new ArrayList<>(entries.stream().map(Entry::high).toList());
        if (!entries.isEmpty()) {
            raise(0, entries.size());
        }
    }

    /** Sets the highest end of a part, and gives it; an open end is the highest. */
    private Optional<SqlValue> raise(int from, int to) {
        var middle = (from + to) >>> 1;
        var high = highest.get(middle);
        if (from < middle) {
            high = higher(high, raise(from, middle));
        }
        if (middle + 1 < to) {
            high = higher(high, raise(middle + 1, to));
        }
        highest.set(middle, high);
        return high;
    }

    private static Optional<SqlValue> higher(Optional<SqlValue> left, Optional<SqlValue> right) {
        if (left.isEmpty() || right.isEmpty()) {
            return Optional.empty();
        }
        return ValueOrder.compareKeys(left.get(), right.get()) >= 0 ? left : right;
    }
}
