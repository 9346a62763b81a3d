package io.merklite.sync.message;

import java.nio.ByteBuffer;
import java.util.Arrays;

/** Some bytes of something larger. Immutable. */
public final class Chunk {
    private final byte[] bytes;

    private Chunk(byte[] bytes) {
        this.bytes = bytes;
    }

    /** The bytes from {@code from} to before {@code to}, copied. */
    public static Chunk copyOf(byte[] bytes, int from, int to) {
        return new Chunk(Arrays.copyOfRange(bytes, from, to));
    }

    /** Takes ownership of {@code bytes}. */
    static Chunk wrap(byte[] bytes) {
        return new Chunk(bytes);
    }

    public int sizeBytes() {
        return bytes.length;
    }

    /** Read-only view. */
    public ByteBuffer view() {
        return ByteBuffer.wrap(bytes).asReadOnlyBuffer();
    }

    byte[] array() {
        return bytes;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Chunk chunk && Arrays.equals(chunk.bytes, bytes);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bytes);
    }

    @Override
    public String toString() {
        return bytes.length + " bytes";
    }
}
