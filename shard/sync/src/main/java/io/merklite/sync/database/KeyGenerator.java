package io.merklite.sync.database;

import io.merklite.sync.SyncException.StoreFailure;
import io.merklite.sync.stamp.Origin;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.time.InstantSource;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.random.RandomGenerator;
import org.sqlite.Function;

/**
 * Keys that replicas can make without asking each other, as the SQL functions {@code merklite_id()} and {@code uuid7()}.
 *
 * <p>{@code merklite_id()} is a positive integer of 63 bits, for INTEGER PRIMARY KEY; from the highest bit:
 *
 * <pre>
 * bits   what
 *   42   milliseconds since 2020-01-01T00:00:00Z: until the year 2159
 *    8   counter within the millisecond; when it overflows, the millisecond goes ahead of the clock
 *   13   hash of the origin: origin * 0x9E3779B97F4A7C15, its upper 13 bits
 * </pre>
 *
 * Two origins in 8,192 have the same hash. Their keys still differ unless they are made in the same millisecond; where
 * that must never be, {@code uuid7()} is for TEXT keys: version 7 of RFC 9562, with its 12 bits {@code rand_a} as a
 * counter that begins at a random number below 2,048 in each millisecond, and 62 random bits.
 *
 * <p><b>Invariant.</b> In one database each key is larger than all made before, also after it was opened again, whatever
 * the clock does: what was used last is stored with the transaction that used it.
 */
final class KeyGenerator {
    private static final String CREATE = """
            CREATE TABLE IF NOT EXISTS _merklite_keys(
                id INTEGER PRIMARY KEY CHECK (id = 1), last_id INTEGER NOT NULL, last_uuid INTEGER NOT NULL)
            """;
    private static final long EPOCH_MILLIS =
            Instant.parse("2020-01-01T00:00:00Z").toEpochMilli();
    private static final int MILLIS_BITS = 42;
    private static final int COUNTER_BITS = 8;
    private static final int ORIGIN_BITS = 13;
    private static final long ORIGIN_FACTOR = 0x9E37_79B9_7F4A_7C15L;
    private static final int UUID_COUNTER_BITS = 12;
    private static final int UUID_COUNTER_START = 1 << 11;
    private static final long UUID_VERSION = 7L << 12;
    private static final long UUID_VARIANT = 0x8000_0000_0000_0000L;
    private static final long UUID_RANDOM = 0x3FFF_FFFF_FFFF_FFFFL;
    /** Triggers and views may call them. Not deterministic: each call gives another key. */
    private static final int INNOCUOUS = 0x200000;

    private final Connection connection;
    private final InstantSource clock;
    private final RandomGenerator random;
    private final Supplier<Origin> origin;
    private long lastId;
    private long lastUuid;
    private long savedId;
    private long savedUuid;

    /** @param origin asked for each key: it changes when the file turns out to be a copy */
    KeyGenerator(Connection connection, InstantSource clock, RandomGenerator random, Supplier<Origin> origin) {
        this.connection = connection;
        this.clock = clock;
        this.random = random;
        this.origin = origin;
    }

    /** Reads what was used last, and adds the functions to the connection. */
    void register() {
        try {
            try (var statement = connection.createStatement()) {
                statement.execute(CREATE);
                statement.execute("INSERT OR IGNORE INTO _merklite_keys VALUES (1, 0, 0)");
                try (var rows = statement.executeQuery("SELECT last_id, last_uuid FROM _merklite_keys")) {
                    rows.next();
                    lastId = rows.getLong(1);
                    lastUuid = rows.getLong(2);
                }
            }
            savedId = lastId;
            savedUuid = lastUuid;
            Function.create(connection, "merklite_id", new IdFunction(), 0, INNOCUOUS);
            Function.create(connection, "uuid7", new UuidFunction(), 0, INNOCUOUS);
        } catch (SQLException e) {
            throw new StoreFailure("registering the functions for keys", e);
        }
    }

    /** Stores what was used last, if that is news. Before the commit that keeps the keys. */
    void save() {
        if (lastId == savedId && lastUuid == savedUuid) {
            return;
        }
        try (var update = connection.prepareStatement(
                "UPDATE _merklite_keys SET last_id = max(last_id, ?1), last_uuid = max(last_uuid, ?2)")) {
            update.setLong(1, lastId);
            update.setLong(2, lastUuid);
            update.executeUpdate();
        } catch (SQLException e) {
            throw new StoreFailure("storing the last keys", e);
        }
        savedId = lastId;
        savedUuid = lastUuid;
    }

    /** What was saved last was undone. */
    void forgetSaved() {
        savedId = -1;
    }

    /** The next key of 63 bits. */
    long nextId() {
        var now = Math.max(0, clock.millis() - EPOCH_MILLIS) << COUNTER_BITS;
        lastId = Math.max(now, lastId + 1);
        if (lastId >>> (MILLIS_BITS + COUNTER_BITS) != 0) {
            throw new IllegalStateException("merklite_id: the clock is past the year 2159: " + clock.instant());
        }
        var hash = (origin.get().bits() * ORIGIN_FACTOR) >>> (Long.SIZE - ORIGIN_BITS);
        return (lastId << ORIGIN_BITS) | hash;
    }

    /** The next UUID of version 7. */
    UUID nextUuid() {
        var now = Math.max(0, clock.millis()) << UUID_COUNTER_BITS;
        lastUuid = now > lastUuid ? (now | random.nextInt(UUID_COUNTER_START)) : lastUuid + 1;
        var millis = lastUuid >>> UUID_COUNTER_BITS;
        var counter = lastUuid & ((1 << UUID_COUNTER_BITS) - 1);
        return new UUID((millis << 16) | UUID_VERSION | counter, UUID_VARIANT | (random.nextLong() & UUID_RANDOM));
    }

    private final class IdFunction extends Function {
        @Override
        protected void xFunc() throws SQLException {
            try {
                result(nextId());
            } catch (IllegalStateException e) {
                error(e.getMessage());
            }
        }
    }

    private final class UuidFunction extends Function {
        @Override
        protected void xFunc() throws SQLException {
            result(nextUuid().toString());
        }
    }
}
