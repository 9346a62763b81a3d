package io.merklite.cluster.journal;

import io.merklite.cluster.ClusterException.LogDamaged;
import io.merklite.sync.stamp.Origin;
import io.merklite.sync.transaction.Transaction;
import io.merklite.sync.vector.VersionVector.SeqRange;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;

/** One read from a changeset log: which events it takes, and what came of it. Immutable. */
final class LogReading {
    /** Spans this close are read as one: it costs less to skip some events than to ask again. */
    private static final long MERGED_GAP = 16;

    private final NavigableMap<Long, Piece> pieces = new TreeMap<>();
    private final List<SeqRange> gone;

    /**
     * Transactions that are wanted and follow each other in the log.
     *
     * @param origin whose
     * @param run which, and where
     */
    record Piece(Origin origin, LogIndex.Run run) {}

    /**
     * Events that follow each other.
     *
     * @param first the first sequence number
     * @param last the last sequence number
     */
    record Span(long first, long last) {}

    /**
     * A transaction in the log.
     *
     * @param sequenceNr its event
     * @param transaction it
     */
    record Found(long sequenceNr, Transaction transaction) {}

    LogReading(List<Piece> pieces, List<SeqRange> gone) {
        pieces.forEach(piece -> this.pieces.put(piece.run().firstSequenceNr(), piece));
        this.gone = List.copyOf(gone);
    }

    /** The events to read, in order; there may be others among them. */
    List<Span> spans() {
        List<Span> spans = new ArrayList<>();
        for (var piece : pieces.values()) {
            var run = piece.run();
            var last = spans.isEmpty() ? null : spans.getLast();
            if (last != null && run.firstSequenceNr() - last.last() <= MERGED_GAP) {
                spans.set(spans.size() - 1, new Span(last.first(), run.lastSequenceNr()));
            } else {
                spans.add(new Span(run.firstSequenceNr(), run.lastSequenceNr()));
            }
        }
        return spans;
    }

    /**
     * Whether the event is one of those that are wanted.
     *
     * @throws LogDamaged if it is, and is another transaction than the index says
     */
    boolean wants(Found found) {
        var before = pieces.floorEntry(found.sequenceNr());
        if (before == null || before.getValue().run().lastSequenceNr() < found.sequenceNr()) {
            return false;
        }
        var piece = before.getValue();
        var seq = piece.run().firstSeq() + found.sequenceNr() - piece.run().firstSequenceNr();
        var transaction = found.transaction();
        if (!transaction.origin().equals(piece.origin()) || transaction.seq() != seq) {
            throw new LogDamaged(
                    "event " + found.sequenceNr() + " is " + transaction + ", and should be " + piece.origin() + "#"
                            + seq,
                    null);
        }
        return true;
    }

    /**
     * The answer.
     *
     * @param found what was read, in order
     * @param lastRead how far it was read; the rest is left for another time
     */
    ChangesetLog.Page page(List<Found> found, long lastRead) {
        List<SeqRange> missing = new ArrayList<>(gone);
        List<SeqRange> rest = new ArrayList<>();
        List<Transaction> transactions = new ArrayList<>();
        var next = found.iterator();
        var current = next.hasNext() ? next.next() : null;
        for (var piece : pieces.values()) {
            var run = piece.run();
            for (var i = 0L; i < run.count(); i++) {
                var sequenceNr = run.firstSequenceNr() + i;
                var seq = run.firstSeq() + i;
                if (sequenceNr > lastRead) {
                    rest.add(new SeqRange(piece.origin(), seq, run.lastSeq()));
                    break;
                }
                if (current != null && current.sequenceNr() == sequenceNr) {
                    transactions.add(current.transaction());
                    current = next.hasNext() ? next.next() : null;
                } else {
                    add(missing, piece.origin(), seq); // It was cut since the index was asked.
                }
            }
        }
        return new ChangesetLog.Page(transactions, missing, rest);
    }

    private static void add(List<SeqRange> ranges, Origin origin, long seq) {
        var last = ranges.isEmpty() ? null : ranges.getLast();
        if (last != null && last.origin().equals(origin) && last.last() + 1 == seq) {
            ranges.set(ranges.size() - 1, new SeqRange(origin, last.first(), seq));
        } else {
            ranges.add(new SeqRange(origin, seq, seq));
        }
    }
}
