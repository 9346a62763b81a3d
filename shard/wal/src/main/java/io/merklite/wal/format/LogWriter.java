package io.merklite.wal.format;

import io.merklite.wal.WalException;
import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;

/**
 * Writes a log: the envelope of {@link Container}, frames as its items.
 *
 * <pre>
 * content block of n frames
 *    0   n · 16         frame headers: 4 page number (from 1), 4 pages of the database after the commit or 0,
 *                       8 time of the commit in milliseconds or 0
 *  n·16  n · page size  the pages, in the same order
 *
 * end block, 32 bytes: what the log leads to
 *  0  8  number of the last frame (of the frame it follows, if it has none)
 *  8  8  chain hash there
 * 16  8  time of the last commit at or before it
 * 24  4  pages of the database after that commit
 * 28  4  zero
 * </pre>
 *
 * Headers come before pages so that neighbouring pages lie together, and are written to the database with one call.
 *
 * <p>A log may end between a frame and its commit. A replica keeps such frames and shows none of them until the commit
 * comes.
 *
 * <p><b>Threading.</b> Not thread-safe. Blocks on the file.
 */
public final class LogWriter implements Closeable {
    static final int FRAME_HEADER_BYTES = 16;
    static final int END_BYTES = 32;

    private final Path path;
    private final Tip follows;
    private final OutputStream out;
    private final BlockWriter blocks;
    private final int blockItems;
    private final byte[] content;
    private final ByteBuffer fields;
    private final byte[] pages;
    private int items;
    private long frameNumber;
    private long chain;
    private int databasePages;
    private long committedAtMillis;
    private boolean isFinished;

    private LogWriter(Path path, Tip follows, OutputStream out) throws IOException {
        this.path = path;
        this.follows = follows;
        this.out = out;
        blocks = new BlockWriter(out, Container.LOG, follows);
        blockItems = Container.blockItems(follows.pageSize());
        content = new byte[blockItems * (FRAME_HEADER_BYTES + follows.pageSize())];
        fields = ByteBuffer.wrap(content).order(ByteOrder.BIG_ENDIAN);
        pages = new byte[blockItems * follows.pageSize()];
        frameNumber = follows.position().frameNumber();
        chain = follows.position().chain();
        databasePages = follows.pageCount();
        committedAtMillis = follows.committedAt().toEpochMilli();
    }

    /** Starts a log in {@code path}, which is replaced if it exists, of the frames after {@code follows}. */
    public static LogWriter create(Path path, Tip follows) {
        try {
            return new LogWriter(path, follows, Files.newOutputStream(path));
        } catch (IOException e) {
            throw new WalException.Storage("cannot write " + path, e);
        }
    }

    /**
     * Adds a frame of {@link io.merklite.wal.replication.Frames}.
     *
     * @throws IllegalArgumentException if it is not the next one
     */
    public void append(Frame frame) {
        if (frame.number() != frameNumber + 1) {
            throw new IllegalArgumentException("frame " + frame.number() + " does not follow frame " + frameNumber);
        }
        append(frame.pageNumber(), frame.databasePages(), frame.committedAtMillis(), frame.pageBytes(), 0);
    }

    /** Internal: adds the page at {@code offset} of {@code bytes} as the next frame. */
    public void append(int pageNumber, int framePages, long frameMillis, byte[] bytes, int offset) {
        var header = items * FRAME_HEADER_BYTES;
        fields.putInt(header, pageNumber).putInt(header + 4, framePages).putLong(header + 8, frameMillis);
        System.arraycopy(bytes, offset, pages, items * follows.pageSize(), follows.pageSize());
        chain = Hashes.chain(chain, pageNumber, framePages, bytes, offset, follows.pageSize());
        frameNumber++;
        items++;
        if (framePages > 0) {
            databasePages = framePages;
            committedAtMillis = frameMillis;
        }
        if (items == blockItems) {
            flush();
        }
    }

    /** Ends the log and closes the file. */
    public Log finish() {
        if (isFinished) {
            throw new IllegalStateException(path + " is finished");
        }
        flush();
        fields.putLong(0, frameNumber).putLong(8, chain).putLong(16, committedAtMillis);
        fields.putInt(24, databasePages).putInt(28, 0);
        try {
            blocks.write(Container.END, 0, frameNumber + 1, content, END_BYTES);
            out.close();
        } catch (IOException e) {
            throw new WalException.Storage("cannot write " + path, e);
        }
        isFinished = true;
        return Log.written(path, follows, last());
    }

    /** Where the log leads so far. */
    public Tip last() {
        return new Tip(
                new Position(follows.position().lineage(), frameNumber, chain),
                follows.pageSize(),
                databasePages,
                Instant.ofEpochMilli(committedAtMillis));
    }

    /** Closes the file. A log that is not finished is refused by every reader. */
    @Override
    public void close() {
        try {
            out.close();
        } catch (IOException e) {
            throw new WalException.Storage("cannot close " + path, e);
        }
    }

    private void flush() {
        if (items == 0) {
            return;
        }
        System.arraycopy(pages, 0, content, items * FRAME_HEADER_BYTES, items * follows.pageSize());
        try {
            blocks.write(
                    Container.CONTENT,
                    items,
                    frameNumber - items + 1,
                    content,
                    items * (FRAME_HEADER_BYTES + follows.pageSize()));
        } catch (IOException e) {
            throw new WalException.Storage("cannot write " + path, e);
        }
        items = 0;
    }
}
