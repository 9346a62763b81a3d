package io.merklite.cluster.sql;

import io.merklite.query.subscribe.SqlValue;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** A database with two tables, and a client of it. */
abstract class SqlTestBase {
    static final SqlValue ONE = SqlValue.of(1);
    static final SqlValue TWO = SqlValue.of(2);

    @TempDir
    Path directory;

    SqlOwner owner;
    SqlClient client;

    @BeforeEach
    final void open() {
        owner = owner(directory.resolve("file.db"));
        client = new SqlClient(owner);
        client.query("CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT UNIQUE)");
        client.query("CREATE TABLE child(id INTEGER PRIMARY KEY, parent INTEGER REFERENCES t(id))");
    }

    SqlOwner owner(Path file) {
        return new SqlOwner(file);
    }

    @AfterEach
    final void close() {
        owner.close();
    }

    long count(String table) {
        var value = (SqlValue.Integer) new SqlClient(owner).value("SELECT count(*) FROM " + table);
        return value.value();
    }

    static List<SqlValue> row(SqlValue... values) {
        return List.of(values);
    }
}
