package io.merklite.sync.store;

import io.merklite.session.catalog.DefaultValue;
import io.merklite.session.catalog.Identifiers;
import io.merklite.session.catalog.TableLayout;
import io.merklite.session.changeset.ChangesetValue;
import io.merklite.session.statement.SqlStatements;
import io.merklite.sync.row.Cell;
import io.merklite.sync.row.RowVersion;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Rows of a table of this file that turned out to be one with another table of it, which stays: what they are there.
 *
 * <p>Their table is gone when they are read. Columns are told by their names, as those of a changeset that was written on
 * an older schema.
 */
final class MovedRows {
    private static final int PAGE = 1024;

    private final String table;
    private final TrackedTable from;
    private final List<StoredRow> rows;
    /** By the folded name of a column of the table that stays what it is called in the one that is gone. */
    private final Map<String, String> columns;

    private MovedRows(String table, TrackedTable from, List<StoredRow> rows, Map<String, String> columns) {
        this.table = table;
        this.from = from;
        this.rows = rows;
        this.columns = columns;
    }

    /**
     * Reads the rows of {@code from}, all of which memory must hold, and the dead: without these, replicas that had one
     * table all the time would have deaths that this one lacks.
     *
     * @param identity of the table that stays
     */
    static MovedRows read(ShadowRows shadow, TrackedTable from, String identity, Renames renames) throws SQLException {
        List<StoredRow> rows = new ArrayList<>();
        var range = KeyRange.ALL;
        while (true) {
            var page = shadow.range(from, range, PAGE + 1);
            page.stream()
                    .limit(PAGE)
                    .filter(row -> row.present() == row.state().isAlive())
                    .forEach(rows::add);
            if (page.size() <= PAGE) {
                break;
            }
            range = new KeyRange(Optional.of(page.getLast().key()), Optional.empty());
        }
        var names = from.layout().columns().stream()
                .map(column -> Identifiers.fold(column.name()))
                .toList();
        Map<String, String> columns = new LinkedHashMap<>();
        names.forEach(name -> columns.put(renames.columnNow(identity, name, names::contains), name));
        return new MovedRows(TableIdentities.nameOf(identity), from, rows, columns);
    }

    /** The folded name of the table that they are of now. */
    String table() {
        return table;
    }

    /** Whether they have NULL in the key that their table had. */
    boolean areKeyless() {
        return from.isOfKeylessRows();
    }

    List<StoredRow> rows() {
        return rows;
    }

    /** The key of a row in {@code to}; none if that does not tell it from others. */
    Optional<RowKey> key(StoredRow row, TrackedTable to, SqlStatements statements) throws SQLException {
        if (to.identity() == TrackedTable.Identity.BIRTH) {
            return from.identity() == TrackedTable.Identity.BIRTH
                    ? Optional.of(RowKey.of(to.seed(), row.key().values()))
                    : Optional.empty();
        }
        List<ChangesetValue> values = new ArrayList<>();
        for (var column : to.keyColumns()) {
            var value = value(row, column);
            if (value.isEmpty() && !row.state().isAlive()) {
                return Optional.empty();
            }
            values.add(value.isPresent() ? value.get() : defaultOf(column, statements));
        }
        var stored = new ColumnConversion(statements, to.keyColumns()).apply(values);
        return to.isTold(stored) ? Optional.of(RowKey.of(to.seed(), stored)) : Optional.empty();
    }

    /** The version of a row in {@code to}. */
    RowVersion version(StoredRow row, TrackedTable to, SqlStatements statements) throws SQLException {
        var known = row.version(from);
        if (!known.isAlive()) {
            return known;
        }
        var born = RowState.born(known.birth());
        List<Cell> cells = new ArrayList<>();
        for (var i = 0; i < to.cellCount(); i++) {
            var column = to.layout().columns().get(to.layoutColumn(i));
            var source = cellOf(column);
            if (source.isPresent() && from.counters()[source.get()] == to.counters()[i]) {
                cells.add(known.cells().get(source.get()));
            } else {
                var value = value(row, column);
                cells.add(born.cell(
                        i, value.isPresent() ? value.get() : defaultOf(column, statements), to.counters()[i]));
            }
        }
        return RowVersion.alive(known.birth(), cells);
    }

    private Optional<Integer> cellOf(TableLayout.Column column) {
        return nameIn(column).map(from::cellOf).filter(OptionalInt::isPresent).map(OptionalInt::getAsInt);
    }

    private Optional<String> nameIn(TableLayout.Column column) {
        return Optional.ofNullable(columns.get(Identifiers.fold(column.name())));
    }

    private Optional<ChangesetValue> value(StoredRow row, TableLayout.Column column) {
        var cell = cellOf(column);
        if (cell.isPresent()) {
            return Optional.of(cell.get())
                    .filter(index -> index < row.values().size())
                    .map(row.values()::get);
        }
        var keys = from.keyColumns();
        for (var i = 0; i < keys.size(); i++) {
            if (nameIn(column)
                    .filter(Identifiers.fold(keys.get(i).name())::equals)
                    .isPresent()) {
                return Optional.of(row.key().values().get(i));
            }
        }
        return Optional.empty();
    }

    private static ChangesetValue defaultOf(TableLayout.Column column, SqlStatements statements) throws SQLException {
        return ChangesetValue.decode(DefaultValue.evaluate(statements.connection(), column));
    }
}
