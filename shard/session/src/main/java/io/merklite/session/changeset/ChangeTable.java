package io.merklite.session.changeset;

import java.util.Arrays;
import java.util.function.IntConsumer;

/**
 * Internal: the hash table of SQLite's session extension, whose order is the order of changes in a changeset.
 *
 * <p>Entries are numbers from 0 in the order of {@link #add}; what belongs to an entry is its owner's business. A key is
 * a run of values in the changeset format.
 *
 * <p><b>Order.</b> Chained buckets; a new entry goes to the head of its chain; growth walks the old buckets from 0, each
 * chain from its head, and pushes every entry to the head of its new chain. The result is read from bucket 0 up, each
 * chain from its head. That reproduces the bytes of the reference.
 *
 * <p>Not thread-safe.
 */
public final class ChangeTable {
    private static final int FIRST_BUCKETS = 256;
    private static final int NONE = -1;
    private static final int FIRST_ENTRIES = 64;

    private int[] heads = new int[0];
    private int[] next = new int[FIRST_ENTRIES];
    private int[] hashes = new int[FIRST_ENTRIES];
    private int[] keyOffsets = new int[FIRST_ENTRIES];
    private int[] keyLengths = new int[FIRST_ENTRIES];
    private byte[] keys = new byte[FIRST_ENTRIES * 16];
    private int keysSize;
    private int entries;
    private int linked;

    /** To be called before each touch of a row, and twice for an UPDATE, as the reference does: makes room. */
    public void beforeTouch() {
        if (heads.length == 0) {
            heads = new int[FIRST_BUCKETS];
            Arrays.fill(heads, NONE);
        } else if (linked >= heads.length / 2) {
            grow();
        }
    }

    private void grow() {
        var grown = new int[heads.length * 2];
        Arrays.fill(grown, NONE);
        for (var head : heads) {
            var entry = head;
            while (entry != NONE) {
                var following = next[entry];
                var bucket = Integer.remainderUnsigned(hashes[entry], grown.length);
                next[entry] = grown[bucket];
                grown[bucket] = entry;
                entry = following;
            }
        }
        heads = grown;
    }

    /** The entry with the key in {@code bytes} from {@code from} to before {@code to}; -1 if there is none. */
    public int find(int hash, byte[] bytes, int from, int to) {
        if (heads.length == 0) {
            return NONE;
        }
        for (var entry = heads[Integer.remainderUnsigned(hash, heads.length)]; entry != NONE; entry = next[entry]) {
            var offset = keyOffsets[entry];
            if (hashes[entry] == hash && Arrays.equals(keys, offset, offset + keyLengths[entry], bytes, from, to)) {
                return entry;
            }
        }
        return NONE;
    }

    /** Adds an entry at the head of its chain. {@link #beforeTouch} must have been called. */
    public int add(int hash, byte[] bytes, int from, int to) {
        if (entries == next.length) {
            var capacity = entries * 2;
            next = Arrays.copyOf(next, capacity);
            hashes = Arrays.copyOf(hashes, capacity);
            keyOffsets = Arrays.copyOf(keyOffsets, capacity);
            keyLengths = Arrays.copyOf(keyLengths, capacity);
        }
        var length = to - from;
        if (keys.length - keysSize < length) {
            keys = Arrays.copyOf(keys, Math.max(Math.addExact(keysSize, length), keys.length * 2));
        }
        System.arraycopy(bytes, from, keys, keysSize, length);
        var entry = entries++;
        keyOffsets[entry] = keysSize;
        keyLengths[entry] = length;
        keysSize += length;
        hashes[entry] = hash;
        toHead(entry);
        return entry;
    }

    /** Moves an entry to the head of its chain: the reference takes it out and puts the merged one in. */
    public void moveToHead(int entry) {
        remove(entry);
        toHead(entry);
    }

    /** Takes an entry out of the output; its number is not used again. */
    public void remove(int entry) {
        var bucket = Integer.remainderUnsigned(hashes[entry], heads.length);
        linked--;
        if (heads[bucket] == entry) {
            heads[bucket] = next[entry];
            return;
        }
        var before = heads[bucket];
        while (next[before] != entry) {
            before = next[before];
        }
        next[before] = next[entry];
    }

    private void toHead(int entry) {
        var bucket = Integer.remainderUnsigned(hashes[entry], heads.length);
        next[entry] = heads[bucket];
        heads[bucket] = entry;
        linked++;
    }

    /** How many entries there are in the output. */
    public int count() {
        return linked;
    }

    /** Calls {@code action} for each entry in the order of the output. */
    public void forEach(IntConsumer action) {
        for (var head : heads) {
            for (var entry = head; entry != NONE; entry = next[entry]) {
                action.accept(entry);
            }
        }
    }

    /** The array that holds the keys: read only, until the next {@link #add}. */
    public byte[] keyBytes() {
        return keys;
    }

    public int keyOffset(int entry) {
        return keyOffsets[entry];
    }

    public int keyLength(int entry) {
        return keyLengths[entry];
    }

    /** Hash of a key: of its values' types and contents, from {@code from} to before {@code to}. */
    public static int hash(byte[] bytes, int from, int to) {
        var hash = 0;
        for (var position = from; position < to; position = EncodedValues.end(bytes, position)) {
            var type = bytes[position];
            hash = step(hash, type);
            switch (type) {
                case ChangesetCursor.INTEGER, ChangesetCursor.REAL -> {
                    hash = step(hash, EncodedValues.int32(bytes, position + 1 + Integer.BYTES));
                    hash = step(hash, EncodedValues.int32(bytes, position + 1));
                }
                case ChangesetCursor.TEXT, ChangesetCursor.BLOB -> {
                    var end = EncodedValues.end(bytes, position);
                    for (var i = EncodedValues.contentOffset(bytes, position); i < end; i++) {
                        hash = step(hash, bytes[i] & 0xff);
                    }
                }
                default -> {
                    // NULL and undefined have no content
                }
            }
        }
        return hash;
    }

    private static int step(int hash, int added) {
        return (hash << 3) ^ hash ^ added;
    }
}
