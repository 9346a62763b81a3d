package io.merklite.session.catalog;

import java.util.Locale;

/** Names in SQL. */
public final class Identifiers {
    private Identifiers() {}

    /** {@code name} as a quoted identifier, whatever it contains. */
    public static String quote(String name) {
        return '"' + name.replace("\"", "\"\"") + '"';
    }

    /** {@code text} as a string literal. */
    public static String literal(String text) {
        return '\'' + text.replace("'", "''") + '\'';
    }

    /** {@code name} as SQLite compares names: ASCII letters without case, others as they are. */
    public static String fold(String name) {
        for (var i = 0; i < name.length(); i++) {
            var c = name.charAt(i);
            if (c >= 'A' && c <= 'Z') {
                return foldAscii(name);
            }
        }
        return name;
    }

    private static String foldAscii(String name) {
        if (name.chars().allMatch(c -> c < 0x80)) {
            return name.toLowerCase(Locale.ROOT);
        }
        var folded = new StringBuilder(name);
        for (var i = 0; i < folded.length(); i++) {
            var c = folded.charAt(i);
            if (c >= 'A' && c <= 'Z') {
                folded.setCharAt(i, (char) (c + ('a' - 'A')));
            }
        }
        return folded.toString();
    }
}
