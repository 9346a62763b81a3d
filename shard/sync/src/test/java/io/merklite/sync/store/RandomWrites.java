package io.merklite.sync.store;

import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/** Random transactions on tables of every kind of identity, with constraints that concurrent writes break. */
public final class RandomWrites {
    public static final List<String> SCHEMA = List.of(
            "PRAGMA foreign_keys = ON",
            "CREATE TABLE item(id INTEGER PRIMARY KEY, name TEXT, qty INTEGER, price REAL)",
            "CREATE TABLE pair(a TEXT NOT NULL, b INTEGER NOT NULL, v, w, PRIMARY KEY (a, b)) WITHOUT ROWID",
            "CREATE TABLE note(body TEXT, n)",
            "CREATE TABLE tag(a TEXT, b INTEGER, v, PRIMARY KEY (a, b))",
            "CREATE TABLE account(id TEXT PRIMARY KEY NOT NULL, email TEXT UNIQUE, low INTEGER, high INTEGER,"
                    + " CHECK (low <= high))",
            "CREATE UNIQUE INDEX account_low ON account(low) WHERE low > 3",
            "CREATE TABLE parent(id INTEGER PRIMARY KEY, v)",
            "CREATE TABLE child(id INTEGER PRIMARY KEY, p INTEGER REFERENCES parent(id) ON DELETE CASCADE,"
                    + " q INTEGER REFERENCES parent(id) ON DELETE SET NULL, r INTEGER REFERENCES parent(id))");

    private static final int KEYS = 12;
    private final RandomGenerator random;

    public RandomWrites(RandomGenerator random) {
        this.random = random;
    }

    public List<String> next() {
        List<String> sql = new ArrayList<>();
        var count = 1 + random.nextInt(5);
        for (var i = 0; i < count; i++) {
            sql.add(statement());
        }
        return sql;
    }

    /** A transaction of some ten thousand bytes. */
    public List<String> large() {
        List<String> sql = new ArrayList<>();
        for (var i = 0; i < 12; i++) {
            sql.add("INSERT OR REPLACE INTO pair VALUES ('large" + random.nextInt(4) + "', " + i + ", x'" + noise()
                    + "', 1)");
        }
        return sql;
    }

    private String statement() {
        return switch (random.nextInt(22)) {
            case 0, 1 ->
                "INSERT OR REPLACE INTO item(id, name, qty, price) VALUES (" + key() + ", '" + word() + "', " + small()
                        + ", 0.5)";
            case 2 -> "UPDATE item SET qty = " + small() + " WHERE id = " + key();
            case 3 -> "UPDATE item SET name = '" + word() + "' WHERE id > " + key();
            case 4 -> "DELETE FROM item WHERE id = " + key();
            case 5 -> "INSERT INTO item(name) VALUES ('" + word() + "')";
            case 6 ->
                "INSERT OR REPLACE INTO pair VALUES ('" + word() + "', " + small() + ", NULL, x'0" + small() + "')";
            case 7 -> "UPDATE pair SET v = " + small() + " WHERE a = '" + word() + "'";
            case 8 -> "DELETE FROM pair WHERE b = " + small();
            case 9 -> "INSERT INTO note VALUES ('" + word() + "', " + small() + ")";
            case 10 -> "UPDATE note SET n = " + small() + " WHERE body = '" + word() + "'";
            case 11 -> "DELETE FROM note WHERE n = " + small();
            case 12 -> "INSERT INTO account VALUES ('" + word() + small() + "', '" + word() + "', " + small() + ", 9)";
            case 13 -> "UPDATE account SET email = '" + word() + "' WHERE id LIKE '" + word() + "%'";
            case 14 ->
                random.nextBoolean() ? "UPDATE account SET high = " + small() : "UPDATE account SET low = " + small();
            case 15 -> "INSERT OR IGNORE INTO parent VALUES (" + small() + ", '" + word() + "')";
            case 16 -> "DELETE FROM parent WHERE id = " + small();
            case 17 ->
                "INSERT OR REPLACE INTO tag(a, b, v) VALUES (" + wordOrNull() + ", " + smallOrNull() + ", '" + word()
                        + "')";
            case 18 -> "UPDATE tag SET v = " + small() + " WHERE b IS NULL";
            case 19 ->
                random.nextBoolean()
                        ? "UPDATE OR REPLACE tag SET b = " + smallOrNull() + " WHERE a IS NULL OR v = '" + word() + "'"
                        : "UPDATE OR REPLACE tag SET a = " + wordOrNull() + " WHERE b IS NULL";
            case 20 -> "DELETE FROM tag WHERE v = " + small() + " OR b = " + small();
            default ->
                "INSERT OR IGNORE INTO child VALUES (" + key() + ", " + small() + ", " + small() + ", " + small() + ")";
        };
    }

    private String noise() {
        var hex = new StringBuilder();
        for (var i = 0; i < 100; i++) {
            hex.append("%016x".formatted(random.nextLong()));
        }
        return hex.toString();
    }

    private int key() {
        return random.nextInt(KEYS);
    }

    private String wordOrNull() {
        return random.nextBoolean() ? "NULL" : "'" + word() + "'";
    }

    private String smallOrNull() {
        return random.nextBoolean() ? "NULL" : "" + small();
    }

    private int small() {
        return random.nextInt(6);
    }

    private String word() {
        return List.of("red", "green", "blue", "x").get(random.nextInt(4));
    }
}
