package io.merklite.loadtest.sync;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.List;
import java.util.stream.IntStream;

/** The reference's table and rows: five columns, 109 bytes a row, hardly compressible. */
final class Items {
    static final String SCHEMA =
            "CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT NOT NULL, qty INTEGER NOT NULL, price REAL NOT NULL, note TEXT)";
    /** The driver would ask for the generated key behind each INSERT, which takes longer than the INSERT. */
    private static final String NO_GENERATED_KEYS = "?jdbc.get_generated_keys=false";

    static final String IN_MEMORY = "jdbc:sqlite::memory:" + NO_GENERATED_KEYS;

    private static final String INSERT = "INSERT INTO item VALUES (?, ?, ?, ?, ?)";
    private static final int FILL = 1000;

    private Items() {}

    /** Writes rows 1 to {@code rows} on one side. */
    static void fill(Pair.Side side, int rows) throws SQLException {
        for (var from = 1; from <= rows; from += FILL) {
            var first = from;
            side.store().write(() -> {
                insert(side.connection(), first, Math.min(rows, first + FILL - 1));
                return true;
            });
        }
    }

    static PreparedStatement prepare(Connection connection) throws SQLException {
        return connection.prepareStatement(INSERT);
    }

    static void insert(Connection connection, int first, int last) throws SQLException {
        try (var insert = prepare(connection)) {
            insert(insert, items(first, last));
        }
    }

    /** Rows, made before they are inserted: to make their texts takes as long as to insert them. */
    static List<Item> items(int first, int last) {
        return IntStream.rangeClosed(first, last).mapToObj(Items::item).toList();
    }

    private static Item item(int i) {
        return new Item(i, "name-%07d".formatted(i), (int) (i * 7919L % 1000), i * 0.25, note(i));
    }

    /** A row. */
    record Item(int id, String name, int qty, double price, String note) {
        void insert(PreparedStatement insert) throws SQLException {
            insert.setInt(1, id);
            insert.setString(2, name);
            insert.setInt(3, qty);
            insert.setDouble(4, price);
            insert.setString(5, note);
            insert.executeUpdate();
        }
    }

    static void insert(PreparedStatement insert, List<Item> items) throws SQLException {
        for (var item : items) {
            item.insert(insert);
        }
    }

    private static String note(int i) {
        var hex = new StringBuilder();
        var x = i * 0x9E3779B97F4A7C15L;
        for (var word = 0; word < 4; word++) {
            x ^= x >>> 29;
            x *= 0xBF58476D1CE4E5B9L;
            x ^= x >>> 32;
            hex.append("%016x".formatted(x));
        }
        return hex.toString();
    }

    /** A connection to a file as applications set it up. */
    static Connection open(Path file) throws SQLException {
        var connection = DriverManager.getConnection("jdbc:sqlite:" + file);
        run(connection, "PRAGMA journal_mode = WAL");
        run(connection, "PRAGMA synchronous = NORMAL");
        run(connection, "PRAGMA cache_size = -65536");
        return connection;
    }

    static void run(Connection connection, String sql) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    static void delete(Path directory) throws IOException {
        try (var files = Files.list(directory)) {
            for (var file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(directory);
    }
}
