package io.merklite.client.jdbc;

import io.merklite.query.subscribe.SqlValue;
import java.sql.JDBCType;
import java.util.Locale;
import java.util.Optional;

/**
 * A column's type, from what it was declared as. SQLite's INTEGER has 64 bits, so everything with INT in its name is a BIGINT
 * but the small ones.
 *
 * @param name as declared, in capitals and without lengths; empty for an expression
 * @param type of JDBC
 * @param className of what {@code getObject} gives
 * @param precision from the declaration, or of the type; 0 for none
 * @param scale from the declaration
 */
record ColumnType(String name, JDBCType type, String className, int precision, int scale) {
    private static final int LONG_DIGITS = 19;
    private static final int DOUBLE_DIGITS = 17;

    static ColumnType of(Optional<String> declared) {
        var text = declared.orElse("").strip().toUpperCase(Locale.ROOT);
        var open = text.indexOf('(');
        var name = open < 0 ? text : text.substring(0, open).strip();
        var type = type(name);
        var digits = digits(text, open);
        var precision = digits[0] > 0
                ? digits[0]
                : switch (type) {
                    case BIGINT -> LONG_DIGITS;
                    case DOUBLE -> DOUBLE_DIGITS;
                    default -> 0;
                };
        return new ColumnType(name, type, className(type), precision, digits[1]);
    }

    /** The type of an expression, by a value that it has. */
    static ColumnType of(SqlValue value) {
        return switch (value) {
            case SqlValue.Null nothing -> of(Optional.empty());
            case SqlValue.Integer integer -> of(Optional.of("INTEGER"));
            case SqlValue.Real real -> of(Optional.of("REAL"));
            case SqlValue.Text text -> of(Optional.of("TEXT"));
            case SqlValue.Blob blob -> of(Optional.of("BLOB"));
        };
    }

    private static JDBCType type(String name) {
        if (name.isEmpty()) {
            return JDBCType.VARCHAR;
        }
        if (name.contains("BOOL")) {
            return JDBCType.BOOLEAN;
        }
        if (name.contains("INT")) {
            return name.contains("TINY")
                    ? JDBCType.TINYINT
                    : name.contains("SMALL") ? JDBCType.SMALLINT : JDBCType.BIGINT;
        }
        if (name.contains("TIMESTAMP") || name.contains("DATETIME")) {
            return JDBCType.TIMESTAMP;
        }
        if (name.equals("DATE")) {
            return JDBCType.DATE;
        }
        if (name.equals("TIME")) {
            return JDBCType.TIME;
        }
        if (name.contains("CHAR") || name.contains("CLOB") || name.contains("TEXT")) {
            return JDBCType.VARCHAR;
        }
        if (name.contains("BLOB") || name.contains("BINARY")) {
            return JDBCType.VARBINARY;
        }
        if (name.contains("REAL") || name.contains("FLOA") || name.contains("DOUB")) {
            return JDBCType.DOUBLE;
        }
        return name.contains("NUMERIC") || name.contains("DEC") ? JDBCType.NUMERIC : JDBCType.VARCHAR;
    }

    private static String className(JDBCType type) {
        return switch (type) {
            case BOOLEAN -> Boolean.class.getName();
            case TINYINT, SMALLINT, BIGINT -> Long.class.getName();
            case DOUBLE -> Double.class.getName();
            case VARBINARY -> "[B";
            case VARCHAR, DATE, TIME, TIMESTAMP -> String.class.getName();
            default -> Object.class.getName();
        };
    }

    private static int[] digits(String text, int open) {
        var found = new int[2];
        var close = text.indexOf(')', open + 1);
        if (open >= 0 && close > open) {
            var parts = text.substring(open + 1, close).split(",", -1);
            for (var i = 0; i < Math.min(parts.length, 2); i++) {
                var part = parts[i].strip();
                if (!part.isEmpty() && part.length() < 9 && part.chars().allMatch(Character::isDigit)) {
                    found[i] = Integer.parseInt(part);
                }
            }
        }
        return found;
    }
}
