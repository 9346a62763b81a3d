package io.merklite.wal.frames;

/** Takes frames in order. */
@FunctionalInterface
public interface FrameSink {
    /**
     * @param frame the number of the frame in its generation of the file, from 1
     * @param pageNumber the page it replaces
     * @param databasePages pages of the database after the commit, 0 if the frame is none
     * @param bytes holds the page; valid during the call
     * @param offset where the page begins in {@code bytes}
     */
    void frame(int frame, int pageNumber, int databasePages, byte[] bytes, int offset);
}
