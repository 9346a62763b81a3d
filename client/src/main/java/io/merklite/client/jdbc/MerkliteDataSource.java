package io.merklite.client.jdbc;

import java.io.PrintWriter;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLFeatureNotSupportedException;
import java.util.Optional;
import java.util.Properties;
import java.util.logging.Logger;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Connections of one URL. It pools nothing but what lies below connections, which all connections of a URL share anyway.
 *
 * <p><b>Threading.</b> Thread-safe once it is set up.
 */
public final class MerkliteDataSource implements DataSource {
    private final String url;
    private volatile Optional<PrintWriter> log = Optional.empty();

    /** @param url {@code jdbc:merklite://…} */
    public MerkliteDataSource(String url) {
        if (!JdbcUrl.isOurs(url)) {
            throw new IllegalArgumentException("url must begin with " + JdbcUrl.PREFIX);
        }
        this.url = url;
    }

    @Override
    public Connection getConnection() throws SQLException {
        return MerkliteConnection.open(JdbcUrl.parse(url, new Properties()));
    }

    /** The password is the token. */
    @Override
    public Connection getConnection(@Nullable String user, @Nullable String password) throws SQLException {
        var properties = new Properties();
        if (password != null) {
            properties.setProperty("password", password);
        }
        return MerkliteConnection.open(JdbcUrl.parse(url, properties));
    }

    @Override
    public @Nullable PrintWriter getLogWriter() {
        return log.orElse(null);
    }

    @Override
    public void setLogWriter(@Nullable PrintWriter out) {
        log = Optional.ofNullable(out);
    }

    /** Has no effect: the limit is the option {@code connectTimeoutMillis} of the URL. */
    @Override
    public void setLoginTimeout(int seconds) {
        // The interface demands the method; 0, which it reports, means the driver's own limit.
    }

    @Override
    public int getLoginTimeout() {
        return 0;
    }

    @Override
    public Logger getParentLogger() throws SQLFeatureNotSupportedException {
        throw SqlStates.unsupported("a parent logger");
    }

    @Override
    public <T> T unwrap(Class<T> type) throws SQLException {
        return Unwrapping.unwrap(this, type);
    }

    @Override
    public boolean isWrapperFor(Class<?> type) {
        return type.isInstance(this);
    }
}
