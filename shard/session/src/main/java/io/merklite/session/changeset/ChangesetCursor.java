package io.merklite.session.changeset;

import io.merklite.session.SessionException.MalformedChangeset;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Internal: walks over the changes in the bytes of a changeset or patchset, making no object for a change or a value.
 *
 * <p>After {@link #next()} has returned true, the accessors tell the change it stands on; values are read from the
 * bytes by their type, offset and length. Every byte is checked before it is trusted; memory is taken for what the
 * input really holds, never for what it claims.
 *
 * <p><b>Threading.</b> Not thread-safe. <b>Cost.</b> Linear in the bytes passed.
 */
public final class ChangesetCursor {
    /*
     * The format (SQLite's documentation of the session extension; all numbers big-endian):
     *
     *   changeset := { group }
     *   group     := ('T' | 'P') varint(n) flag[n] name 0x00 { change }      'T' changeset, 'P' patchset
     *   change    := op indirect record [record]
     *   op        := 0x12 INSERT | 0x17 UPDATE | 0x09 DELETE
     *   value     := 00 undefined | 01 int64 | 02 double | 03 varint(len) text | 04 varint(len) blob | 05 NULL
     *
     * Records: INSERT new, DELETE old, UPDATE old then new. In a patchset DELETE has the key values alone, UPDATE one
     * record: key values and new values.
     */
    static final int UNDEFINED = 0;
    static final int INTEGER = 1;
    static final int REAL = 2;
    static final int TEXT = 3;
    static final int BLOB = 4;
    static final int NULL = 5;

    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.BIG_ENDIAN);

    private final byte[] bytes;
    private final int end;
    private boolean undefinedAllowed;
    private int position;

    private boolean patchset;
    private byte[] flags = new byte[0];
    private byte[] name = new byte[0];
    private int headerOffset = -1;
    private boolean newGroup;

    private ChangeOp op = ChangeOp.INSERT;
    private boolean indirect;
    private int changeOffset;
    /** Type, offset and length of each value: the old image in 0..n-1, the new one in n..2n-1. */
    private byte[] types = new byte[0];

    private int[] offsets = new int[0];
    private int[] lengths = new int[0];

    /** A cursor before the first change of {@code bytes}, which must not change while it is used. */
    public ChangesetCursor(byte[] bytes) {
        this(bytes, 0, bytes.length);
    }

    /** A cursor over the part of {@code bytes} from {@code from} to before {@code to}. */
    public ChangesetCursor(byte[] bytes, int from, int to) {
        this.bytes = bytes;
        this.position = from;
        this.end = to;
    }

    /** A cursor over a rebase blob: like a changeset, but what was not changed by an UPDATE is undefined in its entry. */
    static ChangesetCursor ofRebaseBlob(byte[] blob) {
        var cursor = new ChangesetCursor(blob);
        cursor.undefinedAllowed = true;
        return cursor;
    }

    /**
     * A second cursor under the table header of this one, over the changes from offset {@code from} to before {@code
     * to}: to go over them again.
     */
    public ChangesetCursor replay(int from, int to) {
        var replay = new ChangesetCursor(bytes, from, to);
        replay.patchset = patchset;
        replay.flags = flags;
        replay.name = name;
        replay.headerOffset = headerOffset;
        replay.types = new byte[2 * flags.length];
        replay.offsets = new int[2 * flags.length];
        replay.lengths = new int[2 * flags.length];
        return replay;
    }

    /**
     * Moves to the next change.
     *
     * @return false at the end of the input
     * @throws MalformedChangeset at the first byte that is wrong
     */
    public boolean next() {
        newGroup = false;
        while (position < end && (bytes[position] == 'T' || bytes[position] == 'P')) {
            readHeader();
            newGroup = true;
        }
        if (position >= end) {
            return false;
        }
        if (headerOffset < 0) {
            throw malformed(position, "a change before any table header");
        }
        readChange();
        return true;
    }

    /** Whether a table header stood before this change. */
    public boolean newGroup() {
        return newGroup;
    }

    /** Whether the current group is one of a patchset. */
    public boolean patchset() {
        return patchset;
    }

    public int columnCount() {
        return flags.length;
    }

    /** Position of the column at {@code index} in the primary key, from 1; 0 if it isn't in it. */
    public int keyPosition(int index) {
        return flags[index] & 0xff;
    }

    /** Each old value in the format, type byte included. */
    byte[][] encodedOldValues() {
        return encoded(0);
    }

    /** Each new value in the format, type byte included. */
    byte[][] encodedNewValues() {
        return encoded(flags.length);
    }

    private byte[][] encoded(int firstSlot) {
        var values = new byte[flags.length][];
        var writer = new ChangesetWriter();
        for (var i = 0; i < values.length; i++) {
            writer.truncate(0);
            write(firstSlot + i, writer);
            values[i] = writer.toByteArray();
        }
        return values;
    }

    private void write(int slot, ChangesetWriter out) {
        switch (types[slot]) {
            case UNDEFINED -> out.undefined();
            case INTEGER -> out.integer(longAt(offsets[slot]));
            case REAL -> out.real(Double.longBitsToDouble(longAt(offsets[slot])));
            case TEXT, BLOB -> out.sized(types[slot], bytes, offsets[slot], lengths[slot]);
            default -> out.nullValue();
        }
    }

    /** Writes the key of the row, in the order of columns. */
    public void writeKey(ChangesetWriter out) {
        for (var i = 0; i < flags.length; i++) {
            if (flags[i] != 0) {
                write(op == ChangeOp.INSERT ? flags.length + i : i, out);
            }
        }
    }

    /** The current table header as an object. */
    public TableInfo table() {
        List<Integer> positions = new ArrayList<>();
        for (var flag : flags) {
            positions.add(flag & 0xff);
        }
        return new TableInfo(new String(name, StandardCharsets.UTF_8), positions);
    }

    /** The current change as an object. */
    public ChangesetRow row() {
        List<ChangesetValue> oldValues = new ArrayList<>();
        List<ChangesetValue> newValues = new ArrayList<>();
        for (var i = 0; i < flags.length; i++) {
            oldValues.add(oldValue(i));
            newValues.add(newValue(i));
        }
        return new ChangesetRow(op, indirect, oldValues, newValues);
    }

    /** Key positions of all columns. The array is the cursor's: read only. */
    public byte[] flags() {
        return flags;
    }

    /** Table name as UTF-8. The array is the cursor's: read only. */
    public byte[] tableName() {
        return name;
    }

    public ChangeOp op() {
        return op;
    }

    public boolean indirect() {
        return indirect;
    }

    /** Offset of the current group's header. */
    public int headerOffset() {
        return headerOffset;
    }

    /** Offset of the current change's first byte. */
    public int changeOffset() {
        return changeOffset;
    }

    /** Offset behind the current change, or behind the last header if there is no change. */
    public int position() {
        return position;
    }

    /** Type byte of the old value of column {@code index}: 0 undefined … 5 NULL. */
    public int oldType(int index) {
        return types[index];
    }

    /** Type byte of the new value of column {@code index}. */
    public int newType(int index) {
        return types[flags.length + index];
    }

    /** Offset of the content (behind type and length) of the old value. */
    public int oldOffset(int index) {
        return offsets[index];
    }

    /** Offset of the content of the new value. */
    public int newOffset(int index) {
        return offsets[flags.length + index];
    }

    /** Size of the content of the old value, in bytes. */
    public int oldLength(int index) {
        return lengths[index];
    }

    /** Size of the content of the new value, in bytes. */
    public int newLength(int index) {
        return lengths[flags.length + index];
    }

    /** The 64-bit integer, or the bits of the real, whose content is at {@code offset}. */
    public long longAt(int offset) {
        return (long) LONG.get(bytes, offset);
    }

    /** The bytes that the offsets refer to: read only. */
    public byte[] bytes() {
        return bytes;
    }

    /** The old value of column {@code index} as an object. */
    public ChangesetValue oldValue(int index) {
        return value(index);
    }

    /** The new value of column {@code index} as an object. */
    public ChangesetValue newValue(int index) {
        return value(flags.length + index);
    }

    private ChangesetValue value(int slot) {
        var offset = offsets[slot];
        return switch (types[slot]) {
            case UNDEFINED -> ChangesetValue.UNDEFINED;
            case INTEGER -> new ChangesetValue.Integer(longAt(offset));
            case REAL -> new ChangesetValue.Real(Double.longBitsToDouble(longAt(offset)));
            case TEXT -> ChangesetValue.Text.wrap(Arrays.copyOfRange(bytes, offset, offset + lengths[slot]));
            case BLOB -> ChangesetValue.Blob.wrap(Arrays.copyOfRange(bytes, offset, offset + lengths[slot]));
            default -> ChangesetValue.NULL;
        };
    }

    private void readHeader() {
        headerOffset = position;
        patchset = bytes[position++] == 'P';
        var countOffset = position;
        var count = varint();
        if (count < 1 || count > TableInfo.MAX_COLUMNS) {
            throw malformed(countOffset, count + " columns, must be 1 to " + TableInfo.MAX_COLUMNS);
        }
        if (count > end - position) {
            throw truncated("the input ends inside the key flags of a table header");
        }
        flags = Arrays.copyOfRange(bytes, position, position + (int) count);
        position += flags.length;
        var nameOffset = position;
        while (position < end && bytes[position] != 0) {
            position++;
        }
        if (position >= end) {
            throw truncated("the input ends inside a table name");
        }
        name = Arrays.copyOfRange(bytes, nameOffset, position);
        position++;
        if (types.length < 2 * flags.length) {
            types = new byte[2 * flags.length];
            offsets = new int[2 * flags.length];
            lengths = new int[2 * flags.length];
        }
    }

    private void readChange() {
        changeOffset = position;
        op = switch (bytes[position]) {
            case 0x12 -> ChangeOp.INSERT;
            case 0x17 -> ChangeOp.UPDATE;
            case 0x09 -> ChangeOp.DELETE;
            default ->
                throw malformed(
                        position, "0x%02x, which begins neither a table nor a change".formatted(bytes[position]));
        };
        position++;
        if (position >= end) {
            throw truncated("the input ends after an operation");
        }
        indirect = bytes[position++] != 0;
        var count = flags.length;
        switch (op) {
            case INSERT -> {
                clear(0);
                for (var i = 0; i < count; i++) {
                    readDefined(count + i);
                }
            }
            case DELETE -> {
                clear(count);
                for (var i = 0; i < count; i++) {
                    if (patchset && flags[i] == 0) {
                        types[i] = UNDEFINED;
                    } else {
                        readDefined(i);
                    }
                }
            }
            case UPDATE -> readUpdate(count);
        }
    }

    private void readUpdate(int count) {
        if (patchset) {
            for (var i = 0; i < count; i++) {
                types[flags[i] != 0 ? count + i : i] = UNDEFINED;
                if (flags[i] != 0) {
                    readDefined(i);
                } else {
                    readValue(count + i);
                }
            }
            return;
        }
        for (var i = 0; i < count; i++) {
            if (flags[i] != 0) {
                readDefined(i);
            } else {
                readValue(i);
            }
        }
        for (var i = 0; i < count; i++) {
            readValue(count + i);
            if (flags[i] == 0 && types[count + i] == UNDEFINED) {
                types[i] = UNDEFINED;
            }
        }
    }

    private void clear(int from) {
        Arrays.fill(types, from, from + flags.length, (byte) UNDEFINED);
    }

    private void readDefined(int slot) {
        var offset = position;
        readValue(slot);
        if (types[slot] == UNDEFINED && !undefinedAllowed) {
            throw malformed(offset, "an undefined value where the operation needs one");
        }
    }

    private void readValue(int slot) {
        if (position >= end) {
            throw truncated("the input ends before a value");
        }
        var type = bytes[position++];
        types[slot] = type;
        switch (type) {
            case UNDEFINED, NULL -> {
                offsets[slot] = position;
                lengths[slot] = 0;
            }
            case INTEGER, REAL -> {
                offsets[slot] = position;
                lengths[slot] = Long.BYTES;
                if (end - position < Long.BYTES) {
                    throw truncated("the input ends inside a number");
                }
                position += Long.BYTES;
            }
            case TEXT, BLOB -> {
                var lengthOffset = position;
                var length = varint();
                if (length < 0 || length > Integer.MAX_VALUE) {
                    throw malformed(lengthOffset, "a value of " + Long.toUnsignedString(length) + " bytes");
                }
                if (length > end - position) {
                    throw new MalformedChangeset(
                            lengthOffset,
                            "a value of " + length + " bytes, of which the input has " + (end - position),
                            true);
                }
                offsets[slot] = position;
                lengths[slot] = (int) length;
                position += (int) length;
            }
            default -> throw malformed(position - 1, "value type " + (type & 0xff) + ", must be 0 to 5");
        }
    }

    /** SQLite's varint: seven bits a byte, most significant first; a ninth byte gives eight. */
    private long varint() {
        var value = 0L;
        for (var i = 0; i < 9; i++) {
            if (position >= end) {
                throw truncated("the input ends inside a number of variable length");
            }
            var next = bytes[position++];
            if (i == 8) {
                return (value << 8) | (next & 0xff);
            }
            value = (value << 7) | (next & 0x7f);
            if (next >= 0) {
                return value;
            }
        }
        throw new AssertionError("a varint has at most nine bytes");
    }

    private static MalformedChangeset malformed(int offset, String found) {
        return new MalformedChangeset(offset, found, false);
    }

    private MalformedChangeset truncated(String found) {
        return new MalformedChangeset(end, found, true);
    }
}
