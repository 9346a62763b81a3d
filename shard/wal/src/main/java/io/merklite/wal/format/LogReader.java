package io.merklite.wal.format;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Instant;

/**
 * Reads a log in parts, as {@link LogWriter} lays it out, and checks all of it: checksums, frame numbers, the chain,
 * and that the end says what the frames say. A log is good only once {@link #next} has returned false.
 *
 * <p><b>Threading.</b> Not thread-safe. Blocks on the stream, which stays the caller's.
 */
public final class LogReader {
    private final BlockReader blocks;
    private final Tip follows;
    private final long[] chains;
    private ByteBuffer fields = ByteBuffer.allocate(0);
    private int count;
    private long firstFrame;
    private long frameNumber;
    private long chain;
    private int databasePages;
    private long committedAtMillis;

    /** Reads the header. */
    public LogReader(InputStream in) throws IOException {
        blocks = new BlockReader(in, "log", Container.LOG, LogWriter.FRAME_HEADER_BYTES, LogWriter.END_BYTES);
        follows = blocks.tip();
        chains = new long[Container.blockItems(follows.pageSize())];
        frameNumber = follows.position().frameNumber();
        chain = follows.position().chain();
        databasePages = follows.pageCount();
        committedAtMillis = follows.committedAt().toEpochMilli();
    }

    /** What the log follows. */
    public Tip follows() {
        return follows;
    }

    /** Reads the next part; false when the log is at its end, and good. */
    public boolean next() throws IOException {
        count = 0;
        var hasFrames = blocks.next();
        fields = ByteBuffer.wrap(blocks.content()).order(ByteOrder.BIG_ENDIAN);
        firstFrame = blocks.first();
        if (firstFrame != frameNumber + 1) {
            throw blocks.malformed("frame " + firstFrame + " after frame " + frameNumber);
        }
        if (!hasFrames) {
            checkEnd();
            return false;
        }
        count = blocks.items();
        for (var index = 0; index < count; index++) {
            check(index);
        }
        return true;
    }

    /** Reads and checks what is left. */
    public void skipToEnd() throws IOException {
        var hasMore = true;
        while (hasMore) {
            hasMore = next();
        }
    }

    private void check(int index) {
        if (pageNumber(index) < 1 || databasePages(index) < 0) {
            throw blocks.malformed("a frame without a page");
        }
        frameNumber++;
        chain = Hashes.chain(
                chain,
                pageNumber(index),
                databasePages(index),
                blocks.content(),
                pageOffset(index),
                follows.pageSize());
        chains[index] = chain;
        if (databasePages(index) > 0) {
            databasePages = databasePages(index);
            committedAtMillis = committedAtMillis(index);
        }
    }

    private void checkEnd() {
        if (fields.getLong(0) != frameNumber
                || fields.getLong(8) != chain
                || fields.getLong(16) != committedAtMillis
                || fields.getInt(24) != databasePages
                || fields.getInt(28) != 0) {
            throw blocks.malformed("the end does not agree with the frames");
        }
    }

    /** Where the frames read so far lead. */
    public Tip last() {
        return tip(frameNumber, chain, databasePages, committedAtMillis);
    }

    /** Where the frames up to the commit {@code index} lead. */
    public Tip commit(int index) {
        return tip(firstFrame + index, chains[index], databasePages(index), committedAtMillis(index));
    }

    private Tip tip(long number, long chainThere, int pageCount, long millis) {
        var position = new Position(follows.position().lineage(), number, chainThere);
        return new Tip(position, follows.pageSize(), pageCount, Instant.ofEpochMilli(millis));
    }

    /** Frames of this part; its frames have the indexes 0 to {@code count - 1}. */
    public int count() {
        return count;
    }

    /** The number of the frame at index 0. */
    public long firstFrame() {
        return firstFrame;
    }

    /** The page that frame {@code index} replaces. */
    public int pageNumber(int index) {
        return fields.getInt(index * LogWriter.FRAME_HEADER_BYTES);
    }

    /** Pages of the database after the commit; 0 if frame {@code index} is none. */
    public int databasePages(int index) {
        return fields.getInt(index * LogWriter.FRAME_HEADER_BYTES + 4);
    }

    /** When frame {@code index} was committed, in milliseconds; 0 if it is no commit. */
    public long committedAtMillis(int index) {
        return fields.getLong(index * LogWriter.FRAME_HEADER_BYTES + 8);
    }

    /** The pages of frames {@code from} to {@code to - 1}, which lie together. Valid until the next part is read. */
    public ByteBuffer pages(int from, int to) {
        return ByteBuffer.wrap(blocks.content(), pageOffset(from), (to - from) * follows.pageSize());
    }

    private int pageOffset(int index) {
        return count * LogWriter.FRAME_HEADER_BYTES + index * follows.pageSize();
    }
}
