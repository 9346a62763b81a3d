package io.merklite.session.changeset;

import io.merklite.session.SessionException.Misuse;
import io.merklite.session.SessionException.SchemaMismatch;
import io.merklite.session.SessionException.WrongKind;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Adds up changesets, or patchsets, into one that does what they do one after the other.
 *
 * <p>Rows are identified by table and key bytes. Of changes that can't follow each other, such as two INSERTs of one
 * row, the earlier stays. Changes come out in SQLite's order, tables in the order of first appearance.
 *
 * <p>After an exception the group must not be used any more, and refuses to be. Not thread-safe.
 */
public final class ChangeGroup {
    private static final int SQLITE_ERROR = 1;
    private static final byte[] UNDEFINED = {0};

    private final Optional<GroupSchema> schema;
    private final Map<String, GroupTable> tables = new LinkedHashMap<>();
    private @Nullable Boolean patchset;
    private boolean failed;

    /** What an entry does to its row: each image with a value for every column, in the format. */
    private static final class Change {
        private final ChangeOp op;
        private final boolean indirect;
        private final byte[][] oldValues;
        private final byte[][] newValues;

        private Change(ChangeOp op, boolean indirect, byte[][] oldValues, byte[][] newValues) {
            this.op = op;
            this.indirect = indirect;
            this.oldValues = oldValues;
            this.newValues = newValues;
        }
    }

    /** The changes of one table. */
    private static final class GroupTable {
        private final byte[] name;
        private final byte[] flags;
        private final byte[][] defaults;
        private final ChangeTable rows = new ChangeTable();
        private final List<Change> changes = new ArrayList<>();

        private GroupTable(byte[] name, byte[] flags, byte[][] defaults) {
            this.name = name;
            this.flags = flags;
            this.defaults = defaults;
        }
    }

    /** A group of inputs that all have the same columns for a table. */
    public ChangeGroup() {
        this.schema = Optional.empty();
    }

    /** A group that fills inputs with fewer columns up with the defaults of the columns that {@code schema} has now. */
    public ChangeGroup(GroupSchema schema) {
        this.schema = Optional.of(schema);
    }

    /**
     * Adds the changes of {@code input} after those added before.
     *
     * @return this group
     * @throws WrongKind if changesets and patchsets are mixed
     * @throws SchemaMismatch if a table has other columns or another key than before
     */
    public ChangeGroup add(ChangeBytes input) {
        return add(input.cursor());
    }

    /** Adds the changes of a changeset or patchset in bytes, which are checked on the way. */
    public ChangeGroup add(byte[] input) {
        return add(new ChangesetCursor(input));
    }

    /** Adds the changes of a stream, which is read to its end and not closed; it need not fit into memory. */
    public ChangeGroup add(InputStream input) {
        new ChangesetParts(input).forEachRemaining(this::add);
        return this;
    }

    private ChangeGroup add(ChangesetCursor cursor) {
        if (failed) {
            throw new Misuse("a change group is used after it failed", "Begin a new group");
        }
        failed = true;
        while (cursor.next()) {
            addChange(cursor);
        }
        failed = false;
        return this;
    }

    /** Adds one change: the one that {@code cursor} stands on. */
    public void addChange(ChangesetCursor cursor) {
        if (patchset == null) {
            patchset = cursor.patchset();
        } else if (patchset != cursor.patchset()) {
            throw new WrongKind(SQLITE_ERROR, "changesets and patchsets can't be added up");
        }
        var table = table(cursor);
        var key = new ChangesetWriter();
        cursor.writeKey(key);
        var added = filled(table, cursor);
        table.rows.beforeTouch();
        var hash = ChangeTable.hash(key.array(), 0, key.sizeBytes());
        var entry = table.rows.find(hash, key.array(), 0, key.sizeBytes());
        if (entry < 0) {
            table.rows.add(hash, key.array(), 0, key.sizeBytes());
            table.changes.add(added);
            return;
        }
        var merged = merge(table, table.changes.get(entry), added);
        if (merged.isPresent()) {
            table.rows.moveToHead(entry);
            table.changes.set(entry, merged.get());
        } else {
            table.rows.remove(entry);
        }
    }

    private GroupTable table(ChangesetCursor cursor) {
        var name = new String(cursor.tableName(), StandardCharsets.UTF_8);
        var folded = foldAscii(name);
        var known = tables.get(folded);
        if (known == null) {
            known = schema.isEmpty()
                    ? new GroupTable(cursor.tableName(), cursor.flags(), new byte[cursor.columnCount()][])
                    : grown(cursor, name);
            tables.put(folded, known);
        }
        var fits = schema.isEmpty()
                ? Arrays.equals(known.flags, cursor.flags())
                : cursor.columnCount() <= known.flags.length
                        && Arrays.equals(known.flags, Arrays.copyOf(cursor.flags(), known.flags.length));
        if (!fits) {
            throw new SchemaMismatch(
                    "table " + name + " has other columns or another key in one input than in another",
                    "Give the group the schema that the inputs grew to");
        }
        return known;
    }

    private GroupTable grown(ChangesetCursor cursor, String name) {
        var table = schema.orElseThrow()
                .table(name)
                .orElseThrow(() -> new SchemaMismatch(
                        "table " + name + " does not exist in the schema of the group", "Leave its changes out"));
        var flags = new byte[table.info().columnCount()];
        var defaults = new byte[flags.length][];
        for (var i = 0; i < flags.length; i++) {
            flags[i] = (byte) (int) table.info().keyPositions().get(i);
            var value = new ChangesetWriter();
            value.value(table.defaults().get(i));
            defaults[i] = value.toByteArray();
        }
        return new GroupTable(cursor.tableName(), flags, defaults);
    }

    /** The change with as many columns as the table has now. */
    private static Change filled(GroupTable table, ChangesetCursor cursor) {
        var oldValues = Arrays.copyOf(cursor.encodedOldValues(), table.flags.length);
        var newValues = Arrays.copyOf(cursor.encodedNewValues(), table.flags.length);
        for (var i = cursor.columnCount(); i < table.flags.length; i++) {
            var hasOld = cursor.op() == ChangeOp.DELETE && !cursor.patchset();
            oldValues[i] = hasOld ? table.defaults[i] : UNDEFINED;
            newValues[i] = cursor.op() == ChangeOp.INSERT ? table.defaults[i] : UNDEFINED;
        }
        return new Change(cursor.op(), cursor.indirect(), oldValues, newValues);
    }

    private Optional<Change> merge(GroupTable table, Change earlier, Change later) {
        var indirect = earlier.indirect && later.indirect;
        return switch (earlier.op) {
            case INSERT ->
                switch (later.op) {
                    case INSERT -> Optional.of(earlier);
                    case UPDATE ->
                        Optional.of(new Change(
                                ChangeOp.INSERT,
                                indirect,
                                earlier.oldValues,
                                over(earlier.newValues, later.newValues)));
                    case DELETE -> Optional.empty();
                };
            case UPDATE ->
                switch (later.op) {
                    case INSERT -> Optional.of(earlier);
                    case UPDATE -> mergeUpdates(table, earlier, later, indirect);
                    case DELETE ->
                        Optional.of(new Change(
                                ChangeOp.DELETE,
                                indirect,
                                isPatchset() ? later.oldValues : over(later.oldValues, earlier.oldValues),
                                later.newValues));
                };
            case DELETE ->
                switch (later.op) {
                    case INSERT -> replaced(table, earlier, later, indirect);
                    case UPDATE, DELETE -> Optional.of(earlier);
                };
        };
    }

    /** Values of {@code upper} where they are defined, else of {@code lower}. */
    private static byte[][] over(byte[][] lower, byte[][] upper) {
        var merged = new byte[lower.length][];
        for (var i = 0; i < merged.length; i++) {
            merged[i] = isUndefined(upper[i]) ? lower[i] : upper[i];
        }
        return merged;
    }

    private Optional<Change> mergeUpdates(GroupTable table, Change earlier, Change later, boolean indirect) {
        var oldValues = over(later.oldValues, earlier.oldValues);
        var newValues = over(earlier.newValues, later.newValues);
        if (isPatchset()) {
            return Optional.of(new Change(ChangeOp.UPDATE, indirect, oldValues, newValues));
        }
        return withoutEqual(table, oldValues, newValues, indirect);
    }

    /** A DELETE and then an INSERT of the same row: an UPDATE of what differs. */
    private Optional<Change> replaced(GroupTable table, Change deleted, Change inserted, boolean indirect) {
        if (!isPatchset()) {
            return withoutEqual(table, deleted.oldValues, inserted.newValues, indirect);
        }
        var newValues = inserted.newValues.clone();
        for (var i = 0; i < newValues.length; i++) {
            if (table.flags[i] != 0) {
                newValues[i] = UNDEFINED;
            }
        }
        return Optional.of(new Change(ChangeOp.UPDATE, indirect, deleted.oldValues, newValues));
    }

    /** An UPDATE with the columns whose bytes differ; none if there is none. */
    private static Optional<Change> withoutEqual(
            GroupTable table, byte[][] oldValues, byte[][] newValues, boolean indirect) {
        var from = oldValues.clone();
        var to = newValues.clone();
        var any = false;
        for (var i = 0; i < from.length; i++) {
            if (table.flags[i] != 0) {
                to[i] = UNDEFINED;
            } else if (Arrays.equals(from[i], to[i])) {
                from[i] = UNDEFINED;
                to[i] = UNDEFINED;
            } else {
                any |= !isUndefined(to[i]);
            }
        }
        return any ? Optional.of(new Change(ChangeOp.UPDATE, indirect, from, to)) : Optional.empty();
    }

    private static boolean isUndefined(byte[] value) {
        return value[0] == 0;
    }

    private boolean isPatchset() {
        return Boolean.TRUE.equals(patchset);
    }

    /** The sum of what was added; it may be asked for at any time, and more added after. */
    public Changeset changeset() {
        if (isPatchset()) {
            throw new WrongKind(SQLITE_ERROR, "the group's inputs are patchsets, so it has no changeset");
        }
        return Changeset.wrap(encode());
    }

    /** The sum of what was added, where that were patchsets. */
    public Patchset patchset() {
        if (patchset != null && !patchset) {
            throw new WrongKind(SQLITE_ERROR, "the group's inputs are changesets; ask for the changeset");
        }
        return Patchset.wrap(encode());
    }

    private byte[] encode() {
        var out = new ChangesetWriter();
        for (var table : tables.values()) {
            if (table.rows.count() > 0) {
                out.table(isPatchset(), table.name, table.flags);
                table.rows.forEach(entry -> write(table, table.changes.get(entry), out));
            }
        }
        return out.toByteArray();
    }

    private void write(GroupTable table, Change change, ChangesetWriter out) {
        out.change(change.op, change.indirect);
        switch (change.op) {
            case INSERT -> writeAll(change.newValues, out);
            case DELETE -> {
                for (var i = 0; i < table.flags.length; i++) {
                    if (!isPatchset() || table.flags[i] != 0) {
                        out.raw(change.oldValues[i], 0, change.oldValues[i].length);
                    }
                }
            }
            case UPDATE -> {
                if (isPatchset()) {
                    writeAll(over(change.newValues, keysOf(table, change)), out);
                } else {
                    writeAll(change.oldValues, out);
                    writeAll(change.newValues, out);
                }
            }
        }
    }

    private static byte[][] keysOf(GroupTable table, Change change) {
        var keys = change.oldValues.clone();
        for (var i = 0; i < keys.length; i++) {
            if (table.flags[i] == 0) {
                keys[i] = UNDEFINED;
            }
        }
        return keys;
    }

    private static void writeAll(byte[][] values, ChangesetWriter out) {
        for (var value : values) {
            out.raw(value, 0, value.length);
        }
    }

    private static String foldAscii(String name) {
        return name.chars().allMatch(c -> c < 0x80) ? name.toLowerCase(Locale.ROOT) : foldMixed(name);
    }

    private static String foldMixed(String name) {
        var folded = new StringBuilder(name);
        for (var i = 0; i < folded.length(); i++) {
            if (folded.charAt(i) < 0x80) {
                folded.setCharAt(i, Character.toLowerCase(folded.charAt(i)));
            }
        }
        return folded.toString();
    }
}
