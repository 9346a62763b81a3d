package io.merklite.wal.replication;

import io.merklite.wal.format.LogReader;
import io.merklite.wal.format.SnapshotReader;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * A database file that no SQLite connection has open, written page by page.
 *
 * <p><b>Threading.</b> Not thread-safe. Blocks on the file.
 */
final class PageFile implements Closeable {
    private final FileChannel channel;
    private final int pageSize;

    private PageFile(FileChannel channel, int pageSize) {
        this.channel = channel;
        this.pageSize = pageSize;
    }

    static PageFile open(Path path, int pageSize) throws IOException {
        return new PageFile(FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE), pageSize);
    }

    /** Writes all pages of a snapshot. */
    void write(SnapshotReader snapshot) throws IOException {
        while (snapshot.next()) {
            write(snapshot.firstPage(), snapshot.pages());
        }
    }

    /**
     * Writes the frames of {@code log} with numbers over {@code after} and up to {@code last}; reads the log to its
     * end.
     */
    void write(LogReader log, long after, long last) throws IOException {
        while (log.next()) {
            var from = Math.clamp(after + 1 - log.firstFrame(), 0, log.count());
            var to = Math.clamp(last + 1 - log.firstFrame(), 0, log.count());
            while (from < to) {
                var run = neighbours(log, from, to);
                write(log.pageNumber(from), log.pages(from, run));
                from = run;
            }
        }
    }

    /** The end of the run of frames from {@code from} whose pages lie one after the other in the database too. */
    private static int neighbours(LogReader log, int from, int to) {
        var next = from + 1;
        while (next < to && log.pageNumber(next) == log.pageNumber(next - 1) + 1) {
            next++;
        }
        return next;
    }

    private void write(long firstPage, ByteBuffer pages) throws IOException {
        var at = (firstPage - 1) * pageSize;
        while (pages.hasRemaining()) {
            at += channel.write(pages, at);
        }
    }

    /** Makes the file {@code pageCount} pages long and puts it on the disk. */
    void finish(int pageCount) throws IOException {
        var size = (long) pageCount * pageSize;
        if (channel.size() > size) {
            channel.truncate(size);
        } else if (channel.size() < size) {
            // SQLite grows a file to its full size after a checkpoint even if the last pages were never written; so
            // must we.
            write(pageCount, ByteBuffer.allocate(pageSize));
        }
        channel.force(true);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
