package io.merklite.cluster.journal;

/**
 * A snapshot of one persistence id.
 *
 * @param sequenceNr the last event that is in it
 * @param timestampMillis when it was made, Unix time
 * @param payload the state
 */
record StoredSnapshot(long sequenceNr, long timestampMillis, Payload payload) {}
