package io.merklite.client.jdbc;

import java.sql.SQLException;

/** JDBC's {@code unwrap}, the same everywhere. */
final class Unwrapping {
    private Unwrapping() {}

    static <T> T unwrap(Object object, Class<T> type) throws SQLException {
        if (!type.isInstance(object)) {
            throw new SQLException(object.getClass().getName() + " is no " + type.getName());
        }
        return type.cast(object);
    }
}
