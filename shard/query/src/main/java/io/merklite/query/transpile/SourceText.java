package io.merklite.query.transpile;

import io.merklite.query.QueryException.MalformedQuery;

/** The text that is translated, and where in it an error stands. */
final class SourceText {
    private final String text;

    SourceText(String text) {
        this.text = text;
    }

    String text() {
        return text;
    }

    int length() {
        return text.length();
    }

    /** The character at {@code offset}, or 0 after the end. */
    char at(int offset) {
        return offset < text.length() ? text.charAt(offset) : '\0';
    }

    /** An error at {@code token}, which is not what was expected. */
    MalformedQuery unexpected(Token token, String expected, String hint) {
        return error(token.start(), "found " + token.described() + ", expected " + expected, hint);
    }

    /** An error at {@code offset}, an index of characters; the exception has the line and column in bytes of UTF-8. */
    MalformedQuery error(int offset, String found, String hint) {
        var line = 1;
        var column = 1;
        for (var index = 0; index < offset; ) {
            var codePoint = text.codePointAt(index);
            if (codePoint == '\n') {
                line++;
                column = 1;
            } else {
                column += codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
            }
            index += Character.charCount(codePoint);
        }
        return new MalformedQuery(line, column, found, hint);
    }
}
