package io.merklite.cluster.sql;

import io.merklite.cluster.sql.AnalysedStatement.Kind;
import io.merklite.schema.text.SqlNames;
import io.merklite.schema.text.StatementTokens;
import io.merklite.schema.text.Token;
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
        return new AnalysedText(
                StatementTokens.of(sql).stream()
                        .map(tokens -> statement(sql, tokens))
                        .toList(),
                Optional.empty());
    }

    private static AnalysedStatement statement(String sql, StatementTokens whole) {
        var isExplain = whole.isExplain();
        var explainedTokens = whole.explained();
        var body = explainedTokens.tokens();
        var verb = explainedTokens.verb();
        var pragma = verb.equals("PRAGMA") ? SqlPragmas.of(body) : SqlPragmas.NONE;
        var kind = kind(verb, explainedTokens, pragma);
        var refusal = SqlGuard.refusal(verb, explainedTokens, isExplain, pragma);
        var explained = pragma.replacement()
                .orElseGet(() -> SchemaListing.hidden(sql, body, isExplain || kind == Kind.READ || kind == Kind.WRITE));
        return new AnalysedStatement(
                isExplain
                        ? sql.substring(
                                        whole.tokens().getFirst().start(),
                                        body.getFirst().start())
                                + explained
                        : explained,
                isExplain ? Kind.READ : kind,
                explained,
                whole.parameters(),
                verb.equals("INSERT") || verb.equals("REPLACE"),
                kind == Kind.WRITE && SqlGuard.COUNTED.contains(verb),
                kind == Kind.WRITE && asksForRollback(body),
                name(kind, body, pragma),
                explainedTokens.isAt(1, "IMMEDIATE") || explainedTokens.isAt(1, "EXCLUSIVE"),
                pragma.isSwitchedOn(),
                refusal);
    }

    private static Kind kind(String verb, StatementTokens body, SqlPragmas pragma) {
        return switch (verb) {
            case "INSERT", "REPLACE", "UPDATE", "DELETE", "REINDEX" -> Kind.WRITE;
            case "CREATE", "DROP", "ALTER", "ANALYZE" -> Kind.SCHEMA;
            case "PRAGMA" -> pragma.kind();
            case "BEGIN" -> Kind.BEGIN;
            case "COMMIT", "END" -> Kind.COMMIT;
            case "ROLLBACK" -> body.isRollbackTo() ? Kind.ROLLBACK_TO : Kind.ROLLBACK;
            case "SAVEPOINT" -> Kind.SAVEPOINT;
            case "RELEASE" -> Kind.RELEASE;
            default -> Kind.READ; // SELECT and VALUES; what is no statement at all fails when it is prepared
        };
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
