/**
 * Replicas of databases as actors.
 *
 * <p>A database has one {@link io.merklite.cluster.replica.DatabaseActor} per datacenter, its writer: a sharded entity. On
 * the other nodes that keep a copy a {@link io.merklite.cluster.replica.FollowerActor} applies what the writer publishes.
 * Both own a {@link io.merklite.cluster.replica.ReplicaCore}: the file, the conversation with its peers, and what its log
 * must get. {@link io.merklite.cluster.replica.Replicas} is each node's register of its followers: who owns a file on this
 * node at this moment is decided there.
 *
 * <p>The writer's actor is in parts: {@code DatabaseActor} is what it is told, {@code OpeningDatabase} what it does until it
 * serves, {@code ServingDatabase} how clients and peers take turns then. {@code Admission} leads requests to the lane that they
 * run on and answers to their clients, {@code WriterLane} runs what writes, {@code ReaderPool} what reads; {@code WriterPeers}
 * knows the other replicas, {@code Exchange} the order of file, log and messages. {@code WriteAheadLog} says when the log of
 * the file is copied, which another actor does; a {@code Cancellation} ends a read that nobody waits for any more.
 *
 * <p>A writer that is about to stop has its followers talk to it directly, since its shard's messages wait for the successor by
 * then. {@code Generations} tells databases apart that have had the same name, one after the other.
 *
 * <p>Between nodes {@code ReplicaSerializer} writes what is said. What is larger than a frame of the link goes as a {@code
 * Parcel}, which {@code ParcelReceiver} opens before the actor that it is for.
 *
 * <p>Read in this order: {@code ReplicaCore}, {@code DatabaseActor}, {@code ServingDatabase}, {@code FollowerActor}, {@code
 * Replicas}.
 *
 * <p><b>Guaranteed.</b> (1) One actor of a node owns a file at a time. (2) A transaction is in the log before it is
 * committed, and committed before anybody hears of it. (3) What a follower acknowledges is in its log.
 */
@NullMarked
package io.merklite.cluster.replica;

import org.jspecify.annotations.NullMarked;
