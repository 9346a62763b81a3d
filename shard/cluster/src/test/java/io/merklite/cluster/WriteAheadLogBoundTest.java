package io.merklite.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.query.subscribe.SqlValue;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WriteAheadLogBoundTest {
    /** What waits together may share a commit, and the bound is looked at after it: so what waits is much less than it. */
    private static final int ROWS_AT_ONCE = 50;

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

            for (var first = 0; first < ROWS; first += ROWS_AT_ONCE) {
                IntStream.range(first, first + ROWS_AT_ONCE)
                        .mapToObj(id -> shop.execute(
                                "INSERT INTO item VALUES (?, ?)", SqlValue.of(id), SqlValue.of("x".repeat(ROW_BYTES))))
                        .toList()
                        .forEach(TestCluster::join);
            }

            assertThat(cluster.rows("a1", "shop", "SELECT count(*) FROM item"))
                    .isEqualTo(List.of(List.of(Integer.toString(ROWS))));
            try {
                assertThat(Files.size(log)).isLessThan(8 << 20);
            } catch (NoSuchFileException e) {
                assertThat(log).doesNotExist(); // the machine was slow, and the database idle
            }
            TestCluster.await(() -> !Files.exists(log));
        }
    }
}
