package io.merklite.sync.replicate;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.sync.log.MemoryLog;
import io.merklite.sync.message.SyncMessage;
import io.merklite.sync.row.RowVersion;
import io.merklite.sync.store.KeyRange;
import io.merklite.sync.store.ReplicaStore;
import io.merklite.sync.store.StoreOptions;
import io.merklite.testkit.Seeds;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What becomes of an older row of a key, when a younger one of that key died and was forgotten elsewhere. */
final class ForgottenDeathTest {
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

    private final List<Connection> connections = new ArrayList<>();

    @AfterEach
    void close() throws SQLException {
        for (var connection : connections) {
            connection.close();
        }
    }

    private ReplicaStore open(long seed) throws SQLException {
        var connection = DriverManager.getConnection("jdbc:sqlite::memory:");
        connections.add(connection);
        execute(connection, "CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT)");
        return ReplicaStore.open(connection, StoreOptions.of("test", () -> NOW, Seeds.random(seed)));
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /** Each statement is a transaction, and later than those before. */
    private static void write(ReplicaStore store, String... statements) {
        for (var sql : statements) {
            store.write(() -> {
                execute(store.connection(), sql);
                return true;
            });
        }
    }

    private static SyncMessage.Status statusOf(ReplicaStore store) {
        return new SyncMessage.Status(
                store.vector(),
                store.clocks(),
                store.clock().last(),
                store.horizon(),
                store.root(),
                store.schemaFingerprint(),
                store.isAhead(),
                false);
    }

    /** Has {@code store} take over what {@code peer} has, by the merkle path, and the other way round as it comes. */
    private static void takeOver(ReplicaStore store, ReplicaStore peer) {
        var one = replicator(store);
        var other = replicator(peer);
        var toOne = new ArrayDeque<SyncMessage>(List.of(statusOf(peer)));
        var toOther = new ArrayDeque<SyncMessage>();
        while (!toOne.isEmpty() || !toOther.isEmpty()) {
            if (!toOne.isEmpty()) {
                one.receive("other", toOne.remove()).forEach(envelope -> toOther.add(envelope.message()));
            } else {
                other.receive("one", toOther.remove()).forEach(envelope -> toOne.add(envelope.message()));
            }
        }
    }

    private static Replicator replicator(ReplicaStore store) {
        return new Replicator(
                store,
                new MemoryLog(0, 0),
                ReplicatorOptions.DEFAULTS,
                Seeds.random(1),
                NOW.plusSeconds(1),
                event -> {});
    }

    private static List<RowVersion> rows(ReplicaStore store) {
        return store.ranges().rows("item", KeyRange.ALL, 9).rows().stream()
                .map(row -> row.version())
                .toList();
    }

    private static void forgetDeaths(ReplicaStore store) {
        store.raiseHorizon(store.clock().last());
    }

    @Test
    void olderRowThatNobodyHasSeenStays() throws SQLException {
        var away = open(1);
        write(away, "INSERT INTO item VALUES (1, 'older')");
        var older = rows(away);
        var home = open(2);
        write(home, "INSERT INTO item VALUES (2, 'x')", "DELETE FROM item WHERE id = 2");
        write(home, "INSERT INTO item VALUES (1, 'younger')", "DELETE FROM item WHERE id = 1");
        forgetDeaths(home);

        takeOver(home, away);
        takeOver(away, home);

        assertThat(rows(home)).isEqualTo(older);
        assertThat(rows(away)).isEqualTo(older);
        assertThat(home.root()).isEqualTo(away.root());
        assertThat(home.vector()).isEqualTo(away.vector());
    }

    @Test
    void olderRowIsBeatenAsLongAsTheDeathOfTheYoungerIsRemembered() throws SQLException {
        var away = open(1);
        write(away, "INSERT INTO item VALUES (1, 'older')");
        var home = open(2);
        write(home, "INSERT INTO item VALUES (2, 'x')", "DELETE FROM item WHERE id = 2");
        write(home, "INSERT INTO item VALUES (1, 'younger')", "DELETE FROM item WHERE id = 1");

        takeOver(home, away);
        forgetDeaths(home);
        takeOver(away, home);

        assertThat(rows(home)).isEmpty();
        assertThat(rows(away)).isEmpty();
        assertThat(home.root()).isEqualTo(away.root());
    }

    @Test
    void olderRowWhoseBirthWasSeenDoesNotComeBack() throws SQLException {
        var away = open(1);
        write(away, "INSERT INTO item VALUES (1, 'older')");
        var home = open(2);
        takeOver(home, away);
        write(home, "DELETE FROM item", "INSERT INTO item VALUES (1, 'younger')", "DELETE FROM item");
        forgetDeaths(home);
        var third = open(3);
        takeOver(third, away);

        takeOver(home, away);
        takeOver(third, home);
        takeOver(away, third);

        for (var replica : List.of(home, third, away)) {
            assertThat(rows(replica)).isEmpty();
            assertThat(replica.root()).isEqualTo(home.root());
        }
    }
}
