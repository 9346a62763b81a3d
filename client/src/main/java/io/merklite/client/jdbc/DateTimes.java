package io.merklite.client.jdbc;

import io.merklite.client.sql.JavaValues;
import io.merklite.query.subscribe.SqlValue;
import java.sql.Date;
import java.sql.Time;
import java.sql.Timestamp;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Calendar;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The dates of {@code java.sql} as text that SQLite's date functions read: {@code yyyy-MM-dd HH:mm:ss.SSS}, with nine digits
 * behind the point where a timestamp is more exact than that, the wall clock of
 * the calendar's zone, or of the program's. An INTEGER is read as Unix milliseconds.
 */
final class DateTimes {
    private static final int NANOS_PER_MILLI = 1_000_000;
    private static final DateTimeFormatter FORMAT = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss.SSS");
    private static final DateTimeFormatter EXACT_FORMAT = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss.SSSSSSSSS");

    private DateTimes() {}

    private static ZoneId zone(Optional<Calendar> calendar) {
        return calendar.map(one -> one.getTimeZone().toZoneId()).orElseGet(ZoneId::systemDefault);
    }

    @SuppressWarnings("JavaUtilDate") // JDBC's types are made of it
    static SqlValue toSql(java.util.@Nullable Date value, Optional<Calendar> calendar) {
        if (value == null) {
            return SqlValue.NULL;
        }
        var local = LocalDateTime.ofInstant(Instant.ofEpochMilli(value.getTime()), zone(calendar));
        return SqlValue.of(
                switch (value) {
                    case Date date -> local.toLocalDate().toString();
                    case Time time -> local.toLocalTime().toString();
                    case Timestamp exact
                    when exact.getNanos() % NANOS_PER_MILLI != 0 ->
                        local.withNano(exact.getNanos()).format(EXACT_FORMAT);
                    default -> local.format(FORMAT);
                });
    }

    static Timestamp timestamp(SqlValue value, Optional<Calendar> calendar) {
        if (value instanceof SqlValue.Integer millis) {
            return new Timestamp(millis.value());
        }
        var text = String.valueOf(JavaValues.text(value)).strip();
        if (text.endsWith("Z") || text.matches(".*\\d[+-]\\d\\d:\\d\\d")) {
            return Timestamp.from((Instant) convert(value, Instant.class));
        }
        var local = (LocalDateTime) convert(value, LocalDateTime.class);
        return Timestamp.from(local.atZone(zone(calendar)).toInstant());
    }

    static Date date(SqlValue value, Optional<Calendar> calendar) {
        var local = value instanceof SqlValue.Integer millis
                ? LocalDate.ofInstant(Instant.ofEpochMilli(millis.value()), zone(calendar))
                : (LocalDate) convert(value, LocalDate.class);
        return new Date(local.atStartOfDay(zone(calendar)).toInstant().toEpochMilli());
    }

    static Time time(SqlValue value, Optional<Calendar> calendar) {
        var local = value instanceof SqlValue.Integer millis
                ? LocalTime.ofInstant(Instant.ofEpochMilli(millis.value()), ZoneOffset.UTC)
                : (LocalTime) convert(value, LocalTime.class);
        return new Time(
                local.atDate(LocalDate.EPOCH).atZone(zone(calendar)).toInstant().toEpochMilli());
    }

    private static Object convert(SqlValue value, Class<?> type) {
        var converted = JavaValues.toJava(value, type);
        if (converted == null) {
            throw new IllegalArgumentException("NULL is no " + type.getSimpleName());
        }
        return converted;
    }
}
