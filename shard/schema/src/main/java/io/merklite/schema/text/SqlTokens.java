package io.merklite.schema.text;

import java.util.ArrayList;
import java.util.List;

/** Cuts SQL text into tokens, by the rules of SQLite's own tokenizer. Never fails: what it does not know is a symbol. */
public final class SqlTokens {
    private static final List<String> LONG_SYMBOLS =
            List.of("->>", "||", "<=", ">=", "<>", "!=", "==", "<<", ">>", "->");

    private final String sql;
    private final List<Token> tokens = new ArrayList<>();
    private int position;

    private SqlTokens(String sql) {
        this.sql = sql;
    }

    /** The tokens of {@code sql} without its comments. */
    public static List<Token> of(String sql) {
        return withComments(sql).stream()
                .filter(token -> token.kind() != Token.Kind.COMMENT)
                .toList();
    }

    /** The tokens of {@code sql} and its comments, in order. */
    public static List<Token> withComments(String sql) {
        var lexer = new SqlTokens(sql);
        while (lexer.position < sql.length()) {
            lexer.next();
        }
        return List.copyOf(lexer.tokens);
    }

    private void next() {
        var c = sql.charAt(position);
        if (isSpace(c)) {
            position++;
        } else if (sql.startsWith("--", position)) {
            var lineEnd = sql.indexOf('\n', position);
            add(Token.Kind.COMMENT, lineEnd < 0 ? sql.length() : lineEnd);
        } else if (sql.startsWith("/*", position)) {
            var end = sql.indexOf("*/", position + 2);
            add(Token.Kind.COMMENT, end < 0 ? sql.length() : end + 2);
        } else if (c == '\'') {
            add(Token.Kind.STRING, quoteEnd(position, c));
        } else if (c == '"' || c == '`' || c == '[') {
            add(Token.Kind.QUOTED, quoteEnd(position, c));
        } else if ((c == 'x' || c == 'X') && sql.startsWith("'", position + 1)) {
            add(Token.Kind.LITERAL, quoteEnd(position + 1, '\''));
        } else if (isDigit(c) || (c == '.' && position + 1 < sql.length() && isDigit(sql.charAt(position + 1)))) {
            add(Token.Kind.LITERAL, numberEnd());
        } else if (isWordPart(c) && c != '$') {
            add(Token.Kind.WORD, wordEnd(position));
        } else if (c == '?' || c == ':' || c == '@' || c == '$' || c == '#') {
            add(Token.Kind.LITERAL, wordEnd(position + 1));
        } else {
            var known = LONG_SYMBOLS.stream()
                    .filter(symbol -> sql.startsWith(symbol, position))
                    .findFirst();
            add(Token.Kind.SYMBOL, position + known.map(String::length).orElse(1));
        }
    }

    private void add(Token.Kind kind, int end) {
        tokens.add(new Token(kind, sql.substring(position, end), position));
        position = end;
    }

    /** After the closing quote; a doubled quote stands for itself, except in brackets. */
    private int quoteEnd(int open, char quote) {
        var close = quote == '[' ? ']' : quote;
        var i = open + 1;
        while (i < sql.length()) {
            if (sql.charAt(i) != close) {
                i++;
            } else if (quote != '[' && i + 1 < sql.length() && sql.charAt(i + 1) == close) {
                i += 2;
            } else {
                return i + 1;
            }
        }
        return sql.length();
    }

    private int numberEnd() {
        var i = position;
        while (i < sql.length()) {
            var c = sql.charAt(i);
            var isSign = (c == '+' || c == '-')
                    && i > position
                    && (sql.charAt(i - 1) == 'e' || sql.charAt(i - 1) == 'E')
                    && !sql.startsWith("0x", position)
                    && !sql.startsWith("0X", position);
            if (!isSign && c != '.' && !isWordPart(c)) {
                return i;
            }
            i++;
        }
        return i;
    }

    private int wordEnd(int from) {
        var i = from;
        while (i < sql.length() && isWordPart(sql.charAt(i))) {
            i++;
        }
        return i;
    }

    private static boolean isSpace(char c) {
        return c == ' ' || c == '\t' || c == '\n' || c == '\f' || c == '\r' || c == '\uFEFF';
    }

    private static boolean isDigit(char c) {
        return c >= '0' && c <= '9';
    }

    private static boolean isWordPart(char c) {
        return isDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' || c >= 0x80;
    }
}
