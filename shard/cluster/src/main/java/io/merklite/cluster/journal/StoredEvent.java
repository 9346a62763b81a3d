package io.merklite.cluster.journal;

/**
 * An event of one persistence id.
 *
 * @param sequenceNr from 1
 * @param writerUuid the incarnation of the actor that wrote it
 * @param timestampMillis when it was written, Unix time
 * @param payload the event
 */
record StoredEvent(long sequenceNr, String writerUuid, long timestampMillis, Payload payload) {}
