package io.merklite.sync.wire;

import io.merklite.sync.stamp.Origin;
import io.merklite.sync.stamp.Stamp;
import io.merklite.sync.vector.VersionVector;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Internal: writes what {@link WireReader} reads. Not thread-safe. */
public final class WireWriter {
    private static final int INITIAL_SIZE_BYTES = 128;

    private byte[] bytes = new byte[INITIAL_SIZE_BYTES];
    private int size;

    public WireWriter uint8(int value) {
        require(1);
        bytes[size++] = (byte) value;
        return this;
    }

    public WireWriter int32(int value) {
        require(Integer.BYTES);
        for (var shift = Integer.SIZE - Byte.SIZE; shift >= 0; shift -= Byte.SIZE) {
            bytes[size++] = (byte) (value >>> shift);
        }
        return this;
    }

    public WireWriter int64(long value) {
        require(Long.BYTES);
        for (var shift = Long.SIZE - Byte.SIZE; shift >= 0; shift -= Byte.SIZE) {
            bytes[size++] = (byte) (value >>> shift);
        }
        return this;
    }

    /** A number that is usually small and not negative. */
    public WireWriter varint(long value) {
        require(10);
        var rest = value;
        while ((rest & ~0x7fL) != 0) {
            bytes[size++] = (byte) (0x80 | (rest & 0x7f));
            rest >>>= 7;
        }
        bytes[size++] = (byte) rest;
        return this;
    }

    /** Length and bytes. */
    public WireWriter bytes(byte[] content) {
        return varint(content.length).raw(content, 0, content.length);
    }

    /** Length and UTF-8. */
    public WireWriter string(String content) {
        return bytes(content.getBytes(StandardCharsets.UTF_8));
    }

    /** Bytes without a length. */
    public WireWriter raw(byte[] content, int from, int to) {
        require(to - from);
        System.arraycopy(content, from, bytes, size, to - from);
        size += to - from;
        return this;
    }

    public WireWriter origin(Origin origin) {
        return int64(origin.bits());
    }

    public WireWriter stamp(Stamp stamp) {
        return int64(stamp.clock()).origin(stamp.origin());
    }

    /** Count, then origin and seq of each, in the order of origins. */
    public WireWriter vector(VersionVector vector) {
        varint(vector.seqs().size());
        vector.seqs().forEach((origin, seq) -> origin(origin).varint(seq));
        return this;
    }

    public int sizeBytes() {
        return size;
    }

    /** Copy of what was written. */
    public byte[] toByteArray() {
        return Arrays.copyOf(bytes, size);
    }

    private void require(int more) {
        if (bytes.length - size < more) {
            bytes = Arrays.copyOf(bytes, Math.max(Math.addExact(size, more), bytes.length + (bytes.length >> 1)));
        }
    }
}
