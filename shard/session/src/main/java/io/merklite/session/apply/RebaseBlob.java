package io.merklite.session.apply;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;

/** What an apply decided about conflicts, in SQLite's own format, to rebase local changes by. Immutable. */
public final class RebaseBlob {
    /** The blob of an apply without conflicts. */
    public static final RebaseBlob EMPTY = new RebaseBlob(new byte[0]);

    private final byte[] bytes;

    private RebaseBlob(byte[] bytes) {
        this.bytes = bytes;
    }

    /** The blob with these bytes, which are copied. */
    public static RebaseBlob copyOf(byte[] bytes) {
        return wrap(bytes.clone());
    }

    static RebaseBlob wrap(byte[] bytes) {
        return bytes.length == 0 ? EMPTY : new RebaseBlob(bytes);
    }

    public boolean isEmpty() {
        return bytes.length == 0;
    }

    /** Read-only view of the bytes. */
    public ByteBuffer view() {
        return ByteBuffer.wrap(bytes).asReadOnlyBuffer();
    }

    /** Copy of the bytes. */
    public byte[] toByteArray() {
        return bytes.clone();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof RebaseBlob blob && Arrays.equals(blob.bytes, bytes);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bytes);
    }

    @Override
    public String toString() {
        return HexFormat.of().formatHex(bytes);
    }
}
