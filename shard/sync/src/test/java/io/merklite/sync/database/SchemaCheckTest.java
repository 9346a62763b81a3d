package io.merklite.sync.database;

import static io.merklite.sync.database.TestDatabase.options;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SchemaCheckTest {
    private final List<String> warnings = new ArrayList<>();

    private Database open(String ddl) {
        return Database.open(Database.IN_MEMORY, options().withSchema(ddl).withLog((level, text) -> {
            if (level == LogListener.Level.WARN) {
                warnings.add(text);
            }
        }));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "INSERT INTO item(label) VALUES ('a')",
                "insert or ignore into main.\"Item\" as i (label, price) values ('a', (1 + 2))",
                "INSERT INTO item VALUES ('a', NULL, 2)",
                "INSERT INTO item(price, id) VALUES (max(1, 2), NULL)",
                "INSERT INTO item DEFAULT VALUES",
                "REPLACE INTO item(label) SELECT 'a'",
                "WITH a(x) AS (SELECT 1) INSERT INTO item(price) SELECT x FROM a",
                "CREATE TRIGGER t AFTER DELETE ON item BEGIN INSERT INTO item(label) VALUES ('gone'); END"
            })
    void insertThatLeavesAnAutomaticKeyOutIsWarnedOfOnce(String sql) {
        try (var database = open("CREATE TABLE item(label TEXT, id INTEGER PRIMARY KEY, price INTEGER)")) {
            database.exec(sql);
            if (!sql.startsWith("CREATE")) {
                database.exec(sql);
            }

            assertThat(warnings).singleElement().asString().contains("item", "without its key id", "merklite_id()");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "INSERT INTO item VALUES ('a', 1, 2)",
                "INSERT INTO item(id, label) VALUES (merklite_id(), 'a')",
                "INSERT INTO item SELECT 'a', 1, 2",
                "INSERT INTO tag(name) VALUES ('a')",
                "SELECT 'INSERT INTO item(label)'"
            })
    void insertWithAKeyIsFine(String sql) {
        try (var database = open(
                "CREATE TABLE item(label TEXT, id INTEGER PRIMARY KEY, price INTEGER); CREATE TABLE tag(name TEXT PRIMARY KEY)")) {
            database.exec(sql);

            assertThat(warnings).isEmpty();
        }
    }

    @Test
    void autoincrementIsWarnedOf() {
        try (var database = open("CREATE TABLE item(id INTEGER PRIMARY KEY AUTOINCREMENT, label TEXT)")) {
            assertThat(warnings).singleElement().asString().contains("AUTOINCREMENT", "merklite_id()");
            database.exec("CREATE TABLE other(id INTEGER PRIMARY KEY AUTOINCREMENT)");
            assertThat(warnings).hasSize(2);
        }
    }

    @Test
    void rowsWithNullInTheKeyAreWarnedOf() {
        try (var database = open("CREATE TABLE tag(name TEXT PRIMARY KEY)")) {
            database.exec("INSERT INTO tag VALUES (NULL); CREATE TABLE later(id INTEGER PRIMARY KEY)");

            assertThat(warnings).singleElement().asString().contains("tag", "NULL in the primary key");
        }
    }

    @Test
    void withoutListenerAllIsSilent() {
        try (var database = Database.open(Database.IN_MEMORY, options().withSchema("CREATE TABLE note(body)"))) {
            assertThat(database.options().log()).isSameAs(LogListener.SILENT);
        }
    }
}
