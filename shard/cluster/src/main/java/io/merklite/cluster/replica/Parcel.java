package io.merklite.cluster.replica;

import org.apache.pekko.actor.typed.ActorRef;

/**
 * What arrives in place of a message that is too large for the link between two nodes: where it can be fetched. Nobody sends
 * one; {@link ReplicaSerializer} makes them, and {@link ParcelReceiver} turns them into messages again.
 *
 * @param manifest of the message
 * @param sizeBytes of the message
 * @param source has it
 */
record Parcel(String manifest, int sizeBytes, ActorRef<SnapshotSource.Command> source) {}
