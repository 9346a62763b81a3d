package io.merklite.session.changeset;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;

/**
 * A value in a change: one of SQLite's five storage classes, or undefined.
 *
 * <p>Equality is that of the format: same class, same bytes. So 1 and 1.0 differ, 0.0 and -0.0 differ, and text is
 * compared by its bytes. All variants are immutable.
 */
public sealed interface ChangesetValue {
    /** The only undefined value. */
    Undefined UNDEFINED = new Undefined();

    /** The only NULL. */
    Null NULL = new Null();

    /** Internal: the one value that {@code encoded} holds in the format. It must be well-formed. */
    static ChangesetValue decode(byte[] encoded) {
        return switch (encoded[0]) {
            case ChangesetCursor.UNDEFINED -> UNDEFINED;
            case ChangesetCursor.INTEGER -> new Integer(EncodedValues.int64(encoded, 0));
            case ChangesetCursor.REAL -> new Real(EncodedValues.real(encoded, 0));
            case ChangesetCursor.TEXT -> Text.wrap(EncodedValues.content(encoded, 0));
            case ChangesetCursor.BLOB -> Blob.wrap(EncodedValues.content(encoded, 0));
            default -> NULL;
        };
    }

    /** The type byte of the format, 0 to 5. */
    int type();

    /** No value: a column that an UPDATE leaves alone, or one that a patchset does not carry. */
    record Undefined() implements ChangesetValue {
        @Override
        public int type() {
            return 0;
        }
    }

    /** A 64-bit integer. */
    @SuppressWarnings("AvoidCommonTypeNames") // SQLite's word for it, always used with its outer type
    record Integer(long value) implements ChangesetValue {
        @Override
        public int type() {
            return 1;
        }
    }

    /** A 64-bit IEEE number; compared by its bits. */
    record Real(double value) implements ChangesetValue {
        @Override
        public int type() {
            return 2;
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Real real
                    && Double.doubleToRawLongBits(real.value) == Double.doubleToRawLongBits(value);
        }

        @Override
        public int hashCode() {
            return Long.hashCode(Double.doubleToRawLongBits(value));
        }
    }

    /** Text: any bytes, meant as UTF-8 but not validated, as in SQLite. */
    final class Text implements ChangesetValue {
        private final byte[] utf8;

        private Text(byte[] utf8) {
            this.utf8 = utf8;
        }

        /** The text of {@code value}, encoded as UTF-8. */
        public static Text of(String value) {
            return new Text(value.getBytes(StandardCharsets.UTF_8));
        }

        /** The text with these bytes, which are copied. */
        public static Text copyOf(byte[] utf8) {
            return new Text(utf8.clone());
        }

        /** Internal: takes ownership of {@code utf8}. */
        public static Text wrap(byte[] utf8) {
            return new Text(utf8);
        }

        @Override
        public int type() {
            return 3;
        }

        /** Read-only view of the bytes. */
        public ByteBuffer view() {
            return ByteBuffer.wrap(utf8).asReadOnlyBuffer();
        }

        /** Copy of the bytes. */
        public byte[] toByteArray() {
            return utf8.clone();
        }

        /** How many bytes there are. */
        public int sizeBytes() {
            return utf8.length;
        }

        /** Negative, zero or positive as these bytes, unsigned, come before those of {@code other}, are the same, or come after. */
        public int compareBytes(Text other) {
            return Arrays.compareUnsigned(utf8, other.utf8);
        }

        /** The text; malformed UTF-8 becomes U+FFFD. */
        public String string() {
            return new String(utf8, StandardCharsets.UTF_8);
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Text text && Arrays.equals(text.utf8, utf8);
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(utf8);
        }

        @Override
        public String toString() {
            return "Text[" + string() + "]";
        }
    }

    /** Bytes. */
    final class Blob implements ChangesetValue {
        private final byte[] bytes;

        private Blob(byte[] bytes) {
            this.bytes = bytes;
        }

        /** The blob with these bytes, which are copied. */
        public static Blob copyOf(byte[] bytes) {
            return new Blob(bytes.clone());
        }

        /** Internal: takes ownership of {@code bytes}. */
        public static Blob wrap(byte[] bytes) {
            return new Blob(bytes);
        }

        @Override
        public int type() {
            return 4;
        }

        /** Read-only view of the bytes. */
        public ByteBuffer view() {
            return ByteBuffer.wrap(bytes).asReadOnlyBuffer();
        }

        /** Negative, zero or positive as these bytes, unsigned, come before those of {@code other}, are the same, or come after. */
        public int compareBytes(Blob other) {
            return Arrays.compareUnsigned(bytes, other.bytes);
        }

        /** Copy of the bytes. */
        public byte[] toByteArray() {
            return bytes.clone();
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Blob blob && Arrays.equals(blob.bytes, bytes);
        }

        @Override
        public int hashCode() {
            return 31 + Arrays.hashCode(bytes);
        }

        @Override
        public String toString() {
            return "Blob[" + HexFormat.of().formatHex(bytes) + "]";
        }
    }

    /** SQL NULL. */
    record Null() implements ChangesetValue {
        @Override
        public int type() {
            return 5;
        }
    }
}
