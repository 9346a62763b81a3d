package io.merklite.cluster.journal;

import com.typesafe.config.ConfigFactory;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.persistence.testkit.PersistenceTestKitPlugin;
import org.apache.pekko.persistence.testkit.PersistenceTestKitSnapshotPlugin;
import org.apache.pekko.persistence.testkit.query.javadsl.PersistenceTestKitReadJournal;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;

/** The log over plugins that are not ours. */
class InMemoryChangesetLogTest extends ChangesetLogContract {
    private static ActorTestKit kit;

    @BeforeAll
    static void start() {
        kit = ActorTestKit.create(
                "logs",
                ConfigFactory.parseString("""
                                merklite.log.journal-plugin = "%s"
                                merklite.log.snapshot-plugin = "%s"
                                merklite.log.read-journal-plugin = "%s"
                                """.formatted(
                                        PersistenceTestKitPlugin.PluginId(),
                                        PersistenceTestKitSnapshotPlugin.PluginId(),
                                        PersistenceTestKitReadJournal.Identifier()))
                        .withFallback(PersistenceTestKitPlugin.config())
                        .withFallback(PersistenceTestKitSnapshotPlugin.config())
                        .withFallback(ConfigFactory.load()));
    }

    @AfterAll
    static void stop() {
        kit.shutdownTestKit();
    }

    @Override
    ActorTestKit kit() {
        return kit;
    }
}
