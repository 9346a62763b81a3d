package io.merklite.node.hrana;

import io.merklite.node.encoding.ByteOutput;
import java.nio.ByteBuffer;
import java.util.function.Consumer;
import org.apache.pekko.util.ByteString;

/**
 * Writes protobuf messages: the counterpart of {@link ProtobufInput}.
 *
 * <p>A message in another is written in place behind the one byte that its size usually takes, and moved if it takes more.
 *
 * <p><b>Threading.</b> Not thread-safe.
 */
final class ProtobufOutput {
    private static final int VARINT = 0;
    private static final int FIXED64 = 1;
    private static final int BYTES = 2;

    private final ByteOutput out;

    ProtobufOutput(int initialSizeBytes) {
        out = new ByteOutput(initialSizeBytes);
    }

    int size() {
        return out.size();
    }

    /** Takes back all bytes after the first {@code sizeBytes}. */
    void truncate(int sizeBytes) {
        out.truncate(sizeBytes);
    }

    /** A number that is not negative, or of 32 bits. */
    void number(int field, long value) {
        key(field, VARINT);
        varint(value);
    }

    void sint64(int field, long value) {
        number(field, (value << 1) ^ (value >> 63));
    }

    void bool(int field, boolean value) {
        number(field, value ? 1 : 0);
    }

    void float64(int field, double value) {
        key(field, FIXED64);
        var bits = Double.doubleToRawLongBits(value);
        for (var shift = 0; shift < Long.SIZE; shift += Byte.SIZE) {
            out.write((int) (bits >>> shift));
        }
    }

    void text(int field, String value) {
        sized(field, () -> out.utf8(value));
    }

    void bytes(int field, ByteBuffer value) {
        key(field, BYTES);
        varint(value.remaining());
        out.write(value);
    }

    /** A message without fields. */
    void empty(int field) {
        key(field, BYTES);
        out.write(0);
    }

    void message(int field, Consumer<ProtobufOutput> content) {
        sized(field, () -> content.accept(this));
    }

    /** A message behind its size, with no field around it. */
    void delimited(Consumer<ProtobufOutput> content) {
        sized(() -> content.accept(this));
    }

    ByteString toByteString() {
        return out.toByteString();
    }

    private void sized(int field, Runnable content) {
        key(field, BYTES);
        sized(content);
    }

    private void sized(Runnable content) {
        var begin = out.size();
        out.write(0);
        content.run();
        var size = out.size() - begin - 1;
        out.insertVarint(begin, size);
    }

    private void key(int field, int type) {
        varint(((long) field << 3) | type);
    }

    private void varint(long value) {
        var rest = value;
        while ((rest & ~0x7FL) != 0) {
            out.write((int) (rest & 0x7F) | 0x80);
            rest >>>= 7;
        }
        out.write((int) rest);
    }
}
