package io.merklite.sync.replicate;

import io.merklite.sync.message.SyncMessage;

/**
 * A message on its way.
 *
 * @param peer name of the replica that it goes to
 * @param message the message
 */
public record Envelope(String peer, SyncMessage message) {}
