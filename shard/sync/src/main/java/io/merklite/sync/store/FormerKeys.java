package io.merklite.sync.store;

import io.merklite.session.catalog.Identifiers;
import io.merklite.session.catalog.TableLayout;
import io.merklite.session.changeset.ChangesetValue;
import io.merklite.session.statement.SqlStatements;
import io.merklite.sync.row.Cell;
import io.merklite.sync.row.RowVersion;
import io.merklite.sync.stamp.Stamp;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Finds rows by a key that their table no longer has: for an UPDATE or DELETE that comes from before the key changed.
 *
 * <p>It is the row whose columns have the values of that key, and something in which was written when the row was born. Where
 * those columns are gone, it is the only row that was born then.
 *
 * <p><b>Cost.</b> Reads the table once for all changes of a transaction.
 */
final class FormerKeys {
    private static final int PAGE = 1024;

    private final ShadowRows shadow;
    private final TrackedTable table;
    private final List<Optional<TableLayout.Column>> columns;
    private final ColumnConversion conversion;

    /** A row as a change names it: its key, and its birth. */
    record Wanted(List<ChangesetValue> key, Stamp birth) {
        Wanted {
            key = List.copyOf(key);
        }
    }

    /**
     * Of one table.
     *
     * @param names what the columns of the former key are called now, folded
     */
    FormerKeys(SqlStatements statements, ShadowRows shadow, TrackedTable table, List<String> names) {
        this.shadow = shadow;
        this.table = table;
        this.columns = names.stream()
                .map(name -> table.layout().columns().stream()
                        .filter(column -> Identifiers.fold(column.name()).equals(name))
                        .findFirst())
                .toList();
        this.conversion = new ColumnConversion(
                statements, columns.stream().flatMap(Optional::stream).toList());
    }

    /** The rows that are still there, by what was wanted. */
    Map<Wanted, StoredRow> find(Set<Wanted> wanted) throws SQLException {
        Map<Stamp, Map<List<ChangesetValue>, Wanted>> byBirth = new HashMap<>();
        for (var one : wanted) {
            byBirth.computeIfAbsent(one.birth(), birth -> new HashMap<>()).put(present(one.key()), one);
        }
        Map<Wanted, StoredRow> found = new HashMap<>();
        Set<Wanted> ambiguous = new HashSet<>();
        var range = KeyRange.ALL;
        while (true) {
            var page = shadow.range(table, range, PAGE + 1);
            for (var row : page.subList(0, Math.min(PAGE, page.size()))) {
                if (row.present() && row.state().isAlive()) {
                    wanted(row, byBirth).ifPresent(one -> {
                        if (found.put(one, row) != null) {
                            ambiguous.add(one);
                        }
                    });
                }
            }
            if (page.size() <= PAGE) {
                break;
            }
            range = new KeyRange(Optional.of(page.getLast().key()), Optional.empty());
        }
        found.keySet().removeAll(ambiguous);
        return found;
    }

    /** The values of those columns that are still there, as these have them now. */
    private List<ChangesetValue> present(List<ChangesetValue> key) throws SQLException {
        List<ChangesetValue> values = new ArrayList<>();
        for (var i = 0; i < key.size(); i++) {
            if (columns.get(i).isPresent()) {
                values.add(key.get(i));
            }
        }
        return List.copyOf(conversion.apply(values));
    }

    private Optional<Wanted> wanted(StoredRow row, Map<Stamp, Map<List<ChangesetValue>, Wanted>> byBirth) {
        var version = row.version(table);
        for (var stamp : stamps(version)) {
            var born = byBirth.get(stamp);
            var one = born == null ? null : born.get(values(row));
            if (one != null) {
                return Optional.of(one);
            }
        }
        return Optional.empty();
    }

    private static Set<Stamp> stamps(RowVersion version) {
        Set<Stamp> stamps = new HashSet<>();
        stamps.add(version.birth());
        for (var cell : version.cells()) {
            if (cell instanceof Cell.Register register) {
                stamps.add(register.stamp());
            }
        }
        return stamps;
    }

    private List<ChangesetValue> values(StoredRow row) {
        List<ChangesetValue> values = new ArrayList<>();
        for (var column : columns) {
            column.ifPresent(present -> values.add(value(row, present)));
        }
        return values;
    }

    private ChangesetValue value(StoredRow row, TableLayout.Column column) {
        var cell = table.cellOf(column.name());
        return cell.isPresent()
                ? row.values().get(cell.getAsInt())
                : row.key().values().get(table.keyColumns().indexOf(column));
    }
}
