package io.merklite.sync.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.merklite.sync.SyncException;
import io.merklite.sync.SyncException.Malformed;
import io.merklite.sync.SyncException.TooLarge;
import io.merklite.sync.SyncException.UnknownVersion;
import io.merklite.sync.link.LinkMessage.Carried;
import io.merklite.sync.link.LinkMessage.Hello;
import io.merklite.sync.link.LinkMessage.Refusal;
import io.merklite.sync.link.LinkMessage.Welcome;
import io.merklite.sync.message.SyncMessage;
import io.merklite.sync.stamp.Origin;
import io.merklite.testkit.Seeds;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;

class LinkCodecTest {
    private static final List<LinkMessage> EXAMPLES = List.of(
            new Hello("0123456789abcdef", 262_144),
            new Welcome(true, 1 << 24),
            new Welcome(false, 1024),
            new Refusal("DATABASE_NOT_FOUND", "there is no \u00fc", true),
            new Carried(new SyncMessage.Acknowledge(new Origin(7), 3)));

    private final LinkCodec codec = new LinkCodec(1 << 20);

    @Test
    void messagesComeBackAsTheyWere() {
        for (var message : EXAMPLES) {
            assertThat(codec.decode(codec.encode(message))).isEqualTo(message);
        }
    }

    /** By hand from the description of the format: magic, version, flags, body size, body, CRC-32C. */
    @Test
    void helloHasTheBytesOfVersionOne() {
        var bytes = codec.encode(new Hello("0123456789abcdef", 262_144));

        var body = "01" + "10"
                + HexFormat.of().formatHex("0123456789abcdef".getBytes(java.nio.charset.StandardCharsets.US_ASCII))
                + "808010";
        var frame = HexFormat.of().parseHex("4d4c4c4b" + "01" + "00" + "15" + body);
        var checksum = new java.util.zip.CRC32C();
        checksum.update(frame);
        assertThat(HexFormat.of().formatHex(bytes))
                .isEqualTo(HexFormat.of().formatHex(frame) + HexFormat.of().toHexDigits((int) checksum.getValue()));
    }

    @Test
    void anotherVersionIsRefusedAsSuch() {
        var bytes = codec.encode(new Welcome(true, 1024));
        bytes[4] = 2;

        assertThatThrownBy(() -> codec.decode(bytes)).isInstanceOf(UnknownVersion.class);
    }

    @Test
    void nameThatIsNoneIsRefused() {
        var bytes = codec.encode(new Hello("../../../../etc.", 1024));

        assertThatThrownBy(() -> codec.decode(bytes)).isInstanceOf(Malformed.class);
    }

    @Test
    void messageAboveTheLimitIsRefusedByWriterAndReader() {
        var columns = java.util.Map.of("item", List.of("x".repeat(3_000)));
        var message = new Carried(new SyncMessage.Schema(1, columns));
        var small = new LinkCodec(1_000);

        assertThatThrownBy(() -> small.encode(message)).isInstanceOf(TooLarge.class);
        assertThatThrownBy(() -> small.decode(codec.encode(message))).isInstanceOf(TooLarge.class);
    }

    @Test
    void damagedBytesAreRefusedAndHarmNothing() {
        for (var seed : Seeds.upTo(2_000).toArray()) {
            Seeds.run(seed, random -> {
                var bytes = codec.encode(EXAMPLES.get(random.nextInt(EXAMPLES.size())));
                bytes[random.nextInt(bytes.length)] ^= (byte) (1 << random.nextInt(8));

                assertThatThrownBy(() -> codec.decode(bytes)).isInstanceOf(SyncException.class);
            });
        }
    }
}
