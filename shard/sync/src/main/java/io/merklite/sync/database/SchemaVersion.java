package io.merklite.sync.database;

import io.merklite.session.catalog.Identifiers;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Tells whether anything has changed in the schemas of a connection, those of {@code temp} and attached files included. */
final class SchemaVersion implements AutoCloseable {
    private final Connection connection;
    private final PreparedStatement databases;
    private final Map<String, PreparedStatement> versions = new HashMap<>();

    SchemaVersion(Connection connection) throws SQLException {
        this.connection = connection;
        this.databases = connection.prepareStatement("PRAGMA database_list");
    }

    /** A text that is another one after a change. */
    String read() throws SQLException {
        List<String> names = new ArrayList<>();
        var version = new StringBuilder();
        try (var rows = databases.executeQuery()) {
            while (rows.next()) {
                names.add(rows.getString(2));
                version.append(rows.getString(3)).append('\0');
            }
        }
        for (var name : names) {
            version.append(name).append('=').append(version(name)).append('\0');
        }
        return version.toString();
    }

    private long version(String name) throws SQLException {
        var query = versions.get(name);
        if (query == null) {
            query = connection.prepareStatement("PRAGMA " + Identifiers.quote(name) + ".schema_version");
            versions.put(name, query);
        }
        try (var rows = query.executeQuery()) {
            return rows.next() ? rows.getLong(1) : 0;
        }
    }

    @Override
    public void close() throws SQLException {
        databases.close();
        for (var query : versions.values()) {
            query.close();
        }
        versions.clear();
    }
}
