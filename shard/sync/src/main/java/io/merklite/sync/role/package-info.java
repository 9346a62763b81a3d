/**
 * Following one master rather than merging with everybody: roles over one engine.
 *
 * <p>Multi-master replication gives every replica the same rights. Often that is too much: a device shows what a server
 * decides, two sides own different tables, a relay passes on. Then the rows of one side simply count. The engine is the
 * same as everywhere in this module: states and merkle index of {@link io.merklite.sync.store.ReplicaStore}, the descent of
 * {@link io.merklite.sync.replicate}; only that the master is an authority in it, and that live changes are applied as
 * changesets, in order and with conflicts.
 *
 * <p>In reading order:
 *
 * <ul>
 *   <li>{@link io.merklite.sync.role.RoleMessage}: what is said, and {@link io.merklite.sync.role.RoleMessageCodec} its
 *       bytes.
 *   <li>{@link io.merklite.sync.role.Master}: numbers what is committed, and answers questions. Keeps nothing of a replica,
 *       so any number of them may be at any stage.
 *   <li>{@link io.merklite.sync.role.Replica}: applies, compares, predicts, reports.
 *   <li>{@link io.merklite.sync.role.Relay} and {@link io.merklite.sync.role.Peer}: both of these on one file.
 *   <li>{@link io.merklite.sync.role.Conversation}: two ends in one process.
 * </ul>
 *
 * <p><b>Why replaying is safe.</b> A comparison runs while the master goes on, so its rows may be from after the changes
 * that follow. Up to the highest number that an answer had, changes are therefore applied like a redo log: what is in the
 * way is written over, what is missing is passed over. Once that number is reached each row is what the last change made
 * of it. Behind it every conflict is a real one.
 *
 * <p>Messages go in and out as values. Whether they arrive is somebody else's business: every question can be asked again.
 */
@NullMarked
package io.merklite.sync.role;

import org.jspecify.annotations.NullMarked;
