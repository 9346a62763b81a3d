package io.merklite.query.subscribe;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * A value of a row: one of SQLite's five storage classes.
 *
 * <p>Equality is that of results: same class, same content. So 1 and 1.0 differ, and so do 0.0 and -0.0; how SQL compares
 * values is another matter, see {@link ValueOrder}. All variants are immutable.
 */
public sealed interface SqlValue {
    /** The only NULL. */
    Null NULL = new Null();

    /** The integer {@code value}. */
    static SqlValue of(long value) {
        return new Integer(value);
    }

    /** The real number {@code value}. */
    static SqlValue of(double value) {
        return new Real(value);
    }

    /** The text {@code value}. */
    static SqlValue of(String value) {
        return new Text(value);
    }

    /** The blob with the content of {@code bytes}, which are copied. */
    static SqlValue of(byte[] bytes) {
        return new Blob(bytes.clone());
    }

    /** SQL NULL. */
    record Null() implements SqlValue {}

    /** A 64-bit integer. */
    @SuppressWarnings("AvoidCommonTypeNames") // SQLite's word for it, always used with its outer type
    record Integer(long value) implements SqlValue {}

    /** A 64-bit IEEE number. */
    record Real(double value) implements SqlValue {}

    /** Text. What the database holds as malformed UTF-8 has U+FFFD here. */
    record Text(String value) implements SqlValue {}

    /** Bytes. */
    final class Blob implements SqlValue {
        private final byte[] bytes;

        private Blob(byte[] bytes) {
            this.bytes = bytes;
        }

        /** Takes ownership of {@code bytes}. */
        static Blob wrap(byte[] bytes) {
            return new Blob(bytes);
        }

        /** Read-only view of the bytes. */
        public ByteBuffer view() {
            return ByteBuffer.wrap(bytes).asReadOnlyBuffer();
        }

        /** Copy of the bytes. */
        public byte[] toByteArray() {
            return bytes.clone();
        }

        /** Order by unsigned bytes, as SQLite has it. */
        int compareTo(Blob other) {
            return Arrays.compareUnsigned(bytes, other.bytes);
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Blob blob && Arrays.equals(blob.bytes, bytes);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(bytes);
        }

        @Override
        public String toString() {
            return "Blob[" + HexFormat.of().formatHex(bytes) + "]";
        }
    }
}
