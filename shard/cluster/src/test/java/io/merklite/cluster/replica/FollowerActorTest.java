package io.merklite.cluster.replica;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import io.merklite.cluster.journal.LogSettings;
import io.merklite.sync.message.SyncMessage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A follower that has no file yet, or a broken one. */
class FollowerActorTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final String DATABASE = "shop";

    @TempDir
    static Path journal;

    private static ActorTestKit kit;

    @TempDir
    Path directory;

    /** Where the writer is to answer, each time it is asked for a copy. */
    private final TestProbe<ActorRef<SnapshotReply>> asked = kit.createTestProbe();

    private final TestProbe<SnapshotSource.Command> source = kit.createTestProbe();

    @BeforeAll
    static void start() {
        kit = ActorTestKit.create(
                "following",
                ConfigFactory.parseString("merklite.journal.path = \"" + journal.resolve("journal.db") + "\"")
                        .withFallback(ConfigFactory.load()));
    }

    @AfterAll
    static void stop() {
        kit.shutdownTestKit();
    }

    @Test
    void secondCopyThatIsOfferedIsNotFetched() {
        var late = kit.<SnapshotSource.Command>createTestProbe();
        follow(home(directory, "replication.take-over-timeout = 100ms"));
        var first = asked.receiveMessage(PATIENCE);
        var again = asked.receiveMessage(PATIENCE);

        first.tell(new DatabaseActor.SnapshotOffer(source.ref()));
        again.tell(new DatabaseActor.SnapshotOffer(late.ref()));

        source.expectMessageClass(SnapshotSource.Want.class, PATIENCE);
        late.expectMessage(PATIENCE, SnapshotSource.Done.DONE);
        source.expectNoMessage(Duration.ZERO);
    }

    @Test
    void copyThatCannotBeWrittenIsAskedForAgain() {
        follow(home(directory.resolve("missing"), "replication.take-over-timeout = 2s"));

        asked.receiveMessage(PATIENCE).tell(new DatabaseActor.SnapshotOffer(source.ref()));

        asked.receiveMessage(PATIENCE);
    }

    @Test
    void writerThatIsAboutToStopIsAskedDirectly() {
        var follower = follow(home(directory, "replication.take-over-timeout = 1h"));
        asked.receiveMessage(PATIENCE);
        var leaving = kit.<DatabaseActor.Command>createTestProbe();

        follower.tell(new FollowerActor.WriterLeaves(leaving.ref()));

        var want = leaving.expectMessageClass(DatabaseActor.WantSnapshot.class, PATIENCE);
        want.replyTo().tell(new DatabaseActor.SnapshotOffer(source.ref()));
        source.expectMessageClass(SnapshotSource.Want.class, PATIENCE);
        asked.expectNoMessage(Duration.ZERO);
    }

    @Test
    void writerThatHasStoppedIsAskedNoMore() {
        var follower = follow(home(directory, "replication.take-over-timeout = 2s"));
        asked.receiveMessage(PATIENCE);
        var leaving = kit.<DatabaseActor.Command>createTestProbe();
        follower.tell(new FollowerActor.WriterLeaves(leaving.ref()));
        leaving.expectMessageClass(DatabaseActor.WantSnapshot.class, PATIENCE);

        leaving.stop();

        asked.receiveMessage(PATIENCE);
    }

    @Test
    void replicaThatCannotBeOpenedRests() throws Exception {
        var home = home(directory, "database.restart-pause { min = 1h, max = 1h }");
        Files.createDirectories(home.file(DATABASE));

        var follower = follow(home);

        asked.expectTerminated(follower, PATIENCE);
        assertThat(home.setbacks().pause(DATABASE)).isPositive();
    }

    private static ReplicaHome home(Path directory, String setting) {
        return TestHome.of(directory, InstantSource.system(), setting);
    }

    private ActorRef<FollowerActor.Command> follow(ReplicaHome home) {
        var settings = LogSettings.from(kit.system().settings().config().getConfig("merklite"));
        return kit.spawn(FollowerActor.create(home, DATABASE, new AskedWriter(), new LogLink.Factory(home, settings)));
    }

    /** Notes that it is asked for a copy. */
    private final class AskedWriter implements FollowerActor.WriterLink {
        @Override
        public void tell(String from, long generation, SyncMessage message) {
            throw new AssertionError(from + " has nothing to say before it has a file: " + message);
        }

        @Override
        public void wantSnapshot(String node, ActorRef<SnapshotReply> replyTo) {
            asked.ref().tell(replyTo);
        }

        @Override
        public void inspect(ActorRef<InspectReply> replyTo) {
            throw new AssertionError("there is nothing to read yet");
        }
    }
}
