package io.merklite.sync.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.merklite.sync.SyncException;
import io.merklite.sync.SyncException.Malformed;
import io.merklite.sync.SyncException.TooLarge;
import io.merklite.sync.SyncException.UnknownVersion;
import io.merklite.testkit.Seeds;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.random.RandomGenerator;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class FrameTest {
    private static final int LIMIT = 1 << 16;
    private final Frame frame = new Frame("parcel", "MLXX", 1, LIMIT);

    /** Assembled by hand from the description in the frame; the checksum by a separate CRC-32C program. */
    @ParameterizedTest
    @CsvSource({"'', 4d4c5858010000f2631270", "00ff10, 4d4c585801000300ff108d6e6ee3"})
    void bytesAreGolden(String body, String golden) {
        var bytes = frame.encode(HexFormat.of().parseHex(body));

        assertThat(HexFormat.of().formatHex(bytes)).isEqualTo(golden);
        assertThat(HexFormat.of().formatHex(frame.decode(bytes))).isEqualTo(body);
    }

    /** An LZ4 block by hand: the literal a, 94 bytes copied from one byte before, five literals at the end. */
    @Test
    void compressedBytesAreReadAsLz4DescribesThem() {
        var golden = HexFormat.of().parseHex("4d4c58580101641f6101004b506161616161" + "e6ca7390");

        assertThat(frame.decode(golden)).asString().isEqualTo("a".repeat(100));
    }

    @Test
    void roundTripKeepsEveryByte() {
        Seeds.upTo(300)
                .forEach(seed -> Seeds.run(seed, random -> {
                    var body = randomBody(random);

                    assertThat(frame.decode(frame.encode(body))).isEqualTo(body);
                }));
    }

    private static byte[] randomBody(RandomGenerator random) {
        var body = new byte[random.nextInt(400)];
        var variety = 1 + random.nextInt(255);
        for (var i = 0; i < body.length; i++) {
            body[i] = (byte) random.nextInt(variety);
        }
        return body;
    }

    @Test
    void frameIsNeverLargerThanItsBodyBy14Bytes() {
        Seeds.upTo(100)
                .forEach(seed -> Seeds.run(seed, random -> {
                    var body = new byte[LIMIT];
                    random.nextBytes(body);

                    assertThat(frame.encode(body)).hasSizeLessThan(LIMIT + 14);
                }));
    }

    @Test
    void everyFlippedBitIsRefused() {
        Seeds.upTo(20)
                .forEach(seed -> Seeds.run(seed, random -> {
                    var bytes = frame.encode(randomBody(random));
                    for (var bit = 0; bit < bytes.length * Byte.SIZE; bit++) {
                        var damaged = bytes.clone();
                        damaged[bit / Byte.SIZE] ^= (byte) (1 << bit % Byte.SIZE);

                        assertThatThrownBy(() -> frame.decode(damaged)).isInstanceOf(SyncException.class);
                    }
                }));
    }

    @Test
    void everyPrefixAndEveryTailIsRefused() {
        for (var body : new byte[][] {{}, {1, 2, 3}, new byte[1000]}) {
            var bytes = frame.encode(body);
            for (var size = 0; size < bytes.length; size++) {
                var prefix = Arrays.copyOf(bytes, size);

                assertThatThrownBy(() -> frame.decode(prefix)).isInstanceOf(Malformed.class);
            }
            assertThatThrownBy(() -> frame.decode(Arrays.copyOf(bytes, bytes.length + 1)))
                    .isInstanceOf(Malformed.class);
        }
    }

    /** Each with a right checksum. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "4d4c5859 01 00 00", // another magic
                "4d4c5858 01 02 00", // unknown flags
                "4d4c5858 01 00 01", // a body of 1 byte that has none
                "4d4c5858 01 01 64 1f6101004b", // a block that ends early
                "4d4c5858 01 01 65 1f6101004b506161616161", // a block of 100 bytes that claims 101
                "4d4c5858 01 01 63 1f6101004b506161616161", // a block of 100 bytes that claims 99
                "4d4c5858 01 01 64 1f6102004b506161616161", // a copy from before the beginning
                "4d4c5858 01 01 80f803 1f6101004b506161616161", // more than LZ4 can shrink
            })
    void frameThatLiesIsRefused(String spaced) {
        assertThatThrownBy(() -> frame.decode(withChecksum(spaced))).isInstanceOf(Malformed.class);
    }

    @Test
    void newerVersionIsNamed() {
        assertThatThrownBy(() -> frame.decode(withChecksum("4d4c5858 02 00 00")))
                .isInstanceOf(UnknownVersion.class)
                .hasMessageContaining("parcel of version 2, known up to 1");
    }

    @Test
    void bodyBeyondTheLimitIsNeitherWrittenNorRead() {
        assertThatThrownBy(() -> frame.encode(new byte[LIMIT + 1])).isInstanceOf(TooLarge.class);
        assertThatThrownBy(() -> frame.decode(withChecksum("4d4c5858 01 01 818004 00")))
                .isInstanceOf(TooLarge.class);
        assertThatThrownBy(() -> new Frame("parcel", "MLXX", 1, 0)).isInstanceOf(IllegalArgumentException.class);
    }

    private static byte[] withChecksum(String spaced) {
        var bytes = HexFormat.of().parseHex(spaced.replace(" ", ""));
        var crc = new CRC32C();
        crc.update(bytes);
        return new WireWriter()
                .raw(bytes, 0, bytes.length)
                .int32((int) crc.getValue())
                .toByteArray();
    }
}
