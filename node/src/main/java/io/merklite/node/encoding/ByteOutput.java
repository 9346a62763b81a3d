package io.merklite.node.encoding;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.apache.pekko.util.ByteString;

/**
 * A buffer that grows, and that can be cut back to what it was.
 *
 * <p><b>Threading.</b> Not thread-safe.
 */
public final class ByteOutput {
    private static final char REPLACEMENT = '\uFFFD';

    private byte[] bytes;
    private int size;

    /** An empty buffer with room for {@code initialSizeBytes} before it grows. */
    public ByteOutput(int initialSizeBytes) {
        bytes = new byte[initialSizeBytes];
    }

    /** How many bytes were written. */
    public int size() {
        return size;
    }

    /** Takes back all bytes after the first {@code sizeBytes}. */
    public void truncate(int sizeBytes) {
        if (sizeBytes < 0 || sizeBytes > size) {
            throw new IllegalArgumentException("truncate to " + sizeBytes + " of " + size + " bytes");
        }
        size = sizeBytes;
    }

    public void write(int value) {
        reserve(1);
        bytes[size++] = (byte) value;
    }

    public void write(byte[] source) {
        write(source, 0, source.length);
    }

    public void write(byte[] source, int offset, int length) {
        reserve(length);
        System.arraycopy(source, offset, bytes, size, length);
        size += length;
    }

    /** Writes what is between position and limit, and leaves both where they are. */
    public void write(ByteBuffer source) {
        var length = source.remaining();
        reserve(length);
        source.get(source.position(), bytes, size, length);
        size += length;
    }

    /** Characters below 128, one byte each. */
    public void ascii(String text) {
        var length = text.length();
        reserve(length);
        for (var i = 0; i < length; i++) {
            bytes[size++] = (byte) text.charAt(i);
        }
    }

    /** Text as UTF-8; half a surrogate pair becomes U+FFFD. */
    public void utf8(String text) {
        var length = text.length();
        for (var i = 0; i < length; i++) {
            i += codePoint(text, i);
        }
    }

    /** Writes the code point at {@code index}; tells how many more characters than one it took. */
    int codePoint(String text, int index) {
        var c = text.charAt(index);
        if (c < 0x80) {
            write(c);
            return 0;
        }
        if (c < 0x800) {
            reserve(2);
            bytes[size++] = (byte) (0xC0 | (c >> 6));
            bytes[size++] = (byte) (0x80 | (c & 0x3F));
            return 0;
        }
        if (Character.isHighSurrogate(c)
                && index + 1 < text.length()
                && Character.isLowSurrogate(text.charAt(index + 1))) {
            var codePoint = Character.toCodePoint(c, text.charAt(index + 1));
            reserve(4);
            bytes[size++] = (byte) (0xF0 | (codePoint >> 18));
            bytes[size++] = (byte) (0x80 | ((codePoint >> 12) & 0x3F));
            bytes[size++] = (byte) (0x80 | ((codePoint >> 6) & 0x3F));
            bytes[size++] = (byte) (0x80 | (codePoint & 0x3F));
            return 1;
        }
        var whole = Character.isSurrogate(c) ? REPLACEMENT : c;
        reserve(3);
        bytes[size++] = (byte) (0xE0 | (whole >> 12));
        bytes[size++] = (byte) (0x80 | ((whole >> 6) & 0x3F));
        bytes[size++] = (byte) (0x80 | (whole & 0x3F));
        return 0;
    }

    /**
     * Puts {@code value} as a varint (seven bits a byte, the lowest first, the top bit set on all but the last) in the place of
     * the byte at {@code index}, and moves what follows if that takes more than one.
     */
    public void insertVarint(int index, int value) {
        var length = (Integer.SIZE - Integer.numberOfLeadingZeros(value | 1) + 6) / 7;
        reserve(length - 1);
        System.arraycopy(bytes, index + 1, bytes, index + length, size - index - 1);
        size += length - 1;
        var rest = value;
        for (var i = 0; i < length; i++) {
            bytes[index + i] = (byte) (i == length - 1 ? rest : (rest & 0x7F) | 0x80);
            rest >>>= 7;
        }
    }

    /** The bytes written, which this buffer gives away: nothing may be written after. */
    public ByteString toByteString() {
        return ByteString.fromArrayUnsafe(bytes, 0, size);
    }

    /** A copy of the bytes written. */
    public byte[] toByteArray() {
        return Arrays.copyOf(bytes, size);
    }

    private void reserve(int count) {
        if (bytes.length - size < count) {
            var needed = Math.addExact(size, count);
            bytes = Arrays.copyOf(bytes, Math.max(needed, (int) Math.min(bytes.length * 2L, Integer.MAX_VALUE - 8)));
        }
    }
}
