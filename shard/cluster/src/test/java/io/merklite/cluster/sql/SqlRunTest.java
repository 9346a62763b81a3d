package io.merklite.cluster.sql;

import static io.merklite.cluster.sql.SqlClient.done;
import static io.merklite.cluster.sql.SqlClient.failed;
import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.query.subscribe.SqlValue;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SqlRunTest {
    @TempDir
    private Path directory;

    private SqlOwner owner;
    private SqlClient client;

    @BeforeEach
    void open() {
        owner = new SqlOwner(directory.resolve("file.db"));
        client = new SqlClient(owner);
        client.query("CREATE TABLE t(id INTEGER PRIMARY KEY, v TEXT UNIQUE)");
    }

    @AfterEach
    void close() {
        owner.close();
    }

    @Test
    void singleWriteSharesACommit() {
        var result = client.query("INSERT INTO t VALUES (1, 'a')");

        assertThat(owner.lanes()).containsExactly("GROUP");
        assertThat(result.affectedRowCount()).isEqualTo(1);
        assertThat(result.lastInsertRowid()).hasValue(1);
        assertThat(owner.log()).hasSize(1);
    }

    @Test
    void queryRunsOnTheReader() {
        client.query("INSERT INTO t VALUES (1, 'a')");

        var result = client.query("SELECT id, v, 1 + 1 FROM t");

        assertThat(owner.lanes()).containsExactly("READ");
        assertThat(result.rows()).containsExactly(List.of(SqlValue.of(1), SqlValue.of("a"), SqlValue.of(2)));
    }

    @Test
    void changeOfSchemaHasTheConnectionForItself() {
        client.query("ALTER TABLE t ADD COLUMN w");

        assertThat(owner.lanes()).containsExactly("EXCLUSIVE", "COMMIT");
        assertThat(client.query("SELECT * FROM t").columns()).hasSize(3);
    }

    @Test
    void wholeTransactionSharesACommit() {
        var outcomes = client.batch("BEGIN IMMEDIATE", "INSERT INTO t VALUES (1, 'a')", "COMMIT");

        assertThat(owner.lanes()).containsExactly("GROUP");
        outcomes.forEach(SqlClient::done);
        assertThat(client.value("SELECT count(*) FROM t")).isEqualTo(SqlValue.of(1));
    }

    @Test
    void transactionThatStaysOpenIsCommittedByTheOwner() {
        client.batch("BEGIN IMMEDIATE", "INSERT INTO t VALUES (1, 'a')");
        assertThat(client.state().isWriting()).isTrue();
        assertThat(client.isAutocommit()).isFalse();

        done(client.execute("COMMIT"));

        assertThat(owner.lanes()).containsExactly("EXCLUSIVE", "COMMIT");
        assertThat(client.isAutocommit()).isTrue();
        assertThat(client.value("SELECT count(*) FROM t")).isEqualTo(SqlValue.of(1));
    }

    @Test
    void failureInAGroupUndoesOnlyItself() {
        client.query("INSERT INTO t VALUES (1, 'a')");

        var outcomes = client.batch("INSERT INTO t VALUES (2, 'b')", "INSERT INTO t VALUES (3, 'b')");

        assertThat(failed(outcomes.getLast()).code()).isEqualTo("SQLITE_CONSTRAINT");
        assertThat(failed(outcomes.getLast()).message()).contains("UNIQUE constraint failed: t.v");
        assertThat(client.value("SELECT count(*) FROM t")).isEqualTo(SqlValue.of(2));
    }

    @Test
    void listingsDoNotShowMerklitesTables() {
        assertThat(client.value("SELECT count(*) FROM sqlite_master WHERE name LIKE '%merklite%'"))
                .isEqualTo(SqlValue.of(0));
        assertThat(client.query("PRAGMA table_list").rows()).hasSize(3);
    }
}
