package io.merklite.cluster.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import io.prometheus.metrics.core.datapoints.Timer;
import io.prometheus.metrics.core.metrics.Histogram;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.actor.testkit.typed.javadsl.TestProbe;
import org.apache.pekko.actor.typed.ActorRef;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointerTest {
    private static final ActorTestKit KIT = ActorTestKit.create(ConfigFactory.load());
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final Timer NO_TIMER =
            Histogram.builder().name("checkpoint_seconds").build().startTimer();

    @TempDir
    Path directory;

    private final TestProbe<Checkpointer.Outcome> writer = KIT.createTestProbe();
    private final List<Connection> opened = Collections.synchronizedList(new ArrayList<>());
    private final List<SQLException> failures = Collections.synchronizedList(new ArrayList<>());
    private Connection connection;

    @BeforeEach
    void makeFile() throws SQLException {
        connection = open();
        execute(connection, "PRAGMA journal_mode = WAL");
        execute(connection, "CREATE TABLE item(id INTEGER PRIMARY KEY, label TEXT)");
    }

    @AfterEach
    void closeFile() throws SQLException {
        connection.close();
    }

    @AfterAll
    static void stop() {
        KIT.shutdownTestKit();
    }

    @Test
    void logBeginsAnewOnceItWasCopied() throws SQLException {
        var checkpointer = checkpointer();
        fill(connection);

        var frames = checkpoint(checkpointer);

        assertThat(frames.count()).isGreaterThan(100);
        assertThat(frames.leftBytes()).isZero();
        execute(connection, "DELETE FROM item WHERE id = 1");
        assertThat(frames(connection).count()).isLessThan(5);
    }

    @Test
    void readThatGoesOnIsNotWaitedFor() throws SQLException {
        var checkpointer = checkpointer();
        try (var reader = open()) {
            execute(reader, "BEGIN");
            execute(reader, "SELECT count(*) FROM item");
            fill(connection);

            assertThat(checkpoint(checkpointer).leftBytes()).isPositive();

            execute(reader, "ROLLBACK");
        }
        assertThat(checkpoint(checkpointer).leftBytes()).isZero();
    }

    @Test
    void transactionThatIsOpenIsNotWaitedFor() throws SQLException {
        var checkpointer = checkpointer();
        fill(connection);
        execute(connection, "BEGIN IMMEDIATE");
        execute(connection, "DELETE FROM item");

        assertThat(checkpoint(checkpointer).leftBytes()).isZero();

        execute(connection, "ROLLBACK");
    }

    @Test
    void failureIsAnsweredAndToldAndTheNextCheckpointTriesAgain() throws Exception {
        var file = directory.resolve("later.db");
        Files.createDirectory(file);
        var checkpointer = KIT.spawn(checkpointing(file, Optional.empty()));

        checkpointer.tell(new Checkpointer.Checkpoint(writer.ref()));
        assertThat(writer.receiveMessage(PATIENCE)).isInstanceOf(Checkpointer.Outcome.Failed.class);
        assertThat(failures).hasSize(1);

        Files.delete(file);
        assertThat(checkpoint(checkpointer).count()).isZero();
    }

    @Test
    void connectionIsOpenedWhenItIsNeededAndClosedAtTheEnd() throws SQLException {
        var checkpointer = checkpointer();
        assertThat(opened).isEmpty();

        checkpoint(checkpointer);
        checkpoint(checkpointer);
        assertThat(opened).hasSize(1);
        assertThat(opened.getFirst().isClosed()).isFalse();

        KIT.stop(checkpointer, PATIENCE);
        assertThat(opened.getFirst().isClosed()).isTrue();
    }

    @Test
    void quietLogIsEmptiedIfThatIsWanted() throws Exception {
        var checkpointer = KIT.spawn(checkpointing(file(), Optional.of(Duration.ofMillis(50))));
        fill(connection);
        var log = Path.of(file() + "-wal");

        checkpoint(checkpointer);

        writer.awaitAssert(PATIENCE, () -> {
            assertThat(log).isEmptyFile();
            return true;
        });
    }

    private Path file() {
        return directory.resolve("shop.db");
    }

    private Connection open() throws SQLException {
        var made = DriverManager.getConnection("jdbc:sqlite:" + file());
        execute(made, "PRAGMA wal_autocheckpoint = 0");
        return made;
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static void fill(Connection connection) throws SQLException {
        execute(
                connection,
                "INSERT INTO item WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)"
                        + " SELECT i, printf('%0500d', i) FROM n");
    }

    private static LogFrames frames(Connection connection) throws SQLException {
        try (var statement = connection.prepareStatement(LogFrames.LOOK)) {
            return LogFrames.after(statement);
        }
    }

    private ActorRef<Checkpointer.Command> checkpointer() {
        return KIT.spawn(checkpointing(file(), Optional.empty()));
    }

    private org.apache.pekko.actor.typed.Behavior<Checkpointer.Command> checkpointing(
            Path file, Optional<Duration> truncateAfter) {
        return Checkpointer.create(
                () -> {
                    var made = DriverManager.getConnection("jdbc:sqlite:" + file);
                    opened.add(made);
                    return made;
                },
                truncateAfter,
                new Checkpointer.Listener() {
                    @Override
                    public Timer began() {
                        return NO_TIMER;
                    }

                    @Override
                    public void copied(LogFrames frames) {}

                    @Override
                    public void failed(SQLException cause) {
                        failures.add(cause);
                    }
                });
    }

    private LogFrames checkpoint(ActorRef<Checkpointer.Command> checkpointer) {
        checkpointer.tell(new Checkpointer.Checkpoint(writer.ref()));
        return writer.expectMessageClass(Checkpointer.Outcome.Copied.class, PATIENCE)
                .frames();
    }
}
