package io.merklite.sync.database;

import io.merklite.schema.text.SqlNames;
import io.merklite.schema.text.SqlTokens;
import io.merklite.schema.text.Token;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/** A text cut into statements where SQLite would cut it: at semicolons, but those inside of triggers. */
final class SqlScript {
    /** What a statement asks of the transaction around it. */
    enum Kind {
        /** Changes nothing. */
        READ,
        /** Changes rows. */
        WRITE,
        /** Changes the schema. */
        SCHEMA,
        /** Does nothing, or fails, inside a transaction: PRAGMA, VACUUM, ATTACH, DETACH. */
        OUTSIDE,
        BEGIN,
        COMMIT,
        ROLLBACK,
        ROLLBACK_TO,
        SAVEPOINT,
        RELEASE
    }

    /**
     * One statement.
     *
     * @param sql its text without the semicolon
     * @param tokens the same as tokens, at least one, without comments
     */
    record Statement(String sql, List<Token> tokens, Kind kind) {
        /** Whether it can't write: a query, or a PRAGMA that only tells something. */
        boolean isReading() {
            return kind == Kind.READ || (tokens.getFirst().is("PRAGMA") && isReadingPragma());
        }

        private boolean isReadingPragma() {
            var at = tokens.size() > 2 && tokens.get(2).isSymbol(".") ? 3 : 1;
            if (at >= tokens.size()) {
                return false;
            }
            var name = SqlNames.upper(tokens.get(at).name());
            return PRAGMAS_ABOUT.contains(name) || (at == tokens.size() - 1 && !PRAGMAS_THAT_ACT.contains(name));
        }

        /** Name of the savepoint that a statement about savepoints means. */
        String savepoint() {
            return tokens.getLast().name();
        }
    }

    /** They tell about what their argument names. */
    private static final Set<String> PRAGMAS_ABOUT = Set.of(
            "TABLE_INFO",
            "TABLE_XINFO",
            "TABLE_LIST",
            "INDEX_LIST",
            "INDEX_INFO",
            "INDEX_XINFO",
            "FOREIGN_KEY_LIST",
            "FOREIGN_KEY_CHECK",
            "INTEGRITY_CHECK",
            "QUICK_CHECK");

    /** They do something without an argument; others tell a setting. */
    private static final Set<String> PRAGMAS_THAT_ACT =
            Set.of("OPTIMIZE", "WAL_CHECKPOINT", "INCREMENTAL_VACUUM", "SHRINK_MEMORY");

    private SqlScript() {}

    /** The statements of {@code text}; empty ones are left out. */
    static List<Statement> statements(String text) {
        List<Statement> statements = new ArrayList<>();
        List<Token> tokens = new ArrayList<>();
        for (var token : SqlTokens.of(text)) {
            if (token.isSymbol(";") && !isInsideTrigger(tokens)) {
                add(text, tokens, statements);
                tokens.clear();
            } else {
                tokens.add(token);
            }
        }
        add(text, tokens, statements);
        return statements;
    }

    private static void add(String text, List<Token> tokens, List<Statement> statements) {
        if (!tokens.isEmpty()) {
            var sql = text.substring(tokens.getFirst().start(), tokens.getLast().end());
            statements.add(new Statement(sql, List.copyOf(tokens), kind(tokens)));
        }
    }

    /** A trigger ends with END after a semicolon; an END of CASE has none before it. */
    private static boolean isInsideTrigger(List<Token> tokens) {
        var count = tokens.size();
        return isTrigger(tokens)
                && !(count >= 2
                        && tokens.get(count - 1).is("END")
                        && tokens.get(count - 2).isSymbol(";"));
    }

    private static boolean isTrigger(List<Token> tokens) {
        var at = 0;
        while (isAt(tokens, at, "EXPLAIN") || isAt(tokens, at, "QUERY") || isAt(tokens, at, "PLAN")) {
            at++;
        }
        if (!isAt(tokens, at, "CREATE")) {
            return false;
        }
        at++;
        if (isAt(tokens, at, "TEMP") || isAt(tokens, at, "TEMPORARY")) {
            at++;
        }
        return isAt(tokens, at, "TRIGGER");
    }

    private static boolean isAt(List<Token> tokens, int index, String keyword) {
        return index < tokens.size() && tokens.get(index).is(keyword);
    }

    private static Kind kind(List<Token> tokens) {
        var first = tokens.getFirst();
        if (first.is("WITH")) {
            return kindOfVerb(verbAfterWith(tokens));
        }
        if (first.is("ROLLBACK")) {
            return tokens.stream().anyMatch(token -> token.is("TO")) ? Kind.ROLLBACK_TO : Kind.ROLLBACK;
        }
        return kindOfVerb(first);
    }

    private static Kind kindOfVerb(Token verb) {
        return switch (verb.kind() == Token.Kind.WORD ? SqlNames.upper(verb.text()) : "") {
            case "SELECT", "VALUES", "EXPLAIN" -> Kind.READ;
            case "CREATE", "DROP", "ALTER" -> Kind.SCHEMA;
            case "PRAGMA", "VACUUM", "ATTACH", "DETACH" -> Kind.OUTSIDE;
            case "BEGIN" -> Kind.BEGIN;
            case "COMMIT", "END" -> Kind.COMMIT;
            case "SAVEPOINT" -> Kind.SAVEPOINT;
            case "RELEASE" -> Kind.RELEASE;
            default -> Kind.WRITE; // what is no statement at all fails when it is run
        };
    }

    /** The first token behind the common table expressions: behind a closing bracket, and neither AS nor a comma. */
    private static Token verbAfterWith(List<Token> tokens) {
        var depth = 0;
        for (var i = 1; i < tokens.size(); i++) {
            var token = tokens.get(i);
            if (token.isSymbol("(")) {
                depth++;
            } else if (token.isSymbol(")")) {
                depth--;
            } else if (depth == 0 && tokens.get(i - 1).isSymbol(")") && !token.is("AS") && !token.isSymbol(",")) {
                return token;
            }
        }
        return tokens.getFirst();
    }
}
