package io.merklite.cluster.journal;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.PreRestart;
import org.apache.pekko.actor.typed.SupervisorStrategy;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;

/**
 * Copies the journal's write-ahead log into the file while the writer goes on, so that no commit has to.
 *
 * <p><b>Threading.</b> Blocks on disk: runs on a thread of its own, with a connection of its own.
 */
final class JournalCheckpointer {
    /** After this long without writes the write-ahead log is emptied and cut. */
    static final Duration QUIET = Duration.ofSeconds(5);

    sealed interface Command {}

    /** From the writer, which waits for the answer before it asks again. */
    record Checkpoint(ActorRef<? super JournalWriter.Checkpointed> replyTo) implements Command {}

    private enum Truncate implements Command {
        INSTANCE
    }

    private final ActorContext<Command> context;
    private final TimerScheduler<Command> timers;
    private final Path file;
    private final JournalMetrics metrics;
    private Optional<Connection> connection = Optional.empty();

    private JournalCheckpointer(
            ActorContext<Command> context, TimerScheduler<Command> timers, Path file, JournalMetrics metrics) {
        this.context = context;
        this.timers = timers;
        this.file = file;
        this.metrics = metrics;
    }

    static Behavior<Command> create(Path file, JournalMetrics metrics) {
        return Behaviors.supervise(Behaviors.<Command>setup(context -> Behaviors.withTimers(
                        timers -> new JournalCheckpointer(context, timers, file, metrics).receiving())))
                .onFailure(SupervisorStrategy.restart());
    }

    private Behavior<Command> receiving() {
        return Behaviors.receive(Command.class)
                .onMessage(Command.class, this::on)
                .onSignal(PreRestart.class, signal -> close())
                .onSignal(PostStop.class, signal -> close())
                .build();
    }

    private Behavior<Command> on(Command command) {
        switch (command) {
            case Checkpoint checkpoint -> {
                checkpoint.replyTo().tell(new JournalWriter.Checkpointed(copy("PASSIVE")));
                timers.startSingleTimer(Truncate.INSTANCE, QUIET);
            }
            case Truncate truncate -> copy("TRUNCATE");
        }
        return Behaviors.same();
    }

    /** The size of the write-ahead log afterwards; 0 if it could not be told, and then the next time tries again. */
    private long copy(String mode) {
        var timer = metrics.checkpointBegan();
        try {
            if (connection.isEmpty()) {
                connection = Optional.of(JournalFormat.connect(file));
            }
            try (var statement = connection.get().createStatement();
                    var rows = statement.executeQuery("PRAGMA wal_checkpoint(" + mode + ")")) {
                var sizeBytes = Math.max(0, rows.getLong(2)) * JournalFormat.FRAME_SIZE_BYTES;
                metrics.walSize(sizeBytes);
                return sizeBytes;
            }
        } catch (SQLException e) {
            var failure = SqliteFailure.of(file, "checkpointing", e).error();
            metrics.failed(failure.code());
            context.getLog().warn("checkpoint failed, the next one tries again", failure);
            return 0;
        } finally {
            timer.observeDuration();
        }
    }

    private Behavior<Command> close() {
        if (connection.isPresent()) {
            try {
                connection.get().close();
            } catch (SQLException e) {
                context.getLog().warn("journal did not close well file={}", file, e);
            }
            connection = Optional.empty();
        }
        return Behaviors.same();
    }
}
