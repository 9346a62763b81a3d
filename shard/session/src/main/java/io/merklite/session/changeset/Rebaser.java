package io.merklite.session.changeset;

import io.merklite.session.SessionException.SchemaMismatch;
import io.merklite.session.SessionException.WrongKind;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Rebases local changes onto remote ones that were applied meanwhile: where the remote change won, the local change
 * gives way; where the local row won, its change is rewritten so that it fits the remote row.
 *
 * <p>What was decided is in the rebase blobs that applying the remote changesets gave. Not thread-safe.
 */
public final class Rebaser {
    private static final int SQLITE_ERROR = 1;
    private static final byte[] UNDEFINED = {0};
    /** In an entry's record: the remote value replaced the local one. Never written. */
    private static final byte[] TAKEN = {(byte) 0xff};

    private final Map<String, TableEntries> tables = new HashMap<>();

    /** What was decided about the rows of one table, by key. */
    private static final class TableEntries {
        private final byte[] flags;
        private final Map<ByteBuffer, Entry> byKey = new HashMap<>();

        private TableEntries(byte[] flags) {
            this.flags = flags;
        }

        private void requireShape(ChangesetCursor cursor) {
            if (!Arrays.equals(flags, cursor.flags())) {
                throw new SchemaMismatch(
                        "table " + cursor.table().name() + " has other columns or another key than in a rebase blob",
                        "Rebase changes of the schema that the remote changes were applied to");
            }
        }
    }

    /** What was decided about one row. */
    private static final class Entry {
        private final ChangeOp op;
        private final boolean replaced;
        private final byte[][] values;

        private Entry(ChangeOp op, boolean replaced, byte[][] values) {
            this.op = op;
            this.replaced = replaced;
            this.values = values;
        }
    }

    /**
     * Adds the decisions of one apply; blobs are added in the order of the applies.
     *
     * @return this rebaser
     * @throws io.merklite.session.SessionException.MalformedChangeset if {@code blob} is none
     */
    public Rebaser configure(byte[] blob) {
        var cursor = ChangesetCursor.ofRebaseBlob(blob.clone());
        while (cursor.next()) {
            var entries = tables.computeIfAbsent(tableName(cursor), absent -> new TableEntries(cursor.flags()));
            entries.requireShape(cursor);
            entries.byKey.merge(
                    key(cursor),
                    first(cursor),
                    (earlier, later) -> merged(cursor.flags(), earlier, later, cursor.indirect()));
        }
        return this;
    }

    private static String tableName(ChangesetCursor cursor) {
        return new String(cursor.tableName(), StandardCharsets.ISO_8859_1);
    }

    private static ByteBuffer key(ChangesetCursor cursor) {
        var key = new ChangesetWriter();
        cursor.writeKey(key);
        return ByteBuffer.wrap(key.toByteArray());
    }

    /** The entry of a row's first decision. In a blob the indirect flag says whether the row was replaced. */
    private static Entry first(ChangesetCursor cursor) {
        var isDelete = cursor.op() == ChangeOp.DELETE;
        var values = isDelete ? cursor.encodedOldValues() : cursor.encodedNewValues();
        if (cursor.indirect()) {
            for (var i = 0; i < values.length; i++) {
                if (cursor.keyPosition(i) == 0 && values[i][0] != 0) {
                    values[i] = TAKEN;
                }
            }
        }
        return new Entry(isDelete ? ChangeOp.DELETE : ChangeOp.INSERT, cursor.indirect(), values);
    }

    private static Entry merged(byte[] flags, Entry earlier, Entry later, boolean laterReplaced) {
        if (earlier.op == ChangeOp.DELETE && earlier.replaced) {
            return earlier;
        }
        var values = new byte[flags.length][];
        for (var i = 0; i < values.length; i++) {
            if (isTaken(earlier.values[i]) || (flags[i] == 0 && laterReplaced)) {
                values[i] = TAKEN;
            } else {
                values[i] = later.values[i][0] != 0 ? later.values[i] : earlier.values[i];
            }
        }
        return new Entry(later.op, earlier.replaced || laterReplaced, values);
    }

    /**
     * The local changes as they are on top of the remote ones.
     *
     * @throws WrongKind for a patchset
     */
    public Changeset rebase(Changeset local) {
        return Changeset.wrap(rebase(local.array()));
    }

    /** Rebases the bytes of a changeset, which are checked on the way. */
    public byte[] rebase(byte[] local) {
        var out = new ChangesetWriter();
        var cursor = new ChangesetCursor(local);
        while (cursor.next()) {
            if (cursor.patchset()) {
                throw new WrongKind(SQLITE_ERROR, "a patchset can't be rebased");
            }
            if (cursor.newGroup()) {
                out.table(false, cursor.tableName(), cursor.flags());
            }
            var entry = entry(cursor);
            if (entry == null) {
                out.raw(local, cursor.changeOffset(), cursor.position());
            } else {
                rebase(cursor, entry, out);
            }
        }
        return out.toByteArray();
    }

    private @Nullable Entry entry(ChangesetCursor local) {
        var entries = tables.get(tableName(local));
        if (entries == null) {
            return null;
        }
        entries.requireShape(local);
        return entries.byKey.get(key(local));
    }

    private static void rebase(ChangesetCursor local, Entry entry, ChangesetWriter out) {
        var unchanged = local.op() == ChangeOp.INSERT && entry.op == ChangeOp.DELETE;
        if (unchanged) {
            out.raw(local.bytes(), local.changeOffset(), local.position());
            return;
        }
        switch (local.op()) {
            case INSERT -> {
                if (!entry.replaced) {
                    write(out, ChangeOp.UPDATE, local, entry.values, local.encodedNewValues());
                }
            }
            case UPDATE -> {
                if (entry.op == ChangeOp.INSERT) {
                    rebaseUpdate(local, entry, out);
                } else if (!entry.replaced) {
                    write(out, ChangeOp.INSERT, local, null, over(entry.values, local.encodedNewValues()));
                }
            }
            case DELETE -> {
                if (entry.op == ChangeOp.INSERT) {
                    write(out, ChangeOp.DELETE, local, over(local.encodedOldValues(), entry.values), null);
                }
            }
        }
    }

    private static void rebaseUpdate(ChangesetCursor local, Entry entry, ChangesetWriter out) {
        var oldValues = local.encodedOldValues();
        var newValues = local.encodedNewValues();
        var any = false;
        for (var i = 0; i < oldValues.length; i++) {
            var value = entry.values[i];
            if (isTaken(value)) {
                oldValues[i] = UNDEFINED;
                newValues[i] = UNDEFINED;
            } else if (oldValues[i][0] != 0 && value[0] != 0) {
                oldValues[i] = value;
            }
            any |= local.keyPosition(i) == 0 && oldValues[i][0] != 0;
        }
        if (any) {
            write(out, ChangeOp.UPDATE, local, oldValues, newValues);
        }
    }

    private static boolean isTaken(byte[] value) {
        return value[0] == TAKEN[0];
    }

    /** Values of {@code upper} where they are defined and not taken, else of {@code lower}. */
    private static byte[][] over(byte[][] lower, byte[][] upper) {
        var merged = lower.clone();
        for (var i = 0; i < merged.length; i++) {
            if (!isTaken(upper[i]) && upper[i][0] != 0) {
                merged[i] = upper[i];
            }
        }
        return merged;
    }

    private static void write(
            ChangesetWriter out,
            ChangeOp op,
            ChangesetCursor local,
            byte @Nullable [][] oldValues,
            byte @Nullable [][] newValues) {
        out.change(op, local.indirect());
        for (var values : Arrays.asList(oldValues, newValues)) {
            if (values != null) {
                for (var value : values) {
                    out.raw(value, 0, value.length);
                }
            }
        }
    }
}
