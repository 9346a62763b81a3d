/**
 * The sync core: what makes replicas of a SQLite database converge, as plain state machines.
 *
 * <p>Nothing here knows a network, a thread or the system clock: messages come in and go out as values, time and chance
 * are parameters. That is what lets a simulation run years of faults in seconds, with the very code that runs in
 * production.
 *
 * <p>In reading order:
 *
 * <ul>
 *   <li>{@link io.merklite.sync.stamp}: who wrote, and when: origins, hybrid logical clock, stamps.
 *   <li>{@link io.merklite.sync.vector}: what a replica has seen, and which transactions must wait for others.
 *   <li>{@link io.merklite.sync.row}: the lattice of a row, in which concurrent writes merge.
 *   <li>{@link io.merklite.sync.transaction}: a committed transaction as a value and as bytes; {@link
 *       io.merklite.sync.wire} has the primitives of that and all other formats.
 *   <li>{@link io.merklite.sync.store}: a replica's file: rows, their states, the merkle index, the conflict ledger.
 *   <li>{@link io.merklite.sync.message}, {@link io.merklite.sync.log} and {@link io.merklite.sync.replicate}: what
 *       replicas say to each other, what catch-up reads, and the conversation that makes them equal.
 *   <li>{@link io.merklite.sync.database}: the database that an application opens.
 *   <li>{@link io.merklite.sync.link}: what a replica outside the cluster and its node say before they sync.
 *   <li>{@link io.merklite.sync.role}: a master and those that follow it, as policies over the same engine.
 * </ul>
 */
@NullMarked
package io.merklite.sync;

import org.jspecify.annotations.NullMarked;
