package io.merklite.wal.format;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import net.jpountz.lz4.LZ4Compressor;
import net.jpountz.lz4.LZ4Factory;

/** Writes the envelope of {@link Container}: a header, then blocks. Not thread-safe; the stream stays the caller's. */
final class BlockWriter {
    private static final LZ4Compressor LZ4 = LZ4Factory.fastestInstance().fastCompressor();

    private final OutputStream out;
    private byte[] stored = new byte[0];
    private long checksum;

    BlockWriter(OutputStream out, long magic, Tip tip) throws IOException {
        this.out = out;
        var header = Container.encodeHeader(magic, tip);
        checksum = ByteBuffer.wrap(header).getLong(Container.HEADER_CHECKSUM);
        out.write(header);
    }

    /** Writes one block with the first {@code size} bytes of {@code content}. */
    void write(int kind, int items, long first, byte[] content, int size) throws IOException {
        var needed = Container.BLOCK_HEADER_BYTES + Math.max(LZ4.maxCompressedLength(size), size);
        if (stored.length < needed) {
            stored = new byte[needed];
        }
        var storedSize = LZ4.compress(content, 0, size, stored, Container.BLOCK_HEADER_BYTES);
        if (storedSize >= size) {
            storedSize = size;
            System.arraycopy(content, 0, stored, Container.BLOCK_HEADER_BYTES, size);
        }
        var header = ByteBuffer.wrap(stored).order(ByteOrder.BIG_ENDIAN);
        header.putInt(kind).putInt(items).putLong(first).putInt(size).putInt(storedSize);
        checksum = checksumOf(stored, storedSize, checksum);
        header.putLong(checksum);
        out.write(stored, 0, Container.BLOCK_HEADER_BYTES + storedSize);
    }

    /** The checksum of a block whose header and stored bytes lie in {@code block}, after the one before it. */
    static long checksumOf(byte[] block, int storedSize, long previous) {
        var ofHeader = Hashes.checksum(block, 0, Container.BLOCK_CHECKSUM, previous);
        return Hashes.checksum(block, Container.BLOCK_HEADER_BYTES, storedSize, ofHeader);
    }
}
