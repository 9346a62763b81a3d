package io.merklite.session.changeset;

import java.nio.ByteBuffer;
import java.util.function.Predicate;

/**
 * A changeset: changes with old and new values, in SQLite's bytes.
 */
public final class Changeset extends ChangeBytes {
    /** The changeset of no changes. */
    public static final Changeset EMPTY = new Changeset(new byte[0]);

    private Changeset(byte[] bytes) {
        super(bytes);
    }

    /**
     * The changeset with these bytes, which are checked and copied.
     *
     * @throws io.merklite.session.SessionException.MalformedChangeset if they are none
     * @throws io.merklite.session.SessionException.WrongKind if they have a group of the other kind
     */
    public static Changeset copyOf(byte[] bytes) {
        var copy = bytes.clone();
        validate(copy, false);
        return wrap(copy);
    }

    /** Like {@link #copyOf}, of the bytes between position and limit; the position moves to the limit. */
    public static Changeset copyOf(ByteBuffer buffer) {
        var copy = new byte[buffer.remaining()];
        buffer.get(copy);
        validate(copy, false);
        return wrap(copy);
    }

    /** Internal: takes ownership of {@code bytes}, which must be well-formed. */
    public static Changeset wrap(byte[] bytes) {
        return bytes.length == 0 ? EMPTY : new Changeset(bytes);
    }

    /** The changes of the tables that {@code accepted} accepts. */
    public Changeset filter(Predicate<String> accepted) {
        return wrap(filtered(accepted));
    }

    /** The changeset that undoes this one. */
    public Changeset invert() {
        return wrap(Inversion.invert(array()));
    }

    /**
     * The changeset that does what this one and then {@code later} do.
     *
     * @throws io.merklite.session.SessionException.SchemaMismatch if they have a table with other columns or keys
     */
    public Changeset concat(Changeset later) {
        return new ChangeGroup().add(this).add(later).changeset();
    }

    /** The same changes without old values. */
    public Patchset toPatchset() {
        var out = new ChangesetWriter();
        var cursor = cursor();
        while (cursor.next()) {
            if (cursor.newGroup()) {
                out.table(true, cursor.tableName(), cursor.flags());
            }
            out.change(cursor.op(), cursor.indirect());
            for (var i = 0; i < cursor.columnCount(); i++) {
                var isKey = cursor.keyPosition(i) != 0;
                switch (cursor.op()) {
                    case INSERT -> out.value(cursor.newValue(i));
                    case UPDATE -> out.value(isKey ? cursor.oldValue(i) : cursor.newValue(i));
                    case DELETE -> {
                        if (isKey) {
                            out.value(cursor.oldValue(i));
                        }
                    }
                }
            }
        }
        return Patchset.wrap(out.toByteArray());
    }
}
