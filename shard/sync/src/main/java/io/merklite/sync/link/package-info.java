/**
 * What a replica outside the cluster and the node that it syncs with say to each other.
 *
 * <p>Replicas of a cluster know each other by configuration, and trust each other. A replica in somebody's program does not:
 * it must say who it is and what it can take, and be told whether it is welcome and whether its writes are. That is {@link
 * io.merklite.sync.link.LinkMessage.Hello}, {@link io.merklite.sync.link.LinkMessage.Welcome} and {@link
 * io.merklite.sync.link.LinkMessage.Refusal}; all else is {@linkplain io.merklite.sync.link.LinkMessage.Carried carried}, and is
 * the conversation of any two replicas.
 *
 * <p>Both ends are elsewhere: the replica's in the client, the node's in the node. This package is what they must agree on, so
 * it has the only description of the bytes ({@link io.merklite.sync.link.LinkCodec}). The order of messages, and what each end
 * does when they are lost, is on the page {@code docs/client.md}.
 */
@NullMarked
package io.merklite.sync.link;

import org.jspecify.annotations.NullMarked;
