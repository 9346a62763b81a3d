/**
 * The sync endpoint: where embedded replicas, in programs outside the cluster, become equal to a database.
 *
 * <p>A replica speaks the protocol of any two replicas, over a WebSocket. What the node adds is everything that a stranger makes
 * necessary: its token decides whether it is welcome and whether its writes are taken, its messages are bounded and worked off one
 * after the other, and what it is too slow for is not kept for it.
 *
 * <p>{@link io.merklite.node.sync.SyncEndpoint} answers the upgrade; {@link io.merklite.node.sync.SyncSession} is one link, from hello to
 * close, over a {@link io.merklite.cluster.replica.ReplicaConnection} to the database's writer, wherever that is; {@link
 * io.merklite.node.sync.CloseCode} says why a link ends. The messages are those of {@link io.merklite.sync.link}; the protocol is
 * specified in {@code docs/client.md}.
 */
@NullMarked
package io.merklite.node.sync;

import org.jspecify.annotations.NullMarked;
