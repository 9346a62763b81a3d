package io.merklite.wal.format;

import io.merklite.wal.WalException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;

/**
 * Reads a snapshot in parts, as {@link Snapshot} lays it out, and checks all of it. A snapshot is good only once {@link
 * #next} has returned false.
 *
 * <p><b>Threading.</b> Not thread-safe. Blocks on the stream, which stays the caller's.
 */
public final class SnapshotReader {
    private final BlockReader blocks;
    private final Tip tip;
    private int count;
    private long nextPage = 1;

    /** Reads the header. */
    public SnapshotReader(InputStream in) throws IOException {
        blocks = new BlockReader(in, "snapshot", Container.SNAPSHOT, 0, 0);
        tip = blocks.tip();
    }

    /** What the snapshot is. */
    public Tip tip() {
        return tip;
    }

    /** Reads the next pages; false when the snapshot is at its end, and good. */
    public boolean next() throws IOException {
        count = 0;
        var hasPages = blocks.next();
        if (blocks.first() != nextPage) {
            throw blocks.malformed("page " + blocks.first() + " after page " + (nextPage - 1));
        }
        count = blocks.items();
        nextPage += count;
        if (nextPage - 1 > tip.pageCount() || (!hasPages && nextPage - 1 != tip.pageCount())) {
            throw blocks.malformed(nextPage - 1 + " pages instead of " + tip.pageCount());
        }
        return hasPages;
    }

    /** Reads and checks what is left. */
    public void skipToEnd() throws IOException {
        var hasMore = true;
        while (hasMore) {
            hasMore = next();
        }
    }

    /** The number of the first page of this part, from 1. */
    public long firstPage() {
        return nextPage - count;
    }

    /** The pages of this part. Valid until the next is read. */
    public ByteBuffer pages() {
        return ByteBuffer.wrap(blocks.content(), 0, count * tip.pageSize());
    }

    /** Checks that {@code expected} is this snapshot; the source may have changed since it was opened. */
    void requireSame(Tip expected) {
        if (!tip.equals(expected)) {
            throw new WalException.Malformed("snapshot", 0, "not the snapshot that was opened");
        }
    }
}
