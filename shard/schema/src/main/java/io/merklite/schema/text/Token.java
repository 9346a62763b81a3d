package io.merklite.schema.text;

/**
 * A piece of SQL text.
 *
 * @param kind what it is
 * @param text as it was written
 * @param start offset of its first character in the whole text, from 0
 */
public record Token(Kind kind, String text, int start) {
    /** What a token is. */
    public enum Kind {
        /** A keyword or a name without quotes. */
        WORD,
        /** A name in double quotes, backticks or brackets; in double quotes it may turn out to be a string. */
        QUOTED,
        /** A string in single quotes. */
        STRING,
        /** A number, a blob or a parameter. */
        LITERAL,
        /** An operator or a bracket. */
        SYMBOL,
        /** A comment, with its marks. */
        COMMENT
    }

    /** Offset after the last character. */
    public int end() {
        return start + text.length();
    }

    /** Whether this is the word {@code keyword} (in upper case), without quotes. */
    public boolean is(String keyword) {
        return kind == Kind.WORD && SqlNames.upper(text).equals(keyword);
    }

    /** Whether this is the operator or bracket {@code symbol}. */
    public boolean isSymbol(String symbol) {
        return kind == Kind.SYMBOL && text.equals(symbol);
    }

    /** Whether SQLite would take this for a name where it expects one. */
    public boolean isName() {
        return kind == Kind.WORD || kind == Kind.QUOTED || kind == Kind.STRING;
    }

    /** The name without its quotes. */
    public String name() {
        if (kind == Kind.WORD || text.length() < 2) {
            return text;
        }
        var inner = text.substring(1, text.length() - 1);
        var quote = text.charAt(0);
        return quote == '[' ? inner : inner.replace("" + quote + quote, "" + quote);
    }
}
