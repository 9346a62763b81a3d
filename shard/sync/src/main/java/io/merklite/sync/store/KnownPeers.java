package io.merklite.sync.store;

import io.merklite.session.statement.SqlStatements;
import java.sql.SQLException;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;

/** The peers that were ever heard of, and not removed since: tombstones wait for them. */
final class KnownPeers {
    private static final String CREATE =
            "CREATE TABLE IF NOT EXISTS _merklite_peers(name TEXT PRIMARY KEY NOT NULL, heard_at INTEGER) WITHOUT ROWID";
    /** Files of 0.1 before that had the name alone. */
    private static final String HAS_HEARD_AT =
            "SELECT count(*) FROM pragma_table_info('_merklite_peers') WHERE name = 'heard_at'";

    private final SqlStatements statements;

    KnownPeers(SqlStatements statements) {
        this.statements = statements;
    }

    static void create(SqlStatements statements) throws SQLException {
        statements.once(CREATE);
        if (statements.number(HAS_HEARD_AT) == 0) {
            statements.once("ALTER TABLE _merklite_peers ADD COLUMN heard_at INTEGER");
        }
    }

    /** When each was last heard of, about. */
    Map<String, Instant> all() throws SQLException {
        Map<String, Instant> peers = new HashMap<>();
        try (var rows =
                statements.prepare("SELECT name, heard_at FROM _merklite_peers").executeQuery()) {
            while (rows.next()) {
                peers.put(rows.getString(1), Instant.ofEpochMilli(rows.getLong(2)));
            }
        }
        return peers;
    }

    int heardOf(String name, Instant now) throws SQLException {
        var note = statements.prepare("INSERT INTO _merklite_peers VALUES (?1, ?2)"
                + " ON CONFLICT(name) DO UPDATE SET heard_at = excluded.heard_at");
        note.setString(1, name);
        note.setLong(2, now.toEpochMilli());
        return note.executeUpdate();
    }

    int remove(String name) throws SQLException {
        var delete = statements.prepare("DELETE FROM _merklite_peers WHERE name = ?1");
        delete.setString(1, name);
        return delete.executeUpdate();
    }
}
