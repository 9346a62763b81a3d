package io.merklite.cluster.replica;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.cluster.replica.DatabaseActor.RunSql;
import io.merklite.cluster.replica.SqlReply.Answered;
import io.merklite.cluster.replica.SqlReply.Refusal;
import io.merklite.cluster.sql.RequestKey;
import io.merklite.cluster.sql.SqlPlan;
import io.merklite.cluster.sql.SqlRequest;
import io.merklite.cluster.sql.SqlResponse;
import io.merklite.cluster.sql.StreamOptions;
import io.merklite.cluster.sql.StreamOptions.Acknowledgement;
import io.merklite.sync.message.SyncMessage;
import io.merklite.sync.transaction.Transaction;
import io.merklite.sync.vector.VersionVector;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.apache.pekko.actor.testkit.typed.javadsl.TestInbox;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What requests wait for before they run, and before they are answered. */
class AdmissionTest {
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
    private static final Instant LATE = NOW.plus(Duration.ofHours(1));
    private static final String READ = "SELECT 1";
    private static final String WRITE = "INSERT INTO item VALUES (1)";
    private static final StreamId STREAM = new StreamId(1, 1);
    private static final RequestKey KEY = new RequestKey("key", "digest");
    private static final List<SqlResponse> RESPONSES = List.of(SqlResponse.SequenceDone.SEQUENCE_DONE);
    private static final StreamOptions DEFAULTS = StreamOptions.DEFAULTS;

    @TempDir
    Path directory;

    private final TestInbox<SqlReply> client = TestInbox.create();
    private final Acknowledgements acknowledgements = new Acknowledgements();
    private final List<String> lanes = new ArrayList<>();
    private final Set<RequestKey> writing = new HashSet<>();
    private int settledCount;
    private ReplicaCore core;
    private Admission admission;

    @BeforeEach
    void open() {
        var home = TestHome.of(directory, () -> NOW, "database.max-queue = 2");
        core = home.open("shop");
        admission = new Admission(
                core, home, new ClientStreams(), new NotedLanes(), acknowledgements, () -> settledCount++);
    }

    @AfterEach
    void close() {
        core.close();
    }

    private final class NotedLanes implements Admission.Lanes {
        @Override
        public void read(RunSql sql) {
            lanes.add("read");
        }

        @Override
        public void write(RunSql sql, SqlPlan plan) {
            lanes.add(plan.kind().name());
            sql.key().ifPresent(writing::add);
        }

        @Override
        public boolean isWriting(RequestKey key) {
            return writing.contains(key);
        }
    }

    private RunSql request(String sql, StreamOptions options) {
        return new RunSql(STREAM, options, List.of(new SqlRequest.Sequence(sql)), false, false, client.getRef());
    }

    private RunSql keyed(RequestKey key, SqlRequest... requests) {
        return keyed(key, DEFAULTS, requests);
    }

    private RunSql keyed(RequestKey key, StreamOptions options, SqlRequest... requests) {
        return new RunSql(STREAM, options, List.of(requests), true, false, Optional.of(key), client.getRef());
    }

    private StreamOptions afterNext() {
        return new StreamOptions(Acknowledgement.LOCAL, Optional.of(next()), false);
    }

    /** Commits a change, and in the same transaction what {@code also} does. */
    private Transaction write(String sql, Runnable also) {
        core.begin(true);
        try (var statement = core.connection().createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
        also.run();
        var transactions = core.stamp();
        core.commit();
        return transactions.getLast();
    }

    private Transaction write() {
        core.begin(true);
        try {
            core.changeSchema("CREATE TABLE IF NOT EXISTS item(id INTEGER PRIMARY KEY)");
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
        core.stamp();
        core.commit();
        return write(WRITE, () -> {});
    }

    private VersionVector next() {
        return VersionVector.EMPTY.with(core.origin(), core.vector().seq(core.origin()) + 1);
    }

    private void expectRefused(Refusal refusal) {
        assertThat(client.receiveMessage())
                .isInstanceOfSatisfying(
                        SqlReply.Refused.class,
                        refused -> assertThat(refused.refusal()).isEqualTo(refusal));
    }

    // ---- in

    @Test
    void readsAndWritesGoToTheirLanes() {
        admission.take(request(READ, DEFAULTS));
        admission.take(request(WRITE, DEFAULTS));
        admission.take(request("BEGIN; " + WRITE, DEFAULTS));

        assertThat(lanes).containsExactly("read", "GROUP", "EXCLUSIVE");
        assertThat(admission.isEmpty()).isTrue();
    }

    @Test
    void requestWaitsForWhatItsBookmarkNames() {
        admission.take(request(READ, new StreamOptions(Acknowledgement.LOCAL, Optional.of(next()), false)));
        admission.admitReady();
        assertThat(lanes).isEmpty();
        assertThat(admission.isEmpty()).isFalse();

        write();
        admission.admitReady();

        assertThat(lanes).containsExactly("read");
        assertThat(admission.isEmpty()).isTrue();
    }

    @Test
    void requestsOfOneKeyThatWaitForABookmarkAreNotBothRun() {
        var request = keyed(KEY, afterNext(), new SqlRequest.Sequence(WRITE));
        admission.take(request);
        admission.take(request);
        write();

        admission.admitReady();

        assertThat(lanes).containsExactly("GROUP");
        assertThat(admission.isEmpty()).isFalse();
    }

    @Test
    void requestThatWaitsForABookmarkIsNotRunOnceItWasSaidThatItWasNotApplied() {
        admission.take(keyed(KEY, afterNext(), new SqlRequest.Sequence(WRITE)));
        admission.take(keyed(KEY));
        expectRefused(Refusal.NOT_APPLIED);
        write();

        admission.admitReady();

        expectRefused(Refusal.NOT_APPLIED);
        assertThat(lanes).isEmpty();
    }

    @Test
    void cursorWaitsForWhatItsBookmarkNames() {
        var cursor = new DatabaseActor.FetchSql(STREAM, afterNext(), Optional.empty(), 10, 1_000, client.getRef());
        admission.take(cursor, () -> lanes.add("cursor"));
        assertThat(lanes).isEmpty();
        write();

        admission.admitReady();

        assertThat(lanes).containsExactly("cursor");
    }

    @Test
    void requestThatAReaderGivesBackWaitsForAnotherOfItsKey() {
        var request = keyed(KEY, new SqlRequest.Sequence(WRITE));
        writing.add(KEY);
        admission.takeFromReader(request, () -> lanes.add("moved"));
        assertThat(lanes).isEmpty();

        writing.clear();
        admission.takeFromReader(request, () -> lanes.add("moved"));

        assertThat(lanes).containsExactly("moved");
    }

    @Test
    void noMoreRequestsWaitThanTheQueueHolds() {
        admission.take(request(READ, afterNext()));
        admission.take(request(READ, afterNext()));
        assertThat(client.hasMessages()).isFalse();

        admission.take(request(READ, afterNext()));

        expectRefused(Refusal.OVERLOADED);
    }

    @Test
    void whatABookmarkNamesIsNotWaitedForWithoutEnd() {
        admission.take(request(READ, new StreamOptions(Acknowledgement.LOCAL, Optional.of(next()), false)));

        admission.expire(NOW);
        assertThat(client.hasMessages()).isFalse();
        admission.expire(LATE);

        expectRefused(Refusal.BUSY);
        assertThat(admission.isEmpty()).isTrue();
    }

    @Test
    void transactionThatTheWriterDoesNotKnowIsLost() {
        admission.take(
                new RunSql(STREAM, DEFAULTS, List.of(new SqlRequest.Sequence(WRITE)), false, true, client.getRef()));

        expectRefused(Refusal.TRANSACTION_LOST);
        assertThat(lanes).isEmpty();
    }

    @Test
    void requestWaitsForAnotherOfItsKey() {
        writing.add(KEY);
        admission.take(keyed(KEY, new SqlRequest.Sequence(WRITE)));
        admission.admitReady();
        assertThat(lanes).isEmpty();

        writing.clear();
        admission.admitReady();

        assertThat(lanes).containsExactly("GROUP");
    }

    @Test
    void otherOfItsKeyIsNotWaitedForWithoutEnd() {
        writing.add(KEY);
        admission.take(keyed(KEY, new SqlRequest.Sequence(WRITE)));

        admission.expire(LATE);

        expectRefused(Refusal.BUSY);
    }

    @Test
    void requestThatWasAppliedIsAnsweredAsThenAndNotRun() {
        var request = keyed(KEY, new SqlRequest.Sequence(WRITE));
        write();
        write("DELETE FROM item", () -> admission.applies(request, RESPONSES));

        admission.take(request);
        admission.take(keyed(KEY));

        assertThat(lanes).isEmpty();
        for (var reply : client.getAllReceived()) {
            assertThat(reply).isEqualTo(new Answered(RESPONSES, core.vector(), true));
        }
    }

    @Test
    void requestThatWasAppliedIsAnsweredWhenTheOthersHaveAllThatIsHere() {
        var request = keyed(KEY, all(), new SqlRequest.Sequence(WRITE));
        write();
        var own = write("DELETE FROM item", () -> admission.applies(request, RESPONSES));
        acknowledgements.reached("other", own.origin(), own.seq());
        mergeAnotherReplicasWrite();

        admission.take(request);
        acknowledgements.settle(List.of("other"), 2, List.of());
        assertThat(client.hasMessages()).isFalse();

        acknowledgements.reached("other", core.vector());
        acknowledgements.settle(List.of("other"), 2, List.of());
        assertThat(client.getAllReceived()).containsExactly(new Answered(RESPONSES, core.vector(), true));
    }

    /** As if it had been the writer before. */
    private void mergeAnotherReplicasWrite() {
        var settings = TestHome.of(directory, () -> NOW).settings();
        try (var other = ReplicaCore.open(
                directory.resolve("elsewhere.db"), "shop", settings, () -> NOW, new Random(9), event -> {})) {
            other.begin(true);
            other.changeSchema("CREATE TABLE elsewhere(id INTEGER PRIMARY KEY)");
            var transactions = other.stamp();
            other.commit();
            core.receive(PeerName.WRITER, new SyncMessage.Publish(transactions));
            assertThat(core.vector().seq(other.origin())).isPositive();
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void otherRequestUnderAKeyThatWasAppliedIsRefused() {
        write();
        write("DELETE FROM item", () -> admission.applies(keyed(KEY, new SqlRequest.Sequence(WRITE)), RESPONSES));

        admission.take(keyed(new RequestKey(KEY.text(), "another"), new SqlRequest.Sequence(READ)));

        expectRefused(Refusal.KEY_REUSED);
    }

    @Test
    void requestIsNotAppliedOnceItWasSaidThatItWasNot() {
        admission.take(keyed(KEY));
        expectRefused(Refusal.NOT_APPLIED);

        admission.take(keyed(KEY, new SqlRequest.Sequence(WRITE)));

        expectRefused(Refusal.NOT_APPLIED);
        assertThat(lanes).isEmpty();
    }

    @Test
    void whoWaitsBeforeALaneAsksTheSuccessor() {
        writing.add(KEY);
        admission.take(keyed(KEY, new SqlRequest.Sequence(WRITE)));
        admission.take(request(READ, new StreamOptions(Acknowledgement.LOCAL, Optional.of(next()), false)));

        admission.refuseWaiting();

        expectRefused(Refusal.MOVING);
        expectRefused(Refusal.MOVING);
        assertThat(admission.isEmpty()).isTrue();
    }

    // ---- out

    @Test
    void localWriteAndReadAreAnsweredAtOnce() {
        var answered = new Answered(RESPONSES, core.vector(), true);

        admission.answer(request(WRITE, DEFAULTS), answered, Optional.of(write()));
        admission.answer(request(READ, all()), answered, Optional.empty());

        assertThat(client.getAllReceived()).containsExactly(answered, answered);
    }

    @Test
    void writeIsAnsweredWhenTheOthersHaveIt() {
        var last = write();
        var answered = new Answered(RESPONSES, core.vector(), true);

        admission.answer(request(WRITE, all()), answered, Optional.of(last));
        acknowledgements.settle(List.of("other"), 2, List.of());
        assertThat(settledCount).isEqualTo(1);
        assertThat(client.hasMessages()).isFalse();
        acknowledgements.reached("other", last.origin(), last.seq());
        acknowledgements.settle(List.of("other"), 2, List.of());

        assertThat(client.getAllReceived()).containsExactly(answered);
        assertThat(admission.isEmpty()).isTrue();
    }

    @Test
    void writeThatTheOthersDoNotAcknowledgeHasAnUnknownOutcome() {
        var answered = new Answered(RESPONSES, core.vector(), true);
        admission.answer(request(WRITE, all()), answered, Optional.of(write()));

        admission.expire(LATE);

        expectRefused(Refusal.UNKNOWN_OUTCOME);
        assertThat(client.hasMessages()).isFalse();
    }

    @Test
    void writeThatWaitsForOthersHasAnUnknownOutcomeWhenTheDatabaseCloses() {
        var answered = new Answered(RESPONSES, core.vector(), true);
        admission.answer(request(WRITE, all()), answered, Optional.of(write()));

        admission.giveUp();

        expectRefused(Refusal.UNKNOWN_OUTCOME);
        assertThat(admission.isEmpty()).isTrue();
    }

    private static StreamOptions all() {
        return new StreamOptions(Acknowledgement.ALL, Optional.empty(), false);
    }
}
