package io.merklite.node.demo;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalPlanTest {
    @TempDir
    Path directory;

    @Test
    void datacentersTakeTurnsAndNoTwoNodesShareAPort() {
        var plan = LocalPlan.of(directory, 2, 3, 18_081);

        assertThat(plan.nodes()).extracting(LocalPlan.Node::name).containsExactly("a1", "b1", "a2", "b2", "a3", "b3");
        assertThat(plan.datacenters()).containsExactly("a", "b");
        assertThat(plan.nodes()).extracting(LocalPlan.Node::httpPort).doesNotHaveDuplicates();
        assertThat(plan.nodes()).extracting(LocalPlan.Node::clusterPort).doesNotHaveDuplicates();
    }

    @Test
    void portsInUseAreLeftOut() throws Exception {
        try (var used = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            var plan = LocalPlan.of(directory, 1, 1, used.getLocalPort());

            assertThat(plan.nodes().getFirst().httpPort()).isGreaterThan(used.getLocalPort());
        }
    }

    @Test
    void aNodesSettingsAreHoconAndNameTheSeeds() {
        var plan = LocalPlan.of(directory, 2, 1, 18_081);
        var second = plan.nodes().get(1);

        var settings = ConfigFactory.parseString(plan.settingsOf(second)).getConfig("merklite");

        assertThat(settings.getString("node-id")).isEqualTo("b1");
        assertThat(settings.getString("cluster.datacenter")).isEqualTo("b");
        assertThat(settings.getStringList("cluster.seed-nodes"))
                .isEqualTo(plan.nodes().stream()
                        .map(node -> "127.0.0.1:" + node.clusterPort())
                        .toList());
    }

    @Test
    void theCacheOfClassesNeedsANewJavaAndOnlyJars() {
        var cache = directory.resolve("classes.aot");
        var file = directory.resolve("node.conf");

        assertThat(command("a.jar:b.jar", 25, cache).toRun(file, true)).contains("-XX:AOTCacheOutput=" + cache);
        assertThat(command("a.jar:b.jar", 25, cache).toRun(file, false)).noneMatch(LocalPlanTest::isCache);
        assertThat(command("a.jar:classes", 25, cache).toRun(file, true)).noneMatch(LocalPlanTest::isCache);
        assertThat(command("a.jar", 21, cache).toRun(file, true))
                .noneMatch(LocalPlanTest::isCache)
                .noneMatch(argument -> argument.contains("unsafe"));
    }

    @Test
    void aCacheThatIsThereIsUsedByAll() throws Exception {
        var cache = Files.writeString(directory.resolve("classes.aot"), "");

        assertThat(command("a.jar", 25, cache).toRun(directory, false)).contains("-XX:AOTCache=" + cache);
    }

    @Test
    void stoppingWhatDoesNotRunStopsNothing() throws Exception {
        Files.writeString(
                directory.resolve(LocalCluster.NOTE),
                "{\"nodes\":[{\"pid\":" + ProcessHandle.current().pid() + ",\"startedAt\":\"1970-01-01T00:00:00Z\"}]}");

        assertThat(LocalCluster.stop(directory)).isZero();
        assertThat(directory.resolve(LocalCluster.NOTE)).doesNotExist();
    }

    private static JavaCommand command(String classPath, int version, Path cache) {
        return new JavaCommand(Path.of("java"), classPath, version, "64m", cache);
    }

    private static boolean isCache(String argument) {
        return argument.startsWith("-XX:AOTCache");
    }
}
