package io.merklite.wal.frames;

import io.merklite.wal.WalException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.jspecify.annotations.Nullable;

/**
 * Reads SQLite's write-ahead log (SQLite file format, section 4) while SQLite writes it.
 *
 * <pre>
 * header, 32 bytes, big-endian
 *  0 4 magic 0x377F0682, or …83 if checksums are over big-endian words     16 4 salt 1, one more at each restart
 *  4 4 version 3007000                                                     20 4 salt 2, random
 *  8 4 page size                                                           24 8 checksum of bytes 0 to 23
 * 12 4 number of the checkpoint
 * frame, 24 bytes and a page
 *  0 4 page number   4 4 pages of the database after the commit, else 0   8 8 the salts   16 8 running checksum
 * </pre>
 *
 * A frame counts if its salts are the header's and its checksum continues the one before; a transaction counts if its
 * commit frame does. What a large transaction spilled before it failed lies behind the last commit, valid to the eye,
 * and is written over later: so a reader goes on from the last <em>commit</em>, never from the last frame.
 *
 * <p>This class opens the log only, never the database nor its shared memory: on POSIX systems closing any descriptor
 * of those files drops the locks that SQLite holds on them in the same process. The log itself is never locked.
 *
 * <p><b>Threading.</b> Thread-safe: it keeps no state but the open file.
 */
public final class WalFile implements Closeable {
    private static final int HEADER_BYTES = 32;
    private static final int HEADER_CHECKED_BYTES = 24;
    private static final int FRAME_HEADER_BYTES = 24;
    private static final int FRAME_CHECKED_BYTES = 8;
    private static final int MAGIC = 0x377F_0682;
    private static final int VERSION = 3_007_000;

    /** The first read covers the frames of an ordinary transaction; the reads after it are large. */
    private static final int FIRST_READ_BYTES = 32 * 1024;

    private static final int READ_BYTES = 512 * 1024;

    private final Path path;
    private final int pageSize;
    private @Nullable FileChannel channel;

    /** For the log at {@code path}, which need not exist yet. */
    public WalFile(Path path, int pageSize) {
        this.path = path;
        this.pageSize = pageSize;
    }

    /** Where a scan has come to, and whether SQLite had started the file again since the anchor. */
    public record Scan(WalAnchor end, boolean isRestarted) {}

    private record Header(long salts, long checksum, boolean isBigEndian) {}

    /**
     * Reads the frames of all transactions committed after {@code from}, and gives them to {@code sink}. Frames without
     * a commit may follow the last commit; the sink must forget them.
     *
     * @param mayRestart whether everything before {@code from} is read and in the database, so that SQLite may have
     *     begun the file anew
     * @throws WalException.Interference if the log does not continue where {@code from} left it
     */
    public Scan scan(WalAnchor from, boolean mayRestart, FrameSink sink) {
        try {
            var header = readHeader();
            if (header == null) {
                if (from.hasGeneration() && !mayRestart) {
                    throw new WalException.Interference("the write-ahead log " + path + " is gone");
                }
                return new Scan(from, false);
            }
            var isSame = from.hasGeneration() && header.salts() == from.salts();
            if (!isSame && from.hasGeneration() && !mayRestart) {
                throw new WalException.Interference(
                        "the write-ahead log " + path + " was started again by another program");
            }
            var start = isSame ? from : new WalAnchor(header.salts(), 0, header.checksum(), true);
            return new Scan(scanFrames(header, start, sink), !isSame && from.hasGeneration());
        } catch (IOException e) {
            throw new WalException.Storage("cannot read " + path, e);
        }
    }

    private WalAnchor scanFrames(Header header, WalAnchor start, FrameSink sink) throws IOException {
        var end = start;
        var checksum = start.checksum();
        var frame = start.frameCount();
        var reader = new Reader(frame);
        while (reader.next()) {
            var at = reader.at;
            if (reader.fields.getLong(at + 8) != header.salts() || reader.fields.getInt(at) < 1) {
                return end;
            }
            checksum = WalChecksum.extend(checksum, header.isBigEndian(), reader.bytes, at, FRAME_CHECKED_BYTES);
            checksum =
                    WalChecksum.extend(checksum, header.isBigEndian(), reader.bytes, at + FRAME_HEADER_BYTES, pageSize);
            if (reader.fields.getLong(at + 16) != checksum) {
                return end;
            }
            frame++;
            var databasePages = reader.fields.getInt(at + 4);
            sink.frame(frame, reader.fields.getInt(at), databasePages, reader.bytes, at + FRAME_HEADER_BYTES);
            if (databasePages > 0) {
                end = new WalAnchor(header.salts(), frame, checksum, true);
            }
        }
        return end;
    }

    /** Reads frames {@code from + 1} to {@code to} again, which a scan has found good. */
    public void read(int from, int to, FrameSink sink) {
        try {
            var reader = new Reader(from);
            for (var frame = from + 1; frame <= to; frame++) {
                if (!reader.next()) {
                    throw new WalException.Interference("the write-ahead log " + path + " was cut");
                }
                sink.frame(
                        frame,
                        reader.fields.getInt(reader.at),
                        reader.fields.getInt(reader.at + 4),
                        reader.bytes,
                        reader.at + FRAME_HEADER_BYTES);
            }
        } catch (IOException e) {
            throw new WalException.Storage("cannot read " + path, e);
        }
    }

    /** Whether the log still has the frame that {@code anchor} ends with. */
    public boolean contains(WalAnchor anchor) {
        try {
            var header = readHeader();
            if (header == null || header.salts() != anchor.salts()) {
                return false;
            }
            if (anchor.frameCount() == 0) {
                return header.checksum() == anchor.checksum();
            }
            var reader = new Reader(anchor.frameCount() - 1);
            return reader.next()
                    && reader.fields.getLong(reader.at + 8) == anchor.salts()
                    && reader.fields.getLong(reader.at + 16) == anchor.checksum();
        } catch (IOException e) {
            throw new WalException.Storage("cannot read " + path, e);
        }
    }

    @Override
    public synchronized void close() {
        if (channel != null) {
            try {
                channel.close();
            } catch (IOException e) {
                throw new WalException.Storage("cannot close " + path, e);
            }
        }
    }

    /** The header, or null if there is no whole one: SQLite may be about to write it. */
    private @Nullable Header readHeader() throws IOException {
        var open = openChannel();
        if (open == null) {
            return null;
        }
        var bytes = new byte[HEADER_BYTES];
        var fields = ByteBuffer.wrap(bytes).order(ByteOrder.BIG_ENDIAN);
        if (fill(open, fields, 0) < HEADER_BYTES) {
            return null;
        }
        var magic = fields.getInt(0);
        var isBigEndian = (magic & 1) == 1;
        var checksum = WalChecksum.extend(0, isBigEndian, bytes, 0, HEADER_CHECKED_BYTES);
        if ((magic & ~1) != MAGIC || fields.getInt(4) != VERSION || fields.getLong(HEADER_CHECKED_BYTES) != checksum) {
            return null;
        }
        if (fields.getInt(8) != pageSize) {
            throw new WalException.Interference("the write-ahead log " + path + " has pages of " + fields.getInt(8)
                    + " bytes instead of " + pageSize);
        }
        return new Header(fields.getLong(16), checksum, isBigEndian);
    }

    private synchronized @Nullable FileChannel openChannel() throws IOException {
        if (channel == null && Files.exists(path)) {
            channel = FileChannel.open(path, StandardOpenOption.READ);
        }
        return channel;
    }

    private static int fill(FileChannel channel, ByteBuffer target, long from) throws IOException {
        while (target.hasRemaining()) {
            if (channel.read(target, from + target.position()) < 0) {
                break;
            }
        }
        return target.position();
    }

    /** Frames one after the other, read in chunks. */
    private final class Reader {
        private final int frameBytes = FRAME_HEADER_BYTES + pageSize;
        private long filePosition;
        private int available;
        private boolean isLarge;
        private byte[] bytes = new byte[Math.max(1, FIRST_READ_BYTES / frameBytes) * frameBytes];
        private ByteBuffer fields = ByteBuffer.wrap(bytes).order(ByteOrder.BIG_ENDIAN);
        private int at = -frameBytes;

        /** Starts behind {@code frameCount} frames. */
        Reader(int frameCount) {
            filePosition = HEADER_BYTES + (long) frameCount * frameBytes;
        }

        /** Moves to the next frame, which begins at {@code at} in {@code bytes}; false if the file has no whole one. */
        boolean next() throws IOException {
            at += frameBytes;
            if (at < available) {
                return true;
            }
            var open = openChannel();
            if (open == null) {
                return false;
            }
            if (available == bytes.length && !isLarge) {
                isLarge = true;
                bytes = new byte[Math.max(1, READ_BYTES / frameBytes) * frameBytes];
                fields = ByteBuffer.wrap(bytes).order(ByteOrder.BIG_ENDIAN);
            }
            fields.clear();
            available = fill(open, fields, filePosition) / frameBytes * frameBytes;
            filePosition += available;
            at = 0;
            return available > 0;
        }
    }
}
