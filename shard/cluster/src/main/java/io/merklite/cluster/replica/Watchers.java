package io.merklite.cluster.replica;

import io.merklite.cluster.journal.ChangesetLog;
import io.merklite.cluster.sql.ResultColumn;
import io.merklite.cluster.sql.SqlError;
import io.merklite.cluster.sql.StatementResult;
import io.merklite.sync.SyncException;
import io.merklite.sync.database.QueryResult;
import io.merklite.sync.database.Registration;
import io.merklite.sync.transaction.Transaction;
import io.merklite.sync.vector.VersionVector;
import io.merklite.sync.vector.VersionVector.SeqRange;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.pekko.actor.typed.ActorRef;

/**
 * Who is told of what happens to a database: results of queries, and transactions.
 *
 * <p>A watcher of transactions has a place: what it was told of so far. It is told of what comes after that from memory,
 * if that reaches back so far, and else from the changeset log, as fast as it {@linkplain #taken takes} them. So one that
 * is slow is told later, and costs no memory. If the log does not reach back so far either, it is told of a {@linkplain
 * Watch.Gap gap}, and goes on from now.
 *
 * <p><b>Invariants.</b> (1) A watcher is told of each transaction once, in an order that respects causes, or of a gap. (2)
 * No more than a window is told and not taken, but for one page of the log or one transaction.
 *
 * <p><b>Threading.</b> Confined to the database's actor.
 */
final class Watchers {
    private static final int WINDOW_COUNT = 256;
    private static final long WINDOW_BYTES = 4 << 20;
    private static final long PAGE_BYTES = 1 << 20;

    private final ReplicaCore core;
    private final Log log;
    private final Map<ActorRef<Watch>, Registration> queries = new HashMap<>();
    private final Map<ActorRef<Watch>, Feed> feeds = new HashMap<>();
    private boolean isBehind;

    /** The changeset log, as far as watchers need it. */
    interface Log {
        /** Whether everything that was committed is on its way to the log, so that what it lacks is gone. */
        boolean isComplete();

        /** Answered by {@link Watchers#read}. */
        void read(ActorRef<Watch> watcher, List<SeqRange> ranges, long maxSizeBytes);
    }

    /** Where a watcher of transactions is. */
    private static final class Feed {
        private final Deque<Long> untakenBytes = new ArrayDeque<>();
        private VersionVector place;
        private long takenCount;
        private long waitingBytes;
        private boolean isReading;
        private Optional<ChangesetLog.Page> page = Optional.empty();

        private Feed(VersionVector place) {
            this.place = place;
        }

        private boolean hasRoom() {
            return untakenBytes.size() < WINDOW_COUNT && waitingBytes < WINDOW_BYTES;
        }

        private void tell(ActorRef<Watch> watcher, Transaction transaction) {
            place = place.with(transaction.origin(), transaction.seq());
            long size = transaction.sizeBytes();
            untakenBytes.add(size);
            waitingBytes += size;
            watcher.tell(new Watch.Changed(transaction, place));
        }

        private void taken(long count) {
            for (; takenCount < count && !untakenBytes.isEmpty(); takenCount++) {
                waitingBytes -= untakenBytes.remove();
            }
        }
    }

    Watchers(ReplicaCore core, Log log) {
        this.core = core;
        this.log = log;
    }

    /** Tells {@code watcher} the result of a query, now and whenever it changes. Not while a transaction is open. */
    void watchQuery(String sql, ActorRef<Watch> watcher) {
        try {
            var registration = core.database().subscribe(sql, result -> watcher.tell(new Watch.Result(of(result))));
            Optional.ofNullable(queries.put(watcher, registration)).ifPresent(Registration::close);
        } catch (SyncException e) {
            watcher.tell(new Watch.Ended(new SqlError(e.code(), String.valueOf(e.getMessage()))));
        }
    }

    private static StatementResult of(QueryResult result) {
        var columns = result.columns().stream()
                .map(name -> new ResultColumn(name, Optional.empty()))
                .toList();
        return new StatementResult(
                columns, result.rows(), 0, OptionalLong.empty(), result.rows().size(), 0, 0);
    }

    /** Tells {@code watcher} of transactions that {@code after} does not have, from {@link #advance} on. */
    void watchChanges(VersionVector after, ActorRef<Watch> watcher) {
        feeds.put(watcher, new Feed(after));
        isBehind = true;
    }

    /** Something was committed, or time has come on. */
    void wake() {
        isBehind = !feeds.isEmpty();
    }

    /**
     * A watcher has taken in so much of what it was told.
     *
     * @param count of transactions since it began
     * @return whether it is known here
     */
    boolean taken(ActorRef<Watch> watcher, long count) {
        var feed = feeds.get(watcher);
        if (feed != null) {
            feed.taken(count);
            isBehind = true;
        }
        return feed != null || queries.containsKey(watcher);
    }

    /** What the log has of the ranges that were asked for; nothing if it could not be read, to be asked again. */
    void read(ActorRef<Watch> watcher, Optional<ChangesetLog.Page> page) {
        var feed = feeds.get(watcher);
        if (feed != null) {
            feed.isReading = false;
            feed.page = page;
            isBehind |= page.isPresent();
        }
    }

    /** Tells watchers what they may be told now. Not while a transaction is open, or on its way to the log. */
    void advance() {
        if (isBehind) {
            isBehind = false;
            feeds.forEach(this::advance);
        }
    }

    private void advance(ActorRef<Watch> watcher, Feed feed) {
        feed.page.ifPresent(page -> tell(watcher, feed, page));
        feed.page = Optional.empty();
        if (feed.isReading || !feed.hasRoom() || feed.place.covers(core.vector())) {
            return;
        }
        var recent = core.recent(feed.place);
        if (recent.isPresent()) {
            for (var transaction : recent.get()) {
                if (!feed.hasRoom()) {
                    return;
                }
                feed.tell(watcher, transaction);
            }
        } else if (log.isComplete()) {
            feed.isReading = true;
            log.read(watcher, feed.place.missingFrom(core.vector()), PAGE_BYTES);
        }
    }

    private void tell(ActorRef<Watch> watcher, Feed feed, ChangesetLog.Page page) {
        if (page.gone().isEmpty()) {
            page.transactions().forEach(transaction -> feed.tell(watcher, transaction));
        } else {
            feed.place = feed.place.join(core.vector());
            watcher.tell(new Watch.Gap(core.vector()));
        }
    }

    /** The watcher is gone. */
    void forget(ActorRef<Watch> watcher) {
        Optional.ofNullable(queries.remove(watcher)).ifPresent(Registration::close);
        feeds.remove(watcher);
    }

    boolean isEmpty() {
        return queries.isEmpty() && feeds.isEmpty();
    }

    /** Tells all that it is over. */
    void end(SqlError why) {
        queries.forEach((watcher, registration) -> {
            registration.close();
            watcher.tell(new Watch.Ended(why));
        });
        feeds.keySet().forEach(watcher -> watcher.tell(new Watch.Ended(why)));
        queries.clear();
        feeds.clear();
    }
}
