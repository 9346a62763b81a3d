package io.merklite.node.serve;

import io.merklite.node.config.Configuration;
import io.merklite.node.config.ConfigurationSources;
import io.merklite.node.http.Access.Right;
import io.merklite.node.security.TokenSigner;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.apache.pekko.actor.ExtendedActorSystem;
import org.apache.pekko.cluster.typed.Cluster;
import org.apache.pekko.remote.RemoteActorRefProvider;
import org.apache.pekko.remote.transport.ThrottlerTransportAdapter;
import org.apache.pekko.remote.transport.ThrottlerTransportAdapter$Direction$Both$;
import scala.jdk.javaapi.FutureConverters;

/** A node as it is shipped, a cluster of its own, on free ports of this machine. */
public final class OneNode implements AutoCloseable {
    private static final Duration PATIENCE = Duration.ofSeconds(60);

    private final HttpClient client = HttpClient.newHttpClient();
    private final NodeServer server;
    private final Optional<TokenSigner> signer;

    private OneNode(NodeServer server, Optional<TokenSigner> signer) {
        this.server = server;
        this.signer = signer;
    }

    /** A node that asks for tokens. */
    public static OneNode secured(Path data) {
        var keys = TokenSigner.newKeys();
        return start(
                data,
                Map.of("merklite.security.public-keys", keys.publicShort()),
                Optional.of(TokenSigner.of(keys.privatePem())));
    }

    /** A node that asks for none. */
    public static OneNode open(Path data, Map<String, String> settings) {
        return start(data, settings, Optional.empty());
    }

    private static OneNode start(Path data, Map<String, String> others, Optional<TokenSigner> signer) {
        Map<String, String> settings = new HashMap<>(Map.of(
                "merklite.node-id", "n1",
                "merklite.data-directory", data.toString(),
                "merklite.cluster.port", "0",
                "merklite.http.port", "0",
                "pekko.cluster.jmx.multi-mbeans-in-same-jvm", "on"));
        settings.putAll(others);
        var server = NodeServer.start(
                        Configuration.load(
                                new ConfigurationSources(Optional.empty(), Map.of(), settings), ServeSettings.CHECKS),
                        "1.2.3")
                .toCompletableFuture()
                .join();
        var node = new OneNode(server, signer);
        var deadline = Instant.now().plus(PATIENCE);
        while (node.send("GET", "health/ready", "").statusCode() != 200) {
            if (Instant.now().isAfter(deadline)) {
                throw new AssertionError("not ready within " + PATIENCE);
            }
            Thread.onSpinWait();
        }
        return node;
    }

    /** Where other nodes find it. */
    public String clusterAddress() {
        var address = Cluster.get(server.node().system()).selfMember().address();
        return address.getHost().orElseThrow() + ":" + address.getPort().orElseThrow();
    }

    /** Cuts the links with another node of this JVM, in both directions. Both need {@code advanced.test-mode} of Artery. */
    @SuppressWarnings("deprecation") // there is no other way to lose messages of Artery
    public void cutOff(OneNode other) {
        throttle(other, ThrottlerTransportAdapter.Blackhole$.MODULE$);
        other.throttle(this, ThrottlerTransportAdapter.Blackhole$.MODULE$);
    }

    /** Mends them. */
    @SuppressWarnings("deprecation")
    public void reach(OneNode other) {
        throttle(other, ThrottlerTransportAdapter.Unthrottled$.MODULE$);
        other.throttle(this, ThrottlerTransportAdapter.Unthrottled$.MODULE$);
    }

    @SuppressWarnings("deprecation")
    private void throttle(OneNode other, ThrottlerTransportAdapter.ThrottleMode mode) {
        var system = (ExtendedActorSystem) server.node().system().classicSystem();
        var address = Cluster.get(other.server.node().system()).selfMember().address();
        FutureConverters.asJava(((RemoteActorRefProvider) system.provider())
                        .transport()
                        .managementCommand(new ThrottlerTransportAdapter.SetThrottle(
                                address, ThrottlerTransportAdapter$Direction$Both$.MODULE$, mode)))
                .toCompletableFuture()
                .join();
    }

    /** Waits until it has stopped by itself: true if it left its cluster, false if it was cast out. */
    public boolean hasLeft() {
        return server.terminated()
                .toCompletableFuture()
                .orTimeout(PATIENCE.toSeconds(), TimeUnit.SECONDS)
                .join();
    }

    /** With a slash at the end. */
    public String url() {
        return server.url();
    }

    /** A token for one database. */
    public String token(String database, Right right) {
        return signer.orElseThrow().sign(Map.of(database, right), Instant.EPOCH, Optional.empty());
    }

    /** A request by somebody who may do everything. */
    public HttpRequest.Builder request(String path) {
        var request = HttpRequest.newBuilder(URI.create(url() + path)).timeout(PATIENCE);
        signer.ifPresent(keys -> request.setHeader(
                "Authorization", "Bearer " + keys.sign(Right.ADMIN, Instant.EPOCH, Optional.empty())));
        return request;
    }

    public HttpResponse<String> send(String method, String path, String body) {
        return send(request(path).method(method, BodyPublishers.ofString(body)), BodyHandlers.ofString());
    }

    public <T> HttpResponse<T> send(HttpRequest.Builder request, BodyHandler<T> handler) {
        try {
            return client.send(request.build(), handler);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** Waits until {@code condition} holds. */
    public static void await(BooleanSupplier condition) {
        var deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - deadline > 0) {
                throw new AssertionError("it did not come true within " + PATIENCE);
            }
            LockSupport.parkNanos(20_000_000);
        }
    }

    @Override
    public void close() {
        client.shutdownNow();
        server.stop().toCompletableFuture().join();
    }
}
