package io.merklite.session.changeset;

import java.nio.ByteBuffer;
import java.util.function.Predicate;

/**
 * A patchset: changes with new values and keys alone, in SQLite's bytes. It is smaller than a changeset, and can be
 * neither inverted nor checked against old values.
 */
public final class Patchset extends ChangeBytes {
    /** The patchset of no changes. */
    public static final Patchset EMPTY = new Patchset(new byte[0]);

    private Patchset(byte[] bytes) {
        super(bytes);
    }

    /**
     * The patchset with these bytes, which are checked and copied.
     *
     * @throws io.merklite.session.SessionException.MalformedChangeset if they are none
     * @throws io.merklite.session.SessionException.WrongKind if they have a group of the other kind
     */
    public static Patchset copyOf(byte[] bytes) {
        var copy = bytes.clone();
        validate(copy, true);
        return wrap(copy);
    }

    /** Like {@link #copyOf}, of the bytes between position and limit; the position moves to the limit. */
    public static Patchset copyOf(ByteBuffer buffer) {
        var copy = new byte[buffer.remaining()];
        buffer.get(copy);
        validate(copy, true);
        return wrap(copy);
    }

    /** Internal: takes ownership of {@code bytes}, which must be well-formed. */
    public static Patchset wrap(byte[] bytes) {
        return bytes.length == 0 ? EMPTY : new Patchset(bytes);
    }

    /** The changes of the tables that {@code accepted} accepts. */
    public Patchset filter(Predicate<String> accepted) {
        return wrap(filtered(accepted));
    }

    /** The patchset that does what this one and then {@code later} do. */
    public Patchset concat(Patchset later) {
        return new ChangeGroup().add(this).add(later).patchset();
    }
}
