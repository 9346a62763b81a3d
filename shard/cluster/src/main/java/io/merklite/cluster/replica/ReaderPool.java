package io.merklite.cluster.replica;

import io.merklite.cluster.replica.DatabaseActor.FetchSql;
import io.merklite.cluster.replica.DatabaseActor.RunSql;
import io.merklite.cluster.sql.SqlStreamState;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.javadsl.ActorContext;

/**
 * The connections that read beside the writer: opened when there is something to read, as many as are allowed.
 *
 * <p>A stream in a read transaction keeps its connection, and with it the snapshot of its first read.
 *
 * <p><b>Threading.</b> Confined to the database's actor.
 */
final class ReaderPool {
    private final ActorContext<?> context;
    private final Path file;
    private final int maxCount;
    private final LongSupplier commitCount;
    private final InstantSource clock;
    private final ActorRef<ReaderActor.Report> reports;
    private final Deque<ActorRef<ReaderActor.Command>> idle = new ArrayDeque<>();
    private final Deque<ReaderActor.Work> waiting = new ArrayDeque<>();
    private final Map<StreamId, ActorRef<ReaderActor.Command>> pinned = new HashMap<>();
    private int count;

    /**
     * @param maxCount connections for streams without a transaction; each read transaction may have one more
     * @param commitCount of the database, for transactions that begin to write
     * @param reports where readers say that they are done
     */
    ReaderPool(
            ActorContext<?> context,
            Path file,
            int maxCount,
            LongSupplier commitCount,
            InstantSource clock,
            ActorRef<ReaderActor.Report> reports) {
        this.commitCount = commitCount;
        this.clock = clock;
        this.context = context;
        this.file = file;
        this.maxCount = maxCount;
        this.reports = reports;
    }

    /** Runs requests that only read, as far as their text tells. */
    void run(RunSql sql, SqlStreamState stream) {
        give(new ReaderActor.Run(sql, stream));
    }

    /** Begins a cursor, or goes on with it. */
    void fetch(FetchSql sql, SqlStreamState stream) {
        give(new ReaderActor.Fetch(sql, stream));
    }

    private void give(ReaderActor.Work work) {
        var keeper = pinned.get(work.id());
        if (keeper == null) {
            waiting.add(work);
            dispatch();
        } else {
            keeper.tell(work);
        }
    }

    /** Whether a reader has something of the stream's open. */
    boolean keepsFor(StreamId stream) {
        return pinned.containsKey(stream);
    }

    private void dispatch() {
        while (!waiting.isEmpty()) {
            if (idle.isEmpty()) {
                if (count - pinned.size() >= maxCount) {
                    return;
                }
                count++;
                idle.add(context.spawn(
                        ReaderActor.create(file, commitCount, clock, reports),
                        "reader-" + count,
                        Dispatchers.BLOCKING));
            }
            idle.removeLast().tell(waiting.remove());
        }
    }

    /** Takes a reader back. */
    void returned(ReaderActor.Report report) {
        if (report.keeps()) {
            pinned.put(report.work().id(), report.reader());
        } else {
            pinned.remove(report.work().id());
            idle.add(report.reader());
        }
        dispatch();
    }

    /** The stream is gone. */
    void close(StreamId stream) {
        var keeper = pinned.remove(stream);
        if (keeper != null) {
            keeper.tell(ReaderActor.Reset.RESET);
            idle.add(keeper);
        }
        waiting.removeIf(work -> work.id().equals(stream));
    }

    /** The stream's cursor is not wanted any more. */
    void closeCursor(StreamId stream) {
        var keeper = pinned.get(stream);
        if (keeper != null) {
            keeper.tell(ReaderActor.CloseCursor.CLOSE_CURSOR);
        }
    }

    /** Whether somebody reads, or has a transaction open. */
    boolean isBusy() {
        return !waiting.isEmpty() || idle.size() < count;
    }
}
