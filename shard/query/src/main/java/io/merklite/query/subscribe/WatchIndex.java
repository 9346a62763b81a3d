package io.merklite.query.subscribe;

import io.merklite.query.subscribe.WatchedTable.TableId;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Which subscriptions a change may concern, found by table, then by the values of the changed rows.
 *
 * <p>Tables are found by name in whatever schema they are, since neither changes nor notifications say which.
 */
final class WatchIndex {
    private final Consumer<Subscription> mark;
    private final Map<String, TableWatch> tables = new HashMap<>();
    private final Map<Subscription, List<Entry>> entries = new LinkedHashMap<>();

    /** Subscriptions that may depend on anything. */
    private final Set<Subscription> opaque = new LinkedHashSet<>();

    private long batches;

    private record Entry(String table, Watch watch) {}

    /** @param mark told of each subscription whose result may differ */
    WatchIndex(Consumer<Subscription> mark) {
        this.mark = mark;
    }

    /**
     * Adds a subscription by what it depends on.
     *
     * @param catalog knows the layouts of tables
     */
    void add(Subscription subscription, Dependencies dependencies, Catalog catalog) throws SQLException {
        List<Entry> added = new ArrayList<>();
        for (var dependence : dependencies.tables()) {
            var name = dependence.id().name();
            var table = tables.get(name);
            if (table == null) {
                table = new TableWatch(catalog.table(new TableId("main", name)), mark);
                tables.put(name, table);
            }
            for (var scan : dependence.scans()) {
                var watch = new Watch(subscription, dependence, scan);
                table.add(watch);
                added.add(new Entry(name, watch));
            }
        }
        entries.put(subscription, added);
        if (dependencies.isOpaque()) {
            opaque.add(subscription);
        }
    }

    /** Removes a subscription; harmless if it is not here. */
    void remove(Subscription subscription) {
        opaque.remove(subscription);
        var removed = entries.remove(subscription);
        for (var entry : removed == null ? List.<Entry>of() : removed) {
            tables.computeIfPresent(entry.table(), (name, table) -> {
                table.remove(entry.watch());
                return table.isEmpty() ? null : table;
            });
        }
    }

    void clear() {
        tables.clear();
        entries.clear();
        opaque.clear();
    }

    /** Marks what depends on one of these tables. */
    void matchTables(Collection<String> names) {
        batches++;
        if (!names.isEmpty()) {
            opaque.forEach(mark);
        }
        for (var name : names) {
            Optional.ofNullable(tables.get(Names.fold(name))).ifPresent(table -> table.matchAny(batches));
        }
    }

    /** Marks what may depend on one of these changes, which have been made. */
    void matchChanges(Iterable<? extends RowChange> changes, RowLookup lookup) throws SQLException {
        batches++;
        var batch = new ChangeBatch(batches, lookup);
        var isFirst = true;
        var name = "";
        Optional<TableWatch> table = Optional.empty();
        for (var change : changes) {
            if (isFirst) {
                opaque.forEach(mark);
            }
            if (isFirst || !name.equals(change.table())) {
                name = change.table();
                table = Optional.ofNullable(tables.get(Names.fold(name)));
            }
            isFirst = false;
            if (table.isPresent()) {
                table.get().match(change, batch);
            }
        }
    }
}
