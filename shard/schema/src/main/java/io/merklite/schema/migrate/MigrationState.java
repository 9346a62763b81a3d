package io.merklite.schema.migrate;

import io.merklite.schema.database.SqliteConnection;
import java.sql.SQLException;
import java.util.Optional;

/**
 * What the last migration left: table {@code _sqlift_state(key, value)} with the keys {@code schema_hash} and {@code
 * migration_version}, as the reference implementation keeps it.
 */
final class MigrationState {
    private static final String TABLE = "_sqlift_state";
    private static final String HASH = "schema_hash";
    private static final String VERSION = "migration_version";

    private final SqliteConnection connection;

    MigrationState(SqliteConnection connection) {
        this.connection = connection;
    }

    Optional<String> hash() throws SQLException {
        return value(HASH);
    }

    /** 0 where there was none. */
    long version() throws SQLException {
        return exists()
                ? connection
                        .query("SELECT value FROM main." + TABLE + " WHERE key = ?", row -> row.getLong(1), VERSION)
                        .stream()
                        .findFirst()
                        .orElse(0L)
                : 0L;
    }

    /** Writes down {@code hash} as that of the next version. */
    void record(String hash) throws SQLException {
        var version = version() + 1;
        createTable();
        put(HASH, hash);
        put(VERSION, Long.toString(version));
    }

    /** Writes down {@code hash} without another version. */
    void accept(String hash) throws SQLException {
        createTable();
        put(HASH, hash);
    }

    private void createTable() throws SQLException {
        connection.execute("CREATE TABLE IF NOT EXISTS main." + TABLE + "(key TEXT PRIMARY KEY, value TEXT NOT NULL)");
    }

    private void put(String key, String value) throws SQLException {
        connection.update("DELETE FROM main." + TABLE + " WHERE key = ?", key);
        connection.update("INSERT INTO main." + TABLE + "(key, value) VALUES (?, ?)", key, value);
    }

    private Optional<String> value(String key) throws SQLException {
        return exists()
                ? connection
                        .query("SELECT value FROM main." + TABLE + " WHERE key = ?", row -> row.getString(1), key)
                        .stream()
                        .findFirst()
                : Optional.empty();
    }

    private boolean exists() throws SQLException {
        return connection.queryLong("SELECT count(*) FROM main.sqlite_schema WHERE type = 'table' AND name = ?", TABLE)
                != 0;
    }
}
