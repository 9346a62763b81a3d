package io.merklite.sync.role;

import io.merklite.sync.SyncException.StoreFailure;
import io.merklite.sync.store.ReplicaStore;
import java.sql.SQLException;

/** The numbers that roles keep in the file, each role under its own name. */
final class RoleNumbers {
    /*
     * _merklite_roles(name, seq, mark): of a master the last number it has given and the sum of all digests at that time; of
     * a replica the last number it has applied and the one up to which rows may be ahead.
     */
    private static final String CREATE =
            "CREATE TABLE IF NOT EXISTS _merklite_roles(name TEXT PRIMARY KEY, seq INTEGER NOT NULL, mark INTEGER NOT NULL)"
                    + " WITHOUT ROWID";

    private final ReplicaStore store;
    private final String name;

    /** @param seq the number, 0 if there is none yet */
    record Stored(long seq, long mark) {}

    RoleNumbers(ReplicaStore store, String name) {
        this.store = store;
        this.name = name;
        store.write(() -> {
            try (var statement = store.connection().createStatement()) {
                return statement.executeUpdate(CREATE);
            }
        });
    }

    Stored read() {
        try (var query = store.connection().prepareStatement("SELECT seq, mark FROM _merklite_roles WHERE name = ?1")) {
            query.setString(1, name);
            try (var rows = query.executeQuery()) {
                return rows.next() ? new Stored(rows.getLong(1), rows.getLong(2)) : new Stored(0, 0);
            }
        } catch (SQLException e) {
            throw new StoreFailure("reading the number of " + name, e);
        }
    }

    /** Keeps the numbers, in a transaction of its own. */
    void save(long seq, long mark) {
        store.write(() -> put(seq, mark));
    }

    /** Keeps the numbers, in the transaction that is open. */
    boolean put(long seq, long mark) throws SQLException {
        try (var update =
                store.connection().prepareStatement("INSERT OR REPLACE INTO _merklite_roles VALUES (?1, ?2, ?3)")) {
            update.setString(1, name);
            update.setLong(2, seq);
            update.setLong(3, mark);
            return update.executeUpdate() == 1;
        }
    }
}
