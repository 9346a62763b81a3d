/**
 * The bytes that travel: snapshots and logs, self-describing, versioned, checksummed, compressed with LZ4, readable in
 * parts.
 *
 * <p>A history is a sequence of frames, numbered from 1, each one page as one transaction left it. {@link
 * io.merklite.wal.format.Position} names a point in it by number and by a hash over all frames up to there. A {@link
 * io.merklite.wal.format.Snapshot} is the database at a position, a {@link io.merklite.wal.format.Log} the frames after
 * one. Since the hash does not depend on how the frames are cut into logs, any cut gives the same database, and a log
 * that does not fit is known by its first 72 bytes: one of another database, one that comes too early or too late, one
 * of a second primary.
 *
 * <p>Read {@code Container} first, for the envelope that both share; then {@link io.merklite.wal.format.LogWriter} and
 * {@link io.merklite.wal.format.Snapshot} for what is in it. The readers take any stream, keep one block of a quarter
 * mebibyte, and trust nothing: sizes are checked before memory is taken, checksums before content is unpacked.
 */
@NullMarked
package io.merklite.wal.format;

import org.jspecify.annotations.NullMarked;
