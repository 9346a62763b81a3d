package io.merklite.sync.store;

import io.merklite.session.changeset.ChangesetValue;
import io.merklite.session.changeset.ChangesetWriter;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;

/**
 * What identifies a row within its table: its primary key, or its birth if it has none.
 *
 * <p>Two keys are equal if their values are, by type and bytes; the collation of the table does not count. Immutable.
 */
public final class RowKey {
    /** Type bytes of the changeset format. */
    private static final byte INTEGER = 1;

    private static final byte TEXT = 3;
    /** The length of a shorter text takes a byte. */
    private static final int SHORT_TEXT_BYTES = 128;

    private final List<ChangesetValue> values;
    private final byte[] encoded;
    private final long hash;

    private RowKey(List<ChangesetValue> values, byte[] encoded, long hash) {
        this.values = values;
        this.encoded = encoded;
        this.hash = hash;
    }

    /**
     * The key with these values.
     *
     * @param seed the table's seed, so that equal keys of different tables differ in their hash
     * @param values in the order of the table's columns
     */
    public static RowKey of(long seed, List<ChangesetValue> values) {
        var encoded = values.size() == 1 ? encode(values.getFirst()) : encode(values);
        return new RowKey(List.copyOf(values), encoded, RowDigest.hash(encoded, 0, encoded.length, seed));
    }

    private static byte[] encode(List<ChangesetValue> values) {
        var writer = new ChangesetWriter();
        values.forEach(writer::value);
        return writer.toByteArray();
    }

    /** The usual keys, without a writer: there is one of these for each row that is read. */
    private static byte[] encode(ChangesetValue value) {
        if (value instanceof ChangesetValue.Integer integer) {
            return ByteBuffer.allocate(1 + Long.BYTES)
                    .put(INTEGER)
                    .putLong(integer.value())
                    .array();
        }
        if (value instanceof ChangesetValue.Text text && text.sizeBytes() < SHORT_TEXT_BYTES) {
            var size = text.sizeBytes();
            return ByteBuffer.allocate(2 + size)
                    .put(TEXT)
                    .put((byte) size)
                    .put(text.view())
                    .array();
        }
        return encode(List.of(value));
    }

    /** The key of a table with an integer key. */
    static RowKey of(long seed, long integer) {
        return of(seed, List.of(new ChangesetValue.Integer(integer)));
    }

    /** Unmodifiable. */
    public List<ChangesetValue> values() {
        return values;
    }

    /** 64-bit hash of table and key, the same on every replica. */
    public long hash() {
        return hash;
    }

    /** The only value, an integer. */
    long integer() {
        return ((ChangesetValue.Integer) values.getFirst()).value();
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof RowKey key && key.hash == hash && Arrays.equals(key.encoded, encoded);
    }

    @Override
    public int hashCode() {
        return Long.hashCode(hash);
    }

    /** The hash alone: key values are the user's data and belong in no log. */
    @Override
    public String toString() {
        return "key %016x".formatted(hash);
    }
}
