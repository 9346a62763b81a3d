package io.merklite.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.cluster.sql.SqlRequest;
import io.merklite.cluster.sql.SqlResponse;
import io.merklite.cluster.sql.StreamOptions;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GoneNodeTest {
    @TempDir
    Path directory;

    @Test
    void snapshotOfAStreamEndsWithTheNodeOfTheStream() {
        try (var cluster =
                TestCluster.start(directory, "merklite { reads = writer, request-timeout = 60s }", "a1", "a2")) {
            var database = FollowerReadsTest.databaseWrittenAt("a1", "a1", "a2");
            cluster.create("a1", database);
            cluster.result("a1", database, StreamOptions.DEFAULTS, "CREATE TABLE item(id INTEGER PRIMARY KEY)");
            var file = cluster.directory("a1").resolve("databases/" + database + ".db");
            var stream = cluster.node("a2").stream(database, StreamOptions.DEFAULTS);
            var read =
                    TestCluster.join(stream.run(List.of(new SqlRequest.Sequence("BEGIN; SELECT * FROM item")), false));
            assertThat(read.getFirst()).isNotInstanceOf(SqlResponse.Refused.class);
            cluster.result("a1", database, StreamOptions.DEFAULTS, "INSERT INTO item VALUES (1)");

            assertThat(isHeld(file)).isTrue();
            cluster.stopNode("a2");

            TestCluster.await(() -> !isHeld(file));
        }
    }

    /** Whether a snapshot is in the way of beginning the write-ahead log anew. */
    private static boolean isHeld(Path file) {
        try (var connection = DriverManager.getConnection("jdbc:sqlite:" + file);
                var statement = connection.createStatement();
                var row = statement.executeQuery("PRAGMA wal_checkpoint(RESTART)")) {
            return row.getInt(1) != 0;
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }
}
