package io.merklite.sync.wire;

import io.merklite.sync.SyncException.Malformed;
import io.merklite.sync.SyncException.TooLarge;
import io.merklite.sync.stamp.Origin;
import io.merklite.sync.stamp.Stamp;
import io.merklite.sync.vector.VersionVector;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.TreeMap;

/**
 * Internal: reads numbers and byte strings from untrusted bytes.
 *
 * <p>Every method throws {@link Malformed} with the offset of the first wrong byte and takes no memory beyond what the
 * input holds. Not thread-safe.
 */
public final class WireReader {
    private static final int VECTOR_ENTRY_MIN_BYTES = Long.BYTES + 1;

    private final String what;
    private final byte[] bytes;
    private final int end;
    private int position;

    /**
     * @param what kind of message, for errors
     * @param bytes the input, which must not change meanwhile
     * @param from the first byte to read
     * @param to the end, not included
     */
    public WireReader(String what, byte[] bytes, int from, int to) {
        this.what = what;
        this.bytes = bytes;
        this.position = from;
        this.end = to;
    }

    public int uint8() {
        require(1);
        return bytes[position++] & 0xff;
    }

    public int int32() {
        require(Integer.BYTES);
        var value = 0;
        for (var i = 0; i < Integer.BYTES; i++) {
            value = (value << Byte.SIZE) | (bytes[position++] & 0xff);
        }
        return value;
    }

    public long int64() {
        require(Long.BYTES);
        var value = 0L;
        for (var i = 0; i < Long.BYTES; i++) {
            value = (value << Byte.SIZE) | (bytes[position++] & 0xff);
        }
        return value;
    }

    /** A number of 0 to 2^63 - 1. */
    public long varint() {
        var start = position;
        var value = 0L;
        // Nine bytes hold 63 bits: a tenth could only bring the sign, or bits that fall off.
        for (var shift = 0; shift < Long.SIZE - 1; shift += 7) {
            var next = uint8();
            value |= (long) (next & 0x7f) << shift;
            if (next < 0x80) {
                return value;
            }
        }
        throw new Malformed(what, start, "a number above 2^63 - 1");
    }

    /**
     * A count of elements that follow.
     *
     * @param elementMinBytes the fewest bytes an element takes, at least 1: more than fit are refused
     * @param limit how many are allowed
     */
    public int count(int elementMinBytes, int limit) {
        var start = position;
        var count = varint();
        if (count > limit) {
            throw new TooLarge(what + " list", count, limit);
        }
        if (count > (end - position) / elementMinBytes) {
            throw new Malformed(what, start, count + " elements, for which " + (end - position) + " bytes are left");
        }
        return (int) count;
    }

    /** Length and bytes, at most {@code limit} of them. */
    public byte[] bytes(int limit) {
        return raw(count(1, limit));
    }

    /** Length and UTF-8, at most {@code limit} bytes. */
    public String string(int limit) {
        var start = position;
        var utf8 = bytes(limit);
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(utf8))
                    .toString();
        } catch (CharacterCodingException e) {
            throw new Malformed(what, start, "text that is not UTF-8");
        }
    }

    /** The next {@code count} bytes. */
    public byte[] raw(int count) {
        require(count);
        position += count;
        return Arrays.copyOfRange(bytes, position - count, position);
    }

    public Origin origin() {
        var start = position;
        var bits = int64();
        if (bits == 0) {
            throw new Malformed(what, start, "origin 0");
        }
        return new Origin(bits);
    }

    public Stamp stamp() {
        var start = position;
        var clock = int64();
        if (clock < 0) {
            throw new Malformed(what, start, "a negative clock");
        }
        return new Stamp(clock, origin());
    }

    /** A vector whose origins are in order, with no seq of 0. */
    public VersionVector vector(int limit) {
        var count = count(VECTOR_ENTRY_MIN_BYTES, limit);
        var seqs = new TreeMap<Origin, Long>();
        for (var i = 0; i < count; i++) {
            var start = position;
            var origin = origin();
            var seq = varint();
            if (seq == 0 || (!seqs.isEmpty() && origin.compareTo(seqs.lastKey()) <= 0)) {
                throw new Malformed(what, start, "a vector whose origins are out of order, or with a seq of 0");
            }
            seqs.put(origin, seq);
        }
        return VersionVector.of(seqs);
    }

    /** Offset of the next byte. */
    public int position() {
        return position;
    }

    /** How many bytes are left. */
    public int remaining() {
        return end - position;
    }

    /** Refuses what stands behind the message. */
    public void expectEnd() {
        if (position != end) {
            throw new Malformed(what, position, (end - position) + " bytes after the end");
        }
    }

    private void require(int count) {
        if (end - position < count) {
            throw new Malformed(what, end, "the input ends, " + (count - (end - position)) + " bytes early");
        }
    }
}
