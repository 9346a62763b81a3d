package io.merklite.sync.database;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.query.subscribe.SqlValue;
import io.merklite.sync.transaction.Transaction;
import io.merklite.testkit.Seeds;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/** Databases with a clock that steps a millisecond each time it is asked, and what tests ask of them. */
final class TestDatabase {
    static final long START_MILLIS = Instant.parse("2026-01-01T00:00:00Z").toEpochMilli();

    private static final AtomicLong NEXT_SEED = new AtomicLong(1);

    private TestDatabase() {}

    static InstantSource clock() {
        var millis = new AtomicLong(START_MILLIS);
        return () -> Instant.ofEpochMilli(millis.getAndIncrement());
    }

    static DatabaseOptions options() {
        return DatabaseOptions.of("test", clock(), Seeds.random(NEXT_SEED.getAndIncrement()));
    }

    static Database inMemory(String ddl) {
        return Database.open(Database.IN_MEMORY, options().withSchema(ddl));
    }

    /** What a query gives: values by rows, as text. */
    static List<List<String>> rows(Database database, String sql) {
        return rows(database.query(sql));
    }

    static List<List<String>> rows(QueryResult result) {
        return result.rows().stream()
                .map(row -> row.stream().map(TestDatabase::text).toList())
                .toList();
    }

    static String text(SqlValue value) {
        return switch (value) {
            case SqlValue.Null nothing -> "NULL";
            case SqlValue.Integer integer -> Long.toString(integer.value());
            case SqlValue.Real real -> Double.toString(real.value());
            case SqlValue.Text text -> "'" + text.value() + "'";
            case SqlValue.Blob blob -> "x'" + HexFormat.of().formatHex(blob.toByteArray()) + "'";
        };
    }

    /** Writes on the raw connection. */
    static void raw(Database database, String sql) {
        try (var statement = database.connection().createStatement()) {
            statement.executeUpdate(sql);
        } catch (SQLException e) {
            throw new AssertionError(sql, e);
        }
    }

    /** Everything that a database commits from now on. */
    static List<Transaction> transactions(Database database) {
        List<Transaction> heard = new ArrayList<>();
        database.onTransaction(heard::add);
        return heard;
    }

    /** All results that a subscription reports, as rows of text. */
    static List<List<List<String>>> reports(Database database, String sql) {
        List<List<List<String>>> heard = new ArrayList<>();
        database.subscribe(sql, result -> heard.add(rows(result)));
        return heard;
    }

    /** Has {@code target} merge what {@code source} committed. */
    static void deliver(List<Transaction> transactions, Database target) {
        for (var transaction : transactions) {
            target.merged(List.of(target.store().merge(transaction)));
        }
    }

    /** What the store says of itself must be so. */
    static void assertSound(Database database) {
        assertThat(database.store().scrub().run()).isEmpty();
    }
}
