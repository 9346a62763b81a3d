package io.merklite.query.transpile;

/** Names and strings of SQL: when they need quotes, and how they get them. */
final class Identifiers {
    private Identifiers() {}

    /** {@code text} as an SQL string. */
    static String string(String text) {
        return "'" + text.replace("'", "''") + "'";
    }

    /** {@code name} in double quotes. */
    static String quoted(String name) {
        return '"' + name.replace("\"", "\"\"") + '"';
    }

    /** The name inside {@code "…"}, {@code `…`}, {@code '…'} or {@code […]}. */
    static String unquoted(String quoted) {
        var quote = quoted.charAt(0);
        var inner = quoted.substring(1, quoted.length() - 1);
        return quote == '[' ? inner : inner.replace("" + quote + quote, String.valueOf(quote));
    }

    /** Whether {@code name} is an ASCII letter or underscore, then letters, digits and underscores. */
    static boolean isPlain(String name) {
        if (name.isEmpty() || !isPlainStart(name.charAt(0))) {
            return false;
        }
        for (var index = 1; index < name.length(); index++) {
            if (!isPlainPart(name.charAt(index))) {
                return false;
            }
        }
        return true;
    }

    static boolean isPlainStart(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    }

    static boolean isPlainPart(char c) {
        return isPlainStart(c) || (c >= '0' && c <= '9');
    }

    /** Whether SQLite takes {@code c} for a part of a name: also {@code $} and all that is not ASCII. */
    static boolean isNamePart(char c) {
        return isPlainPart(c) || c == '$' || (c >= 0x80 && c != '\uFEFF');
    }
}
