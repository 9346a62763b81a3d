package io.merklite.cluster.sql;

import io.merklite.schema.text.SqlNames;
import io.merklite.schema.text.StatementTokens;
import io.merklite.schema.text.Token;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What no client may do, whatever its rights: leave the database's file, change how it is kept, or touch the tables that
 * make replicas converge.
 *
 * <p>It goes by tokens, since the driver has no authorizer, and rather refuses too much: in a statement that writes, no
 * name may be one of Merklite's.
 */
final class SqlGuard {
    /** Their changed rows are counted. */
    static final Set<String> COUNTED = Set.of("INSERT", "REPLACE", "UPDATE", "DELETE");

    private static final Set<String> NEVER = Set.of("ATTACH", "DETACH", "VACUUM");
    private static final String OWN_PREFIX = "_merklite_";
    /** Its shadow tables, should a virtual table be called so, would look like Merklite's own. */
    private static final String OWN_NAME = "_merklite";
    /** Rows that lost; clients may read it. */
    private static final String CONFLICTS = "_merklite_conflicts";

    private static final String SQLITE_PREFIX = "sqlite_";
    /** Numbers of AUTOINCREMENT, which SQLite lets everybody set. */
    private static final String SEQUENCES = "sqlite_sequence";
    /** Where the file is. What clients are told instead does not reach into views, or behind parentheses. */
    private static final String DATABASE_LIST = "pragma_database_list";
    /** The pages of the file as a table. */
    private static final String PAGES = "sqlite_dbpage";

    private static final Set<String> MODULES =
            Set.of("fts3", "fts4", "fts5", "fts5vocab", "fts4aux", "fts3tokenize", "rtree", "rtree_i32", "geopoly");
    /**
     * Functions that load code; and those of the driver's library, not SQLite's own, that take as much memory as they are
     * asked to, whatever the limits of the connection are.
     */
    private static final Set<String> NEVER_CALLED = Set.of("load_extension", "padl", "padr", "padc", "replicate");

    /** Behind these a string is taken for the name of an object. */
    private static final Set<String> BEFORE_NAMES = Set.of(
            "INTO",
            "UPDATE",
            "FROM",
            "JOIN",
            "TABLE",
            "INDEX",
            "VIEW",
            "TRIGGER",
            "EXISTS",
            "ON",
            "TO",
            "IGNORE",
            "REPLACE",
            "ABORT",
            "FAIL",
            "ROLLBACK",
            "REFERENCES",
            "REINDEX",
            "ANALYZE",
            "SAVEPOINT",
            "RELEASE",
            "COLUMN",
            "RENAME",
            "ADD",
            "AS");
    /** Behind these a list of tables has ended. */
    private static final Set<String> BEHIND_TABLES = Set.of(
            "SELECT",
            "WHERE",
            "GROUP",
            "HAVING",
            "WINDOW",
            "ORDER",
            "LIMIT",
            "UNION",
            "EXCEPT",
            "INTERSECT",
            "VALUES",
            "SET",
            "RETURNING");
    /** Before the object that a statement writes to. */
    private static final Set<String> BEFORE_TARGETS =
            Set.of("INTO", "UPDATE", "FROM", "IGNORE", "REPLACE", "ABORT", "FAIL", "ROLLBACK");

    private SqlGuard() {}

    /**
     * Why a statement may not run.
     *
     * @param verb in upper case
     * @param statement without EXPLAIN
     */
    static Optional<SqlError> refusal(String verb, StatementTokens statement, boolean isExplain, SqlPragmas pragma) {
        if (NEVER.contains(verb)) {
            return Optional.of(SqlErrors.notAllowed(verb + " is not allowed here"));
        }
        if (verb.equals("PRAGMA")) {
            return isExplain
                    ? Optional.of(SqlErrors.notAllowed("EXPLAIN of a PRAGMA, which might set it, is not allowed here"))
                    : pragma.refusal();
        }
        if (verb.equals("CREATE")) {
            var refused = createRefusal(statement);
            if (refused.isPresent()) {
                return refused;
            }
        }
        var body = statement.tokens();
        var isReading = verb.equals("SELECT") || verb.equals("VALUES");
        for (var i = 0; i < body.size(); i++) {
            var refused = nameRefusal(verb, body, i, isReading);
            if (refused.isPresent()) {
                return refused;
            }
        }
        return Optional.empty();
    }

    private static Optional<SqlError> createRefusal(StatementTokens statement) {
        if (statement.isAt(1, "TEMP") || statement.isAt(1, "TEMPORARY")) {
            return Optional.of(temporary());
        }
        var body = statement.tokens();
        for (var i = 1; i + 1 < body.size(); i++) {
            if (statement.isAt(1, "VIRTUAL") && body.get(i).is("USING")) {
                var module = SqlNames.fold(body.get(i + 1).name());
                return MODULES.contains(module)
                        ? Optional.empty()
                        : Optional.of(SqlErrors.notAllowed("virtual tables of " + module + " are not allowed here"));
            }
        }
        return Optional.empty();
    }

    private static SqlError temporary() {
        return SqlErrors.notAllowed(
                "temporary objects are not supported: streams share connections; use an ordinary table or a CTE");
    }

    private static Optional<SqlError> nameRefusal(String verb, List<Token> body, int index, boolean isReading) {
        var token = body.get(index);
        if (token.kind() == Token.Kind.SYMBOL || token.kind() == Token.Kind.LITERAL) {
            return Optional.empty();
        }
        var name = SqlNames.fold(token.name());
        var isFollowedByDot = index + 1 < body.size() && body.get(index + 1).isSymbol(".");
        if (NEVER_CALLED.contains(name)
                && index + 1 < body.size()
                && body.get(index + 1).isSymbol("(")
                && !isBeforeColumns(body, index)) {
            return Optional.of(SqlErrors.notAuthorized(name + " is not allowed here"));
        }
        if (name.equals("temp") && isFollowedByDot && !isReading && !isColumn(body, index)) {
            return Optional.of(temporary());
        }
        if (name.equals(DATABASE_LIST)
                && (verb.equals("CREATE")
                        || (index + 1 < body.size() && body.get(index + 1).isSymbol("(")))) {
            return Optional.of(SqlErrors.notAuthorized(
                    "only " + DATABASE_LIST + " in a query, without parentheses," + " is allowed here"));
        }
        if (name.startsWith(OWN_PREFIX) || (name.equals(OWN_NAME) && isVirtualTable(body))) {
            return isOwnTouched(body, index, isReading, name)
                    ? Optional.of(SqlErrors.notAuthorized(token.name() + " is Merklite's own: clients may not use it"))
                    : Optional.empty();
        }
        if (name.equals(PAGES) || (isTarget(verb, body, index) && isSqlites(name))) {
            return Optional.of(SqlErrors.notAuthorized(token.name() + " is SQLite's own: clients may not change it"));
        }
        return Optional.empty();
    }

    /** Also one that is renamed: whether it is a virtual one does not show, so every rename counts. */
    private static boolean isVirtualTable(List<Token> body) {
        return (body.size() > 1 && body.get(0).is("CREATE") && body.get(1).is("VIRTUAL"))
                || body.get(0).is("ALTER");
    }

    /** {@code CREATE TABLE padl(} and the like: what follows are columns, not arguments. */
    private static boolean isBeforeColumns(List<Token> body, int index) {
        if (index == 0) {
            return false;
        }
        var before = body.get(index - 1);
        return before.is("INTO") || before.is("TABLE") || before.is("EXISTS") || before.is("REFERENCES");
    }

    private static boolean isSqlites(String name) {
        return name.startsWith(SQLITE_PREFIX) && !name.equals(SEQUENCES);
    }

    /** {@code temp} may be the alias of a table: then it stands where a column does. */
    private static boolean isColumn(List<Token> body, int index) {
        return index == 0 || !isBeforeName(body, index);
    }

    private static boolean isOwnTouched(List<Token> body, int index, boolean isReading, String name) {
        var isString = body.get(index).kind() == Token.Kind.STRING;
        if (!isReading) {
            return !isString || isVirtualTable(body) || isStringForTable(body, index);
        }
        if (name.equals(CONFLICTS) || index == 0) {
            return false;
        }
        var before = body.get(index - 1);
        return isStringForTable(body, index)
                || (!isString && (before.isSymbol(",") || before.isSymbol("(") || before.is("IN")));
    }

    /** SQLite takes a string for the name of a table where nothing else can stand. */
    private static boolean isStringForTable(List<Token> body, int index) {
        return isBeforeName(body, index) || (index > 0 && body.get(index - 1).is("IN")) || isInTables(body, index);
    }

    /** Whether a name stands in a list of tables, behind a comma or a parenthesis of its own. */
    private static boolean isInTables(List<Token> body, int index) {
        Deque<Boolean> outer = new ArrayDeque<>();
        var isInTables = false;
        for (var i = 0; i < index; i++) {
            var token = body.get(i);
            if (token.isSymbol("(")) {
                outer.push(isInTables);
                isInTables &= isBeforeTable(body, i);
            } else if (token.isSymbol(")")) {
                isInTables = !outer.isEmpty() && outer.pop();
            } else if (token.is("FROM")) {
                isInTables = !(i > 0 && body.get(i - 1).is("DISTINCT"));
            } else if (token.kind() == Token.Kind.WORD && BEHIND_TABLES.contains(SqlNames.upper(token.text()))) {
                isInTables = false;
            }
        }
        return isInTables && isBeforeTable(body, index);
    }

    private static boolean isBeforeTable(List<Token> body, int index) {
        if (index == 0) {
            return false;
        }
        var before = body.get(index - 1);
        return before.is("FROM") || before.is("JOIN") || before.isSymbol(",") || before.isSymbol("(");
    }

    private static boolean isBeforeName(List<Token> body, int index) {
        if (index == 0) {
            return false;
        }
        var before = body.get(index - 1);
        return before.isSymbol(".")
                || (before.kind() == Token.Kind.WORD && BEFORE_NAMES.contains(SqlNames.upper(before.text())));
    }

    /** Whether a statement that writes does it to this name: behind its verb, and maybe {@code OR IGNORE} or a schema. */
    private static boolean isTarget(String verb, List<Token> body, int index) {
        if (!COUNTED.contains(verb) || index == 0) {
            return false;
        }
        var at = body.get(index - 1).isSymbol(".") && index >= 2 ? index - 2 : index;
        if (at == 0) {
            return false;
        }
        var before = body.get(at - 1);
        return before.kind() == Token.Kind.WORD
                && BEFORE_TARGETS.contains(SqlNames.upper(before.text()))
                && (!before.is("FROM") || (at >= 2 && body.get(at - 2).is("DELETE")));
    }
}
