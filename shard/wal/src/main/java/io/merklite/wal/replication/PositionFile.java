package io.merklite.wal.replication;

import io.merklite.wal.WalException;
import io.merklite.wal.format.PositionRecord;
import io.merklite.wal.format.Tip;
import io.merklite.wal.frames.WalAnchor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/**
 * Where the database beside it stands. Written under another name and renamed, so it is whole after a crash.
 *
 * <pre>
 *  0 72  {@link PositionRecord}: a replica has applied this; a primary has saved this
 * 72 48  of a primary only: 8 salts, 4 frames, 4 flags (1 has generation, 2 may restart), 8 checksum of the
 *        {@link WalAnchor} at that position; 8 size and 8 time of change (nanoseconds) of the database file; 8 zero
 * </pre>
 *
 * A replica's record is synced before the logs it covers are deleted. A primary's is not: after a power cut an old one
 * no longer fits the files, and resuming is refused.
 *
 * @param tip what was applied or saved
 * @param anchor where that is in SQLite's write-ahead log
 * @param mayRestart whether SQLite may start the log again there, which it may only when the database file has it all
 * @param stamp size and time of the database file, which cannot change while {@code mayRestart} or before the first
 *     generation
 */
record PositionFile(Tip tip, WalAnchor anchor, boolean mayRestart, FileStamp stamp) {
    private static final int PRIMARY_BYTES = PositionRecord.BYTES + 48;
    private static final int HAS_GENERATION = 1;
    private static final int MAY_RESTART = 2;

    /** Size and time of change of a file: changes when somebody writes to it. */
    record FileStamp(long sizeBytes, long modifiedNanos) {
        static FileStamp of(Path file) {
            try {
                return new FileStamp(
                        Files.size(file), Files.getLastModifiedTime(file).to(TimeUnit.NANOSECONDS));
            } catch (IOException e) {
                throw new WalException.Storage("cannot look at " + file, e);
            }
        }
    }

    static Path of(Workspace workspace) {
        return workspace.beside("-position");
    }

    static void writeReplica(Workspace workspace, Tip tip) {
        write(workspace, PositionRecord.encode(tip), true);
    }

    void write(Workspace workspace) {
        var flags = (anchor.hasGeneration() ? HAS_GENERATION : 0) | (mayRestart ? MAY_RESTART : 0);
        var bytes = ByteBuffer.allocate(PRIMARY_BYTES).order(ByteOrder.BIG_ENDIAN);
        bytes.put(PositionRecord.encode(tip))
                .putLong(anchor.salts())
                .putInt(anchor.frameCount())
                .putInt(flags)
                .putLong(anchor.checksum())
                .putLong(stamp.sizeBytes())
                .putLong(stamp.modifiedNanos());
        write(workspace, bytes.array(), false);
    }

    private static void write(Workspace workspace, byte[] bytes, boolean isSynced) {
        var building = workspace.beside("-position.new");
        try {
            Files.write(building, bytes);
            if (isSynced) {
                Durable.publish(building, of(workspace));
            } else {
                Durable.rename(building, of(workspace));
            }
        } catch (IOException e) {
            throw new WalException.Storage("cannot write " + of(workspace), e);
        }
    }

    /** What a replica has applied. */
    static Tip readReplica(Workspace workspace) {
        return PositionRecord.decode(read(workspace, PositionRecord.BYTES, "a replica"));
    }

    /** What a primary has saved. */
    static PositionFile readPrimary(Workspace workspace) {
        var bytes = ByteBuffer.wrap(read(workspace, PRIMARY_BYTES, "a primary")).order(ByteOrder.BIG_ENDIAN);
        var record = new byte[PositionRecord.BYTES];
        bytes.get(record);
        var salts = bytes.getLong();
        var frameCount = bytes.getInt();
        var flags = bytes.getInt();
        var anchor = new WalAnchor(salts, frameCount, bytes.getLong(), (flags & HAS_GENERATION) != 0);
        var stamp = new FileStamp(bytes.getLong(), bytes.getLong());
        return new PositionFile(PositionRecord.decode(record), anchor, (flags & MAY_RESTART) != 0, stamp);
    }

    private static byte[] read(Workspace workspace, int size, String owner) {
        var path = of(workspace);
        try {
            if (!Files.exists(path) || !Files.exists(workspace.database())) {
                throw new WalException.NotResumable("there is no database of " + owner + " at " + workspace.database());
            }
            var bytes = Files.readAllBytes(path);
            if (bytes.length != size) {
                throw new WalException.NotResumable(path + " is not the record of " + owner);
            }
            return bytes;
        } catch (IOException e) {
            throw new WalException.Storage("cannot read " + path, e);
        }
    }
}
