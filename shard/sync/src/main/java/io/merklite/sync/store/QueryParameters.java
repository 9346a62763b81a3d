package io.merklite.sync.store;

import io.merklite.session.catalog.RawRows;
import io.merklite.session.catalog.SqlValues;
import io.merklite.session.changeset.ChangesetValue;
import io.merklite.sync.SyncException.Unsupported;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import org.jspecify.annotations.Nullable;

/** The parameters of a query, in order, as the driver binds them. */
final class QueryParameters {
    private final @Nullable Object[] values;
    private int count;

    /** Room for so many. */
    QueryParameters(int capacity) {
        values = new @Nullable Object[capacity];
    }

    /** Room for a number, a range of keys of {@code table}, and another number. */
    static QueryParameters ofRange(TrackedTable table) {
        return new QueryParameters(2 + 2 * table.keyCount());
    }

    QueryParameters add(long number) {
        values[count++] = number;
        return this;
    }

    /** @throws Unsupported if the key has text that is not UTF-8, which the driver does not take */
    QueryParameters add(RowKey key) {
        for (var value : key.values()) {
            values[count++] = object(value);
        }
        return this;
    }

    /** The ends that there are. */
    QueryParameters add(KeyRange range) {
        range.from().ifPresent(this::add);
        range.to().ifPresent(this::add);
        return this;
    }

    private static @Nullable Object object(ChangesetValue value) {
        return switch (value) {
            case ChangesetValue.Integer integer -> integer.value();
            case ChangesetValue.Real real -> real.value();
            case ChangesetValue.Text text -> {
                if (!SqlValues.isBindable(text)) {
                    throw new Unsupported("a primary key with text that is not UTF-8", "Store such keys as BLOB");
                }
                yield text.string();
            }
            case ChangesetValue.Blob blob -> blob.toByteArray();
            case ChangesetValue.Null nothing -> null;
            case ChangesetValue.Undefined undefined -> throw new IllegalArgumentException("an undefined value");
        };
    }

    /** Hands the rows of {@code query} to {@code consumer}. */
    void forEachRow(PreparedStatement query, RawRows.RowConsumer consumer) throws SQLException {
        RawRows.forEach(query, values, true, consumer);
    }
}
