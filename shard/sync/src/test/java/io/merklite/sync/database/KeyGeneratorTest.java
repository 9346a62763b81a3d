package io.merklite.sync.database;

import static io.merklite.sync.database.TestDatabase.START_MILLIS;
import static io.merklite.sync.database.TestDatabase.inMemory;
import static io.merklite.sync.database.TestDatabase.options;
import static io.merklite.sync.database.TestDatabase.rows;
import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.query.subscribe.SqlValue;
import io.merklite.testkit.Seeds;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class KeyGeneratorTest {
    private static final String SERIES =
            "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 2000) ";

    private static long id(Database database) {
        return ((SqlValue.Integer)
                        database.query("SELECT merklite_id()").rows().getFirst().getFirst())
                .value();
    }

    private static String uuid(Database database) {
        return ((SqlValue.Text)
                        database.query("SELECT uuid7()").rows().getFirst().getFirst())
                .value();
    }

    @Test
    void idHasMillisCounterAndHashOfTheOrigin() {
        var millis = new AtomicLong(START_MILLIS);
        var options = DatabaseOptions.of("test", () -> Instant.ofEpochMilli(millis.get()), Seeds.random(7));
        try (var database = Database.open(Database.IN_MEMORY, options)) {
            var hash = (database.store().origin().bits() * 0x9E37_79B9_7F4A_7C15L) >>> 51;
            var sinceEpoch =
                    START_MILLIS - Instant.parse("2020-01-01T00:00:00Z").toEpochMilli();

            assertThat(id(database)).isEqualTo((sinceEpoch << 21) | hash);
            assertThat(id(database)).isEqualTo((sinceEpoch << 21) | (1 << 13) | hash);
        }
    }

    @Test
    void keysGrowWhateverTheClockDoes(@TempDir Path folder) {
        var millis = new AtomicLong(START_MILLIS);
        var path = folder.resolve("test.db").toString();
        List<Long> ids = new ArrayList<>();
        List<String> uuids = new ArrayList<>();
        for (var i = 0; i < 3; i++) {
            var options = DatabaseOptions.of("test", () -> Instant.ofEpochMilli(millis.get()), Seeds.random(7));
            try (var database =
                    Database.open(path, options.withSchema("CREATE TABLE t(id INTEGER PRIMARY KEY, key TEXT)"))) {
                database.exec("INSERT INTO t " + SERIES + "SELECT merklite_id(), uuid7() FROM n");
                for (var row : database.query("SELECT id, key FROM t ORDER BY rowid DESC LIMIT 2000")
                        .rows()
                        .reversed()) {
                    ids.add(((SqlValue.Integer) row.get(0)).value());
                    uuids.add(((SqlValue.Text) row.get(1)).value());
                }
            }
            millis.addAndGet(-3_600_000);
        }

        assertThat(ids)
                .isSorted()
                .doesNotHaveDuplicates()
                .allMatch(id -> id > 0)
                .hasSize(6000);
        assertThat(uuids).isSorted().doesNotHaveDuplicates().hasSize(6000);
    }

    @Test
    void uuidIsOfVersionSeven() {
        try (var database = inMemory("")) {
            var uuid = UUID.fromString(uuid(database));

            assertThat(uuid.version()).isEqualTo(7);
            assertThat(uuid.variant()).isEqualTo(2);
            assertThat(uuid.getMostSignificantBits() >>> 16).isBetween(START_MILLIS, START_MILLIS + 1000);
            assertThat(uuid(database)).hasSize(36).isGreaterThan(uuid.toString());
        }
    }

    @Test
    void keysServeAsDefaultsAndInTriggers() {
        try (var database = Database.open(Database.IN_MEMORY, options().withSchema("""
                        CREATE TABLE t(id TEXT PRIMARY KEY NOT NULL DEFAULT (uuid7()), x INTEGER);
                        CREATE TABLE log(id INTEGER PRIMARY KEY, x INTEGER);
                        CREATE TRIGGER note AFTER INSERT ON t BEGIN INSERT INTO log VALUES (merklite_id(), new.x); END;
                        """))) {
            database.exec("INSERT INTO t(x) VALUES (1), (2)");

            assertThat(rows(database, "SELECT count(DISTINCT t.id), count(DISTINCT log.id) FROM t, log"))
                    .containsExactly(List.of("2", "2"));
        }
    }
}
