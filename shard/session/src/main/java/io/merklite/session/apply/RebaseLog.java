package io.merklite.session.apply;

import io.merklite.session.changeset.ChangeOp;
import io.merklite.session.changeset.ChangesetCursor;
import io.merklite.session.changeset.ChangesetWriter;

/** Writes the rebase blob: one entry for each change that a handler resolved, in order. */
final class RebaseLog {
    /*
     * A blob looks like a changeset: a 'T' header at the first entry of a table, then for each entry the operation
     * (DELETE stays DELETE, the others become INSERT), 1 for replaced or 0 for omitted, and one record: of a DELETE the
     * old one, of an INSERT the new one, of an UPDATE the new one with the key filled in.
     */
    private final ChangesetWriter writer = new ChangesetWriter();
    private boolean headerWritten;

    void add(ChangesetCursor change, boolean replaced) {
        if (!headerWritten) {
            headerWritten = true;
            writer.table(false, change.tableName(), change.flags());
        }
        var op = change.op() == ChangeOp.DELETE ? ChangeOp.DELETE : ChangeOp.INSERT;
        writer.change(op, replaced);
        for (var i = 0; i < change.columnCount(); i++) {
            var old = change.op() == ChangeOp.DELETE || (change.op() == ChangeOp.UPDATE && change.keyPosition(i) != 0);
            writer.value(old ? change.oldValue(i) : change.newValue(i));
        }
    }

    /** The next entry belongs to another table. */
    void leaveTable() {
        headerWritten = false;
    }

    RebaseBlob blob() {
        return RebaseBlob.wrap(writer.toByteArray());
    }
}
