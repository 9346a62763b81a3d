/**
 * The durable log of a node: every transaction of every replica, on disk before it is acknowledged.
 *
 * <p>A commit is acknowledged when it is on disk, and a disk syncs a few thousand times a second at best. One file per
 * database would pay that price once per database and batch. So a node has <em>one</em> journal, a SQLite file, and all
 * that its databases write at the same moment shares one sync: group commit. With 256 writers a sync carries about 130
 * events.
 *
 * <p>In reading order:
 *
 * <ul>
 *   <li>{@link io.merklite.cluster.journal.ChangesetLog}: the log of one replica, an event-sourced actor, and with {@link
 *       io.merklite.cluster.journal.LogSettings} what the rest of the cluster uses. It remembers where each transaction
 *       is ({@code LogIndex}), answers from there ({@code LogReading}) and cuts its own tail. It speaks Pekko
 *       Persistence alone, so that any journal plugin can stand below it.
 *   <li>{@link io.merklite.cluster.journal.SqliteJournal}, {@link io.merklite.cluster.journal.SqliteSnapshotStore}, {@link
 *       io.merklite.cluster.journal.SqliteReadJournal}: the plugins of our own journal.
 *   <li>{@link io.merklite.cluster.journal.NodeJournal}: the one journal of an actor system, with its owners: {@code
 *       JournalWriter} (group commit), {@code JournalReader} (pages, each its own short read transaction) and a {@link
 *       io.merklite.cluster.checkpoint.Checkpointer}, which keeps the write-ahead log short. Each of them is an actor with
 *       a thread and a connection of its own; nobody else touches the file.
 *   <li>{@code JournalFormat}: the file. {@code WritableJournal} and {@code ReadableJournal} are its SQL.
 * </ul>
 *
 * <p><b>Guaranteed</b> of an acknowledged write: it survives the death of process and machine, and it is there whole. A
 * write that failed is not there, or its outcome is unknown and the writer of it stops; nothing is ever half there. A
 * damaged byte is found when it is read, by a checksum, and never handed out.
 */
@NullMarked
package io.merklite.cluster.journal;

import org.jspecify.annotations.NullMarked;
