package io.merklite.cluster.replica;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import io.merklite.sync.message.SyncMessage;
import io.merklite.sync.replicate.Received;
import io.merklite.sync.transaction.Transaction;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A writer whose groups get lost in all ways: SQLite undoes what the log has, the database closes with a transaction open, the
 * log gives back what the file lacks, or does not have it either. Beside it another replica writes the same rows and slots.
 */
class UndoneGroupsTest {
    private static final ReplicaSettings SETTINGS =
            ReplicaSettings.from(ConfigFactory.load().getConfig("merklite"));
    private static final int STEPS = Integer.getInteger("merklite.undone.steps", 200);
    private static final int KEYS = 400;
    private static final int MAX_GROUPS = 3;
    private static final int STEPS_BETWEEN_SCRUBS = 20;
    private static final int MAX_COMPARISONS = 50;

    @TempDir
    Path directory;

    private final List<Transaction> toCore = new ArrayList<>();
    private final List<Transaction> toOther = new ArrayList<>();
    private Random random = new Random();
    private ReplicaCore other;
    private ReplicaCore core;

    private record Sent(boolean isToOther, SyncMessage message) {}

    @AfterEach
    void close() {
        core.close();
        other.close();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void rowsAndIndexStayTheSameAndReplicasBecomeEqual(long seed) throws SQLException {
        random = new Random(seed);
        other = open("other", seed + 100);
        core = open("core", seed);
        other.begin(true);
        other.changeSchema("CREATE TABLE item(id TEXT PRIMARY KEY, slot INTEGER UNIQUE, name TEXT)");
        toCore.addAll(other.stamp());
        other.commit();
        exchange();
        for (var step = 0; step < STEPS; step++) {
            switch (random.nextInt(11)) {
                case 0 -> compare();
                case 1, 2 -> exchange();
                case 3, 4, 5, 6 -> {
                    other.begin(true);
                    write(other);
                    toCore.addAll(List.copyOf(other.stamp()));
                    other.commit();
                }
                default -> writeGroups(step);
            }
            if (step % STEPS_BETWEEN_SCRUBS == 0) { // a scrub settles what is pending, so not each time
                requireSound(core, seed, step);
            }
        }

        for (var count = 0; count < MAX_COMPARISONS && core.root() != other.root(); count++) {
            exchange();
            compare();
        }
        assertThat(core.root()).as("seed %d", seed).isEqualTo(other.root());
        var clock = Math.max(lastClock(core), lastClock(other));
        core.database().store().raiseHorizon(clock); // deaths are forgotten while sums are pending
        other.database().store().raiseHorizon(clock);
        assertThat(core.root()).as("seed %d", seed).isEqualTo(other.root());
        requireSound(core, seed, STEPS);
        requireSound(other, seed, STEPS);
    }

    private static long lastClock(ReplicaCore core) {
        return core.database().store().clock().last();
    }

    private static void requireSound(ReplicaCore core, long seed, int step) {
        assertThat(core.database().store().scrub().run())
                .as("step %d of seed %d", step, seed)
                .isEmpty();
    }

    private void writeGroups(int step) throws SQLException {
        core.begin(true);
        List<Transaction> logged = List.of();
        var groups = 1 + random.nextInt(MAX_GROUPS);
        for (var group = 0; group < groups; group++) {
            write(core);
            if (group < groups - 1 || random.nextBoolean()) {
                logged = List.copyOf(core.stamp());
            }
        }
        switch (random.nextInt(3)) {
            case 0 -> {
                toOther.addAll(List.copyOf(core.stamp()));
                core.commit();
            }
            case 1 -> {
                core.rollback();
                core.commitAgain(logged);
                toOther.addAll(logged);
            }
            default -> {
                core.close();
                core = open("core", step);
                if (random.nextBoolean()) {
                    core.recover(logged);
                    toOther.addAll(logged);
                }
            }
        }
    }

    private void write(ReplicaCore at) throws SQLException {
        try (var statement = at.connection()
                .prepareStatement("INSERT INTO item VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET name = excluded.name")) {
            for (var count = 1 + random.nextInt(random.nextInt(4) == 0 ? 80 : 4); count > 0; count--) {
                statement.setString(1, "key" + random.nextInt(KEYS));
                statement.setInt(2, random.nextInt(KEYS));
                statement.setString(3, "name" + random.nextInt());
                statement.executeUpdate();
            }
        }
    }

    /** What was written on either side comes to the other one, all at once; what that had to mend comes next time. */
    private void exchange() {
        var toCoreNow = List.copyOf(toCore);
        toCore.clear();
        toOther.addAll(mended(core, toCoreNow));
        var toOtherNow = List.copyOf(toOther);
        toOther.clear();
        toCore.addAll(mended(other, toOtherNow));
    }

    private static List<Transaction> mended(ReplicaCore at, List<Transaction> published) {
        var outbox = at.receive(published.stream()
                .map(transaction -> new Received(PeerName.WRITER, new SyncMessage.Publish(List.of(transaction))))
                .toList());
        return outbox.unlogged().stream()
                .filter(transaction -> transaction.origin().equals(at.origin()))
                .toList();
    }

    /** Both compare themselves until nothing is left to say; what is not in memory any more is gone. */
    private void compare() {
        Deque<Sent> messages = new ArrayDeque<>();
        send(messages, true, core.connect(PeerName.WRITER));
        send(messages, false, other.connect(PeerName.WRITER));
        while (!messages.isEmpty()) {
            var next = messages.remove();
            var at = next.isToOther() ? other : core;
            var ranges = at.unloaded(next.message());
            send(
                    messages,
                    !next.isToOther(),
                    ranges.isEmpty()
                            ? at.receive(PeerName.WRITER, next.message())
                            : at.receive(PeerName.WRITER, next.message(), List.of(), ranges));
        }
    }

    private static void send(Deque<Sent> messages, boolean isToOther, ReplicaCore.Outbox outbox) {
        outbox.envelopes().forEach(envelope -> messages.add(new Sent(isToOther, envelope.message())));
    }

    private ReplicaCore open(String name, long seed) {
        return ReplicaCore.open(
                directory.resolve(name), "shop", SETTINGS, InstantSource.system(), new Random(seed), event -> {});
    }
}
