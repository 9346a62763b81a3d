package io.merklite.sync.store;

import io.merklite.session.changeset.ChangesetValue;
import io.merklite.sync.row.RowVersion;
import java.util.List;

/**
 * A row of another replica, whole.
 *
 * @param key values of what identifies it
 * @param version its version; alive with a cell for every column outside the key
 */
public record RemoteRow(List<ChangesetValue> key, RowVersion version) {
    public RemoteRow {
        key = List.copyOf(key);
    }
}
