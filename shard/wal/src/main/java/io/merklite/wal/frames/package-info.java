/**
 * Reads SQLite's write-ahead log beside SQLite, in its public format.
 *
 * <p>The file looks append-only and is not: SQLite starts it again at the first frame when everything in it has reached
 * the database, a transaction too large for the cache spills frames that a rollback leaves behind for others to write
 * over, and frames of the generation before lie behind those of the present one. {@link io.merklite.wal.frames.WalFile}
 * tells them apart by salts, running checksums and commit marks, and goes on from a {@link
 * io.merklite.wal.frames.WalAnchor}. It only detects that the file is not the expected one; that frames stay there long
 * enough is the work of the read marks in {@code replication}.
 */
@NullMarked
package io.merklite.wal.frames;

import org.jspecify.annotations.NullMarked;
