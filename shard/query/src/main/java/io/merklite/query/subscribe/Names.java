package io.merklite.query.subscribe;

import java.util.Locale;

/** Names of tables and columns in SQL. */
final class Names {
    private Names() {}

    /** {@code name} as a quoted identifier, whatever it contains. */
    static String quote(String name) {
        return '"' + name.replace("\"", "\"\"") + '"';
    }

    /** What {@code written}, bare or in double quotes, names. */
    static String unquote(String written) {
        return written.length() >= 2 && written.startsWith("\"") && written.endsWith("\"")
                ? written.substring(1, written.length() - 1).replace("\"\"", "\"")
                : written;
    }

    /** {@code name} as SQLite compares names, and texts under NOCASE: ASCII letters without case, others as they are. */
    static String fold(String name) {
        for (var i = 0; i < name.length(); i++) {
            if (isUpper(name.charAt(i))) {
                return foldFrom(name, i);
            }
        }
        return name;
    }

    private static String foldFrom(String name, int first) {
        if (name.chars().allMatch(c -> c < 0x80)) {
            return name.toLowerCase(Locale.ROOT);
        }
        var folded = new StringBuilder(name);
        for (var i = first; i < folded.length(); i++) {
            var c = folded.charAt(i);
            if (isUpper(c)) {
                folded.setCharAt(i, (char) (c + ('a' - 'A')));
            }
        }
        return folded.toString();
    }

    private static boolean isUpper(char c) {
        return c >= 'A' && c <= 'Z';
    }
}
