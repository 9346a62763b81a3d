package io.merklite.wal.replication;

import java.sql.Connection;
import java.sql.SQLException;

/** What a caller does with a connection. */
@FunctionalInterface
public interface ConnectionFunction<T> {
    /** The connection is valid during the call, in auto-commit mode at its start. */
    T apply(Connection connection) throws SQLException;
}
