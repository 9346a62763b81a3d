package io.merklite.sync.store;

import io.merklite.sync.SyncException.StoreFailure;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * Which requests of clients were applied, and how they were answered: a row for each that came with a key, written in the
 * transaction that applied it. It replicates like any other table, so whoever is the writer next knows them.
 *
 * <p><b>Retention.</b> Rows go when they are older than {@link #KEPT_FOR}, or beyond {@value #MAX_COUNT}, two with each that comes.
 *
 * <p><b>Threading.</b> Not thread-safe: confined to the owner of the connection. Blocks on disk.
 */
public final class RequestLedger {
    /** How long a request is known at least, unless there are too many. */
    public static final Duration KEPT_FOR = Duration.ofMinutes(10);

    static final String TABLE = "_merklite_requests";

    static final String CREATE = """
            CREATE TABLE IF NOT EXISTS _merklite_requests(
                key TEXT PRIMARY KEY NOT NULL, digest TEXT NOT NULL, answer BLOB NOT NULL,
                applied_at INTEGER NOT NULL) WITHOUT ROWID
            """;
    static final String CREATE_INDEX =
            "CREATE INDEX IF NOT EXISTS _merklite_requests_by_time ON _merklite_requests(applied_at)";

    private static final int MAX_COUNT = 100_000;
    private static final String FORGET = """
            DELETE FROM _merklite_requests WHERE key IN (
                SELECT key FROM _merklite_requests WHERE applied_at < ?1 OR ?2 ORDER BY applied_at LIMIT 2)
            """;

    private final Connection connection;
    private long count = -1;

    /**
     * A request that was applied.
     *
     * @param digest of the request
     * @param answer as it was recorded
     */
    @SuppressWarnings("ArrayRecordComponent") // handed from a row to its decoder, never compared
    public record Applied(String digest, byte[] answer) {}

    /** @param store whose schema replicates */
    public RequestLedger(ReplicaStore store) {
        this.connection = store.connection();
    }

    /** What is known of a request. */
    public Optional<Applied> find(String key) {
        try (var query = connection.prepareStatement("SELECT digest, answer FROM _merklite_requests WHERE key = ?1")) {
            query.setString(1, key);
            try (var rows = query.executeQuery()) {
                return rows.next() ? Optional.of(new Applied(rows.getString(1), rows.getBytes(2))) : Optional.empty();
            }
        } catch (SQLException e) {
            throw new StoreFailure("looking for a request", e);
        }
    }

    /** Records a request in the transaction that is open, which applies it. */
    public void record(String key, Applied applied, Instant now) {
        try (var insert = connection.prepareStatement(
                        "INSERT OR REPLACE INTO _merklite_requests VALUES (?1, ?2, ?3, ?4)");
                var delete = connection.prepareStatement(FORGET)) {
            delete.setLong(1, now.minus(KEPT_FOR).toEpochMilli());
            delete.setBoolean(2, count() >= MAX_COUNT);
            var gone = delete.executeUpdate();
            insert.setString(1, key);
            insert.setString(2, applied.digest());
            insert.setBytes(3, applied.answer());
            insert.setLong(4, now.toEpochMilli());
            count += insert.executeUpdate() - gone;
        } catch (SQLException e) {
            throw new StoreFailure("recording a request", e);
        }
    }

    /** About: what a rollback undoes, and what others write, is not followed. */
    private long count() throws SQLException {
        if (count < 0) {
            try (var statement = connection.createStatement();
                    var rows = statement.executeQuery("SELECT count(*) FROM _merklite_requests")) {
                rows.next();
                count = rows.getLong(1);
            }
        }
        return count;
    }
}
