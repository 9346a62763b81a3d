package io.merklite.cluster.journal;

import io.merklite.cluster.ClusterException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.PreRestart;
import org.apache.pekko.actor.typed.SupervisorStrategy;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/**
 * The owner of one reading connection. It answers a page at a time, so that long replays take turns.
 *
 * <p><b>Threading.</b> Blocks on disk: runs on a thread of its own. Completes the futures of its commands on it.
 */
final class JournalReader {
    sealed interface Command {}

    /** From the plugins: the first events in a range, as many as a page holds. */
    record ReadEvents(String persistenceId, long first, long last, long limit, CompletableFuture<EventPage> outcome)
            implements Command {}

    /** From the snapshot plugin: the latest snapshot in a range. */
    record ReadSnapshot(String persistenceId, SnapshotRange range, CompletableFuture<Optional<StoredSnapshot>> outcome)
            implements Command {}

    /** What a command asks of the connection. */
    @FunctionalInterface
    private interface Read<T> {
        T from(ReadableJournal journal) throws SQLException;
    }

    private final ActorContext<Command> context;
    private final JournalSettings settings;
    private final JournalMetrics metrics;
    private Optional<ReadableJournal> journal = Optional.empty();

    private JournalReader(ActorContext<Command> context, JournalSettings settings, JournalMetrics metrics) {
        this.context = context;
        this.settings = settings;
        this.metrics = metrics;
    }

    static Behavior<Command> create(JournalSettings settings, JournalMetrics metrics) {
        return Behaviors.supervise(
                        Behaviors.<Command>setup(context -> new JournalReader(context, settings, metrics).receiving()))
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
            case ReadEvents read ->
                answer(
                        read.outcome(),
                        from -> from.events(read.persistenceId(), read.first(), read.last(), read.limit()));
            case ReadSnapshot read -> answer(read.outcome(), from -> from.snapshot(read.persistenceId(), read.range()));
        }
        return Behaviors.same();
    }

    private <T> void answer(CompletableFuture<T> outcome, Read<T> read) {
        try {
            if (journal.isEmpty()) {
                journal = Optional.of(ReadableJournal.open(settings.path(), settings));
            }
            outcome.complete(read.from(journal.get()));
        } catch (SQLException e) {
            close();
            fail(outcome, SqliteFailure.of(settings.path(), "reading", e).error());
        } catch (ClusterException e) {
            fail(outcome, e);
        }
    }

    private void fail(CompletableFuture<?> outcome, ClusterException error) {
        metrics.failed(error.code());
        context.getLog().error("journal cannot be read", error);
        outcome.completeExceptionally(error);
    }

    private Behavior<Command> close() {
        if (journal.isPresent()) {
            try {
                journal.get().close();
            } catch (SQLException e) {
                Path file = settings.path();
                context.getLog().warn("journal did not close well file={}", file, e);
            }
            journal = Optional.empty();
        }
        return Behaviors.same();
    }
}
