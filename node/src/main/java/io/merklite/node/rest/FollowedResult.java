package io.merklite.node.rest;

import io.merklite.cluster.replica.Watch;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import org.apache.pekko.util.ByteString;

/**
 * A query whose result somebody follows, over one connection after another.
 *
 * <p>It remembers what it told last, since a connection that breaks takes with it what was on its way; what it told before, and
 * what has changed while nobody listened, follows from the rows that the reader knows.
 *
 * <p><b>Invariants.</b> (1) A reader that goes on behind an event gets every event after it once, in order, or is told that
 * this can't be. (2) One connection is told something at a time: the last one that came.
 *
 * <p><b>Threading.</b> Thread-safe: a connection may still be told something while the next one comes.
 */
final class FollowedResult {
    private static final int KEPT_COUNT = 1_000;
    private static final int KEPT_BYTES = 1 << 20;

    private final String id;
    private final String database;
    private final String sql;
    private final FeedFormat format;
    private final ResultFeed feed;
    private final Deque<Event> recent = new ArrayDeque<>();
    private int recentBytes;
    private long firstRecent;
    private long connection;
    private boolean isRead = true;

    /**
     * An event that was told.
     *
     * @param change how many changes had been told with it
     */
    private record Event(long change, ByteString bytes) {}

    /** @param id that nobody can guess */
    FollowedResult(String id, String database, String sql, FeedFormat format) {
        this.id = id;
        this.database = database;
        this.sql = sql;
        this.format = format;
        this.feed = new ResultFeed(id, format);
    }

    String id() {
        return id;
    }

    String database() {
        return database;
    }

    String sql() {
        return sql;
    }

    FeedFormat format() {
        return format;
    }

    /** The number of the connection that begins now; what others are told is nothing from here on. */
    synchronized long connected() {
        isRead = true;
        return ++connection;
    }

    /** A connection has ended. Returns whether it was the last one, so that nobody reads now. */
    synchronized boolean disconnected(long which) {
        if (which == connection) {
            isRead = false;
        }
        return which == connection;
    }

    /** Whether nobody has come since that connection ended. */
    synchronized boolean isAbandonedSince(long which) {
        return which == connection && !isRead;
    }

    synchronized boolean isRead() {
        return isRead;
    }

    /** Whether no other connection has taken the place of this one, which must end then. */
    synchronized boolean isTold(long which) {
        return which == connection;
    }

    /** What a connection is told next; nothing if another one has taken its place. */
    synchronized List<ByteString> next(long which, Watch watch) {
        if (which != connection) {
            return List.of();
        }
        List<ByteString> told = new ArrayList<>();
        for (var event : feed.next(watch)) {
            if (!(watch instanceof Watch.Ended)) {
                keep(event);
            }
            told.add(event.bytes());
        }
        return told;
    }

    private void keep(ResultFeed.Event event) {
        recent.add(new Event(event.change(), event.bytes()));
        recentBytes += event.bytes().size();
        while (recent.size() > KEPT_COUNT || recentBytes > KEPT_BYTES) {
            var gone = recent.remove();
            recentBytes -= gone.bytes().size();
            firstRecent = gone.change();
        }
    }

    /** What was told after {@code change}; none if not all of that is remembered, or it was not told. */
    synchronized Optional<List<ByteString>> after(long change) {
        if (change < firstRecent || change > feed.changeCount()) {
            return Optional.empty();
        }
        return Optional.of(recent.stream()
                .filter(event -> event.change() > change)
                .map(Event::bytes)
                .toList());
    }

    synchronized ByteString heartbeat() {
        return feed.heartbeat();
    }
}
