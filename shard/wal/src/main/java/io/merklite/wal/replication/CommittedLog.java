package io.merklite.wal.replication;

import io.merklite.wal.WalException;
import io.merklite.wal.format.Frame;
import io.merklite.wal.format.Log;
import io.merklite.wal.format.LogWriter;
import io.merklite.wal.format.Tip;
import io.merklite.wal.frames.FrameSink;
import io.merklite.wal.frames.WalAnchor;
import io.merklite.wal.frames.WalFile;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * What a primary has committed, as frames of its history: ties SQLite's write-ahead log, whose frames are counted anew
 * in each generation, to positions, which never start again.
 *
 * <p><b>Invariants.</b> (1) Frame {@code n} of the history is frame {@code n - base} of the log's present generation.
 * (2) A new generation begins only when all frames of the one before are saved and read. (3) Times of commits never go
 * backwards.
 *
 * <p><b>Threading.</b> {@link #scan} by one thread at a time, who holds the primary's gate. The rest from any thread.
 */
final class CommittedLog {
    /** How much a batch holds at most, and a page more. */
    private static final int BATCH_BYTES = 4 << 20;

    private final WalFile wal;
    private final InstantSource clock;
    private final ConcurrentSkipListMap<Long, Long> commitMillis = new ConcurrentSkipListMap<>();
    private volatile End end;

    /** The last commit: what it is, where that is in the log, and the number of the frame before the log's first. */
    record End(Tip tip, WalAnchor anchor, long base) {
        long frameNumber() {
            return tip.position().frameNumber();
        }
    }

    CommittedLog(WalFile wal, InstantSource clock, Tip tip, WalAnchor anchor) {
        this.wal = wal;
        this.clock = clock;
        end = new End(tip, anchor, tip.position().frameNumber() - anchor.frameCount());
    }

    End end() {
        return end;
    }

    /**
     * Looks for what was committed since the last scan.
     *
     * @param mayRestart whether all that was found before is saved and read
     * @throws WalException.Interference if the log is not the continuation of what was found before
     */
    End scan(boolean mayRestart) {
        var found = new Found(end.tip(), millis());
        var scan = wal.scan(end.anchor(), mayRestart, found);
        if (!scan.end().equals(end.anchor())) {
            var base = scan.isRestarted() || !end.anchor().hasGeneration() ? end.frameNumber() : end.base();
            end = new End(found.committed, scan.end(), base);
        }
        return end;
    }

    private long millis() {
        return Math.max(clock.millis(), end.tip().committedAt().toEpochMilli());
    }

    /** Follows the frames, and remembers where the last commit was. */
    private final class Found implements FrameSink {
        private final long millis;
        private Tip reached;
        private Tip committed;

        Found(Tip start, long millis) {
            this.millis = millis;
            reached = start;
            committed = start;
        }

        @Override
        public void frame(int frame, int pageNumber, int databasePages, byte[] bytes, int offset) {
            reached = reached.after(pageNumber, databasePages, millis, bytes, offset);
            if (databasePages > 0) {
                committed = reached;
                commitMillis.put(reached.position().frameNumber(), millis);
            }
        }
    }

    /**
     * Writes the frames after {@code from} and up to {@code to} to {@code path}.
     *
     * @throws WalException.Interference if they are no longer those that were found
     */
    Log copy(Tip from, End to, Path path) {
        try (var writer = LogWriter.create(path, from)) {
            wal.read(
                    index(from.position().frameNumber(), to),
                    index(to.frameNumber(), to),
                    (frame, pageNumber, databasePages, bytes, offset) -> writer.append(
                            pageNumber, databasePages, millisOf(to.base() + frame, databasePages), bytes, offset));
            if (!writer.last().equals(to.tip())) {
                throw new WalException.Interference(
                        "frames up to " + to.frameNumber() + " have changed after they were committed");
            }
            return writer.finish();
        }
    }

    /** What the database was at frame {@code frameNumber}, which is after {@code from} and in the log. */
    Tip tipAt(Tip from, long frameNumber) {
        var reached = new Tip[] {from};
        var to = end;
        wal.read(
                index(from.position().frameNumber(), to),
                index(frameNumber, to),
                (frame, pageNumber, databasePages, bytes, offset) -> reached[0] = reached[0].after(
                        pageNumber, databasePages, millisOf(to.base() + frame, databasePages), bytes, offset));
        return reached[0];
    }

    /** The committed frames after {@code from}, as many as a batch may hold. */
    List<Frame> read(Tip from) {
        var to = end;
        var limit = from.position().frameNumber() + Math.max(1, BATCH_BYTES / from.pageSize());
        List<Frame> frames = new ArrayList<>();
        wal.read(
                index(from.position().frameNumber(), to),
                index(Math.min(limit, to.frameNumber()), to),
                (frame, pageNumber, databasePages, bytes, offset) -> {
                    var number = to.base() + frame;
                    var page = Arrays.copyOfRange(bytes, offset, offset + from.pageSize());
                    frames.add(Frame.wrap(number, pageNumber, databasePages, millisOf(number, databasePages), page));
                });
        return frames;
    }

    private static int index(long frameNumber, End in) {
        return Math.toIntExact(frameNumber - in.base());
    }

    private long millisOf(long frameNumber, int databasePages) {
        return databasePages > 0 ? commitMillis.getOrDefault(frameNumber, 0L) : 0;
    }

    /** Forgets the times of commits up to {@code frameNumber}, which nobody will read again. */
    void forget(long frameNumber) {
        commitMillis.headMap(frameNumber, true).clear();
    }
}
