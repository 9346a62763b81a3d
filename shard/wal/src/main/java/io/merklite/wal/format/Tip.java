package io.merklite.wal.format;

import io.merklite.wal.WalException;
import java.time.Instant;

/**
 * What a copy of a database is at some position: enough to check that a log fits on it.
 *
 * @param position where it stands
 * @param pageSize bytes in a page, a power of two from 512 to 65,536
 * @param pageCount pages of the database after the last commit at or before {@code position}
 * @param committedAt when that commit was made, in milliseconds; {@link Instant#EPOCH} before the first
 */
public record Tip(Position position, int pageSize, int pageCount, Instant committedAt) {
    public static final int SMALLEST_PAGE = 512;
    public static final int LARGEST_PAGE = 65_536;

    public Tip {
        if (!isPageSize(pageSize)) {
            throw new IllegalArgumentException("pageSize = " + pageSize + ", must be a power of two in [512, 65536]");
        }
        if (pageCount < 0) {
            throw new IllegalArgumentException("pageCount = " + pageCount + ", must be at least 0");
        }
    }

    /** Whether SQLite knows pages of this size. */
    public static boolean isPageSize(int size) {
        return size >= SMALLEST_PAGE && size <= LARGEST_PAGE && Integer.bitCount(size) == 1;
    }

    /**
     * Internal: the tip after one more frame, whose page is at {@code offset} of {@code bytes}.
     *
     * @param databasePages pages of the database after the commit, 0 if the frame is none
     * @param committedAtMillis when; ignored if the frame is no commit
     */
    public Tip after(int pageNumber, int databasePages, long committedAtMillis, byte[] bytes, int offset) {
        var chain = Hashes.chain(position.chain(), pageNumber, databasePages, bytes, offset, pageSize);
        var next = new Position(position.lineage(), position.frameNumber() + 1, chain);
        return databasePages > 0
                ? new Tip(next, pageSize, databasePages, Instant.ofEpochMilli(committedAtMillis))
                : new Tip(next, pageSize, pageCount, committedAt);
    }

    /**
     * Checks that a log may be applied here.
     *
     * @param follows what the log says it follows
     * @throws WalException.ForeignLog if it is of another database
     * @throws WalException.LogGap if a log between them is missing
     * @throws WalException.LogAlreadyApplied if the log begins earlier
     * @throws WalException.Forked if the frames up to there were others
     */
    public void requireFollowedBy(Tip follows) {
        var there = follows.position();
        if (!position.lineage().equals(there.lineage()) || pageSize != follows.pageSize()) {
            throw new WalException.ForeignLog(describe(), follows.describe());
        }
        if (there.frameNumber() > position.frameNumber()) {
            throw new WalException.LogGap(position.frameNumber(), there.frameNumber());
        }
        if (there.frameNumber() < position.frameNumber()) {
            throw new WalException.LogAlreadyApplied(position.frameNumber(), there.frameNumber());
        }
        if (there.chain() != position.chain()) {
            throw new WalException.Forked(position.frameNumber());
        }
    }

    private String describe() {
        return position.lineage() + " with pages of " + pageSize + " bytes";
    }

    /** Bytes of the database file. */
    public long sizeBytes() {
        return (long) pageCount * pageSize;
    }
}
