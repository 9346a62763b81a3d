package io.merklite.query.transpile;

/**
 * A word or sign of SQL as it stands in the text.
 *
 * @param kind what it is
 * @param keyword which keyword, for names
 * @param text its characters, quotes included
 * @param start index of its first character
 * @param end index after its last character
 * @param spaced whether white space or a comment stands before it
 */
record Token(Kind kind, Keyword keyword, String text, int start, int end, boolean spaced) implements Part {
    enum Kind {
        NAME,
        QUOTED_NAME,
        STRING,
        NUMBER,
        PARAMETER,
        SIGN,
        END
    }

    boolean is(Keyword wanted) {
        return keyword == wanted;
    }

    boolean is(char sign) {
        return kind == Kind.SIGN && text.length() == 1 && text.charAt(0) == sign;
    }

    boolean is(String sign) {
        return kind == Kind.SIGN && text.equals(sign);
    }

    boolean isEnd() {
        return kind == Kind.END;
    }

    /** Whether it stands where a table or column is named, quoted or not. */
    boolean isName() {
        return kind == Kind.QUOTED_NAME || (kind == Kind.NAME && keyword.canBeName());
    }

    /** The name without its quotes. */
    String unquoted() {
        return kind == Kind.NAME ? text : Identifiers.unquoted(text);
    }

    /** For a message: the token in quotes, or that the text ends here. */
    String described() {
        return isEnd() ? "the end of the text" : "'" + (text.length() > 20 ? text.substring(0, 20) + "…" : text) + "'";
    }
}
