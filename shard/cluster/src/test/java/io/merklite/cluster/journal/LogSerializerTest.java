package io.merklite.cluster.journal;

import static io.merklite.cluster.journal.Transactions.ANNE;
import static io.merklite.cluster.journal.Transactions.BERT;
import static io.merklite.cluster.journal.Transactions.transaction;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.merklite.cluster.ClusterException.LogDamaged;
import io.merklite.cluster.ClusterException.LogNewer;
import io.merklite.cluster.journal.LogIndex.Run;
import io.merklite.cluster.journal.LogIndex.Segment;
import io.merklite.cluster.journal.LogSnapshot.OriginRuns;
import io.merklite.sync.transaction.TransactionCodec;
import io.merklite.testkit.Seeds;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

class LogSerializerTest {
    private static final LogSnapshot SNAPSHOT = new LogSnapshot(
            300,
            2,
            5,
            List.of(new Segment(300, 7, 1000, 0x0198a3c4d5e6L, 0x0198a3c4d5e7L)),
            List.of(
                    new OriginRuns(ANNE, 9, List.of(new Run(3, 6, 1), new Run(8, 11, 2))),
                    new OriginRuns(BERT, 4, List.of())));

    private final LogSerializer serializer = new LogSerializer(1 << 20);

    /** Assembled by hand from the description in the serializer. */
    @Test
    void bytesOfATransactionAreGolden() {
        var logged = new LogEvent.Logged(transaction(ANNE, 3), Instant.ofEpochMilli(0x0198a3c4d5e6L));
        var transaction = HexFormat.of().formatHex(new TransactionCodec(1 << 20).encode(transaction(ANNE, 3)));

        assertThat(HexFormat.of().formatHex(serializer.toBinary(logged))).isEqualTo("00000198a3c4d5e6" + transaction);
        assertThat(serializer.manifest(logged)).isEqualTo("T1");
        assertThat(serializer.fromBinary(serializer.toBinary(logged), "T1")).isEqualTo(logged);
    }

    /** Assembled by hand from the description in the serializer. */
    @Test
    void bytesOfACutAreGolden() {
        var cut = new LogEvent.Cut(300);

        assertThat(HexFormat.of().formatHex(serializer.toBinary(cut))).isEqualTo("ac02");
        assertThat(serializer.manifest(cut)).isEqualTo("C1");
        assertThat(serializer.fromBinary(serializer.toBinary(cut), "C1")).isEqualTo(cut);
    }

    /** Assembled by hand from the description in the serializer; the body is too small to be compressed. */
    @Test
    void bytesOfASnapshotAreGolden() {
        var body = "ac02" + "02" + "05" + "01" + "ac02" + "07" + "e807" + "00000198a3c4d5e6" + "00000198a3c4d5e7" + "02"
                + "a1f3708e5b2c4d17" + "09" + "02" + "030601" + "080b02" + "b2e4819f6a3d5c08" + "04" + "00";
        var framed = HexFormat.of().parseHex("4d4c4c53" + "01" + "00" + "%02x".formatted(body.length() / 2) + body);
        var checksum = new CRC32C();
        checksum.update(framed);

        assertThat(HexFormat.of().formatHex(serializer.toBinary(SNAPSHOT)))
                .isEqualTo(HexFormat.of().formatHex(framed) + "%08x".formatted((int) checksum.getValue()));
        assertThat(serializer.manifest(SNAPSHOT)).isEqualTo("S1");
        assertThat(serializer.fromBinary(serializer.toBinary(SNAPSHOT), "S1")).isEqualTo(SNAPSHOT);
    }

    @Test
    void kindOfALaterVersionIsRefused() {
        assertThatThrownBy(() -> serializer.fromBinary(new byte[0], "T2")).isInstanceOf(LogNewer.class);
    }

    @Test
    void bytesAfterTheEndAreRefused() {
        assertThatThrownBy(() -> serializer.fromBinary(new byte[] {1, 0}, "C1")).isInstanceOf(LogDamaged.class);
    }

    @Test
    void damagedBytesNeverPassForOthers() {
        var whole = Map.of(
                "S1",
                serializer.toBinary(SNAPSHOT),
                "T1",
                serializer.toBinary(new LogEvent.Logged(transaction(ANNE, 3), Instant.EPOCH)));
        Seeds.upTo(300)
                .forEach(seed -> Seeds.run(seed, random -> {
                    for (var entry : whole.entrySet()) {
                        var bytes = entry.getValue().clone();
                        // The time of a transaction is covered by the journal's own checksum.
                        var at = 8 + random.nextInt(bytes.length - 8);
                        bytes[at] ^= (byte) (1 + random.nextInt(255));
                        var cut = Arrays.copyOf(bytes, random.nextInt(bytes.length));

                        assertThatThrownBy(() -> serializer.fromBinary(bytes, entry.getKey()))
                                .isInstanceOf(LogDamaged.class);
                        assertThatThrownBy(() -> serializer.fromBinary(cut, entry.getKey()))
                                .isInstanceOf(LogDamaged.class);
                    }
                }));
    }
}
