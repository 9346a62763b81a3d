package io.merklite.node.membership;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import io.merklite.node.security.CertificateFolder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.cluster.MemberStatus;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.cluster.typed.Join;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MembershipSettingsTest {
    private static final Duration SHUTDOWN = Duration.ofSeconds(10);

    @Test
    void whatIsSaidTurnsIntoPekkosSettings() {
        var settings = MembershipSettings.from(merklite("""
                cluster { datacenter = east, host = n1.example, port = 25520, seed-nodes = ["n1.example:25520"] }
                """));

        var pekko = settings.toPekko();

        assertThat(settings.isAlone()).isFalse();
        assertThat(pekko.getString("pekko.cluster.multi-data-center.self-data-center"))
                .isEqualTo("east");
        assertThat(pekko.getStringList("pekko.cluster.seed-nodes"))
                .containsExactly("pekko://merklite@n1.example:25520");
        assertThat(pekko.getString("pekko.remote.artery.canonical.hostname")).isEqualTo("n1.example");
        assertThat(pekko.hasPath("pekko.remote.artery.transport")).isFalse();
    }

    @Test
    void aNodeWithoutOthersIsAlone() {
        assertThat(MembershipSettings.from(merklite("")).isAlone()).isTrue();
    }

    @Test
    void whatCannotBeIsToldAtOnce() {
        assertThatThrownBy(() -> MembershipSettings.from(
                        merklite("cluster { seed-nodes = [\"a\"], datacenter = \"-\", port = 70000 }")))
                .hasMessageContaining("merklite.cluster.seed-nodes = a, must be host:port")
                .hasMessageContaining("merklite.cluster.datacenter = -, must be 1 to 63 letters")
                .hasMessageContaining("merklite.cluster.port = 70000, must be 0 to 65535");
    }

    @Test
    void certificatesOfNodesAreAllOrNone() {
        assertThatThrownBy(() -> MembershipSettings.from(merklite("cluster.tls.key-file = a")))
                .hasMessageContaining("merklite.cluster.tls.certificate-file")
                .hasMessageContaining("merklite.cluster.tls.authority-file");
        assertThatThrownBy(
                        () -> MembershipSettings.from(
                                merklite(
                                        "cluster.tls { key-file = /nowhere/a, certificate-file = /nowhere/b, authority-file = /nowhere/c }")))
                .hasMessageContaining("/nowhere/a, must be a readable file")
                .hasMessageContaining("/nowhere/c, must be a readable file");
    }

    @Test
    void nodesWithCertificatesOfOneAuthorityFormACluster(@TempDir Path folder) throws Exception {
        var certificates = new CertificateFolder(folder, "testing");
        certificates.makeAuthority("Test");
        certificates.make("node1", CertificateFolder.Use.NODE, List.of("127.0.0.1"), 2);
        certificates.make("node2", CertificateFolder.Use.NODE, List.of("127.0.0.1"), 2);

        var first = start(folder, "node1", "");
        var address = Cluster.get(first.system()).selfMember().address();
        Cluster.get(first.system()).manager().tell(Join.create(address));
        var second = start(folder, "node2", "\"127.0.0.1:" + address.getPort().orElseThrow() + "\"");
        try {
            var both = first.createTestProbe();
            both.awaitAssert(Duration.ofSeconds(60), () -> {
                assertThat(Cluster.get(second.system()).state().getMembers())
                        .hasSize(2)
                        .allMatch(member -> member.status().equals(MemberStatus.up()));
                return true;
            });
        } finally {
            // Remoting over TLS may never end (Pekko issue 3247): what comes after it is MerkliteNode's, and tested
            // there.
            ActorTestKit.shutdown(second.system(), SHUTDOWN, false);
            ActorTestKit.shutdown(first.system(), SHUTDOWN, false);
        }
    }

    private static ActorTestKit start(Path folder, String name, String seeds) {
        var settings = MembershipSettings.from(merklite("""
                cluster {
                  port = 0
                  seed-nodes = [%1$s]
                  tls {
                    certificate-file = "%2$s/%3$s.pem", key-file = "%2$s/%3$s.key", authority-file = "%2$s/authority.pem"
                  }
                }
                """.formatted(seeds, folder, name)));
        var config = ConfigFactory.parseString("pekko.actor.provider = cluster, pekko.cluster.jmx.enabled = off")
                .withFallback(settings.toPekko())
                .withFallback(ConfigFactory.load());
        return ActorTestKit.create("merklite", config);
    }

    private static Config merklite(String text) {
        return ConfigFactory.parseString(text)
                .withFallback(ConfigFactory.defaultReference().getConfig("merklite"));
    }
}
