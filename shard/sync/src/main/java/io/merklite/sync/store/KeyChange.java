package io.merklite.sync.store;

import io.merklite.schema.merge.Element;
import io.merklite.schema.merge.ElementId;
import io.merklite.schema.merge.SchemaElements;
import io.merklite.schema.structure.KeyColumn;
import io.merklite.schema.structure.PrimaryKey;
import io.merklite.schema.structure.Schema;
import io.merklite.schema.structure.Table;
import io.merklite.session.catalog.Identifiers;
import io.merklite.session.catalog.TableLayout;
import io.merklite.session.changeset.ChangesetValue;
import io.merklite.session.statement.SqlStatements;
import io.merklite.sync.stamp.Stamp;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * What stands between a replica's rows and a schema in which their tables have another key.
 *
 * <p>Rows that the new key does not tell, and of several rows under one new key all but the one that was born last, leave
 * their table before it is migrated. They are kept whole, for the ledger. Replicas that have migrated before do the same
 * with such a row when its transaction comes.
 */
final class KeyChange {
    private final SqlStatements statements;
    private final TableRegistry registry;
    private final ShadowRows shadow;

    /**
     * A row that left its table.
     *
     * @param table the table's name
     * @param values by folded name of the column
     */
    record Left(String table, Map<String, ChangesetValue> values) {
        Left {
            values = Map.copyOf(values);
        }
    }

    /** A row that is in the way: its key as it is, and what the new key would be. */
    private record Unfit(RowKey key, List<ChangesetValue> newKey) {}

    KeyChange(SqlStatements statements, TableRegistry registry, ShadowRows shadow) {
        this.statements = statements;
        this.registry = registry;
        this.shadow = shadow;
    }

    /**
     * The elements with the columns of former keys, if somebody has dropped them since: without them nobody could tell which
     * row is which. None if all are there.
     *
     * @param present the schema of the file
     * @param assembly what {@code elements} make
     */
    static Optional<SchemaElements<Stamp>> withFormerKeys(
            SchemaElements<Stamp> elements, Schema present, SchemaElements.Assembly assembly) {
        Map<ElementId, Element<Stamp>> kept = new TreeMap<>(elements.elements());
        var isChanged = false;
        for (var table : present.tables()) {
            var folded = Identifiers.fold(table.name());
            var next = assembly.schema().table(table.name());
            if (next.isPresent() && isOfAnotherKey(table, next.get())) {
                for (var name : keyNames(table)) {
                    var id = new ElementId(
                            ElementId.Kind.COLUMN, assembly.tables().getOrDefault(folded, folded), name);
                    var element = kept.get(id);
                    if (element != null && !element.isAlive()) {
                        kept.put(
                                id,
                                new Element<>(
                                        element.stamp(), true, element.name(), element.definition(), element.place()));
                        isChanged = true;
                    }
                }
            }
        }
        return isChanged ? Optional.of(new SchemaElements<>(kept, elements.renames())) : Optional.empty();
    }

    private static boolean isOfAnotherKey(Table table, Table next) {
        return table.primaryKey().isPresent()
                && next.primaryKey().isPresent()
                && !described(table).equals(described(next));
    }

    /** The columns of the key, with their types; whether it is the rowid. */
    private static String described(Table table) {
        return table.primaryKey().map(PrimaryKey::isRowid).orElse(false)
                + keyNames(table).stream()
                        .map(name -> " " + Identifiers.quote(name)
                                + table.column(name)
                                        .map(column -> Identifiers.fold(column.type()))
                                        .orElse(""))
                        .sorted()
                        .collect(Collectors.joining());
    }

    private static List<String> keyNames(Table table) {
        return table.primaryKey().stream()
                .flatMap(key -> key.columns().stream())
                .map(KeyColumn::column)
                .map(Identifiers::fold)
                .toList();
    }

    /** Takes the rows out of their tables that stand against {@code target}. The session is off. */
    List<Left> makeWay(Schema present, Schema target) throws SQLException {
        List<Left> left = new ArrayList<>();
        for (var table : present.tables()) {
            var next = target.table(table.name());
            var tracked = registry.table(table.name());
            var isConcerned = next.isPresent()
                    && tracked.isPresent()
                    && tracked.get().identity() != TrackedTable.Identity.BIRTH
                    && isOfAnotherKey(table, next.get());
            if (isConcerned) {
                makeWay(tracked.get(), next.get(), left);
            }
        }
        return left;
    }

    private void makeWay(TrackedTable table, Table next, List<Left> left) throws SQLException {
        List<TableLayout.Column> columns = new ArrayList<>();
        for (var name : keyNames(next)) {
            table.layout().columns().stream()
                    .filter(column -> Identifiers.fold(column.name()).equals(name))
                    .findFirst()
                    .ifPresent(columns::add);
        }
        if (columns.size() < keyNames(next).size()) {
            return; // a new column tells no row from another
        }
        var unfit = unfit(table, next, columns);
        if (unfit.isEmpty()) {
            return;
        }
        var rows = shadow.rows(table, unfit.stream().map(Unfit::key).toList());
        Map<List<ChangesetValue>, StoredRow> lastBorn = new HashMap<>();
        for (var one : unfit) {
            var row = rows.get(one.key());
            if (row != null && isTold(next, one.newKey())) {
                lastBorn.merge(one.newKey(), row, KeyChange::laterBorn);
            }
        }
        UserTriggers.areSetAside(statements, Set.of(table), () -> {
            for (var one : unfit) {
                var row = rows.get(one.key());
                if (row != null && !row.equals(lastBorn.get(one.newKey()))) {
                    left.add(new Left(table.tableName(), values(table, row)));
                    delete(table, row);
                }
            }
        });
    }

    private static StoredRow laterBorn(StoredRow one, StoredRow other) {
        var order = Comparator.comparing((StoredRow row) -> row.state().birth())
                .thenComparing(StoredRow::key, KeyOrder::compare);
        return order.compare(one, other) >= 0 ? one : other;
    }

    private static boolean isTold(Table next, List<ChangesetValue> key) {
        var isRowid = next.primaryKey().map(PrimaryKey::isRowid).orElse(false);
        return key.stream().noneMatch(ChangesetValue.Null.class::isInstance)
                && (!isRowid || key.getFirst() instanceof ChangesetValue.Integer);
    }

    /** Rows whose new key is not one, or the key of others too. */
    private List<Unfit> unfit(TrackedTable table, Table next, List<TableLayout.Column> columns) throws SQLException {
        var count = columns.size();
        var names = IntStream.range(0, count).mapToObj(i -> "v" + i).collect(Collectors.joining(", "));
        var typed = IntStream.range(0, count)
                .mapToObj(i -> "v" + i + " "
                        + next.column(Identifiers.fold(columns.get(i).name()))
                                .orElseThrow()
                                .type())
                .collect(Collectors.joining(", "));
        statements.once("CREATE TEMP TABLE _merklite_new_keys(" + typed + ", " + table.keys("") + ")");
        try {
            statements.once("INSERT INTO temp._merklite_new_keys SELECT "
                    + columns.stream().map(column -> "t." + column.quoted()).collect(Collectors.joining(", ")) + ", "
                    + table.rowKeyNames().stream().map(name -> "t." + name).collect(Collectors.joining(", ")) + " FROM "
                    + table.from());
            List<Unfit> found = new ArrayList<>();
            var isNull = IntStream.range(0, count)
                    .mapToObj(i -> "v" + i + " IS NULL")
                    .collect(Collectors.joining(" OR "));
            var isRowid = next.primaryKey().map(PrimaryKey::isRowid).orElse(false);
            var sql = "SELECT " + names + ", " + table.keys("") + " FROM temp._merklite_new_keys WHERE " + isNull
                    + (isRowid ? " OR typeof(v0) <> 'integer'" : "") + " OR (" + names + ") IN (SELECT " + names
                    + " FROM temp._merklite_new_keys GROUP BY " + names + " HAVING count(*) > 1)";
            try (var query = statements.connection().prepareStatement(sql)) {
                new QueryParameters(0).forEachRow(query, row -> {
                    List<ChangesetValue> newKey = new ArrayList<>();
                    for (var i = 0; i < count; i++) {
                        newKey.add(row.value(i));
                    }
                    found.add(new Unfit(ShadowRows.key(table, row, count), newKey));
                });
            }
            return found;
        } finally {
            statements.once("DROP TABLE temp._merklite_new_keys");
        }
    }

    private static Map<String, ChangesetValue> values(TrackedTable table, StoredRow row) {
        Map<String, ChangesetValue> values = new LinkedHashMap<>();
        for (var cell = 0; cell < table.cellCount(); cell++) {
            var column = table.layout().columns().get(table.layoutColumn(cell));
            values.put(Identifiers.fold(column.name()), row.values().get(cell));
        }
        for (var i = 0; i < table.keyCount(); i++) {
            values.put(
                    Identifiers.fold(table.keyColumns().get(i).name()),
                    row.key().values().get(i));
        }
        return values;
    }

    private void delete(TrackedTable table, StoredRow row) throws SQLException {
        var delete = statements.prepare(table.deleteRow());
        ShadowRows.bindKey(delete, 1, row.key());
        delete.executeUpdate();
        shadow.delete(table, List.of(row.key()));
    }

    /** Enters rows into the ledger that left their tables, as these are now. */
    void enter(List<Left> left, LedgerWriter ledger) throws SQLException {
        for (var row : left) {
            var table = registry.table(row.table());
            if (table.isPresent() && table.get().identity() != TrackedTable.Identity.BIRTH) {
                ledger.addLeft(table.get(), columns(table.get(), row));
            }
        }
    }

    private static List<ChangesetValue> columns(TrackedTable table, Left row) {
        return table.layout().columns().stream()
                .map(column -> row.values().getOrDefault(Identifiers.fold(column.name()), ChangesetValue.NULL))
                .toList();
    }
}
