package io.merklite.schema.structure;

import io.merklite.schema.SchemaException;
import io.merklite.schema.database.SqliteConnection;
import io.merklite.schema.text.CanonicalText;
import io.merklite.schema.text.Clause;
import io.merklite.schema.text.ColumnText;
import io.merklite.schema.text.IndexText;
import io.merklite.schema.text.KeyPart;
import io.merklite.schema.text.SqlNames;
import io.merklite.schema.text.SqlTokens;
import io.merklite.schema.text.TableText;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Reads the schema {@code main} of a connection: PRAGMA functions for what they tell, the statements' text for the rest.
 *
 * <p>The two are joined by position. Columns come in one order in both. Foreign keys come in opposite orders: SQLite
 * numbers them from the last one in the text.
 */
final class SchemaReader {
    private final SqliteConnection connection;
    private final Predicate<String> isWanted;

    SchemaReader(SqliteConnection connection) {
        this(connection, table -> true);
    }

    /** @param isWanted says of a table by its name whether it is read, with its indexes and triggers */
    SchemaReader(SqliteConnection connection, Predicate<String> isWanted) {
        this.connection = connection;
        this.isWanted = isWanted;
    }

    /** A row of the catalogue. */
    private record Entry(String type, String name, String table, String sql) {}

    Schema read() throws SQLException {
        List<Table> tables = new ArrayList<>();
        List<Index> indexes = new ArrayList<>();
        List<View> views = new ArrayList<>();
        List<Trigger> triggers = new ArrayList<>();
        Map<String, Table> byName = new LinkedHashMap<>();
        for (var entry : entries()) {
            switch (entry.type()) {
                case "table" -> {
                    var table = table(entry);
                    tables.add(table);
                    byName.put(SqlNames.fold(table.name()), table);
                }
                case "index" -> {
                    var table = byName.get(SqlNames.fold(entry.table()));
                    if (table == null) {
                        throw new SchemaException.ExtractFailed(
                                "index " + entry.name() + " is on " + entry.table() + ", which is no ordinary table");
                    }
                    indexes.add(index(entry, table));
                }
                case "view" -> views.add(new View(entry.name(), entry.sql()));
                default -> triggers.add(new Trigger(entry.name(), entry.table(), entry.sql()));
            }
        }
        return new Schema(tables, indexes, views, triggers, List.of());
    }

    /** Tables first; without SQLite's own objects (which have no text) and those of libraries. */
    private List<Entry> entries() throws SQLException {
        var entries = allEntries();
        var unwanted = entries.stream()
                .filter(entry -> entry.type().equals("table") && !isWanted.test(entry.name()))
                .map(entry -> SqlNames.fold(entry.name()))
                .collect(Collectors.toSet());
        return entries.stream()
                .filter(entry -> !unwanted.contains(SqlNames.fold(entry.table())))
                .toList();
    }

    private List<Entry> allEntries() throws SQLException {
        return connection
                .query(
                        "SELECT type, name, tbl_name, sql FROM main.sqlite_schema WHERE sql IS NOT NULL"
                                + " ORDER BY type <> 'table', name",
                        row -> new Entry(row.getString(1), row.getString(2), row.getString(3), row.getString(4)))
                .stream()
                .filter(entry -> !SqlNames.isInternal(entry.name()) && !SqlNames.isInternal(entry.table()))
                .toList();
    }

    private Table table(Entry entry) throws SQLException {
        var words = SqlTokens.of(entry.sql());
        if (words.size() > 1 && words.get(1).is("VIRTUAL")) {
            throw new SchemaException.ExtractFailed(entry.name() + " is a virtual table");
        }
        var text = TableText.parse(entry.sql());
        var canonical = new CanonicalText(
                entry.name(), text.columns().stream().map(ColumnText::name).toList());
        var columns = columns(entry, text, canonical);
        var storage = connection
                .query(
                        "SELECT wr, strict FROM pragma_table_list(?) WHERE schema = 'main'",
                        row -> List.of(row.getBoolean(1), row.getBoolean(2)),
                        entry.name())
                .getFirst();
        return new Table(
                entry.name(),
                columns,
                primaryKey(text, columns, storage.getFirst()),
                uniqueKeys(text),
                foreignKeys(entry, text),
                checks(text.constraints().stream(), canonical),
                storage.getFirst(),
                storage.getLast(),
                entry.sql());
    }

    private List<Column> columns(Entry entry, TableText text, CanonicalText canonical) throws SQLException {
        var texts = text.columns().iterator();
        return connection.query(
                "SELECT name, type, \"notnull\", dflt_value, pk, hidden FROM pragma_table_xinfo(?, 'main')",
                row -> {
                    var name = row.getString(1);
                    if (!texts.hasNext()) {
                        throw misread(entry, "column " + name);
                    }
                    var written = texts.next();
                    if (!SqlNames.same(written.name(), name)) {
                        throw misread(entry, "column " + name);
                    }
                    var hidden = row.getInt(6);
                    return new Column(
                            name,
                            type(row.getString(2)),
                            row.getBoolean(3),
                            last(written, Clause.Kind.NOT_NULL)
                                    .map(Clause::conflict)
                                    .orElse(""),
                            Optional.ofNullable(row.getString(4)).map(canonical::of),
                            row.getInt(5),
                            last(written, Clause.Kind.COLLATE)
                                    .map(clause ->
                                            collation(clause.tokens().getLast().name()))
                                    .orElse(""),
                            hidden == 2
                                    ? Column.Generated.VIRTUAL
                                    : hidden == 3 ? Column.Generated.STORED : Column.Generated.NO,
                            last(written, Clause.Kind.GENERATED)
                                    .map(clause -> canonical.of(clause.inBrackets()))
                                    .orElse(""),
                            checks(written.clauses().stream(), canonical),
                            written.definition());
                },
                entry.name());
    }

    private static SchemaException misread(Entry entry, String where) {
        return new SchemaException.ExtractFailed(
                "the text of " + entry.name() + " does not fit SQLite's catalogue at " + where);
    }

    private static Optional<Clause> last(ColumnText column, Clause.Kind kind) {
        return column.clauses(kind).reduce((first, second) -> second);
    }

    private static String collation(String name) {
        var upper = SqlNames.upper(name);
        return upper.equals("BINARY") ? "" : upper;
    }

    /** In upper case, words apart by one space, none around brackets and commas. */
    private static String type(String declared) {
        return SqlNames.upper(declared.strip().replaceAll("\\s+", " ").replaceAll(" ?([(),]) ?", "$1"));
    }

    private static List<Check> checks(Stream<Clause> clauses, CanonicalText canonical) {
        return clauses.filter(clause -> clause.kind() == Clause.Kind.CHECK)
                .map(clause -> new Check(clause.name(), canonical.of(clause.inBrackets())))
                .toList();
    }

    private static Optional<PrimaryKey> primaryKey(TableText text, List<Column> columns, boolean isWithoutRowid) {
        var atColumn = text.columns().stream()
                .flatMap(column -> column.clauses(Clause.Kind.PRIMARY_KEY)
                        .map(clause -> key(
                                clause,
                                List.of(new KeyColumn(column.name(), "", "", clause.has("DESC"))),
                                columns,
                                isWithoutRowid,
                                !clause.has("DESC"))));
        var atTable = text.constraints().stream()
                .filter(clause -> clause.kind() == Clause.Kind.PRIMARY_KEY)
                .map(clause -> key(clause, keyColumns(clause), columns, isWithoutRowid, true));
        return Stream.concat(atColumn, atTable).findFirst();
    }

    /** A key of one INTEGER column is the rowid, unless DESC is written at the column: an old mistake SQLite keeps. */
    private static PrimaryKey key(
            Clause clause,
            List<KeyColumn> keyColumns,
            List<Column> columns,
            boolean isWithoutRowid,
            boolean mayBeRowid) {
        var isInteger = keyColumns.size() == 1
                && columns.stream()
                        .anyMatch(column -> SqlNames.same(
                                        column.name(), keyColumns.getFirst().column())
                                && column.type().equals("INTEGER"));
        return new PrimaryKey(
                clause.name(),
                keyColumns,
                clause.conflict(),
                clause.has("AUTOINCREMENT"),
                isInteger && !isWithoutRowid && mayBeRowid);
    }

    private static List<UniqueKey> uniqueKeys(TableText text) {
        var atColumns = text.columns().stream()
                .flatMap(column -> column.clauses(Clause.Kind.UNIQUE)
                        .map(clause -> new UniqueKey(
                                List.of(new KeyColumn(column.name(), "", "", false)), clause.conflict())));
        var atTable = text.constraints().stream()
                .filter(clause -> clause.kind() == Clause.Kind.UNIQUE)
                .map(clause -> new UniqueKey(keyColumns(clause), clause.conflict()));
        return Stream.concat(atColumns, atTable).toList();
    }

    private static List<KeyColumn> keyColumns(Clause clause) {
        return KeyPart.list(clause.inBrackets()).stream()
                .map(part -> new KeyColumn(part.column(), "", collation(part.collation()), part.isDescending()))
                .toList();
    }

    /** One column of one foreign key, as SQLite tells it. */
    private record ForeignKeyRow(
            int id, String parent, String from, Optional<String> to, String onUpdate, String onDelete) {}

    private List<ForeignKey> foreignKeys(Entry entry, TableText text) throws SQLException {
        var byId = connection
                .query(
                        "SELECT id, \"table\", \"from\", \"to\", on_update, on_delete"
                                + " FROM pragma_foreign_key_list(?, 'main') ORDER BY id, seq",
                        row -> new ForeignKeyRow(
                                row.getInt(1),
                                row.getString(2),
                                row.getString(3),
                                Optional.ofNullable(row.getString(4)),
                                row.getString(5),
                                row.getString(6)),
                        entry.name())
                .stream()
                .collect(Collectors.groupingBy(ForeignKeyRow::id, LinkedHashMap::new, Collectors.toList()));
        var clauses = text.clauses(Clause.Kind.FOREIGN_KEY).toList();
        if (clauses.size() != byId.size()) {
            throw misread(entry, "its foreign keys");
        }
        List<ForeignKey> keys = new ArrayList<>();
        byId.forEach((id, rows) -> keys.add(foreignKey(rows, clauses.get(clauses.size() - 1 - id))));
        return keys.reversed();
    }

    private static ForeignKey foreignKey(List<ForeignKeyRow> rows, Clause clause) {
        var first = rows.getFirst();
        return new ForeignKey(
                clause.name(),
                rows.stream().map(ForeignKeyRow::from).toList(),
                first.parent(),
                rows.stream().flatMap(row -> row.to().stream()).toList(),
                first.onUpdate(),
                first.onDelete(),
                clause.isDeferred());
    }

    private Index index(Entry entry, Table table) throws SQLException {
        var text = IndexText.parse(entry.sql());
        var canonical = new CanonicalText(
                table.name(), table.columns().stream().map(Column::name).toList());
        var parts = text.parts().iterator();
        var columns = connection.query(
                "SELECT cid, name, \"desc\", coll FROM pragma_index_xinfo(?, 'main') WHERE key ORDER BY seqno",
                row -> {
                    if (!parts.hasNext()) {
                        throw misread(entry, "its columns");
                    }
                    var part = parts.next();
                    var isColumn = row.getInt(1) >= 0;
                    return new KeyColumn(
                            isColumn ? row.getString(2) : "",
                            isColumn ? "" : canonical.of(part.tokens()),
                            collation(row.getString(4)),
                            row.getBoolean(3));
                },
                entry.name());
        var isUnique = connection.queryLong(
                        "SELECT \"unique\" FROM pragma_index_list(?, 'main') WHERE name = ?",
                        entry.table(),
                        entry.name())
                != 0;
        return new Index(entry.name(), table.name(), columns, isUnique, canonical.of(text.predicate()), entry.sql());
    }
}
