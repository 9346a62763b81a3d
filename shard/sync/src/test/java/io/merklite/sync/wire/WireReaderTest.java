package io.merklite.sync.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.merklite.sync.SyncException.Malformed;
import io.merklite.sync.SyncException.TooLarge;
import io.merklite.sync.stamp.Origin;
import io.merklite.sync.vector.VersionVector;
import io.merklite.testkit.Seeds;
import java.util.HexFormat;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WireReaderTest {
    private static WireReader reader(String hex) {
        var bytes = HexFormat.of().parseHex(hex);
        return new WireReader("test", bytes, 0, bytes.length);
    }

    @ParameterizedTest
    @CsvSource({"0, 00", "127, 7f", "128, 8001", "300, ac02", "9223372036854775807, ffffffffffffffff7f"})
    void numbersAreGolden(long number, String hex) {
        assertThat(new WireWriter().varint(number).toByteArray())
                .isEqualTo(HexFormat.of().parseHex(hex));
        assertThat(reader(hex).varint()).isEqualTo(number);
    }

    @ParameterizedTest
    @ValueSource(strings = {"ffffffffffffffffff01", "80808080808080808002", "8080808080808080808001"})
    void numberAbove63BitsIsRefused(String hex) {
        assertThatThrownBy(() -> reader(hex).varint()).isInstanceOf(Malformed.class);
    }

    @Test
    void numbersOfEverySizeComeBack() {
        Seeds.upTo(50)
                .forEach(seed -> Seeds.run(seed, random -> {
                    for (var shift = 1; shift < Long.SIZE; shift++) {
                        var number = random.nextLong() >>> shift;
                        var bytes = new WireWriter().varint(number).toByteArray();

                        assertThat(new WireReader("test", bytes, 0, bytes.length).varint())
                                .isEqualTo(number);
                    }
                }));
    }

    @Test
    void inputThatEndsIsRefusedWithItsOffset() {
        assertThatThrownBy(() -> reader("000000").int32())
                .isInstanceOf(Malformed.class)
                .hasMessageContaining("byte 3: the input ends, 1 bytes early");
    }

    @Test
    void countBeyondLimitOrInputIsRefused() {
        assertThatThrownBy(() -> reader("8001").count(1, 127)).isInstanceOf(TooLarge.class);
        assertThatThrownBy(() -> reader("020000000000").count(3, 127)).isInstanceOf(Malformed.class);
    }

    @Test
    void textThatIsNotUtf8IsRefused() {
        assertThatThrownBy(() -> reader("02c328").string(10)).isInstanceOf(Malformed.class);
    }

    @Test
    void vectorComesBackInTheOrderOfUnsignedOrigins() {
        var vector = VersionVector.of(Map.of(new Origin(-1), 1L, new Origin(1), 2L));

        var bytes = new WireWriter().vector(vector).toByteArray();

        assertThat(HexFormat.of().formatHex(bytes)).isEqualTo("02" + "000000000000000102" + "ffffffffffffffff01");
        assertThat(new WireReader("test", bytes, 0, bytes.length).vector(2)).isEqualTo(vector);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "02ffffffffffffffff01000000000000000102", // out of order
                "02000000000000000101000000000000000102", // an origin twice
                "01000000000000000100", // a seq of 0
                "01000000000000000001", // origin 0
            })
    void vectorThatNobodyWritesIsRefused(String hex) {
        assertThatThrownBy(() -> reader(hex).vector(10)).isInstanceOf(Malformed.class);
    }

    @Test
    void bytesAfterTheEndAreRefused() {
        assertThatThrownBy(() -> reader("00").expectEnd()).isInstanceOf(Malformed.class);
    }
}
