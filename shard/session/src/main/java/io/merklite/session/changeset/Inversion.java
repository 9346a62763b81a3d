package io.merklite.session.changeset;

import io.merklite.session.SessionException.StreamFailure;
import io.merklite.session.SessionException.WrongKind;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;

/** Internal: the changeset that undoes another. */
public final class Inversion {
    private static final int SQLITE_CORRUPT = 11;

    private Inversion() {}

    /**
     * The inverse of {@code changeset}: order and indirect flags stay, INSERT and DELETE change places, UPDATE changes
     * its values.
     *
     * @throws WrongKind for a patchset, which has no old values
     */
    public static byte[] invert(byte[] changeset) {
        var change = new ChangesetCursor(changeset);
        var out = new ChangesetWriter();
        while (change.next()) {
            if (change.patchset()) {
                throw new WrongKind(SQLITE_CORRUPT, "a patchset can't be inverted");
            }
            if (change.newGroup()) {
                out.table(false, change.tableName(), change.flags());
            }
            write(change, out);
        }
        return out.toByteArray();
    }

    /**
     * Inverts a stream into another; neither is closed, and neither need fit into memory. The output is that of {@link
     * #invert(byte[])}, written part by part.
     *
     * @throws StreamFailure if reading or writing fails
     */
    public static void invert(InputStream changeset, OutputStream out) {
        var parts = new ChangesetParts(changeset);
        try {
            while (parts.hasNext()) {
                var part = parts.next();
                var inverse = invert(part);
                out.write(inverse, parts.repeatedHeaderSizeBytes(), inverse.length - parts.repeatedHeaderSizeBytes());
            }
        } catch (IOException e) {
            throw new StreamFailure("writing the inverse of a changeset", e);
        }
    }

    private static void write(ChangesetCursor change, ChangesetWriter out) {
        switch (change.op()) {
            case INSERT -> {
                out.change(ChangeOp.DELETE, change.indirect());
                out.raw(change.bytes(), change.changeOffset() + 2, change.position());
            }
            case DELETE -> {
                out.change(ChangeOp.INSERT, change.indirect());
                out.raw(change.bytes(), change.changeOffset() + 2, change.position());
            }
            case UPDATE -> {
                out.change(ChangeOp.UPDATE, change.indirect());
                for (var i = 0; i < change.columnCount(); i++) {
                    out.value(change.keyPosition(i) != 0 ? change.oldValue(i) : change.newValue(i));
                }
                for (var i = 0; i < change.columnCount(); i++) {
                    out.value(change.keyPosition(i) != 0 ? ChangesetValue.UNDEFINED : change.oldValue(i));
                }
            }
        }
    }
}
