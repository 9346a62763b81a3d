package io.merklite.sync.message;

import io.merklite.sync.SyncException.Malformed;
import io.merklite.sync.SyncException.TooLarge;
import io.merklite.sync.message.SyncMessage.Acknowledge;
import io.merklite.sync.message.SyncMessage.Announce;
import io.merklite.sync.message.SyncMessage.Fetch;
import io.merklite.sync.message.SyncMessage.FetchRange;
import io.merklite.sync.message.SyncMessage.Finding;
import io.merklite.sync.message.SyncMessage.Found;
import io.merklite.sync.message.SyncMessage.Inspect;
import io.merklite.sync.message.SyncMessage.Inspected;
import io.merklite.sync.message.SyncMessage.Part;
import io.merklite.sync.message.SyncMessage.Publish;
import io.merklite.sync.message.SyncMessage.Range;
import io.merklite.sync.message.SyncMessage.Rows;
import io.merklite.sync.message.SyncMessage.Schema;
import io.merklite.sync.message.SyncMessage.Status;
import io.merklite.sync.message.SyncMessage.Summed;
import io.merklite.sync.message.SyncMessage.Want;
import io.merklite.sync.message.SyncMessage.WantPart;
import io.merklite.sync.message.SyncMessage.WantSchema;
import io.merklite.sync.stamp.Origin;
import io.merklite.sync.store.RemoteRow;
import io.merklite.sync.transaction.Transaction;
import io.merklite.sync.transaction.TransactionCodec;
import io.merklite.sync.vector.VersionVector;
import io.merklite.sync.vector.VersionVector.SeqRange;
import io.merklite.sync.wire.Frame;
import io.merklite.sync.wire.NestedFrames;
import io.merklite.sync.wire.WireReader;
import io.merklite.sync.wire.WireWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Messages to bytes and back.
 *
 * <p><b>Threading.</b> Thread-safe: keeps nothing between calls. <b>Cost.</b> Linear in the bytes.
 */
public final class SyncMessageCodec {
    /*
     * Version 1, in a frame of magic MLSM. A body begins with the kind's byte; its fields follow in the order of the
     * record. A single transaction is published without a count, by a kind of its own. Numbers are varint LEB128 but clocks, sums, fingerprints and origins, which are fixed and big-endian. Lists
     * have their count first, what is optional a byte of 0 or 1. A
     * reach follows what was applied as the vector of those origins where it is more; clocks stand in the order of the
     * origins of the vector that was applied. Values and rows: see ValueCodec and RowCodec.
     */
    private static final int VERSION = 1;
    private static final String WHAT = "message";
    private static final int VECTOR_LIMIT = 65_536;
    private static final int LIST_LIMIT = 10_000_000;
    private static final int NAME_LIMIT = 4096;
    private static final int RANGE_MIN_BYTES = Long.BYTES + 2;

    private static final int PUBLISH = 1;
    private static final int ANNOUNCE = 2;
    private static final int ACKNOWLEDGE = 3;
    private static final int STATUS = 4;
    private static final int WANT = 5;
    private static final int FOUND = 6;
    private static final int WANT_PART = 7;
    private static final int PART = 8;
    private static final int INSPECT = 10;
    private static final int INSPECTED = 11;
    private static final int FETCH = 12;
    private static final int FETCH_RANGE = 13;
    private static final int ROWS = 14;

    private static final int WANT_SCHEMA = 15;
    private static final int SCHEMA = 16;
    private static final int PUBLISH_GROUP = 17;

    private static final int GROUP_LIMIT = 65_536;

    private static final int SAME = 0;
    private static final int PARTS = 1;
    private static final int KEYS = 2;

    private final Frame frame;
    private final TransactionCodec transactions;
    private final int maxSizeBytes;

    /** @param maxSizeBytes the largest message that is written or read */
    public SyncMessageCodec(int maxSizeBytes) {
        this.frame = new Frame(WHAT, "MLSM", VERSION, maxSizeBytes);
        this.transactions = new TransactionCodec(maxSizeBytes);
        this.maxSizeBytes = maxSizeBytes;
    }

    /** The size of what {@code bytes} unpack to, as they claim; throws as {@link #decode} does for how they begin. */
    public long bodySizeBytes(byte[] bytes) {
        return frame.bodySizeBytes(bytes);
    }

    /**
     * The bytes of {@code message}, compressed if that is smaller.
     *
     * @throws io.merklite.sync.SyncException.TooLarge if it is larger than the limit
     */
    public byte[] encode(SyncMessage message) {
        var out = new WireWriter();
        switch (message) {
            case Publish publish
            when publish.transactions().size() == 1 ->
                writeTransaction(out.uint8(PUBLISH), publish.transactions().getFirst());
            case Publish publish -> writeTransactions(out.uint8(PUBLISH_GROUP), GROUP_LIMIT, publish.transactions());
            case Announce announce ->
                out.uint8(ANNOUNCE).origin(announce.origin()).varint(announce.seq());
            case Acknowledge done ->
                out.uint8(ACKNOWLEDGE).origin(done.origin()).varint(done.seq());
            case Status status -> writeStatus(out.uint8(STATUS), status);
            case Want want -> writeRanges(out.uint8(WANT), want.ranges()).varint(want.maxSizeBytes());
            case Found found -> {
                writeTransactions(out.uint8(FOUND), LIST_LIMIT, found.transactions());
                writeRanges(writeRanges(out, found.large()), found.gone());
            }
            case WantPart want ->
                out.uint8(WANT_PART).origin(want.origin()).varint(want.seq()).varint(want.offset());
            case Part part ->
                out.uint8(PART)
                        .origin(part.origin())
                        .varint(part.seq())
                        .varint(part.offset())
                        .varint(part.totalSizeBytes())
                        .bytes(part.bytes().array());
            case WantSchema want -> out.uint8(WANT_SCHEMA).int64(want.fingerprint());
            case Schema schema -> {
                out.uint8(SCHEMA)
                        .int64(schema.fingerprint())
                        .varint(schema.columns().size());
                new TreeMap<>(schema.columns()).forEach((table, columns) -> {
                    out.string(table).varint(columns.size());
                    columns.forEach(out::string);
                });
            }
            case Inspect inspect -> {
                writeRequest(out.uint8(INSPECT), inspect.round(), inspect.request())
                        .varint(inspect.ranges().size());
                inspect.ranges()
                        .forEach(summed -> writeRange(out, summed.range()).int64(summed.sum()));
            }
            case Inspected inspected -> {
                writeRequest(out.uint8(INSPECTED), inspected.round(), inspected.request())
                        .int64(inspected.schema());
                writeReach(out, inspected.applied(), inspected.reach());
                writeClocks(out, inspected.applied(), inspected.clocks())
                        .varint(inspected.findings().size());
                inspected.findings().forEach(finding -> writeFinding(out, finding));
            }
            case Fetch fetch -> {
                writeRequest(out.uint8(FETCH), fetch.round(), fetch.request()).string(fetch.table());
                ValueCodec.writeKeys(out, fetch.keys());
            }
            case FetchRange fetch ->
                writeRange(writeRequest(out.uint8(FETCH_RANGE), fetch.round(), fetch.request()), fetch.range());
            case Rows rows -> writeRows(out.uint8(ROWS), rows);
        }
        return frame.encode(out.toByteArray());
    }

    /**
     * The message in {@code bytes}, all of which it must take.
     *
     * @throws Malformed if they are no message
     * @throws io.merklite.sync.SyncException.UnknownVersion if they are one of another version
     * @throws io.merklite.sync.SyncException.TooLarge if it, or one of its lists, is larger than the limit
     */
    public SyncMessage decode(byte[] bytes) {
        var body = frame.decode(bytes);
        var in = new WireReader(WHAT, body, 0, body.length);
        var kind = in.uint8();
        SyncMessage message = switch (kind) {
            case PUBLISH -> new Publish(List.of(readTransaction(in)));
            case PUBLISH_GROUP -> new Publish(readGroup(in));
            case ANNOUNCE -> new Announce(in.origin(), readSeq(in));
            case ACKNOWLEDGE -> new Acknowledge(in.origin(), readSeq(in));
            case STATUS -> readStatus(in);
            case WANT -> new Want(readRanges(in), readInt(in));
            case FOUND -> new Found(readTransactions(in, LIST_LIMIT), readRanges(in), readRanges(in));
            case WANT_PART -> new WantPart(in.origin(), readSeq(in), readInt(in));
            case PART ->
                new Part(in.origin(), readSeq(in), readInt(in), readInt(in), Chunk.wrap(in.bytes(maxSizeBytes)));
            case WANT_SCHEMA -> new WantSchema(in.int64());
            case SCHEMA -> new Schema(in.int64(), readColumns(in));
            case INSPECT -> new Inspect(in.int64(), readInt(in), readSummed(in));
            case INSPECTED -> readInspected(in);
            case FETCH ->
                new Fetch(in.int64(), readInt(in), in.string(NAME_LIMIT), ValueCodec.readKeys(in, LIST_LIMIT));
            case FETCH_RANGE -> new FetchRange(in.int64(), readInt(in), readRange(in));
            case ROWS -> readRows(in);
            default -> throw new Malformed(WHAT, 0, "kind " + kind);
        };
        in.expectEnd();
        return message;
    }

    // ---- parts of messages ------------------------------------------------------------------------------------------

    private void writeTransaction(WireWriter out, Transaction transaction) {
        out.bytes(transactions.encode(transaction));
    }

    private void writeTransactions(WireWriter out, int limit, List<Transaction> written) {
        if (written.size() > limit) {
            throw new TooLarge(WHAT, written.size(), limit);
        }
        out.varint(written.size());
        written.forEach(transaction -> writeTransaction(out, transaction));
    }

    private List<Transaction> readGroup(WireReader in) {
        var start = in.position();
        var group = readTransactions(in, GROUP_LIMIT);
        if (group.size() < 2) {
            throw new Malformed(WHAT, start, "a group of " + group.size() + " transactions, must be at least 2");
        }
        return group;
    }

    private Transaction readTransaction(WireReader in) {
        return transactions.decode(in.bytes(maxSizeBytes));
    }

    private List<Transaction> readTransactions(WireReader in, int limit) {
        List<Transaction> found = new ArrayList<>();
        var count = in.count(2, limit);
        var frames = new NestedFrames("transactions of a " + WHAT, maxSizeBytes);
        for (var i = 0; i < count; i++) {
            var bytes = in.bytes(maxSizeBytes);
            frames.add(transactions.bodySizeBytes(bytes));
            found.add(transactions.decode(bytes));
        }
        return found;
    }

    /** The clocks follow in the order of the vector: an origin without a seq has none. */
    private static void writeStatus(WireWriter out, Status status) {
        out.vector(status.vector()).int64(status.clock());
        writeClocks(out, status.vector(), status.clocks())
                .int64(status.horizon())
                .int64(status.root())
                .int64(status.schema())
                .uint8(status.isAhead() ? 1 : 0)
                .uint8(status.isAnswer() ? 1 : 0);
    }

    private static Status readStatus(WireReader in) {
        var vector = in.vector(VECTOR_LIMIT);
        var clock = in.int64();
        var clocks = readClocks(in, vector);
        return new Status(vector, clocks, clock, in.int64(), in.int64(), in.int64(), readFlag(in), readFlag(in));
    }

    /** One for each origin of {@code vector}. */
    private static WireWriter writeClocks(WireWriter out, VersionVector vector, Map<Origin, Long> clocks) {
        for (var origin : vector.seqs().keySet()) {
            out.varint(clocks.getOrDefault(origin, 0L));
        }
        return out;
    }

    private static Map<Origin, Long> readClocks(WireReader in, VersionVector vector) {
        Map<Origin, Long> clocks = new TreeMap<>();
        for (var origin : vector.seqs().keySet()) {
            clocks.put(origin, in.varint());
        }
        return clocks;
    }

    /** What was applied, and where rows depend on more than that: mostly nowhere. */
    private static WireWriter writeReach(WireWriter out, VersionVector applied, VersionVector reach) {
        return out.vector(applied).vector(reach.beyond(applied));
    }

    private static VersionVector readReach(WireReader in, VersionVector applied) {
        var start = in.position();
        var beyond = in.vector(VECTOR_LIMIT);
        if (!beyond.equals(beyond.beyond(applied))) {
            throw new Malformed(WHAT, start, "a vector beyond another one that it is not beyond");
        }
        return applied.join(beyond);
    }

    private static Inspected readInspected(WireReader in) {
        var round = in.int64();
        var request = readInt(in);
        var schema = in.int64();
        var applied = in.vector(VECTOR_LIMIT);
        var reach = readReach(in, applied);
        return new Inspected(round, request, schema, applied, reach, readClocks(in, applied), readFindings(in));
    }

    private static WireWriter writeRanges(WireWriter out, List<SeqRange> ranges) {
        out.varint(ranges.size());
        ranges.forEach(range -> out.origin(range.origin()).varint(range.first()).varint(range.last() - range.first()));
        return out;
    }

    private static List<SeqRange> readRanges(WireReader in) {
        List<SeqRange> ranges = new ArrayList<>();
        var count = in.count(RANGE_MIN_BYTES, LIST_LIMIT);
        for (var i = 0; i < count; i++) {
            var start = in.position();
            var origin = in.origin();
            var first = in.varint();
            var last = first + in.varint();
            if (first < 1 || last < first) {
                throw new Malformed(WHAT, start, "seqs " + first + " to " + last);
            }
            ranges.add(new SeqRange(origin, first, last));
        }
        return ranges;
    }

    private static WireWriter writeRequest(WireWriter out, long round, int request) {
        return out.int64(round).varint(request);
    }

    private static WireWriter writeRange(WireWriter out, Range range) {
        out.string(range.table());
        ValueCodec.writeOptionalKey(out, range.from());
        ValueCodec.writeOptionalKey(out, range.to());
        return out;
    }

    private static Range readRange(WireReader in) {
        return new Range(in.string(NAME_LIMIT), ValueCodec.readOptionalKey(in), ValueCodec.readOptionalKey(in));
    }

    private static List<Summed> readSummed(WireReader in) {
        List<Summed> ranges = new ArrayList<>();
        var count = in.count(Long.BYTES, LIST_LIMIT);
        for (var i = 0; i < count; i++) {
            ranges.add(new Summed(readRange(in), in.int64()));
        }
        return ranges;
    }

    private static void writeFinding(WireWriter out, Finding finding) {
        switch (finding) {
            case Finding.Same same -> out.uint8(SAME);
            case Finding.Parts parts -> {
                ValueCodec.writeKeys(out.uint8(PARTS), parts.boundaries());
                parts.sums().forEach(out::int64);
            }
            case Finding.Keys keys -> {
                ValueCodec.writeKeys(out.uint8(KEYS), keys.keys());
                keys.digests().forEach(out::int32);
                ValueCodec.writeOptionalKey(out, keys.rest());
            }
        }
    }

    private static List<Finding> readFindings(WireReader in) {
        List<Finding> findings = new ArrayList<>();
        var count = in.count(1, LIST_LIMIT);
        for (var i = 0; i < count; i++) {
            findings.add(readFinding(in));
        }
        return findings;
    }

    private static Finding readFinding(WireReader in) {
        var start = in.position();
        return switch (in.uint8()) {
            case SAME -> Finding.Same.SAME;
            case PARTS -> {
                var boundaries = ValueCodec.readKeys(in, LIST_LIMIT);
                List<Long> sums = new ArrayList<>();
                for (var i = 0; i <= boundaries.size(); i++) {
                    sums.add(in.int64());
                }
                yield new Finding.Parts(boundaries, sums);
            }
            case KEYS -> {
                var keys = ValueCodec.readKeys(in, LIST_LIMIT);
                List<Integer> digests = new ArrayList<>();
                for (var i = 0; i < keys.size(); i++) {
                    digests.add(in.int32());
                }
                yield new Finding.Keys(keys, digests, ValueCodec.readOptionalKey(in));
            }
            default -> throw new Malformed(WHAT, start, "a finding of an unknown kind");
        };
    }

    private static void writeRows(WireWriter out, Rows rows) {
        writeRequest(out, rows.round(), rows.request()).int64(rows.schema());
        writeReach(out, rows.applied(), rows.reach())
                .string(rows.table())
                .varint(rows.rows().size());
        var codec = new RowCodec();
        rows.rows().forEach(row -> codec.write(out, row));
        ValueCodec.writeKeys(out, rows.restKeys());
        ValueCodec.writeOptionalKey(out, rows.restFrom());
    }

    private static Rows readRows(WireReader in) {
        var round = in.int64();
        var request = readInt(in);
        var schema = in.int64();
        var applied = in.vector(VECTOR_LIMIT);
        var reach = readReach(in, applied);
        var table = in.string(NAME_LIMIT);
        List<RemoteRow> rows = new ArrayList<>();
        var codec = new RowCodec();
        var count = in.count(RowCodec.MIN_BYTES, LIST_LIMIT);
        for (var i = 0; i < count; i++) {
            rows.add(codec.read(in));
        }
        return new Rows(
                round,
                request,
                schema,
                applied,
                reach,
                table,
                rows,
                ValueCodec.readKeys(in, LIST_LIMIT),
                ValueCodec.readOptionalKey(in));
    }

    private static Map<String, List<String>> readColumns(WireReader in) {
        Map<String, List<String>> columns = new TreeMap<>();
        var tables = in.count(2, LIST_LIMIT);
        for (var i = 0; i < tables; i++) {
            var table = in.string(NAME_LIMIT);
            List<String> names = new ArrayList<>();
            var count = in.count(1, LIST_LIMIT);
            for (var j = 0; j < count; j++) {
                names.add(in.string(NAME_LIMIT));
            }
            columns.put(table, names);
        }
        return columns;
    }

    private static long readSeq(WireReader in) {
        var start = in.position();
        var seq = in.varint();
        if (seq < 1) {
            throw new Malformed(WHAT, start, "seq 0, must be at least 1");
        }
        return seq;
    }

    private static int readInt(WireReader in) {
        var start = in.position();
        var value = in.varint();
        if (value > Integer.MAX_VALUE) {
            throw new Malformed(WHAT, start, value + ", must be below 2^31");
        }
        return (int) value;
    }

    private static boolean readFlag(WireReader in) {
        var start = in.position();
        var flag = in.uint8();
        if (flag > 1) {
            throw new Malformed(WHAT, start, "flag " + flag + ", must be 0 or 1");
        }
        return flag == 1;
    }
}
