package io.merklite.cluster.sql;

import java.sql.SQLException;

/**
 * A statement of our own has failed, not one of a client: the connection is in a state that is not known, and its owner
 * must roll back, or close it.
 */
@SuppressWarnings("serial") // never serialised
public final class SqlFault extends RuntimeException {
    SqlFault(String doing, SQLException cause) {
        super("[cluster.sql-fault] " + doing + ". Roll the connection back, or open it anew", cause);
    }
}
