package io.merklite.cluster.sql;

import io.merklite.schema.text.SqlNames;
import io.merklite.schema.text.Token;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What statements see of the database and of their stream, where SQLite would show something else: {@link
 * StreamFunctions}, and listings of the objects of a database, where Merklite's own are left out.
 *
 * <p>Where a query names {@code sqlite_schema}, or another listing, as a table, it gets a subquery with the same columns
 * under the same name instead. It costs nothing: SQLite flattens it.
 */
final class SchemaListing {
    /*
     * Why in the text: SQLite lets nobody create a view, or a virtual table, whose name begins with sqlite_, the driver has no
     * authorizer, and filtering the rows that come out would leave count(*) and joins wrong. What the text can't have: rowid,
     * which a subquery doesn't have. Views and triggers keep their text as written, and so list everything.
     */
    private static final String OWN_PREFIX = "_merklite_";
    private static final String IS_FOREIGN = "substr(%s, 1, 10) <> '" + OWN_PREFIX + "' COLLATE NOCASE";
    private static final String SCHEMA = "SELECT type, name, tbl_name, rootpage, sql FROM main.sqlite_schema WHERE "
            + IS_FOREIGN.formatted("tbl_name");
    /** Clients have no temporary objects; those that are there record changes. */
    private static final String TEMPORARY_SCHEMA =
            "SELECT type, name, tbl_name, rootpage, sql FROM main.sqlite_schema WHERE 0";

    private static final String TABLE_LIST = "SELECT schema, name, type, ncol, wr, strict FROM pragma_table_list%s"
            + " WHERE (schema = 'main' OR name = 'sqlite_temp_schema') AND " + IS_FOREIGN.formatted("name");

    /** The file's path is nobody's business. */
    static final String DATABASE_LIST = "SELECT seq, name, '' AS file FROM pragma_database_list WHERE name = 'main'";

    private static final Map<String, String> LISTINGS = Map.of(
            "sqlite_schema", SCHEMA,
            "sqlite_master", SCHEMA,
            "sqlite_temp_schema", TEMPORARY_SCHEMA,
            "sqlite_temp_master", TEMPORARY_SCHEMA,
            "pragma_table_list", TABLE_LIST.formatted(""),
            "pragma_database_list", DATABASE_LIST);
    /** Behind the name of a table: what is neither its alias nor one of these belongs to what follows. */
    private static final Set<String> NO_ALIAS = Set.of(
            "WHERE",
            "JOIN",
            "LEFT",
            "RIGHT",
            "FULL",
            "INNER",
            "CROSS",
            "NATURAL",
            "OUTER",
            "ON",
            "USING",
            "GROUP",
            "ORDER",
            "LIMIT",
            "HAVING",
            "WINDOW",
            "UNION",
            "EXCEPT",
            "INTERSECT",
            "RETURNING",
            "SET",
            "VALUES",
            "SELECT",
            "DO",
            "INDEXED",
            "NOT");

    private SchemaListing() {}

    /** What gives the rows of {@code PRAGMA table_list}, for one table or all. */
    static String tableList(Optional<String> table) {
        return TABLE_LIST.formatted(
                table.map(name -> '(' + SqlNames.literal(name) + ')').orElse(""));
    }

    /**
     * The text of a statement.
     *
     * @param sql the text that it stands in
     * @param tokens its tokens
     * @param applies whether listings in it are replaced
     */
    static String hidden(String sql, List<Token> tokens, boolean applies) {
        var text = new StringBuilder();
        var done = tokens.getFirst().start();
        for (var i = 1; applies && i < tokens.size(); i++) {
            var token = tokens.get(i);
            if (isStreamFunction(tokens, i)) {
                text.append(sql, done, token.start()).append(StreamFunctions.PREFIX);
                done = token.start();
                continue;
            }
            var listing = token.isName() ? LISTINGS.get(SqlNames.fold(token.name())) : null;
            if (listing == null) {
                continue;
            }
            var first = isAfterSchema(tokens, i) ? i - 2 : i;
            var isQualifier = i + 1 < tokens.size() && tokens.get(i + 1).isSymbol(".");
            if (isQualifier && first < i) { // main.sqlite_schema.name: the schema is gone with the subquery
                text.append(sql, done, tokens.get(first).start());
                done = token.start();
            } else if (!isQualifier && isTable(tokens, first) && !isCalled(tokens, i)) {
                text.append(sql, done, tokens.get(first).start())
                        .append('(')
                        .append(listing)
                        .append(')');
                if (!hasAlias(tokens, i)) {
                    text.append(" AS ").append(SqlNames.quote(token.name()));
                }
                done = token.end();
            }
        }
        return text.append(sql, done, tokens.getLast().end()).toString();
    }

    private static boolean isStreamFunction(List<Token> tokens, int index) {
        return isCalled(tokens, index)
                && tokens.get(index).kind() == Token.Kind.WORD
                && !tokens.get(index - 1).isSymbol(".")
                && StreamFunctions.REPLACED.contains(
                        SqlNames.fold(tokens.get(index).text()));
    }

    private static boolean isAfterSchema(List<Token> tokens, int index) {
        return index >= 2
                && tokens.get(index - 1).isSymbol(".")
                && Set.of("main", "temp")
                        .contains(SqlNames.fold(tokens.get(index - 2).name()));
    }

    private static boolean isTable(List<Token> tokens, int first) {
        if (first == 0) {
            return false;
        }
        var before = tokens.get(first - 1);
        var isClear = before.is("FROM") || before.is("JOIN");
        return isClear
                || ((before.isSymbol(",") || before.isSymbol("("))
                        && tokens.get(first).kind() != Token.Kind.STRING);
    }

    /** A table-valued function with an argument names what it wants; it may depend on a row beside it, so it can't move. */
    private static boolean isCalled(List<Token> tokens, int index) {
        return index + 1 < tokens.size() && tokens.get(index + 1).isSymbol("(");
    }

    private static boolean hasAlias(List<Token> tokens, int index) {
        if (index + 1 >= tokens.size()) {
            return false;
        }
        var next = tokens.get(index + 1);
        return next.isName() && (next.kind() != Token.Kind.WORD || !NO_ALIAS.contains(SqlNames.upper(next.text())));
    }
}
