package io.merklite.query.subscribe;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The tokens of the first statement of an SQL text, cut as SQLite cuts them.
 *
 * <p>They serve three purposes: to see what kind of statement it is, to rewrite it for the parser ({@link ParserText}),
 * and to check the parser's work by counting, since a subquery or a column that the parser's tree hides still has its
 * token.
 */
final class SqlTokens {
    /** What a token is. */
    enum Kind {
        /** A keyword or a bare identifier. */
        WORD,
        /** An identifier in double quotes, backticks or brackets; its text is without them. */
        QUOTED,
        /** A string; its text is without quotes. */
        STRING,
        NUMBER,
        BLOB,
        /** A parameter such as {@code ?}, {@code ?1} or {@code :name}. */
        PARAMETER,
        SYMBOL
    }

    /**
     * A token.
     *
     * @param kind what it is
     * @param text its content
     */
    record Token(Kind kind, String text) {
        boolean isWord(String word) {
            return kind == Kind.WORD && text.equalsIgnoreCase(word);
        }

        boolean isSymbol(String symbol) {
            return kind == Kind.SYMBOL && text.equals(symbol);
        }
    }

    private static final List<String> LONG_SYMBOLS =
            List.of("->>", "||", "->", "<<", ">>", "<=", ">=", "<>", "==", "!=");

    private final String sql;
    private final List<Token> tokens = new ArrayList<>();
    private int position;

    private SqlTokens(String sql) {
        this.sql = sql;
    }

    /** The tokens up to the first semicolon; none if a quote or comment is not closed or a character is not SQL's. */
    static Optional<List<Token>> of(String sql) {
        var cutter = new SqlTokens(sql);
        return cutter.cut() ? Optional.of(List.copyOf(cutter.tokens)) : Optional.empty();
    }

    private boolean cut() {
        while (position < sql.length()) {
            var c = sql.charAt(position);
            if (c == ';') {
                return true;
            }
            if (!cutOne(c)) {
                return false;
            }
        }
        return true;
    }

    private boolean cutOne(char c) {
        if (Character.isWhitespace(c) || c == '\uFEFF') {
            position++;
            return true;
        }
        if (sql.startsWith("--", position)) {
            var end = sql.indexOf('\n', position);
            position = end < 0 ? sql.length() : end + 1;
            return true;
        }
        if (sql.startsWith("/*", position)) {
            var end = sql.indexOf("*/", position + 2);
            position = end < 0 ? sql.length() : end + 2;
            return true;
        }
        return switch (c) {
            case '\'' -> quoted(Kind.STRING, '\'');
            case '"', '`' -> quoted(Kind.QUOTED, c);
            case '[' -> bracketed();
            case '?', ':', '@', '$', '#' -> parameter();
            default -> isNumberNext(c) ? number() : wordOrSymbol(c);
        };
    }

    private boolean quoted(Kind kind, char quote) {
        var text = new StringBuilder();
        for (var i = position + 1; i < sql.length(); i++) {
            if (sql.charAt(i) != quote) {
                text.append(sql.charAt(i));
            } else if (i + 1 < sql.length() && sql.charAt(i + 1) == quote) {
                text.append(quote);
                i++;
            } else {
                position = i + 1;
                tokens.add(new Token(kind, text.toString()));
                return true;
            }
        }
        return false;
    }

    private boolean bracketed() {
        var end = sql.indexOf(']', position);
        if (end < 0) {
            return false;
        }
        tokens.add(new Token(Kind.QUOTED, sql.substring(position + 1, end)));
        position = end + 1;
        return true;
    }

    private boolean parameter() {
        var end = position + 1;
        while (end < sql.length() && isNamePart(sql.charAt(end))) {
            end++;
        }
        take(Kind.PARAMETER, end);
        return true;
    }

    private boolean number() {
        var end = position;
        if (sql.regionMatches(true, position, "0x", 0, 2)) {
            end += 2;
        }
        while (end < sql.length() && (isNamePart(sql.charAt(end)) || sql.charAt(end) == '.' || isExponentSign(end))) {
            end++;
        }
        take(Kind.NUMBER, end);
        return true;
    }

    /** Whether a sign stands behind the {@code e} of a decimal number. */
    private boolean isExponentSign(int index) {
        return (sql.charAt(index) == '+' || sql.charAt(index) == '-')
                && Character.toLowerCase(sql.charAt(index - 1)) == 'e'
                && !sql.regionMatches(true, position, "0x", 0, 2);
    }

    private boolean wordOrSymbol(char c) {
        if ((c == 'x' || c == 'X') && position + 1 < sql.length() && sql.charAt(position + 1) == '\'') {
            var end = sql.indexOf('\'', position + 2);
            if (end < 0) {
                return false;
            }
            take(Kind.BLOB, end + 1);
            return true;
        }
        if (isNamePart(c)) {
            var end = position;
            while (end < sql.length() && isNamePart(sql.charAt(end))) {
                end++;
            }
            take(Kind.WORD, end);
            return true;
        }
        var symbol = LONG_SYMBOLS.stream()
                .filter(candidate -> sql.startsWith(candidate, position))
                .findFirst()
                .orElse(String.valueOf(c));
        take(Kind.SYMBOL, position + symbol.length());
        return c >= ' ';
    }

    private void take(Kind kind, int end) {
        tokens.add(new Token(kind, sql.substring(position, end)));
        position = end;
    }

    private boolean isNumberNext(char c) {
        return isDigitAt(position) || (c == '.' && isDigitAt(position + 1));
    }

    private boolean isDigitAt(int index) {
        return index < sql.length() && sql.charAt(index) >= '0' && sql.charAt(index) <= '9';
    }

    private static boolean isNamePart(char c) {
        return c == '_' || c == '$' || c >= 0x80 || (c < 0x80 && Character.isLetterOrDigit(c));
    }
}
