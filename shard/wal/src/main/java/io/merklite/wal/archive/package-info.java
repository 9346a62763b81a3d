/**
 * Continuous backup: the history of a database in a directory or an object store, restorable to any transaction.
 *
 * <p>A primary's checkpoint gives each log to {@link io.merklite.wal.archive.Archive#save}. {@link
 * io.merklite.wal.archive.Archive#restore} builds the database as it was at any transaction or time since the oldest
 * snapshot; {@code compact} adds snapshots, so that restoring stays short; {@code retain} deletes what is older than
 * wanted; {@code verify} proves that a restore would work by doing one. {@link io.merklite.wal.archive.Follower} is a
 * replica fed from the store alone.
 *
 * <p>All of that needs four operations of a place, {@link io.merklite.wal.archive.LogStore}, of which one matters: a
 * name is given once. It is what keeps two primaries from saving two histories as one. {@code Catalog} says how names
 * are made.
 */
@NullMarked
package io.merklite.wal.archive;

import org.jspecify.annotations.NullMarked;
