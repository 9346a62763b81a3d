package io.merklite.query.subscribe;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.List;

/** Values on their way in and out of JDBC. */
final class JdbcValues {
    private JdbcValues() {}

    /** The value in {@code column}, from 1, of the current row. */
    static SqlValue read(ResultSet rows, int column) throws SQLException {
        return switch (rows.getObject(column)) {
            case null -> SqlValue.NULL;
            case Double real -> new SqlValue.Real(real);
            case Number integer -> new SqlValue.Integer(integer.longValue());
            case String text -> new SqlValue.Text(text);
            case byte[] bytes -> SqlValue.Blob.wrap(bytes);
            case Object other -> throw new IllegalStateException("a value of " + other.getClass());
        };
    }

    /** Binds {@code values} to the parameters from 1 up. */
    static void bind(PreparedStatement statement, List<SqlValue> values) throws SQLException {
        for (var i = 0; i < values.size(); i++) {
            bind(statement, i + 1, values.get(i));
        }
    }

    /** Binds {@code value} to parameter {@code index}, from 1. */
    static void bind(PreparedStatement statement, int index, SqlValue value) throws SQLException {
        switch (value) {
            case SqlValue.Null nothing -> statement.setObject(index, null);
            case SqlValue.Integer integer -> statement.setLong(index, integer.value());
            case SqlValue.Real real -> statement.setDouble(index, real.value());
            case SqlValue.Text text -> statement.setString(index, text.value());
            case SqlValue.Blob blob -> statement.setBytes(index, blob.toByteArray());
        }
    }
}
