package io.merklite.query.subscribe;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Predicate;
import net.sf.jsqlparser.schema.Column;

/**
 * The tables of one FROM clause, by which the columns of its terms are found.
 *
 * <p>A column of an enclosing query, of a subquery, or of a view is not found, and the term that it stands in is not used.
 */
final class FromScope {
    private static final Set<String> ROWID_NAMES = Set.of("rowid", "oid", "_rowid_");

    private final List<Item> items = new ArrayList<>();

    /**
     * What stands between two joins.
     *
     * @param qualifier the alias, or the table's name, folded; empty for a subquery without one
     * @param schema the table's schema if the qualifier is its name, folded
     * @param table its layout, if it is a table with one
     * @param columnNames the names it shows, folded; none if they are not known
     * @param isOptional whether it is on the optional side of an outer join
     */
    record Item(
            String qualifier,
            Optional<String> schema,
            Optional<WatchedTable> table,
            Optional<Set<String>> columnNames,
            boolean isOptional) {
        boolean mayShow(String column) {
            return columnNames.map(names -> names.contains(column)).orElse(true);
        }
    }

    /** A column of an item, both by their index. */
    record ColumnOf(int item, int column) {}

    void add(Item item) {
        items.add(item);
    }

    List<Item> items() {
        return items;
    }

    WatchedTable.Column column(ColumnOf found) {
        return items.get(found.item()).table().orElseThrow().columns().get(found.column());
    }

    /** The table's column that {@code column} means; none if it means something else, or it can't be told. */
    Optional<ColumnOf> find(Column column) {
        if (column.getArrayConstructor() != null || column.getColumnName() == null) {
            return Optional.empty();
        }
        var name = Names.fold(Names.unquote(column.getColumnName()));
        var table = column.getTable();
        if (table == null || table.getName() == null) {
            return findBare(name, items.size());
        }
        if (table.getDatabaseName() != null) {
            return Optional.empty();
        }
        var qualifier = Names.fold(Names.unquote(table.getName()));
        var schema = Optional.ofNullable(table.getSchemaName()).map(written -> Names.fold(Names.unquote(written)));
        Predicate<Item> isMeant =
                item -> item.qualifier().equals(qualifier) && (schema.isEmpty() || schema.equals(item.schema()));
        if (items.stream().filter(isMeant).count() != 1) {
            return Optional.empty();
        }
        for (var i = 0; i < items.size(); i++) {
            if (isMeant.test(items.get(i))) {
                return in(i, name);
            }
        }
        return Optional.empty();
    }

    /**
     * The column that a bare name means among the first {@code count} items: that of the first which shows it. SQLite
     * accepts a name that several show only where USING or NATURAL made them one, and takes the leftmost.
     */
    Optional<ColumnOf> findBare(String name, int count) {
        for (var i = 0; i < count; i++) {
            if (items.get(i).mayShow(name)) {
                return items.get(i).columnNames().isPresent() ? in(i, name) : Optional.empty();
            }
        }
        return count == 1 ? in(0, name) : Optional.empty();
    }

    private Optional<ColumnOf> in(int item, String name) {
        var table = items.get(item).table();
        if (table.isEmpty()) {
            return Optional.empty();
        }
        var column = table.get().column(name);
        if (column.isEmpty() && ROWID_NAMES.contains(name) && !items.get(item).mayShow(name)) {
            column = table.get().integerKey();
        }
        return column.isPresent() ? Optional.of(new ColumnOf(item, column.getAsInt())) : Optional.empty();
    }

    /** Index of the column called {@code name} in {@code item}, if it is a table's column that changes carry. */
    OptionalInt columnIn(int item, String name) {
        return in(item, name).map(found -> OptionalInt.of(found.column())).orElse(OptionalInt.empty());
    }
}
