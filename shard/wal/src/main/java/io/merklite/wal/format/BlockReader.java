package io.merklite.wal.format;

import io.merklite.wal.WalException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import net.jpountz.lz4.LZ4Exception;
import net.jpountz.lz4.LZ4Factory;
import net.jpountz.lz4.LZ4SafeDecompressor;

/**
 * Reads the envelope of {@link Container} from a stream, block by block, and trusts none of it: sizes are checked
 * against the block limit before memory is taken, checksums before content is unpacked. Not thread-safe; the stream
 * stays the caller's.
 */
final class BlockReader {
    private static final LZ4SafeDecompressor LZ4 = LZ4Factory.fastestInstance().safeDecompressor();

    private final InputStream in;
    private final String what;
    private final int itemBytes;
    private final int endBytes;
    private final Tip tip;
    private long offset;
    private long checksum;
    private byte[] stored = new byte[Container.BLOCK_HEADER_BYTES];
    private byte[] content = new byte[0];
    private int items;
    private long first;

    /**
     * @param what the word for it in messages
     * @param itemOverhead bytes of an item beside its page
     * @param endBytes size of the content of the end block
     */
    BlockReader(InputStream in, String what, long magic, int itemOverhead, int endBytes) throws IOException {
        this.in = in;
        this.what = what;
        var header = new byte[Container.HEADER_BYTES];
        fill(header, 0, header.length);
        tip = Container.decodeHeader(what, magic, header);
        checksum = ByteBuffer.wrap(header).getLong(Container.HEADER_CHECKSUM);
        itemBytes = itemOverhead + tip.pageSize();
        this.endBytes = endBytes;
    }

    Tip tip() {
        return tip;
    }

    /** Reads the next block; false if it is the end block, which must be the last thing in the stream. */
    boolean next() throws IOException {
        var start = offset;
        fill(stored, 0, Container.BLOCK_HEADER_BYTES);
        var header = ByteBuffer.wrap(stored).order(ByteOrder.BIG_ENDIAN);
        var kind = header.getInt();
        items = header.getInt();
        first = header.getLong();
        var size = header.getInt();
        var storedSize = header.getInt();
        var isContent = kind == Container.CONTENT && items >= 1 && items <= Container.blockItems(tip.pageSize());
        var isEnd = kind == Container.END && items == 0;
        if (!(isContent || isEnd)
                || size != (isEnd ? endBytes : items * itemBytes)
                || storedSize < 0
                || storedSize > size) {
            throw malformed(start, "a field of the block header is out of range");
        }
        if (stored.length < Container.BLOCK_HEADER_BYTES + storedSize) {
            stored = Arrays.copyOf(stored, Container.BLOCK_HEADER_BYTES + size);
            header = ByteBuffer.wrap(stored).order(ByteOrder.BIG_ENDIAN);
        }
        fill(stored, Container.BLOCK_HEADER_BYTES, storedSize);
        checksum = BlockWriter.checksumOf(stored, storedSize, checksum);
        if (header.getLong(Container.BLOCK_CHECKSUM) != checksum) {
            throw malformed(start, "the checksum of the block is wrong");
        }
        unpack(start, size, storedSize);
        if (isEnd && in.read() >= 0) {
            throw malformed(offset, "bytes after the end");
        }
        return isContent;
    }

    private void unpack(long start, int size, int storedSize) {
        if (content.length < size) {
            content = new byte[size];
        }
        if (storedSize == size) {
            System.arraycopy(stored, Container.BLOCK_HEADER_BYTES, content, 0, size);
            return;
        }
        try {
            var unpacked = LZ4.decompress(stored, Container.BLOCK_HEADER_BYTES, storedSize, content, 0, size);
            if (unpacked != size) {
                throw malformed(start, "the block unpacks to " + unpacked + " bytes instead of " + size);
            }
        } catch (LZ4Exception e) {
            throw (WalException) malformed(start, "the block does not unpack").initCause(e);
        }
    }

    int items() {
        return items;
    }

    long first() {
        return first;
    }

    /** The content of the block just read; overwritten by the next. */
    byte[] content() {
        return content;
    }

    WalException malformed(String found) {
        return malformed(offset, found);
    }

    private WalException malformed(long at, String found) {
        return new WalException.Malformed(what, at, found);
    }

    private void fill(byte[] target, int from, int size) throws IOException {
        var read = in.readNBytes(target, from, size);
        offset += read;
        if (read < size) {
            throw malformed(offset, "ends in the middle of a block");
        }
    }
}
