package io.merklite.cluster.replica;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SnapshotSourceTest {
    private static final ActorTestKit KIT = ActorTestKit.create(ConfigFactory.load());
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    @TempDir
    Path directory;

    @AfterAll
    static void stop() {
        KIT.shutdownTestKit();
    }

    @Test
    void copyThatFailsTakesNoRoom() throws Exception {
        var noDatabase = Files.createDirectory(directory.resolve("shop.db"));
        var copy = Files.writeString(directory.resolve("shop.db.copy-1"), "what fitted on the disk");

        var source = KIT.spawn(SnapshotSource.create(noDatabase, copy, PATIENCE));

        KIT.createTestProbe().expectTerminated(source, PATIENCE);
        assertThat(copy).doesNotExist();
    }
}
