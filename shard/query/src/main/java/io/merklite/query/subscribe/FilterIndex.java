package io.merklite.query.subscribe;

import io.merklite.query.subscribe.Condition.NoneOf;
import io.merklite.query.subscribe.Condition.OneOf;
import io.merklite.query.subscribe.Condition.Range;
import io.merklite.query.subscribe.Scan.Term;
import java.util.BitSet;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.IntFunction;

/**
 * The watches of one table that have terms, found by the values of a row.
 *
 * <p>Each watch is filed under one of its terms: a list of values under each of them in a hash table, else a range in a
 * {@link RangeIndex}. What is found is a superset: its other terms are still to be tested. A watch that has neither ({@code
 * IS NOT 1}) is tested for each row.
 *
 * <p><b>Cost.</b> For a row one look-up per column that anything is filed under, and what is found.
 */
final class FilterIndex {
    /** Breadths of terms that are no lists. */
    private static final long CLOSED_RANGE = Integer.MAX_VALUE;

    private static final long OPEN_RANGE = CLOSED_RANGE + 1;
    private static final long ANYTHING = OPEN_RANGE + 1;

    private final Map<Integer, OnColumn> columns = new HashMap<>();
    private final Bucket all = new Bucket();
    private final Bucket unfiled = new Bucket();
    private final Map<Integer, Integer> termCounts = new HashMap<>();
    private final BitSet termColumns = new BitSet();
    private final Map<Integer, Integer> readerCounts = new HashMap<>();
    private final BitSet readers = new BitSet();
    private int readersOfAll;

    /** What is filed under one column. */
    private static final class OnColumn {
        private final Collation collation;
        private final Map<SqlValue, Bucket> byKey = new HashMap<>();
        private final RangeIndex ranges = new RangeIndex();
        private final Bucket whereNull = new Bucket();

        OnColumn(Collation collation) {
            this.collation = collation;
        }
    }

    void add(Watch watch) {
        all.add(watch);
        termColumns(watch).stream().forEach(column -> count(termCounts, termColumns, column, 1));
        watch.columns().stream().forEach(column -> count(readerCounts, readers, column, 1));
        readersOfAll += watch.readsAll() ? 1 : 0;
        var term = filedUnder(watch);
        if (term.isEmpty()) {
            unfiled.add(watch);
            return;
        }
        var condition = term.get().condition();
        var column = columns.computeIfAbsent(term.get().column(), any -> new OnColumn(condition.collation()));
        switch (condition) {
            case OneOf list -> {
                list.keys()
                        .forEach(key -> column.byKey
                                .computeIfAbsent(key, any -> new Bucket())
                                .add(watch));
                if (list.holdsForNull()) {
                    column.whereNull.add(watch);
                }
            }
            case Range range -> column.ranges.add(range, watch);
            case NoneOf others ->
                column.ranges.add(new Range(others.collation(), Optional.empty(), Optional.empty()), watch);
        }
    }

    void remove(Watch watch) {
        all.remove(watch);
        termColumns(watch).stream().forEach(column -> count(termCounts, termColumns, column, -1));
        watch.columns().stream().forEach(column -> count(readerCounts, readers, column, -1));
        readersOfAll -= watch.readsAll() ? 1 : 0;
        var term = filedUnder(watch);
        if (term.isEmpty()) {
            unfiled.remove(watch);
            return;
        }
        var column = columns.get(term.get().column());
        if (column == null) {
            throw new IllegalStateException(
                    "nothing is filed under column " + term.get().column());
        }
        if (term.get().condition() instanceof OneOf list) {
            list.keys()
                    .forEach(key -> column.byKey.computeIfPresent(key, (any, bucket) -> {
                        bucket.remove(watch);
                        return bucket.isEmpty() ? null : bucket;
                    }));
            column.whereNull.remove(watch);
        } else {
            column.ranges.noteEnd();
        }
    }

    private static void count(Map<Integer, Integer> counts, BitSet used, int column, int more) {
        used.set(column, counts.merge(column, more, Integer::sum) > 0);
    }

    private static BitSet termColumns(Watch watch) {
        var columns = new BitSet();
        watch.scan().terms().forEach(term -> columns.set(term.column()));
        return columns;
    }

    /** The shortest list, else a range with two ends, else one with one, else everything but NULL. */
    private static Optional<Term> filedUnder(Watch watch) {
        return watch.scan().terms().stream()
                .filter(term -> !(term.condition() instanceof NoneOf)
                        || !term.condition().holdsForNull())
                .min(Comparator.comparingLong(FilterIndex::breadth));
    }

    private static long breadth(Term term) {
        return switch (term.condition()) {
            case OneOf list -> list.keys().size();
            case Range range -> range.low().isPresent() && range.high().isPresent() ? CLOSED_RANGE : OPEN_RANGE;
            case NoneOf others -> ANYTHING;
        };
    }

    /** Whether an update of these columns touches what any of them reads. */
    boolean isTouchedBy(BitSet touched) {
        return readers.intersects(touched) || (readersOfAll > 0 && !touched.isEmpty());
    }

    boolean isEmpty() {
        return all.isEmpty();
    }

    /** All watches. */
    Bucket all() {
        return all;
    }

    /** The columns whose values a row is found by or tested with. */
    BitSet columns() {
        return termColumns;
    }

    /** Hands all watches that a row with these values may meet to {@code examination}, and others perhaps. */
    void find(IntFunction<SqlValue> row, long batch, Consumer<Watch> examination) {
        unfiled.examine(batch, examination);
        Consumer<Watch> unlessSettled = watch -> {
            if (!watch.isSettled()) {
                examination.accept(watch);
            }
        };
        for (var entry : columns.entrySet()) {
            var column = entry.getValue();
            var value = row.apply(entry.getKey());
            if (value instanceof SqlValue.Null) {
                column.whereNull.examine(batch, examination);
                continue;
            }
            var key = ValueOrder.key(value, column.collation);
            var bucket = column.byKey.get(key);
            if (bucket != null) {
                bucket.examine(batch, examination);
            }
            column.ranges.find(key, unlessSettled);
        }
    }

    /** Whether a text in a row is one that can't be compared here, so that looking it up proves nothing. */
    boolean isInexact(IntFunction<SqlValue> row) {
        for (var entry : columns.entrySet()) {
            if (row.apply(entry.getKey()) instanceof SqlValue.Text(String text)
                    && !entry.getValue().collation.isExact(text)) {
                return true;
            }
        }
        return false;
    }
}
