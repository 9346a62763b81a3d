package io.merklite.cluster.journal;

import io.merklite.cluster.ClusterException;
import io.merklite.cluster.ClusterException.JournalFailure;
import io.merklite.cluster.ClusterException.JournalInUse;
import io.merklite.cluster.ClusterException.JournalSequenceUsed;
import io.merklite.cluster.checkpoint.Checkpointer;
import io.merklite.cluster.checkpoint.LogFrames;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.pekko.Done;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.PostStop;
import org.apache.pekko.actor.typed.PreRestart;
import org.apache.pekko.actor.typed.SupervisorStrategy;
import org.apache.pekko.actor.typed.javadsl.ActorContext;
import org.apache.pekko.actor.typed.javadsl.Behaviors;

/**
 * The owner of the journal's writing connection: all that waits at the same moment is committed with one sync.
 *
 * <p><b>Invariants.</b> (1) What is asked is done in the order in which it was asked. (2) An outcome is success only
 * after the sync of the commit that has the write. (3) After a failure that leaves the file in doubt nothing is written
 * any more.
 * <p><b>Threading.</b> Blocks on disk: runs on a thread of its own. Completes the futures of its commands on it.
 */
final class JournalWriter {
    /*
     * Group commit by the mailbox: the first command of a batch begins a SQLite transaction and sends Commit to this
     * actor, which arrives behind everything that was waiting then, and so behind everything that can share the sync.
     * What comes while the disk syncs waits in the mailbox and is the next batch. A single writer pays one hop of the
     * mailbox; nobody ever waits for a timer. A batch that has grown to its limit is committed at once.
     *
     * Commands carry futures and not references to actors, because they come from the plugins, whose contract is futures.
     * What waits is bounded by the window of NodeJournal.
     */
    sealed interface Command {}

    /** From the journal plugin: all the events or none. */
    record Write(String persistenceId, List<StoredEvent> events, long sizeBytes, CompletableFuture<Done> outcome)
            implements Command {}

    /** From the journal plugin: answered after all that was asked before, so that no earlier write can come later. */
    record ReadHighest(String persistenceId, CompletableFuture<Long> outcome) implements Command {}

    /** From the journal plugin: removed in steps, among which others write. */
    record Delete(String persistenceId, long toSequenceNr, CompletableFuture<Done> outcome) implements Command {}

    /** From the snapshot plugin. */
    record SaveSnapshot(String persistenceId, StoredSnapshot snapshot, CompletableFuture<Done> outcome)
            implements Command {}

    /** From the snapshot plugin. */
    record DeleteSnapshots(String persistenceId, SnapshotRange range, CompletableFuture<Done> outcome)
            implements Command {}

    /** From the checkpointer, which was asked to checkpoint. */
    private record Checkpointed(Checkpointer.Outcome outcome) implements Command {}

    private record DeleteStep(String persistenceId, long lastSequenceNr, CompletableFuture<Done> outcome)
            implements Command {}

    private enum Commit implements Command {
        INSTANCE
    }

    /** A change inside a batch. */
    @FunctionalInterface
    private interface Change {
        void apply() throws SQLException;
    }

    private final ActorContext<Command> context;
    private final JournalSettings settings;
    private final JournalMetrics metrics;
    private final ActorRef<Checkpointer.Command> checkpointer;
    private final ActorRef<Checkpointer.Outcome> checkpoints;
    private final FileChannel lock;
    private final WritableJournal journal;

    /** Those in the open batch that are done with its commit, and those that go on after it. */
    private final List<CompletableFuture<Done>> done = new ArrayList<>();

    private final List<CompletableFuture<Done>> unfinished = new ArrayList<>();
    private boolean isOpen;
    private boolean isCommitQueued;
    private int batchCount;
    private long batchSizeBytes;
    private long sinceCheckpointBytes;
    private boolean isCheckpointing;
    private long failedBatches;
    private boolean isClosed;

    private JournalWriter(
            ActorContext<Command> context,
            JournalSettings settings,
            JournalMetrics metrics,
            ActorRef<Checkpointer.Command> checkpointer,
            FileChannel lock,
            WritableJournal journal) {
        this.context = context;
        this.settings = settings;
        this.metrics = metrics;
        this.checkpointer = checkpointer;
        this.checkpoints = context.messageAdapter(Checkpointer.Outcome.class, Checkpointed::new);
        this.lock = lock;
        this.journal = journal;
    }

    /**
     * The writer of a journal. If the file cannot be opened it stays, and fails whatever it is asked with the reason.
     *
     * @param opened is completed with what was found, or why not
     */
    static Behavior<Command> create(
            JournalSettings settings,
            JournalMetrics metrics,
            ActorRef<Checkpointer.Command> checkpointer,
            CompletableFuture<JournalStatus> opened) {
        return Behaviors.supervise(Behaviors.<Command>setup(context -> {
                    try {
                        var writer = open(context, settings, metrics, checkpointer);
                        context.getLog()
                                .info(
                                        "journal opened file={} id={} created={}",
                                        settings.path(),
                                        writer.journal.status().id(),
                                        writer.journal.status().wasCreated());
                        opened.complete(writer.journal.status());
                        metrics.writerServes();
                        return writer.serving();
                    } catch (ClusterException e) {
                        context.getLog().error("journal cannot be opened, nothing will be written", e);
                        metrics.failed(e.code());
                        opened.completeExceptionally(e);
                        return broken(e);
                    }
                }))
                .onFailure(SupervisorStrategy.restart());
    }

    private static JournalWriter open(
            ActorContext<Command> context,
            JournalSettings settings,
            JournalMetrics metrics,
            ActorRef<Checkpointer.Command> checkpointer) {
        var lock = lock(settings.path());
        try {
            var journal = WritableJournal.open(settings.path(), settings);
            return new JournalWriter(context, settings, metrics, checkpointer, lock, journal);
        } catch (SQLException e) {
            var failure = SqliteFailure.of(settings.path(), "opening", e).error();
            unlock(lock, failure);
            throw failure;
        } catch (ClusterException e) {
            unlock(lock, e);
            throw e;
        }
    }

    /** A lock beside the file: closing a channel on the file itself would drop SQLite's own locks. */
    private static FileChannel lock(Path file) {
        try {
            if (file.getParent() != null) {
                Files.createDirectories(file.getParent());
            }
            var channel =
                    FileChannel.open(Path.of(file + ".lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
            try {
                if (channel.tryLock() != null) {
                    return channel;
                }
            } catch (OverlappingFileLockException e) {
                channel.close();
                throw new JournalInUse(file);
            }
            channel.close();
            throw new JournalInUse(file);
        } catch (IOException e) {
            throw new JournalFailure(file + ", opening: " + e.getMessage(), e);
        }
    }

    private static void unlock(FileChannel lock, ClusterException failure) {
        try {
            lock.close();
        } catch (IOException e) {
            failure.addSuppressed(e);
        }
    }

    /** Nothing is written; whoever asks learns why. */
    private static Behavior<Command> broken(ClusterException reason) {
        return Behaviors.receiveMessage(command -> {
            switch (command) {
                case Write write -> write.outcome().completeExceptionally(reason);
                case ReadHighest read -> read.outcome().completeExceptionally(reason);
                case Delete delete -> delete.outcome().completeExceptionally(reason);
                case SaveSnapshot save -> save.outcome().completeExceptionally(reason);
                case DeleteSnapshots delete -> delete.outcome().completeExceptionally(reason);
                case DeleteStep step -> step.outcome().completeExceptionally(reason);
                case Checkpointed checkpointed -> {}
                case Commit commit -> {}
            }
            return Behaviors.same();
        });
    }

    private Behavior<Command> serving() {
        return Behaviors.receive(Command.class)
                .onMessage(Command.class, this::on)
                .onSignal(PreRestart.class, signal -> close())
                .onSignal(PostStop.class, signal -> close())
                .build();
    }

    private Behavior<Command> on(Command command) {
        return switch (command) {
            case Write write -> onWrite(write);
            case ReadHighest read -> onReadHighest(read);
            case Delete delete -> onDelete(delete);
            case DeleteStep step -> onDeleteStep(step);
            case SaveSnapshot save ->
                change(save.outcome(), done, () -> {
                    journal.save(save.persistenceId(), save.snapshot());
                    batchSizeBytes += save.snapshot().payload().sizeBytes();
                });
            case DeleteSnapshots delete ->
                change(delete.outcome(), done, () -> journal.deleteSnapshots(delete.persistenceId(), delete.range()));
            case Commit commit -> {
                isCommitQueued = false;
                yield commit();
            }
            case Checkpointed checkpointed -> onCheckpointed(checkpointed);
        };
    }

    private Behavior<Command> onWrite(Write write) {
        var next = change(write.outcome(), done, () -> {
            journal.insert(write.persistenceId(), write.events());
            batchCount += write.events().size();
            batchSizeBytes += write.sizeBytes();
        });
        var isFull = batchCount >= settings.maxBatchCount() || batchSizeBytes >= settings.maxBatchSizeBytes();
        return isFull ? commit() : next;
    }

    private Behavior<Command> onReadHighest(ReadHighest read) {
        var next = commit();
        if (isClosed) {
            context.getSelf().tell(read);
            return next;
        }
        try {
            read.outcome().complete(journal.highest(read.persistenceId()));
            return next;
        } catch (SQLException e) {
            return failed("reading the highest sequence number", e, List.of(read.outcome()));
        }
    }

    private Behavior<Command> onDelete(Delete delete) {
        return change(delete.outcome(), unfinished, () -> {
            var last = journal.markDeleted(delete.persistenceId(), delete.toSequenceNr());
            context.getSelf().tell(new DeleteStep(delete.persistenceId(), last, delete.outcome()));
        });
    }

    private Behavior<Command> onDeleteStep(DeleteStep step) {
        if (step.outcome().isDone()) {
            return Behaviors.same(); // An earlier step of it failed.
        }
        return change(step.outcome(), unfinished, () -> {
            var removed = journal.removeDeleted(step.persistenceId(), step.lastSequenceNr(), settings.deleteCount());
            batchSizeBytes += (long) removed * LogFrames.FRAME_SIZE_BYTES;
            if (removed < settings.deleteCount()) {
                unfinished.removeLast();
                done.add(step.outcome());
            } else {
                context.getSelf().tell(step);
            }
        });
    }

    /** Makes a change in the open batch, and opens one if there is none. */
    private Behavior<Command> change(
            CompletableFuture<Done> outcome, List<CompletableFuture<Done>> among, Change change) {
        try {
            if (!isOpen) {
                journal.begin();
                isOpen = true;
                queueCommit();
            }
            among.add(outcome);
            change.apply();
            return Behaviors.same();
        } catch (JournalSequenceUsed e) {
            among.removeLast();
            metrics.failed(e.code());
            outcome.completeExceptionally(e);
            return Behaviors.same();
        } catch (SQLException e) {
            return failed("writing", e, List.of(outcome));
        }
    }

    /** One is enough: a batch that was full before it arrived leaves it to the next. */
    private void queueCommit() {
        if (!isCommitQueued) {
            isCommitQueued = true;
            context.getSelf().tell(Commit.INSTANCE);
        }
    }

    private Behavior<Command> commit() {
        if (!isOpen) {
            return Behaviors.same();
        }
        try {
            journal.commit();
        } catch (SQLException e) {
            return failed("committing", e, List.of());
        }
        metrics.committed(batchCount, batchSizeBytes);
        if (failedBatches > 0) {
            context.getLog().info("journal writes again failed={}", failedBatches);
            failedBatches = 0;
        }
        // Each event touches a page of the index, each of which is a frame of the log.
        sinceCheckpointBytes += batchSizeBytes + (long) batchCount * LogFrames.FRAME_SIZE_BYTES;
        var finished = List.copyOf(done);
        endBatch();
        finished.forEach(outcome -> outcome.complete(Done.getInstance()));
        if (sinceCheckpointBytes >= settings.checkpointSizeBytes() && !isCheckpointing) {
            isCheckpointing = true;
            sinceCheckpointBytes = 0;
            checkpointer.tell(new Checkpointer.Checkpoint(checkpoints));
        }
        return Behaviors.same();
    }

    /**
     * The checkpointer copies behind a writer that goes on writing, and SQLite begins the log anew only when all of it
     * has been copied: under steady load that would never be. So beyond a limit the writer copies the little that is left
     * itself, before its next commit.
     */
    private Behavior<Command> onCheckpointed(Checkpointed checkpointed) {
        isCheckpointing = false;
        if (!(checkpointed.outcome() instanceof Checkpointer.Outcome.Copied copied)
                || copied.frames().sizeBytes() < settings.maxWalSizeBytes()) {
            return Behaviors.same(); // one that failed is tried again with the next
        }
        var next = commit();
        if (isClosed) {
            return next;
        }
        var timer = metrics.checkpointBegan();
        try {
            journal.checkpoint();
            return next;
        } catch (SQLException e) {
            return failed("checkpointing", e, List.of());
        } finally {
            timer.observeDuration();
        }
    }

    private Behavior<Command> failed(String doing, SQLException cause, List<? extends CompletableFuture<?>> asking) {
        var failure = SqliteFailure.of(settings.path(), doing, cause);
        var error = failure.error();
        metrics.failed(error.code());
        failedBatches++;
        if (failure.isFinal()) {
            context.getLog().error("journal failed, nothing will be written until the node is restarted", error);
        } else if (failedBatches == 1) {
            context.getLog().error("journal refuses writes", error);
        }
        List<CompletableFuture<?>> affected = new ArrayList<>(asking);
        affected.addAll(done);
        affected.addAll(unfinished);
        rollBack(error);
        endBatch();
        affected.forEach(outcome -> outcome.completeExceptionally(error));
        if (!failure.isFinal()) {
            return Behaviors.same();
        }
        close();
        return broken(error);
    }

    private void rollBack(ClusterException error) {
        try {
            journal.rollback();
        } catch (SQLException e) {
            // As a rule SQLite has rolled back by itself; if not, the next begin says so.
            error.addSuppressed(e);
        }
    }

    private void endBatch() {
        isOpen = false;
        batchCount = 0;
        batchSizeBytes = 0;
        done.clear();
        unfinished.clear();
    }

    /** Whatever is open is taken back by SQLite. */
    private Behavior<Command> close() {
        isClosed = true;
        metrics.writerEnded();
        var stopped = new JournalFailure(settings.path() + " was closed before a write ended", null);
        done.forEach(outcome -> outcome.completeExceptionally(stopped));
        unfinished.forEach(outcome -> outcome.completeExceptionally(stopped));
        endBatch();
        try {
            journal.close();
        } catch (SQLException e) {
            context.getLog().warn("journal did not close well file={}", settings.path(), e);
        }
        try {
            lock.close();
        } catch (IOException e) {
            context.getLog().warn("journal's lock did not close well file={}", settings.path(), e);
        }
        return Behaviors.same();
    }
}
