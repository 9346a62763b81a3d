package io.merklite.sync.store;

import io.merklite.session.catalog.Identifiers;
import io.merklite.session.catalog.SqlValues;
import io.merklite.session.catalog.TableLayout;
import io.merklite.session.catalog.UniqueIndex;
import io.merklite.session.changeset.ChangesetValue;
import io.merklite.session.statement.SqlStatements;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Settles children that a merge left without their parent, as the constraint's own ON DELETE says. Under NO ACTION and
 * RESTRICT the child is evicted; so it is where NOT NULL, UNIQUE or a CHECK does not let it lose its parent.
 *
 * <p>Only rows that the merge touched, and what refers to them, are looked at; nothing is scanned. A key whose parent is
 * no table here is passed over: the table may come with the next change of the schema.
 *
 * <p>Writes plain SQL, which the replica's session records: a repair is a transaction like any other. Triggers of the user
 * do not see it: whoever merges the same finds the same orphans, and what triggers wrote would be there once for each.
 */
final class ForeignKeys {
    private static final int MISMATCH = 20;

    /** The last column: whether the parent is there, with this column. */
    private static final String KEYS = """
            SELECT id, "table", "from", "to", on_delete, EXISTS (
                SELECT 1 FROM pragma_table_xinfo(k."table") WHERE k."to" IS NULL OR name = k."to" COLLATE NOCASE)
            FROM pragma_foreign_key_list(?1) k ORDER BY id, seq
            """;

    private final SqlStatements statements;
    private final UserTriggers triggers;
    private final List<ForeignKey> all = new ArrayList<>();
    private final List<Orphan> evicted = new ArrayList<>();
    private final Deque<Reference> open = new ArrayDeque<>();
    /** Those that are open: one that was looked at may lose its parent later. */
    private final Set<Reference> waiting = new HashSet<>();

    /** A foreign key between tables, the parent perhaps one that does not replicate. */
    private record ForeignKey(TrackedTable child, String parent, List<String> from, List<String> to, String onDelete) {}

    /** Values that rows of a child refer to by. */
    private record Reference(ForeignKey key, List<ChangesetValue> values) {}

    /** A row that was evicted, with all its columns as a changeset has them. */
    record Orphan(TrackedTable table, List<ChangesetValue> row) {}

    ForeignKeys(TableRegistry registry, SqlStatements statements, UserTriggers triggers) throws SQLException {
        this.statements = statements;
        this.triggers = triggers;
        for (var table : registry.tables().values()) {
            read(table);
        }
    }

    /** Whether no table has any. */
    boolean isEmpty() {
        return all.isEmpty();
    }

    /** Rows that had to go. */
    List<Orphan> evicted() {
        return evicted;
    }

    private void read(TrackedTable child) throws SQLException {
        Map<Integer, ForeignKey> byId = new LinkedHashMap<>();
        List<ForeignKey> unknown = new ArrayList<>();
        var query = statements.prepare(KEYS);
        query.setString(1, child.tableName());
        try (var rows = query.executeQuery()) {
            while (rows.next()) {
                var key = byId.get(rows.getInt(1));
                if (key == null) {
                    key = new ForeignKey(
                            child, rows.getString(2), new ArrayList<>(), new ArrayList<>(), rows.getString(5));
                    byId.put(rows.getInt(1), key);
                }
                key.from().add(rows.getString(3));
                var to = rows.getString(4);
                if (to != null) {
                    key.to().add(to);
                }
                if (!rows.getBoolean(6)) {
                    unknown.add(key);
                }
            }
        }
        byId.values().removeAll(unknown);
        for (var key : byId.values()) {
            if (key.to().isEmpty()) {
                key.to().addAll(primaryKey(key.parent()));
            }
            if (key.to().size() == key.from().size()) {
                all.add(key);
            }
        }
    }

    private List<String> primaryKey(String table) throws SQLException {
        List<String> names = new ArrayList<>();
        var query = statements.prepare("SELECT name FROM pragma_table_info(?1) WHERE pk > 0 ORDER BY pk");
        query.setString(1, table);
        try (var rows = query.executeQuery()) {
            while (rows.next()) {
                names.add(rows.getString(1));
            }
        }
        return names;
    }

    /** Takes note of a row as it was and as it is, each as a changeset has it, or empty if it was or is not there. */
    void touched(TrackedTable table, List<ChangesetValue> before, List<ChangesetValue> after) {
        for (var key : all) {
            if (key.child() == table && !after.isEmpty()) {
                note(key, values(table, after, key.from()));
            }
            if (!before.isEmpty() && Identifiers.fold(key.parent()).equals(table.foldedTableName())) {
                var old = values(table, before, key.to());
                if (after.isEmpty() || !old.equals(values(table, after, key.to()))) {
                    note(key, old);
                }
            }
        }
    }

    private void note(ForeignKey key, List<ChangesetValue> values) {
        var reference = new Reference(key, values);
        if (!values.contains(ChangesetValue.NULL) && waiting.add(reference)) {
            open.add(reference);
        }
    }

    private static List<ChangesetValue> values(
            TrackedTable table, List<ChangesetValue> row, Collection<String> columns) {
        var offset = table.changesetColumnCount() - table.layout().columns().size();
        return columns.stream()
                .map(name -> IntStream.range(0, table.layout().columns().size())
                        .filter(i -> Identifiers.fold(
                                        table.layout().columns().get(i).name())
                                .equals(Identifiers.fold(name)))
                        .mapToObj(i -> row.get(offset + i))
                        .findFirst()
                        .orElse(ChangesetValue.NULL))
                .toList();
    }

    /** Settles everything noted, and what comes of that. */
    void settle() throws SQLException {
        var first = nextOrphans();
        if (first.isEmpty()) {
            return;
        }
        var children = all.stream().map(ForeignKey::child).collect(Collectors.toSet());
        triggers.without(children, () -> {
            for (var orphans = first; orphans.isPresent(); orphans = nextOrphans()) {
                settle(orphans.get());
            }
        });
    }

    /** The next reference of those noted by which rows refer to nothing. */
    private Optional<Reference> nextOrphans() throws SQLException {
        while (!open.isEmpty()) {
            var reference = open.remove();
            waiting.remove(reference);
            if (!hasParent(reference) && !children(reference).isEmpty()) {
                return Optional.of(reference);
            }
        }
        return Optional.empty();
    }

    /** How many rows refer to a parent that is not there, among those noted; settles nothing. */
    long countOrphans() throws SQLException {
        var count = 0L;
        for (var orphans = nextOrphans(); orphans.isPresent(); orphans = nextOrphans()) {
            count += children(orphans.get()).size();
        }
        return count;
    }

    private boolean hasParent(Reference reference) throws SQLException {
        var key = reference.key();
        var query = statements.prepare("SELECT EXISTS (SELECT 1 FROM main." + Identifiers.quote(key.parent())
                + " WHERE " + matches(key.to()) + ")");
        bind(query, reference.values());
        try (var rows = query.executeQuery()) {
            return rows.next() && rows.getBoolean(1);
        }
    }

    private static String matches(List<String> columns) {
        return columns.stream().map(name -> Identifiers.quote(name) + " = ?").collect(Collectors.joining(" AND "));
    }

    private static void bind(PreparedStatement statement, List<ChangesetValue> values) throws SQLException {
        for (var i = 0; i < values.size(); i++) {
            SqlValues.bind(statement, i + 1, values.get(i));
        }
    }

    private void settle(Reference reference) throws SQLException {
        var key = reference.key();
        for (var row : children(reference)) {
            switch (key.onDelete()) {
                case "SET NULL" -> update(reference, row, name -> "NULL");
                case "SET DEFAULT" -> update(reference, row, name -> defaultOf(key.child(), name));
                case "CASCADE" -> delete(key.child(), row);
                default -> evict(key.child(), row);
            }
        }
    }

    private static String defaultOf(TrackedTable table, String column) {
        return table.layout().columns().stream()
                .filter(candidate -> Identifiers.fold(candidate.name()).equals(Identifiers.fold(column)))
                .findFirst()
                .flatMap(candidate -> candidate.defaultSql())
                .map(sql -> "(" + sql + ")")
                .orElse("NULL");
    }

    private List<List<ChangesetValue>> children(Reference reference) throws SQLException {
        var key = reference.key();
        var parent = TableLayout.read(statements.connection(), "main", key.parent());
        var indexes =
                parent.isEmpty() ? List.<UniqueIndex>of() : UniqueIndex.read(statements.connection(), parent.get());
        var matches = IntStream.range(0, key.from().size())
                .mapToObj(i -> Identifiers.quote(key.from().get(i)) + " = ?"
                        + collate(indexes, key.to().get(i)))
                .collect(Collectors.joining(" AND "));
        var query = statements.prepare(selectRow(key.child()) + " AND " + matches);
        bind(query, reference.values());
        return read(query, key.child());
    }

    /** SQLite compares as the parent's column does, which is how the index that a foreign key needs is sorted. */
    private static String collate(List<UniqueIndex> indexes, String parentColumn) {
        var folded = Identifiers.fold(parentColumn);
        return indexes.stream()
                .flatMap(index -> index.terms().stream())
                .filter(term -> term.column()
                        .map(Identifiers::fold)
                        .filter(folded::equals)
                        .isPresent())
                .map(term -> " COLLATE " + Identifiers.quote(term.collation()))
                .findFirst()
                .orElse("");
    }

    private static List<List<ChangesetValue>> read(PreparedStatement query, TrackedTable table) throws SQLException {
        List<List<ChangesetValue>> found = new ArrayList<>();
        try (var rows = query.executeQuery()) {
            while (rows.next()) {
                List<ChangesetValue> row = new ArrayList<>();
                for (var i = 0; i < table.changesetColumnCount(); i++) {
                    row.add(SqlValues.read(rows, i + 1));
                }
                found.add(row);
            }
        }
        return found;
    }

    private static String selectRow(TrackedTable table) {
        var columns =
                table.layout().columns().stream().map(column -> column.quoted()).collect(Collectors.joining(", "));
        var rowid = table.identity() == TrackedTable.Identity.BIRTH
                ? table.rowKeyNames().getFirst() + ", "
                : "";
        return "SELECT " + rowid + columns + " FROM " + table.from();
    }

    private static List<ChangesetValue> key(TrackedTable table, List<ChangesetValue> row) {
        return IntStream.of(table.changesetKeys()).mapToObj(row::get).toList();
    }

    private void evict(TrackedTable table, List<ChangesetValue> row) throws SQLException {
        evicted.add(new Orphan(table, row));
        delete(table, row);
    }

    private void delete(TrackedTable table, List<ChangesetValue> row) throws SQLException {
        var delete = statements.prepare(table.deleteRow());
        bind(delete, key(table, row));
        delete.executeUpdate();
        touched(table, row, List.of());
    }

    private void update(Reference reference, List<ChangesetValue> row, UnaryOperator<String> value)
            throws SQLException {
        var table = reference.key().child();
        var assignments = reference.key().from().stream()
                .map(name -> Identifiers.quote(name) + " = " + value.apply(name))
                .collect(Collectors.joining(", "));
        var keys = table.rowKeyNames().stream().map(name -> name + " = ?").collect(Collectors.joining(" AND "));
        var update = statements.prepare(
                "UPDATE OR ABORT " + table.layout().qualifiedName() + " SET " + assignments + " WHERE " + keys);
        bind(update, key(table, row));
        try {
            update.executeUpdate();
        } catch (SQLException e) {
            if (!SqlStatements.isConstraint(e) && e.getErrorCode() != MISMATCH) {
                throw e;
            }
            statements.clear();
            evict(table, row); // without a parent it is not allowed
            return;
        }
        var select = statements.prepare(selectRow(table) + " AND " + keys);
        bind(select, key(table, row));
        for (var now : read(select, table)) {
            if (now.equals(row)) {
                evict(table, row); // its default is what has no parent
            } else {
                touched(table, row, now);
            }
        }
    }
}
