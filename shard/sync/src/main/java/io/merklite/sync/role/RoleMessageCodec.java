package io.merklite.sync.role;

import io.merklite.session.SessionException;
import io.merklite.session.changeset.Changeset;
import io.merklite.sync.ErrorCode;
import io.merklite.sync.SyncException.Malformed;
import io.merklite.sync.message.SyncMessage;
import io.merklite.sync.message.SyncMessageCodec;
import io.merklite.sync.role.RoleMessage.Segment;
import io.merklite.sync.vector.VersionVector;
import io.merklite.sync.wire.Frame;
import io.merklite.sync.wire.NestedFrames;
import io.merklite.sync.wire.WireReader;
import io.merklite.sync.wire.WireWriter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Messages of the roles to bytes and back.
 *
 * <p><b>Threading.</b> Thread-safe: keeps nothing between calls. <b>Cost.</b> Linear in the bytes.
 */
public final class RoleMessageCodec {
    /*
     * Version 1, in a frame of magic MLRM, which compresses what gets smaller and has a checksum. A body is the sender's
     * byte (0 none, 1 master, 2 replica), the kind's byte, and the fields in the order of the record. Numbers and counts are
     * varint LEB128; rounds, schemas, horizons and sums are fixed and big-endian. Questions, answers and copied rows are
     * messages of SyncMessageCodec, with their length before them.
     */
    /** The largest message. */
    public static final int MAX_SIZE_BYTES = 64 << 20;

    private static final int VERSION = 1;
    private static final String WHAT = "role message";
    private static final int LIST_LIMIT = 10_000_000;
    private static final int TEXT_LIMIT = 1 << 20;
    private static final int SEGMENT_MIN_BYTES = 2;

    private static final int NO_SENDER = 0;
    private static final int MASTER = 1;
    private static final int REPLICA = 2;

    private static final int HELLO = 1;
    private static final int CONVERGE = 2;
    private static final int STANDING = 3;
    private static final int ASK = 4;
    private static final int ANSWER = 5;
    private static final int CHANGES = 6;
    private static final int SKIPPED = 7;
    private static final int ACKNOWLEDGED = 8;
    private static final int FAILED = 9;
    private static final int CLAIM = 10;
    private static final int GRANTED = 11;

    private static final int WRITTEN = 0;
    private static final int COPIED = 1;

    private final int maxSizeBytes;
    private final Frame frame;
    private final SyncMessageCodec inner;

    public RoleMessageCodec() {
        this(MAX_SIZE_BYTES);
    }

    /** @param maxSizeBytes the largest message that is written or read */
    RoleMessageCodec(int maxSizeBytes) {
        this.maxSizeBytes = maxSizeBytes;
        this.frame = new Frame(WHAT, "MLRM", VERSION, maxSizeBytes);
        this.inner = new SyncMessageCodec(maxSizeBytes);
    }

    /**
     * The bytes of a message.
     *
     * @throws io.merklite.sync.SyncException.TooLarge above {@link #MAX_SIZE_BYTES}
     */
    public byte[] encode(RoleMessage message) {
        return frame.encode(body(NO_SENDER, message));
    }

    /** The same of a message between peers. */
    public byte[] encode(PeerMessage message) {
        return frame.encode(body(
                switch (message.sender()) {
                    case MASTER -> MASTER;
                    case REPLICA -> REPLICA;
                },
                message.message()));
    }

    /**
     * The message in {@code bytes}, all of which it must take.
     *
     * @throws Malformed if they are no message, or one between peers
     * @throws io.merklite.sync.SyncException.UnknownVersion if they are one of another version
     * @throws io.merklite.sync.SyncException.TooLarge if it, or one of its lists, is larger than the limit
     */
    public RoleMessage decode(byte[] bytes) {
        var body = frame.decode(bytes);
        var in = new WireReader(WHAT, body, 0, body.length);
        var sender = in.uint8();
        if (sender != NO_SENDER) {
            throw new Malformed(WHAT, 0, "sender " + sender + ", must be 0");
        }
        return read(in);
    }

    /** The message between peers in {@code bytes}; as {@link #decode}. */
    public PeerMessage decodePeer(byte[] bytes) {
        var body = frame.decode(bytes);
        var in = new WireReader(WHAT, body, 0, body.length);
        var number = in.uint8();
        var sender = switch (number) {
            case MASTER -> PeerMessage.Sender.MASTER;
            case REPLICA -> PeerMessage.Sender.REPLICA;
            default -> throw new Malformed(WHAT, 0, "sender " + number + ", must be 1 or 2");
        };
        return new PeerMessage(sender, read(in));
    }

    private byte[] body(int sender, RoleMessage message) {
        var out = new WireWriter().uint8(sender);
        switch (message) {
            case RoleMessage.Hello hello ->
                writeRequest(out.uint8(HELLO), hello.protocol(), hello.round(), hello.schema(), hello.seq());
            case RoleMessage.Converge converge ->
                writeRequest(
                        out.uint8(CONVERGE), converge.protocol(), converge.round(), converge.schema(), converge.seq());
            case RoleMessage.Standing standing ->
                out.uint8(STANDING)
                        .int64(standing.round())
                        .varint(standing.seq())
                        .varint(standing.latest())
                        .int64(standing.horizon())
                        .int64(standing.sum())
                        .uint8(standing.isCurrent() ? 1 : 0);
            case RoleMessage.Ask ask -> out.uint8(ASK).bytes(inner.encode(ask.question()));
            case RoleMessage.Answer answer ->
                out.uint8(ANSWER).varint(answer.seq()).bytes(inner.encode(answer.answer()));
            case RoleMessage.Changes changes -> {
                out.uint8(CHANGES).varint(changes.seq()).int32(changes.schema());
                out.varint(changes.segments().size());
                changes.segments().forEach(segment -> write(out, segment));
            }
            case RoleMessage.Skipped skipped -> out.uint8(SKIPPED).varint(skipped.seq());
            case RoleMessage.Acknowledged done -> out.uint8(ACKNOWLEDGED).varint(done.seq());
            case RoleMessage.Failed failed -> {
                out.uint8(FAILED).uint8(number(failed.code())).string(failed.text());
                writeTexts(out.int32(failed.schema()), failed.ddl());
            }
            case RoleMessage.Claim claim ->
                writeTexts(out.uint8(CLAIM).varint(claim.protocol()), List.copyOf(new TreeSet<>(claim.tables())));
            case RoleMessage.Granted granted -> out.uint8(GRANTED);
        }
        return out.toByteArray();
    }

    private RoleMessage read(WireReader in) {
        var start = in.position();
        var kind = in.uint8();
        RoleMessage message = switch (kind) {
            case HELLO -> new RoleMessage.Hello(readInt(in), in.int64(), in.int32(), in.varint());
            case CONVERGE -> new RoleMessage.Converge(readInt(in), in.int64(), in.int32(), in.varint());
            case STANDING ->
                new RoleMessage.Standing(in.int64(), in.varint(), in.varint(), in.int64(), in.int64(), readFlag(in));
            case ASK -> new RoleMessage.Ask(readInner(in));
            case ANSWER -> new RoleMessage.Answer(in.varint(), readInner(in));
            case CHANGES -> new RoleMessage.Changes(in.varint(), in.int32(), readSegments(in));
            case SKIPPED -> new RoleMessage.Skipped(in.varint());
            case ACKNOWLEDGED -> new RoleMessage.Acknowledged(in.varint());
            case FAILED -> new RoleMessage.Failed(readCode(in), in.string(TEXT_LIMIT), in.int32(), readTexts(in));
            case CLAIM -> new RoleMessage.Claim(readInt(in), readNames(in));
            case GRANTED -> new RoleMessage.Granted();
            default -> throw new Malformed(WHAT, start, "kind " + kind);
        };
        in.expectEnd();
        return message;
    }

    private static void writeRequest(WireWriter out, int protocol, long round, int schema, long seq) {
        out.varint(protocol).int64(round).int32(schema).varint(seq);
    }

    private static void writeTexts(WireWriter out, List<String> texts) {
        out.varint(texts.size());
        texts.forEach(out::string);
    }

    private static List<String> readTexts(WireReader in) {
        List<String> texts = new ArrayList<>();
        var count = in.count(1, LIST_LIMIT);
        for (var i = 0; i < count; i++) {
            texts.add(in.string(TEXT_LIMIT));
        }
        return texts;
    }

    private static Set<String> readNames(WireReader in) {
        var start = in.position();
        var texts = readTexts(in);
        Set<String> names = new HashSet<>(texts);
        if (names.size() != texts.size()) {
            throw new Malformed(WHAT, start, "a table that is named twice");
        }
        return names;
    }

    private void write(WireWriter out, Segment segment) {
        switch (segment) {
            case Segment.Written written ->
                out.uint8(WRITTEN)
                        .stamp(written.stamp())
                        .bytes(written.changes().toByteArray());
            case Segment.Copied copied -> out.uint8(COPIED).bytes(inner.encode(asRows(copied)));
        }
    }

    /** Keys that are gone stand where an answer has those that did not fit. */
    private static SyncMessage asRows(Segment.Copied copied) {
        return new SyncMessage.Rows(
                0,
                0,
                0,
                VersionVector.EMPTY,
                VersionVector.EMPTY,
                copied.table(),
                copied.rows(),
                copied.gone(),
                Optional.empty());
    }

    private List<Segment> readSegments(WireReader in) {
        List<Segment> segments = new ArrayList<>();
        var frames = new NestedFrames("segments of a " + WHAT, maxSizeBytes);
        var count = in.count(SEGMENT_MIN_BYTES, LIST_LIMIT);
        for (var i = 0; i < count; i++) {
            var start = in.position();
            var kind = in.uint8();
            segments.add(
                    switch (kind) {
                        case WRITTEN -> new Segment.Written(in.stamp(), readChangeset(in));
                        case COPIED -> readCopied(in, start, frames);
                        default -> throw new Malformed(WHAT, start, "a segment of kind " + kind);
                    });
        }
        return segments;
    }

    private Changeset readChangeset(WireReader in) {
        var start = in.position();
        var bytes = in.bytes(maxSizeBytes);
        try {
            return Changeset.copyOf(bytes);
        } catch (SessionException e) {
            var malformed = new Malformed(WHAT, start, "no changeset: " + e.getMessage());
            malformed.initCause(e);
            throw malformed;
        }
    }

    private Segment readCopied(WireReader in, int start, NestedFrames frames) {
        var bytes = in.bytes(maxSizeBytes);
        frames.add(inner.bodySizeBytes(bytes));
        if (inner.decode(bytes) instanceof SyncMessage.Rows rows) {
            return new Segment.Copied(rows.table(), rows.rows(), rows.restKeys());
        }
        throw new Malformed(WHAT, start, "copied rows that are another message");
    }

    private SyncMessage readInner(WireReader in) {
        return inner.decode(in.bytes(maxSizeBytes));
    }

    private static int readInt(WireReader in) {
        var start = in.position();
        var value = in.varint();
        if (value > Integer.MAX_VALUE) {
            throw new Malformed(WHAT, start, "a number of " + value);
        }
        return (int) value;
    }

    private static boolean readFlag(WireReader in) {
        var start = in.position();
        var value = in.uint8();
        if (value > 1) {
            throw new Malformed(WHAT, start, "a flag of " + value);
        }
        return value == 1;
    }

    private static int number(ErrorCode code) {
        return switch (code) {
            case SQLITE_ERROR -> 1;
            case PROTOCOL_ERROR -> 2;
            case SCHEMA_MISMATCH -> 3;
            case INVALID_STATE -> 4;
            case OWNERSHIP_REJECTED -> 5;
            case WITHOUT_ROWID_TABLE -> 6;
        };
    }

    private static ErrorCode readCode(WireReader in) {
        var start = in.position();
        var value = in.uint8();
        return Arrays.stream(ErrorCode.values())
                .filter(code -> number(code) == value)
                .findFirst()
                .orElseThrow(() -> new Malformed(WHAT, start, "an error code of " + value));
    }
}
