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
    /**
     * Whether the file was changed behind our back: a row without a life, a life without a row, or a counter that is not
     * the sum of what was added. Of other values the digest tells; of a counter it has the parts alone.
     */
    boolean isDamaged() {
        return present != state.isAlive() || (present && hasWrongCount());
    }

    private boolean hasWrongCount() {
        for (var override : state.overrides().entrySet()) {
            if (override.getValue() instanceof RowState.Later.Counted counted
                    && override.getKey() < values.size()
                    && !isStoredAs(counted.counter().value(), values.get(override.getKey()))) {
                return true;
            }
        }
        return false;
    }

    /**
     * A column of affinity INTEGER stores 2.0 as 2, and one of affinity REAL the other way round. What a column that takes
     * no numbers any more made of a counter is not known here.
     */
    private static boolean isStoredAs(ChangesetValue value, ChangesetValue stored) {
        if (value instanceof ChangesetValue.Integer && stored instanceof ChangesetValue.Integer) {
            return value.equals(stored);
        }
        return stored instanceof ChangesetValue.Null
                ? value instanceof ChangesetValue.Null
                : !RowState.isNumber(stored) || real(value) == real(stored);
    }

    private static double real(ChangesetValue value) {
        return switch (value) {
            case ChangesetValue.Real real -> real.value();
            case ChangesetValue.Integer integer -> integer.value();
            default -> Double.NaN;
        };
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
