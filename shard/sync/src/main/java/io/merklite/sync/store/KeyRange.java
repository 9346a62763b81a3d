package io.merklite.sync.store;

import java.util.Optional;

/**
 * Keys of one table in the order in which SQLite sorts them.
 *
 * @param from the first key, itself included; none for the beginning
 * @param to the first key behind the range; none for the end
 */
public record KeyRange(Optional<RowKey> from, Optional<RowKey> to) {
    /** Every key. */
    public static final KeyRange ALL = new KeyRange(Optional.empty(), Optional.empty());
}
