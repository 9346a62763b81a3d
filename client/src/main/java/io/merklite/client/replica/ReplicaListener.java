package io.merklite.client.replica;

import io.merklite.sync.store.Conflicts;

/** Hears what happens to a replica beside its rows. Called on the thread that owns the file; must not block. */
public interface ReplicaListener {
    /** It does nothing. */
    ReplicaListener SILENT = new ReplicaListener() {};

    /** It has come to stand somewhere else, or has made progress. */
    default void changed(ReplicaStatus status) {}

    /** A row has lost against another one, here or elsewhere, and is in the ledger: restore it edited, or discard it. */
    default void conflict(Conflicts.Entry entry) {}
}
