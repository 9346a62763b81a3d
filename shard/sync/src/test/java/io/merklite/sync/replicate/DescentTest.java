package io.merklite.sync.replicate;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.session.changeset.ChangesetValue;
import io.merklite.sync.log.MemoryLog;
import io.merklite.sync.message.SyncMessage;
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
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What a replica takes over from a peer by the merkle path, and what of the peer it then says that it has. */
final class DescentTest {
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
    private static final Instant LATER = NOW.plusSeconds(1);

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

    private static void write(ReplicaStore store, String sql) {
        store.write(() -> {
            execute(store.connection(), sql);
            return true;
        });
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

    private static Replicator replicator(ReplicaStore store) {
        return replicator(store, event -> {});
    }

    private static Replicator replicator(ReplicaStore store, Consumer<Event> listener) {
        return new Replicator(store, new MemoryLog(0, 0), ReplicatorOptions.DEFAULTS, Seeds.random(1), LATER, listener);
    }

    /** Lets two replicas talk to the end, beginning with what {@code first} says. */
    private static void talk(Replicator one, Replicator other, SyncMessage first) {
        var toOne = new ArrayDeque<SyncMessage>(List.of(first));
        var toOther = new ArrayDeque<SyncMessage>();
        while (!toOne.isEmpty() || !toOther.isEmpty()) {
            if (!toOne.isEmpty()) {
                one.receive("other", toOne.remove()).forEach(envelope -> toOther.add(envelope.message()));
            } else {
                other.receive("one", toOther.remove()).forEach(envelope -> toOne.add(envelope.message()));
            }
        }
    }

    @Test
    void rowsOfPeerThatLostItsEndDoNotStandForAllThatItOnceHad() throws SQLException {
        var writer = open(1);
        write(writer, "INSERT INTO item VALUES (1, 'one'), (2, 'two')");
        var saidBeforeTheLoss = statusOf(writer);
        var restored = open(2);
        var firstRow = writer.ranges().rows("item", KeyRange.ALL, 1);
        restored.mergeRows("item", firstRow.rows(), writer.reach());
        var reader = open(3);

        talk(replicator(reader), replicator(restored), saidBeforeTheLoss);

        assertThat(reader.ranges().rows("item", KeyRange.ALL, 9).rows()).hasSize(1);
        assertThat(reader.vector().seq(writer.origin())).isZero();
        assertThat(restored.vector().seq(writer.origin())).isZero();
    }

    /** A third replica that has the tombstone still, and the same vector, must not be taken for damaged. */
    @Test
    void deathsThatThePeerHasForgottenAreForgottenWithItsVector() throws SQLException {
        var writer = open(1);
        write(writer, "INSERT INTO item VALUES (1, 'one'), (2, 'two')");
        write(writer, "DELETE FROM item WHERE id = 2");
        writer.raiseHorizon(writer.clock().last());
        var reader = open(2);
        List<Long> horizons = new ArrayList<>();

        talk(
                replicator(reader, event -> {
                    if (event instanceof Event.Descended) {
                        horizons.add(reader.horizon());
                    }
                }),
                replicator(writer),
                statusOf(writer));

        assertThat(horizons).containsOnly(writer.horizon());
        assertThat(reader.vector()).isEqualTo(writer.vector());
    }

    @Test
    void equalVectorsWithUnequalRootsRaiseAnAlarmAndAreRepaired() throws SQLException {
        var one = open(1);
        write(one, "INSERT INTO item VALUES (1, 'one'), (2, 'two')");
        write(one, "DELETE FROM item WHERE id = 2");
        var other = open(2);
        talk(replicator(other), replicator(one), statusOf(one));
        talk(replicator(one), replicator(other), statusOf(other));
        var second = other.ranges().key("item", List.of(new ChangesetValue.Integer(2)));
        other.forgetRows("item", List.of(second), one.reach());
        var evidence = new Event.RootsDiffer("other", other.vector(), other.root(), one.root());
        List<Event> events = new ArrayList<>();

        talk(replicator(other, events::add), replicator(one), statusOf(one));

        assertThat(events).contains(evidence);
        assertThat(other.root()).isEqualTo(one.root());
        assertThat(other.ranges().rows("item", KeyRange.ALL, 9).rows()).hasSize(2);
    }

    /** Its rows are older, and it does not ask for newer ones: what it asks is lost. */
    @Test
    void peerThatIsBehindIsNotAskedAgainAndAgain() throws SQLException {
        var writer = open(1);
        write(writer, "INSERT INTO item VALUES (1, 'one')");
        var behind = open(2);
        talk(replicator(behind), replicator(writer), statusOf(writer));
        var ahead = open(3);
        talk(replicator(ahead), replicator(writer), statusOf(writer));
        write(writer, "UPDATE item SET name = 'new'");
        ahead.mergeRows("item", writer.ranges().rows("item", KeyRange.ALL, 9).rows(), writer.reach());
        var asking = replicator(ahead);
        var answering = replicator(behind);
        var toAsking = new ArrayDeque<SyncMessage>(List.of(statusOf(behind)));
        var inspections = 0;

        for (var i = 0; i < 100 && !toAsking.isEmpty(); i++) {
            for (var question : asking.receive("other", toAsking.remove())) {
                inspections += question.message() instanceof SyncMessage.Inspect ? 1 : 0;
                answering.receive("one", question.message()).stream()
                        .map(Envelope::message)
                        .filter(answer -> !(answer instanceof SyncMessage.Inspect))
                        .forEach(toAsking::add);
            }
        }

        assertThat(inspections).isEqualTo(1);
        assertThat(toAsking).isEmpty();
        assertThat(ahead.root()).isEqualTo(writer.root());
    }
}
