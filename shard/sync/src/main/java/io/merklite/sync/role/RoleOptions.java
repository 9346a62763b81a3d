package io.merklite.sync.role;

import io.merklite.session.apply.ConflictHandler;
import io.merklite.sync.database.LogListener;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;

/**
 * How a role behaves.
 *
 * @param name under which it keeps its number in the file: one for each conversation that is to be continued
 * @param random source of the numbers of rounds
 * @param tables which tables replicate, by name; none for all. Both ends must agree
 * @param changesetQueueSize of how many changes a master keeps for replicas that were away; 0 keeps none
 * @param maxAnswerBytes how large a part of a comparison may be, about
 * @param onConflict decides about changes that do not fit what a replica has
 * @param onSchemaMismatch decides about schemas that differ; none lets a replica take over its master's
 * @param progress hears how far comparisons are
 * @param log hears what happens
 */
public record RoleOptions(
        String name,
        RandomGenerator random,
        Optional<Set<String>> tables,
        int changesetQueueSize,
        int maxAnswerBytes,
        ConflictHandler onConflict,
        Optional<SchemaMismatchHandler> onSchemaMismatch,
        Progress.Listener progress,
        LogListener log) {
    private static final int DEFAULT_QUEUE_SIZE = 64;
    private static final int DEFAULT_ANSWER_BYTES = 256 << 10;

    public RoleOptions {
        if (changesetQueueSize < 0) {
            throw new IllegalArgumentException("changesetQueueSize = " + changesetQueueSize + ", must not be negative");
        }
        if (maxAnswerBytes < 1024 || maxAnswerBytes > RoleMessageCodec.MAX_SIZE_BYTES / 2) {
            throw new IllegalArgumentException(
                    "maxAnswerBytes = " + maxAnswerBytes + ", must be 1024 to " + RoleMessageCodec.MAX_SIZE_BYTES / 2);
        }
        tables = tables.map(Set::copyOf);
    }

    /** All tables, a queue of 64 changes, conflicts abort, schemas are taken over, silent. */
    public static RoleOptions of(String name, RandomGenerator random) {
        return new RoleOptions(
                name,
                random,
                Optional.empty(),
                DEFAULT_QUEUE_SIZE,
                DEFAULT_ANSWER_BYTES,
                ConflictHandler.ABORT,
                Optional.empty(),
                Progress.Listener.SILENT,
                LogListener.SILENT);
    }

    /** The same under another name. */
    public RoleOptions withName(String other) {
        return new RoleOptions(
                other, random, tables, changesetQueueSize, maxAnswerBytes, onConflict, onSchemaMismatch, progress, log);
    }

    /** The same for these tables only, none of them if the set is empty. */
    public RoleOptions withTables(Set<String> names) {
        return new RoleOptions(
                name,
                random,
                Optional.of(names),
                changesetQueueSize,
                maxAnswerBytes,
                onConflict,
                onSchemaMismatch,
                progress,
                log);
    }

    /** The same with another size of the queue. */
    public RoleOptions withChangesetQueueSize(int size) {
        return new RoleOptions(name, random, tables, size, maxAnswerBytes, onConflict, onSchemaMismatch, progress, log);
    }

    /** The same with other parts of comparisons. */
    public RoleOptions withMaxAnswerBytes(int sizeBytes) {
        return new RoleOptions(
                name, random, tables, changesetQueueSize, sizeBytes, onConflict, onSchemaMismatch, progress, log);
    }

    /** The same with another decision about conflicts. */
    public RoleOptions withOnConflict(ConflictHandler handler) {
        return new RoleOptions(
                name, random, tables, changesetQueueSize, maxAnswerBytes, handler, onSchemaMismatch, progress, log);
    }

    /** The same with a decision about schemas. */
    public RoleOptions withOnSchemaMismatch(SchemaMismatchHandler handler) {
        return new RoleOptions(
                name,
                random,
                tables,
                changesetQueueSize,
                maxAnswerBytes,
                onConflict,
                Optional.of(handler),
                progress,
                log);
    }

    /** The same with a listener for progress. */
    public RoleOptions withProgress(Progress.Listener listener) {
        return new RoleOptions(
                name, random, tables, changesetQueueSize, maxAnswerBytes, onConflict, onSchemaMismatch, listener, log);
    }

    /** The same with a listener for what is logged. */
    public RoleOptions withLog(LogListener listener) {
        return new RoleOptions(
                name,
                random,
                tables,
                changesetQueueSize,
                maxAnswerBytes,
                onConflict,
                onSchemaMismatch,
                progress,
                listener);
    }
}
