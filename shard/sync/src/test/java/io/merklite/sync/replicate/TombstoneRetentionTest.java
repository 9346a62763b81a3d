package io.merklite.sync.replicate;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.sync.log.MemoryLog;
import io.merklite.sync.store.ReplicaStore;
import io.merklite.sync.store.StoreOptions;
import io.merklite.testkit.Seeds;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** When a replica that knows of no other forgets deaths, and what that costs. */
final class TombstoneRetentionTest {
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
    private static final Duration RETENTION = Duration.ofDays(30);
    private static final Duration TICK = Duration.ofMillis(200);

    private Connection connection;
    private ReplicaStore store;
    private Replicator replicator;

    @BeforeEach
    void open() throws SQLException {
        connection = DriverManager.getConnection("jdbc:sqlite::memory:");
        execute("CREATE TABLE item(id INTEGER PRIMARY KEY)");
        store = ReplicaStore.open(connection, StoreOptions.of("test", () -> NOW, Seeds.random(1)));
        replicator = new Replicator(
                store,
                new MemoryLog(0, 0),
                ReplicatorOptions.DEFAULTS.withTombstoneRetention(RETENTION),
                Seeds.random(2),
                NOW,
                event -> {});
    }

    @AfterEach
    void close() throws SQLException {
        connection.close();
    }

    private void execute(String sql) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private void write(String sql) {
        store.write(() -> {
            execute(sql);
            return true;
        });
    }

    private long number(String sql) throws SQLException {
        try (var statement = connection.createStatement();
                var rows = statement.executeQuery(sql)) {
            rows.next();
            return rows.getLong(1);
        }
    }

    @Test
    void timeThatPassesIsNotWrittenToTheFileAtEachTick() throws SQLException {
        replicator.tick(NOW);
        var before = number("SELECT total_changes()");

        for (var now = NOW; now.isBefore(NOW.plusSeconds(60)); now = now.plus(TICK)) {
            replicator.tick(now);
        }

        assertThat(number("SELECT total_changes()") - before).isLessThanOrEqualTo(1);
    }

    @Test
    void deathIsForgottenSoonAfterTheRetention() {
        write("INSERT INTO item VALUES (1)");
        write("DELETE FROM item");
        var withDeath = store.root();

        replicator.tick(NOW.plus(RETENTION).minus(TICK));
        assertThat(store.root()).isEqualTo(withDeath);
        replicator.tick(NOW.plus(RETENTION).plus(RETENTION.dividedBy(100)));

        assertThat(store.root()).isZero();
    }
}
