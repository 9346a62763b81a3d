package io.merklite.sync.store;

import io.merklite.session.statement.SqlStatements;
import io.merklite.sync.SyncException.DamagedStore;
import io.merklite.sync.stamp.Origin;
import io.merklite.sync.stamp.Stamp;
import io.merklite.sync.vector.VersionVector;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The origins that this file has heard of: each with a short id for use in row states, the highest seq applied, and the
 * clock of that transaction.
 *
 * <p><b>Invariant.</b> The vector here is the vector in the file, but inside a transaction that is about to end; after a
 * rollback {@link #reload} restores that.
 */
final class OriginTable {
    static final String CREATE = """
            CREATE TABLE IF NOT EXISTS _merklite_origins(
                id INTEGER PRIMARY KEY, bits INTEGER NOT NULL UNIQUE, seq INTEGER NOT NULL, clock INTEGER NOT NULL)
            """;

    private final SqlStatements statements;
    private final Map<Origin, Integer> ids = new HashMap<>();
    private final List<Origin> origins = new ArrayList<>();
    private final Map<Origin, Long> clocks = new HashMap<>();
    private VersionVector vector = VersionVector.EMPTY;

    OriginTable(SqlStatements statements) throws SQLException {
        this.statements = statements;
        reload();
    }

    /** Reads the table anew. */
    void reload() throws SQLException {
        ids.clear();
        origins.clear();
        clocks.clear();
        Map<Origin, Long> seqs = new HashMap<>();
        try (var rows = statements
                .prepare("SELECT id, bits, seq, clock FROM _merklite_origins ORDER BY id")
                .executeQuery()) {
            while (rows.next()) {
                if (rows.getInt(1) != origins.size()) {
                    throw new DamagedStore("_merklite_origins has a gap before id " + rows.getInt(1));
                }
                var origin = new Origin(rows.getLong(2));
                ids.put(origin, origins.size());
                origins.add(origin);
                seqs.put(origin, rows.getLong(3));
                clocks.put(origin, rows.getLong(4));
            }
        }
        vector = VersionVector.of(seqs);
    }

    /** The id of {@code origin}, from 0; a new one if it is new here. */
    int id(Origin origin) throws SQLException {
        var known = ids.get(origin);
        if (known != null) {
            return known;
        }
        var id = origins.size();
        var insert = statements.prepare("INSERT INTO _merklite_origins(id, bits, seq, clock) VALUES (?1, ?2, 0, 0)");
        insert.setInt(1, id);
        insert.setLong(2, origin.bits());
        insert.executeUpdate();
        ids.put(origin, id);
        origins.add(origin);
        return id;
    }

    /** The origin with this id. */
    Origin origin(int id) {
        if (id < 0 || id >= origins.size()) {
            throw new DamagedStore("a row state names origin " + id + " of " + origins.size());
        }
        return origins.get(id);
    }

    /** What this file has applied, its own transactions included. */
    VersionVector vector() {
        return vector;
    }

    /** By origin the clock of its last transaction that was applied: all its stamps up to there have been seen. */
    Map<Origin, Long> clocks() {
        return Map.copyOf(clocks);
    }

    /** The clock of the last transaction of {@code origin} that was applied; 0 if there is none. */
    long clock(Origin origin) {
        return clocks.getOrDefault(origin, 0L);
    }

    /** Whether the transaction with this stamp has been applied. */
    boolean hasSeen(Stamp stamp) {
        return clock(stamp.origin()) >= stamp.clock();
    }

    /** Raises the seq of {@code origin}, and the clock of its last transaction. */
    void raise(Origin origin, long seq, long clock) throws SQLException {
        var id = id(origin);
        note(origin, seq, clock);
        var update = statements.prepare("UPDATE _merklite_origins SET seq = ?2, clock = ?3 WHERE id = ?1");
        update.setInt(1, id);
        update.setLong(2, seq);
        update.setLong(3, clock(origin));
        update.executeUpdate();
    }

    /** The same for the origin of this file, whose seq and clock are kept elsewhere and count if they are higher. */
    void note(Origin own, long seq, long clock) {
        vector = vector.with(own, Math.max(seq, vector.seq(own)));
        clocks.merge(own, clock, Math::max);
    }
}
