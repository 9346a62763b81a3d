package io.merklite.sync.replicate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.merklite.session.SessionException;
import io.merklite.sync.log.TransactionLog;
import io.merklite.sync.message.SyncMessage;
import io.merklite.sync.message.SyncMessage.Acknowledge;
import io.merklite.sync.message.SyncMessage.Announce;
import io.merklite.sync.message.SyncMessage.Publish;
import io.merklite.sync.message.SyncMessage.Status;
import io.merklite.sync.message.SyncMessage.Want;
import io.merklite.sync.stamp.Origin;
import io.merklite.sync.store.ReplicaStore;
import io.merklite.sync.store.StoreOptions;
import io.merklite.sync.transaction.Transaction;
import io.merklite.sync.vector.GroupLimits;
import io.merklite.sync.vector.VersionVector;
import io.merklite.sync.vector.VersionVector.SeqRange;
import io.merklite.testkit.Seeds;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.sqlite.Function;

/** What is published is applied and acknowledged in groups. */
class PublishedGroupsTest {
    private static final Instant NOW = Instant.parse("2026-11-21T00:00:00Z");
    private static final String WRITER = "writer";
    private static final int MAX_MESSAGE_BYTES = 2048;

    private final List<Connection> connections = new ArrayList<>();
    private final List<Transaction> logged = new ArrayList<>();
    private final List<List<Transaction>> groups = new ArrayList<>();
    private final List<Event.GroupFailed> failed = new ArrayList<>();
    private ReplicaStore writer;
    private ReplicaStore reader;
    private Replicator replicator;

    /** Of transactions that a test asks for. */
    private final class Log implements TransactionLog {
        @Override
        public void append(Transaction transaction) {
            logged.add(transaction);
        }

        @Override
        public Optional<Transaction> read(Origin origin, long seq) {
            return logged.stream()
                    .filter(transaction -> transaction.origin().equals(origin) && transaction.seq() == seq)
                    .findFirst();
        }
    }

    @BeforeEach
    void open() throws SQLException {
        writer = store(1);
        reader = store(2);
        replicator = replicator(GroupLimits.DEFAULTS);
    }

    @AfterEach
    void close() throws SQLException {
        for (var connection : connections) {
            connection.close();
        }
    }

    private ReplicaStore store(long seed) throws SQLException {
        var connection = DriverManager.getConnection("jdbc:sqlite::memory:");
        connections.add(connection);
        execute(connection, "CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT)");
        return ReplicaStore.open(connection, StoreOptions.of("test", () -> NOW, Seeds.random(seed)));
    }

    private Replicator replicator(GroupLimits limits) {
        return new Replicator(
                reader,
                new Log(),
                ReplicatorOptions.DEFAULTS
                        .withMaxMessageBytes(MAX_MESSAGE_BYTES)
                        .withGroups(limits),
                Seeds.random(1),
                NOW,
                event -> {
                    if (event instanceof Event.Applied applied) {
                        groups.add(applied.transactions());
                    } else if (event instanceof Event.GroupFailed failure) {
                        failed.add(failure);
                    }
                });
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    /** One-row transactions with these ids. */
    private List<Transaction> written(long... ids) {
        return LongStream.of(ids)
                .mapToObj(id -> written("INSERT INTO item VALUES (" + id + ", 'n')"))
                .toList();
    }

    private Transaction written(String sql) {
        return writer.write(() -> {
                    execute(writer.connection(), sql);
                    return true;
                })
                .transaction()
                .orElseThrow();
    }

    private List<Envelope> receive(SyncMessage... messages) {
        return replicator.receive(List.of(messages).stream()
                .map(message -> new Received(WRITER, message))
                .toList());
    }

    private static Publish publish(Transaction... transactions) {
        return new Publish(List.of(transactions));
    }

    private Envelope acknowledged(long seq) {
        return new Envelope(WRITER, new Acknowledge(writer.origin(), seq));
    }

    private List<Long> seqs(List<Transaction> transactions) {
        return transactions.stream().map(Transaction::seq).toList();
    }

    @Test
    void messagesThatWaitTogetherAreOneCommitAndOneAcknowledgement() {
        var sent = written(1, 2, 3, 4);

        var answers = receive(publish(sent.get(0)), publish(sent.get(1), sent.get(2)), publish(sent.get(3)));

        assertThat(groups).containsExactly(sent);
        assertThat(logged).isEqualTo(sent);
        assertThat(answers).containsExactly(acknowledged(4));
        assertThat(reader.root()).isEqualTo(writer.root());
    }

    @Test
    void repeatedOnesInTheMiddleAreAppliedOnce() {
        var sent = written(1, 2, 3);
        receive(publish(sent.get(0)));

        var answers = receive(publish(sent.get(1), sent.get(0)), publish(sent.get(1)), publish(sent.get(2)));

        assertThat(groups).containsExactly(sent.subList(0, 1), sent.subList(1, 3));
        assertThat(answers).containsExactly(acknowledged(3));
    }

    @Test
    void onlyRepeatedOnesAreAcknowledgedAgain() {
        var sent = written(1, 2);
        receive(publish(sent.get(0), sent.get(1)));

        assertThat(receive(publish(sent.get(0)))).containsExactly(acknowledged(2));
        assertThat(groups).hasSize(1);
    }

    @Test
    void whatIsMissingInTheMiddleHoldsBackWhatFollowsAndIsAskedFor() {
        var sent = written(1, 2, 3, 4);

        var answers = receive(publish(sent.get(0), sent.get(1)), publish(sent.get(3)));

        assertThat(groups).containsExactly(sent.subList(0, 2));
        assertThat(answers)
                .containsExactly(
                        acknowledged(2),
                        new Envelope(
                                WRITER, new Want(List.of(new SeqRange(writer.origin(), 3, 4)), MAX_MESSAGE_BYTES)));
        assertThat(receive(publish(sent.get(2)))).containsExactly(acknowledged(4));
    }

    @Test
    void groupsAreBoundedByCount() {
        replicator = replicator(new GroupLimits(2, 1 << 20));
        var sent = written(1, 2, 3, 4, 5);

        var answers = receive(new Publish(sent));

        assertThat(groups).extracting(this::seqs).containsExactly(List.of(1L, 2L), List.of(3L, 4L), List.of(5L));
        assertThat(answers).containsExactly(acknowledged(2), acknowledged(4), acknowledged(5));
    }

    @Test
    void groupsAreBoundedBySize() {
        var sent = written(1, 2, 3);
        replicator = replicator(new GroupLimits(9, 2 * sent.getFirst().sizeBytes()));

        receive(new Publish(sent));

        assertThat(groups).extracting(this::seqs).containsExactly(List.of(1L, 2L), List.of(3L));
    }

    @Test
    void whatIsSaidBetweenIsHeardAfterWhatWasPublishedBefore() {
        var sent = written(1, 2);
        var status = new Status(VersionVector.EMPTY, Map.of(), 0, 0, 0, 0, false, false);

        var answers = receive(publish(sent.get(0)), status, publish(sent.get(1)));

        assertThat(groups).containsExactly(sent.subList(0, 1), sent.subList(1, 2));
        assertThat(answers)
                .filteredOn(envelope -> envelope.message() instanceof Status)
                .singleElement()
                .satisfies(envelope -> assertThat(((Status) envelope.message()).vector())
                        .isEqualTo(VersionVector.EMPTY.with(writer.origin(), 1)));
    }

    @Test
    void changeOfSchemaInTheMiddleIsACommitOfItsOwn() throws SQLException {
        var one = replicated(3);
        var other = replicated(4);
        List<Transaction> sent = new ArrayList<>(
                run(one, () -> one.changeSchema("CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT)")));
        for (var sql : List.of("INSERT INTO item VALUES (1, 'a')", "INSERT INTO item VALUES (2, 'b')")) {
            sent.addAll(run(one, () -> execute(one.connection(), sql)));
        }
        sent.addAll(run(one, () -> one.changeSchema("ALTER TABLE item ADD COLUMN more TEXT")));
        for (var sql : List.of("INSERT INTO item VALUES (3, 'c', 'd')", "UPDATE item SET more = 'e'")) {
            sent.addAll(run(one, () -> execute(one.connection(), sql)));
        }
        reader = other;
        replicator = replicator(GroupLimits.DEFAULTS);

        receive(new Publish(sent));

        assertThat(groups).extracting(List::size).containsExactly(1, 2, 1, 2);
        assertThat(other.root()).isEqualTo(one.root());
        assertThat(other.vector()).isEqualTo(one.vector());
    }

    private ReplicaStore replicated(long seed) throws SQLException {
        var connection = DriverManager.getConnection("jdbc:sqlite::memory:");
        connections.add(connection);
        return ReplicaStore.open(
                connection,
                StoreOptions.of("test", () -> NOW, Seeds.random(seed)).withSchemaReplication());
    }

    private interface Step {
        void run() throws SQLException;
    }

    private static List<Transaction> run(ReplicaStore store, Step step) {
        return store.write(() -> {
                    step.run();
                    return true;
                })
                .transactions();
    }

    /** An index of the reader that SQLite cannot keep for one id. */
    private void failFor(long id) throws SQLException {
        Function.create(
                reader.connection(),
                "judged",
                new Function() {
                    @Override
                    protected void xFunc() throws SQLException {
                        if (value_long(0) == id) {
                            error("no index for " + id);
                        } else {
                            result(1);
                        }
                    }
                },
                1,
                Function.FLAG_DETERMINISTIC);
        execute(reader.connection(), "CREATE INDEX item_judged ON item(id) WHERE judged(id)");
    }

    @Test
    void oneThatFailsDoesNotTakeOthersWithIt() throws SQLException {
        var third = store(5);
        failFor(2);
        var sent = written(1, 2, 3);
        var ofThird = run(third, () -> execute(third.connection(), "INSERT INTO item VALUES (9, 'z')"));

        assertThatThrownBy(() -> receive(new Publish(sent), new Publish(ofThird)))
                .isInstanceOf(SessionException.class);

        assertThat(failed)
                .singleElement()
                .satisfies(event -> assertThat(event.transactions()).hasSize(4));
        assertThat(groups).containsExactlyInAnyOrder(sent.subList(0, 1), ofThird);
        assertThat(reader.vector().seqs()).containsOnly(Map.entry(writer.origin(), 1L), Map.entry(third.origin(), 1L));
        assertThat(replicator.waiting())
                .singleElement()
                .satisfies(waiting -> assertThat(waiting.transaction()).isEqualTo(sent.get(2)));
        assertThat(logged).hasSize(2);

        execute(reader.connection(), "DROP INDEX item_judged");
        receive(publish(sent.get(1)));
        assertThat(reader.vector().seq(writer.origin())).isEqualTo(3);
    }

    // ---- the side that publishes ------------------------------------------------------------------------------------

    @Test
    void whatWasCommittedTogetherIsOneMessageToEachPeer() {
        var publisher = publisher();
        var sent = written(1, 2, 3);

        assertThat(publisher.written(sent))
                .containsExactlyInAnyOrder(
                        new Envelope("near", new Publish(sent)), new Envelope("far", new Publish(sent)));
    }

    @Test
    void messagesAreBoundedAndLargeTransactionsAreAnnouncedInTheirPlace() {
        var publisher = publisher();
        var small = written(1, 2);
        var large = written("INSERT INTO item VALUES (3, '" + "x".repeat(MAX_MESSAGE_BYTES) + "')");
        var middling = List.of(
                written("INSERT INTO item VALUES (4, '" + "y".repeat(MAX_MESSAGE_BYTES / 2) + "')"),
                written("INSERT INTO item VALUES (5, '" + "z".repeat(MAX_MESSAGE_BYTES / 2) + "')"));
        List<Transaction> all = new ArrayList<>(small);
        all.add(large);
        all.addAll(middling);

        assertThat(publisher.written(all))
                .filteredOn(envelope -> envelope.peer().equals("near"))
                .extracting(Envelope::message)
                .containsExactly(
                        new Publish(small),
                        new Announce(writer.origin(), 3),
                        publish(middling.get(0)),
                        publish(middling.get(1)));
    }

    @Test
    void whatAPeerHasPassedOnIsNotSentBackToIt() {
        replicator.connect("near");
        replicator.connect(WRITER);
        var sent = written(1, 2);

        var answers = receive(new Publish(sent));

        assertThat(answers).containsExactlyInAnyOrder(new Envelope("near", new Publish(sent)), acknowledged(2));
    }

    private Replicator publisher() {
        var publisher = new Replicator(
                writer,
                new Log(),
                ReplicatorOptions.DEFAULTS.withMaxMessageBytes(MAX_MESSAGE_BYTES),
                Seeds.random(1),
                NOW,
                event -> {});
        publisher.connect("near");
        publisher.connect("far");
        return publisher;
    }
}
