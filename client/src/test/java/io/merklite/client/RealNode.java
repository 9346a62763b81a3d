package io.merklite.client;

import io.merklite.node.config.Configuration;
import io.merklite.node.config.ConfigurationSources;
import io.merklite.node.http.Access.Right;
import io.merklite.node.security.CertificateFolder;
import io.merklite.node.security.TokenSigner;
import io.merklite.node.security.Trust;
import io.merklite.node.serve.NodeServer;
import io.merklite.node.serve.ServeSettings;
import io.merklite.testkit.Seeds;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.apache.pekko.cluster.typed.Cluster;

/** A node as it is shipped, in this JVM, on free ports of this machine. */
public final class RealNode implements AutoCloseable {
    /** What a condition has to come true: generous, since nothing depends on speed. */
    public static final Duration PATIENCE = Duration.ofSeconds(60);

    private static final AtomicInteger COUNT = new AtomicInteger();

    private final HttpClient http;
    private final NodeServer server;
    private final Optional<TokenSigner> signer;

    private RealNode(NodeServer server, Optional<TokenSigner> signer, HttpClient http) {
        this.server = server;
        this.signer = signer;
        this.http = http;
    }

    /** One node that all tests of this JVM may use, each with databases of its own. */
    public static RealNode shared() {
        return Shared.NODE;
    }

    /** As {@link #shared}, and takes transactions away that do nothing for a moment. */
    public static RealNode impatient() {
        return Impatient.NODE;
    }

    private static final class Impatient {
        private static final RealNode NODE =
                Shared.begin(Map.of("merklite.hrana.stream-idle", "200ms", "merklite.database.lease-idle", "200ms"));
    }

    /** Started when it is first used, gone with the JVM. */
    private static final class Shared {
        private static final RealNode NODE = begin(Map.of());

        private static RealNode begin(Map<String, String> settings) {
            try {
                var data = Files.createTempDirectory("merklite-client");
                var node = alone(data, settings);
                Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                    node.close();
                    delete(data);
                }));
                return node;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private static void delete(Path folder) {
            try (var files = Files.walk(folder)) {
                files.sorted(Comparator.reverseOrder())
                        .forEach(file -> file.toFile().delete());
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }

    /** A node that is a cluster of its own. */
    public static RealNode alone(Path data, Map<String, String> settings) {
        return start(data, settings, Optional.empty());
    }

    /** A node that is a cluster of its own, and asks for tokens. */
    public static RealNode secured(Path data) {
        var keys = TokenSigner.newKeys();
        return start(
                data,
                Map.of("merklite.security.public-keys", keys.publicShort()),
                Optional.of(TokenSigner.of(keys.privatePem())));
    }

    /** A node whose certificate an authority of its own has signed, which is in {@code authority.pem} of {@code certificates}. */
    public static RealNode overTls(Path data, Path certificates) {
        var folder = new CertificateFolder(certificates, "testing");
        folder.makeAuthority("Test");
        folder.make("node", CertificateFolder.Use.NODE, List.of("127.0.0.1"), 2);
        return start(
                data,
                Map.of(
                        "merklite.http.tls.certificate-file",
                                certificates.resolve("node.pem").toString(),
                        "merklite.http.tls.key-file",
                                certificates.resolve("node.key").toString()),
                Optional.empty(),
                HttpClient.newBuilder()
                        .sslContext(Trust.in(certificates.resolve("authority.pem")))
                        .build());
    }

    /** Two nodes of one datacenter, each of which keeps all databases. */
    public static List<RealNode> pair(Path data, Map<String, String> settings) {
        Map<String, String> own = new HashMap<>(settings);
        own.put("merklite.node-id", "n0");
        var first = start(data.resolve("n0"), own, Optional.empty());
        var address = Cluster.get(first.server.node().system()).selfMember().address();
        own.put("merklite.node-id", "n1");
        own.put("merklite.cluster.seed-nodes", "127.0.0.1:" + address.getPort().orElseThrow());
        return List.of(first, start(data.resolve("n1"), own, Optional.empty()));
    }

    private static RealNode start(Path data, Map<String, String> others, Optional<TokenSigner> signer) {
        return start(data, others, signer, HttpClient.newHttpClient());
    }

    private static RealNode start(
            Path data, Map<String, String> others, Optional<TokenSigner> signer, HttpClient http) {
        Map<String, String> settings = new HashMap<>(Map.of(
                "merklite.node-id", "n" + COUNT.incrementAndGet(),
                "merklite.data-directory", data.toString(),
                "merklite.cluster.port", "0",
                "merklite.http.port", "0",
                "merklite.anti-entropy.interval", "1s",
                "pekko.cluster.jmx.multi-mbeans-in-same-jvm", "on"));
        settings.putAll(others);
        var server = NodeServer.start(
                        Configuration.load(
                                new ConfigurationSources(Optional.empty(), Map.of(), settings), ServeSettings.CHECKS),
                        "1.2.3")
                .toCompletableFuture()
                .join();
        var node = new RealNode(server, signer, http);
        await("the node is ready", () -> node.send("GET", "health/ready", "") == 200);
        return node;
    }

    /** Waits until {@code condition} holds. */
    public static void await(String what, BooleanSupplier condition) {
        var deadline = Instant.now().plus(PATIENCE);
        while (!condition.getAsBoolean()) {
            if (Instant.now().isAfter(deadline)) {
                throw new AssertionError("not within " + PATIENCE + ": " + what);
            }
            LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
        }
    }

    /** Waits until the node has taken the transaction away that somebody has open in a database. */
    public void awaitLostTransaction(String database) {
        try (var other = MerkliteClient.of(database, address())) {
            other.blocking().script("CREATE TABLE nobody_else_writes(v); DROP TABLE nobody_else_writes");
        }
    }

    /** Makes a database with a name that no other test has. */
    public String newDatabase() {
        var name = "db" + COUNT.incrementAndGet() + "-"
                + Math.abs(Seeds.random(COUNT.get()).nextInt(1_000));
        create(name);
        return name;
    }

    public void create(String database) {
        if (send("PUT", "v1/databases/" + database, "") != 201) {
            throw new AssertionError("could not create " + database);
        }
    }

    public void drop(String database) {
        if (send("DELETE", "v1/databases/" + database + "?confirm=" + database, "") >= 300) {
            throw new AssertionError("could not drop " + database);
        }
    }

    private int send(String method, String path, String body) {
        return ask(method, path, body).statusCode();
    }

    /** A request by somebody who may do everything. */
    public HttpResponse<String> ask(String method, String path, String body) {
        var request = HttpRequest.newBuilder(URI.create(server.url() + path))
                .timeout(PATIENCE)
                .method(method, BodyPublishers.ofString(body));
        signer.ifPresent(keys ->
                request.header("authorization", "Bearer " + keys.sign(Right.ADMIN, Instant.EPOCH, Optional.empty())));
        try {
            return http.send(request.build(), BodyHandlers.ofString());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** A token for one database. */
    public String token(String database, Right right) {
        return signer.orElseThrow().sign(Map.of(database, right), Instant.EPOCH, Optional.empty());
    }

    public NodeServer server() {
        return server;
    }

    public String address() {
        return server.url();
    }

    public int port() {
        return URI.create(server.url()).getPort();
    }

    @Override
    public void close() {
        http.shutdownNow();
        server.stop().toCompletableFuture().join();
    }
}
