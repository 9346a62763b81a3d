package io.merklite.cluster.journal;

import io.merklite.cluster.ClusterException.LogDamaged;
import io.merklite.cluster.ClusterException.LogNewer;
import io.merklite.cluster.journal.LogIndex.Run;
import io.merklite.cluster.journal.LogIndex.Segment;
import io.merklite.cluster.journal.LogSnapshot.OriginRuns;
import io.merklite.sync.SyncException;
import io.merklite.sync.stamp.Origin;
import io.merklite.sync.transaction.TransactionCodec;
import io.merklite.sync.wire.Frame;
import io.merklite.sync.wire.WireReader;
import io.merklite.sync.wire.WireWriter;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.apache.pekko.actor.ExtendedActorSystem;
import org.apache.pekko.serialization.SerializerWithStringManifest;

/** Internal: events and snapshots of changeset logs to bytes and back. Pekko makes it. Thread-safe. */
public final class LogSerializer extends SerializerWithStringManifest {
    /*
     * Numbers of fixed size are big-endian, varint is LEB128. The manifest is kind and version.
     *
     *   T1, a transaction := appended[8, Unix milliseconds] transaction(TransactionCodec)
     *   C1, a cut         := varint(last sequence number)
     *   S1, a snapshot    := in a frame of magic MLLS, version 1:
     *                        varint(last) varint(cut) varint(cut recorded at)
     *                        varint(segments) { varint(last) varint(count) varint(bytes) first[8] last[8, milliseconds] }
     *                        varint(origins) { origin[8] varint(head)
     *                                          varint(runs) { varint(seq) varint(sequence number) varint(count) } }
     */
    static final int IDENTIFIER = 4101;

    private static final String TRANSACTION = "T1";
    private static final String CUT = "C1";
    private static final String SNAPSHOT = "S1";
    private static final int SNAPSHOT_LIMIT_BYTES = 1 << 28;
    private static final int SEGMENT_MIN_BYTES = 3 + 2 * Long.BYTES;
    private static final int ORIGIN_MIN_BYTES = Long.BYTES + 2;
    private static final int RUN_MIN_BYTES = 3;

    private final TransactionCodec transactions;
    private final Frame snapshots = new Frame("log snapshot", "MLLS", 1, SNAPSHOT_LIMIT_BYTES);

    /** @param system whose {@code merklite.log.max-transaction-size} holds */
    public LogSerializer(ExtendedActorSystem system) {
        this(LogSettings.maxTransactionSizeBytes(system.settings().config().getConfig("merklite")));
    }

    LogSerializer(int maxTransactionSizeBytes) {
        this.transactions = new TransactionCodec(maxTransactionSizeBytes);
    }

    @Override
    public int identifier() {
        return IDENTIFIER;
    }

    @Override
    public String manifest(Object object) {
        return switch (object) {
            case LogEvent.Logged logged -> TRANSACTION;
            case LogEvent.Cut cut -> CUT;
            case LogSnapshot snapshot -> SNAPSHOT;
            default -> throw unknown(object);
        };
    }

    @Override
    public byte[] toBinary(Object object) {
        return switch (object) {
            case LogEvent.Logged logged -> {
                var transaction = transactions.encode(logged.transaction());
                yield new WireWriter()
                        .int64(logged.at().toEpochMilli())
                        .raw(transaction, 0, transaction.length)
                        .toByteArray();
            }
            case LogEvent.Cut cut ->
                new WireWriter().varint(cut.lastSequenceNr()).toByteArray();
            case LogSnapshot snapshot -> snapshots.encode(body(snapshot));
            default -> throw unknown(object);
        };
    }

    /**
     * The event or snapshot in {@code bytes}.
     *
     * @throws LogDamaged if they are none
     * @throws LogNewer if a later version wrote them
     */
    @Override
    public Object fromBinary(byte[] bytes, String manifest) {
        try {
            return switch (manifest) {
                case TRANSACTION -> transaction(bytes);
                case CUT -> {
                    var reader = new WireReader("log cut", bytes, 0, bytes.length);
                    var cut = new LogEvent.Cut(reader.varint());
                    reader.expectEnd();
                    yield cut;
                }
                case SNAPSHOT -> snapshot(snapshots.decode(bytes));
                default -> throw new LogNewer(manifest);
            };
        } catch (SyncException e) {
            throw new LogDamaged("an event of kind " + manifest + ": " + e.getMessage(), e);
        }
    }

    private LogEvent.Logged transaction(byte[] bytes) {
        var reader = new WireReader("log transaction", bytes, 0, bytes.length);
        var at = Instant.ofEpochMilli(reader.int64());
        return new LogEvent.Logged(transactions.decode(reader.raw(reader.remaining())), at);
    }

    private static byte[] body(LogSnapshot snapshot) {
        var out = new WireWriter()
                .varint(snapshot.lastSequenceNr())
                .varint(snapshot.cutSequenceNr())
                .varint(snapshot.cutRecordedAt())
                .varint(snapshot.segments().size());
        snapshot.segments()
                .forEach(segment -> out.varint(segment.lastSequenceNr())
                        .varint(segment.count())
                        .varint(segment.sizeBytes())
                        .int64(segment.firstMillis())
                        .int64(segment.lastMillis()));
        out.varint(snapshot.origins().size());
        for (var origin : snapshot.origins()) {
            out.origin(origin.origin())
                    .varint(origin.head())
                    .varint(origin.runs().size());
            origin.runs()
                    .forEach(run -> out.varint(run.firstSeq())
                            .varint(run.firstSequenceNr())
                            .varint(run.count()));
        }
        return out.toByteArray();
    }

    private static LogSnapshot snapshot(byte[] body) {
        var reader = new WireReader("log snapshot body", body, 0, body.length);
        var last = reader.varint();
        var cut = reader.varint();
        var cutRecordedAt = reader.varint();
        var segmentCount = reader.count(SEGMENT_MIN_BYTES, SNAPSHOT_LIMIT_BYTES);
        List<Segment> segments = new ArrayList<>();
        for (var i = 0; i < segmentCount; i++) {
            segments.add(
                    new Segment(reader.varint(), reader.varint(), reader.varint(), reader.int64(), reader.int64()));
        }
        var originCount = reader.count(ORIGIN_MIN_BYTES, SNAPSHOT_LIMIT_BYTES);
        List<OriginRuns> origins = new ArrayList<>();
        for (var i = 0; i < originCount; i++) {
            origins.add(runs(reader, reader.origin()));
        }
        reader.expectEnd();
        return new LogSnapshot(last, cut, cutRecordedAt, segments, origins);
    }

    private static OriginRuns runs(WireReader reader, Origin origin) {
        var head = reader.varint();
        var runCount = reader.count(RUN_MIN_BYTES, SNAPSHOT_LIMIT_BYTES);
        List<Run> runs = new ArrayList<>();
        for (var i = 0; i < runCount; i++) {
            runs.add(new Run(reader.varint(), reader.varint(), reader.varint()));
        }
        return new OriginRuns(origin, head, runs);
    }

    private static IllegalArgumentException unknown(Object object) {
        return new IllegalArgumentException(object.getClass().getName() + " is no event of a changeset log");
    }
}
