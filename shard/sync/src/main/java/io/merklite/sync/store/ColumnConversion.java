package io.merklite.sync.store;

import io.merklite.session.catalog.Affinity;
import io.merklite.session.catalog.RawRows;
import io.merklite.session.catalog.TableLayout;
import io.merklite.session.changeset.ChangesetValue;
import io.merklite.session.statement.SqlStatements;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * What columns make of values that were written when they were of another type: what SQLite stores in such a column, as a
 * migration does with the values that are there.
 *
 * <p><b>Cost.</b> Nothing for values that are of the columns' types; for others two tenths of a millisecond, since SQLite
 * has to be asked.
 */
final class ColumnConversion {
    private static final String ANY = "ANY";

    private final SqlStatements statements;
    private final List<String> types;
    private final List<Affinity> affinities;

    ColumnConversion(SqlStatements statements, List<TableLayout.Column> columns) {
        this.statements = statements;
        this.types = columns.stream()
                .map(TableLayout.Column::declaredType)
                .map(ColumnConversion::type)
                .toList();
        this.affinities = types.stream().map(Affinity::of).toList();
    }

    /** ANY takes values as they are in a STRICT table, where it is used. */
    private static String type(String declared) {
        return declared.isEmpty() || declared.toUpperCase(Locale.ROOT).equals(ANY) ? "BLOB" : declared;
    }

    /** One value for each column, as the columns store them. */
    List<ChangesetValue> apply(List<ChangesetValue> values) throws SQLException {
        for (var i = 0; i < affinities.size(); i++) {
            if (mayConvert(affinities.get(i), values.get(i))) {
                return stored(values);
            }
        }
        return values;
    }

    private static boolean mayConvert(Affinity affinity, ChangesetValue value) {
        return switch (affinity) {
            case NONE -> false;
            case TEXT -> value instanceof ChangesetValue.Integer || value instanceof ChangesetValue.Real;
            case NUMERIC -> value instanceof ChangesetValue.Text || value instanceof ChangesetValue.Real;
            case REAL -> value instanceof ChangesetValue.Text || value instanceof ChangesetValue.Integer;
        };
    }

    private List<ChangesetValue> stored(List<ChangesetValue> values) throws SQLException {
        var columns = IntStream.range(0, types.size())
                .mapToObj(i -> "v" + i + " " + types.get(i))
                .collect(Collectors.joining(", "));
        var marks = values.stream().map(RowParameters::mark).collect(Collectors.joining(", "));
        statements.once("CREATE TEMP TABLE _merklite_converted(" + columns + ")");
        try {
            try (var insert = statements
                    .connection()
                    .prepareStatement("INSERT INTO temp._merklite_converted VALUES (" + marks + ")")) {
                for (var i = 0; i < values.size(); i++) {
                    RowParameters.bind(insert, i + 1, values.get(i));
                }
                insert.executeUpdate();
            }
            List<ChangesetValue> stored = new ArrayList<>();
            try (var query = statements.connection().prepareStatement("SELECT * FROM temp._merklite_converted")) {
                RawRows.forEach(query, true, row -> {
                    for (var i = 0; i < types.size(); i++) {
                        stored.add(row.value(i));
                    }
                });
            }
            return List.copyOf(stored);
        } finally {
            statements.once("DROP TABLE temp._merklite_converted");
        }
    }
}
