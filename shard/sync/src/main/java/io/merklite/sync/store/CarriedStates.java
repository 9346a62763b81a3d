package io.merklite.sync.store;

import io.merklite.session.catalog.Identifiers;
import io.merklite.session.changeset.ChangesetValue;
import io.merklite.session.statement.SqlStatements;
import io.merklite.sync.stamp.Stamp;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Moves the states of a table's rows to the key that it has now, so that a replica which migrates late brings nothing back:
 * what was overwritten or deleted elsewhere still is.
 *
 * <p>A row is born under its new key when a column of that was written last. Without this a row whose new key was written
 * on one side would be taken for dead there by replicas that have seen its birth under another value of that column.
 * Columns keep their stamps, which are then before the birth.
 *
 * <p>Tombstones go, since nobody knows what their new keys would be, unless only types have changed. Deaths are known all
 * the same: a row that is missing although its birth was seen has died.
 */
final class CarriedStates {
    private static final int CHUNK = 1024;

    private final SqlStatements statements;
    private final OriginTable origins;
    private final ShadowRows rows;
    private final TrackedTable table;
    private final String source;
    private final List<String> formerColumns;
    private final Set<Integer> keyIds;

    /**
     * Of one table.
     *
     * @param table as it is now; its companions are there and empty
     * @param source the table with the states under the former key
     * @param formerColumns of the former key the columns that the table has now, quoted, in order
     */
    CarriedStates(
            SqlStatements statements,
            OriginTable origins,
            ShadowRows rows,
            TrackedTable table,
            String source,
            List<String> formerColumns) {
        this.statements = statements;
        this.origins = origins;
        this.rows = rows;
        this.table = table;
        this.source = source;
        this.formerColumns = List.copyOf(formerColumns);
        this.keyIds = new HashSet<>(table.keyColumns().stream()
                .map(column -> table.columnsById().indexOf(Identifiers.fold(column.name())))
                .toList());
    }

    /** States of rows that live and have been written since their birth are read; others move as they are. */
    void move() throws SQLException {
        var keys = String.join(", ", keyColumns());
        statements.once("INSERT OR IGNORE INTO " + table.shadow() + "(" + table.keys("") + ", b, o) SELECT " + keys
                + ", s.b, s.o" + joined() + " AND s.s IS NULL");
        List<ShadowRows.Put> puts = new ArrayList<>();
        var query = statements.prepare("SELECT " + keys + ", s.b, s.o, s.s" + joined() + " AND s.s IS NOT NULL");
        new QueryParameters(0).forEachRow(query, row -> {
            var state = table.keyCount();
            var birth = new Stamp(row.longAt(state), origins.origin((int) row.longAt(state + 1)));
            var blob = Objects.requireNonNull(row.blobAt(state + 2), "a state that the query says is there");
            puts.add(new ShadowRows.Put(ShadowRows.key(table, row), moved(birth, blob), 0L));
            if (puts.size() == CHUNK) {
                rows.put(table, puts);
                puts.clear();
            }
        });
        rows.put(table, puts);
    }

    private List<String> keyColumns() {
        return table.rowKeyNames().stream().map(name -> "t." + name).toList();
    }

    /** Rows that live, {@code t}, with their states, {@code s}. SQLite compares as the column's type would convert. */
    private String joined() {
        return " FROM " + source + " s JOIN " + table.layout().qualifiedName() + " t ON "
                + IntStream.range(0, formerColumns.size())
                        .mapToObj(i -> {
                            var column = "t." + formerColumns.get(i);
                            return column + " = s.k" + i + " AND " + column + " COLLATE BINARY = s.k" + i;
                        })
                        .collect(Collectors.joining(" AND "))
                + " WHERE s.d IS NULL"
                + keyColumns().stream()
                        .map(name -> " AND " + name + " IS NOT NULL")
                        .collect(Collectors.joining());
    }

    private RowState moved(Stamp birth, byte[] blob) {
        var state = RowStateCodec.decode(birth, 0, blob, table, origins);
        var written = RowStateCodec.stamps(blob, origins).entrySet().stream()
                .filter(stamp -> keyIds.contains(stamp.getKey()))
                .map(Map.Entry::getValue)
                .max(Stamp::compareTo)
                .filter(latest -> latest.compareTo(birth) > 0);
        return written.isEmpty() ? state : bornAgain(state, written.get(), table);
    }

    /** The state with a later birth; columns keep their stamps. */
    private static RowState bornAgain(RowState state, Stamp birth, TrackedTable table) {
        Map<Integer, RowState.Later> overrides = new TreeMap<>();
        for (var cell = 0; cell < table.cellCount(); cell++) {
            var later = state.overrides().get(cell);
            var known = later != null ? later : new RowState.Later.Written(state.birth());
            var isCounter = later == null && table.counters()[cell];
            if (!isCounter && !known.equals(new RowState.Later.Written(birth))) {
                overrides.put(cell, known);
            }
        }
        return new RowState(birth, state.death(), overrides);
    }

    /** Tombstones, where the key has the same columns, whose types have changed. */
    void moveTombstones() throws SQLException {
        var conversion = new ColumnConversion(statements, table.keyColumns());
        List<List<ChangesetValue>> keys = new ArrayList<>();
        List<RowState> states = new ArrayList<>();
        var names =
                IntStream.range(0, formerColumns.size()).mapToObj(i -> "k" + i).collect(Collectors.joining(", "));
        var query = statements.prepare("SELECT " + names + ", b, o, d, s FROM " + source + " WHERE d IS NOT NULL");
        new QueryParameters(0).forEachRow(query, row -> {
            List<ChangesetValue> key = new ArrayList<>();
            for (var i = 0; i < formerColumns.size(); i++) {
                key.add(row.value(i));
            }
            var state = formerColumns.size();
            var birth = new Stamp(row.longAt(state), origins.origin((int) row.longAt(state + 1)));
            keys.add(key);
            states.add(RowStateCodec.decode(birth, row.longAt(state + 2), row.blobAt(state + 3), table, origins));
        });
        for (var i = 0; i < keys.size(); i++) {
            var values = conversion.apply(keys.get(i));
            if (table.isTold(values)) {
                var key = RowKey.of(table.seed(), values);
                if (rows.states(table, List.of(key)).isEmpty()) {
                    rows.put(table, List.of(new ShadowRows.Put(key, states.get(i), null)));
                }
            }
        }
    }
}
