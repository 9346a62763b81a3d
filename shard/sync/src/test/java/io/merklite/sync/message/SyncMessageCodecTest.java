package io.merklite.sync.message;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.merklite.session.changeset.ChangeOp;
import io.merklite.session.changeset.ChangesetValue;
import io.merklite.session.changeset.ChangesetWriter;
import io.merklite.sync.SyncException;
import io.merklite.sync.SyncException.Malformed;
import io.merklite.sync.message.SyncMessage.Finding;
import io.merklite.sync.message.SyncMessage.Range;
import io.merklite.sync.message.SyncMessage.Summed;
import io.merklite.sync.row.Cell;
import io.merklite.sync.row.RowVersion;
import io.merklite.sync.stamp.Origin;
import io.merklite.sync.stamp.Stamp;
import io.merklite.sync.store.RemoteRow;
import io.merklite.sync.transaction.Births;
import io.merklite.sync.transaction.Transaction;
import io.merklite.sync.vector.VersionVector;
import io.merklite.sync.vector.VersionVector.SeqRange;
import io.merklite.sync.wire.Frame;
import io.merklite.sync.wire.WireWriter;
import io.merklite.testkit.Seeds;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SyncMessageCodecTest {
    private static final int LIMIT = 1 << 20;
    private static final Origin ANNE = new Origin(0xa1f3708e5b2c4d17L);
    private static final Origin BERT = new Origin(0xb2e4819f6a3d5c08L);
    private static final Origin CARL = new Origin(0xc7d50a932b6e1f84L);
    private static final VersionVector SEEN = VersionVector.of(Map.of(ANNE, 5L, BERT, 300L));
    private static final Map<Origin, Long> CLOCKS = Map.of(ANNE, 0x0198a3c4d5e60001L, BERT, 0x0198a3c4d5df0002L);
    private static final long SCHEMA = 0x7b2c9d4e5f60718aL;
    private static final long HORIZON = 0x0197b1a2c3d40000L;
    private static final ChangesetValue MINUS_PI = new ChangesetValue.Real(-Math.PI);

    private final SyncMessageCodec codec = new SyncMessageCodec(LIMIT);
    private final Frame frame = new Frame("message", "MLSM", 1, LIMIT);

    @Test
    void transactionsThatUnpackToFarMoreThanAMessageAreRefused() {
        var found = new SyncMessage.Found(
                LongStream.rangeClosed(1, 6)
                        .mapToObj(seq -> zeros(seq, LIMIT / 2))
                        .toList(),
                List.of(),
                List.of());
        var bomb = new SyncMessage.Publish(LongStream.rangeClosed(1, 9)
                .mapToObj(seq -> zeros(seq, LIMIT / 2))
                .toList());

        assertThat(codec.decode(codec.encode(found))).isEqualTo(found);
        var bytes = codec.encode(bomb);
        assertThat(bytes).hasSizeLessThan(LIMIT / 8);
        assertThatThrownBy(() -> codec.decode(bytes)).isInstanceOf(SyncException.TooLarge.class);
    }

    // ---- golden bytes -----------------------------------------------------------------------------------------------

    private static Map<String, SyncMessage> messages() {
        Map<String, SyncMessage> messages = new LinkedHashMap<>();
        messages.put("publish", new SyncMessage.Publish(List.of(transaction(3))));
        messages.put("publish-group", new SyncMessage.Publish(List.of(transaction(3), transaction(4))));
        messages.put("announce", new SyncMessage.Announce(ANNE, 70_000));
        messages.put("acknowledge", new SyncMessage.Acknowledge(BERT, 1));
        messages.put(
                "status",
                new SyncMessage.Status(
                        SEEN, CLOCKS, 0x0198a3c4d5e60042L, HORIZON, -0x123456789abcdefL, SCHEMA, true, false));
        messages.put(
                "want",
                new SyncMessage.Want(List.of(new SeqRange(ANNE, 1, 1), new SeqRange(CARL, 7, 200_000)), 65_536));
        messages.put(
                "found",
                new SyncMessage.Found(
                        List.of(transaction(3)),
                        List.of(new SeqRange(new Origin(0xd8169c4e07b35af2L), 301, 301)),
                        List.of(new SeqRange(new Origin(0xe92705bf61ac48d3L), 1, 128))));
        messages.put("want-part", new SyncMessage.WantPart(CARL, 9, 131_072));
        messages.put(
                "part",
                new SyncMessage.Part(
                        CARL, 9, 131_072, 131_077, Chunk.wrap(HexFormat.of().parseHex("00ff107e81"))));
        messages.put("inspect", inspect());
        messages.put("inspected", inspected());
        messages.put("fetch", new SyncMessage.Fetch(78, 0, "item", List.of(key(-1), key(0), key(128))));
        messages.put(
                "fetch-range",
                new SyncMessage.FetchRange(
                        79,
                        1,
                        new Range(
                                "pair",
                                Optional.of(List.of(text("a"), new ChangesetValue.Integer(0))),
                                Optional.empty())));
        messages.put("rows", rows());
        messages.put("want-schema", new SyncMessage.WantSchema(SCHEMA));
        messages.put(
                "schema",
                new SyncMessage.Schema(SCHEMA, Map.of("item", List.of("id", "naïve name"), "zebra", List.of())));
        return messages;
    }

    private static Transaction transaction(long seq) {
        var changes = new ChangesetWriter();
        changes.table(false, "t", new byte[] {1, 0});
        changes.change(ChangeOp.DELETE, false);
        changes.integer(0x6172839405b6c7d8L);
        changes.nullValue();
        return Transaction.wrap(
                "orders",
                seq,
                new Stamp(0x1122334455667788L, ANNE),
                VersionVector.of(Map.of(BERT, 300L)),
                0x0102030405060708L,
                Births.of(List.of(Births.Birth.keyed(new Stamp(0x0198a3c4d5e60042L, CARL)))),
                changes.toByteArray());
    }

    /** Zeros, which LZ4 makes 255 times smaller. */
    private static Transaction zeros(long seq, int sizeBytes) {
        var changes = new ChangesetWriter();
        changes.table(false, "t", new byte[] {1, 0});
        changes.change(ChangeOp.INSERT, false);
        changes.integer(seq);
        changes.blob(new byte[sizeBytes]);
        return Transaction.wrap(
                "orders",
                seq,
                new Stamp(0x1122334455667788L, ANNE),
                VersionVector.EMPTY,
                SCHEMA,
                Births.of(List.of()),
                changes.toByteArray());
    }

    private static SyncMessage inspect() {
        return new SyncMessage.Inspect(
                -2,
                3,
                List.of(
                        new Summed(new Range("item", Optional.empty(), Optional.empty()), 0x1020304050607081L),
                        new Summed(
                                new Range(
                                        "line item",
                                        Optional.of(List.of(text("é"), new ChangesetValue.Integer(-129))),
                                        Optional.of(List.of(blob("00ff"), MINUS_PI))),
                                -1)));
    }

    private static SyncMessage inspected() {
        return new SyncMessage.Inspected(
                77,
                200,
                SCHEMA,
                SEEN,
                SEEN,
                CLOCKS,
                List.of(
                        Finding.Same.SAME,
                        new Finding.Parts(
                                List.of(key(Long.MIN_VALUE), key(-1)), List.of(11L, -12L, 0x1314151617181920L)),
                        new Finding.Keys(
                                List.of(
                                        List.of(text("b")),
                                        List.of(new ChangesetValue.Integer(Long.MAX_VALUE), ChangesetValue.NULL)),
                                List.of(0x01020304, -5),
                                Optional.of(List.of(text("c"))))));
    }

    private static SyncMessage rows() {
        var birth = new Stamp(0x0198a3c4d5e60042L, ANNE);
        var later = new Stamp(0x0198a3c4d5e60100L, BERT);
        var counter = new Cell.Counter(
                new ChangesetValue.Integer(10),
                new TreeMap<>(Map.of(
                        ANNE, new Cell.Counter.Total(0x0198a3c4d5e60201L, new ChangesetValue.Integer(-4)),
                        CARL, new Cell.Counter.Total(0x0198a3c4d5e60202L, MINUS_PI))));
        return new SyncMessage.Rows(
                80,
                2,
                5,
                SEEN,
                SEEN.with(BERT, 400).with(CARL, 9),
                "item",
                List.of(
                        row(1, birth, register(text("x"), birth), register(ChangesetValue.NULL, birth)),
                        row(
                                2,
                                birth,
                                register(MINUS_PI, birth),
                                register(blob("7f"), new Stamp(0x0198a3c4d5e60099L, BERT))),
                        row(-3, later, counter, register(ChangesetValue.NULL, later)),
                        new RemoteRow(key(4), RowVersion.dead(later, new Stamp(0x0198a3c4d5e60300L, CARL)))),
                List.of(List.of(text("rest"))),
                Optional.of(key(5)));
    }

    private static RemoteRow row(long key, Stamp birth, Cell... cells) {
        return new RemoteRow(key(key), RowVersion.alive(birth, List.of(cells)));
    }

    private static Cell register(ChangesetValue value, Stamp stamp) {
        return new Cell.Register(value, stamp);
    }

    private static List<ChangesetValue> key(long value) {
        return List.of(new ChangesetValue.Integer(value));
    }

    private static ChangesetValue text(String text) {
        return ChangesetValue.Text.of(text);
    }

    private static ChangesetValue blob(String hex) {
        return ChangesetValue.Blob.wrap(HexFormat.of().parseHex(hex));
    }

    private static Map<String, byte[]> golden() throws IOException {
        Map<String, byte[]> golden = new HashMap<>();
        try (var in = SyncMessageCodecTest.class.getResourceAsStream("/golden/message/messages.txt")) {
            for (var line : new String(in.readAllBytes(), StandardCharsets.UTF_8).split("\n", -1)) {
                if (!line.isEmpty() && !line.startsWith("#")) {
                    var end = line.indexOf(' ');
                    golden.put(
                            line.substring(0, end),
                            HexFormat.of().parseHex(line.substring(end).replace(" ", "")));
                }
            }
        }
        return golden;
    }

    /** Of the body: whether the frame compresses it is the encoder's choice. */
    @Test
    void bytesOfEveryMessageAreGolden() throws IOException {
        var golden = golden();
        assertThat(golden.keySet()).isEqualTo(messages().keySet());
        Set<Class<?>> covered = new HashSet<>();
        messages().values().forEach(message -> covered.add(message.getClass()));
        assertThat(covered).containsExactlyInAnyOrder(SyncMessage.class.getPermittedSubclasses());

        messages().forEach((name, message) -> {
            assertThat(HexFormat.of().formatHex(body(message)))
                    .as(name)
                    .isEqualTo(HexFormat.of().formatHex(frame.decode(golden.get(name))));
            assertThat(codec.decode(golden.get(name))).as(name).isEqualTo(message);
        });
    }

    @Test
    void groupOfFewerThanTwoIsRefused() {
        var one = body(new SyncMessage.Publish(List.of(transaction(3))));
        var grouped = new WireWriter().uint8(17).varint(1).toByteArray();
        var groupOfOne = Arrays.copyOf(grouped, grouped.length + one.length - 1);
        System.arraycopy(one, 1, groupOfOne, grouped.length, one.length - 1);
        var empty = new WireWriter().uint8(17).varint(0).toByteArray();

        for (var body : List.of(groupOfOne, empty)) {
            assertThatThrownBy(() -> codec.decode(frame.encode(body))).isInstanceOf(Malformed.class);
        }
    }

    // ---- laws -------------------------------------------------------------------------------------------------------

    @Test
    void roundTripKeepsEverything() {
        Seeds.upTo(300)
                .forEach(seed -> Seeds.run(seed, random -> {
                    var messages = new RandomMessages(random);
                    for (var kind = 0; kind < RandomMessages.KINDS; kind++) {
                        var message = messages.ofKind(kind);

                        assertThat(codec.decode(codec.encode(message))).isEqualTo(message);
                    }
                }));
    }

    @Test
    void everyFlippedBitIsRefused() {
        Seeds.upTo(3)
                .forEach(seed -> Seeds.run(seed, random -> {
                    var messages = new RandomMessages(random);
                    for (var kind = 0; kind < RandomMessages.KINDS; kind++) {
                        var bytes = codec.encode(messages.ofKind(kind));
                        for (var bit = 0; bit < bytes.length * Byte.SIZE; bit++) {
                            var damaged = flipped(bytes, bit);

                            assertThatThrownBy(() -> codec.decode(damaged)).isInstanceOf(SyncException.class);
                        }
                    }
                }));
    }

    @Test
    void flippedBitUnderARightChecksumGivesAMessageOrIsRefused() {
        Seeds.upTo(6)
                .forEach(seed -> Seeds.run(seed, random -> {
                    var messages = new RandomMessages(random);
                    for (var kind = 0; kind < RandomMessages.KINDS; kind++) {
                        var body = body(messages.ofKind(kind));
                        for (var bit = 0; bit < body.length * Byte.SIZE; bit++) {
                            requireHarmless(flipped(body, bit));
                        }
                    }
                }));
    }

    @Test
    void anyBytesUnderARightChecksumGiveAMessageOrAreRefused() {
        Seeds.upTo(2000)
                .forEach(seed -> Seeds.run(seed, random -> {
                    var body = new byte[1 + random.nextInt(60)];
                    random.nextBytes(body);
                    body[0] = (byte) random.nextInt(18);
                    for (var i = 1; i < body.length; i++) {
                        body[i] = random.nextInt(3) == 0 ? body[i] : (byte) random.nextInt(4);
                    }

                    requireHarmless(body);
                }));
    }

    private void requireHarmless(byte[] body) {
        SyncMessage message;
        try {
            message = codec.decode(frame.encode(body));
        } catch (SyncException e) {
            return; // refused
        }
        assertThat(codec.decode(codec.encode(message))).isEqualTo(message);
    }

    @Test
    void everyTruncatedBodyAndEveryTailIsRefused() {
        Seeds.upTo(3)
                .forEach(seed -> Seeds.run(seed, random -> {
                    var messages = new RandomMessages(random);
                    for (var kind = 0; kind < RandomMessages.KINDS; kind++) {
                        var body = body(messages.ofKind(kind));
                        for (var size = 0; size < body.length; size++) {
                            var prefix = frame.encode(Arrays.copyOf(body, size));

                            assertThatThrownBy(() -> codec.decode(prefix)).isInstanceOf(SyncException.class);
                        }
                        var tail = frame.encode(Arrays.copyOf(body, body.length + 1));
                        assertThatThrownBy(() -> codec.decode(tail)).isInstanceOf(Malformed.class);
                    }
                }));
    }

    private byte[] body(SyncMessage message) {
        return frame.decode(codec.encode(message));
    }

    private static byte[] flipped(byte[] bytes, int bit) {
        var damaged = bytes.clone();
        damaged[bit / Byte.SIZE] ^= (byte) (1 << bit % Byte.SIZE);
        return damaged;
    }

    // ---- refusals ---------------------------------------------------------------------------------------------------

    /** Each body ends in a count of 9,999,999 elements, of which there are none, but for eight bytes. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "04", // status: origins
                "05", // want: ranges
                "06", // found: transactions
                "06 00", // found: large ones
                "06 00 00", // found: gone ones
                "09 0000000000000001", // horizon: origins
                "0a 0000000000000001 00", // inspect: ranges
                "0b 0000000000000001 00 0000000000000001 0000000000000001 00", // inspected: findings
                "0b 0000000000000001 00 0000000000000001 0000000000000001 00 01 01", // parts: boundaries
                "0b 0000000000000001 00 0000000000000001 0000000000000001 00 01 02", // keys
                "0c 0000000000000001 00 00", // fetch: keys
                "0d 0000000000000001 00 00", // fetch a range: values of a key
                "0e 0000000000000001 00 0000000000000001 0000000000000001 00 00", // rows
                "0e 0000000000000001 00 0000000000000001 0000000000000001 00 00 01", // rows: values of a key
                "0e 0000000000000001 00 0000000000000001 0000000000000001 00 00 00", // rows: keys left over
                "08 00000000000000aa 01 00 00", // part: bytes
                "01", // publish: bytes
                "10 0000000000000001", // schema: tables
                "10 0000000000000001 01 00", // schema: columns
            })
    void countOfMoreThanThereIsTakesNoMemory(String body) {
        var bytes = frame.encode(new WireWriter()
                .raw(hex(body), 0, hex(body).length)
                .varint(9_999_999)
                .int64(0)
                .toByteArray());
        codecIsLoaded();

        var before = allocatedBytes();
        assertThatThrownBy(() -> codec.decode(bytes)).isInstanceOf(SyncException.class);

        assertThat(allocatedBytes() - before).isLessThan(1 << 20);
    }

    private void codecIsLoaded() {
        messages().values().forEach(message -> codec.decode(codec.encode(message)));
        assertThatThrownBy(() -> codec.decode(new byte[1])).isInstanceOf(Malformed.class);
    }

    private static long allocatedBytes() {
        return ((com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean())
                .getThreadAllocatedBytes(Thread.currentThread().threadId());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "00", // kind 0
                "11", // kind 17
                "02 0000000000000000 01", // origin 0
                "02 00000000000000aa 00", // seq 0
                "04 00 0000000000000000 0000000000000000 0000000000000000 0000000000000000 02 00", // a flag of 2
                "04 01 00000000000000aa 00 0000000000000000 0000000000000000 0000000000000000 0000000000000000 00 00",
                "05 01 00000000000000aa 00 00 01", // a range from seq 0
                "05 01 00000000000000aa ffffffffffffffff7f 01 01", // a range beyond 2^63
                "05 00 8080808010", // a number above 2^31
                "05 00 80808080808080808002", // a number of ten bytes
                "0c 0000000000000001 00 00 01 00 00", // a key without values
                "0c 0000000000000001 00 00 01 02 00", // keys of an unknown kind
                "0c 0000000000000001 00 00 01 01 00", // growing keys that begin with NULL
                "0c 0000000000000001 00 00 02 01 01 05 00", // growing keys that stand still
                "0c 0000000000000001 00 00 02 01 01 ffffffffffffffff7f 01", // growing keys beyond 2^63
                "0c 0000000000000001 00 01 ff 00", // a name that is not UTF-8
                "0b 0000000000000001 00 0000000000000001 0000000000000001 00 01 03", // a finding of an unknown kind
            })
    void bodyThatNoReplicaWritesIsRefused(String body) {
        assertThatThrownBy(() -> codec.decode(frame.encode(hex(body)))).isInstanceOf(Malformed.class);
    }

    /** What stands before the rows: kind, round, request, horizon, schema, no origins, table t, one row. */
    private static final String ONE_ROW = "0e 0000000000000001 00 0000000000000001 0000000000000001 00 01 74 01 ";

    @ParameterizedTest
    @ValueSource(
            strings = {
                "00 00 0000000000000001 00 00000000000000aa 00", // no key
                "01 00 02 00", // born with the row before, of which there is none
                "01 00 08 0000000000000001 00 00000000000000aa 00", // unknown flags
                "01 00 00 8000000000000001 00 00000000000000aa 00", // a negative clock
                "01 00 00 0000000000000001 01 00", // an origin that was not named
                "01 00 04 0000000000000001 00 00000000000000aa 01 03 00", // a column of an unknown kind
                "01 00 00 0000000000000001 00 00000000000000aa 01 06", // a value of an unknown kind
                "01 00 04 0000000000000001 00 00000000000000aa 01 02 04 01 61 00", // a counter of text
                "01 00 04 0000000000000001 00 00000000000000aa 01 02 00 01 00 8000000000000001 00", // a negative clock
                "01 00 04 0000000000000001 00 00000000000000aa 01 02 00 02 00 0000000000000001 0101 00"
                        + " 0000000000000001 0101", // two totals of an origin
            })
    void rowThatNoReplicaWritesIsRefused(String row) {
        var body = hex(ONE_ROW + row + " 00 00");

        assertThatThrownBy(() -> codec.decode(frame.encode(body))).isInstanceOf(Malformed.class);
    }

    private static byte[] hex(String spaced) {
        return HexFormat.of().parseHex(spaced.replace(" ", ""));
    }

    @Test
    void keyWithoutValuesIsNotMistakenForNone() {
        var range = new Range("t", Optional.of(key(0)), Optional.empty());

        var read = (SyncMessage.FetchRange) codec.decode(codec.encode(new SyncMessage.FetchRange(1, 1, range)));

        assertThat(read.range()).isEqualTo(range);
    }

    @Test
    void statusOfSixOriginsIsUnder200Bytes() {
        Map<Origin, Long> seqs = new HashMap<>();
        Map<Origin, Long> clocks = new HashMap<>();
        for (var i = 1; i <= 6; i++) {
            seqs.put(new Origin(ANNE.bits() * i), (1L << 42) - i);
            clocks.put(new Origin(ANNE.bits() * i), Long.MAX_VALUE);
        }
        var status =
                new SyncMessage.Status(VersionVector.of(seqs), clocks, Long.MAX_VALUE, HORIZON, -1, SCHEMA, true, true);

        assertThat(codec.encode(status)).hasSizeLessThan(200);
    }

    @Test
    void growingIntegerKeysTakeTwoBytesEach() {
        List<List<ChangesetValue>> keys = new ArrayList<>();
        for (var i = 0; i < 100; i++) {
            keys.add(key(1_000_000_000_000L + 131L * i * i % 9973 + 10_000L * i));
        }

        var size = body(new SyncMessage.Fetch(1, 1, "item", keys)).length;

        assertThat(size).isLessThan(230);
    }

    @Test
    void messageBeyondTheLimitIsNotWritten() {
        var part = new SyncMessage.Part(ANNE, 1, 0, 200, Chunk.wrap(new byte[200]));

        assertThatThrownBy(() -> new SyncMessageCodec(100).encode(part)).isInstanceOf(SyncException.TooLarge.class);
    }

    @Test
    void newerVersionIsNamed() {
        var bytes = codec.encode(new SyncMessage.Announce(ANNE, 1));
        bytes[4] = 2;

        assertThatThrownBy(() -> codec.decode(bytes))
                .isInstanceOf(SyncException.UnknownVersion.class)
                .hasMessageContaining("version 2");
    }
}
