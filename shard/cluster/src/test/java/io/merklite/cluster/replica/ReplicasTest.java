package io.merklite.cluster.replica;

import com.typesafe.config.ConfigFactory;
import io.merklite.cluster.journal.LogSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Writers of a node that come one after the other, and whose ends are heard of late. */
class ReplicasTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    static Path directory;

    private static ActorTestKit kit;

    @BeforeAll
    static void start() {
        kit = ActorTestKit.create(
                "replicas",
                ConfigFactory.parseString("""
                        merklite.journal.path = "%s"
                        pekko.actor.provider = cluster
                        pekko.remote.artery.canonical { hostname = "127.0.0.1", port = 0 }
                        pekko.cluster.jmx.multi-mbeans-in-same-jvm = on
                        """.formatted(directory.resolve("journal.db")))
                        .withFallback(ConfigFactory.load()));
    }

    @AfterAll
    static void stop() {
        kit.shutdownTestKit();
    }

    @Test
    void fileIsGrantedWhenTheWriterBeforeHasStopped() {
        var replicas = replicas();
        var first = writer();
        var second = writer();
        var third = writer();
        var toSecond = kit.<Replicas.Acquired>createTestProbe();
        var toThird = kit.<Replicas.Acquired>createTestProbe();
        acquire(replicas, "shop", first).receiveMessage(PATIENCE);

        replicas.tell(new Replicas.Acquire("shop", second, toSecond.ref()));
        awaitTurn(replicas);
        toSecond.expectNoMessage(Duration.ZERO);
        kit.stop(first);

        toSecond.receiveMessage(PATIENCE);
        replicas.tell(new Replicas.Acquire("shop", third, toThird.ref()));
        awaitTurn(replicas); // the end of the first writer is not that of the second one
        toThird.expectNoMessage(Duration.ZERO);
        kit.stop(second);
        toThird.receiveMessage(PATIENCE);
    }

    private static ActorRef<Replicas.Command> replicas() {
        var home = TestHome.of(directory, InstantSource.system());
        var settings = LogSettings.from(kit.system().settings().config().getConfig("merklite"));
        return kit.spawn(Replicas.create(
                home,
                database -> {
                    throw new AssertionError("no follower is to open " + database);
                },
                new LogLink.Factory(home, settings)));
    }

    private static ActorRef<DatabaseActor.Command> writer() {
        return kit.spawn(Behaviors.ignore());
    }

    private static TestProbe<Replicas.Acquired> acquire(
            ActorRef<Replicas.Command> replicas, String database, ActorRef<DatabaseActor.Command> owner) {
        var granted = kit.<Replicas.Acquired>createTestProbe();
        replicas.tell(new Replicas.Acquire(database, owner, granted.ref()));
        return granted;
    }

    /** What was asked before is done when another question is answered. */
    private static void awaitTurn(ActorRef<Replicas.Command> replicas) {
        var owner = writer();
        acquire(replicas, "other-" + owner.path().name().replaceAll("[^a-z0-9]", ""), owner)
                .receiveMessage(PATIENCE);
    }
}
