package io.merklite.session.apply;

import io.merklite.session.catalog.Identifiers;
import io.merklite.session.catalog.TableLayout;
import io.merklite.session.catalog.TableLayout.Column;
import io.merklite.session.catalog.UniqueIndex;
import io.merklite.session.catalog.UniqueIndex.Term;
import io.merklite.session.statement.SqlStatements;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A foreign key of a table in schema {@code main}.
 *
 * @param child the table that has it
 * @param parent the table that it refers to, as it is spelt there
 * @param acts whether deleting or changing a parent's row writes the child
 * @param childColumns its columns
 * @param parentColumns the columns referred to; empty for the parent's primary key
 */
record ForeignKey(String child, String parent, boolean acts, List<String> childColumns, List<String> parentColumns) {
    private static final Set<String> PASSIVE = Set.of("NO ACTION", "RESTRICT");
    private static final String KEYS = """
            SELECT s.name, f."table", f.on_update, f.on_delete, f."from", f."to", f.seq
            FROM main.sqlite_schema s, pragma_foreign_key_list(s.name, 'main') f
            WHERE s.type = 'table' ORDER BY s.rowid, f.id, f.seq
            """;

    ForeignKey {
        childColumns = List.copyOf(childColumns);
        parentColumns = List.copyOf(parentColumns);
    }

    /** All foreign keys of schema {@code main}. */
    static List<ForeignKey> read(SqlStatements statements) throws SQLException {
        List<ForeignKey> keys = new ArrayList<>();
        try (var rows = statements.prepare(KEYS).executeQuery()) {
            while (rows.next()) {
                List<String> childColumns = new ArrayList<>();
                List<String> parentColumns = new ArrayList<>();
                if (rows.getInt(7) > 0) {
                    var begun = keys.removeLast();
                    childColumns.addAll(begun.childColumns());
                    parentColumns.addAll(begun.parentColumns());
                }
                childColumns.add(rows.getString(5));
                Optional.ofNullable(rows.getString(6)).ifPresent(parentColumns::add);
                var acts = !PASSIVE.contains(rows.getString(3)) || !PASSIVE.contains(rows.getString(4));
                keys.add(new ForeignKey(rows.getString(1), rows.getString(2), acts, childColumns, parentColumns));
            }
        }
        return keys;
    }

    boolean isChild(String table) {
        return Identifiers.fold(child).equals(Identifiers.fold(table));
    }

    boolean isParent(String table) {
        return Identifiers.fold(parent).equals(Identifiers.fold(table));
    }

    /**
     * A query for the child's rows that lack their parent: what tells the row, then the key's values. A row that is to be
     * told from others is told by its rowid, or by its primary key where it has none.
     *
     * @return none if the key does not fit its parent, so that SQLite refuses every statement that would have to check it
     */
    Optional<String> violations(TableLayout childLayout, TableLayout parentLayout, List<UniqueIndex> parentIndexes) {
        var referred = parentColumns.isEmpty() ? primaryKey(parentLayout) : parentColumns;
        if (referred.size() != childColumns.size() || !isUnique(parentLayout, parentIndexes, referred)) {
            return Optional.empty();
        }
        var identity = childLayout.rowidName().map(List::of).orElseGet(() -> identity(childLayout));
        var selected = new ArrayList<>(identity);
        childColumns.forEach(column -> selected.add(Identifiers.quote(column)));
        // The plus takes the child's affinity away: the comparison is to be done with that of the parent's column.
        var agrees = IntStream.range(0, referred.size())
                .mapToObj(i ->
                        "p." + Identifiers.quote(referred.get(i)) + " = +c." + Identifiers.quote(childColumns.get(i)))
                .collect(Collectors.joining(" AND "));
        return Optional.of("SELECT "
                + selected.stream().map(column -> "c." + column).collect(Collectors.joining(", "))
                + " FROM " + childLayout.qualifiedName() + " c WHERE "
                + childColumns.stream()
                        .map(column -> "c." + Identifiers.quote(column) + " IS NOT NULL")
                        .collect(Collectors.joining(" AND "))
                + " AND NOT EXISTS (SELECT 1 FROM " + parentLayout.qualifiedName() + " p WHERE " + agrees + ")");
    }

    /** Without a rowid that can be named: the primary key, or all columns if there is none. */
    private static List<String> identity(TableLayout layout) {
        return layout.columns().stream()
                .filter(column -> column.isKey() || !layout.hasKey())
                .map(Column::quoted)
                .toList();
    }

    private static List<String> primaryKey(TableLayout layout) {
        return layout.columns().stream()
                .filter(Column::isKey)
                .sorted(Comparator.comparingInt(Column::keyPosition))
                .map(Column::name)
                .toList();
    }

    private static boolean isUnique(TableLayout parent, List<UniqueIndex> indexes, List<String> columns) {
        var wanted = folded(columns);
        return wanted.equals(folded(primaryKey(parent)))
                || indexes.stream()
                        .map(index -> index.terms().stream()
                                .map(Term::column)
                                .flatMap(Optional::stream)
                                .toList())
                        .anyMatch(names -> wanted.equals(folded(names)));
    }

    private static Set<String> folded(List<String> names) {
        return names.stream().map(Identifiers::fold).collect(Collectors.toCollection(HashSet::new));
    }
}
