package io.merklite.sync.store;

import io.merklite.session.changeset.ChangesetValue;
import io.merklite.sync.row.RowVersion;
import java.util.Collections;
import java.util.List;

/**
 * A row as the file has it.
 *
 * @param key what identifies it
 * @param state its state
 * @param values its cells; empty if it is not in the user's table
 * @param rowid of a table identified by births, the local rowid, also of a row that should be there; otherwise 0
 * @param present whether it is in the user's table, which it must be exactly if it lives
 */
record StoredRow(RowKey key, RowState state, List<ChangesetValue> values, long rowid, boolean present) {
    /** Whether the file was changed behind our back: a row without a life, or a life without a row. */
    boolean isDamaged() {
        return present != state.isAlive();
    }

    /** The version; of a row that lives and is not there, all columns are NULL. */
    RowVersion version(TrackedTable table) {
        var cells = present ? values : Collections.<ChangesetValue>nCopies(table.cellCount(), ChangesetValue.NULL);
        return state.version(cells, table.counters());
    }

    /** The digest of what is in the file. */
    long digest(TrackedTable table) {
        return isDamaged() ? 0 : RowDigest.of(key.hash(), version(table), table.columnSeeds());
    }
}
