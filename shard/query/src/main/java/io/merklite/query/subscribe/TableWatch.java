package io.merklite.query.subscribe;

import io.merklite.query.subscribe.RowChange.Operation;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.IntFunction;

/**
 * The watches of one table, and which of them a change concerns.
 *
 * <p><b>Invariant.</b> If the rows that a watch's scan would meet before and after a batch of changes differ in a column
 * that its query reads, its subscription is marked by one of the changes. Whatever is not known (a value that is missing,
 * a row that is gone, a text that can't be compared here) marks it too.
 */
final class TableWatch {
    private final Optional<WatchedTable> layout;
    private final List<Integer> keyColumns;
    private final Consumer<Subscription> mark;

    /** Watches without terms: all, by the columns they read, and those that read all columns. */
    private final Bucket unfiltered = new Bucket();

    private final Map<Integer, Bucket> unfilteredByColumn = new HashMap<>();
    private final Bucket unfilteredOnAll = new Bucket();
    private final FilterIndex filtered = new FilterIndex();
    private int size;

    /** Rows of the change at hand; filled in only at the columns that watches are found by or tested with. */
    private final SqlValue[] oldRow;

    private final SqlValue[] newRow;

    /** What a look-up found. */
    private final SqlValue[] found;

    private final BitSet touched = new BitSet();

    /**
     * @param layout the table in {@code main}, if it is one
     * @param mark told of each subscription whose result may differ
     */
    TableWatch(Optional<WatchedTable> layout, Consumer<Subscription> mark) {
        this.layout = layout;
        this.keyColumns = layout.map(WatchedTable::keyColumns).orElse(List.of());
        this.mark = mark;
        var width = layout.map(table -> table.columns().size()).orElse(0);
        this.oldRow = new SqlValue[width];
        this.newRow = new SqlValue[width];
        this.found = new SqlValue[width];
    }

    void add(Watch watch) {
        size++;
        if (watch.scan().terms().isEmpty()) {
            unfiltered.add(watch);
            if (watch.readsAll()) {
                unfilteredOnAll.add(watch);
            }
            watch.columns().stream()
                    .forEach(column -> unfilteredByColumn
                            .computeIfAbsent(column, any -> new Bucket())
                            .add(watch));
        } else {
            filtered.add(watch);
        }
    }

    void remove(Watch watch) {
        size--;
        watch.end();
        if (watch.scan().terms().isEmpty()) {
            unfiltered.remove(watch);
            unfilteredOnAll.remove(watch);
            unfilteredByColumn.values().forEach(bucket -> bucket.remove(watch));
        } else {
            filtered.remove(watch);
        }
    }

    boolean isEmpty() {
        return size == 0;
    }

    /** Marks all. */
    void matchAny(long batch) {
        unfiltered.examine(batch, this::mark);
        filtered.all().examine(batch, this::mark);
    }

    /** Marks those that {@code change} may concern. */
    void match(RowChange change, ChangeBatch batch) throws SQLException {
        if (layout.isEmpty() || layout.get().columns().size() != change.columnCount()) {
            matchAny(batch.number());
            return;
        }
        var table = layout.get();
        if (batch.hasLookedUp(table) && batch.hasLookedUp(table, key(change))) {
            matchAny(batch.number());
            return;
        }
        if (change.operation() == Operation.UPDATE) {
            matchUpdate(table, change, batch);
        } else {
            unfiltered.examine(batch.number(), this::mark);
            matchRow(change, batch.number());
        }
    }

    /** A row that is inserted or deleted as a whole. */
    private void matchRow(RowChange change, long batch) {
        if (filtered.isEmpty()) {
            return;
        }
        var isNew = change.operation() == Operation.INSERT;
        var row = isNew ? newRow : oldRow;
        for (var column = nextFiltered(0); column >= 0; column = nextFiltered(column + 1)) {
            if (!(isNew ? change.hasNewValue(column) : change.hasOldValue(column))) {
                filtered.all().examine(batch, this::mark);
                return;
            }
            row[column] = isNew ? change.newValue(column) : change.oldValue(column);
        }
        IntFunction<SqlValue> values = column -> row[column];
        if (filtered.isInexact(values)) {
            filtered.all().examine(batch, this::mark);
            return;
        }
        filtered.find(values, batch, watch -> {
            if (watch.mayMatter(values)) {
                mark(watch);
            }
        });
    }

    private int nextFiltered(int from) {
        return filtered.columns().nextSetBit(from);
    }

    private void matchUpdate(WatchedTable table, RowChange change, ChangeBatch batch) throws SQLException {
        findTouched(change);
        if (touched.isEmpty()) {
            return;
        }
        unfilteredOnAll.examine(batch.number(), this::mark);
        for (var column = touched.nextSetBit(0); column >= 0; column = touched.nextSetBit(column + 1)) {
            var readers = unfilteredByColumn.get(column);
            if (readers != null) {
                readers.examine(batch.number(), this::mark);
            }
        }
        if (filtered.isTouchedBy(touched)) {
            matchFiltered(table, change, batch);
        }
    }

    /** The columns whose value is another one; all of them if the key is, since then it is another row. */
    private void findTouched(RowChange change) {
        touched.clear();
        for (var column = 0; column < change.columnCount(); column++) {
            if (change.hasNewValue(column)
                    && !(change.hasOldValue(column) && change.oldValue(column).equals(change.newValue(column)))) {
                touched.set(column);
            }
        }
        for (var column : keyColumns) {
            if (touched.get(column)) {
                touched.set(0, change.columnCount());
                return;
            }
        }
    }

    private void matchFiltered(WatchedTable table, RowChange change, ChangeBatch batch) throws SQLException {
        IntFunction<SqlValue> before = column -> oldRow[column];
        IntFunction<SqlValue> after = column -> newRow[column];
        if (!fillBoth(table, change, batch) || filtered.isInexact(before) || filtered.isInexact(after)) {
            filtered.all().examine(batch.number(), watch -> {
                if (watch.reads(touched)) {
                    mark(watch);
                }
            });
            return;
        }
        Consumer<Watch> examination = watch -> {
            if (watch.mayMatter(touched, before, after)) {
                mark(watch);
            }
        };
        filtered.find(before, batch.number(), examination);
        filtered.find(after, batch.number(), examination);
    }

    /** Fills in both rows; whether all values are known. */
    private boolean fillBoth(WatchedTable table, RowChange change, ChangeBatch batch) throws SQLException {
        var isLookedUp = false;
        for (var column = nextFiltered(0); column >= 0; column = nextFiltered(column + 1)) {
            var hasOld = change.hasOldValue(column);
            if (change.hasNewValue(column)) {
                if (!hasOld) {
                    return false;
                }
                oldRow[column] = change.oldValue(column);
                newRow[column] = change.newValue(column);
            } else {
                if (!hasOld && !isLookedUp) {
                    if (!lookUp(table, change, batch)) {
                        return false;
                    }
                    isLookedUp = true;
                }
                oldRow[column] = hasOld ? change.oldValue(column) : found[column];
                newRow[column] = oldRow[column];
            }
        }
        return true;
    }

    /** Reads the row as it is now. */
    private boolean lookUp(WatchedTable table, RowChange change, ChangeBatch batch) throws SQLException {
        var key = key(change);
        if (key.isEmpty()) {
            return false;
        }
        batch.noteLookUp(table, key);
        return batch.lookup().find(table, key, filtered.columns(), found);
    }

    /** Values of the primary key after the change, or before a DELETE; empty if they are not all there. */
    private List<SqlValue> key(RowChange change) {
        List<SqlValue> key = new ArrayList<>();
        for (var column : keyColumns) {
            if (change.hasNewValue(column)) {
                key.add(change.newValue(column));
            } else if (change.hasOldValue(column)) {
                key.add(change.oldValue(column));
            } else {
                return List.of();
            }
        }
        return key;
    }

    private void mark(Watch watch) {
        mark.accept(watch.subscription());
    }
}
