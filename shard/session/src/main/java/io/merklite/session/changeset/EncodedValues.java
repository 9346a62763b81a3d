package io.merklite.session.changeset;

import java.util.Arrays;

/** Internal: values in the changeset format, read in place. The bytes must be well-formed. */
public final class EncodedValues {
    private EncodedValues() {}

    /** Offset behind the value at {@code offset}. */
    public static int end(byte[] bytes, int offset) {
        var position = offset + 1;
        switch (bytes[offset]) {
            case ChangesetCursor.INTEGER, ChangesetCursor.REAL -> position += Long.BYTES;
            case ChangesetCursor.TEXT, ChangesetCursor.BLOB ->
                position = contentOffset(bytes, offset) + contentLength(bytes, offset);
            default -> {
                // NULL and undefined have no content
            }
        }
        return position;
    }

    /** Size of the content of the text or blob at {@code offset}. */
    static int contentLength(byte[] bytes, int offset) {
        var position = offset + 1;
        var length = 0;
        while (bytes[position] < 0) {
            length = (length << 7) | (bytes[position++] & 0x7f);
        }
        return (length << 7) | bytes[position];
    }

    /** Offset of the content of the text or blob at {@code offset}. */
    static int contentOffset(byte[] bytes, int offset) {
        var position = offset + 1;
        while (bytes[position] < 0) {
            position++;
        }
        return position + 1;
    }

    /** The content of the text or blob at {@code offset}. */
    static byte[] content(byte[] bytes, int offset) {
        var from = contentOffset(bytes, offset);
        return Arrays.copyOfRange(bytes, from, from + contentLength(bytes, offset));
    }

    /** The integer, or the bits of the real, at {@code offset}. */
    static long int64(byte[] bytes, int offset) {
        var high = (long) int32(bytes, offset + 1) << Integer.SIZE;
        return high | Integer.toUnsignedLong(int32(bytes, offset + 1 + Integer.BYTES));
    }

    /** The real at {@code offset}. */
    public static double real(byte[] bytes, int offset) {
        return Double.longBitsToDouble(int64(bytes, offset));
    }

    static int int32(byte[] bytes, int offset) {
        return (bytes[offset] << 24)
                | (bytes[offset + 1] & 0xff) << 16
                | (bytes[offset + 2] & 0xff) << 8
                | (bytes[offset + 3] & 0xff);
    }
}
