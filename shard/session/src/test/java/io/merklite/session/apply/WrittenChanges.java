package io.merklite.session.apply;

import io.merklite.session.changeset.ChangeOp;
import io.merklite.session.changeset.ChangesetWriter;
import java.nio.charset.StandardCharsets;

/**
 * Changes written as they are given: other than a builder it adds nothing up, so that a key may come twice in a group,
 * and groups of both kinds may follow each other.
 */
final class WrittenChanges {
    /** A value that is not there. */
    static final Object NONE = new Object();

    private final ChangesetWriter writer = new ChangesetWriter();

    static WrittenChanges changeset(String table, int... flags) {
        return new WrittenChanges().group(false, table, flags);
    }

    static WrittenChanges patchset(String table, int... flags) {
        return new WrittenChanges().group(true, table, flags);
    }

    WrittenChanges group(boolean patchset, String table, int... flags) {
        var bytes = new byte[flags.length];
        for (var i = 0; i < flags.length; i++) {
            bytes[i] = (byte) flags[i];
        }
        writer.table(patchset, table, bytes);
        return this;
    }

    WrittenChanges insert(Object... values) {
        return change(ChangeOp.INSERT, values);
    }

    WrittenChanges delete(Object... values) {
        return change(ChangeOp.DELETE, values);
    }

    /** The old record and then the new one; in a patchset the one that there is. */
    WrittenChanges update(Object... values) {
        return change(ChangeOp.UPDATE, values);
    }

    private WrittenChanges change(ChangeOp op, Object... values) {
        writer.change(op, false);
        for (var value : values) {
            switch (value) {
                case Integer integer -> writer.integer(integer);
                case Long integer -> writer.integer(integer);
                case Double real -> writer.real(real);
                case String text -> writer.text(text.getBytes(StandardCharsets.UTF_8));
                case byte[] text -> writer.text(text);
                case null -> writer.nullValue();
                default -> writer.undefined();
            }
        }
        return this;
    }

    byte[] bytes() {
        return writer.toByteArray();
    }
}
