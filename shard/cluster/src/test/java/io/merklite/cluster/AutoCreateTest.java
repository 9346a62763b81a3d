package io.merklite.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.merklite.cluster.sql.StreamOptions;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AutoCreateTest {
    @TempDir
    Path directory;

    @Test
    void firstRequestMakesADatabaseAndQuestionsAboutItDoNot() {
        try (var cluster = TestCluster.start(directory, "merklite { auto-create = on, request-timeout = 60s }", "a1")) {
            var node = cluster.node("a1");

            assertThat(TestCluster.join(node.exists("shop"))).isTrue();
            assertThat(TestCluster.join(node.exists("merklite.mine"))).isFalse();
            assertThatThrownBy(() -> TestCluster.join(node.status("shop")))
                    .isInstanceOf(ClusterException.NoDatabase.class);
            assertThatThrownBy(() -> TestCluster.join(node.snapshot("shop")))
                    .isInstanceOf(ClusterException.NoDatabase.class);
            assertThat(listed(node)).isEmpty();

            TestCluster.await(() -> isWritten(cluster));
            assertThat(cluster.rows("a1", "shop", "SELECT count(*) FROM item")).isEqualTo(List.of(List.of("0")));
            assertThat(listed(node)).containsExactly("shop");
            assertThatThrownBy(() -> cluster.rows("a1", "merklite.mine", "SELECT 1"))
                    .isInstanceOf(ClusterException.NoDatabase.class);

            assertThat(TestCluster.join(node.drop("shop"))).isTrue();
            TestCluster.await(() -> isWritten(cluster));
            assertThat(listed(node)).containsExactly("shop");
        }
    }

    /** An actor that has just refused a question is replaced before it makes anything. */
    private static boolean isWritten(TestCluster cluster) {
        try {
            cluster.result("a1", "shop", StreamOptions.DEFAULTS, "CREATE TABLE item(id INTEGER PRIMARY KEY)");
            return true;
        } catch (ClusterException.NoDatabase | AssertionError e) {
            return false; // it is on its way out, with the old table in it
        }
    }

    private static List<String> listed(MerkliteNode node) {
        return TestCluster.join(node.catalog().thenCompose(catalog -> catalog.list("", "", 10))).stream()
                .map(entry -> entry.name())
                .toList();
    }
}
