package io.merklite.query.subscribe;

import io.merklite.query.subscribe.WatchedTable.TableId;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What a connection's databases consist of: which table or index begins at which page, and how tables and views look.
 *
 * <p>Read from SQLite itself, a table's details when first asked for, and forgotten when {@link #refresh} finds that a
 * schema has changed. The mark of a schema is SQLite's own schema cookie.
 */
final class Catalog {
    /** Table-valued functions whose rows follow from their arguments alone. */
    private static final List<String> PURE_FUNCTIONS = List.of("json_each", "json_tree", "generate_series");

    /**
     * Number of the database {@code temp}. It is listed once a statement has needed it, which is no change of schema, and
     * its cookie stays 0 until something is created in it.
     */
    private static final int TEMP = 1;

    private final Connection connection;
    private List<Mark> marks = List.of();
    private final Map<Page, Root> roots = new HashMap<>();
    private final Map<TableId, Definition> definitions = new HashMap<>();
    private final Map<TableId, Optional<WatchedTable>> tables = new HashMap<>();
    private final Map<Root, Optional<List<Integer>>> indexes = new HashMap<>();
    private boolean utf8;

    Catalog(Connection connection) {
        this.connection = connection;
    }

    /** A state of a database's schema. */
    private record Mark(int database, String schema, String file, long cookie) {}

    /** Where a table or index begins. */
    private record Page(int database, int page) {}

    /**
     * What begins at a page.
     *
     * @param table the table, or that of the index
     * @param index name of the index, unless it is the table itself
     * @param isPartial whether the index leaves rows out
     */
    record Root(TableId table, Optional<String> index, boolean isPartial) {}

    /** What kind of thing a name is. */
    enum Kind {
        TABLE,
        VIEW,
        VIRTUAL
    }

    /**
     * A table or view.
     *
     * @param id its name
     * @param kind what it is
     * @param sql its CREATE statement
     * @param page its root page; 0 for views and virtual tables
     */
    record Definition(TableId id, Kind kind, String sql, int page) {}

    /** Reads the schemas again if they have changed; whether they have. */
    boolean refresh() throws SQLException {
        var now = readMarks();
        if (now.equals(marks)) {
            return false;
        }
        forget();
        for (var mark : now) {
            readSchema(mark);
        }
        utf8 = readText("PRAGMA encoding").equals("UTF-8");
        marks = now;
        return true;
    }

    /** Makes the next {@link #refresh} read everything. */
    void forget() {
        marks = List.of();
        roots.clear();
        definitions.clear();
        tables.clear();
        indexes.clear();
    }

    /** Whether texts are compared by their bytes in UTF-8. */
    boolean isUtf8() {
        return utf8;
    }

    /** What begins at a page of a database, whose number is that of bytecode. */
    Optional<Root> root(int database, int page) {
        return Optional.ofNullable(roots.get(new Page(database, page)));
    }

    /** The table or view that a FROM clause means by {@code name}. Without a schema: temp, main, then attached ones. */
    Optional<Definition> definition(Optional<String> schema, String name) {
        if (schema.isPresent()) {
            return Optional.ofNullable(definitions.get(TableId.of(schema.get(), name)));
        }
        return marks.stream()
                .sorted((left, right) -> Integer.compare(searchRank(left.database()), searchRank(right.database())))
                .map(mark -> definitions.get(TableId.of(mark.schema(), name)))
                .filter(found -> found != null)
                .findFirst();
    }

    private static int searchRank(int database) {
        return switch (database) {
            case 0 -> 1;
            case TEMP -> 0;
            default -> database;
        };
    }

    /** The table's layout; none if it is no ordinary table, or can't be read from its bytecode. */
    Optional<WatchedTable> table(TableId id) throws SQLException {
        var known = tables.get(id);
        if (known == null) {
            var definition = definitions.get(id);
            known = definition != null && definition.kind() == Kind.TABLE
                    ? TableReader.read(connection, definition)
                    : Optional.empty();
            tables.put(id, known);
        }
        return known;
    }

    /** Names of the columns that a table or view shows, folded. */
    Set<String> columnNames(TableId id) throws SQLException {
        Set<String> names = new HashSet<>();
        try (var query = connection.prepareStatement("SELECT name FROM pragma_table_xinfo(?, ?) WHERE hidden <> 1")) {
            query.setString(1, id.name());
            query.setString(2, id.schema());
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    names.add(Names.fold(rows.getString(1)));
                }
            }
        }
        return names;
    }

    /** The table's columns that an index holds, by their number in the table; none if it holds anything else. */
    Optional<List<Integer>> indexColumns(Root index) throws SQLException {
        var known = indexes.get(index);
        if (known == null) {
            known = readIndex(index);
            indexes.put(index, known);
        }
        return known;
    }

    private Optional<List<Integer>> readIndex(Root root) throws SQLException {
        if (root.isPartial()) {
            return Optional.empty();
        }
        List<Integer> columns = new ArrayList<>();
        try (var query = connection.prepareStatement("SELECT cid FROM pragma_index_xinfo(?, ?) ORDER BY seqno")) {
            query.setString(1, root.index().orElseThrow());
            query.setString(2, root.table().schema());
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    columns.add(rows.getInt(1));
                }
            }
        }
        var isExpression = columns.isEmpty() || columns.contains(-2);
        return isExpression ? Optional.empty() : Optional.of(List.copyOf(columns));
    }

    /** How bytecode names the virtual tables whose rows follow from their arguments alone. */
    Set<String> pureVirtualTables() throws SQLException {
        Set<String> pure = new HashSet<>();
        for (var function : PURE_FUNCTIONS) {
            if (readText("SELECT count(*) FROM pragma_module_list WHERE name = '" + function + "'")
                    .equals("1")) {
                Bytecode.of(connection, "SELECT 1 FROM " + function, List.of()).stream()
                        .filter(instruction -> instruction.opcode().equals("VOpen"))
                        .forEach(instruction -> pure.add(instruction.p4()));
            }
        }
        return pure;
    }

    private List<Mark> readMarks() throws SQLException {
        List<Mark> found = new ArrayList<>();
        try (var statement = connection.createStatement();
                var rows = statement.executeQuery("PRAGMA database_list")) {
            while (rows.next()) {
                var file = rows.getString(3);
                found.add(new Mark(rows.getInt(1), rows.getString(2), file == null ? "" : file, 0));
            }
        }
        for (var i = 0; i < found.size(); i++) {
            var mark = found.get(i);
            found.set(i, new Mark(mark.database(), mark.schema(), mark.file(), cookie(mark.schema())));
        }
        found.removeIf(mark -> mark.database() == TEMP && mark.cookie() == 0);
        return found;
    }

    private long cookie(String schema) throws SQLException {
        try (var statement = connection.createStatement();
                var rows = statement.executeQuery("PRAGMA " + Names.quote(schema) + ".schema_version")) {
            return rows.next() ? rows.getLong(1) : 0;
        }
    }

    private String readText(String sql) throws SQLException {
        try (var statement = connection.createStatement();
                var rows = statement.executeQuery(sql)) {
            return rows.next() ? rows.getString(1) : "";
        }
    }

    private void readSchema(Mark mark) throws SQLException {
        var schema = Names.quote(mark.schema());
        try (var statement = connection.createStatement();
                var rows = statement.executeQuery(
                        "SELECT type, name, tbl_name, coalesce(rootpage, 0), coalesce(sql, '') FROM " + schema
                                + ".sqlite_schema WHERE type IN ('table', 'view', 'index')")) {
            while (rows.next()) {
                var id = TableId.of(mark.schema(), rows.getString(2));
                var page = rows.getInt(4);
                if (rows.getString(1).equals("index")) {
                    var table = TableId.of(mark.schema(), rows.getString(3));
                    roots.put(
                            new Page(mark.database(), page),
                            new Root(table, Optional.of(rows.getString(2)), isPartial(rows.getString(5))));
                    continue;
                }
                var kind = rows.getString(1).equals("view") ? Kind.VIEW : page == 0 ? Kind.VIRTUAL : Kind.TABLE;
                definitions.put(id, new Definition(id, kind, rows.getString(5), page));
                if (page != 0) {
                    roots.put(new Page(mark.database(), page), new Root(id, Optional.empty(), false));
                }
            }
        }
    }

    /** Whether a CREATE INDEX has a WHERE clause; an index of a constraint has no SQL. */
    private static boolean isPartial(String sql) {
        return SqlTokens.of(sql)
                .map(tokens -> tokens.stream().anyMatch(token -> token.isWord("WHERE")))
                .orElse(true);
    }
}
