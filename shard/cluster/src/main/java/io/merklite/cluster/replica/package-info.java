/**
 * Replicas of databases as actors.
 *
 * <p>A database has one {@link io.merklite.cluster.replica.DatabaseActor} per datacenter, its writer: a sharded entity. On
 * the other nodes that keep a copy a {@link io.merklite.cluster.replica.FollowerActor} applies what the writer publishes.
 * Both own a {@link io.merklite.cluster.replica.ReplicaCore}: the file, the conversation with its peers, and what its log
 * must get. {@link io.merklite.cluster.replica.Replicas} is each node's register of its followers: who owns a file on this
 * node at this moment is decided there.
 *
 * <p>Read in this order: {@code ReplicaCore}, {@code DatabaseActor}, {@code FollowerActor}, {@code Replicas}.
 *
 * <p><b>Guaranteed.</b> (1) One actor of a node owns a file at a time. (2) A transaction is in the log before it is
 * committed, and committed before anybody hears of it. (3) What a follower acknowledges is in its log.
 */
@NullMarked
package io.merklite.cluster.replica;

import org.jspecify.annotations.NullMarked;
