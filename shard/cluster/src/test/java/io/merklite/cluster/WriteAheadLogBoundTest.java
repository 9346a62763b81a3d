package io.merklite.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.query.subscribe.SqlValue;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WriteAheadLogBoundTest {
    private static final int ROWS = 3_000;
    private static final int ROW_BYTES = 5_000;

    @TempDir
    Path directory;

    @Test
    void writeAheadLogOfABusyDatabaseStaysShortAndAnIdleOneHasNone() throws IOException {
        var settings = "merklite.database { checkpoint-size = 1 MiB, max-wal-size = 2 MiB, idle-timeout = 1s }";
        try (var cluster = TestCluster.start(directory, settings, "a1")) {
            cluster.create("a1", "shop");
            var shop = cluster.node("a1").database("shop");
            TestCluster.join(shop.execute("CREATE TABLE item(id INTEGER PRIMARY KEY, label TEXT)"));
            var log = cluster.directory("a1").resolve("databases/shop.db-wal");

            List<CompletionStage<?>> writes = new ArrayList<>();
            for (var id = 0; id < ROWS; id++) {
                writes.add(shop.execute(
                        "INSERT INTO item VALUES (?, ?)", SqlValue.of(id), SqlValue.of("x".repeat(ROW_BYTES))));
            }
            writes.forEach(TestCluster::join);

            assertThat(cluster.rows("a1", "shop", "SELECT count(*) FROM item"))
                    .isEqualTo(List.of(List.of(Integer.toString(ROWS))));
            if (Files.exists(log)) { // it is gone already if the machine was slow, and the database idle
                assertThat(Files.size(log)).isLessThan(8 << 20);
            }
            TestCluster.await(() -> !Files.exists(log));
        }
    }
}
