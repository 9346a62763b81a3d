package io.merklite.query.subscribe;

import io.merklite.query.subscribe.SqlTokens.Kind;
import io.merklite.query.subscribe.SqlTokens.Token;
import java.util.List;
import java.util.Locale;
import java.util.Set;

/**
 * Rewrites a statement for JSqlParser, which does not know all of SQLite's grammar.
 *
 * <p>Comments go, quotes become double quotes, and what the parser refuses becomes something of the same meaning, or, for
 * operators that no term is read from, something else that is not a term either: {@code IS 1} becomes {@code IS NOT
 * DISTINCT FROM 1}, {@code GLOB} becomes {@code LIKE}, {@code a COLLATE NOCASE} becomes {@code a || 0}. The text is only
 * analysed, never run.
 */
final class ParserText {
    /** Words behind which an operand begins, so that a NOT or GLOB there is no operator between two. */
    private static final Set<String> NO_OPERAND = Set.of(
            "SELECT",
            "DISTINCT",
            "ALL",
            "WHERE",
            "AND",
            "OR",
            "NOT",
            "ON",
            "HAVING",
            "WHEN",
            "THEN",
            "ELSE",
            "CASE",
            "BY",
            "IS",
            "IN",
            "LIKE",
            "GLOB",
            "MATCH",
            "REGEXP",
            "BETWEEN",
            "ESCAPE",
            "LIMIT",
            "OFFSET",
            "VALUES",
            "FROM",
            "AS");

    private final List<Token> tokens;
    private final StringBuilder text = new StringBuilder();
    private int position;

    private ParserText(List<Token> tokens) {
        this.tokens = tokens;
    }

    /** The text to parse for the statement with these tokens. */
    static String of(List<Token> tokens) {
        var rewriting = new ParserText(tokens);
        while (rewriting.position < tokens.size()) {
            rewriting.rewriteOne();
        }
        return rewriting.text.toString();
    }

    private void rewriteOne() {
        var token = tokens.get(position);
        if (token.kind() != Kind.WORD) {
            copy(token);
        } else if (token.isWord("IS")) {
            rewriteIs();
        } else if (token.isWord("NOT") && wordAt(1, "INDEXED")) {
            position += 2;
        } else if (token.isWord("INDEXED") && wordAt(1, "BY")) {
            position += 3;
        } else if (token.isWord("NOT") && wordAt(1, "NULL") && isOperandBefore()) {
            replace(2, "IS NOT NULL");
        } else if (token.isWord("NOTNULL") && isOperandBefore()) {
            replace(1, "IS NOT NULL");
        } else if (token.isWord("ISNULL") && isOperandBefore()) {
            replace(1, "IS NULL");
        } else if ((token.isWord("GLOB") || token.isWord("MATCH") || token.isWord("REGEXP"))
                && (isOperandBefore()
                        || (position > 0 && tokens.get(position - 1).isWord("NOT")))) {
            replace(1, "LIKE");
        } else if (token.isWord("COLLATE") && position + 1 < tokens.size()) {
            replace(2, "|| 0");
        } else {
            copy(token);
        }
    }

    private void rewriteIs() {
        var negated = wordAt(1, "NOT");
        var length = negated ? 2 : 1;
        var known = List.of("NULL", "TRUE", "FALSE", "DISTINCT").stream().anyMatch(word -> wordAt(length, word));
        if (known) {
            replace(length, negated ? "IS NOT" : "IS");
        } else {
            replace(length, negated ? "IS DISTINCT FROM" : "IS NOT DISTINCT FROM");
        }
    }

    private boolean wordAt(int ahead, String word) {
        return position + ahead < tokens.size() && tokens.get(position + ahead).isWord(word);
    }

    private boolean isOperandBefore() {
        if (position == 0) {
            return false;
        }
        var before = tokens.get(position - 1);
        return switch (before.kind()) {
            case SYMBOL -> before.isSymbol(")");
            case WORD -> !NO_OPERAND.contains(before.text().toUpperCase(Locale.ROOT));
            default -> true;
        };
    }

    private void replace(int count, String replacement) {
        position += count;
        text.append(replacement).append(' ');
    }

    private void copy(Token token) {
        position++;
        switch (token.kind()) {
            case QUOTED -> text.append(Names.quote(token.text()));
            case STRING ->
                text.append('\'').append(token.text().replace("'", "''")).append('\'');
            case NUMBER -> text.append(token.text().replace("_", ""));
            case SYMBOL -> text.append(token.isSymbol("==") ? "=" : token.text());
            default -> text.append(token.text());
        }
        text.append(' ');
    }
}
