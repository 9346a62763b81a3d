package io.merklite.cluster.replica;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import io.merklite.cluster.replica.DatabaseActor.RunSql;
import io.merklite.cluster.sql.SqlPlan;
import io.merklite.cluster.sql.SqlRequest;
import io.merklite.cluster.sql.SqlResponse;
import io.merklite.cluster.sql.SqlStatement;
import io.merklite.cluster.sql.StepOutcome;
import io.merklite.cluster.sql.StreamOptions;
import io.merklite.sync.transaction.Transaction;
import io.merklite.sync.vector.VersionVector;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Groups of requests between file and log; the log is the test. */
class WriterLaneTest {
    private static final ActorTestKit KIT = ActorTestKit.create(ConfigFactory.load());

    @TempDir
    Path directory;

    private final TestProbe<SqlReply> client = KIT.createTestProbe();
    private final ClientStreams streams = new ClientStreams();
    private final List<List<Long>> appended = new ArrayList<>();
    /** The seq up to which each commit went. */
    private final List<Long> committed = new ArrayList<>();

    /** By number of the stream: what it was answered, and the transaction that the answer is of. */
    private final Map<Long, List<StepOutcome>> answers = new LinkedHashMap<>();

    private final Map<Long, Optional<Long>> answeredSeqs = new LinkedHashMap<>();
    private ReplicaCore core;
    private WriterLane lane;
    private long streamCount;

    @BeforeEach
    void open() {
        var home = TestHome.of(directory, InstantSource.system(), "log.max-transaction-size = 64 KiB");
        core = home.open("shop");
        lane = new WriterLane(core, streams, home, new Owner());
        schema("CREATE TABLE item(id INTEGER PRIMARY KEY, label TEXT)");
        schema("CREATE TABLE untyped(id PRIMARY KEY)");
        appended.clear();
        committed.clear();
        answers.clear();
    }

    @AfterEach
    void close() {
        lane.close();
        core.close();
    }

    @AfterAll
    static void stop() {
        KIT.shutdownTestKit();
    }

    @Test
    void nextGroupRunsWhileTheLogWritesTheOneBefore() {
        offer("INSERT INTO item VALUES (1, 'a')");
        offer("INSERT INTO item VALUES (2, 'b')");
        assertThat(lane.next()).isTrue();

        offer("INSERT INTO item VALUES (3, 'c')");
        assertThat(lane.next()).isTrue();

        assertThat(appended).hasSize(2);
        assertThat(committed).isEmpty();
        assertThat(answers).isEmpty();
    }

    @Test
    void nothingIsCommittedOrAnsweredBeforeTheLogHasAllGroups() throws SQLException {
        offer("INSERT INTO item VALUES (1, 'a')");
        lane.next();
        var second = offer("INSERT INTO item VALUES (2, 'b')");
        lane.next();

        lane.appended();
        assertThat(answers).isEmpty();
        assertThat(ids()).isEmpty();

        lane.appended();
        assertThat(ids()).containsExactly(1L, 2L);
        assertThat(committed).containsExactly(appended.getLast().getLast());
        assertThat(answers).hasSize(2);
        assertThat(answeredSeqs.get(second)).contains(appended.getLast().getLast());
        assertThat(lane.isIdle()).isTrue();
    }

    @Test
    void groupsOfACommitAreBounded() {
        IntStream.rangeClosed(1, 10).forEach(id -> {
            offer("INSERT INTO item VALUES (" + id + ", 'x')");
            lane.next();
        });
        var count = appended.size();
        assertThat(count).isBetween(2, 5);

        IntStream.range(0, count).forEach(group -> lane.appended());

        assertThat(answers).hasSize(count);
        assertThat(lane.next()).isTrue();
    }

    @Test
    void groupThatCannotBeStampedDoesNotTakeTheOneBeforeAlong() throws SQLException {
        offer("INSERT INTO item VALUES (1, 'a')");
        lane.next();
        var good = offer("INSERT INTO item VALUES (2, 'b')");
        var bad = offer("INSERT INTO untyped VALUES (1.0)");
        lane.next();
        assertThat(appended).hasSize(1);

        lane.appended();
        assertThat(ids()).containsExactly(1L);
        while (lane.next()) {
            if (!lane.isFree()) {
                lane.appended();
            }
        }

        assertThat(ids()).containsExactly(1L, 2L);
        assertThat(answers.get(good).getFirst()).isInstanceOf(StepOutcome.Done.class);
        assertThat(answers.get(bad).getFirst()).isInstanceOf(StepOutcome.Failed.class);
        assertThat(core.root()).isEqualTo(rootAnew());
    }

    @Test
    void whatIsTooLargeForTheLogFailsAloneAndBeforeItGoesThere() throws SQLException {
        offer("INSERT INTO item VALUES (1, 'a')");
        lane.next();
        var good = offer("INSERT INTO item VALUES (2, 'b')");
        var large = offer("INSERT INTO item VALUES (3, hex(zeroblob(50000)))");
        lane.next();
        assertThat(appended).hasSize(1);

        lane.appended();
        while (lane.next()) {
            if (!lane.isFree()) {
                lane.appended();
            }
        }

        assertThat(ids()).containsExactly(1L, 2L);
        assertThat(answers.get(good).getFirst()).isInstanceOf(StepOutcome.Done.class);
        assertThat(answers.get(large).getFirst())
                .isInstanceOfSatisfying(
                        StepOutcome.Failed.class,
                        failed -> assertThat(failed.error().code()).isEqualTo("sync.too-large"));
        assertThat(core.root()).isEqualTo(rootAnew());
        assertThat(lane.isIdle()).isTrue();
    }

    @Test
    void statementThatFailsInTheSecondGroupFailsAlone() throws SQLException {
        offer("INSERT INTO item VALUES (1, 'a')");
        lane.next();
        var bad = offer("INSERT INTO item VALUES (1, 'again')");
        offer("INSERT INTO item VALUES (2, 'b')");
        lane.next();

        lane.appended();
        lane.appended();

        assertThat(answers.get(bad).getFirst()).isInstanceOf(StepOutcome.Failed.class);
        assertThat(ids()).containsExactly(1L, 2L);
    }

    @Test
    void groupThatHasSqliteUndoTheOneBeforeDoesNotTakeItAlong() throws SQLException {
        schema(
                "CREATE TRIGGER refuse BEFORE INSERT ON item WHEN new.label = 'bad' BEGIN SELECT RAISE(ROLLBACK, 'no'); END");
        appended.clear();
        answers.clear();
        var first = offer("INSERT INTO item VALUES (1, 'a')");
        lane.next();
        var second = offer("INSERT INTO item VALUES (2, 'b')");
        lane.next();
        var good = offer("INSERT INTO item VALUES (3, 'c')");
        var bad = offer("INSERT INTO item VALUES (4, 'bad')");
        lane.next();

        lane.appended();
        assertThat(answers).isEmpty();
        assertThat(lane.next()).isFalse();
        lane.appended();

        assertThat(answers.keySet()).containsExactly(first, second);
        assertThat(ids()).containsExactly(1L, 2L);
        assertThat(core.vector().seq(core.origin()))
                .isEqualTo(appended.getLast().getLast());
        while (lane.next()) {
            if (!lane.isFree()) {
                lane.appended();
            }
        }
        assertThat(ids()).containsExactly(1L, 2L, 3L);
        assertThat(answers.get(good).getFirst()).isInstanceOf(StepOutcome.Done.class);
        assertThat(answers.get(bad).getFirst()).isInstanceOf(StepOutcome.Failed.class);
        assertThat(core.root()).isEqualTo(rootAnew());
        assertThat(lane.isIdle()).isTrue();
    }

    @Test
    void groupThatChangesNothingIsAnsweredWithTheOneBefore() {
        offer("INSERT INTO item VALUES (1, 'a')");
        lane.next();
        var idle = offer("UPDATE item SET label = 'b' WHERE id = 7");
        lane.next();
        assertThat(appended).hasSize(1);
        assertThat(answers).isEmpty();

        lane.appended();

        assertThat(answers).hasSize(2);
        assertThat(answeredSeqs.get(idle)).isEmpty();
    }

    @Test
    void requestThatMustBeAloneWaitsForTheCommit() {
        offer("INSERT INTO item VALUES (1, 'a')");
        lane.next();

        offer("CREATE TABLE other(id INTEGER PRIMARY KEY)");
        assertThat(lane.next()).isFalse();

        lane.appended();
        assertThat(lane.next()).isTrue();
    }

    private void schema(String sql) {
        offer(sql);
        lane.next();
        lane.appended();
    }

    /** Offers a request of a stream of its own, whose number this is. */
    private long offer(String sql) {
        streamCount++;
        var id = new StreamId(1, streamCount);
        var requests = List.<SqlRequest>of(SqlRequest.Batch.of(SqlStatement.of(sql)));
        var stream = streams.of(id);
        lane.offer(
                new RunSql(id, StreamOptions.DEFAULTS, requests, true, false, client.ref()),
                stream,
                SqlPlan.of(requests, stream));
        return streamCount;
    }

    /** What others see. */
    private List<Long> ids() throws SQLException {
        List<Long> ids = new ArrayList<>();
        try (var connection = DriverManager.getConnection("jdbc:sqlite:" + directory.resolve("shop.db"));
                var statement = connection.createStatement();
                var rows = statement.executeQuery("SELECT id FROM item ORDER BY id")) {
            while (rows.next()) {
                ids.add(rows.getLong(1));
            }
        }
        return ids;
    }

    private long rootAnew() {
        core.database().store().rebuildIndex();
        return core.root();
    }

    private final class Owner implements WriterLane.Owner {
        @Override
        public void append(List<Transaction> transactions) {
            appended.add(transactions.stream().map(Transaction::seq).toList());
        }

        @Override
        public void committed(ReplicaCore.Outbox outbox) {
            committed.add(core.vector().seq(core.origin()));
        }

        @Override
        public void answer(RunSql sql, SqlReply.Answered answered, Optional<Transaction> last) {
            var done = (SqlResponse.BatchDone) answered.responses().getFirst();
            answers.put(sql.stream().number(), done.outcomes());
            answeredSeqs.put(sql.stream().number(), last.map(Transaction::seq));
        }

        @Override
        public void applies(RunSql sql, List<SqlResponse> responses) {}

        @Override
        public VersionVector bookmark() {
            return core.vector();
        }
    }
}
