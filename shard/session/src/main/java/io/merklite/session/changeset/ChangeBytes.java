package io.merklite.session.changeset;

import io.merklite.session.SessionException.WrongKind;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;

/** The bytes of a changeset or patchset, and what both kinds can do. Immutable; equal by kind and content. */
public abstract sealed class ChangeBytes permits Changeset, Patchset {
    private static final int SQLITE_ERROR = 1;

    private final byte[] bytes;

    ChangeBytes(byte[] bytes) {
        this.bytes = bytes;
    }

    /** Walks over all of {@code bytes}, which must be well-formed and of one kind. */
    static void validate(byte[] bytes, boolean patchset) {
        var cursor = new ChangesetCursor(bytes);
        while (cursor.next()) {
            if (cursor.patchset() != patchset) {
                throw new WrongKind(
                        SQLITE_ERROR,
                        "a " + (cursor.patchset() ? "patchset" : "changeset") + " group at byte "
                                + cursor.headerOffset() + " where the other kind was expected");
            }
        }
    }

    /** Whether there are no changes. */
    public final boolean isEmpty() {
        return !cursor().next();
    }

    /** Size in bytes. */
    public final int sizeBytes() {
        return bytes.length;
    }

    /** Read-only view of the bytes. */
    public final ByteBuffer view() {
        return ByteBuffer.wrap(bytes).asReadOnlyBuffer();
    }

    /** Copy of the bytes. */
    public final byte[] toByteArray() {
        return bytes.clone();
    }

    /** Writes the bytes to {@code out}, which is not closed. */
    public final void writeTo(OutputStream out) throws IOException {
        out.write(bytes);
    }

    /** A cursor before the first change: the cheap way to look at every change. */
    public final ChangesetCursor cursor() {
        return new ChangesetCursor(bytes);
    }

    /** All groups that have changes, in order, as objects. */
    public final List<TableChangeset> tables() {
        List<TableChangeset> tables = new ArrayList<>();
        var cursor = cursor();
        var more = cursor.next();
        while (more) {
            var table = cursor.table();
            List<ChangesetRow> changes = new ArrayList<>();
            do {
                changes.add(cursor.row());
                more = cursor.next();
            } while (more && !cursor.newGroup());
            tables.add(new TableChangeset(table, changes));
        }
        return tables;
    }

    /** Counts by table and operation. */
    public final ChangeStatistics statistics() {
        return ChangeStatistics.of(cursor());
    }

    /** The changes of the tables that {@code accepted} accepts, as bytes. */
    final byte[] filtered(Predicate<String> accepted) {
        var out = new ChangesetWriter();
        var cursor = cursor();
        var copying = false;
        while (cursor.next()) {
            if (cursor.newGroup()) {
                copying = accepted.test(new String(cursor.tableName(), StandardCharsets.UTF_8));
                if (copying) {
                    out.table(cursor.patchset(), cursor.tableName(), cursor.flags());
                }
            }
            if (copying) {
                out.raw(bytes, cursor.changeOffset(), cursor.position());
            }
        }
        return out.toByteArray();
    }

    /** Internal: the bytes themselves, which must not be changed. */
    final byte[] array() {
        return bytes;
    }

    @Override
    public final boolean equals(Object other) {
        return other instanceof ChangeBytes that && that.getClass() == getClass() && Arrays.equals(that.bytes, bytes);
    }

    @Override
    public final int hashCode() {
        return Arrays.hashCode(bytes);
    }

    /** Kind and size; {@link ChangeDump} prints the contents. */
    @Override
    public final String toString() {
        return getClass().getSimpleName() + "[" + bytes.length + " bytes]";
    }
}
