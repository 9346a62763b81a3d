package io.merklite.cluster.replica;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import io.merklite.cluster.replica.DatabaseActor.FetchSql;
import io.merklite.cluster.replica.DatabaseActor.RunSql;
import io.merklite.cluster.replica.SqlReply.Refusal;
import io.merklite.cluster.sql.SqlRequest;
import io.merklite.cluster.sql.StreamOptions;
import io.merklite.sync.stamp.Origin;
import io.merklite.sync.vector.VersionVector;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a copy does with reads while it is not far enough, or closes. */
class LaggingCopyTest {
    private static final ActorTestKit KIT = ActorTestKit.create(ConfigFactory.load());
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String DATABASE = "shop";
    private static final Origin WRITER = new Origin(7);

    @TempDir
    Path directory;

    private final TestProbe<FollowerActor.Command> follower = KIT.createTestProbe();
    private final TestProbe<SqlReply> client = KIT.createTestProbe();
    /** Goes on whenever it is looked at. */
    private final AtomicReference<Instant> clock = new AtomicReference<>(Instant.parse("2026-01-01T00:00:00Z"));

    private long streamCount;

    @AfterAll
    static void stop() {
        KIT.shutdownTestKit();
    }

    @BeforeEach
    void makeFile() throws SQLException, IOException {
        Files.createDirectories(directory);
        try (var connection = DriverManager.getConnection("jdbc:sqlite:" + directory.resolve(DATABASE + ".db"));
                var statement = connection.createStatement()) {
            statement.execute("PRAGMA journal_mode = WAL");
            statement.execute("CREATE TABLE item(id INTEGER PRIMARY KEY)");
        }
    }

    @Test
    void nothingIsReadBeforeTheCopyHasWhatTheWriterHad() {
        var reads = reads("60s", at(3));

        reads.tell(run(VersionVector.EMPTY));
        expectRefused(Refusal.ELSEWHERE);

        reads.tell(new FollowerReads.MayServe(at(5)));
        reads.tell(run(VersionVector.EMPTY));
        expectRefused(Refusal.ELSEWHERE);

        reads.tell(new FollowerReads.Advanced(at(5)));
        reads.tell(run(VersionVector.EMPTY));
        expectAnswered();
    }

    @Test
    void readWaitsForWhatItMustSee() {
        var reads = serving("60s", at(3));

        reads.tell(run(at(4)));
        reads.tell(run(at(3)));
        expectAnswered();
        client.expectNoMessage(Duration.ofMillis(50));
        reads.tell(new FollowerReads.Advanced(at(4)));

        expectAnswered();
    }

    @Test
    void waitInVainEndsAtTheWriterAndTheNextGoesThereAtOnce() {
        var reads = serving("50ms", at(3));

        reads.tell(run(at(4)));
        expectRefused(Refusal.ELSEWHERE);
        reads.tell(run(at(4)));
        expectRefused(Refusal.ELSEWHERE);

        reads.tell(run(at(3)));
        expectAnswered();
        reads.tell(new FollowerReads.Advanced(at(4)));
        reads.tell(run(at(4)));
        expectAnswered();
    }

    @Test
    void whatTurnsOutToWriteGoesToTheWriter() {
        var reads = serving("60s", at(3));

        reads.tell(new FollowerReads.Run(sql("PRAGMA user_version = 4", false), at(3)));

        expectRefused(Refusal.ELSEWHERE);
    }

    @Test
    void closedCopyAnswersWhoStillAsks() {
        var reads = serving("60s", at(3));
        reads.tell(run(at(4)));

        follower.stop();

        expectRefused(Refusal.ELSEWHERE);
        reads.tell(run(at(3)));
        expectRefused(Refusal.ELSEWHERE);
        reads.tell(new FollowerReads.Run(sql("SELECT 1", true), at(3)));
        expectRefused(Refusal.TRANSACTION_LOST);
        reads.tell(new FollowerReads.Fetch(fetch(), at(3)));
        expectRefused(Refusal.UNAVAILABLE);
    }

    @Test
    void snapshotThatIsNotUsedIsTakenAway() {
        var reads = serving("60s", at(3), "database.idle-timeout = 50ms");
        var stream = new StreamId(1, 1000);
        reads.tell(new FollowerReads.Run(sql(stream, "BEGIN; SELECT * FROM item", false), at(3)));
        expectAnswered();

        var answer = "";
        while (!answer.contains("TRANSACTION_TIMEOUT")) {
            clock.set(clock.get().plus(Duration.ofMinutes(10)));
            follower.expectMessage(PATIENCE, FollowerActor.WasRead.WAS_READ); // it has looked around
            reads.tell(new FollowerReads.Run(sql(stream, "SELECT 1", true), at(3)));
            answer = client.receiveMessage(PATIENCE).toString();
        }
    }

    @Test
    void clientOfAReaderThatFailsIsTold() throws IOException {
        Files.delete(directory.resolve(DATABASE + ".db"));
        Files.createDirectory(directory.resolve(DATABASE + ".db"));
        var reads = serving("60s", at(3));

        reads.tell(run(at(3)));
        expectRefused(Refusal.UNAVAILABLE);
        reads.tell(run(at(3)));
        expectRefused(Refusal.UNAVAILABLE);
    }

    private ActorRef<FollowerReads.Command> serving(String wait, VersionVector vector, String... more) {
        var reads = reads(wait, vector, more);
        reads.tell(new FollowerReads.MayServe(vector));
        return reads;
    }

    private ActorRef<FollowerReads.Command> reads(String wait, VersionVector vector, String... more) {
        return KIT.spawn(FollowerReads.create(home(wait, more), DATABASE, vector, () -> 0, follower.ref()));
    }

    private ReplicaHome home(String wait, String... more) {
        List<String> settings = new ArrayList<>(List.of(more));
        settings.add("database.reads-wait = " + wait);
        return TestHome.of(
                directory, () -> clock.updateAndGet(time -> time.plusMillis(10)), settings.toArray(String[]::new));
    }

    private FollowerReads.Run run(VersionVector needed) {
        return new FollowerReads.Run(sql("SELECT count(*) FROM item", false), needed);
    }

    private RunSql sql(String sql, boolean continues) {
        streamCount++;
        return sql(new StreamId(1, streamCount), sql, continues);
    }

    private RunSql sql(StreamId stream, String sql, boolean continues) {
        return new RunSql(
                stream, StreamOptions.DEFAULTS, List.of(new SqlRequest.Sequence(sql)), false, continues, client.ref());
    }

    private FetchSql fetch() {
        streamCount++;
        return new FetchSql(
                new StreamId(1, streamCount), StreamOptions.DEFAULTS, Optional.empty(), 10, 1000, client.ref());
    }

    private static VersionVector at(long seq) {
        return VersionVector.EMPTY.with(WRITER, seq);
    }

    private void expectAnswered() {
        assertThat(client.receiveMessage(PATIENCE)).isInstanceOf(SqlReply.Answered.class);
    }

    private void expectRefused(Refusal refusal) {
        assertThat(client.receiveMessage(PATIENCE))
                .isInstanceOfSatisfying(
                        SqlReply.Refused.class,
                        refused -> assertThat(refused.refusal()).isEqualTo(refusal));
    }
}
