package io.merklite.loadtest.cluster;

import io.merklite.loadtest.local.LocalNode;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.LockSupport;

/**
 * The file of a follower, looked at from outside, all the time: when which row can be read there.
 *
 * <p>Ids rise in the order of commits, so the largest one tells all.
 *
 * <p><b>Threading.</b> A thread of its own looks; everything else is for the thread that opened it, which may wait.
 */
final class FollowerFile implements AutoCloseable {
    private static final long LOOK_NANOS = 100_000;
    private static final int MAX_ROWS = 1_000_000;

    private final Connection connection;
    private final PreparedStatement largest;
    /** By id: when it was there, by the clock of {@link System#nanoTime}; 0 if it is not yet. */
    private final AtomicLongArray seenNanos = new AtomicLongArray(MAX_ROWS);

    private final Thread looking;
    private volatile long seenId;
    private volatile boolean isClosed;

    private FollowerFile(Connection connection, PreparedStatement largest) {
        this.connection = connection;
        this.largest = largest;
        this.looking = Thread.ofPlatform().daemon().name("follower-file").unstarted(this::look);
    }

    /** Looks at the file of a node's copy, which must be there. */
    static FollowerFile open(LocalNode node) throws SQLException {
        Path file = node.directory().resolve("data/databases/" + Shop.NAME + ".db");
        var connection = DriverManager.getConnection("jdbc:sqlite:" + file);
        var opened = new FollowerFile(connection, connection.prepareStatement("SELECT coalesce(max(id), 0) FROM item"));
        opened.seenId = opened.largest();
        opened.looking.start();
        return opened;
    }

    /** The largest id that was seen. */
    long seenId() {
        return seenId;
    }

    /** When the row was seen first; 0 if it was not yet. */
    long seenNanos(long id) {
        return seenNanos.get((int) id);
    }

    private long largest() throws SQLException {
        try (var rows = largest.executeQuery()) {
            return rows.next() ? rows.getLong(1) : 0;
        }
    }

    private void look() {
        try {
            while (!isClosed) {
                var now = largest();
                var nanos = System.nanoTime();
                for (var id = seenId + 1; id <= now; id++) {
                    seenNanos.set((int) id, nanos);
                }
                seenId = now;
                LockSupport.parkNanos(LOOK_NANOS);
            }
        } catch (SQLException e) {
            throw new IllegalStateException("looking at a follower's file", e);
        }
    }

    @Override
    public void close() throws SQLException {
        isClosed = true;
        try {
            looking.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        connection.close();
    }
}
