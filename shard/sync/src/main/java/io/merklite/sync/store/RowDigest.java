package io.merklite.sync.store;

import io.merklite.session.catalog.RawRows;
import io.merklite.session.changeset.ChangesetCursor;
import io.merklite.session.changeset.ChangesetValue;
import io.merklite.sync.row.Cell;
import io.merklite.sync.row.RowVersion;
import io.merklite.sync.stamp.Stamp;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import net.jpountz.xxhash.XXHash64;
import net.jpountz.xxhash.XXHashFactory;

/**
 * Digests of rows: 64 bits over table, key, state and values, the same on every replica.
 *
 * <p>A digest is a sum (mod 2^64) of one term for the row's life and one for each of its columns, so an update changes
 * it by the columns that it changes, and the others need not be read. A NULL written at the birth of the row adds
 * nothing: a column added to the table changes no digest.
 *
 * <p>Sources: XXH64 (Collet) for bytes, the finalizer of MurmurHash3 (Appleby) to mix words. Neither withstands
 * somebody who chooses values to collide: peers of one database are trusted, damage and chance are not.
 */
final class RowDigest {
    private static final XXHash64 XXH64 = XXHashFactory.fastestJavaInstance().hash64();
    private static final int INTEGER = 1;
    private static final int REAL = 2;
    private static final int TEXT = 3;
    private static final int BLOB = 4;
    private static final long ALIVE = 0x9e3779b97f4a7c15L;
    private static final long DEAD = 0xc2b2ae3d27d4eb4fL;
    private static final long COUNTER = 0x165667b19e3779f9L;

    private RowDigest() {}

    /** XXH64 of some bytes. */
    static long hash(byte[] bytes, int from, int length, long seed) {
        return XXH64.hash(bytes, from, length, seed);
    }

    /** The seed that stands for a table or column of this name, which must be folded. */
    static long seed(String foldedName) {
        var bytes = foldedName.getBytes(StandardCharsets.UTF_8);
        return hash(bytes, 0, bytes.length, 0);
    }

    /** The digest of a whole row; {@code columnSeeds} has one for each of its cells. */
    static long of(long keyHash, RowVersion version, long[] columnSeeds) {
        if (version.death().isPresent()) {
            return dead(keyHash, version.birth(), version.death().get());
        }
        var digest = alive(keyHash, version.birth());
        for (var i = 0; i < version.cells().size(); i++) {
            digest += cell(
                    keyHash, columnSeeds[i], version.birth(), version.cells().get(i));
        }
        return digest;
    }

    /** The term of a row that lives. */
    static long alive(long keyHash, Stamp birth) {
        return mix(mix(keyHash ^ ALIVE, birth.clock()), birth.origin().bits());
    }

    /** The digest of a tombstone. */
    static long dead(long keyHash, Stamp birth, Stamp death) {
        var mixed = mix(mix(keyHash ^ DEAD, birth.clock()), birth.origin().bits());
        return mix(mix(mixed, death.clock()), death.origin().bits());
    }

    /** The term of a column. */
    static long cell(long keyHash, long columnSeed, Stamp birth, Cell cell) {
        return switch (cell) {
            case Cell.Register register -> register(keyHash, columnSeed, birth, register.stamp(), register.value());
            case Cell.Counter counter
            when counter.totals().isEmpty() -> register(keyHash, columnSeed, birth, birth, counter.base());
            case Cell.Counter counter -> counter(keyHash, columnSeed, counter);
            case Cell.Unknown unknown -> 0;
        };
    }

    static long register(long keyHash, long columnSeed, Stamp birth, Stamp stamp, ChangesetValue value) {
        if (value instanceof ChangesetValue.Null && stamp.equals(birth)) {
            return 0;
        }
        return stamped(keyHash, columnSeed, stamp, valueHash(value));
    }

    /** The term of a column whose value has {@code valueHash}; 0 stands for NULL. */
    static long stamped(long keyHash, long columnSeed, Stamp stamp, long valueHash) {
        var mixed = mix(keyHash ^ columnSeed, valueHash);
        return mix(mix(mixed, stamp.clock()), stamp.origin().bits());
    }

    private static long counter(long keyHash, long columnSeed, Cell.Counter counter) {
        var mixed = mix(keyHash ^ columnSeed ^ COUNTER, valueHash(counter.base()));
        for (var total : counter.totals().entrySet()) {
            mixed = mix(mix(mixed, total.getKey().bits()), total.getValue().clock());
            mixed = mix(mixed, valueHash(total.getValue().sum()));
        }
        return mixed;
    }

    /** Hash of a value; 0 for NULL. */
    static long valueHash(ChangesetValue value) {
        return switch (value) {
            case ChangesetValue.Integer integer -> number(value.type(), integer.value());
            case ChangesetValue.Real real -> number(value.type(), Double.doubleToRawLongBits(real.value()));
            case ChangesetValue.Text text -> bytes(value.type(), text.toByteArray());
            case ChangesetValue.Blob blob -> bytes(value.type(), blob.toByteArray());
            case ChangesetValue.Null nothing -> 0;
            case ChangesetValue.Undefined undefined -> throw new IllegalArgumentException("an undefined value");
        };
    }

    /** Hash of the old value of a column of a change. */
    static long oldValueHash(ChangesetCursor change, int column) {
        return valueHash(change, change.oldType(column), change.oldOffset(column), change.oldLength(column));
    }

    /** Hash of the new value of a column of a change. */
    static long newValueHash(ChangesetCursor change, int column) {
        return valueHash(change, change.newType(column), change.newOffset(column), change.newLength(column));
    }

    /** Hash of a value in a row of a query on a database encoded in UTF-8; 0 for NULL. */
    static long valueHash(RawRows row, int column) throws SQLException {
        var type = row.type(column);
        return switch (type) {
            case INTEGER -> number(type, row.longAt(column));
            case REAL -> number(type, Double.doubleToRawLongBits(row.realAt(column)));
            case TEXT, BLOB -> bytes(type, row.bytesAt(column));
            default -> 0;
        };
    }

    private static long valueHash(ChangesetCursor change, int type, int offset, int length) {
        return switch (type) {
            case INTEGER, REAL -> number(type, change.longAt(offset));
            case TEXT, BLOB -> hash(change.bytes(), offset, length, type);
            default -> 0;
        };
    }

    private static long number(int type, long bits) {
        return mix(type, bits);
    }

    private static long bytes(int type, byte[] content) {
        return hash(content, 0, content.length, type);
    }

    private static long mix(long state, long word) {
        var mixed = state ^ finish(word + ALIVE);
        return finish(mixed * DEAD + ALIVE);
    }

    private static long finish(long word) {
        var mixed = (word ^ (word >>> 33)) * 0xff51afd7ed558ccdL;
        mixed = (mixed ^ (mixed >>> 33)) * 0xc4ceb9fe1a85ec53L;
        return mixed ^ (mixed >>> 33);
    }
}
