package io.merklite.session.apply;

import io.merklite.session.catalog.Affinity;
import io.merklite.session.catalog.TableLayout;
import io.merklite.session.changeset.ChangeOp;
import io.merklite.session.changeset.ChangesetCursor;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Which keys of changes a table may take for one and the same: a hash that is equal for all of those.
 *
 * <p>Keys are equal to a table beyond their bytes: by the affinity of a column 1, 1.0 and '1' may be, by its collation
 * 'a' and 'A'. The hash is of what such keys have in common, and where that can't be said there is none. Different keys
 * may have one hash too, by chance or because this knows less than SQLite; callers lose but time by that.
 */
final class KeyColumns {
    /*
     * Numbers: 1 and 1.0 are equal everywhere, so a whole real is hashed as integer. A REAL column makes integers real,
     * and 2^53 + 1 equal to 2^53. Text in a numeric column that may be a number is converted: no hash; likewise numbers in
     * a TEXT column. Of text the hash is over its bytes; where the table's definition names a collation of SQLite's, over
     * the bytes without case and trailing spaces, whichever column it is for; where it names another one, there is none.
     * In a UTF-16 database different bytes may be stored as equal text, if they are not ASCII.
     */
    /** No hash: it can't be said which keys are equal. */
    static final long NONE = 0;

    private static final int INTEGER = 1;
    private static final int REAL = 2;
    private static final int TEXT = 3;
    private static final int BLOB = 4;
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
    private static final double LONG_LIMIT = 0x1p63;
    private static final long MULTIPLIER = 0x9E3779B97F4A7C15L;
    private static final Pattern COLLATION =
            Pattern.compile("\\bCOLLATE\\b(?:\\s*[\"'`\\[]?(\\w+))?", Pattern.CASE_INSENSITIVE);
    private static final Set<String> OWN_COLLATIONS = Set.of("BINARY", "NOCASE", "RTRIM");

    private enum Collations {
        BINARY,
        OWN,
        FOREIGN
    }

    private final List<Affinity> affinities;
    private final Collations collations;
    private final boolean utf8;

    /**
     * The keys of a table.
     *
     * @param layout the table
     * @param definition its CREATE TABLE statement
     * @param utf8 whether the database's encoding is UTF-8
     */
    KeyColumns(TableLayout layout, String definition, boolean utf8) {
        this.affinities = layout.columns().stream()
                .map(column -> Affinity.of(column.declaredType()))
                .toList();
        this.collations = collations(definition);
        this.utf8 = utf8;
    }

    private static Collations collations(String definition) {
        var matcher = COLLATION.matcher(definition);
        var found = Collations.BINARY;
        while (matcher.find()) {
            var name = matcher.group(1);
            if (name == null || !OWN_COLLATIONS.contains(name.toUpperCase(Locale.ROOT))) {
                return Collations.FOREIGN;
            }
            found = Collations.OWN;
        }
        return found;
    }

    /** Whether no collation but BINARY is named, so that the key's index and conditions on its columns agree. */
    boolean compareByValue() {
        return collations == Collations.BINARY;
    }

    /**
     * The hash of the key of {@code change}, equal for keys that the table may take for equal.
     *
     * @param rowid whether the first column is the rowid of a table without a key
     * @return {@link #NONE} if keys equal to it might have another hash
     */
    long hash(ChangesetCursor change, boolean rowid) {
        var hash = 1L;
        for (var i = 0; i < change.columnCount(); i++) {
            if (change.keyPosition(i) == 0) {
                continue;
            }
            var isNew = change.op() == ChangeOp.INSERT;
            var value = hash(
                    change,
                    rowid ? Affinity.NUMERIC : affinities.get(i),
                    isNew ? change.newType(i) : change.oldType(i),
                    isNew ? change.newOffset(i) : change.oldOffset(i),
                    isNew ? change.newLength(i) : change.oldLength(i));
            if (value == NONE) {
                return NONE;
            }
            hash = mixed(hash, value);
        }
        return hash == NONE ? 1 : hash;
    }

    private long hash(ChangesetCursor change, Affinity affinity, int type, int offset, int length) {
        return switch (type) {
            case INTEGER -> number(change.longAt(offset), affinity);
            case REAL -> number(Double.longBitsToDouble(change.longAt(offset)), affinity);
            case TEXT -> text(change.bytes(), offset, length, affinity);
            case BLOB -> bytes(change.bytes(), offset, offset + length, BLOB);
            default -> NONE; // NULL: where the key is a rowid, the row gets one that depends on the rows before
        };
    }

    private static long number(long value, Affinity affinity) {
        return switch (affinity) {
            case TEXT -> NONE;
            case REAL -> number((double) value, affinity);
            case NONE, NUMERIC -> mixed(INTEGER, value);
        };
    }

    private static long number(double value, Affinity affinity) {
        if (affinity == Affinity.TEXT || Double.isNaN(value)) {
            return NONE;
        }
        var whole = value >= -LONG_LIMIT && value < LONG_LIMIT && value == Math.rint(value);
        return whole ? mixed(INTEGER, (long) value) : mixed(REAL, Double.doubleToLongBits(value));
    }

    private long text(byte[] bytes, int offset, int length, Affinity affinity) {
        var end = offset + length;
        var convertible = affinity == Affinity.NUMERIC || affinity == Affinity.REAL;
        if (collations == Collations.FOREIGN || (convertible && mayBeNumber(bytes, offset, end))) {
            return NONE;
        }
        if (!utf8 && !isAscii(bytes, offset, end)) {
            return NONE;
        }
        return collations == Collations.BINARY ? bytes(bytes, offset, end, TEXT) : folded(bytes, offset, end);
    }

    /** Whether the text may be a number; dates and the like are not. */
    private static boolean mayBeNumber(byte[] bytes, int from, int to) {
        for (var i = from; i < to; i++) {
            var isSign = bytes[i] == '-' || bytes[i] == '+';
            var isDigit = bytes[i] >= '0' && bytes[i] <= '9';
            if (isSign
                    ? i > from && isDigitOrPoint(bytes[i - 1])
                    : !isDigit && ".eE \t\n\f\r\u000b".indexOf(bytes[i]) < 0) {
                return false;
            }
        }
        return true;
    }

    private static boolean isDigitOrPoint(byte character) {
        return character == '.' || (character >= '0' && character <= '9');
    }

    private static boolean isAscii(byte[] bytes, int from, int to) {
        for (var i = from; i < to; i++) {
            if (bytes[i] < 0) {
                return false;
            }
        }
        return true;
    }

    private static long bytes(byte[] bytes, int from, int to, int type) {
        var hash = mixed(type, to - from);
        var i = from;
        for (; i + Long.BYTES <= to; i += Long.BYTES) {
            hash = mixed(hash, (long) LONG.get(bytes, i));
        }
        var rest = 0L;
        for (; i < to; i++) {
            rest = (rest << Byte.SIZE) | (bytes[i] & 0xff);
        }
        return mixed(hash, rest);
    }

    /** As NOCASE and RTRIM compare. NOCASE stops at a NUL, so text with one has no hash. */
    private static long folded(byte[] bytes, int from, int to) {
        var end = to;
        while (end > from && bytes[end - 1] == ' ') {
            end--;
        }
        var hash = (long) TEXT;
        for (var i = from; i < end; i++) {
            if (bytes[i] == 0) {
                return NONE;
            }
            hash = mixed(hash, bytes[i] >= 'A' && bytes[i] <= 'Z' ? bytes[i] + ('a' - 'A') : bytes[i]);
        }
        return mixed(hash, TEXT);
    }

    /** Multiplies and folds, as the finalizers of common hashes do; 0 is left to {@link #NONE}. */
    private static long mixed(long hash, long value) {
        var product = (hash * 31 + value) * MULTIPLIER;
        product ^= product >>> 32;
        return product == NONE ? 1 : product;
    }
}
