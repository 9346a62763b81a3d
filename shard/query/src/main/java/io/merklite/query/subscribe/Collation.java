package io.merklite.query.subscribe;

import java.util.Optional;

/** The collations built into SQLite. Of others nothing is known, so terms on columns that have one are not used. */
enum Collation {
    BINARY,
    NOCASE,
    RTRIM;

    /** What malformed UTF-8 is decoded to: such a text is no longer what SQLite compares. */
    private static final char REPLACEMENT = '\uFFFD';

    /** The collation called {@code name}; none if it is not built in. */
    static Optional<Collation> named(String name) {
        return switch (name) {
            case "BINARY" -> Optional.of(BINARY);
            case "NOCASE" -> Optional.of(NOCASE);
            case "RTRIM" -> Optional.of(RTRIM);
            default -> Optional.empty();
        };
    }

    /** The one text that stands for all those equal to {@code text}. */
    String key(String text) {
        return switch (this) {
            case BINARY -> text;
            case NOCASE -> Names.fold(text);
            case RTRIM -> trimmed(text);
        };
    }

    /** The order of two texts that are {@link #key keys}: by their bytes in UTF-8, which is by code points. */
    static int compareKeys(String left, String right) {
        var length = Math.min(left.length(), right.length());
        for (var i = 0; i < length; i++) {
            var a = left.charAt(i);
            var b = right.charAt(i);
            if (a != b) {
                return Character.isSurrogate(a) == Character.isSurrogate(b)
                        ? Character.compare(a, b)
                        : Boolean.compare(Character.isSurrogate(a), Character.isSurrogate(b));
            }
        }
        return Integer.compare(left.length(), right.length());
    }

    /**
     * Whether comparing {@code text} here gives what SQLite gives. Not so for malformed UTF-8, which Java's text has lost,
     * and for a NUL under NOCASE, behind which SQLite looks at the length only.
     */
    boolean isExact(String text) {
        return text.indexOf(REPLACEMENT) < 0 && (this != NOCASE || text.indexOf('\0') < 0);
    }

    private static String trimmed(String text) {
        var end = text.length();
        while (end > 0 && text.charAt(end - 1) == ' ') {
            end--;
        }
        return text.substring(0, end);
    }
}
