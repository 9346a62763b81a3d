package io.merklite.sync.store;

import io.merklite.session.catalog.SqlValues;
import io.merklite.session.changeset.ChangesetValue;
import java.sql.PreparedStatement;
import java.sql.SQLException;

/** Values of rows as parameters, also text that is not UTF-8: the driver takes that as a blob only, which SQL casts back. */
final class RowParameters {
    private RowParameters() {}

    /** The SQL that stands for {@code value}. */
    static String mark(ChangesetValue value) {
        return SqlValues.isBindable(value) ? "?" : "CAST(? AS TEXT)";
    }

    /** Binds {@code value} to a parameter, from 1, in SQL with its {@link #mark}. */
    static void bind(PreparedStatement statement, int parameter, ChangesetValue value) throws SQLException {
        if (value instanceof ChangesetValue.Text text && !SqlValues.isBindable(value)) {
            statement.setBytes(parameter, text.toByteArray());
        } else {
            SqlValues.bind(statement, parameter, value);
        }
    }
}
