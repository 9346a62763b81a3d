package io.merklite.session.changeset;

import java.util.List;

/**
 * The changes of one table group, in order.
 *
 * @param table its header
 * @param changes its changes
 */
public record TableChangeset(TableInfo table, List<ChangesetRow> changes) {
    public TableChangeset {
        changes = List.copyOf(changes);
        for (var change : changes) {
            if (change.oldValues().size() != table.columnCount()) {
                throw new IllegalArgumentException(
                        "a change of " + change.oldValues().size() + " columns in " + table.name() + ", which has "
                                + table.columnCount());
            }
        }
    }
}
