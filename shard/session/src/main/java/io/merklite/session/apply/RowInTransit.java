package io.merklite.session.apply;

import io.merklite.session.changeset.ChangesetCursor;
import io.merklite.session.statement.SqlStatements;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A row that was taken out of its table for a moment, with all its columns and its rowid. */
final class RowInTransit {
    private static final String KEPT = "temp.merklite_row_in_transit";

    private final SqlStatements statements;
    private final TargetTable table;
    private final List<String> columns;

    private RowInTransit(SqlStatements statements, TargetTable table, List<String> columns) {
        this.statements = statements;
        this.table = table;
        this.columns = columns;
    }

    /**
     * Deletes the row that the UPDATE {@code change} is for, if it is there with the old values.
     *
     * @return none if it is not
     */
    static Optional<RowInTransit> takeOut(SqlStatements statements, TargetTable table, ChangesetCursor change)
            throws SQLException {
        var layout = table.layout();
        // As the change has them, which may begin with the rowid; then what it does not have.
        Set<String> distinct = new LinkedHashSet<>();
        for (var i = 0; i < change.columnCount(); i++) {
            distinct.add(table.column(change, i));
        }
        layout.columns().forEach(column -> distinct.add(column.quoted()));
        layout.rowidName().ifPresent(distinct::add);
        var columns = List.copyOf(distinct);
        var transit = new RowInTransit(statements, table, columns);
        var where = table.whereSql(change);
        try (var create = statements.connection().createStatement()) {
            create.execute("DROP TABLE IF EXISTS " + KEPT);
            create.execute("CREATE TABLE " + KEPT + "(" + transit.keptColumns() + ")");
        }
        try (var keep = statements
                .connection()
                .prepareStatement("INSERT INTO " + KEPT + " SELECT " + String.join(", ", columns) + " FROM "
                        + layout.qualifiedName() + where)) {
            table.bindWhere(keep, change);
            if (keep.executeUpdate() != 1) {
                transit.forget();
                return Optional.empty();
            }
        }
        table.deleteByKey(change);
        return Optional.of(transit);
    }

    /** Puts the row back with the new values of {@code change}; throws if a constraint still fails. */
    void putBack(ChangesetCursor change) throws SQLException {
        List<@Nullable Object> values = new ArrayList<>();
        var sources = new ArrayList<String>();
        for (var i = 0; i < columns.size(); i++) {
            var changed = i < change.columnCount() && TargetTable.isSet(change, i);
            sources.add(!changed ? "c" + i : table.values().newNeedsCast(change, i) ? "CAST(? AS TEXT)" : "?");
            if (changed) {
                values.add(table.values().newObject(change, i));
            }
        }
        try (var insert = statements
                .connection()
                .prepareStatement(table.insertInto() + String.join(", ", columns) + ") SELECT "
                        + String.join(", ", sources) + " FROM " + KEPT)) {
            for (var i = 0; i < values.size(); i++) {
                insert.setObject(i + 1, values.get(i));
            }
            insert.executeUpdate();
        }
        forget();
    }

    private void forget() throws SQLException {
        try (var drop = statements.connection().createStatement()) {
            drop.execute("DROP TABLE " + KEPT);
        }
    }

    /** Columns without a type, so that values stay as they are. */
    private String keptColumns() {
        List<String> names = new ArrayList<>();
        for (var i = 0; i < columns.size(); i++) {
            names.add("c" + i);
        }
        return String.join(", ", names);
    }
}
