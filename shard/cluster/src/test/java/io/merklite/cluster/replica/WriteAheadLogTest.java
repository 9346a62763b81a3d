package io.merklite.cluster.replica;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import io.merklite.cluster.checkpoint.Checkpointer;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Random;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WriteAheadLogTest {
    private static final ActorTestKit KIT = ActorTestKit.create(ConfigFactory.load());
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int CHECKPOINT_BYTES = 256 << 10;
    private static final int MAX_BYTES = 512 << 10;

    @TempDir
    Path directory;

    private final TestProbe<Checkpointer.Command> checkpointer = KIT.createTestProbe();
    private final TestProbe<Checkpointer.Outcome> outcomes = KIT.createTestProbe();
    private final ReplicaSettings settings = ReplicaSettings.from(ConfigFactory.parseString(
                    "database { checkpoint-size = " + CHECKPOINT_BYTES + ", max-wal-size = " + MAX_BYTES + " }")
            .withFallback(ConfigFactory.defaultReference().getConfig("merklite")));
    private ReplicaCore core;
    private WriteAheadLog log;
    private int rowCount;

    @BeforeEach
    void openDatabase() throws SQLException {
        core = ReplicaCore.open(
                directory.resolve("shop.db"), "shop", settings, InstantSource.system(), new Random(1), event -> {});
        write("CREATE TABLE item(id INTEGER PRIMARY KEY, label TEXT)");
        log = new WriteAheadLog(
                core, settings, ReplicaMetrics.in(new PrometheusRegistry()), checkpointer.ref(), outcomes.ref());
    }

    @AfterEach
    void closeDatabase() {
        core.close();
    }

    @AfterAll
    static void stop() {
        KIT.shutdownTestKit();
    }

    @Test
    void commitsDoNotCopyAndTheCheckpointerIsAskedOnce() throws SQLException {
        var before = core.log().copiedCount();

        writeUpTo(CHECKPOINT_BYTES);
        writeUpTo(CHECKPOINT_BYTES + 40_000);

        assertThat(core.log().copiedCount()).isEqualTo(before);
        checkpointer.expectMessageClass(Checkpointer.Checkpoint.class, PATIENCE);
        checkpointer.expectNoMessage(Duration.ZERO);
        assertThat(log.isFull()).isFalse();
    }

    @Test
    void whatWasCommittedMeanwhileIsCopiedAndTheLogBeginsAnew() throws SQLException {
        writeUpTo(CHECKPOINT_BYTES);
        checkpointer.expectMessageClass(Checkpointer.Checkpoint.class, PATIENCE);

        log.copied(new Checkpointer.Outcome.Copied(core.log()));

        assertThat(core.log().leftBytes()).isZero();
        writeRow();
        assertThat(core.log().sizeBytes()).isLessThan(CHECKPOINT_BYTES / 4);
        writeUpTo(CHECKPOINT_BYTES);
        checkpointer.expectMessageClass(Checkpointer.Checkpoint.class, PATIENCE);
    }

    @Test
    void atTheLimitNothingIsWrittenUntilTheCheckpointerHasAnswered() throws SQLException {
        writeUpTo(MAX_BYTES);
        assertThat(log.isFull()).isTrue();

        log.copied(new Checkpointer.Outcome.Failed());

        assertThat(log.isFull()).isFalse();
        assertThat(core.log().leftBytes()).isZero();
    }

    @Test
    void checkpointThatFailedIsTriedAgainWhenTheLogHasGrown() throws SQLException {
        writeUpTo(CHECKPOINT_BYTES);
        checkpointer.expectMessageClass(Checkpointer.Checkpoint.class, PATIENCE);

        log.copied(new Checkpointer.Outcome.Failed());
        log.look();
        checkpointer.expectNoMessage(Duration.ZERO);

        writeUpTo(CHECKPOINT_BYTES + CHECKPOINT_BYTES / 2);
        checkpointer.expectMessageClass(Checkpointer.Checkpoint.class, PATIENCE);
    }

    private void writeUpTo(long logBytes) throws SQLException {
        while (core.log().sizeBytes() < logBytes) {
            writeRow();
            log.look();
        }
    }

    private void writeRow() throws SQLException {
        rowCount++;
        write("INSERT INTO item VALUES (" + rowCount + ", printf('%05000d', 1))");
    }

    private void write(String sql) throws SQLException {
        core.begin(true);
        if (sql.startsWith("CREATE")) {
            core.changeSchema(sql);
        } else {
            try (var statement = core.connection().createStatement()) {
                statement.execute(sql);
            }
        }
        core.stamp();
        core.commit();
    }
}
