/**
 * A database that a program has in a file of its own, reads and writes whether or not there is a network, and that becomes
 * equal to the node's whenever there is one.
 *
 * <p>It is a replica like any other: its writes have stamps and merge by the same rules, so they are visible at once and
 * final as far as a write among masters can be. That is why there are no predictions here: those are for replicas that must
 * ask before they write. What loses against somebody else's write is kept in the conflict ledger, and told to {@link
 * io.merklite.client.replica.ReplicaListener}.
 *
 * <p>{@link io.merklite.client.replica.ReplicaCore} is the conversation as a state machine: what happens goes in, what is to
 * be done comes out, time is a parameter. {@link io.merklite.client.replica.EmbeddedReplica} is the thin shell: one thread
 * that owns the file, and a WebSocket. {@link io.merklite.client.replica.Outbox} keeps what was written until a node has it,
 * for months if need be. What the two ends say is {@link io.merklite.sync.link}; the
 * protocol is specified in {@code docs/client.md}.
 */
@NullMarked
package io.merklite.client.replica;

import org.jspecify.annotations.NullMarked;
