package io.merklite.sync.message;

import io.merklite.session.changeset.ChangesetValue;
import io.merklite.sync.SyncException.Malformed;
import io.merklite.sync.wire.WireReader;
import io.merklite.sync.wire.WireWriter;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Values and keys in messages: shorter than in a changeset, where every integer takes nine bytes. */
final class ValueCodec {
    /*
     *   value := 00 NULL | 01 varint(i) integer >= 0 | 02 varint(-1 - i) integer < 0 | 03 bits[8] real
     *          | 04 varint(size) text | 05 varint(size) blob
     *   keys  := varint(count) 00 { varint(values) { value } }                          any keys
     *          | varint(count) 01 value { varint(difference to the key before) }       one integer each, growing
     */
    private static final int NULL = 0;
    private static final int POSITIVE = 1;
    private static final int NEGATIVE = 2;
    private static final int REAL = 3;
    private static final int TEXT = 4;
    private static final int BLOB = 5;
    private static final int ANY_KEYS = 0;
    private static final int GROWING_KEYS = 1;
    private static final int KEY_VALUES_LIMIT = 32_767;
    private static final String WHAT = "message";

    private ValueCodec() {}

    static void write(WireWriter out, ChangesetValue value) {
        switch (value) {
            case ChangesetValue.Null nothing -> out.uint8(NULL);
            case ChangesetValue.Integer integer
            when integer.value() >= 0 -> out.uint8(POSITIVE).varint(integer.value());
            case ChangesetValue.Integer integer -> out.uint8(NEGATIVE).varint(~integer.value());
            case ChangesetValue.Real real -> out.uint8(REAL).int64(Double.doubleToRawLongBits(real.value()));
            case ChangesetValue.Text text -> write(out.uint8(TEXT), text.view());
            case ChangesetValue.Blob blob -> write(out.uint8(BLOB), blob.view());
            case ChangesetValue.Undefined undefined -> throw new IllegalArgumentException("an undefined value");
        }
    }

    private static void write(WireWriter out, ByteBuffer bytes) {
        var copy = new byte[bytes.remaining()];
        bytes.get(copy);
        out.bytes(copy);
    }

    static ChangesetValue read(WireReader in) {
        var start = in.position();
        return switch (in.uint8()) {
            case NULL -> ChangesetValue.NULL;
            case POSITIVE -> new ChangesetValue.Integer(in.varint());
            case NEGATIVE -> new ChangesetValue.Integer(~in.varint());
            case REAL -> new ChangesetValue.Real(Double.longBitsToDouble(in.int64()));
            case TEXT -> ChangesetValue.Text.wrap(in.bytes(in.remaining()));
            case BLOB -> ChangesetValue.Blob.wrap(in.bytes(in.remaining()));
            default -> throw new Malformed(WHAT, start, "a value of an unknown kind");
        };
    }

    static void writeKey(WireWriter out, List<ChangesetValue> key) {
        out.varint(key.size());
        key.forEach(value -> write(out, value));
    }

    static List<ChangesetValue> readKey(WireReader in) {
        List<ChangesetValue> key = new ArrayList<>();
        var count = in.count(1, KEY_VALUES_LIMIT);
        for (var i = 0; i < count; i++) {
            key.add(read(in));
        }
        return List.copyOf(key);
    }

    static void writeOptionalKey(WireWriter out, Optional<List<ChangesetValue>> key) {
        // A key has at least one value, so a count of 0 is free to mean none.
        key.ifPresentOrElse(present -> writeKey(out, present), () -> out.varint(0));
    }

    static Optional<List<ChangesetValue>> readOptionalKey(WireReader in) {
        var key = readKey(in);
        return key.isEmpty() ? Optional.empty() : Optional.of(key);
    }

    static void writeKeys(WireWriter out, List<List<ChangesetValue>> keys) {
        out.varint(keys.size());
        if (keys.isEmpty()) {
            return;
        }
        if (!areGrowing(keys)) {
            out.uint8(ANY_KEYS);
            keys.forEach(key -> writeKey(out, key));
            return;
        }
        out.uint8(GROWING_KEYS);
        write(out, keys.getFirst().getFirst());
        for (var i = 1; i < keys.size(); i++) {
            out.varint(integer(keys.get(i)) - integer(keys.get(i - 1)));
        }
    }

    private static boolean areGrowing(List<List<ChangesetValue>> keys) {
        for (var i = 0; i < keys.size(); i++) {
            var key = keys.get(i);
            if (key.size() != 1 || !(key.getFirst() instanceof ChangesetValue.Integer)) {
                return false;
            }
            // Also keeps their difference below 2^63.
            if (i > 0 && (integer(key) <= integer(keys.get(i - 1)) || integer(key) - integer(keys.get(i - 1)) < 0)) {
                return false;
            }
        }
        return true;
    }

    private static long integer(List<ChangesetValue> key) {
        return ((ChangesetValue.Integer) key.getFirst()).value();
    }

    static List<List<ChangesetValue>> readKeys(WireReader in, int limit) {
        List<List<ChangesetValue>> keys = new ArrayList<>();
        var count = in.count(1, limit);
        if (count == 0) {
            return keys;
        }
        var start = in.position();
        switch (in.uint8()) {
            case ANY_KEYS -> {
                for (var i = 0; i < count; i++) {
                    var key = readKey(in);
                    if (key.isEmpty()) {
                        throw new Malformed(WHAT, start, "a key without values");
                    }
                    keys.add(key);
                }
            }
            case GROWING_KEYS -> {
                if (!(read(in) instanceof ChangesetValue.Integer first)) {
                    throw new Malformed(WHAT, start, "growing keys that begin with no integer");
                }
                var value = first.value();
                keys.add(List.of(first));
                for (var i = 1; i < count; i++) {
                    var next = value + in.varint();
                    if (next <= value) {
                        throw new Malformed(WHAT, start, "growing keys that do not grow");
                    }
                    value = next;
                    keys.add(List.of(new ChangesetValue.Integer(value)));
                }
            }
            default -> throw new Malformed(WHAT, start, "keys of an unknown kind");
        }
        return keys;
    }
}
