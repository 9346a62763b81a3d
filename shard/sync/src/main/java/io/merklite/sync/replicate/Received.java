package io.merklite.sync.replicate;

import io.merklite.sync.message.SyncMessage;

/**
 * A message that has come.
 *
 * @param peer name of the replica that sent it
 * @param message the message
 */
public record Received(String peer, SyncMessage message) {}
