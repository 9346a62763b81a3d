package io.merklite.node.hrana;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * Reads the fields of one protobuf message (the encoding of protocol buffers, proto3).
 *
 * <p>A message is a sequence of fields: a varint {@code number << 3 | type}, and the value: of type 0 a varint, 1 eight bytes,
 * 2 a varint size and so many bytes, 5 four bytes. Types 3 and 4, groups, have not been written for long and are refused.
 * Each length is checked before anything is allocated.
 *
 * <p><b>Threading.</b> Not thread-safe.
 */
final class ProtobufInput {
    private static final int VARINT = 0;
    private static final int FIXED64 = 1;
    private static final int BYTES = 2;
    private static final int FIXED32 = 5;

    private final ByteBuffer bytes;
    private final int depth;
    private int type;

    private ProtobufInput(ByteBuffer bytes, int depth) {
        this.bytes = bytes;
        this.depth = depth;
    }

    /** Reads a whole message, in which messages are nested up to {@code maxDepth}. */
    static ProtobufInput of(byte[] message, int maxDepth) {
        return new ProtobufInput(ByteBuffer.wrap(message).order(ByteOrder.LITTLE_ENDIAN), maxDepth);
    }

    /** The number of the next field, whose value must be read or skipped next; 0 at the end of the message. */
    int nextField() {
        if (!bytes.hasRemaining()) {
            return 0;
        }
        var key = varint();
        type = (int) (key & 7);
        var field = key >>> 3;
        if (field < 1 || field > 0x1FFF_FFFF) {
            throw malformed("a field numbered " + Long.toUnsignedString(field));
        }
        return (int) field;
    }

    void skip() {
        switch (type) {
            case VARINT -> varint();
            case FIXED64 -> advance(8);
            case BYTES -> advance(length());
            case FIXED32 -> advance(4);
            default -> throw malformed("a field of type " + type);
        }
    }

    int int32() {
        expect(VARINT);
        return (int) varint();
    }

    /** An unsigned number of 32 bits. */
    long uint32() {
        expect(VARINT);
        return varint() & 0xFFFF_FFFFL;
    }

    long sint64() {
        expect(VARINT);
        var zigzag = varint();
        return (zigzag >>> 1) ^ -(zigzag & 1);
    }

    boolean bool() {
        expect(VARINT);
        return varint() != 0;
    }

    double float64() {
        expect(FIXED64);
        if (bytes.remaining() < Double.BYTES) {
            throw malformed("the message ends in a double");
        }
        return bytes.getDouble();
    }

    String text() {
        expect(BYTES);
        var slice = slice();
        try {
            CharBuffer text = StandardCharsets.UTF_8.newDecoder().decode(slice);
            return text.toString();
        } catch (CharacterCodingException e) {
            throw malformed("a text that is no UTF-8");
        }
    }

    byte[] bytes() {
        expect(BYTES);
        var slice = slice();
        var copy = new byte[slice.remaining()];
        slice.get(copy);
        return copy;
    }

    /** A message in this one. */
    ProtobufInput message() {
        expect(BYTES);
        if (depth == 0) {
            throw malformed("messages are nested too deeply");
        }
        return new ProtobufInput(slice().order(ByteOrder.LITTLE_ENDIAN), depth - 1);
    }

    private void expect(int expected) {
        if (type != expected) {
            throw malformed("a field of type " + type + " where " + expected + " belongs");
        }
    }

    private ByteBuffer slice() {
        var length = length();
        var slice = bytes.slice(bytes.position(), length);
        bytes.position(bytes.position() + length);
        return slice;
    }

    private int length() {
        var length = varint();
        if (length < 0 || length > bytes.remaining()) {
            throw malformed(
                    "a field of " + Long.toUnsignedString(length) + " bytes with " + bytes.remaining() + " left");
        }
        return (int) length;
    }

    private void advance(int count) {
        if (count > bytes.remaining()) {
            throw malformed("the message ends in a field");
        }
        bytes.position(bytes.position() + count);
    }

    private long varint() {
        var value = 0L;
        for (var shift = 0; shift < Long.SIZE; shift += 7) {
            if (!bytes.hasRemaining()) {
                throw malformed("the message ends in a number");
            }
            var part = bytes.get();
            value |= (part & 0x7FL) << shift;
            if (part >= 0) {
                return value;
            }
        }
        throw malformed("a number of more than ten bytes");
    }

    private HranaException.Malformed malformed(String found) {
        return new HranaException.Malformed("not protobuf: byte " + bytes.position() + ": " + found);
    }
}
