package io.merklite.session.changeset;

import java.util.List;

/**
 * One change, with a value for every column in each of its two images.
 *
 * @param op what it does
 * @param indirect whether only triggers, foreign key actions or an indirect session made it
 * @param oldValues the row before; all undefined for INSERT. For UPDATE the key and what changed; in a patchset the key
 *     alone
 * @param newValues the row after; all undefined for DELETE. For UPDATE what changed
 */
public record ChangesetRow(
        ChangeOp op, boolean indirect, List<ChangesetValue> oldValues, List<ChangesetValue> newValues) {
    public ChangesetRow {
        oldValues = List.copyOf(oldValues);
        newValues = List.copyOf(newValues);
        if (oldValues.size() != newValues.size()) {
            throw new IllegalArgumentException(
                    "old image of " + oldValues.size() + " columns, new of " + newValues.size());
        }
    }
}
