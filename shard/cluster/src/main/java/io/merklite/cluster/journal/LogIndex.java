package io.merklite.cluster.journal;

import io.merklite.cluster.ClusterException.LogDamaged;
import io.merklite.cluster.journal.LogSettings.Retain;
import io.merklite.cluster.journal.LogSnapshot.OriginRuns;
import io.merklite.sync.stamp.Origin;
import io.merklite.sync.vector.VersionVector;
import io.merklite.sync.vector.VersionVector.SeqRange;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.OptionalLong;
import java.util.TreeMap;

/**
 * Where each transaction of a changeset log is: the state of {@link ChangesetLog}.
 *
 * <p><b>Invariants.</b> (1) The seqs of an origin rise from event to event. (2) {@link #lastSequenceNr} rises by one with
 * each event. (3) No run reaches below the cut.
 * <p><b>Threading.</b> Not thread-safe: confined to its log. {@link #snapshot} is a copy.
 * <p><b>Cost.</b> Memory is by runs: as many as there are changes from one origin to another and back, at worst one per
 * transaction that is kept (40 bytes). An append is O(log n) in the number of origins.
 */
final class LogIndex {
    /** The share of what is kept that goes at once: a cut costs a snapshot. */
    private static final int SEGMENTS = 64;

    private final Retain retain;
    private final TreeMap<Origin, Runs> origins = new TreeMap<>();
    private final Deque<Segment> segments = new ArrayDeque<>();
    private long lastSequenceNr;
    private long cutSequenceNr;
    private long cutRecordedAt;
    private long count;
    private long sizeBytes;

    /**
     * Transactions that follow each other both in their origin and in the log.
     *
     * @param firstSeq the first transaction
     * @param firstSequenceNr its event
     * @param count how many
     */
    record Run(long firstSeq, long firstSequenceNr, long count) {
        long lastSeq() {
            return firstSeq + count - 1;
        }

        long lastSequenceNr() {
            return firstSequenceNr + count - 1;
        }

        Run from(long seq) {
            var skipped = Math.max(0, seq - firstSeq);
            return new Run(firstSeq + skipped, firstSequenceNr + skipped, count - skipped);
        }
    }

    /**
     * Neighbouring events, which are cut together.
     *
     * @param lastSequenceNr the last of them
     * @param count how many transactions
     * @param sizeBytes of the transactions
     * @param firstMillis when the first was appended, Unix time
     * @param lastMillis when the last was appended, Unix time
     */
    record Segment(long lastSequenceNr, long count, long sizeBytes, long firstMillis, long lastMillis) {
        Segment with(long sequenceNr, long size, long millis) {
            return new Segment(sequenceNr, count + 1, sizeBytes + size, firstMillis, Math.max(lastMillis, millis));
        }
    }

    private static final class Runs {
        private final List<Run> runs = new ArrayList<>();
        private long head;

        private void add(long seq, long sequenceNr) {
            var last = runs.isEmpty() ? null : runs.getLast();
            if (last != null && last.lastSeq() + 1 == seq && last.lastSequenceNr() + 1 == sequenceNr) {
                runs.set(runs.size() - 1, new Run(last.firstSeq(), last.firstSequenceNr(), last.count() + 1));
            } else {
                runs.add(new Run(seq, sequenceNr, 1));
            }
            head = seq;
        }

        private void cut(long lastSequenceNr) {
            var gone = 0;
            while (gone < runs.size() && runs.get(gone).lastSequenceNr() <= lastSequenceNr) {
                gone++;
            }
            runs.subList(0, gone).clear();
            if (!runs.isEmpty() && runs.getFirst().firstSequenceNr() <= lastSequenceNr) {
                var first = runs.getFirst();
                runs.set(0, first.from(first.firstSeq() + lastSequenceNr + 1 - first.firstSequenceNr()));
            }
        }

        /** The first run that reaches {@code seq} or stands behind it. */
        private int firstFrom(long seq) {
            var low = 0;
            var high = runs.size();
            while (low < high) {
                var middle = (low + high) >>> 1;
                if (runs.get(middle).lastSeq() < seq) {
                    low = middle + 1;
                } else {
                    high = middle;
                }
            }
            return low;
        }
    }

    /** The index of an empty log. */
    LogIndex(Retain retain) {
        this.retain = retain;
    }

    /** The index that {@code snapshot} was taken of. */
    LogIndex(Retain retain, LogSnapshot snapshot) {
        this(retain);
        lastSequenceNr = snapshot.lastSequenceNr();
        cutSequenceNr = snapshot.cutSequenceNr();
        cutRecordedAt = snapshot.cutRecordedAt();
        for (var segment : snapshot.segments()) {
            segments.add(segment);
            count += segment.count();
            sizeBytes += segment.sizeBytes();
        }
        for (var origin : snapshot.origins()) {
            var runs = new Runs();
            runs.runs.addAll(origin.runs());
            runs.head = origin.head();
            origins.put(origin.origin(), runs);
        }
    }

    LogSnapshot snapshot() {
        List<OriginRuns> runs = new ArrayList<>();
        origins.forEach((origin, of) -> runs.add(new OriginRuns(origin, of.head, of.runs)));
        return new LogSnapshot(lastSequenceNr, cutSequenceNr, cutRecordedAt, List.copyOf(segments), runs);
    }

    /**
     * The next event is a transaction.
     *
     * @throws LogDamaged if the origin has logged that seq or a later one
     */
    void logged(Origin origin, long seq, long size, long millis) {
        if (seq <= head(origin)) {
            throw new LogDamaged("transaction " + seq + " of " + origin + " behind " + head(origin), null);
        }
        lastSequenceNr++;
        origins.computeIfAbsent(origin, unknown -> new Runs()).add(seq, lastSequenceNr);
        count++;
        sizeBytes += size;
        var last = segments.peekLast();
        if (last == null || isComplete(last, millis)) {
            segments.add(new Segment(lastSequenceNr, 1, size, millis, millis));
        } else {
            segments.removeLast();
            segments.add(last.with(lastSequenceNr, size, millis));
        }
    }

    private boolean isComplete(Segment segment, long nowMillis) {
        return segment.count() >= Math.max(1, retain.count() / SEGMENTS)
                || segment.sizeBytes() >= Math.max(1, retain.sizeBytes() / SEGMENTS)
                || nowMillis - segment.firstMillis() >= retain.age().toMillis() / SEGMENTS;
    }

    /** The next event says that everything up to {@code sequenceNr} is given up. */
    void cut(long sequenceNr) {
        lastSequenceNr++;
        cutSequenceNr = sequenceNr;
        cutRecordedAt = lastSequenceNr;
        while (!segments.isEmpty() && segments.getFirst().lastSequenceNr() <= sequenceNr) {
            var gone = segments.removeFirst();
            count -= gone.count();
            sizeBytes -= gone.sizeBytes();
        }
        origins.values().forEach(runs -> runs.cut(sequenceNr));
    }

    /** The last event that is to be given up at {@code nowMillis}; empty if everything is to be kept. */
    OptionalLong excess(long nowMillis) {
        var countLeft = count;
        var sizeLeft = sizeBytes;
        var last = OptionalLong.empty();
        for (var segment : segments) {
            var isTooMuch = countLeft > retain.count() || sizeLeft > retain.sizeBytes();
            var isNewest = segment.lastSequenceNr() == segments.getLast().lastSequenceNr();
            var isTooOld = nowMillis - segment.lastMillis() > retain.age().toMillis();
            // Without the second condition one transaction larger than the limit would empty the log.
            if (!isTooOld && (!isTooMuch || isNewest)) {
                break;
            }
            countLeft -= segment.count();
            sizeLeft -= segment.sizeBytes();
            last = OptionalLong.of(segment.lastSequenceNr());
        }
        return last;
    }

    /** Where the transactions in {@code ranges} are. */
    LogReading locate(List<SeqRange> ranges) {
        List<LogReading.Piece> pieces = new ArrayList<>();
        List<SeqRange> gone = new ArrayList<>();
        merged(ranges).forEach(range -> locate(range, pieces, gone));
        return new LogReading(pieces, gone);
    }

    private void locate(SeqRange range, List<LogReading.Piece> pieces, List<SeqRange> gone) {
        var of = origins.get(range.origin());
        var next = range.first();
        if (of != null) {
            for (var i = of.firstFrom(next);
                    i < of.runs.size() && of.runs.get(i).firstSeq() <= range.last();
                    i++) {
                var run = of.runs.get(i).from(next);
                if (run.firstSeq() > next) {
                    gone.add(new SeqRange(range.origin(), next, run.firstSeq() - 1));
                }
                var taken = Math.min(run.count(), range.last() - run.firstSeq() + 1);
                pieces.add(new LogReading.Piece(range.origin(), new Run(run.firstSeq(), run.firstSequenceNr(), taken)));
                next = run.firstSeq() + taken;
            }
        }
        if (next <= range.last()) {
            gone.add(new SeqRange(range.origin(), next, range.last()));
        }
    }

    /** The same transactions, each in one range only. */
    private static List<SeqRange> merged(List<SeqRange> ranges) {
        List<SeqRange> merged = new ArrayList<>();
        ranges.stream()
                .sorted(Comparator.comparing(SeqRange::origin).thenComparingLong(SeqRange::first))
                .forEach(range -> {
                    var last = merged.isEmpty() ? null : merged.getLast();
                    if (last != null && last.origin().equals(range.origin()) && range.first() <= last.last()) {
                        merged.set(
                                merged.size() - 1,
                                new SeqRange(last.origin(), last.first(), Math.max(last.last(), range.last())));
                    } else {
                        merged.add(range);
                    }
                });
        return merged;
    }

    /** The highest seq of {@code origin} that was ever logged, 0 if none was. */
    long head(Origin origin) {
        var runs = origins.get(origin);
        return runs == null ? 0 : runs.head;
    }

    /** The highest seq of each origin that was ever logged. */
    VersionVector heads() {
        var heads = new TreeMap<Origin, Long>();
        origins.forEach((origin, runs) -> heads.put(origin, runs.head));
        return VersionVector.of(heads);
    }

    /** The last event. */
    long lastSequenceNr() {
        return lastSequenceNr;
    }

    /** The last event that was given up, 0 if none was. */
    long cutSequenceNr() {
        return cutSequenceNr;
    }

    /** The event that says what was given up, 0 if there is none. */
    long cutRecordedAt() {
        return cutRecordedAt;
    }

    /** How many transactions are kept. */
    long count() {
        return count;
    }

    /** How large the transactions are that are kept. */
    long sizeBytes() {
        return sizeBytes;
    }
}
