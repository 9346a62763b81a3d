package io.merklite.cluster.replica;

import io.merklite.cluster.checkpoint.Checkpointer;
import io.merklite.cluster.checkpoint.LogFrames;
import org.apache.pekko.actor.typed.ActorRef;

/**
 * The write-ahead log of a database's file while the database serves: when it is copied into the file.
 *
 * <p>From {@code checkpoint-size} on a {@link Checkpointer} copies it, while the writer goes on. What the writer has
 * committed meanwhile is little, and is copied here between two transactions: only when everything is copied SQLite begins
 * the log anew. Where writes are faster than the disk the log {@linkplain #isFull is full} in the end: nothing more is
 * written then until the checkpointer is done.
 *
 * <p>A read that has lasted since before keeps SQLite from copying what came after it. The log then grows beyond its limit,
 * by what is written as long as that read lasts; reads end with their request, or by {@code stream-idle}.
 *
 * <p><b>Invariants.</b> (1) No COMMIT copies. (2) One checkpoint is under way at a time.
 *
 * <p><b>Threading.</b> Confined to the database's actor. Blocks on disk.
 */
final class WriteAheadLog {
    /** To look takes as long as to write a row. */
    private static final int COMMITS_BETWEEN_LOOKS = 4;

    /** A log that could not begin anew is tried again when it has grown by this part of its size for a checkpoint. */
    private static final int RETRY_PARTS = 4;

    private final ReplicaCore core;
    private final ReplicaSettings settings;
    private final ReplicaMetrics metrics;
    private final ActorRef<Checkpointer.Command> checkpointer;
    private final ActorRef<Checkpointer.Outcome> outcomes;
    private LogFrames frames = new LogFrames(0, 0);
    private long seenCommits;
    private long dueBytes;
    private boolean isCheckpointing;
    private boolean isFull;

    /**
     * @param checkpointer of the file
     * @param outcomes where it answers, to be handed to {@link #copied}
     */
    WriteAheadLog(
            ReplicaCore core,
            ReplicaSettings settings,
            ReplicaMetrics metrics,
            ActorRef<Checkpointer.Command> checkpointer,
            ActorRef<Checkpointer.Outcome> outcomes) {
        this.core = core;
        this.settings = settings;
        this.metrics = metrics;
        this.checkpointer = checkpointer;
        this.outcomes = outcomes;
        this.dueBytes = settings.checkpointSizeBytes();
        core.copyLogApart();
    }

    /** Looks now and then how long it is, when something was committed. Not while a transaction is open. */
    void glance() {
        if (core.commitCount() - seenCommits >= COMMITS_BETWEEN_LOOKS) {
            look();
        }
    }

    /** Looks how long it is, and has it copied if it is time. Not while a transaction is open. */
    void look() {
        seenCommits = core.commitCount();
        var before = frames.count();
        frames = core.log();
        if (frames.count() < before) {
            dueBytes = settings.checkpointSizeBytes(); // it has begun anew
        }
        if (!isCheckpointing && frames.leftBytes() > 0 && frames.sizeBytes() >= dueBytes) {
            isCheckpointing = true;
            checkpointer.tell(new Checkpointer.Checkpoint(outcomes));
        }
        if (isCheckpointing && !isFull && frames.sizeBytes() >= settings.maxLogSizeBytes()) {
            isFull = true;
            metrics.logIsFull();
        }
    }

    /** Whether nothing may be written until the checkpointer has answered. */
    boolean isFull() {
        return isFull;
    }

    /** The checkpointer has answered: copies what is left. Not while a transaction is open. */
    void copied(Checkpointer.Outcome outcome) {
        var wasFull = isFull;
        isCheckpointing = false;
        isFull = false;
        // If the disk has failed the checkpointer has said so; at the limit the failure is that of the database.
        if (outcome instanceof Checkpointer.Outcome.Copied || wasFull) {
            frames = core.copyLog();
        }
        dueBytes = Math.max(
                settings.checkpointSizeBytes(), frames.sizeBytes() + settings.checkpointSizeBytes() / RETRY_PARTS);
    }
}
