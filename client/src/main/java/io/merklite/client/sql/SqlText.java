package io.merklite.client.sql;

import io.merklite.schema.text.SqlNames;
import io.merklite.schema.text.StatementTokens;
import io.merklite.schema.text.Token;
import java.util.List;

/**
 * Internal: what the tokens of a statement tell without parsing it. Strings, quoted names and comments are passed over as
 * SQLite does.
 *
 * <p><b>Cost.</b> Linear in the text, once, when it is made.
 */
public final class SqlText {
    private final List<StatementTokens> statements;
    private final List<String> words;

    /** What a statement does to the transaction that it runs in. */
    public enum Kind {
        /** Nothing but blanks and comments. */
        EMPTY,
        /** SELECT, VALUES, EXPLAIN. */
        READ,
        /** INSERT, UPDATE, DELETE, REPLACE. */
        WRITE,
        /** BEGIN. */
        BEGIN,
        /** COMMIT or END. */
        COMMIT,
        /** ROLLBACK, but not to a savepoint. */
        ROLLBACK,
        /** SAVEPOINT, RELEASE, ROLLBACK TO. */
        SAVEPOINT,
        /** PRAGMA. */
        PRAGMA,
        /** Everything else: DDL, VACUUM, ATTACH. */
        OTHER
    }

    private SqlText(List<StatementTokens> statements) {
        this.statements = statements;
        this.words = statements.stream()
                .flatMap(statement -> statement.tokens().stream())
                .filter(token -> token.kind() == Token.Kind.WORD)
                .map(token -> SqlNames.upper(token.text()))
                .toList();
    }

    /** Looks at {@code sql}. */
    public static SqlText of(String sql) {
        return new SqlText(StatementTokens.of(sql));
    }

    /** What the first statement is. */
    public Kind kind() {
        if (statements.isEmpty()) {
            return Kind.EMPTY;
        }
        var first = statements.getFirst();
        return switch (first.verb()) {
            case "SELECT", "VALUES", "EXPLAIN" -> Kind.READ;
            case "INSERT", "UPDATE", "DELETE", "REPLACE" -> Kind.WRITE;
            case "BEGIN" -> Kind.BEGIN;
            case "COMMIT", "END" -> Kind.COMMIT;
            case "ROLLBACK" -> first.isRollbackTo() ? Kind.SAVEPOINT : Kind.ROLLBACK;
            case "SAVEPOINT", "RELEASE" -> Kind.SAVEPOINT;
            case "PRAGMA" -> Kind.PRAGMA;
            default -> Kind.OTHER;
        };
    }

    /** Whether it can be run twice without harm; false where that is not plain. */
    public boolean isReading() {
        return statements.size() <= 1 && kind() == Kind.READ;
    }

    /** Whether it inserts rows, so that there are generated keys. */
    public boolean isInserting() {
        var verb = statements.isEmpty() ? "" : statements.getFirst().verb();
        return verb.equals("INSERT") || verb.equals("REPLACE");
    }

    /** Whether it gives a pragma, named in capitals, a value. */
    public boolean isSetting(String pragma) {
        return kind() == Kind.PRAGMA
                && statements.getFirst().isAt(1, pragma)
                && statements.getFirst().tokens().size() > 2;
    }

    /** Whether the word, in capitals, stands in it outside of strings, names and comments. */
    public boolean hasWord(String word) {
        return words.contains(word);
    }

    /** How many statements there are; triggers count for what they are, one. */
    public int statementCount() {
        return statements.size();
    }
}
