package io.merklite.wal.format;

import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.Optional;

/**
 * One page as one transaction left it. A transaction is a run of frames, of which the last is the commit.
 *
 * <p><b>Threading.</b> Immutable.
 */
public final class Frame {
    private final long number;
    private final int pageNumber;
    private final int databasePages;
    private final long committedAtMillis;
    private final byte[] page;

    private Frame(long number, int pageNumber, int databasePages, long committedAtMillis, byte[] page) {
        this.number = number;
        this.pageNumber = pageNumber;
        this.databasePages = databasePages;
        this.committedAtMillis = committedAtMillis;
        this.page = page;
    }

    /** Internal: takes ownership of {@code page}. A frame that is no commit has zero database pages. */
    public static Frame wrap(long number, int pageNumber, int databasePages, long committedAtMillis, byte[] page) {
        return new Frame(number, pageNumber, databasePages, committedAtMillis, page);
    }

    /** Its place in the history of the database, from 1. */
    public long number() {
        return number;
    }

    /** The page it replaces, from 1. */
    public int pageNumber() {
        return pageNumber;
    }

    /** Whether a transaction ends here. */
    public boolean isCommit() {
        return databasePages > 0;
    }

    /** Pages of the database after the commit; 0 if this is none. */
    public int databasePages() {
        return databasePages;
    }

    /** When the commit was made; empty if this is none. */
    public Optional<Instant> committedAt() {
        return isCommit() ? Optional.of(Instant.ofEpochMilli(committedAtMillis)) : Optional.empty();
    }

    /** The content of the page, read-only. */
    public ByteBuffer page() {
        return ByteBuffer.wrap(page).asReadOnlyBuffer();
    }

    /** Internal: the tip after this frame, if it follows {@code tip}. */
    public Tip after(Tip tip) {
        return tip.after(pageNumber, databasePages, committedAtMillis, page, 0);
    }

    long committedAtMillis() {
        return committedAtMillis;
    }

    byte[] pageBytes() {
        return page;
    }

    @Override
    public String toString() {
        return "frame " + number + ": page " + pageNumber
                + (isCommit() ? ", commit at " + databasePages + " pages" : "");
    }
}
