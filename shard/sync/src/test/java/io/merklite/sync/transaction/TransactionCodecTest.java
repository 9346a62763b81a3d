package io.merklite.sync.transaction;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.merklite.session.changeset.ChangeOp;
import io.merklite.session.changeset.ChangesetWriter;
import io.merklite.sync.SyncException;
import io.merklite.sync.stamp.Origin;
import io.merklite.sync.stamp.Stamp;
import io.merklite.sync.vector.VersionVector;
import io.merklite.testkit.Seeds;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;

class TransactionCodecTest {
    private static final Origin ANNE = new Origin(0xa1f3708e5b2c4d17L);
    private static final Origin BERT = new Origin(0xb2e4819f6a3d5c08L);
    private static final Origin CARL = new Origin(0xc7d50a932b6e1f84L);
    private static final byte[] KEY_AND_VALUE = {1, 0};

    private final TransactionCodec codec = new TransactionCodec(1 << 20);

    private static Transaction small() {
        var changes = new ChangesetWriter();
        changes.table(false, "t", KEY_AND_VALUE);
        changes.change(ChangeOp.DELETE, false);
        changes.integer(0x6172839405b6c7d8L);
        changes.nullValue();
        return Transaction.wrap(
                "orders",
                3,
                new Stamp(0x1122334455667788L, ANNE),
                VersionVector.of(Map.of(BERT, 300L)),
                0x0102030405060708L,
                Births.of(List.of(Births.Birth.keyed(new Stamp(0x0198a3c4d5e60042L, CARL)))),
                changes.toByteArray());
    }

    private static Transaction random(RandomGenerator random) {
        var changes = new ChangesetWriter();
        List<Births.Birth> births = new ArrayList<>();
        changes.table(false, "item", KEY_AND_VALUE);
        for (var row = random.nextInt(200); row > 0; row--) {
            if (random.nextBoolean()) {
                changes.change(ChangeOp.INSERT, false);
                changes.integer(row);
                changes.text(new byte[random.nextInt(40)]);
            } else {
                changes.change(ChangeOp.DELETE, false);
                changes.integer(row);
                changes.real(random.nextDouble());
                births.add(new Births.Birth(
                        new Stamp(random.nextLong(1, 3), new Origin(random.nextLong(1, 4))), random.nextInt(2)));
            }
        }
        return Transaction.wrap(
                "a-b.c_9",
                random.nextLong(1, Long.MAX_VALUE),
                new Stamp(random.nextLong() & Long.MAX_VALUE, ANNE),
                VersionVector.of(Map.of(BERT, random.nextLong(1, 1L << 40), new Origin(-1), 7L)),
                random.nextLong(),
                Births.of(births),
                changes.toByteArray());
    }

    /** Assembled by hand from the description in the codec; the checksum by a separate CRC-32C program. */
    @Test
    void bytesAreGolden() {
        var golden = "4d4c5458" + "01" + "00" + "53" + "06" + "6f7264657273" + "a1f3708e5b2c4d17" + "03"
                + "1122334455667788" + "01" + "b2e4819f6a3d5c08" + "ac02" + "0102030405060708" + "01"
                + "0198a3c4d5e60042" + "00" + "01" + "c7d50a932b6e1f84" + "01" + "00" + "01" + "5402" + "0100" + "7400"
                + "0900" + "016172839405b6c7d8" + "05" + "4bbab2e7";

        var bytes = codec.encode(small());

        assertThat(HexFormat.of().formatHex(bytes)).isEqualTo(golden);
        assertThat(codec.decode(bytes)).isEqualTo(small());
    }

    @Test
    void roundTripKeepsEverything() {
        Seeds.upTo(200)
                .forEach(seed -> Seeds.run(seed, random -> {
                    var transaction = random(random);

                    assertThat(codec.decode(codec.encode(transaction))).isEqualTo(transaction);
                }));
    }

    @Test
    void repetitiveChangesetIsCompressed() {
        var changes = new ChangesetWriter();
        changes.table(false, "t", KEY_AND_VALUE);
        for (var row = 0; row < 1000; row++) {
            changes.change(ChangeOp.INSERT, false);
            changes.integer(row);
            changes.nullValue();
        }
        var transaction = Transaction.wrap(
                "d", 1, new Stamp(1, ANNE), VersionVector.EMPTY, 0, Births.NONE, changes.toByteArray());

        assertThat(codec.encode(transaction).length).isLessThan(changes.sizeBytes() / 2);
    }

    @Test
    void everyFlippedBitIsRefused() {
        Seeds.upTo(5)
                .forEach(seed -> Seeds.run(seed, random -> {
                    var bytes = codec.encode(random(random));
                    for (var bit = 0; bit < bytes.length * Byte.SIZE; bit++) {
                        var damaged = bytes.clone();
                        damaged[bit / Byte.SIZE] ^= (byte) (1 << bit % Byte.SIZE);

                        assertThatThrownBy(() -> codec.decode(damaged)).isInstanceOf(SyncException.class);
                    }
                }));
    }

    @Test
    void everyPrefixAndEveryTailIsRefused() {
        var bytes = codec.encode(small());
        for (var size = 0; size < bytes.length; size++) {
            var prefix = Arrays.copyOf(bytes, size);

            assertThatThrownBy(() -> codec.decode(prefix)).isInstanceOf(SyncException.Malformed.class);
        }
        assertThatThrownBy(() -> codec.decode(Arrays.copyOf(bytes, bytes.length + 1)))
                .isInstanceOf(SyncException.Malformed.class);
    }

    @Test
    void newerVersionIsNamed() {
        var bytes = codec.encode(small());
        bytes[4] = 9;

        assertThatThrownBy(() -> codec.decode(bytes))
                .isInstanceOf(SyncException.UnknownVersion.class)
                .hasMessageContaining("version 9");
    }

    @Test
    void statedSizeBeyondTheLimitTakesNoMemory() {
        var bytes = HexFormat.of().parseHex("4d4c545801" + "01" + "ffffffff07" + "0000000000000000");

        assertThatThrownBy(() -> codec.decode(bytes)).isInstanceOf(SyncException.TooLarge.class);
    }

    @Test
    void transactionBeyondTheLimitIsNotWritten() {
        assertThatThrownBy(() -> new TransactionCodec(10).encode(small())).isInstanceOf(SyncException.TooLarge.class);
    }

    @Test
    void birthsMustMatchTheChanges() {
        var changes = small().changeset();
        var raw = new byte[changes.remaining()];
        changes.get(raw);

        assertThatThrownBy(() -> Transaction.wrap("d", 1, new Stamp(1, ANNE), VersionVector.EMPTY, 0, Births.NONE, raw))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("0 births for 1");
    }
}
