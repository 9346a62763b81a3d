package io.merklite.wal.format;

import io.merklite.wal.WalException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Instant;
import java.util.UUID;

/**
 * The envelope that snapshots and logs share, all integers big-endian.
 *
 * <pre>
 * header, 72 bytes
 *  0  8  magic: "mklt-snp", "mklt-log" or "mklt-pos"
 *  8  4  version, 1
 * 12  4  page size in bytes, a power of two from 512 to 65,536
 * 16 16  lineage of the database
 * 32  8  frame number: a snapshot holds it, a log follows it
 * 40  8  chain hash at that frame
 * 48  8  time of the last commit at or before it, milliseconds since 1970
 * 56  4  pages of the database after that commit
 * 60  4  zero
 * 64  8  XXH64 of bytes 0 to 63, seed 0
 *
 * block, repeated
 *  0  4  kind: 1 content, 2 end
 *  4  4  items: pages of a snapshot, frames of a log; zero in the end block
 *  8  8  number of the first item (end block: of the item that would be next)
 * 16  4  size of the content
 * 20  4  size as stored; equal to the size of the content if it is stored plain, smaller if it is one LZ4 block
 * 24  8  XXH64 of bytes 0 to 23, then of the stored bytes seeded with that; the first is seeded with the checksum
 *        of the block before (the header's for the first block)
 * 32  …  the stored bytes
 * </pre>
 *
 * The end block is the last of a file: nothing follows it. Since checksums are chained, a block that is changed, lost,
 * repeated or moved is found where it stands. A block is readable on its own after its predecessors' checksum is known,
 * and is at most {@link #blockItems} items long, so a reader needs memory for one block, whatever the size of the file.
 */
final class Container {
    static final long SNAPSHOT = 0x6D6B_6C74_2D73_6E70L;
    static final long LOG = 0x6D6B_6C74_2D6C_6F67L;
    static final long POSITION = 0x6D6B_6C74_2D70_6F73L;
    static final int VERSION = 1;

    static final int HEADER_BYTES = 72;
    static final int HEADER_CHECKSUM = 64;
    static final int BLOCK_HEADER_BYTES = 32;
    static final int BLOCK_CHECKSUM = 24;

    static final int CONTENT = 1;
    static final int END = 2;

    /** A block holds about a quarter of a mebibyte of pages: large enough for LZ4, small enough for any heap. */
    private static final int BLOCK_PAGE_BYTES = 256 * 1024;

    private Container() {}

    /** The most items a block may hold. */
    static int blockItems(int pageSize) {
        return BLOCK_PAGE_BYTES / pageSize;
    }

    static byte[] encodeHeader(long magic, Tip tip) {
        var header = ByteBuffer.allocate(HEADER_BYTES).order(ByteOrder.BIG_ENDIAN);
        header.putLong(magic).putInt(VERSION).putInt(tip.pageSize());
        var position = tip.position();
        header.putLong(position.lineage().getMostSignificantBits())
                .putLong(position.lineage().getLeastSignificantBits())
                .putLong(position.frameNumber())
                .putLong(position.chain())
                .putLong(tip.committedAt().toEpochMilli())
                .putInt(tip.pageCount())
                .putInt(0);
        header.putLong(Hashes.checksum(header.array(), 0, HEADER_CHECKSUM, 0));
        return header.array();
    }

    static Tip decodeHeader(String what, long magic, byte[] bytes) {
        var header = ByteBuffer.wrap(bytes).order(ByteOrder.BIG_ENDIAN);
        if (header.getLong() != magic) {
            throw new WalException.Malformed(what, 0, "not the first bytes of a " + what);
        }
        var version = header.getInt();
        if (header.getLong(HEADER_CHECKSUM) != Hashes.checksum(bytes, 0, HEADER_CHECKSUM, 0)) {
            throw new WalException.Malformed(what, HEADER_CHECKSUM, "the checksum of the header is wrong");
        }
        if (version != VERSION) {
            throw new WalException.UnsupportedVersion(what, version, VERSION);
        }
        var pageSize = header.getInt();
        var lineage = new UUID(header.getLong(), header.getLong());
        var frameNumber = header.getLong();
        var chain = header.getLong();
        var committedAt = header.getLong();
        var pageCount = header.getInt();
        if (!Tip.isPageSize(pageSize) || frameNumber < 0 || pageCount < 0 || header.getInt() != 0) {
            throw new WalException.Malformed(what, 12, "a field of the header is out of range");
        }
        return new Tip(
                new Position(lineage, frameNumber, chain), pageSize, pageCount, Instant.ofEpochMilli(committedAt));
    }
}
