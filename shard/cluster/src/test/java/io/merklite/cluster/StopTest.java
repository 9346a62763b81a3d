package io.merklite.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.merklite.cluster.sql.StreamOptions;
import java.nio.file.Path;
import org.apache.pekko.actor.ExtendedActorSystem;
import org.apache.pekko.actor.SystemGuardian.RegisterTerminationHook$;
import org.apache.pekko.actor.SystemGuardian.TerminationHookDone$;
import org.apache.pekko.actor.typed.javadsl.Adapter;
import org.apache.pekko.testkit.javadsl.TestKit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StopTest {
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
}
