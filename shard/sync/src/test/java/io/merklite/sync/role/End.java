package io.merklite.sync.role;

import io.merklite.session.changeset.Changeset;
import io.merklite.sync.store.ReplicaStore;
import io.merklite.sync.store.StoreOptions;
import io.merklite.sync.store.TableMerge;
import io.merklite.testkit.Seeds;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/** A file in memory with a store, in which a role lives. */
final class End implements AutoCloseable {
    static final String ITEMS = "CREATE TABLE item(id INTEGER PRIMARY KEY, label TEXT, size REAL)";

    private static final AtomicLong NOW =
            new AtomicLong(Instant.parse("2026-01-01T00:00:00Z").toEpochMilli());
    private static final AtomicLong SEED = new AtomicLong(1);

    private final Connection connection;
    private final ReplicaStore store;

    private End(Connection connection, Map<String, TableMerge> merges) {
        this.connection = connection;
        this.store = ReplicaStore.open(
                connection,
                StoreOptions.of(
                                "test",
                                () -> Instant.ofEpochMilli(NOW.getAndIncrement()),
                                Seeds.random(SEED.getAndIncrement()))
                        .withMerges(merges));
    }

    static End open(String... ddl) {
        return openAt(":memory:", ddl);
    }

    static End openAt(String path, String... ddl) {
        return openAt(path, Map.of(), ddl);
    }

    static End openAt(String path, Map<String, TableMerge> merges, String... ddl) {
        try {
            var connection = DriverManager.getConnection("jdbc:sqlite:" + path);
            for (var sql : ddl) {
                execute(connection, sql);
            }
            return new End(connection, merges);
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    static RoleOptions options() {
        return RoleOptions.of("test", Seeds.random(SEED.getAndIncrement()));
    }

    ReplicaStore store() {
        return store;
    }

    /** Writes past the store, as an application does. */
    void sql(String... statements) {
        for (var sql : statements) {
            execute(connection, sql);
        }
    }

    /** Writes one transaction through the store, and tells what it changed. */
    Changeset write(String sql) {
        var written = store.write(() -> writeInside(sql));
        return Changeset.copyOf(written.transaction().orElseThrow().changeset());
    }

    boolean writeInside(String sql) {
        execute(connection, sql);
        return true;
    }

    private static void execute(Connection connection, String sql) {
        try (var statement = connection.createStatement()) {
            statement.executeUpdate(sql);
        } catch (SQLException e) {
            throw new AssertionError(sql, e);
        }
    }

    List<String> query(String sql) {
        List<String> found = new ArrayList<>();
        try (var statement = connection.createStatement();
                var rows = statement.executeQuery(sql)) {
            var count = rows.getMetaData().getColumnCount();
            while (rows.next()) {
                List<String> row = new ArrayList<>();
                for (var i = 1; i <= count; i++) {
                    var value = rows.getObject(i);
                    row.add(value instanceof byte[] bytes ? HexFormat.of().formatHex(bytes) : "" + value);
                }
                found.add(String.join("|", row));
            }
        } catch (SQLException e) {
            throw new AssertionError(sql, e);
        }
        return found;
    }

    List<String> items() {
        return query("SELECT * FROM item ORDER BY id");
    }

    @Override
    public void close() {
        store.close();
        try {
            connection.close();
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }
}
