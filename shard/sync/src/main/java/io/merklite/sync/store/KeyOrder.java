package io.merklite.sync.store;

import io.merklite.session.changeset.ChangesetValue;
import io.merklite.sync.row.ValueOrder;

/** The order of keys: that in which SQLite sorts the companions' key columns. */
final class KeyOrder {
    private KeyOrder() {}

    static int compare(RowKey first, RowKey second) {
        var ones = first.values();
        var others = second.values();
        for (var i = 0; i < ones.size(); i++) {
            var order = compare(ones.get(i), others.get(i));
            if (order != 0) {
                return order;
            }
        }
        return 0;
    }

    private static int compare(ChangesetValue one, ChangesetValue other) {
        if (one instanceof ChangesetValue.Integer first && other instanceof ChangesetValue.Integer second) {
            return Long.compare(first.value(), second.value());
        }
        return one instanceof ChangesetValue.Text first && other instanceof ChangesetValue.Text second
                ? first.compareBytes(second)
                : ValueOrder.compare(one, other);
    }
}
