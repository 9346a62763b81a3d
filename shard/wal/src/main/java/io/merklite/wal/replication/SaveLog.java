package io.merklite.wal.replication;

import io.merklite.wal.format.Log;
import java.util.concurrent.CompletionStage;

/** Puts a log where it survives this machine. */
@FunctionalInterface
public interface SaveLog {
    /**
     * Saves {@code log}, whose bytes are valid until the stage completes.
     *
     * @return completes when it is durable, exceptionally if it could not be saved
     */
    CompletionStage<?> save(Log log);
}
