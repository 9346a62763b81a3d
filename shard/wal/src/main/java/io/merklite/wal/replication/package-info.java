/**
 * A primary that writes, replicas that follow, and nothing between them but logs.
 *
 * <p>{@link io.merklite.wal.replication.NewDatabase} begins a history. {@link io.merklite.wal.replication.Primary} runs
 * the application's functions on SQLite, finds what they committed in the write-ahead log ({@code CommittedLog}), keeps
 * SQLite from dropping any of it ({@code ReadMarks}), and at a checkpoint hands it over as a log to be saved; then the
 * {@link io.merklite.wal.replication.Ack} of each write in it completes. {@link io.merklite.wal.replication.Frames}
 * gives the same frames out as they come.
 *
 * <p>{@link io.merklite.wal.replication.Replica} applies logs. It writes pages in place, so its crash safety is a redo
 * journal of its own: the verified copy of the log ({@code HeldLog}). {@link io.merklite.wal.replication.Restore}
 * builds a file from a snapshot and logs, up to any transaction. {@code Workspace} lists the files that belong to a
 * primary or replica, {@code PositionFile} says where the database among them stands; with it both can be resumed after
 * a crash.
 *
 * <p>One history has one primary at a time. That is not enforced here, but seen: the positions of a second one fork,
 * and every replica and archive refuses them.
 */
@NullMarked
package io.merklite.wal.replication;

import org.jspecify.annotations.NullMarked;
