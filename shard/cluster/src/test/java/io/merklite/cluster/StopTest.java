package io.merklite.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.typesafe.config.ConfigFactory;
import io.merklite.cluster.sql.SqlRequest;
import io.merklite.cluster.sql.SqlStatement;
import io.merklite.cluster.sql.StreamOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.InstantSource;
import java.util.SplittableRandom;
import org.apache.pekko.actor.ExtendedActorSystem;
import org.apache.pekko.actor.SystemGuardian.RegisterTerminationHook$;
import org.apache.pekko.actor.SystemGuardian.TerminationHookDone$;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Join;
import org.apache.pekko.testkit.javadsl.TestKit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StopTest {
    private static final String ONE_ROW_AND_NO_END =
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n WHERE i = 1";

    @TempDir
    Path directory;

    @Test
    void aNodeHasStoppedThoughItsRemotingDoesNotEnd() {
        try (var cluster = TestCluster.start(directory, "merklite { auto-create = on, stop-timeout = 100ms }", "a1")) {
            var node = cluster.node("a1");
            cluster.result("a1", "shop", StreamOptions.DEFAULTS, "CREATE TABLE item(id INTEGER PRIMARY KEY)");
            var system = (ExtendedActorSystem) Adapter.toClassic(node.system());
            // As remoting does: the system's end waits for its answer.
            var waitedFor = new TestKit(system).getRef();
            system.systemGuardian().tell(RegisterTerminationHook$.MODULE$, waitedFor);

            TestCluster.join(node.terminate());

            assertThat(node.terminated()).isCompleted();
            assertThat(node.system().getWhenTerminated()).isNotDone();

            system.systemGuardian().tell(TerminationHookDone$.MODULE$, waitedFor);
            TestCluster.join(node.system().getWhenTerminated());
        }
    }

    @Test
    void aNodeThatCannotKeepDatabasesStops() throws IOException {
        Files.writeString(Files.createDirectories(directory.resolve("a1")).resolve("databases"), "no directory");

        try (var cluster = new TestCluster(directory, "")) {
            TestCluster.join(cluster.startNode("a1").terminated());
        }
    }

    @Test
    void aReadThatRunsDoesNotHoldUpTheEnd() {
        var config = ConfigFactory.parseString("""
                merklite { auto-create = on, data-directory = "%s", stop-timeout = 10m }
                pekko.remote.artery.canonical { hostname = "127.0.0.1", port = 0 }
                pekko.cluster.jmx.enabled = off
                """.formatted(directory));
        // No time passes for the node: the limit on how long a statement may run is no help.
        var node = MerkliteNode.start(
                config, InstantSource.fixed(Instant.parse("2026-01-01T00:00:00Z")), new SplittableRandom(7));
        var member = Cluster.get(node.system());
        member.manager().tell(Join.create(member.selfMember().address()));
        var batch = SqlRequest.Batch.of(SqlStatement.of(ONE_ROW_AND_NO_END));
        var cursor =
                TestCluster.join(node.stream("shop", StreamOptions.DEFAULTS).open(batch));
        assertThat(TestCluster.join(cursor.fetch(2, 10_000)).entries()).hasSize(2);
        var reading = cursor.fetch(2, 10_000);

        TestCluster.join(node.terminate());

        assertThat(node.system().getWhenTerminated()).isCompleted();
        TestCluster.await(() -> reading.toCompletableFuture().isDone());
    }
}
