package io.merklite.node.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.merklite.node.NodeException;
import io.merklite.node.health.Health;
import io.merklite.node.health.MetricsPage;
import io.merklite.node.health.ProbeEndpoints;
import io.merklite.node.http.HttpServer;
import io.merklite.node.http.HttpSettings;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLException;
import org.apache.pekko.actor.testkit.typed.javadsl.ActorTestKit;
import org.apache.pekko.http.javadsl.ConnectionContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServerTlsTest {
    private static final ActorTestKit KIT = ActorTestKit.create("ServerTlsTest");
    private static final Duration INTERVAL = Duration.ofMinutes(1);

    @TempDir
    static Path folder;

    private static CertificateFolder certificates;

    @BeforeAll
    static void makeCertificates() {
        certificates = new CertificateFolder(folder, "testing");
        certificates.makeAuthority("Test, authority");
        certificates.make("node1", CertificateFolder.Use.NODE, List.of("127.0.0.1", "localhost"), 2);
        certificates.make("client1", CertificateFolder.Use.CLIENT, List.of(), 2);
    }

    @AfterAll
    static void stop() {
        KIT.shutdownTestKit();
    }

    @Test
    void clientsReachTheServerOverTlsAndSeeANewCertificateAfterAReload() throws Exception {
        var tls = ServerTls.open(settings(Optional.empty()));
        var server = serve(tls);

        var first = serial(server);
        certificates.make("node1", CertificateFolder.Use.NODE, List.of("127.0.0.1"), 2);
        Files.setLastModifiedTime(folder.resolve("node1.pem"), FileTime.fromMillis(1_000));
        tls.reload();
        var second = serial(server);

        assertThat(second).isNotEqualTo(first);
        server.stop(Duration.ofSeconds(1));
    }

    @Test
    void aNewCertificateThatIsNoGoodIsNotTaken() throws Exception {
        var copy = Files.createDirectories(folder.resolve("copy"));
        Files.copy(folder.resolve("node1.pem"), copy.resolve("node1.pem"));
        Files.copy(folder.resolve("node1.key"), copy.resolve("node1.key"));
        var tls = ServerTls.open(new TlsSettings(
                new TlsSettings.Identity.PemFiles(copy.resolve("node1.pem"), copy.resolve("node1.key")),
                Optional.empty(),
                INTERVAL));
        var server = serve(tls);

        for (var content : List.of(
                "half a cert",
                "-----BEGIN CERTIFICATE-----\nMIIBx\n-----END CERTIFICATE-----\n",
                "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n")) {
            Files.writeString(copy.resolve("node1.pem"), content);
            Files.setLastModifiedTime(copy.resolve("node1.pem"), FileTime.fromMillis(content.length() * 1_000L));
            tls.reload();

            assertThat(serial(server)).isNotEmpty();
        }
        server.stop(Duration.ofSeconds(1));
    }

    @Test
    void aKeyWhoseCertificateHasNotComeYetIsNotTaken() throws Exception {
        var copy = Files.createDirectories(folder.resolve("halfway"));
        certificates.make("old", CertificateFolder.Use.NODE, List.of("127.0.0.1"), 2);
        certificates.make("new", CertificateFolder.Use.NODE, List.of("127.0.0.1"), 2);
        Files.copy(folder.resolve("old.pem"), copy.resolve("node.pem"));
        Files.copy(folder.resolve("old.key"), copy.resolve("node.key"));
        var tls = ServerTls.open(new TlsSettings(
                new TlsSettings.Identity.PemFiles(copy.resolve("node.pem"), copy.resolve("node.key")),
                Optional.empty(),
                INTERVAL));
        var server = serve(tls);
        var first = serial(server);

        Files.copy(folder.resolve("new.key"), copy.resolve("node.key"), StandardCopyOption.REPLACE_EXISTING);
        Files.setLastModifiedTime(copy.resolve("node.key"), FileTime.fromMillis(1_000));
        tls.reload();
        var between = serial(server);
        Files.copy(folder.resolve("new.pem"), copy.resolve("node.pem"), StandardCopyOption.REPLACE_EXISTING);
        Files.setLastModifiedTime(copy.resolve("node.pem"), FileTime.fromMillis(1_000));
        tls.reload();

        assertThat(between).isEqualTo(first);
        assertThat(serial(server)).isNotEqualTo(first);
        server.stop(Duration.ofSeconds(1));
    }

    @Test
    void clientsNeedACertificateWhereThereIsAnAuthorityOfClients() {
        var server = serve(ServerTls.open(settings(Optional.of(folder.resolve("authority.pem")))));

        assertThatThrownBy(() -> serial(server)).isInstanceOf(IOException.class);
        server.stop(Duration.ofSeconds(1));
    }

    @Test
    void aServerThatTheAuthorityDidNotSignIsNotTrusted() throws IOException {
        var other = Files.createDirectories(folder.resolve("other"));
        new CertificateFolder(other, "testing").makeAuthority("Other");
        var server = serve(ServerTls.open(settings(Optional.empty())));

        try (var client = HttpClient.newBuilder()
                .sslContext(Trust.in(other.resolve("authority.pem")))
                .build()) {
            assertThatThrownBy(() -> client.send(request(server), BodyHandlers.ofString()))
                    .isInstanceOf(SSLException.class);
        }
        server.stop(Duration.ofSeconds(1));
    }

    @Test
    void filesThatAreNoGoodAreToldByName() throws IOException {
        var noKey = Files.writeString(folder.resolve("no.key"), "nothing");
        var identity = new TlsSettings.Identity.PemFiles(folder.resolve("node1.pem"), noKey);

        assertThatThrownBy(() -> ServerTls.open(new TlsSettings(identity, Optional.empty(), INTERVAL)))
                .isInstanceOf(NodeException.UnusableFile.class)
                .hasMessageContaining("no.key: has no unencrypted PKCS #8 key");
        assertThatThrownBy(() -> ServerTls.open(new TlsSettings(
                        new TlsSettings.Identity.Store(folder.resolve("authority.p12"), "wrong"),
                        Optional.empty(),
                        INTERVAL)))
                .isInstanceOf(NodeException.UnusableFile.class)
                .satisfies(e -> assertThat(e.getMessage()).doesNotContain("wrong"));
    }

    @Test
    void aStoreServesAsWell() {
        var store = new TlsSettings.Identity.Store(folder.resolve("authority.p12"), "testing");

        assertThat(ServerTls.open(new TlsSettings(store, Optional.empty(), INTERVAL))
                        .engine())
                .isNotNull();
        assertThat(store.toString()).doesNotContain("testing");
    }

    @Test
    void anAuthorityIsNeverOverwritten() {
        assertThatThrownBy(() -> certificates.makeAuthority("Again"))
                .isInstanceOf(NodeException.UnusableFile.class)
                .hasMessageContaining("is there already");
        assertThatThrownBy(() -> certificates.make("../x", CertificateFolder.Use.CLIENT, List.of(), 2))
                .isInstanceOf(NodeException.UnusableKey.class);
    }

    private static TlsSettings settings(Optional<Path> clientAuthority) {
        return new TlsSettings(
                new TlsSettings.Identity.PemFiles(folder.resolve("node1.pem"), folder.resolve("node1.key")),
                clientAuthority,
                INTERVAL);
    }

    private static HttpServer serve(ServerTls tls) {
        var settings = new HttpSettings(
                "127.0.0.1", 0, 10, 10, Duration.ofSeconds(10), Duration.ofSeconds(10), 1024, 4096, List.of());
        var endpoints = new ProbeEndpoints(new Health(), MetricsPage.withJvm(new PrometheusRegistry()));
        return HttpServer.bind(
                        KIT.system(),
                        settings,
                        Optional.of(ConnectionContext.httpsServer(tls::engine)),
                        List.of(endpoints))
                .toCompletableFuture()
                .join();
    }

    /** The number of the certificate that the server shows to a new connection. */
    private static String serial(HttpServer server) throws IOException, InterruptedException {
        try (var client = HttpClient.newBuilder()
                .sslContext(Trust.in(folder.resolve("authority.pem")))
                .build()) {
            var response = client.send(request(server), BodyHandlers.ofString());
            assertThat(response.statusCode()).isEqualTo(200);
            var shown = (X509Certificate) response.sslSession().orElseThrow().getPeerCertificates()[0];
            return shown.getSerialNumber().toString();
        }
    }

    private static HttpRequest request(HttpServer server) {
        return HttpRequest.newBuilder(
                        URI.create("https://127.0.0.1:" + server.address().getPort() + "/health"))
                .build();
    }
}
