/**
 * Physical replication of a SQLite database: pages instead of rows, files instead of a server.
 *
 * <p>Changesets replicate rows, and need keys, triggers and a merge. Some applications want the file itself: the same
 * bytes elsewhere, with the application deciding when to checkpoint and where the log goes; or a continuous backup from
 * which any past moment can be restored. Copying the file while it is written gives a torn copy, and copying it often
 * is slow. But SQLite in WAL mode writes every changed page to a log in a public format first, so whoever reads that
 * log, before SQLite starts it again, has the whole history.
 *
 * <p>The parts, in reading order:
 *
 * <ul>
 *   <li>{@code format}: {@code Position}, {@code Frame}, {@code Log} and {@code Snapshot}, the bytes that travel
 *   <li>{@code frames}: reads SQLite's write-ahead log
 * <li>{@code replication}: {@code Primary} with {@code Ack} and {@code Frames}, {@code Replica}, {@code Restore}; users
 *       start at {@code NewDatabase.init}
 * <li>{@code archive}: a place where logs and snapshots are kept, with restore to any moment, in a directory or an
 *       object store
 *   <li>{@link io.merklite.wal.WalException}: everything that can go wrong
 * </ul>
 *
 * <p>Guaranteed: an acknowledged write is in the snapshot and the saved logs; a replica shows the state after some
 * commit, and after a crash the one before or after the log it was applying; a damaged, foreign or misplaced log is
 * refused before it changes anything. Format, proof and measurements are in {@code docs/wal.md}.
 *
 * <p>All of it is plain blocking code that starts no thread; where something completes later, it does so on the thread
 * that made it happen.
 */
@NullMarked
package io.merklite.wal;

import org.jspecify.annotations.NullMarked;
