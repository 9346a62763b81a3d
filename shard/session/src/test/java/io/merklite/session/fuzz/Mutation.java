package io.merklite.session.fuzz;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.List;
import java.util.random.RandomGenerator;

/** Damage as a fuzzer does it: flips, cuts, copies and splices, with a liking for the bytes the format gives a meaning. */
final class Mutation {
    private static final int MAX_STEPS = 6;
    private static final int MAX_PIECE = 24;
    private static final byte[] TELLING = {
        0, 1, 2, 3, 4, 5, 6, 9, 0x12, 0x17, 'T', 'P', 'R', 0x7f, (byte) 0x80, (byte) 0x81, (byte) 0xff
    };

    private final RandomGenerator random;
    private final List<byte[]> corpus;

    Mutation(RandomGenerator random, List<byte[]> corpus) {
        this.random = random;
        this.corpus = corpus;
    }

    byte[] next() {
        var bytes = pick().clone();
        for (var steps = random.nextInt(MAX_STEPS) + 1; steps > 0 && bytes.length > 0; steps--) {
            bytes = mutate(bytes);
        }
        return bytes;
    }

    private byte[] pick() {
        return corpus.get(random.nextInt(corpus.size()));
    }

    private byte[] mutate(byte[] bytes) {
        var from = random.nextInt(bytes.length);
        var to = Math.min(bytes.length, from + random.nextInt(MAX_PIECE) + 1);
        return switch (random.nextInt(7)) {
            case 0 -> with(bytes, from, (byte) (bytes[from] ^ (1 << random.nextInt(8))));
            case 1 -> with(bytes, from, TELLING[random.nextInt(TELLING.length)]);
            case 2 -> Arrays.copyOf(bytes, from);
            case 3 -> join(Arrays.copyOf(bytes, from), Arrays.copyOfRange(bytes, to, bytes.length));
            case 4 -> join(Arrays.copyOf(bytes, to), Arrays.copyOfRange(bytes, from, bytes.length));
            case 5 -> join(bytes, pick());
            default -> join(Arrays.copyOf(bytes, from), huge(), Arrays.copyOfRange(bytes, from, bytes.length));
        };
    }

    /** A length far beyond the input. */
    private byte[] huge() {
        var varint = new byte[random.nextInt(10)];
        Arrays.fill(varint, (byte) (0x80 | random.nextInt(128)));
        return varint;
    }

    private static byte[] with(byte[] bytes, int index, byte value) {
        var copy = bytes.clone();
        copy[index] = value;
        return copy;
    }

    private static byte[] join(byte[]... pieces) {
        var joined = new ByteArrayOutputStream();
        for (var piece : pieces) {
            joined.writeBytes(piece);
        }
        return joined.toByteArray();
    }
}
