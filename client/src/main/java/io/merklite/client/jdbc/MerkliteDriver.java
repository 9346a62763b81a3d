package io.merklite.client.jdbc;

import java.sql.Connection;
import java.sql.Driver;
import java.sql.DriverManager;
import java.sql.DriverPropertyInfo;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.util.Optional;
import java.util.Properties;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * The JDBC driver of {@code jdbc:merklite://host:port/database}.
 *
 * <pre>{@code
 * try (var connection = DriverManager.getConnection("jdbc:merklite://127.0.0.1:8080/shop");
 *         var statement = connection.prepareStatement("SELECT label FROM item WHERE id = ?")) {
 *     statement.setLong(1, 7);
 *     …
 * }
 * }</pre>
 */
public final class MerkliteDriver implements Driver {
    static final int MAJOR_VERSION = 0;
    static final int MINOR_VERSION = 1;
    static final String VERSION = MAJOR_VERSION + "." + MINOR_VERSION;

    static {
        try {
            DriverManager.registerDriver(new MerkliteDriver());
        } catch (SQLException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    /** The driver; {@link DriverManager} makes its own. */
    public MerkliteDriver() {}

    @Override
    public @Nullable Connection connect(String url, @Nullable Properties properties) throws SQLException {
        if (!acceptsURL(url)) {
            return null;
        }
        return MerkliteConnection.open(JdbcUrl.parse(url, properties == null ? new Properties() : properties));
    }

    @Override
    public boolean acceptsURL(String url) {
        return JdbcUrl.isOurs(url);
    }

    @Override
    public DriverPropertyInfo[] getPropertyInfo(String url, @Nullable Properties properties) throws SQLException {
        var given = JdbcUrl.parse(url, properties == null ? new Properties() : properties)
                .options();
        return JdbcUrl.MEANINGS.entrySet().stream()
                .map(option -> {
                    var info = new DriverPropertyInfo(
                            option.getKey(),
                            Optional.ofNullable(given.get(option.getKey())).orElse(""));
                    info.description = option.getValue();
                    return info;
                })
                .toArray(DriverPropertyInfo[]::new);
    }

    @Override
    public int getMajorVersion() {
        return MAJOR_VERSION;
    }

    @Override
    public int getMinorVersion() {
        return MINOR_VERSION;
    }

    /** False: SQLite's dialect is not all of SQL-92. */
    @Override
    public boolean jdbcCompliant() {
        return false;
    }

    @Override
    public Logger getParentLogger() throws SQLFeatureNotSupportedException {
        throw SqlStates.unsupported("a parent logger");
    }
}
