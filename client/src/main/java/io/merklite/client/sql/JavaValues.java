package io.merklite.client.sql;

import io.merklite.query.subscribe.SqlValue;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.Arrays;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Java's types and SQLite's classes.
 *
 * <table>
 * <caption>What becomes what</caption>
 * <tr><th>Java</th><th>SQLite</th></tr>
 * <tr><td>null, empty Optional</td><td>NULL</td></tr>
 * <tr><td>boolean, byte, short, int, long, BigInteger that fits</td><td>INTEGER</td></tr>
 * <tr><td>float, double</td><td>REAL</td></tr>
 * <tr><td>byte[]</td><td>BLOB</td></tr>
 * <tr><td>String, char, enum by name, UUID, BigDecimal and larger BigInteger, java.time in ISO 8601</td><td>TEXT</td></tr>
 * </table>
 *
 * <p>Back, numbers convert if nothing is lost; text is parsed; an INTEGER becomes a moment as Unix milliseconds, and a
 * date and time of SQLite's, with a blank instead of the T, is read as well, as UTC.
 */
public final class JavaValues {
    private static final BigInteger MIN = BigInteger.valueOf(Long.MIN_VALUE);
    private static final BigInteger MAX = BigInteger.valueOf(Long.MAX_VALUE);
    private static final double LIMIT = 0x1p63;

    private JavaValues() {}

    /**
     * The value that a Java object is stored as.
     *
     * @throws IllegalArgumentException if its type is not in the table
     */
    public static SqlValue toSql(@Nullable Object value) {
        return switch (value) {
            case null -> SqlValue.NULL;
            case SqlValue sql -> sql;
            case Optional<?> optional -> toSql(optional.orElse(null));
            case Boolean is -> SqlValue.of(is ? 1L : 0L);
            case Long number -> SqlValue.of(number.longValue());
            case Integer number -> SqlValue.of(number.longValue());
            case Short number -> SqlValue.of(number.longValue());
            case Byte number -> SqlValue.of(number.longValue());
            case Double number -> real(number);
            case Float number -> real(number.doubleValue());
            case BigInteger number -> integer(number);
            case BigDecimal number -> SqlValue.of(number.toPlainString());
            case byte[] bytes -> SqlValue.of(bytes);
            case CharSequence text -> SqlValue.of(text.toString());
            case Character c -> SqlValue.of(c.toString());
            case Enum<?> constant -> SqlValue.of(constant.name());
            case UUID id -> SqlValue.of(id.toString());
            case Instant moment -> SqlValue.of(moment.toString());
            case LocalDate date -> SqlValue.of(date.toString());
            case LocalTime time -> SqlValue.of(time.toString());
            case LocalDateTime time -> SqlValue.of(time.toString());
            case OffsetDateTime time -> SqlValue.of(time.toString());
            case ZonedDateTime time -> SqlValue.of(time.toOffsetDateTime().toString());
            default ->
                throw new IllegalArgumentException("a parameter of type "
                        + value.getClass().getName() + ": convert it to a number, text, bytes or a type of java.time");
        };
    }

    /** SQLite has no NaN: it stores NULL. */
    private static SqlValue real(double number) {
        return Double.isNaN(number) ? SqlValue.NULL : SqlValue.of(number);
    }

    private static SqlValue integer(BigInteger number) {
        return number.compareTo(MIN) >= 0 && number.compareTo(MAX) <= 0
                ? SqlValue.of(number.longValue())
                : SqlValue.of(number.toString());
    }

    /** The object that comes closest: null, Long, Double, String or byte[]. */
    public static @Nullable Object natural(SqlValue value) {
        return switch (value) {
            case SqlValue.Null nothing -> null;
            case SqlValue.Integer integer -> integer.value();
            case SqlValue.Real real -> real.value();
            case SqlValue.Text text -> text.value();
            case SqlValue.Blob blob -> blob.toByteArray();
        };
    }

    /** The value as text; null for NULL. A blob is read as UTF-8. */
    public static @Nullable String text(SqlValue value) {
        return switch (value) {
            case SqlValue.Null nothing -> null;
            case SqlValue.Integer integer -> Long.toString(integer.value());
            case SqlValue.Real real -> Double.toString(real.value());
            case SqlValue.Text text -> text.value();
            case SqlValue.Blob blob -> new String(blob.toByteArray(), StandardCharsets.UTF_8);
        };
    }

    /**
     * The value as a {@code type}.
     *
     * @return null only for NULL and a type that is no primitive
     * @throws IllegalArgumentException if it can't be one without loss, or is NULL and {@code type} is primitive; the
     *     message says what it is, never the value
     */
    public static @Nullable Object toJava(SqlValue value, Class<?> type) {
        if (type == SqlValue.class) {
            return value;
        }
        if (value instanceof SqlValue.Null) {
            if (type.isPrimitive()) {
                throw new IllegalArgumentException("NULL for a " + type.getName());
            }
            return null;
        }
        try {
            return convert(value, type);
        } catch (ArithmeticException | NumberFormatException | DateTimeException e) {
            throw new IllegalArgumentException(describe(value) + " is no " + type.getSimpleName(), e);
        }
    }

    private static Object convert(SqlValue value, Class<?> type) {
        return switch (type.getName()) {
            case "long", "java.lang.Long" -> integer(value);
            case "int", "java.lang.Integer" -> Math.toIntExact(integer(value));
            case "short", "java.lang.Short" -> (short) ranged(value, Short.MIN_VALUE, Short.MAX_VALUE);
            case "byte", "java.lang.Byte" -> (byte) ranged(value, Byte.MIN_VALUE, Byte.MAX_VALUE);
            case "boolean", "java.lang.Boolean" -> truth(value);
            case "double", "java.lang.Double" -> real(value);
            case "float", "java.lang.Float" -> (float) real(value);
            case "java.lang.String", "java.lang.CharSequence" -> requireText(value);
            case "char", "java.lang.Character" -> character(value);
            case "[B" -> bytes(value);
            case "java.lang.Object" -> Objects.requireNonNull(natural(value));
            case "java.lang.Number" -> value instanceof SqlValue.Real real ? (Object) real.value() : integer(value);
            case "java.math.BigDecimal" -> decimal(value);
            case "java.math.BigInteger" -> decimal(value).toBigIntegerExact();
            case "java.util.UUID" -> uuid(value);
            case "java.time.Instant" -> moment(value);
            case "java.time.OffsetDateTime" -> moment(value).atOffset(ZoneOffset.UTC);
            case "java.time.ZonedDateTime" -> moment(value).atZone(ZoneOffset.UTC);
            case "java.time.LocalDateTime" -> dateTime(value);
            case "java.time.LocalDate" -> dateTime(value).toLocalDate();
            case "java.time.LocalTime" -> time(value);
            default -> constant(value, type);
        };
    }

    private static long integer(SqlValue value) {
        return switch (value) {
            case SqlValue.Integer integer -> integer.value();
            case SqlValue.Real real when isWhole(real.value()) -> (long) real.value();
            case SqlValue.Text text -> new BigDecimal(text.value().strip()).longValueExact();
            default -> throw new IllegalArgumentException(describe(value) + " is no whole number");
        };
    }

    private static boolean isWhole(double number) {
        return number == Math.rint(number) && number >= -LIMIT && number < LIMIT;
    }

    private static long ranged(SqlValue value, long least, long most) {
        var number = integer(value);
        if (number < least || number > most) {
            throw new ArithmeticException("out of range");
        }
        return number;
    }

    private static boolean truth(SqlValue value) {
        if (value instanceof SqlValue.Text text) {
            return switch (text.value().strip().toLowerCase(Locale.ROOT)) {
                case "true", "t", "yes", "y", "on", "1" -> true;
                case "false", "f", "no", "n", "off", "0" -> false;
                default -> throw new IllegalArgumentException("a text that is neither true nor false");
            };
        }
        return real(value) != 0;
    }

    private static double real(SqlValue value) {
        return switch (value) {
            case SqlValue.Integer integer -> (double) integer.value();
            case SqlValue.Real real -> real.value();
            case SqlValue.Text text -> Double.parseDouble(text.value().strip());
            default -> throw new IllegalArgumentException(describe(value) + " is no number");
        };
    }

    private static BigDecimal decimal(SqlValue value) {
        return switch (value) {
            case SqlValue.Integer integer -> BigDecimal.valueOf(integer.value());
            case SqlValue.Real real -> BigDecimal.valueOf(real.value());
            case SqlValue.Text text -> new BigDecimal(text.value().strip());
            default -> throw new IllegalArgumentException(describe(value) + " is no number");
        };
    }

    private static String requireText(SqlValue value) {
        var text = text(value);
        if (text == null) {
            throw new IllegalArgumentException("NULL is no text");
        }
        return text;
    }

    private static char character(SqlValue value) {
        var text = requireText(value);
        if (text.length() != 1) {
            throw new IllegalArgumentException("a text of " + text.length() + " characters is no single one");
        }
        return text.charAt(0);
    }

    private static byte[] bytes(SqlValue value) {
        return value instanceof SqlValue.Blob blob
                ? blob.toByteArray()
                : requireText(value).getBytes(StandardCharsets.UTF_8);
    }

    /** Of text, or of sixteen bytes in network order. */
    private static UUID uuid(SqlValue value) {
        if (value instanceof SqlValue.Blob blob && blob.view().remaining() == 2 * Long.BYTES) {
            var bytes = blob.view();
            return new UUID(bytes.getLong(), bytes.getLong());
        }
        return UUID.fromString(requireText(value));
    }

    private static Instant moment(SqlValue value) {
        if (value instanceof SqlValue.Integer millis) {
            return Instant.ofEpochMilli(millis.value());
        }
        var text = requireText(value).strip().replace(' ', 'T');
        if (text.endsWith("Z")) {
            return Instant.parse(text);
        }
        return text.length() > 10 && text.substring(10).matches(".*[+-]\\d\\d:\\d\\d")
                ? OffsetDateTime.parse(text).toInstant()
                : dateTime(value).toInstant(ZoneOffset.UTC);
    }

    private static LocalDateTime dateTime(SqlValue value) {
        if (value instanceof SqlValue.Integer millis) {
            return LocalDateTime.ofInstant(Instant.ofEpochMilli(millis.value()), ZoneOffset.UTC);
        }
        var text = requireText(value).strip().replace(' ', 'T');
        if (text.indexOf('T') < 0) {
            return LocalDate.parse(text).atStartOfDay();
        }
        return text.endsWith("Z")
                ? LocalDateTime.ofInstant(Instant.parse(text), ZoneOffset.UTC)
                : LocalDateTime.parse(text);
    }

    private static LocalTime time(SqlValue value) {
        var text = requireText(value).strip();
        return text.indexOf('-') < 0 ? LocalTime.parse(text) : dateTime(value).toLocalTime();
    }

    private static Object constant(SqlValue value, Class<?> type) {
        if (!type.isEnum()) {
            throw new IllegalArgumentException("a column can't become a " + type.getName());
        }
        var name = requireText(value);
        return Arrays.stream(type.getEnumConstants())
                .filter(constant -> ((Enum<?>) constant).name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("a text that names no " + type.getSimpleName()));
    }

    private static String describe(SqlValue value) {
        return switch (value) {
            case SqlValue.Null nothing -> "NULL";
            case SqlValue.Integer integer -> "an INTEGER";
            case SqlValue.Real real -> "a REAL";
            case SqlValue.Text text -> "a TEXT";
            case SqlValue.Blob blob -> "a BLOB";
        };
    }
}
