package io.merklite.node.hrana;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import io.merklite.node.http.Bookmark;
import io.merklite.node.socket.FrameDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;
import org.apache.pekko.util.ByteString;

/** Whatever the bytes are, decoders give a request or refuse it: nothing else, and in little time. */
class DecodersFuzzTest {
    private static final JsonRequests JSON = new JsonRequests(1 << 20);
    private static final ProtobufRequests PROTOBUF = new ProtobufRequests();
    private static final List<String> SEEDS = List.of(
            "{\"baton\":null,\"requests\":[{\"type\":\"execute\",\"stmt\":{\"sql\":\"SELECT ?\",\"args\":[{\"type\":\"integer\",\"value\":\"1\"},"
                    + "{\"type\":\"blob\",\"base64\":\"AQ==\"},{\"type\":\"float\",\"value\":1.5e3}],\"named_args\":[{\"name\":\"a\",\"value\":{\"type\":\"null\"}}]}},"
                    + "{\"type\":\"store_sql\",\"sql_id\":1,\"sql\":\"x\"},{\"type\":\"close\"}]}",
            "{\"batch\":{\"steps\":[{\"stmt\":{\"sql_id\":1}},{\"stmt\":{\"sql\":\"x\"},\"condition\":{\"type\":\"and\",\"conds\":[{\"type\":\"ok\","
                    + "\"step\":0},{\"type\":\"not\",\"cond\":{\"type\":\"is_autocommit\"}}]}}]}}",
            "{\"type\":\"request\",\"request_id\":1,\"request\":{\"type\":\"fetch_cursor\",\"cursor_id\":1,\"max_count\":10}}",
            "{\"type\":\"hello\",\"jwt\":\"x\"}");
    private static final List<byte[]> BINARY_SEEDS = List.of(
            ProtobufTest.hex("0a0162 12 16 12 14 0a 12 0a 08 53454c454354203f 1a 02 1002 22 02 0a00"),
            ProtobufTest.hex("12120802220e0803120a0a0853454c4543542035"),
            ProtobufTest.hex("0a070a057772697465"));

    @Property(tries = 2000)
    void randomBytesAreRefused(@ForAll @Size(max = 300) byte[] bytes) {
        feedAll(bytes);
    }

    @Property(tries = 5000)
    void damagedRequestsAreRefusedOrRead(@ForAll long seed) {
        var random = new Random(seed);
        var bytes = random.nextBoolean()
                ? SEEDS.get(random.nextInt(SEEDS.size())).getBytes(StandardCharsets.UTF_8)
                : BINARY_SEEDS.get(random.nextInt(BINARY_SEEDS.size())).clone();
        for (var i = 0; i <= random.nextInt(4); i++) {
            bytes = damage(bytes, random);
        }
        feedAll(bytes);
    }

    @Property(tries = 2000)
    void framesOfAnyBytesEndInAMessageOrAClosingCode(@ForAll long seed) {
        var random = new Random(seed);
        var decoder = new FrameDecoder(1000);
        try {
            for (var i = 0; i < 10; i++) {
                var bytes = new byte[random.nextInt(40)];
                random.nextBytes(bytes);
                if (bytes.length > 1 && random.nextInt(4) > 0) {
                    bytes[0] &= (byte) 0x8F;
                    bytes[1] |= (byte) 0x80;
                }
                decoder.decode(
                        ByteString.fromArray(bytes), event -> assertThat(event).isNotNull());
            }
        } catch (FrameDecoder.BrokenFrameException e) {
            assertThat(e.closeCode()).isIn(1002, 1009);
        }
    }

    @Property(tries = 500)
    void messagesComeOutAsTheyWentInHoweverTheyAreCut(@ForAll long seed) {
        var random = new Random(seed);
        var sent = new ArrayList<String>();
        var wire = ByteString.emptyByteString();
        for (var i = 0; i < 5; i++) {
            var payload = new byte[random.nextInt(3) == 0 ? random.nextInt(70_000) : random.nextInt(200)];
            random.nextBytes(payload);
            sent.add(Arrays.toString(payload));
            var cut = random.nextInt(payload.length + 1);
            wire = wire.concat(frame(0x02, Arrays.copyOf(payload, cut), random))
                    .concat(frame(0x89, new byte[] {1}, random))
                    .concat(frame(0x80, Arrays.copyOfRange(payload, cut, payload.length), random));
        }

        var got = new ArrayList<String>();
        var decoder = new FrameDecoder(100_000);
        while (wire.nonEmpty()) {
            var piece = 1 + random.nextInt(random.nextInt(10) == 0 ? 50_000 : 30);
            decoder.decode(wire.take(piece), event -> {
                if (event instanceof FrameDecoder.Event.Message(var isText, var payload)) {
                    assertThat(isText).isFalse();
                    got.add(Arrays.toString(payload.toArray()));
                }
            });
            wire = wire.drop(piece);
        }

        assertThat(got).isEqualTo(sent);
    }

    private static void feedAll(byte[] bytes) {
        feed(JSON::pipeline, bytes);
        feed(JSON::cursor, bytes);
        feed(JSON::message, bytes);
        feed(body -> JSON.single(body, "execute"), bytes);
        feed(PROTOBUF::pipeline, bytes);
        feed(PROTOBUF::cursor, bytes);
        feed(PROTOBUF::message, bytes);
        assertThatCode(() -> Bookmark.decode(new String(bytes, StandardCharsets.ISO_8859_1)))
                .doesNotThrowAnyException();
        assertThat(new Batons(new byte[16]).verify("a", new String(bytes, StandardCharsets.ISO_8859_1)))
                .isEmpty();
    }

    private static void feed(Consumer<byte[]> decoder, byte[] bytes) {
        try {
            decoder.accept(bytes);
        } catch (HranaException e) {
            assertThat(e.closeCode()).isEqualTo(1007);
        }
    }

    private static byte[] damage(byte[] bytes, Random random) {
        if (bytes.length == 0) {
            return bytes;
        }
        var at = random.nextInt(bytes.length);
        return switch (random.nextInt(4)) {
            case 0 -> Arrays.copyOf(bytes, at);
            case 1 -> {
                var changed = bytes.clone();
                changed[at] = (byte) random.nextInt(256);
                yield changed;
            }
            case 2 -> {
                var doubled = Arrays.copyOf(bytes, bytes.length + bytes.length - at);
                System.arraycopy(bytes, at, doubled, bytes.length, bytes.length - at);
                yield doubled;
            }
            default -> {
                var without = Arrays.copyOf(bytes, bytes.length - 1);
                System.arraycopy(bytes, at + 1, without, at, bytes.length - at - 1);
                yield without;
            }
        };
    }

    private static ByteString frame(int first, byte[] payload, Random random) {
        var mask = new byte[4];
        random.nextBytes(mask);
        var header = java.nio.ByteBuffer.allocate(14).put((byte) first);
        if (payload.length < 126) {
            header.put((byte) (0x80 | payload.length));
        } else if (payload.length < 65_536) {
            header.put((byte) (0x80 | 126)).putShort((short) payload.length);
        } else {
            header.put((byte) (0x80 | 127)).putLong(payload.length);
        }
        header.put(mask).flip();
        var masked = payload.clone();
        for (var i = 0; i < masked.length; i++) {
            masked[i] ^= mask[i & 3];
        }
        return ByteString.fromByteBuffer(header).concat(ByteString.fromArray(masked));
    }
}
