package io.merklite.schema.text;

import java.util.Comparator;
import java.util.List;

/** Names of tables, columns and other objects. */
public final class SqlNames {
    /** The order of names as SQLite compares them: ASCII letters without case. */
    public static final Comparator<String> IGNORING_CASE = Comparator.comparing(SqlNames::fold);

    private static final List<String> INTERNAL = List.of("sqlite_", "_merklite_", "_sqlift_", "_sqlpipe_");

    private SqlNames() {}

    /** {@code name} as SQLite compares names: ASCII letters in lower case, others as they are. */
    public static String fold(String name) {
        return mapAscii(name, 'A', 'Z', 'a' - 'A');
    }

    /** ASCII letters of {@code text} in upper case, others as they are. */
    public static String upper(String text) {
        return mapAscii(text, 'a', 'z', 'A' - 'a');
    }

    private static String mapAscii(String text, char first, char last, int shift) {
        var mapped = new StringBuilder(text);
        for (var i = 0; i < mapped.length(); i++) {
            var c = mapped.charAt(i);
            if (c >= first && c <= last) {
                mapped.setCharAt(i, (char) (c + shift));
            }
        }
        return mapped.toString();
    }

    /** Whether SQLite takes the two names for the same. */
    public static boolean same(String one, String other) {
        return fold(one).equals(fold(other));
    }

    /** {@code name} as a quoted identifier, whatever it contains. */
    public static String quote(String name) {
        return '"' + name.replace("\"", "\"\"") + '"';
    }

    /** {@code text} as a string literal. */
    public static String literal(String text) {
        return '\'' + text.replace("'", "''") + '\'';
    }

    /** Whether the name is SQLite's own, or that of a library's bookkeeping: such objects never take part. */
    public static boolean isInternal(String name) {
        var folded = fold(name);
        return INTERNAL.stream().anyMatch(folded::startsWith);
    }
}
