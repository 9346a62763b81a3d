package io.merklite.cluster.sql;

import io.merklite.cluster.sql.AnalysedStatement.Kind;
import io.merklite.schema.text.SqlNames;
import io.merklite.schema.text.SqlTokens;
import io.merklite.schema.text.Token;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * A text that a client sent, cut into statements, each with what its tokens tell. Any text can be analysed.
 *
 * <p><b>Threading.</b> Immutable. The texts that come again and again are kept, under a lock that is held only to look
 * them up.
 *
 * @param statements empty ones are left out
 * @param refusal why no statement of it may run
 */
record AnalysedText(List<AnalysedStatement> statements, Optional<SqlError> refusal) {
    private static final int KEPT_COUNT = 2_048;
    private static final int KEPT_TEXT_MAX_LENGTH = 8_192;
    private static final Map<String, AnalysedText> KEPT = new LinkedHashMap<>(16, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<String, AnalysedText> eldest) {
            return size() > KEPT_COUNT;
        }
    };

    AnalysedText {
        statements = List.copyOf(statements);
    }

    static AnalysedText of(String sql) {
        if (sql.length() > KEPT_TEXT_MAX_LENGTH) {
            return analyse(sql);
        }
        synchronized (KEPT) {
            var known = KEPT.get(sql);
            if (known != null) {
                return known;
            }
        }
        var analysed = analyse(sql);
        synchronized (KEPT) {
            KEPT.put(sql, analysed);
        }
        return analysed;
    }

    /** The only statement; fails if there are more or none. */
    AnalysedStatement single() throws SqlFailure {
        if (refusal.isPresent()) {
            throw new SqlFailure(refusal.get());
        }
        return switch (statements.size()) {
            case 0 -> throw new SqlFailure(SqlErrors.NO_STATEMENT);
            case 1 -> statements.getFirst();
            default -> throw new SqlFailure(SqlErrors.MANY_STATEMENTS);
        };
    }

    private static AnalysedText analyse(String sql) {
        if (sql.indexOf('\0') >= 0) {
            return new AnalysedText(List.of(), Optional.of(SqlErrors.NUL_IN_TEXT));
        }
        List<AnalysedStatement> statements = new ArrayList<>();
        var from = 0;
        var tokens = SqlTokens.of(sql);
        for (var to = 0; to <= tokens.size(); to++) {
            if (to == tokens.size() || (tokens.get(to).isSymbol(";") && !isInsideTrigger(tokens.subList(from, to)))) {
                if (to > from) {
                    statements.add(statement(sql, tokens.subList(from, to)));
                }
                from = to + 1;
            }
        }
        return new AnalysedText(statements, Optional.empty());
    }

    /** A trigger ends with END after a semicolon; an END of CASE has none before it. */
    private static boolean isInsideTrigger(List<Token> tokens) {
        return isCreateTrigger(tokens)
                && !(tokens.getLast().is("END") && tokens.get(tokens.size() - 2).isSymbol(";"));
    }

    private static boolean isCreateTrigger(List<Token> tokens) {
        var at = explainLength(tokens);
        if (!isAt(tokens, at, "CREATE")) {
            return false;
        }
        var isTemporary = isAt(tokens, at + 1, "TEMP") || isAt(tokens, at + 1, "TEMPORARY");
        return isAt(tokens, isTemporary ? at + 2 : at + 1, "TRIGGER");
    }

    private static int explainLength(List<Token> tokens) {
        if (!isAt(tokens, 0, "EXPLAIN")) {
            return 0;
        }
        return isAt(tokens, 1, "QUERY") && isAt(tokens, 2, "PLAN") ? 3 : 1;
    }

    static boolean isAt(List<Token> tokens, int index, String keyword) {
        return index < tokens.size() && tokens.get(index).is(keyword);
    }

    private static AnalysedStatement statement(String sql, List<Token> tokens) {
        var explain = explainLength(tokens);
        var isExplain =
                explain > 0 && explain < tokens.size(); // EXPLAIN of nothing is no statement, as SQLite will say
        var body = isExplain ? tokens.subList(explain, tokens.size()) : tokens;
        var verb = verb(body);
        var pragma = verb.equals("PRAGMA") ? SqlPragmas.of(body) : SqlPragmas.NONE;
        var kind = kind(verb, body, pragma);
        var refusal = SqlGuard.refusal(verb, body, isExplain, pragma);
        var explained = pragma.replacement()
                .orElseGet(() -> SchemaListing.hidden(sql, body, isExplain || kind == Kind.READ || kind == Kind.WRITE));
        return new AnalysedStatement(
                isExplain
                        ? sql.substring(
                                        tokens.getFirst().start(),
                                        body.getFirst().start())
                                + explained
                        : explained,
                isExplain ? Kind.READ : kind,
                explained,
                SqlParameters.of(tokens),
                verb.equals("INSERT") || verb.equals("REPLACE"),
                kind == Kind.WRITE && SqlGuard.COUNTED.contains(verb),
                kind == Kind.WRITE && asksForRollback(body),
                name(kind, body, pragma),
                isAt(body, 1, "IMMEDIATE") || isAt(body, 1, "EXCLUSIVE"),
                pragma.isSwitchedOn(),
                refusal);
    }

    private static String verb(List<Token> body) {
        var first = body.getFirst();
        var verb = first.is("WITH") ? verbAfterWith(body) : first;
        return verb.kind() == Token.Kind.WORD ? SqlNames.upper(verb.text()) : "";
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

    private static Kind kind(String verb, List<Token> body, SqlPragmas pragma) {
        return switch (verb) {
            case "INSERT", "REPLACE", "UPDATE", "DELETE", "REINDEX" -> Kind.WRITE;
            case "CREATE", "DROP", "ALTER", "ANALYZE" -> Kind.SCHEMA;
            case "PRAGMA" -> pragma.kind();
            case "BEGIN" -> Kind.BEGIN;
            case "COMMIT", "END" -> Kind.COMMIT;
            case "ROLLBACK" -> isRollbackTo(body) ? Kind.ROLLBACK_TO : Kind.ROLLBACK;
            case "SAVEPOINT" -> Kind.SAVEPOINT;
            case "RELEASE" -> Kind.RELEASE;
            default -> Kind.READ; // SELECT and VALUES; what is no statement at all fails when it is prepared
        };
    }

    private static boolean isRollbackTo(List<Token> body) {
        return isAt(body, 1, "TO") || (isAt(body, 1, "TRANSACTION") && isAt(body, 2, "TO"));
    }

    private static boolean asksForRollback(List<Token> body) {
        for (var i = 1; i < body.size(); i++) {
            if (body.get(i).is("ROLLBACK") && body.get(i - 1).is("OR")) {
                return true;
            }
        }
        return false;
    }

    private static String name(Kind kind, List<Token> body, SqlPragmas pragma) {
        return switch (kind) {
            case SAVEPOINT, RELEASE, ROLLBACK_TO -> SqlNames.fold(body.getLast().name());
            case PRAGMA, FOREIGN_KEYS, DEFER_FOREIGN_KEYS -> pragma.name();
            case READ, WRITE, SCHEMA, BEGIN, COMMIT, ROLLBACK -> "";
        };
    }
}
