package io.merklite.session.changeset;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Internal: writes the format of {@link ChangesetCursor} into a growing array, value by value.
 *
 * <p>It checks nothing: who writes knows the table. Not thread-safe.
 */
public final class ChangesetWriter {
    private static final int INITIAL_SIZE_BYTES = 256;

    private byte[] bytes = new byte[INITIAL_SIZE_BYTES];
    private ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.BIG_ENDIAN);
    private int size;

    /** Writes a table header. {@code flags} has the key position of each column, or 0. */
    public void table(boolean patchset, String name, byte[] flags) {
        table(patchset, name.getBytes(StandardCharsets.UTF_8), flags);
    }

    /** Writes a table header whose name is given in its own bytes. */
    public void table(boolean patchset, byte[] name, byte[] flags) {
        require(1 + 9 + flags.length + name.length + 1);
        bytes[size++] = (byte) (patchset ? 'P' : 'T');
        varint(flags.length);
        put(flags, 0, flags.length);
        put(name, 0, name.length);
        bytes[size++] = 0;
    }

    /** Begins a change; its records follow, value by value. */
    public void change(ChangeOp op, boolean indirect) {
        require(2);
        bytes[size++] = (byte) op.code();
        bytes[size++] = (byte) (indirect ? 1 : 0);
    }

    public void undefined() {
        require(1);
        bytes[size++] = 0;
    }

    public void nullValue() {
        require(1);
        bytes[size++] = 5;
    }

    public void integer(long value) {
        require(9);
        bytes[size] = 1;
        buffer.putLong(size + 1, value);
        size += 9;
    }

    public void real(double value) {
        require(9);
        bytes[size] = 2;
        buffer.putLong(size + 1, Double.doubleToRawLongBits(value));
        size += 9;
    }

    public void text(byte[] utf8) {
        sized(3, utf8);
    }

    public void blob(byte[] blob) {
        sized(4, blob);
    }

    /** Writes {@code value} with its type byte. */
    public void value(ChangesetValue value) {
        switch (value) {
            case ChangesetValue.Undefined undefined -> undefined();
            case ChangesetValue.Null nothing -> nullValue();
            case ChangesetValue.Integer integer -> integer(integer.value());
            case ChangesetValue.Real real -> real(real.value());
            case ChangesetValue.Text text -> sized(3, text.view());
            case ChangesetValue.Blob blob -> sized(4, blob.view());
        }
    }

    /** Appends bytes that are in the format already. */
    public void raw(byte[] source, int from, int to) {
        require(to - from);
        put(source, from, to - from);
    }

    /** How many bytes were written so far. */
    public int sizeBytes() {
        return size;
    }

    /** Forgets what was written beyond {@code sizeBytes}. */
    public void truncate(int sizeBytes) {
        if (sizeBytes < 0 || sizeBytes > size) {
            throw new IllegalArgumentException("truncate to " + sizeBytes + " of " + size + " bytes");
        }
        size = sizeBytes;
    }

    /** Internal: the array being written, valid up to {@link #sizeBytes} until the next write. */
    public byte[] array() {
        return bytes;
    }

    /** Copy of what was written. */
    public byte[] toByteArray() {
        return Arrays.copyOf(bytes, size);
    }

    private void sized(int type, byte[] content) {
        sized(type, content, 0, content.length);
    }

    void sized(int type, byte[] content, int from, int length) {
        require(1 + 9 + length);
        bytes[size++] = (byte) type;
        varint(length);
        put(content, from, length);
    }

    private void sized(int type, ByteBuffer content) {
        var length = content.remaining();
        require(1 + 9 + length);
        bytes[size++] = (byte) type;
        varint(length);
        content.get(bytes, size, length);
        size += length;
    }

    private void put(byte[] source, int from, int length) {
        System.arraycopy(source, from, bytes, size, length);
        size += length;
    }

    /** SQLite's varint of a value below 2^31, in its shortest form: at most five bytes. */
    private void varint(int value) {
        for (var shift = 28; shift > 0; shift -= 7) {
            if (value >>> shift != 0) {
                bytes[size++] = (byte) (0x80 | (value >>> shift));
            }
        }
        bytes[size++] = (byte) (value & 0x7f);
    }

    private void require(int more) {
        if (bytes.length - size < more) {
            bytes = Arrays.copyOf(bytes, Math.max(Math.addExact(size, more), (int)
                    Math.min(bytes.length * 2L, Integer.MAX_VALUE - 8)));
            buffer = ByteBuffer.wrap(bytes).order(ByteOrder.BIG_ENDIAN);
        }
    }
}
