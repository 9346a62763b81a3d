package io.merklite.session.catalog;

import java.util.Locale;

/** Internal: what a column makes of the values that are written to it, before it stores or compares them. */
public enum Affinity {
    /** It takes them as they are. */
    NONE,
    /** Numbers become text. */
    TEXT,
    /** Text that is a number becomes one, and whole reals become integers. */
    NUMERIC,
    /** The same, and integers become real. */
    REAL;

    /** That of a declared type, by the rules of SQLite's documentation of data types, section 3.1. */
    public static Affinity of(String declaredType) {
        var type = declaredType.toUpperCase(Locale.ROOT);
        if (type.contains("INT")) {
            return NUMERIC;
        }
        if (type.contains("CHAR") || type.contains("CLOB") || type.contains("TEXT")) {
            return TEXT;
        }
        if (type.isEmpty() || type.contains("BLOB")) {
            return NONE;
        }
        return type.contains("REAL") || type.contains("FLOA") || type.contains("DOUB") ? REAL : NUMERIC;
    }
}
