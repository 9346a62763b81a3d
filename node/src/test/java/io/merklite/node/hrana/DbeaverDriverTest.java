package io.merklite.node.hrana;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.merklite.node.http.Access;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** DBeaver's JDBC driver for libSQL, unmodified. It knows the oldest interface only. */
class DbeaverDriverTest {
    private static TestServer server;

    @BeforeAll
    static void start(@TempDir Path folder) {
        server = TestServer.start(folder, "", new OneToken());
    }

    @AfterAll
    static void stop() throws Exception {
        server.close();
    }

    @Test
    void statementsRunAndRowsAreRead() throws Exception {
        try (var connection = connect("good");
                var statement = connection.createStatement()) {
            statement.execute("CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT, price REAL, data BLOB)");
            var written = statement.executeUpdate(
                    "INSERT INTO items VALUES (1, 'one', 1.5, x'0102'), (9223372036854775807, NULL, 2, NULL)");

            List<List<Object>> rows = new ArrayList<>();
            try (var result = statement.executeQuery("SELECT id, name, price FROM items ORDER BY id")) {
                while (result.next()) {
                    rows.add(row(result));
                }
            }

            assertThat(written).isEqualTo(2);
            assertThat(rows.getFirst()).containsExactly(1L, "one", 1.5);
            assertThat(rows.getLast().getFirst()).isEqualTo(Long.MAX_VALUE);
        }
    }

    @Test
    void preparedStatementsBindParameters() throws Exception {
        try (var connection = connect("good");
                var prepared = connection.prepareStatement(
                        "SELECT ? AS a, ? AS b", ResultSet.TYPE_FORWARD_ONLY, ResultSet.CONCUR_READ_ONLY)) {
            prepared.setString(1, "it's");
            prepared.setLong(2, 42);

            try (var result = prepared.executeQuery()) {
                assertThat(result.next()).isTrue();
                assertThat(result.getString("a")).isEqualTo("it's");
                assertThat(result.getLong("b")).isEqualTo(42);
            }
        }
    }

    @Test
    void metadataListTablesAndColumns() throws Exception {
        try (var connection = connect("good");
                var statement = connection.createStatement()) {
            statement.execute("CREATE TABLE parents (id INTEGER PRIMARY KEY)");
            statement.execute(
                    "CREATE TABLE children (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES parents (id), v TEXT)");
            statement.execute("CREATE INDEX children_v ON children (v)");
            var metadata = connection.getMetaData();

            List<String> tables = new ArrayList<>();
            try (var result = metadata.getTables(null, null, "%", new String[] {"TABLE"})) {
                while (result.next()) {
                    tables.add(result.getString("TABLE_NAME"));
                }
            }
            List<String> columns = new ArrayList<>();
            try (var result = metadata.getColumns(null, null, "children", "%")) {
                while (result.next()) {
                    columns.add(result.getString("COLUMN_NAME"));
                }
            }

            assertThat(tables).contains("parents", "children");
            assertThat(columns).containsExactly("id", "parent", "v");
            assertThat(metadata.getDatabaseProductName()).startsWith("merklite");
        }
    }

    @Test
    void failureHasTheTextOfSqlite() throws Exception {
        try (var connection = connect("good");
                var statement = connection.createStatement()) {
            assertThatThrownBy(() -> statement.executeQuery("SELECT * FROM no_such_table"))
                    .isInstanceOf(SQLException.class)
                    .hasMessageContaining("no such table: no_such_table");
        }
    }

    @Test
    void wrongTokenIsToldAsSuch() {
        assertThatThrownBy(() -> connect("wrong").close()).isInstanceOf(SQLException.class);
    }

    private static Connection connect(String token) throws SQLException {
        return DriverManager.getConnection("jdbc:dbeaver:libsql:" + server.url("/db/a/"), "", token);
    }

    private static List<Object> row(ResultSet result) throws SQLException {
        List<Object> row = new ArrayList<>();
        for (var i = 1; i <= result.getMetaData().getColumnCount(); i++) {
            row.add(result.getObject(i));
        }
        return row;
    }

    /** Everything for the token {@code good}. */
    private static final class OneToken implements Access {
        @Override
        public Decision authorize(Optional<String> token, String database, Right needed) {
            return token.equals(Optional.of("good"))
                    ? new Decision.Allowed(Right.WRITE, Optional.empty())
                    : new Decision.Unauthenticated("AUTH_JWT_INVALID", "the token is not good");
        }

        @Override
        public Optional<String> onlyDatabase(Optional<String> token) {
            return Optional.empty();
        }
    }
}
