package io.merklite.cluster.replica;

import io.merklite.cluster.replica.DatabaseActor.FetchSql;
import io.merklite.cluster.replica.DatabaseActor.RunSql;
import io.merklite.cluster.sql.SqlStreamState;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.LongSupplier;
import java.util.stream.Stream;
import org.apache.pekko.actor.typed.ActorRef;
import org.apache.pekko.actor.typed.Behavior;
import org.apache.pekko.actor.typed.javadsl.ActorContext;

/**
 * The connections that read beside the owner of a file: opened when there is something to read, as many as are allowed.
 *
 * <p>A stream in a read transaction, or with a cursor, keeps its connection, and with it the snapshot of its first read;
 * one that does nothing for a while {@linkplain #expire loses} both.
 *
 * <p><b>Threading.</b> Confined to the owner's actor.
 */
final class ReaderPool {
    private final Opener opener;
    private final ReplicaSettings settings;
    private final InstantSource clock;
    private final Cancellation node;
    private final Deque<ActorRef<ReaderActor.Command>> idle = new ArrayDeque<>();
    private final Deque<Waiting> waiting = new ArrayDeque<>();
    private final Map<ActorRef<ReaderActor.Command>, ReaderActor.Work> busy = new HashMap<>();
    private final Map<StreamId, Keeper> keepers = new HashMap<>();
    private final Set<ActorRef<ReaderActor.Command>> abandoned = new HashSet<>();
    private int count;
    private int opened;

    /** Starts readers. */
    private interface Opener {
        ActorRef<ReaderActor.Command> open(int number);
    }

    /** A reader that has something of a stream's open. */
    private record Keeper(ActorRef<ReaderActor.Command> reader, SqlStreamState stream, Instant used) {}

    /** Work that no connection is free for. */
    private record Waiting(ReaderActor.Work work, Instant until) {}

    private ReaderPool(Opener opener, ReplicaSettings settings, InstantSource clock, Cancellation node) {
        this.opener = opener;
        this.settings = settings;
        this.clock = clock;
        this.node = node;
    }

    /**
     * @param context of the owner, whose children the readers are
     * @param home of the owner: how many connections there may be for streams without a transaction (each read transaction
     *     may have one more), the clock, and whether the node stops
     * @param commitCount of the database, for transactions that begin to write
     * @param reports where readers say that they are done
     * @param gone what the owner is told of a reader that has failed, to be handed to {@link #failed}
     */
    static <T> ReaderPool create(
            ActorContext<T> context,
            ReplicaHome home,
            String database,
            LongSupplier commitCount,
            ActorRef<ReaderActor.Report> reports,
            Function<ActorRef<ReaderActor.Command>, T> gone) {
        Behavior<ReaderActor.Command> behavior =
                ReaderActor.create(home.file(database), commitCount, home.clock(), reports);
        return new ReaderPool(
                number -> {
                    var reader = context.spawn(behavior, "reader-" + number, Dispatchers.BLOCKING);
                    context.watchWith(reader, gone.apply(reader));
                    return reader;
                },
                home.settings(),
                home.clock(),
                home.running());
    }

    /** Runs requests that only read, as far as their text tells. */
    void run(RunSql sql, SqlStreamState stream) {
        give(new ReaderActor.Run(sql, stream, node.part()));
    }

    /** Begins a cursor, or goes on with it. */
    void fetch(FetchSql sql, SqlStreamState stream) {
        give(new ReaderActor.Fetch(sql, stream, node.part()));
    }

    private void give(ReaderActor.Work work) {
        var keeper = keepers.get(work.id());
        if (keeper == null && waiting.size() >= settings.maxQueueCount()) {
            refuse(work, SqlReply.Refusal.OVERLOADED, settings.maxQueueCount() + " requests wait for a reader");
        } else if (keeper == null) {
            waiting.add(new Waiting(work, clock.instant().plus(settings.queueTimeout())));
            dispatch();
        } else {
            give(work, keeper.reader());
        }
    }

    private void give(ReaderActor.Work work, ActorRef<ReaderActor.Command> reader) {
        busy.put(reader, work);
        reader.tell(work);
    }

    /** Whether a reader has something of the stream's open. */
    boolean keepsFor(StreamId stream) {
        return keepers.containsKey(stream);
    }

    private void dispatch() {
        while (!waiting.isEmpty()) {
            if (idle.isEmpty()) {
                if (count - keepers.size() >= settings.readerCount()) {
                    return;
                }
                count++;
                opened++;
                idle.add(opener.open(opened));
            }
            give(waiting.remove().work(), idle.removeLast());
        }
    }

    /** Takes a reader back; false if the stream that it worked for is gone. */
    boolean returned(ReaderActor.Report report) {
        var reader = report.reader();
        var id = report.work().id();
        var wasRunning = busy.remove(reader, report.work());
        if (abandoned.remove(reader)) {
            idle.add(reader);
            dispatch();
            return false;
        }
        var keeper = keepers.get(id);
        if (!wasRunning && (keeper == null || !keeper.reader().equals(reader))) {
            return false; // of a cursor that was closed, by a stream that was closed after it
        }
        if (report.keeps()) {
            keepers.put(id, new Keeper(reader, report.work().stream(), clock.instant()));
        } else {
            keepers.remove(id);
            idle.add(reader);
        }
        dispatch();
        return true;
    }

    /** A reader has failed: whom it had to answer is refused, what it kept is lost. Gives the streams that this concerns. */
    List<StreamId> failed(ActorRef<ReaderActor.Command> reader) {
        List<StreamId> lost = new ArrayList<>();
        count--;
        idle.remove(reader);
        abandoned.remove(reader);
        keepers.entrySet().removeIf(entry -> {
            var isIts = entry.getValue().reader().equals(reader);
            if (isIts) {
                lost.add(entry.getKey());
            }
            return isIts;
        });
        var work = busy.remove(reader);
        if (work != null) {
            lost.add(work.id());
            refuse(work, SqlReply.Refusal.UNAVAILABLE, "the database could not be read: see the node's log");
        }
        dispatch();
        return lost;
    }

    /**
     * Ends what streams have open and did not use for a while, and refuses what waits for too long. Gives the states of those
     * streams as they are then.
     */
    Map<StreamId, SqlStreamState> expire() {
        var now = clock.instant();
        while (!waiting.isEmpty() && !waiting.getFirst().until().isAfter(now)) {
            refuse(
                    waiting.remove().work(),
                    SqlReply.Refusal.BUSY,
                    "all readers were busy for " + settings.queueTimeout());
        }
        var before = now.minus(settings.streamIdle());
        Map<StreamId, SqlStreamState> ended = new HashMap<>();
        keepers.forEach((id, keeper) -> {
            if (!keeper.used().isAfter(before) && !busy.containsKey(keeper.reader())) {
                ended.put(id, keeper.stream().whenTakenAway());
            }
        });
        ended.keySet().forEach(this::close);
        return ended;
    }

    /** The stream is gone. */
    void close(StreamId stream) {
        waiting.removeIf(one -> one.work().id().equals(stream));
        readerOf(stream).ifPresent(reader -> {
            keepers.remove(stream);
            reader.tell(ReaderActor.Reset.RESET);
            if (busy.containsKey(reader)) {
                busy.get(reader).cancellation().cancel();
                abandoned.add(reader);
            } else {
                idle.add(reader);
                dispatch();
            }
        });
    }

    private Optional<ActorRef<ReaderActor.Command>> readerOf(StreamId stream) {
        return Optional.ofNullable(keepers.get(stream))
                .map(Keeper::reader)
                .or(() -> busy.entrySet().stream()
                        .filter(entry -> entry.getValue().id().equals(stream))
                        .map(Map.Entry::getKey)
                        .findFirst());
    }

    /** The node that streams belonged to is gone. */
    void closeAll(long node) {
        waiting.removeIf(one -> one.work().id().node() == node);
        Stream.concat(keepers.keySet().stream(), busy.values().stream().map(ReaderActor.Work::id))
                .filter(id -> id.node() == node)
                .distinct()
                .toList()
                .forEach(this::close);
    }

    /** The stream's cursor is not wanted any more, nor is what is being fetched of it. */
    void closeCursor(StreamId stream) {
        Stream.concat(waiting.stream().map(Waiting::work), busy.values().stream())
                .filter(work -> work instanceof ReaderActor.Fetch && work.id().equals(stream))
                .forEach(fetch -> fetch.cancellation().cancel());
        readerOf(stream).ifPresent(reader -> reader.tell(ReaderActor.CloseCursor.CLOSE_CURSOR));
    }

    /** Whether somebody reads, or has a transaction open. */
    boolean isBusy() {
        return !waiting.isEmpty() || idle.size() < count;
    }

    /** Closes all readers, each when it has done what it was given. */
    void close() {
        waiting.forEach(one -> refuse(one.work(), SqlReply.Refusal.ELSEWHERE, "the readers of this copy close"));
        waiting.clear();
        Stream.of(
                        idle.stream(),
                        busy.keySet().stream(),
                        keepers.values().stream().map(Keeper::reader))
                .flatMap(readers -> readers)
                .distinct()
                .forEach(reader -> reader.tell(ReaderActor.Close.CLOSE));
    }

    /** Refuses what waits or runs, and cuts that short: the readers are gone with their owner. */
    void refuseAll(SqlReply.Refusal refusal, String why) {
        waiting.forEach(one -> refuse(one.work(), refusal, why));
        busy.values().forEach(work -> {
            work.cancellation().cancel();
            refuse(work, refusal, why);
        });
        waiting.clear();
        busy.clear();
    }

    private static void refuse(ReaderActor.Work work, SqlReply.Refusal refusal, String why) {
        work.replyTo().tell(new SqlReply.Refused(refusal, why));
    }
}
