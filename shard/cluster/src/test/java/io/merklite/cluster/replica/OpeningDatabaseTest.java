package io.merklite.cluster.replica;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import io.merklite.cluster.catalog.Catalog;
import io.merklite.cluster.journal.LogSettings;
import io.merklite.cluster.placement.Placement;
import io.merklite.cluster.replica.SqlReply.Refusal;
import io.merklite.cluster.sql.SqlRequest;
import io.merklite.cluster.sql.SqlStatement;
import io.merklite.cluster.sql.StreamOptions;
import io.merklite.sync.message.SyncMessage;
import io.merklite.sync.vector.VersionVector;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.pubsub.Topic;
import org.apache.pekko.cluster.sharding.typed.javadsl.ClusterSharding;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A database that is asked while it opens, rests, stops or fails: nobody is left without an answer. */
class OpeningDatabaseTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Catalog.Known EXISTS = new Catalog.Known(Catalog.State.EXISTS, 1);
    private static final AtomicInteger NUMBERS = new AtomicInteger();

    @TempDir
    static Path directory;

    private static ActorTestKit kit;

    private final String database = "shop-" + NUMBERS.incrementAndGet();
    private final TestProbe<ClusterSharding.ShardCommand> shard = kit.createTestProbe();
    private final TestProbe<Replicas.Command> replicas = kit.createTestProbe();
    private final TestProbe<Replicas.Command> otherNode = kit.createTestProbe();
    private final TestProbe<Topic.Command<Replicas.Command>> topic = kit.createTestProbe();
    private final TestProbe<SqlReply> client = kit.createTestProbe();
    private final TestProbe<Watch> watcher = kit.createTestProbe();
    private final TestProbe<ReplicaLink> link = kit.createTestProbe();
    private final TestProbe<SnapshotReply> follower = kit.createTestProbe();
    private final TestProbe<InspectReply> operator = kit.createTestProbe();
    private final TestProbe<DatabaseActor.ConflictSettled> settled = kit.createTestProbe();
    private final CompletableFuture<Catalog.Known> catalog = new CompletableFuture<>();

    @BeforeAll
    static void start() {
        kit = ActorTestKit.create(
                "opening",
                ConfigFactory.parseString("merklite.journal.path = \"" + directory.resolve("journal.db") + "\"")
                        .withFallback(ConfigFactory.load()));
    }

    @AfterAll
    static void stop() {
        kit.shutdownTestKit();
    }

    @Test
    void whoAsksWhileTheCatalogIsAskedGoesToTheSuccessor() {
        var opening = open();

        askEverything(opening);
        opening.tell(DatabaseActor.Stop.STOP);

        expectEverybodyRefused(Refusal.MOVING);
    }

    @Test
    void whoAsksWhileTheFileIsAwaitedGoesToTheSuccessor() {
        var opening = open();
        catalog.complete(EXISTS);
        replicas.expectMessageClass(Replicas.Acquire.class, PATIENCE);

        askEverything(opening);
        opening.tell(DatabaseActor.Stop.STOP);

        expectEverybodyRefused(Refusal.MOVING);
    }

    @Test
    void whoAsksDuringCatchUpGoesToTheSuccessor() {
        var opening = open();
        catalog.complete(EXISTS);
        grantTo(replicas.expectMessageClass(Replicas.Acquire.class, PATIENCE));
        otherNode.expectMessageClass(Replicas.Deliver.class, PATIENCE); // what the other copy is asked for

        askEverything(opening);
        opening.tell(DatabaseActor.Stop.STOP);

        expectEverybodyRefused(Refusal.MOVING);
        kit.createTestProbe().expectTerminated(opening, PATIENCE);
    }

    @Test
    void whoAsksForADatabaseThatDoesNotOpenIsRefused() throws Exception {
        Files.createDirectories(directory.resolve(database + ".db"));
        var opening = open();
        catalog.complete(EXISTS);
        var acquire = replicas.expectMessageClass(Replicas.Acquire.class, PATIENCE);

        askEverything(opening);
        grantTo(acquire);

        expectEverybodyRefused(Refusal.UNAVAILABLE);
        shard.expectMessageClass(ClusterSharding.Passivate.class, PATIENCE);
    }

    @Test
    void whoWaitsForAnOpenTransactionGoesToTheSuccessor() {
        var serving = serve(home());
        serving.tell(run("BEGIN IMMEDIATE", false));
        assertThat(client.receiveMessage(PATIENCE)).isInstanceOf(SqlReply.Answered.class);

        serving.tell(new DatabaseActor.WatchQuery("SELECT 1", watcher.ref()));
        serving.tell(new DatabaseActor.ConnectReplica("0123456789abcdef", true, link.ref()));
        serving.tell(new DatabaseActor.SettleConflict("1", true, false, settled.ref()));
        serving.tell(DatabaseActor.Stop.STOP);

        assertThat(watcher.receiveMessage(PATIENCE)).isInstanceOf(Watch.Ended.class);
        assertThat(link.receiveMessage(PATIENCE)).isInstanceOf(ReplicaLink.Ended.class);
        assertThat(settled.receiveMessage(PATIENCE).error()).isPresent();
    }

    @Test
    void writerThatLeavesWaitsUntilAnotherCopyHasAll() {
        var leaving = open();
        catalog.complete(EXISTS);
        grantTo(replicas.expectMessageClass(Replicas.Acquire.class, PATIENCE));
        var other = PeerName.ofNode("a2");
        var nothing = new SyncMessage.Status(VersionVector.EMPTY, Map.of(), 0, 0, 0, 0, false, true);
        otherNode.expectMessageClass(Replicas.Deliver.class, PATIENCE);
        leaving.tell(new DatabaseActor.FromPeer(other, nothing));
        leaving.tell(run("CREATE TABLE item(id INTEGER PRIMARY KEY)", true));
        assertThat(client.receiveMessage(PATIENCE)).isInstanceOf(SqlReply.Answered.class);

        leaving.tell(DatabaseActor.Stop.STOP);
        leaving.tell(new DatabaseActor.Inspect(operator.ref()));
        var written = ((DatabaseStatus) operator.receiveMessage(PATIENCE)).vector();
        assertThat(written.isEmpty()).isFalse();
        leaving.tell(
                new DatabaseActor.FromPeer(other, new SyncMessage.Status(written, Map.of(), 0, 0, 0, 0, false, true)));

        operator.expectTerminated(leaving, PATIENCE);
    }

    @Test
    void whoAsksBehindAFailureIsRefused() throws Exception {
        var home = home();
        var serving = serve(home);
        serving.tell(run("SELECT 1", true));
        assertThat(client.receiveMessage(PATIENCE)).isInstanceOf(SqlReply.Answered.class);

        Files.delete(home.file(database));
        serving.tell(new DatabaseActor.Inspect(operator.ref()));
        serving.tell(run("SELECT 1", true));

        assertThat(operator.receiveMessage(PATIENCE)).isInstanceOf(SqlReply.Refused.class);
        assertThat(client.receiveMessage(PATIENCE)).isInstanceOf(SqlReply.Refused.class);
        assertThat(home.setbacks().pause(database)).isPositive();
    }

    @Test
    void databaseWhoseCopyIsFetchedIsNotIdle() {
        var serving = serve(home());
        serving.tell(new DatabaseActor.WantSnapshot("a2", follower.ref()));
        var source = ((DatabaseActor.SnapshotOffer) follower.receiveMessage(PATIENCE)).source();
        serving.tell(DatabaseActor.Idle.IDLE);
        serving.tell(DatabaseActor.Idle.IDLE);
        serving.tell(new DatabaseActor.Inspect(operator.ref()));
        operator.receiveMessage(PATIENCE);
        shard.expectNoMessage(Duration.ZERO);

        source.tell(SnapshotSource.Done.DONE);

        shard.awaitAssert(PATIENCE, () -> {
            serving.tell(DatabaseActor.Idle.IDLE);
            return shard.expectMessageClass(ClusterSharding.Passivate.class, Duration.ofSeconds(1));
        });
    }

    @Test
    void dropOfADatabaseThatRestsIsPassedOn() {
        var home = home("database.restart-pause { min = 1h, max = 1h }");
        home.setbacks().failed(database);
        var resting = open(home);

        resting.tell(run("SELECT 1", true));
        resting.tell(new DatabaseActor.Drop(1));

        assertThat(client.receiveMessage(PATIENCE)).isInstanceOf(SqlReply.Refused.class);
        replicas.expectMessage(PATIENCE, new Replicas.ForgetEverywhere(database, 1));
    }

    @Test
    void noMoreReadsWaitThanTheQueueHoldsAndNoneWithoutEnd() {
        var home = home("database { readers = 1, max-queue = 1, queue-timeout = 100ms }");
        var serving = serve(home);
        var endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";

        serving.tell(run(1, endless, false));
        serving.tell(run(2, "SELECT 2", true));
        serving.tell(run(3, "SELECT 3", true));

        expectRefused(Refusal.OVERLOADED);
        expectRefused(Refusal.BUSY);
        serving.tell(new DatabaseActor.CloseStream(new StreamId(1, 1)));
    }

    private void expectRefused(Refusal refusal) {
        assertThat(client.receiveMessage(PATIENCE))
                .isInstanceOfSatisfying(
                        SqlReply.Refused.class,
                        refused -> assertThat(refused.refusal()).isEqualTo(refusal));
    }

    private DatabaseActor.RunSql run(String sql, boolean isLast) {
        return run(1, sql, isLast);
    }

    private DatabaseActor.RunSql run(long stream, String sql, boolean isLast) {
        return new DatabaseActor.RunSql(
                new StreamId(1, stream),
                StreamOptions.DEFAULTS,
                List.of(SqlRequest.Batch.of(SqlStatement.of(sql))),
                isLast,
                false,
                client.ref());
    }

    /** A database on the only node. */
    private ActorRef<DatabaseActor.Command> serve(ReplicaHome home) {
        var serving = open(home);
        catalog.complete(EXISTS);
        var acquire = replicas.expectMessageClass(Replicas.Acquire.class, PATIENCE);
        acquire.replyTo().tell(new Replicas.Acquired(topic.ref(), new Hosts(Map.of("a1", replicas.ref()), Set.of())));
        return serving;
    }

    private ActorRef<DatabaseActor.Command> open() {
        return open(home());
    }

    private ActorRef<DatabaseActor.Command> open(ReplicaHome home) {
        var existence = new DatabaseActor.Existence() {
            @Override
            public CompletionStage<Catalog.Known> look(String name) {
                return catalog;
            }

            @Override
            public CompletionStage<?> create(String name) {
                throw new AssertionError("nobody is to make " + name);
            }
        };
        return kit.spawn(DatabaseActor.create(
                home,
                database,
                shard.ref(),
                replicas.ref(),
                existence,
                (datacenter, name, message) -> {},
                new LogLink.Factory(
                        home, LogSettings.from(kit.system().settings().config().getConfig("merklite")))));
    }

    private static ReplicaHome home(String... settings) {
        var merklite = ConfigFactory.parseString(String.join("\n", settings))
                .withFallback(ConfigFactory.parseString("replication.take-over-timeout = 1h"))
                .withFallback(ConfigFactory.defaultReference().getConfig("merklite"));
        return ReplicaHome.of(
                "a1",
                "a",
                directory,
                ReplicaSettings.from(merklite),
                new Placement(128, 3),
                InstantSource.system(),
                new Random(1),
                new PrometheusRegistry(),
                (name, event) -> {});
    }

    private void grantTo(Replicas.Acquire acquire) {
        var hosts = new Hosts(Map.of("a1", replicas.ref(), "a2", otherNode.ref()), Set.of());
        acquire.replyTo().tell(new Replicas.Acquired(topic.ref(), hosts));
    }

    private void askEverything(ActorRef<DatabaseActor.Command> opening) {
        var batch = SqlRequest.Batch.of(SqlStatement.of("SELECT 1"));
        var stream = new StreamId(1, 1);
        opening.tell(
                new DatabaseActor.RunSql(stream, StreamOptions.DEFAULTS, List.of(batch), true, false, client.ref()));
        opening.tell(
                new DatabaseActor.FetchSql(stream, StreamOptions.DEFAULTS, Optional.of(batch), 10, 1000, client.ref()));
        opening.tell(new DatabaseActor.WatchQuery("SELECT 1", watcher.ref()));
        opening.tell(new DatabaseActor.WatchChanges(VersionVector.EMPTY, watcher.ref()));
        opening.tell(new DatabaseActor.ConnectReplica("0123456789abcdef", true, link.ref()));
        opening.tell(new DatabaseActor.WantSnapshot("a9", follower.ref()));
        opening.tell(new DatabaseActor.Inspect(operator.ref()));
        opening.tell(new DatabaseActor.SettleConflict("1", true, false, settled.ref()));
    }

    private void expectEverybodyRefused(Refusal refusal) {
        for (var i = 0; i < 2; i++) {
            expectRefused(refusal);
            assertThat(watcher.receiveMessage(PATIENCE)).isInstanceOf(Watch.Ended.class);
        }
        assertThat(link.receiveMessage(PATIENCE)).isInstanceOf(ReplicaLink.Ended.class);
        assertThat(follower.receiveMessage(PATIENCE)).isInstanceOf(SqlReply.Refused.class);
        assertThat(operator.receiveMessage(PATIENCE)).isInstanceOf(SqlReply.Refused.class);
        assertThat(settled.receiveMessage(PATIENCE).error()).isPresent();
    }
}
