package io.merklite.schema.database;

import java.sql.Connection;
import java.sql.SQLException;
import org.sqlite.SQLiteConfig;

/**
 * An empty database in memory, to run definitions in. It can reach no file: ATTACH and VACUUM INTO are off, so text from
 * strangers may run here.
 */
public final class ScratchDatabase implements AutoCloseable {
    private final Connection connection;

    private ScratchDatabase(Connection connection) {
        this.connection = connection;
    }

    /** Opens one. */
    public static ScratchDatabase open() throws SQLException {
        var config = new SQLiteConfig();
        config.setPragma(SQLiteConfig.Pragma.LIMIT_ATTACHED, "0");
        return new ScratchDatabase(config.createConnection("jdbc:sqlite::memory:"));
    }

    /** Its connection, open until this is closed. */
    public SqliteConnection connection() {
        return new SqliteConnection(connection);
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
