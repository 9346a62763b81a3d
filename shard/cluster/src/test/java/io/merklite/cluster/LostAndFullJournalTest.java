package io.merklite.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.merklite.cluster.sql.StreamOptions;
import io.merklite.query.subscribe.SqlValue;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LostAndFullJournalTest {
    private static final String CREATE = "CREATE TABLE item(id INTEGER PRIMARY KEY, label BLOB)";

    @TempDir
    Path directory;

    @Test
    void nodeWhoseJournalIsLostDoesNotStartUnlessItIsTold() throws IOException {
        try (var cluster = TestCluster.start(directory, "", "a1")) {
            cluster.create("a1", "shop");
            cluster.result("a1", "shop", StreamOptions.DEFAULTS, CREATE);
            cluster.result("a1", "shop", StreamOptions.DEFAULTS, "INSERT INTO item VALUES (1, 'one')");
            cluster.stopNode("a1");
            for (var suffix : List.of("", "-wal", "-shm")) {
                Files.deleteIfExists(cluster.directory("a1").resolve("journal.db" + suffix));
            }

            for (var attempt = 0; attempt < 2; attempt++) {
                assertThatThrownBy(() -> cluster.startNode("a1"))
                        .isInstanceOf(ClusterException.JournalMissing.class)
                        .hasMessageContaining("merklite.journal.allow-missing");
            }
            cluster.startNode("a1", "merklite.journal.allow-missing = on");

            cluster.result("a1", "shop", StreamOptions.DEFAULTS, "INSERT INTO item VALUES (2, 'two')");
            assertThat(cluster.rows("a1", "shop", "SELECT id FROM item ORDER BY id"))
                    .isEqualTo(List.of(List.of("1"), List.of("2")));
        }
    }

    @Test
    void whatIsAcknowledgedIsThereThoughTheJournalIsFullAndWritesGoOnWithRoom() {
        var few = "merklite.database.restart-pause { min = 50ms, max = 500ms }";
        try (var cluster = TestCluster.start(directory, few, new String[0])) {
            cluster.startNode("a1", "merklite.journal.max-size = 4 MiB");
            cluster.awaitMembers(1);
            cluster.create("a1", "shop");
            cluster.result("a1", "shop", StreamOptions.DEFAULTS, CREATE);
            Set<String> acknowledged = new TreeSet<>();

            var id = write(cluster, acknowledged, 1, false);
            assertThat(acknowledged.size()).isBetween(5, 45);
            TestCluster.await(() -> present(cluster).containsAll(acknowledged));
            var readWhileFull = present(cluster);
            assertThat(readWhileFull.size() - acknowledged.size())
                    .isBetween(0, 1); // the last one's outcome is not known

            cluster.stopNode("a1");
            cluster.startNode("a1", "merklite.journal.max-size = 0");
            cluster.awaitMembers(1);
            write(cluster, acknowledged, id, true);

            assertThat(present(cluster)).containsAll(acknowledged).containsAll(readWhileFull);
        }
    }

    /** Writes rows until one fails, or until ten are there. */
    private static int write(TestCluster cluster, Set<String> acknowledged, int first, boolean isRoomThere) {
        var shop = cluster.node("a1").database("shop");
        var id = first;
        while (!isRoomThere || id < first + 10) {
            try {
                TestCluster.join(shop.execute("INSERT INTO item VALUES (?, randomblob(100000))", SqlValue.of(id)));
                acknowledged.add(Integer.toString(id));
                id++;
            } catch (ClusterException.UnknownOutcome | ClusterException.Unavailable e) {
                if (isRoomThere) {
                    throw e;
                }
                return id + 1;
            }
        }
        return id;
    }

    private static Set<String> present(TestCluster cluster) {
        try {
            return cluster.rows("a1", "shop", "SELECT id FROM item").stream()
                    .map(List::getFirst)
                    .collect(Collectors.toSet());
        } catch (ClusterException.Unavailable e) {
            return Set.of(); // it rests
        }
    }
}
