package io.merklite.query.subscribe;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * What to do to one result to get another: rows removed, added and changed, each with its position.
 *
 * <p>Positions count from 0; old ones in the old result, new ones in the new result. Take the removed and the changed rows
 * out of the old result, then put the added and the changed ones in at their new positions from the lowest up: that is the
 * new result, row for row and in order ({@link #applyTo}). It holds for any query, also one with equal rows, since it is
 * computed from the two results alone.
 *
 * <p>A <em>changed</em> row is an old and a new row that are the same thing: by the columns of a primary key where the
 * result shows any; else by standing in the same place between rows that stay. A row that only moved is changed to itself.
 *
 * @param removed by old position
 * @param added by new position
 * @param changed by new position
 */
public record ResultDifference(List<Removed> removed, List<Added> added, List<Changed> changed) {
    public ResultDifference {
        removed = List.copyOf(removed);
        added = List.copyOf(added);
        changed = List.copyOf(changed);
    }

    /** A row that is gone. */
    public record Removed(int position, List<SqlValue> row) {}

    /** A row that is new. */
    public record Added(int position, List<SqlValue> row) {}

    /** A row that has other values, or another place. */
    public record Changed(int oldPosition, int newPosition, List<SqlValue> oldRow, List<SqlValue> newRow) {}

    /** Whether there is no difference. */
    public boolean isEmpty() {
        return removed.isEmpty() && added.isEmpty() && changed.isEmpty();
    }

    /** The rows of the new result, from those of the old. */
    public List<List<SqlValue>> applyTo(List<List<SqlValue>> oldRows) {
        List<Optional<List<SqlValue>>> left = new ArrayList<>();
        oldRows.forEach(row -> left.add(Optional.of(row)));
        removed.forEach(row -> left.set(row.position(), Optional.empty()));
        changed.forEach(row -> left.set(row.oldPosition(), Optional.empty()));
        List<Added> in = new ArrayList<>(added);
        changed.forEach(row -> in.add(new Added(row.newPosition(), row.newRow())));
        in.sort(Comparator.comparingInt(Added::position));
        var kept = left.stream().flatMap(Optional::stream).iterator();
        List<List<SqlValue>> rows = new ArrayList<>();
        for (var row : in) {
            while (rows.size() < row.position()) {
                rows.add(kept.next());
            }
            rows.add(row.row());
        }
        kept.forEachRemaining(rows::add);
        return rows;
    }

    /**
     * How {@code now} differs from {@code before}.
     *
     * @param identity columns that tell rows apart; may be empty
     */
    static ResultDifference between(QueryResult before, QueryResult now, List<Integer> identity) {
        if (!before.columns().equals(now.columns())) {
            return new Search(before.rows(), now.rows(), List.of()).replaceAll();
        }
        return new Search(before.rows(), now.rows(), identity).run();
    }

    /**
     * Equal rows are paired, the first with the first and so on; of the pairs a longest run that keeps its order stays
     * (longest increasing subsequence), the others have moved. What has no partner is removed or added, or paired as
     * changed.
     */
    private static final class Search {
        private static final int NONE = -1;

        private final List<List<SqlValue>> oldRows;
        private final List<List<SqlValue>> newRows;
        private final List<Integer> identity;

        /** Old position of the equal row, by new position. */
        private final int[] partner;

        private final boolean[] isKept;
        private final List<Integer> oldAlone = new ArrayList<>();
        private final List<Integer> newAlone = new ArrayList<>();
        private final List<Changed> changed = new ArrayList<>();

        Search(List<List<SqlValue>> oldRows, List<List<SqlValue>> newRows, List<Integer> identity) {
            this.oldRows = oldRows;
            this.newRows = newRows;
            this.identity = identity;
            this.partner = new int[newRows.size()];
            this.isKept = new boolean[newRows.size()];
        }

        ResultDifference replaceAll() {
            for (var i = 0; i < oldRows.size(); i++) {
                oldAlone.add(i);
            }
            for (var i = 0; i < newRows.size(); i++) {
                newAlone.add(i);
            }
            return difference();
        }

        ResultDifference run() {
            var start = commonStart();
            var end = commonEnd(start);
            pairEqualRows(start, end);
            keepLongestRun(start, newRows.size() - end);
            for (var i = start; i < newRows.size() - end; i++) {
                if (partner[i] != NONE && !isKept[i]) {
                    changed.add(new Changed(partner[i], i, oldRows.get(partner[i]), newRows.get(i)));
                }
            }
            if (identity.isEmpty()) {
                pairByPlace();
            } else {
                pairAlone(old -> valuesOf(oldRows.get(old)), now -> valuesOf(newRows.get(now)));
            }
            return difference();
        }

        private int commonStart() {
            var start = 0;
            while (start < Math.min(oldRows.size(), newRows.size())
                    && oldRows.get(start).equals(newRows.get(start))) {
                partner[start] = start;
                isKept[start] = true;
                start++;
            }
            return start;
        }

        private int commonEnd(int start) {
            var end = 0;
            while (end < Math.min(oldRows.size(), newRows.size()) - start
                    && oldRows.get(oldRows.size() - 1 - end).equals(newRows.get(newRows.size() - 1 - end))) {
                partner[newRows.size() - 1 - end] = oldRows.size() - 1 - end;
                isKept[newRows.size() - 1 - end] = true;
                end++;
            }
            return end;
        }

        private void pairEqualRows(int start, int end) {
            Map<List<SqlValue>, Deque<Integer>> waiting = new HashMap<>();
            for (var i = start; i < oldRows.size() - end; i++) {
                waiting.computeIfAbsent(oldRows.get(i), row -> new ArrayDeque<>())
                        .add(i);
            }
            for (var i = start; i < newRows.size() - end; i++) {
                var old = Optional.ofNullable(waiting.get(newRows.get(i))).map(Deque::poll);
                partner[i] = old.orElse(NONE);
                if (old.isEmpty()) {
                    newAlone.add(i);
                }
            }
            waiting.values().stream().flatMap(Collection::stream).sorted().forEach(oldAlone::add);
        }

        /** Patience sorting: for each length the run that ends lowest, and for each row the one before it. */
        private void keepLongestRun(int from, int to) {
            var ends = new int[to - from];
            var before = new int[to - from];
            var length = 0;
            for (var i = from; i < to; i++) {
                if (partner[i] == NONE) {
                    continue;
                }
                var low = 0;
                var high = length;
                while (low < high) {
                    var middle = (low + high) >>> 1;
                    if (partner[ends[middle]] < partner[i]) {
                        low = middle + 1;
                    } else {
                        high = middle;
                    }
                }
                before[i - from] = low == 0 ? NONE : ends[low - 1];
                ends[low] = i;
                length = Math.max(length, low + 1);
            }
            for (var i = length == 0 ? NONE : ends[length - 1]; i != NONE; i = before[i - from]) {
                isKept[i] = true;
            }
        }

        private List<SqlValue> valuesOf(List<SqlValue> row) {
            return identity.stream().map(row::get).toList();
        }

        /** The place of a row is the number of kept rows before it. */
        private void pairByPlace() {
            var oldPlaces = new int[oldRows.size() + 1];
            var newPlaces = new int[newRows.size() + 1];
            for (var i = 0; i < newRows.size(); i++) {
                newPlaces[i + 1] = newPlaces[i] + (isKept[i] ? 1 : 0);
                if (isKept[i]) {
                    oldPlaces[partner[i] + 1] = 1;
                }
            }
            for (var i = 0; i < oldRows.size(); i++) {
                oldPlaces[i + 1] += oldPlaces[i];
            }
            pairAlone(old -> oldPlaces[old], now -> newPlaces[now]);
        }

        private <K> void pairAlone(Function<Integer, K> oldKey, Function<Integer, K> newKey) {
            Map<K, Deque<Integer>> waiting = new HashMap<>();
            oldAlone.forEach(old -> waiting.computeIfAbsent(oldKey.apply(old), key -> new ArrayDeque<>())
                    .add(old));
            newAlone.removeIf(now -> {
                var old = Optional.ofNullable(waiting.get(newKey.apply(now))).map(Deque::poll);
                old.ifPresent(known -> changed.add(new Changed(known, now, oldRows.get(known), newRows.get(now))));
                return old.isPresent();
            });
            oldAlone.clear();
            waiting.values().stream().flatMap(Collection::stream).sorted().forEach(oldAlone::add);
        }

        private ResultDifference difference() {
            changed.sort(Comparator.comparingInt(Changed::newPosition));
            return new ResultDifference(
                    oldAlone.stream()
                            .map(old -> new Removed(old, oldRows.get(old)))
                            .toList(),
                    newAlone.stream()
                            .map(now -> new Added(now, newRows.get(now)))
                            .toList(),
                    changed);
        }
    }
}
