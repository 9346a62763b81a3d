package io.merklite.cluster.checkpoint;

import io.prometheus.metrics.core.datapoints.Timer;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Optional;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.PreRestart;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;
import org.apache.pekko.actor.typed.javadsl.TimerScheduler;

/**
 * Copies the write-ahead log of a SQLite file into the file while its writer goes on, so that no commit has to.
 *
 * <p><b>Invariant.</b> Whoever asks is answered once, also after a failure; it asks again only then.
 *
 * <p><b>Threading.</b> Blocks on disk: runs on a dispatcher for that, with a connection of its own, which it opens when it
 * is first asked and closes when it stops.
 */
public final class Checkpointer {
    /*
     * A pass copies what was committed when it began. SQLite syncs the file only at the end of a pass during which nothing
     * was committed; without that, whoever copies last, which is the writer, would wait until the disk has all that was
     * copied before. So passes are repeated, each with less to copy, until one came to the end, or there were enough.
     */
    private static final int MAX_PASSES = 8;

    /** What it is told. */
    public sealed interface Command {}

    /** From the writer, which waits for the answer, an {@link Outcome}, before it asks again. */
    public record Checkpoint(ActorRef<Outcome> replyTo) implements Command {}

    private enum Truncate implements Command {
        INSTANCE
    }

    /** What came of a {@link Checkpoint}. */
    public sealed interface Outcome {
        /** What can be copied without waiting for readers is in the file. */
        record Copied(LogFrames frames) implements Outcome {}

        /** Not all was copied; nothing is lost, and the next time tries again. */
        record Failed() implements Outcome {}
    }

    /** Hears of every checkpoint. Called on the checkpointer's thread. */
    public interface Listener {
        /** One begins; the timer is told when it ends. */
        Timer began();

        /** It went well. */
        void copied(LogFrames frames);

        /** It failed. */
        void failed(SQLException cause);
    }

    /** Opens the connection that copies; it never checkpoints by itself. */
    @FunctionalInterface
    public interface Opener {
        Connection open() throws SQLException;
    }

    private final ActorContext<Command> context;
    private final TimerScheduler<Command> timers;
    private final Opener opener;
    private final Optional<Duration> truncateAfter;
    private final Listener listener;
    private Optional<Connection> connection = Optional.empty();
    private boolean hasFailed;

    private Checkpointer(
            ActorContext<Command> context,
            TimerScheduler<Command> timers,
            Opener opener,
            Optional<Duration> truncateAfter,
            Listener listener) {
        this.context = context;
        this.timers = timers;
        this.opener = opener;
        this.truncateAfter = truncateAfter;
        this.listener = listener;
    }

    /**
     * @param opener of its connection
     * @param truncateAfter after how long without a checkpoint the log is emptied and its file cut; that waits for readers
     *     as long as the connection's busy timeout, and writers wait meanwhile
     */
    public static Behavior<Command> create(Opener opener, Optional<Duration> truncateAfter, Listener listener) {
        return Behaviors.setup(context -> Behaviors.withTimers(
                timers -> new Checkpointer(context, timers, opener, truncateAfter, listener).receiving()));
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
                checkpoint.replyTo().tell(checkpoint());
                truncateAfter.ifPresent(quiet -> timers.startSingleTimer(Truncate.INSTANCE, quiet));
            }
            case Truncate truncate -> attempt(() -> frames(LogFrames.EMPTY));
        }
        return Behaviors.same();
    }

    private Outcome checkpoint() {
        return attempt(this::copy).<Outcome>map(Outcome.Copied::new).orElseGet(Outcome.Failed::new);
    }

    /** What a checkpoint leaves. */
    private interface Work {
        LogFrames run() throws SQLException;
    }

    private Optional<LogFrames> attempt(Work work) {
        var timer = listener.began();
        try {
            var frames = work.run();
            listener.copied(frames);
            hasFailed = false;
            return Optional.of(frames);
        } catch (SQLException e) {
            listener.failed(e);
            if (!hasFailed) {
                context.getLog().warn("checkpoint failed, the next one tries again: see the disk", e);
            }
            hasFailed = true;
            return Optional.empty();
        } finally {
            timer.observeDuration();
        }
    }

    private LogFrames copy() throws SQLException {
        var before = Long.MAX_VALUE;
        var isDone = false;
        var frames = new LogFrames(0, 0);
        for (var pass = 0; pass < MAX_PASSES && !isDone; pass++) {
            var copied = frames(LogFrames.COPY);
            frames = frames(LogFrames.LOOK);
            var isAtTheEnd = copied.leftCount() == 0 && frames.count() == copied.count();
            isDone = isAtTheEnd || frames.leftCount() >= before; // or a reader is in the way
            before = frames.leftCount();
        }
        return frames;
    }

    private LogFrames frames(String checkpoint) throws SQLException {
        var open = connection.isPresent() ? connection.get() : opener.open();
        connection = Optional.of(open);
        try (var statement = open.prepareStatement(checkpoint)) {
            return LogFrames.after(statement);
        }
    }

    private Behavior<Command> close() {
        if (connection.isPresent()) {
            try {
                connection.get().close();
            } catch (SQLException e) {
                context.getLog().warn("checkpointer did not close well", e);
            }
            connection = Optional.empty();
        }
        return Behaviors.same();
    }
}
