package io.merklite.sync.database;

import io.merklite.schema.text.SqlNames;
import io.merklite.schema.text.StatementTokens;
import io.merklite.schema.text.Token;
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
        return StatementTokens.of(text).stream()
                .map(statement -> statement(text, statement))
                .toList();
    }

    private static Statement statement(String text, StatementTokens statement) {
        var tokens = statement.tokens();
        var sql = text.substring(tokens.getFirst().start(), tokens.getLast().end());
        return new Statement(sql, tokens, kind(statement));
    }

    private static Kind kind(StatementTokens statement) {
        return switch (statement.verb()) {
            case "SELECT", "VALUES", "EXPLAIN" -> Kind.READ;
            case "CREATE", "DROP", "ALTER" -> Kind.SCHEMA;
            case "PRAGMA", "VACUUM", "ATTACH", "DETACH" -> Kind.OUTSIDE;
            case "BEGIN" -> Kind.BEGIN;
            case "COMMIT", "END" -> Kind.COMMIT;
            case "ROLLBACK" -> statement.isRollbackTo() ? Kind.ROLLBACK_TO : Kind.ROLLBACK;
            case "SAVEPOINT" -> Kind.SAVEPOINT;
            case "RELEASE" -> Kind.RELEASE;
            default -> Kind.WRITE; // what is no statement at all fails when it is run
        };
    }
}
